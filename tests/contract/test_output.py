"""The output is what the Singer specification and the streams' own schemas promise."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import (
    Draft4Validator,
    Draft202012Validator,
    FormatChecker,
)

from tests.contract.expected import KEYS, REGISTER, REPLICATION_KEYS, WITHOUT_ROWS

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def schema_of(output: Output, stream: str) -> dict[str, Any]:
    """Give the schema of a stream."""
    (schema,) = (m["schema"] for m in output.of_type("SCHEMA") if m["stream"] == stream)
    found: dict[str, Any] = schema
    return found


def test_each_schema_comes_once_and_before_its_records(complete_run: Output) -> None:
    announced: list[str] = []
    for message in complete_run.messages:
        if message["type"] == "SCHEMA":
            announced.append(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] == announced[-1]
    assert sorted(announced) == sorted([*KEYS, *WITHOUT_ROWS]), REGISTER


def test_listings_come_first_and_what_is_read_item_by_item_last(complete_run: Output) -> None:
    announced = [message["stream"] for message in complete_run.of_type("SCHEMA")]
    places = [announced.index(stream) for stream in ("messages", "lists", "contacts", "opt_outs")]
    assert max(places[:2]) < min(places[2:])
    assert max(places) < announced.index("header_details")
    assert announced.index("message_reports") < announced.index("message_events")


def test_only_schemas_records_and_states_come(complete_run: Output) -> None:
    assert {message["type"] for message in complete_run.messages} == {"SCHEMA", "RECORD", "STATE"}


@pytest.mark.parametrize("stream", KEYS)
def test_the_schema_names_keys_and_describes_columns(complete_run: Output, stream: str) -> None:
    (message,) = (m for m in complete_run.of_type("SCHEMA") if m["stream"] == stream)
    assert tuple(message["key_properties"]) == KEYS[stream]
    replication_key = REPLICATION_KEYS.get(stream)
    assert message.get("bookmark_properties", []) == ([replication_key] if replication_key else [])
    schema = message["schema"]
    Draft202012Validator.check_schema(schema)
    Draft4Validator.check_schema(schema)
    assert all(definition["description"] for definition in schema["properties"].values())
    assert schema["properties"]["extra_fields"]["type"] == ["object", "null"]
    for column in KEYS[stream]:
        assert "null" not in schema["properties"][column]["type"]


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("stream", KEYS)
def test_every_record_holds_what_its_schema_says_and_nothing_else(
    complete_runs: dict[str, Output], stream: str, edition: str
) -> None:
    output = complete_runs[edition]
    schema = schema_of(output, stream)
    validator = Draft202012Validator(
        {**schema, "additionalProperties": False, "required": list(schema["properties"])},
        format_checker=FormatChecker(),
    )
    assert [
        (error.json_path, error.message)
        for record in output.records[stream]
        for error in validator.iter_errors(record)
    ] == []


@pytest.mark.parametrize("stream", KEYS)
def test_timestamps_and_days_have_one_spelling(complete_run: Output, stream: str) -> None:
    spellings = {"date-time": TIMESTAMP, "date": DAY}
    for column, definition in schema_of(complete_run, stream)["properties"].items():
        if spelling := spellings.get(definition.get("format", "")):
            values = [record[column] for record in complete_run.records[stream]]
            assert [v for v in values if v is not None and not spelling.fullmatch(v)] == []


def test_a_bookmark_comes_only_after_the_records_up_to_it(complete_run: Output) -> None:
    complete: set[str] = set()
    for message in complete_run.messages:
        if message["type"] == "STATE":
            complete |= {
                stream
                for stream, state in message["value"]["bookmarks"].items()
                if "replication_key_value" in state
            }
        elif message["type"] == "RECORD":
            assert message["stream"] not in complete
    assert complete == set(REPLICATION_KEYS), REGISTER


def test_behind_all_records_comes_a_state_that_holds_every_bookmark(complete_run: Output) -> None:
    types = [message["type"] for message in complete_run.messages]
    assert "RECORD" not in types[len(types) - types[::-1].index("STATE") :]
    for stream, column in REPLICATION_KEYS.items():
        state = complete_run.bookmarks[stream]
        reached = max(row[column] for row in complete_run.records[stream] if row[column])
        assert state["replication_key"] == column
        assert state["replication_key_value"] == reached
    assert "progress_markers" not in str(complete_run.state)


def test_the_output_passes_the_checks_of_singer_tools(complete_run: Output) -> None:
    """The same checks as ``singer-check-tap``, whose pins exclude the SDK's own."""
    validators: dict[str, Draft4Validator] = {}
    timestamps: dict[str, list[str]] = {}
    for message in complete_run.messages:
        match message:
            case {"type": "SCHEMA", "stream": str(stream), "schema": dict(schema)}:
                assert isinstance(message["key_properties"], list)
                validators[stream] = Draft4Validator(schema, format_checker=FormatChecker())
                timestamps[stream] = [
                    column
                    for column, definition in schema["properties"].items()
                    if definition.get("format") == "date-time"
                ]
            case {"type": "RECORD", "stream": str(stream), "record": dict(record)}:
                validators[stream].validate(record)
                for column in timestamps[stream]:
                    if record.get(column) is not None:
                        assert datetime.fromisoformat(record[column]).tzinfo
                assert datetime.fromisoformat(message["time_extracted"]).tzinfo
            case {"type": "STATE", "value": dict()}:
                pass
            case _:
                pytest.fail(f"Not a Singer message: {str(message)[:200]}")


