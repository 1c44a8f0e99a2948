"""The tap as a whole, and the places where it leans on the inside of the SDK."""

from __future__ import annotations

import inspect
import json
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.helpers import _state
from singer_sdk.plugin_base import PluginBase
from singer_sdk.streams import Stream
from singer_sdk.tap_base import Tap

from tap_acton.catalog import OPTIONAL
from tap_acton.errors import SettingsError
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.lists.list_streams import ListStream
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


SETTINGS = {
    "client_id": "client",
    "client_secret": "secret-of-the-client",
    "username": "reader@example.com",
    "password": "secret-of-the-user",
    "token_store": "memory",
    "optional_streams": ["*"],
    # Else discovery would ask Act-On.
    "custom_field_columns": False,
}

FREE_TEXTS = {
    *("client_id", "client_secret", "username", "password", "refresh_token", "user_agent"),
    *("list_ids", "list_names", "list_streams", "on24_client_ids", "seo_urls", "token_store"),
    *("contact_ids", "segment_ids", "segment_names", "activity_verbs"),
    *("listing_types", "flattening_separator"),
}
"""Settings that take any text."""


@contextmanager
def signals_kept() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    with signals_kept():
        yield


def tap(**settings: Any) -> TapActOn:
    return TapActOn(config={**SETTINGS, **settings})


@pytest.fixture(scope="module")
def streams() -> Mapping[str, Stream]:
    """The streams of a tap that has not run."""
    with signals_kept():
        return tap().streams


def test_streams_come_in_the_order_in_which_they_are_read() -> None:
    names = list(tap().streams)
    assert sorted(names) == sorted(kind.name for kind in STREAM_TYPES)
    assert names.pop() == "sync_runs"
    parts = [
        # The reports show how much there is of the events.
        (not kind.item_columns, kind.name != "message_reports", bool(kind.item))
        for name in names
        for kind in STREAM_TYPES
        if kind.name == name
    ]
    assert parts == sorted(parts)


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
def test_a_run_reads_a_listing_before_the_streams_below_it(kind: type[ActOnStream]) -> None:
    names = list(tap().streams)
    assert not kind.listing or names.index(kind.listing) < names.index(kind.name)


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
def test_a_listing_is_read_before_the_streams_below_it(kind: type[ActOnStream]) -> None:
    names = [other.name for other in STREAM_TYPES]
    if kind.listing:
        assert names.index(kind.listing) < names.index(kind.name)
        listing = STREAM_TYPES[names.index(kind.listing)]
        assert "id" in listing.item_columns


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
def test_every_property_says_what_it_holds(
    streams: Mapping[str, Stream], kind: type[ActOnStream]
) -> None:
    schema = streams[kind.name].schema
    assert schema["description"]
    assert all(definition["description"] for definition in schema["properties"].values())
    assert "extra_fields" in schema["properties"]
    assert set(kind.primary_keys) <= set(schema["properties"])
    assert kind.replication_key is None or kind.replication_key in schema["properties"]
    assert not any("null" in schema["properties"][key]["type"] for key in kind.primary_keys)


def test_the_catalog_says_nothing_of_the_names_of_the_api() -> None:
    assert "x-acton" not in tap().catalog_json_text


def test_discovery_needs_no_settings() -> None:
    catalog = TapActOn(validate_config=False, setup_mapper=False).catalog_dict
    assert len(catalog["streams"]) == len(STREAM_TYPES) - len(OPTIONAL)


@pytest.mark.parametrize(
    ("settings", "variable", "says"),
    [
        ({}, "", []),
        ({"region": "mars"}, "", []),
        ({}, "TAP_ACTON_PASSWORD", ["TAP_ACTON_PASSWORD is set, but", "The catalog lacks"]),
        ({"client_id": "client"}, "", ["client_secret is required", "The catalog lacks"]),
    ],
)
def test_discovery_without_all_credentials_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    variable: str,
    says: list[str],
) -> None:
    if variable:
        monkeypatch.setenv(variable, "value")
    catalog = TapActOn(config=settings, validate_config=False, setup_mapper=False).catalog_dict
    assert len(catalog["streams"]) == len(STREAM_TYPES) - len(OPTIONAL)
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len(warnings) == bool(says)
    assert [one for one in says if one not in " ".join(warnings)] == []


def test_discovery_refuses_wrong_settings_beside_credentials() -> None:
    with pytest.raises(SettingsError, match="page_size"):
        _ = TapActOn(config={**SETTINGS, "page_size": 5000}, validate_config=False).catalog_dict


def test_wrong_settings_are_refused_in_sentences_without_secrets() -> None:
    with pytest.raises(SettingsError) as refusal:
        tap(page_size=5000, region="mars", password=12345)
    sentence = str(refusal.value)
    assert "page_size" in sentence
    assert "region" in sentence
    assert "12345" not in sentence


