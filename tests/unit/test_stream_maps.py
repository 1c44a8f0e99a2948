"""The SDK's settings that change records: what is refused, and that no value is ever shown."""

from __future__ import annotations

import inspect
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.streams import Stream

from tap_acton.errors import SettingsError
from tap_acton.streams import STREAM_TYPES
from tap_acton.tap import TapActOn
from tests.unit.test_tap import SETTINGS, signals_kept, tap

if TYPE_CHECKING:
    from collections.abc import Iterator

ROW = {
    "email": "jane@example.com",
    "opted_out_at": "2026-01-02T03:04:05.000Z",
    "origin": None,
    "extra_fields": None,
}


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    with signals_kept():
        yield


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
def test_a_pattern_maps_every_stream_that_is_selected(kind: type[Any]) -> None:
    made = tap(stream_maps={"*": {"extra_fields": None, "source": "'Act-On'"}})
    stream = made.stream(kind.name)
    stream.selected = True
    (each,) = stream.stream_maps
    properties = each.transformed_schema["properties"]
    assert "extra_fields" not in properties
    assert properties.keys() >= {*kind.primary_keys, "source"}
    assert "x-acton" not in str(each.transformed_schema)


def test_a_stream_that_is_not_selected_is_not_mapped() -> None:
    maps = {"contact_facts": {"score": "1 +"}}
    made = TapActOn(config={**SETTINGS, "stream_maps": maps}, catalog={"streams": []})
    assert not made.stream("contact_facts").selected
    assert "contact_facts" not in tap(stream_maps=maps, optional_streams=[]).streams


@pytest.mark.parametrize(
    "expression",
    ["md5(origin)", "origin + email", "email.nothing", "unknown", "int(email)", "{}[email]"],
)
@pytest.mark.parametrize("option", ["origin", "__filter__"])
def test_an_expression_that_fails_on_a_row_shows_nothing_of_it(
    expression: str, option: str
) -> None:
    stream = tap(stream_maps={"opt_outs": {option: expression}}).stream("opt_outs")
    with pytest.raises(SettingsError, match="stream opt_outs") as refusal:
        list(stream._generate_record_messages(dict(ROW)))
    assert "jane" not in "".join(traceback.format_exception(refusal.value))


def test_an_expression_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = tap(stream_maps={"opt_outs": {"__filter__": "email != 'jane@example.com'"}})
        assert list(made.stream("opt_outs")._generate_record_messages(dict(ROW))) == []
    assert "jane" not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {"stream_maps": {"opt_outs": {"origin": "1 +"}}},
        {"stream_maps": {"opt_outs": {"__filter__": ""}}},
        {"stream_maps": {"opt_outs": {"email": None}}},
        {"stream_maps": {"opt_outs": {"__else__": "anything"}}},
        {"stream_maps": {"opt_outs": {"__alias__": "1 +"}}},
        {"stream_maps": {"opt_outs": {"__key_properties__": ["name"]}}},
        {"stream_maps": {"opt_outs": {"origin": 7}}},
        {"stream_maps": {"opt_outs": "email"}},
        {"stream_maps": {"opt_outs": ["email"]}},
        {"stream_maps": {"__else__": "anything"}},
        {"stream_maps": {"__nothing__": None}},
        {"stream_maps": [{"opt_outs": None}]},
        {"stream_maps": '{"opt_outs":'},
        {"stream_map_config": ["salt"]},
        {"flattening_enabled": "always"},
        {"flattening_enabled": True},
        {"flattening_enabled": True, "flattening_max_depth": "two"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_before_anything_is_read(settings: dict[str, Any]) -> None:
    with pytest.raises(
        SettingsError, match="|".join([*settings, "flattening_max_depth"])
    ) as refusal:
        tap(**settings)
    assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize("value", [None, {}])
def test_a_setting_that_is_null_or_empty_counts_as_not_set(value: object) -> None:
    (each,) = tap(stream_maps=value, stream_map_config=value).stream("lists").stream_maps
    assert each.transform({"id": "l-1"}) == {"id": "l-1"}


@pytest.mark.parametrize(
    ("maps", "unknown"),
    [
        ({"contcats": {"email": None}}, ["contcats"]),
        ({"contact[": {"email": None}, "zzz*": None}, ["contact[", "zzz*"]),
        ({"emails": {"__source__": "contcats"}}, ["emails"]),
        ({"emails": {"__source__": "contacts"}, "c*": {}, "contact_facts": None}, []),
        ({"__else__": None, "contacts": {}}, []),
    ],
)
def test_an_entry_for_no_stream_is_a_warning(
    caplog: pytest.LogCaptureFixture, maps: dict[str, Any], unknown: list[str]
) -> None:
    tap(stream_maps=maps, optional_streams=[])
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(lines) == len(unknown)
    assert all(f"entry for {name}," in line for name, line in zip(unknown, lines, strict=True))


# What the tap uses of the SDK without the SDK's promise.


def test_the_sdk_still_maps_where_the_tap_catches_what_fails() -> None:
    source = inspect.getsource(Stream)
    assert "self._generate_record_messages(record)" in source
    assert source.count("stream_map.transform(") == 1
    assert "for context in self.generate_child_contexts(" in source


def test_the_sdk_s_own_function_for_selected_columns_is_there() -> None:
    """It is the only private name of the SDK that is imported."""
    schema = {"type": "object", "properties": {"a": {}, "b": {}}}
    mask = {(): True, ("properties", "a"): True, ("properties", "b"): False}
    assert get_selected_schema("any", schema, mask)["properties"] == {"a": {}}  # type: ignore[arg-type] # a mask is a dict
