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


# What a catalog has and the tap has not


def warnings_of(given: Any, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what a run with a catalog warns of."""
    caplog.clear()
    _ = tap_with(given).streams
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_a_catalog_as_it_was_discovered_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_of(catalog(), caplog) == []


@pytest.mark.parametrize(
    ("name", "end"),
    [("contcats", "; did you mean contacts?"), ("list_gone", "."), ("orders", ".")],
)
def test_a_stream_that_is_none_is_a_warning(
    caplog: pytest.LogCaptureFixture, name: str, end: str
) -> None:
    given = catalog("contacts", "lists")
    given["streams"][0] |= {"tap_stream_id": name, "stream": name}
    assert warnings_of(given, caplog) == [
        f"The stream {name} of the catalog is unknown and has no effect{end}"
    ]


def test_a_stream_that_is_none_and_not_selected_is_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = catalog("contacts", "lists")
    given["streams"][0] |= {"tap_stream_id": "gone", "stream": "gone"}
    (root,) = [one for one in given["streams"][0]["metadata"] if not one["breadcrumb"]]
    root["metadata"]["selected"] = False
    assert warnings_of(given, caplog) == []


def spoil_schema(entry: dict[str, Any]) -> None:
    entry["schema"]["properties"]["surprise"] = dict(TEXT)


def spoil_metadata(entry: dict[str, Any]) -> None:
    item = {"breadcrumb": ["properties", "surprise"], "metadata": {"selected": True}}
    entry["metadata"].append(item)


@pytest.mark.parametrize("name", ["list_leads", *(kind.name for kind in STREAM_TYPES)])
@pytest.mark.parametrize("spoil", [spoil_schema, spoil_metadata])
def test_a_column_that_is_none_is_a_warning(
    caplog: pytest.LogCaptureFixture, name: str, spoil: Any
) -> None:
    given = catalog(name)
    spoil(given["streams"][0])
    assert warnings_of(given, caplog) == [
        (
            f"The catalog has for {name} the unknown columns surprise, which no row fills: correct "
            "the catalog, or discover again."
        )
    ]


def test_a_column_that_is_misspelled_comes_with_the_nearest_right_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = catalog("contacts")
    properties = given["streams"][0]["schema"]["properties"]
    properties |= {"emial": dict(TEXT), "frist_name": dict(TEXT)}
    (line,) = warnings_of(given, caplog)
    assert "the unknown columns emial (email?), frist_name (first_name?), which" in line


def test_of_many_unknown_columns_the_line_names_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = catalog("contacts")
    properties = given["streams"][0]["schema"]["properties"]
    properties |= {f"q{number}": dict(TEXT) for number in range(1_510)}
    (line,) = warnings_of(given, caplog)
    assert "q8, q9, and 1,500 more, which no row fills" in line


@pytest.mark.parametrize("place", ["entry", "metadata"])
def test_another_key_or_replication_key_is_a_warning(
    caplog: pytest.LogCaptureFixture, place: str
) -> None:
    given = catalog("contacts")
    (entry,) = given["streams"]
    (root,) = [one["metadata"] for one in entry["metadata"] if not one["breadcrumb"]]
    if place == "entry":
        entry |= {"key_properties": ["email"], "replication_key": "created_at"}
    else:
        del entry["key_properties"], entry["replication_key"]
        root |= {"table-key-properties": ["email"], "replication-key": "created_at"}
    for item in entry["metadata"]:
        if item["breadcrumb"][-1:] in (["email"], ["created_at"]):
            item["metadata"]["selected"] = True
    assert warnings_of(given, caplog) == [
        (
            "The catalog has for contacts the key email instead of id, the replication key "
            "created_at instead of updated_at: correct the catalog, or discover again."
        )
    ]


def test_a_catalog_without_a_key_or_with_a_needless_replication_key_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = catalog("lists")
    (entry,) = given["streams"]
    (root,) = [one["metadata"] for one in entry["metadata"] if not one["breadcrumb"]]
    del root["table-key-properties"]
    entry |= {"key_properties": [], "replication_key": "modified_at"}
    assert warnings_of(given, caplog) == [
        (
            "The catalog has for lists no key instead of listing_type, id, the replication key "
            "modified_at instead of none: correct the catalog, or discover again."
        )
    ]


def test_reading_in_full_what_could_be_read_from_a_bookmark_is_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = catalog("contacts")
    (entry,) = given["streams"]
    entry["replication_method"] = "FULL_TABLE"
    del entry["replication_key"]
    assert warnings_of(given, caplog) == []