@pytest.mark.parametrize("name", TapActOn.config_jsonschema["properties"])
def test_a_variable_of_the_wrong_type_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name in FREE_TEXTS:
        return
    monkeypatch.setenv(f"TAP_ACTON_{name.upper()}", '{"many":')
    with pytest.raises(SettingsError, match=f"setting {name} |TAP_ACTON_{name.upper()} "):
        TapActOn(config=dict(SETTINGS), parse_env_config=True)


def test_variables_come_behind_the_files_unless_they_are_blank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {
        "page_size": "500",
        "custom_field_columns": "False",
        "list_ids": '["l-1", "l-2"]',
        "list_names": "a,b",
        "seo_reports": '[{"url": "https://example.com", "keyword": "tea"}]',
        "request_timeout": "1e1",
        "flattening_enabled": "True",
        "flattening_max_depth": "2",
        "stream_maps": '{"lists": {"name": null}}',
        "max_retries": " ",
        "shard": "",
    }
    for name, text in given.items():
        monkeypatch.setenv(f"TAP_ACTON_{name.upper()}", text)
    made = TapActOn(config={**SETTINGS, "max_retries": 3}, parse_env_config=True)
    settings = made.run.settings
    assert (settings.page_size, settings.request_timeout, settings.max_retries) == (500, 10, 3)
    assert (settings.list_ids, settings.list_names) == (("l-1", "l-2"), ("a", "b"))
    assert settings.seo_reports[0].keyword == "tea"
    assert settings.shard is None
    assert not settings.custom_field_columns
    (each,) = made.stream("lists").stream_maps
    assert each.flattening_enabled
    assert "name" not in each.transformed_schema["properties"]


def test_a_state_without_bookmarks_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    for text in ("{}", '{"bookmarks": {}}', '{"version": 3, "bookmarks": {}}'):
        TapActOn(config=dict(SETTINGS), state=json.loads(text))
    assert "bookmarks" not in caplog.text
    for text in ('{"foo": 1}', '{"bookmarks": null}', '{"singer_state": null}'):
        caplog.clear()
        TapActOn(config=dict(SETTINGS), state=json.loads(text))
        assert "The state has no bookmarks" in caplog.text


def test_the_second_signal_ends_the_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []
    monkeypatch.setattr(os, "_exit", ends.append)
    running = tap()
    stop = signal.getsignal(signal.SIGTERM)
    assert callable(stop)
    stop(signal.SIGTERM, None)
    assert running.run.stop.is_requested
    assert ends == []
    stop(signal.SIGTERM, None)
    assert ends == [128 + signal.SIGTERM]


def test_batch_is_not_offered_and_no_version_is_activated_ahead_of_rows() -> None:
    assert "batch" not in {str(capability) for capability in TapActOn.capabilities}
    assert (
        not tap(emit_activate_version_messages=True).stream("lists").emit_activate_version_messages
    )


# What the tap uses of the SDK without the SDK's promise.


def test_the_sdk_still_checks_settings_where_the_tap_does() -> None:
    parameters = inspect.signature(PluginBase._validate_config).parameters
    assert list(parameters) == ["self", "raise_errors"]
    assert "self._validate_config(raise_errors=validate_config)" in inspect.getsource(
        PluginBase.__init__
    )


def test_the_sdk_still_keeps_the_command_line_where_the_tap_looks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.json"
    path.write_text('{"client_id": "client"}')
    command = TapActOn.get_singer_command()
    context = command.make_context("tap-acton", ["--config", str(path), "--config", "ENV"])
    config = context.params["config"]
    assert (config.config, config.parse_env) == ({"client_id": "client"}, True)
    assert {"about", "about_format", "config", "state", "catalog"} == set(context.params)
    assert set(inspect.signature(Tap.invoke).parameters) == set(context.params)


def test_the_sdk_still_takes_the_version_of_a_record_from_where_the_tap_puts_it() -> None:
    assert "version=self._stream_version" in inspect.getsource(Stream)


def test_the_sdk_still_promotes_the_progress_markers_that_the_tap_discards() -> None:
    assert _state.PROGRESS_MARKERS == "progress_markers"
    state: dict[str, Any] = {
        "progress_markers": {"replication_key": "at", "replication_key_value": "2026"},
    }
    _state.finalize_state_progress_markers(state)
    assert state == {"replication_key": "at", "replication_key_value": "2026"}


def test_the_sdk_still_speaks_of_an_unhandled_error_through_the_log_method() -> None:
    source = inspect.getsource(Stream.sync)
    assert "self.log(" in source
    assert "An unhandled error occurred" in source


@pytest.mark.parametrize("kind", [*STREAM_TYPES, ListStream], ids=lambda kind: kind.__name__)
def test_at_most_two_classes_stand_between_the_sdk_and_a_stream(kind: type[ActOnStream]) -> None:
    above = kind.__mro__[1 : kind.__mro__.index(Stream)]
    assert len(above) <= 2
    assert above[-1] is ActOnStream


def test_what_describes_the_tap_to_users_is_one_sentence() -> None:
    assert inspect.getdoc(TapActOn) == (
        "Singer tap for Act-On: every report, list, contact and event of an account."
    )