def test_deselected_columns_stay_away_and_keys_stay(bench: Bench) -> None:
    without = [
        ("opt_outs", "origin"),
        ("opt_outs", "extra_fields"),
        ("opt_outs", "email"),
        ("message_events", "event_at"),
        ("message_events", "ip"),
        ("messages", "sent_at"),
        ("messages", "message_type"),
        ("lists", "name"),
    ]
    everything = bench.run()
    found = bench.run(without=without, list_names=["*"])
    assert {column for row in found.records["opt_outs"] for column in row} == {
        "email",
        "opted_out_at",
    }
    assert set(schema_of(found, "opt_outs")["properties"]) == {"email", "opted_out_at"}
    assert "ip" not in found.records["message_events"][0]
    assert "sent_at" not in found.records["messages"][0]
    assert found.records["message_events"] == [
        {column: value for column, value in row.items() if column != "ip"}
        for row in everything.records["message_events"]
    ]
    assert found.records["message_reports"] == everything.records["message_reports"]
    assert found.records["message_daily_stats"] == everything.records["message_daily_stats"]
    assert found.records["list_members"] == everything.records["list_members"]
    assert found.bookmarks["message_events"] == everything.bookmarks["message_events"]


def test_stream_maps_and_flattening_of_the_sdk_apply(bench: Bench) -> None:
    found = bench.run(
        streams=["messages", "message_reports", "opt_outs"],
        stream_maps={
            "messages": {"sender_email": None, "title": "name"},
            "opt_outs": {"email": "md5(email)"},
        },
        stream_map_config={},
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    assert found.failure is None
    assert all(row["title"] == row["name"] for row in found.records["messages"])
    assert all("sender_email" not in row for row in found.records["messages"])
    assert all(re.fullmatch("[0-9a-f]{32}", row["email"]) for row in found.records["opt_outs"])
    assert found.records["message_reports"]


def test_a_column_that_is_called_like_a_keyword_of_the_schema_can_be_flattened(
    bench: Bench,
) -> None:
    whole = bench.run(streams=["lists"])
    schema = schema_of(whole, "lists")
    assert "description" in schema["properties"]
    assert "type" in schema["description"]
    found = bench.run(streams=["lists"], flattening_enabled=True, flattening_max_depth=1)
    assert found.failure is None
    assert found.records == whole.records
