"""A catalog that was edited, or never was one, ends in a sentence."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.errors import SettingsError
from tap_acton.records.dynamic_columns import Column, FoundStream
from tap_acton.streams import STREAM_TYPES
from tap_acton.tap import TapActOn
from tests.unit.test_tap import SETTINGS, signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = {"type": ["string", "null"], "description": "A column."}
FOUND = {
    "list_members": FoundStream("list_members", {}),
    "list_leads": FoundStream("list_leads", {"city": Column("City", TEXT)}, "l-0001"),
}


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    with signals_kept():
        yield


@cache
def discovered() -> str:
    with signals_kept():
        config = {"optional_streams": ["*"]}
        tap = TapActOn(config=config, validate_config=False, setup_mapper=False)
        tap._found_streams = FOUND
        return json.dumps(tap.catalog_dict)


def catalog(*streams: str) -> dict[str, Any]:
    """Give a discovered catalog, with these streams or all."""
    found: dict[str, Any] = json.loads(discovered())
    if streams:
        found["streams"] = [one for one in found["streams"] if one["tap_stream_id"] in streams]
    return found


def tap_with(catalog: Any) -> TapActOn:
    return TapActOn(config=dict(SETTINGS), catalog=catalog)


def places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of each value in a catalog, without the insides of columns."""
    inner: Any = ()
    if isinstance(node, dict):
        inner = node.items()
    elif isinstance(node, list):
        inner = list(enumerate(node))[:1]
    for key, held in inner:
        yield (*path, key)
        if path[-1:] != ("properties",):
            yield from places(held, (*path, key))


def test_whatever_a_catalog_holds_it_works_or_is_refused_in_a_sentence() -> None:
    good = catalog("list_leads")
    refused = 0
    for *way, last in places(good):
        for value in (None, "x", 7, [None], {"x": None}, "deleted"):
            broken: Any = deepcopy(good)
            node = broken
            for step in way:
                node = node[step]
            if value == "deleted":
                del node[last]
            else:
                node[last] = value
            try:
                tap = tap_with(broken)
                _ = [one.stream_maps for one in tap.streams.values() if one.selected]
            except SettingsError:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
@pytest.mark.parametrize("is_deselected", [True, False], ids=["deselected", "missing"])
def test_a_key_or_replication_key_that_is_not_there_is_named(
    kind: type[Any], *, is_deselected: bool
) -> None:
    for column in [*kind.primary_keys, *filter(None, [kind.replication_key])]:
        given = catalog(kind.name)
        (entry,) = given["streams"]
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
            elif item["breadcrumb"] == ["properties", column]:
                item["metadata"] = {"selected": not is_deselected}
        if not is_deselected:
            del entry["schema"]["properties"][column]
        with pytest.raises(SettingsError, match=f"column {column} of {kind.name}"):
            tap_with(given)


def test_a_replication_key_that_is_no_column_is_named() -> None:
    given = catalog("contacts")
    given["streams"][0]["replication_key"] = "changed_at"
    with pytest.raises(SettingsError, match="column changed_at of contacts"):
        tap_with(given)


def test_what_is_not_selected_may_lack_its_key() -> None:
    given = catalog("contacts")
    given["streams"][0]["metadata"] = [{"breadcrumb": [], "metadata": {"selected": False}}]
    given["streams"][0]["schema"] = {}
    assert not tap_with(given).stream("contacts").selected
