"""Rows as Act-On sends them become records as the schemas promise them."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from tap_acton import schemas
from tap_acton.api.decoding import decode_json
from tap_acton.records import reader as records
from tap_acton.records.reader import (
    EXTRA_FIELDS,
    IGNORED,
    NAMES,
    UNIT,
    UNKNOWN_TIMESTAMP,
    RecordReader,
    is_unknown,
    names_any,
)
from tap_acton.records.values import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS: dict[str, dict[str, Any]] = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in sorted(resources.files(schemas).iterdir(), key=lambda file: file.name)
    if file.name.endswith(".json")
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

TEXT = {"type": ["string", "null"]}
INTEGER = {"type": ["integer", "null"]}
DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
DATE = {"type": ["string", "null"], "format": "date"}
OBJECT = {"type": ["object", "null"]}


def reader(*key: str, ignored: tuple[str, ...] = (), **columns: dict[str, Any]) -> RecordReader:
    schema = {
        "properties": columns | {EXTRA_FIELDS: OBJECT},
        IGNORED: dict.fromkeys(ignored, "for a reason"),
    }
    return RecordReader(schema, key=key)


def named(definition: dict[str, Any], *names: str) -> dict[str, Any]:
    return definition | {NAMES: list(names)}


class TestNames:
    @pytest.mark.parametrize(
        "row",
        [
            {
                "msgId": "s-1",
                "name": "Hello",
                "timeStamp": "1772000000000",
                "senderName": "Ann",
                "senderId": "7",
                "senderEmail": "ann@example.com",
                "isTextOnly": "false",
                "msgType": "SENT",
            },
            {
                "msg_id": "s-1",
                "title": "Hello",
                "timestamp": 1772000000000,
                "sender_name": "Ann",
                "sender_id": 7,
                "sender_email": "ann@example.com",
                "is_text_only": "false",
                "msg_type": "SENT",
            },
        ],
        ids=["2024", "2019"],
    )
    def test_both_editions_of_the_message_list_make_the_same_record(
        self, row: dict[str, Any]
    ) -> None:
        record = RecordReader(SCHEMAS["messages"], key=["id"]).record(row)

        assert {column: value for column, value in record.items() if value is not None} == {
            "id": "s-1",
            "name": "Hello",
            "message_type": "SENT",
            "sent_at": "2026-02-25T06:13:20.000Z",
            "sender_name": "Ann",
            "sender_id": "7",
            "sender_email": "ann@example.com",
            "is_text_only": False,
        }

    @pytest.mark.parametrize(
        "field", ["senderName", "sender_name", "SenderName", "Sender Name", "SENDER_NAME"]
    )
    def test_a_column_takes_its_own_name_in_any_spelling(self, field: str) -> None:
        record = reader(sender_name=TEXT).record({field: "Ann"})

        assert record == {"sender_name": "Ann", EXTRA_FIELDS: None}

    def test_names_of_the_api_are_taken_letter_by_letter(self) -> None:
        record = reader(sent_at=named(DATE_TIME, "ts")).record({"TS": 1772000000000})

        assert record == {"sent_at": None, EXTRA_FIELDS: {"TS": 1772000000000}}

    @pytest.mark.parametrize("is_reversed", [False, True])
    def test_of_several_names_the_first_one_wins_wherever_it_stands_in_the_row(
        self, *, is_reversed: bool
    ) -> None:
        fields = [("third", "3"), ("first", "1"), ("second", "2")]
        row = dict(reversed(fields) if is_reversed else fields)

        record = reader(column=named(TEXT, "first", "second", "third")).record(row)

        assert record == {"column": "1", EXTRA_FIELDS: {"second": "2", "third": "3"}}

    @pytest.mark.parametrize("nothing", [None, 0, "", "0", -1, "-1"])
    def test_a_name_without_a_value_leaves_the_column_to_the_next_one(
        self, nothing: object
    ) -> None:
        columns = named(DATE_TIME, "timeStamp", "timestamp")

        record = reader(sent_at=columns).record({"timeStamp": nothing, "timestamp": 1772000000000})

        assert record == {"sent_at": "2026-02-25T06:13:20.000Z", EXTRA_FIELDS: None}

    def test_a_name_whose_value_cannot_be_read_leaves_the_column_to_the_next_one(self) -> None:
        columns = named(INTEGER, "size", "sourceSize")

        assert reader(count=columns).record({"size": "many", "sourceSize": "12"}) == {
            "count": 12,
            EXTRA_FIELDS: {"size": "many"},
        }
        assert reader(count=columns).record({"sourceSize": "12", "size": "many"}) == {
            "count": 12,
            EXTRA_FIELDS: {"size": "many"},
        }

    @pytest.mark.parametrize("fields", [["first", "column"], ["column", "first"]])
    def test_the_names_of_a_column_win_over_its_own_wherever_they_stand_in_the_row(
        self, fields: list[str]
    ) -> None:
        record = reader(column=named(TEXT, "first")).record({field: field for field in fields})

        others = {field: field for field in fields if field != "first"}
        assert record == {"column": "first", EXTRA_FIELDS: others}

    @pytest.mark.parametrize("other", ["Bo", "Ann", None])
    def test_of_two_spellings_the_first_counts_and_what_the_other_says_is_kept(
        self, other: str | None
    ) -> None:
        record = reader(sender_name=TEXT).record({"senderName": "Ann", "sender_name": other})

        extra = {"sender_name": "Bo"} if other == "Bo" else None
        assert record == {"sender_name": "Ann", EXTRA_FIELDS: extra}

    @pytest.mark.parametrize("value", ["2 days ago", {"days": 2}])
    def test_a_text_beside_a_timestamp_is_left_out_but_nothing_else_is(self, value: object) -> None:
        columns = named(DATE_TIME, "timestamp", "displayed")

        record = reader(sent_at=columns).record({"timestamp": 1772000000123, "displayed": value})

        extra = None if isinstance(value, str) else {"displayed": value}
        assert record == {"sent_at": "2026-02-25T06:13:20.123Z", EXTRA_FIELDS: extra}

    @pytest.mark.parametrize("fields", [["timestamp", "displayed"], ["displayed", "timestamp"]])
    def test_spellings_of_a_timestamp_may_differ_in_how_exact_they_are(
        self, fields: list[str]
    ) -> None:
        columns = named(DATE_TIME, "timestamp", "displayed")
        values = {"timestamp": 1772000000123, "displayed": "2026-02-25T06:13Z"}

        record = reader(sent_at=columns).record({field: values[field] for field in fields})

        assert record == {"sent_at": "2026-02-25T06:13:20.123Z", EXTRA_FIELDS: None}

    def test_an_element_that_loses_is_kept_with_its_array(self) -> None:
        rows = reader(a=named(INTEGER, "both/0"), b=named(INTEGER, "other", "both/1"))

        assert rows.record({"both": [1, 2], "other": 3}) == {
            "a": 1,
            "b": 3,
            EXTRA_FIELDS: {"both": [1, 2]},
        }

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Date/Time", "2026-03-17T07:05:09Z"),
            ("Date/Time/0", ["2026-03-17T07:05:09Z"]),
            ("Date/²", "2026-03-17T07:05:09Z"),
        ],
    )
    def test_a_name_with_a_slash_is_a_name(self, name: str, value: object) -> None:
        columns = named(DATE_TIME, name)

        record = reader(registered_at=columns).record({name.removesuffix("/0"): value})

        assert record == {"registered_at": "2026-03-17T07:05:09.000Z", EXTRA_FIELDS: None}

    def test_a_number_of_minutes_may_be_told_as_a_clock_does(self) -> None:
        columns = {"type": ["number", "null"], UNIT: "minutes"}

        assert reader(duration=columns).record({"duration": "1:02:30"}) == {
            "duration": 62.5,
            EXTRA_FIELDS: None,
        }
        assert reader(duration=columns).record({"duration": "long"}) == {
            "duration": None,
            EXTRA_FIELDS: {"duration": "long"},
        }

    def test_one_field_may_fill_two_columns(self) -> None:
        record = reader(id=named(TEXT, "recid"), contact_id=named(TEXT, "recid")).record(
            {"recid": "l-1:2"}
        )

        assert record == {"id": "l-1:2", "contact_id": "l-1:2", EXTRA_FIELDS: None}

    def test_a_field_that_comes_too_late_for_one_column_still_fills_the_other(self) -> None:
        rows = reader(id=named(TEXT, "key", "recid"), contact_id=named(TEXT, "recid"))

        assert rows.record({"key": "k", "recid": "r"}) == {
            "id": "k",
            "contact_id": "r",
            EXTRA_FIELDS: None,
        }


class TestNamesAny:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            (["sender_name"], True),
            (["Sender Name"], True),
            (["opened"], True),
            (["lastOpen"], True),
            (["new", "senderName"], True),
            # Names of the API count letter by letter.
            (["Opened"], False),
            (["last_open"], False),
            (["extra_fields"], False),
            (["extraFields"], False),
            (["new", "newer"], False),
            ([], False),
        ],
    )
    def test_a_schema_names_its_columns_their_fields_and_what_is_left_out(
        self, fields: list[str], *, expected: bool
    ) -> None:
        schema = {
            "properties": {
                "sender_name": TEXT,
                "first_open": named(TEXT, "opened/0"),
                EXTRA_FIELDS: OBJECT,
            },
            IGNORED: {"lastOpen": "for a reason"},
        }

        assert names_any(schema, fields) is expected

    @pytest.mark.parametrize("field", ["name", "new"])
    def test_a_schema_may_leave_nothing_out(self, field: str) -> None:
        assert names_any({"properties": {"name": TEXT}}, [field]) is (field == "name")


class TestPairs:
    READER = reader(
        opened_unique=named(INTEGER, "opened/0"), opened_total=named(INTEGER, "opened/1")
    )

    @pytest.mark.parametrize(
        ("value", "unique", "total", "is_kept"),
        [
            ([2, 8], 2, 8, False),
            (["2", "8"], 2, 8, False),
            ([0, 0], 0, 0, False),
            ([None, 8], None, 8, False),
            ([None, None], None, None, False),
            (None, None, None, False),
            # Too short, too long.
            ([], None, None, True),
            ([2], 2, None, True),
            ([2, 8, 9], 2, 8, True),
            # Not numbers, or no array.
            (["many", 8], None, 8, True),
            ([2, "many"], 2, None, True),
            ([2.5, 8], None, 8, True),
            ([[2], {"total": 8}], None, None, True),
            (8, None, None, True),
            ("2,8", None, None, True),
            ({"0": 2, "1": 8}, None, None, True),
            (True, None, None, True),
        ],
    )
    def test_the_elements_of_an_array_go_to_their_columns(
        self, value: object, unique: int | None, total: int | None, *, is_kept: bool
    ) -> None:
        assert self.READER.record({"opened": value}) == {
            "opened_unique": unique,
            "opened_total": total,
            EXTRA_FIELDS: {"opened": value} if is_kept else None,
        }

    def test_an_array_of_which_a_column_takes_one_element_is_kept_for_the_others(self) -> None:
        record = reader(unique=named(INTEGER, "opened/0")).record({"opened": [2, 8]})

        assert record == {"unique": 2, EXTRA_FIELDS: {"opened": [2, 8]}}

    def test_the_message_report_is_read_whole(self) -> None:
        row = {
            "subject": "Hello",
            "title": "March",
            "status": "ok",
            "sent": 10,
            "delivered": "9",
            "hardBounced": 1,
            "opened": [4, 7],
            "effectiveopened": [3, 5],
            "clicked": [1, 2],
            "notsent": [0, 0],
            "notopened": 5,
            "optout": 1,
            "lastOpen": "3 Days Ago",
            "lastOpenTS": 1772000000000,
            "lastClickTS": 0,
            "sentto": ["l-0a41"],
        }

        record = RecordReader(SCHEMAS["message_reports"], key=["message_id"]).record(
            row, {"message_id": "s-1"}
        )

        assert {column: value for column, value in record.items() if value is not None} == {
            "message_id": "s-1",
            "subject": "Hello",
            "name": "March",
            "status": "ok",
            "sent": 10,
            "delivered": 9,
            "hard_bounced": 1,
            "opened_unique": 4,
            "opened_total": 7,
            "effective_opened_unique": 3,
            "effective_opened_total": 5,
            "clicked_unique": 1,
            "clicked_total": 2,
            "not_sent_unique": 0,
            "not_sent_total": 0,
            "not_opened": 5,
            "opt_out": 1,
            "last_opened_at": "2026-02-25T06:13:20.000Z",
            "sent_to": ["l-0a41"],
        }


class TestExtraFields:
    @pytest.mark.parametrize("value", [1, "x", None, [], {"a": [None]}, False])
    def test_a_field_that_the_schema_does_not_name_is_kept_as_it_came(self, value: object) -> None:
        record = reader(name=TEXT).record({"name": "n", "Some/New-Field": value})

        assert record == {"name": "n", EXTRA_FIELDS: {"Some/New-Field": value}}

    @pytest.mark.parametrize(
        ("definition", "value"),
        [
            (INTEGER, "many"),
            (INTEGER, 1.5),
            (INTEGER, 2**70),
            ({"type": ["number", "null"]}, "1,5"),
            ({"type": ["boolean", "null"]}, "perhaps"),
            (DATE_TIME, "Tue Mar 17 7:05 AM PDT"),
            (DATE, "2026-02-30"),
            (TEXT, {"a": 1}),
            (OBJECT, "text"),
            (OBJECT, []),
            ({"type": ["array", "null"], "items": TEXT}, "text"),
            ({"type": ["array", "null"], "items": TEXT}, {}),
            ({"type": ["array", "null"], "items": TEXT}, ["a", {}]),
        ],
    )
    def test_a_value_that_its_column_cannot_hold_is_kept_as_it_came(
        self, definition: dict[str, Any], value: object
    ) -> None:
        record = reader(column=definition).record({"column": value})

        assert record == {"column": None, EXTRA_FIELDS: {"column": value}}

    def test_without_such_a_field_it_is_null(self) -> None:
        assert reader(name=TEXT).record({"name": "n"})[EXTRA_FIELDS] is None

    @pytest.mark.parametrize("field", ["extra_fields", "extraFields", "Extra Fields"])
    def test_a_field_of_its_own_name_is_kept_in_it(self, field: str) -> None:
        assert reader(name=TEXT).record({field: {"a": 1}})[EXTRA_FIELDS] == {field: {"a": 1}}

    def test_a_long_array_beside_a_value_that_cannot_be_read_is_not_in_it(self) -> None:
        rows = reader(parts={"type": ["array", "null"], "items": TEXT}, size=INTEGER)

        assert rows.record({"parts": ["a", "b", "c"], "size": "many"}) == {
            "parts": ["a", "b", "c"],
            "size": None,
            EXTRA_FIELDS: {"size": "many"},
        }

    def test_a_field_that_is_left_out_on_purpose_is_not_in_it(self) -> None:
        record = reader(name=TEXT, ignored=("lastOpen",)).record({"lastOpen": "2 days ago"})

        assert record == {"name": None, EXTRA_FIELDS: None}

    def test_what_does_not_fit_a_deselected_column_is_not_in_it(self) -> None:
        schema = {"properties": {"name": TEXT, "size": INTEGER, EXTRA_FIELDS: OBJECT}}
        row = {"name": ["Jane"], "size": "many", "new": 1}

        record = RecordReader(schema, deselected=["name"]).record(row)

        assert record[EXTRA_FIELDS] == {"size": "many", "new": 1}

    @pytest.mark.parametrize("deselected", [[], ["id"], ["contact_id"], ["id", "contact_id"]])
    def test_a_field_is_in_it_as_long_as_one_of_its_columns_is_selected(
        self, deselected: list[str]
    ) -> None:
        columns = {"id": named(TEXT, "recid"), "contact_id": named(TEXT, "recid")}
        schema = {"properties": {**columns, EXTRA_FIELDS: OBJECT}}

        record = RecordReader(schema, deselected=deselected).record({"recid": [7]})

        assert record[EXTRA_FIELDS] == ({"recid": [7]} if len(deselected) < 2 else None)

    def test_rows_do_not_share_it(self) -> None:
        rows = reader(name=TEXT)

        first, second = rows.record({"x": 1}), rows.record({"y": 2})

        assert (first[EXTRA_FIELDS], second[EXTRA_FIELDS]) == ({"x": 1}, {"y": 2})

    def test_the_row_is_left_as_it_was(self) -> None:
        row = {"name": 5, "x": [1], "opened": "no pair"}
        before = json.dumps(row)

        TestPairs.READER.record(row)

        assert json.dumps(row) == before


class TestUnnamed:
    def test_a_field_is_told_of_once_however_often_it_comes(self) -> None:
        told: list[str] = []
        schema = {"properties": {"name": TEXT, EXTRA_FIELDS: OBJECT}, IGNORED: {"old": "stale"}}
        rows = RecordReader(schema, on_unnamed=told.append)

        for _ in range(3):
            rows.record({"new": 1, "name": "n", "old": 2, "Name": "n"})
            rows.record({"newer": None})
            rows.record({"new": 1})

        assert told == ["new", "newer"]

    def test_a_value_that_cannot_be_read_is_not_told_of(self) -> None:
        told: list[str] = []
        schema = {"properties": {"size": INTEGER, EXTRA_FIELDS: OBJECT}}

        RecordReader(schema, on_unnamed=told.append).record({"size": "many"})

        assert told == []


class TestTypes:
    @pytest.mark.parametrize(
        ("column", "definition", "value", "expected"),
        [
            ("id", TEXT, " 7 ", "7"),
            ("list_id", TEXT, " l-0a41 ", "l-0a41"),
            ("list_id", TEXT, 7.0, "7"),
            ("name", TEXT, " l-0a41 ", " l-0a41 "),
            ("name", TEXT, 1.5, "1.5"),
            ("name", TEXT, True, "true"),
            ("idle", TEXT, " x ", " x "),
            ("size", INTEGER, "12", 12),
            ("size", INTEGER, "", None),
            ("percent", {"type": ["number", "null"]}, "12.5", 12.5),
            ("is_list", {"type": ["boolean", "null"]}, "true", True),
            ("sent_at", DATE_TIME, 1772000000, "2026-02-25T06:13:20.000Z"),
            ("date", DATE, "03/17/2026", "2026-03-17"),
            ("fields", OBJECT, {"a": 1}, {"a": 1}),
            ("parts", {"type": ["array", "null"], "items": TEXT}, [1, "a", None], ["1", "a"]),
            ("parts", {"type": ["array", "null"], "items": TEXT}, [], []),
        ],
    )
    def test_a_column_decides_the_type_whatever_the_api_sends(
        self, column: str, definition: Any, value: object, expected: object
    ) -> None:
        record = reader(**{column: definition}).record({column: value})

        assert record == {column: expected, EXTRA_FIELDS: None}

    def test_a_timestamp_without_a_zone_is_read_in_that_of_the_account(self) -> None:
        schema = {"properties": {"viewed_at": DATE_TIME, EXTRA_FIELDS: OBJECT}}
        row = {"viewedAt": "Mar 17 2026 7:05 AM"}

        assert RecordReader(schema, zone=ZoneInfo("US/Pacific")).record(row) == {
            "viewed_at": "2026-03-17T14:05:00.000Z",
            EXTRA_FIELDS: None,
        }
        assert RecordReader(schema).record(row) == {"viewed_at": None, EXTRA_FIELDS: row}

    @pytest.mark.parametrize(
        ("properties", "value", "expected"),
        [
            (
                {"page": TEXT, "viewed_at": DATE_TIME},
                {"a": "Mar 17 2026 7:05 AM"},
                {"page": "a", "viewed_at": "2026-03-17T14:05:00.000Z"},
            ),
            (
                {"viewed_at": DATE_TIME, EXTRA_FIELDS: OBJECT},
                [{"viewedAt": "Mar 17 2026 7:05 AM"}],
                {"viewed_at": "2026-03-17T14:05:00.000Z", EXTRA_FIELDS: None},
            ),
        ],
        ids=["pairs", "objects"],
    )
    def test_a_timestamp_within_an_array_is_read_in_the_zone_of_the_account_too(
        self, properties: dict[str, Any], value: object, expected: dict[str, Any]
    ) -> None:
        items = {"type": ["object"], "properties": properties}
        column = {"type": ["array", "null"], "items": items}
        schema = {"properties": {"views": column, EXTRA_FIELDS: OBJECT}}

        record = RecordReader(schema, zone=ZoneInfo("US/Pacific")).record({"views": value})

        assert record == {"views": [expected], EXTRA_FIELDS: None}

    def test_null_in_an_array_is_nothing(self) -> None:
        arrays = [
            (stream, column, definition)
            for stream, schema in SCHEMAS.items()
            for column, definition in schema["properties"].items()
            if "array" in definition["type"]
        ]
        assert len(arrays) > 10
        for stream, column, definition in arrays:
            assert "null" not in definition["items"]["type"], (stream, column)
            record = reader(**{column: definition}).record({column: [None]})
            if "x-acton-names" not in definition and "incoming" not in column:
                assert record == {column: [], EXTRA_FIELDS: None}, (stream, column)

    def test_null_beside_values_of_an_array_is_nothing(self) -> None:
        items = {"type": ["object"], "properties": {"a": TEXT, EXTRA_FIELDS: OBJECT}}
        objects = reader(column={"type": ["array", "null"], "items": items})
        assert objects.record({"column": [None, {"a": 1}]})["column"] == [
            {"a": "1", EXTRA_FIELDS: None}
        ]
        texts = reader(column={"type": ["array", "null"], "items": {"type": ["string"]}})
        assert texts.record({"column": ["a", None, ""]})["column"] == ["a", ""]

    def test_the_ids_in_an_array_are_texts_as_the_schema_says(self) -> None:
        record = RecordReader(SCHEMAS["message_reports"]).record({"sentto": [41, "l-0a41"]})

        assert record["sent_to"] == ["41", "l-0a41"]

    def test_columns_come_in_the_order_of_the_schema(self) -> None:
        rows = reader(b=TEXT, a=TEXT, c=TEXT)

        for row in ({"a": "1", "b": "2"}, {"x": 1, "c": "3", "b": "2"}, {}):
            assert list(rows.record(row)) == ["b", "a", "c", EXTRA_FIELDS]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"b": "2", "a": 1, "": None}, [("b", 2), ("a", 1), ("", None)]),
            ({}, []),
            ({"a": "many"}, None),
            ([["a", 1]], None),
            ("a", None),
        ],
    )
    def test_free_keys_become_pairs_in_their_order(self, value: Any, expected: Any) -> None:
        pair = {"source": {"type": ["string"]}, "visits": INTEGER}
        items = {"type": ["object"], "properties": pair}
        record = reader(traffic={"type": ["array", "null"], "items": items}).record(
            {"traffic": value}
        )
        assert record["traffic"] == (
            expected and [{"source": source, "visits": visits} for source, visits in expected]
        )
        assert record[EXTRA_FIELDS] == ({"traffic": value} if expected is None else None)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ([], []),
            (
                [{"csvColumn": "a", "isNew": "true"}, {"isNew": "so so", "more": 1}],
                [
                    {"csv_column": "a", "is_new": True, EXTRA_FIELDS: None},
                    {
                        "csv_column": None,
                        "is_new": None,
                        EXTRA_FIELDS: {"isNew": "so so", "more": 1},
                    },
                ],
            ),
            ({"a": 1}, None),
            ([{"csvColumn": "a"}, "b"], None),
            ("a", None),
        ],
    )
    def test_items_with_extra_fields_are_typed_like_rows(self, value: Any, expected: Any) -> None:
        item = {
            "csv_column": TEXT,
            "is_new": {"type": ["boolean", "null"]},
            EXTRA_FIELDS: {"type": ["object", "null"]},
        }
        items = {"type": ["object"], "properties": item}
        record = reader(mappings={"type": ["array", "null"], "items": items}).record(
            {"mappings": value}
        )
        assert record["mappings"] == expected
        assert record[EXTRA_FIELDS] == ({"mappings": value} if expected is None else None)


class TestGiven:
    ROWS = reader("list_id", list_id=TEXT, email=TEXT)

    def test_a_row_without_the_value_gets_the_given_one(self) -> None:
        assert self.ROWS.record({"email": "a"}, {"list_id": "l-1"})["list_id"] == "l-1"

    def test_a_given_value_yields_to_one_of_the_row(self) -> None:
        record = self.ROWS.record({"listId": "l-2"}, {"list_id": "l-1"})

        assert record == {"list_id": "l-2", "email": None, EXTRA_FIELDS: None}

    @pytest.mark.parametrize("value", [None, "", "  "])
    def test_a_row_that_has_no_value_under_the_name_gets_the_given_one(
        self, value: str | None
    ) -> None:
        assert self.ROWS.record({"listId": value}, {"list_id": "l-1"})["list_id"] == "l-1"

    def test_a_value_that_cannot_be_read_is_kept_beside_the_given_one(self) -> None:
        record = self.ROWS.record({"listId": ["l-2"]}, {"list_id": "l-1"})

        assert record == {"list_id": "l-1", "email": None, EXTRA_FIELDS: {"listId": ["l-2"]}}


class TestUnits:
    """What the values of a response show of a field counts for each of its rows."""

    EARLY, LATE = 1_209_600_000, 76_204_800_000
    """Days of 1970 and 1972 in milliseconds; the first could also be one of 2008 in seconds."""

    @pytest.mark.parametrize("count", [1, "many"], ids=["together", "field by field"])
    @pytest.mark.parametrize(
        ("definition", "field"),
        [
            (DATE_TIME, "sent_at"),
            (DATE_TIME, "sentAt"),
            (named(DATE_TIME, "timestamp"), "timestamp"),
        ],
        ids=["column", "spelling", "name"],
    )
    def test_a_row_is_read_in_the_unit_that_its_response_has_shown(
        self, definition: dict[str, Any], field: str, count: object
    ) -> None:
        rows = reader(sent_at=definition, count=INTEGER)
        early, late = {field: self.EARLY}, {field: self.LATE}

        rows.learn([early, {}, late])

        assert rows.record({"count": count, **early})["sent_at"] == "1970-01-15T00:00:00.000Z"

    @pytest.mark.parametrize("count", [1, "many"], ids=["together", "field by field"])
    def test_each_field_has_a_unit_of_its_own(self, count: object) -> None:
        rows = reader(sent_at=DATE_TIME, read_at=DATE_TIME, count=INTEGER)
        rows.learn([{"sent_at": self.EARLY, "read_at": self.EARLY}, {"sent_at": self.LATE}])

        record = rows.record({"count": count, "sent_at": self.EARLY, "read_at": self.EARLY})

        assert (record["sent_at"], record["read_at"]) == (
            "1970-01-15T00:00:00.000Z",
            "2008-05-01T00:00:00.000Z",
        )

    def test_numbers_that_are_no_timestamps_have_no_unit(self) -> None:
        rows = reader(size=INTEGER, sent_at=DATE_TIME)
        row = {"size": self.EARLY, "new": self.EARLY}

        rows.learn([row])

        assert rows.record(row) == {
            "size": self.EARLY,
            "sent_at": None,
            EXTRA_FIELDS: {"new": self.EARLY},
        }


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (UNKNOWN_TIMESTAMP, True),
        (UNKNOWN_TIMESTAMP[:10], True),
        ("1969-12-31T23:59:59.999Z", True),
        ("1969-12-31", True),
        ("1970-01-01T23:59:59.999Z", True),
        ("1970-01-02T00:00:00.000Z", False),
        ("1970-01-02", False),
    ],
)
def test_a_timestamp_up_to_the_first_day_of_1970_is_unknown(
    timestamp: str, *, expected: bool
) -> None:
    assert is_unknown(timestamp) is expected


class TestKeys:
    @pytest.mark.parametrize(
        ("definition", "default"),
        [
            ({"type": ["string"]}, ""),
            ({"type": ["string"], "format": "date-time"}, UNKNOWN_TIMESTAMP),
            ({"type": ["string"], "format": "date"}, UNKNOWN_TIMESTAMP[:10]),
        ],
    )
    @pytest.mark.parametrize("row", [{}, {"key": None}, {"key": {}}, {"key": ""}])
    def test_a_key_that_act_on_does_not_give_is_not_null_and_of_its_type(
        self, definition: dict[str, Any], default: str, row: dict[str, Any]
    ) -> None:
        assert reader("key", key=definition).record(row)["key"] == default

    def test_a_key_is_not_null_where_what_is_given_is(self) -> None:
        assert reader("key", key=TEXT).record({}, {"key": None})["key"] == ""

    def test_a_key_that_cannot_be_read_is_kept_in_extra_fields(self) -> None:
        assert reader("key", key=TEXT).record({"key": [1]}) == {
            "key": "",
            EXTRA_FIELDS: {"key": [1]},
        }


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "0", "-1", "true", "many", "1772000000000", "03/17/2026", 1e300, 2**70])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)


def field_of(name: str) -> str:
    """Give the field of a name that may name an element of its array."""
    return re.sub(r"/\d+$", "", name)


def fields_of(schema: dict[str, Any]) -> list[str]:
    """Give the names under which a schema finds values, the ignored ones included."""
    names = [
        field_of(name)
        for column, definition in schema["properties"].items()
        for name in [column, *definition.get(NAMES, ())]
    ]
    return [*names, *(name.title() for name in names), *schema.get(IGNORED, ())]


STREAMS_AND_ROWS = st.one_of(
    [
        st.tuples(
            st.just(stream),
            st.dictionaries(
                st.sampled_from(fields_of(schema)) | st.text(max_size=6), VALUES, max_size=5
            ),
        )
        for stream, schema in SCHEMAS.items()
    ]
)
VALIDATORS = {stream: Draft202012Validator(schema) for stream, schema in SCHEMAS.items()}


def required(schema: dict[str, Any]) -> list[str]:
    return [
        column
        for column, definition in schema["properties"].items()
        if "null" not in definition["type"]
    ]


def columns_of(schema: dict[str, Any], field: str) -> set[str]:
    """Give the columns that may take a field."""
    found = {
        column
        for column, definition in schema["properties"].items()
        for name in definition.get(NAMES, ())
        if field_of(name) == field
    }
    own = snake_case(field)
    return found or ({own} & (schema["properties"].keys() - {EXTRA_FIELDS}))


def is_blank(value: object) -> bool:
    """Tell whether Act-On says by a value that there is none."""
    return value in (None, 0, -1, "0", "-1") or (isinstance(value, str) and not value.strip())


class TestAnyRow:
    @given(STREAMS_AND_ROWS)
    def test_no_field_is_ever_lost(self, stream_and_row: tuple[str, dict[str, Any]]) -> None:
        stream, row = stream_and_row
        schema = SCHEMAS[stream]

        record = RecordReader(schema, key=required(schema)).record(row)

        extra = record[EXTRA_FIELDS] or {}
        for field, value in row.items():
            if field in extra:
                assert extra[field] is value
                continue
            taken = columns_of(schema, field)
            if not taken:
                assert field in schema[IGNORED]
            elif isinstance(value, list) and len(taken) > 1:
                assert len(value) == len(taken)
                for column, element in zip(sorted(taken, reverse=True), value, strict=True):
                    assert record[column] is not None or is_blank(element)
            else:
                assert is_blank(value) or any(record[column] is not None for column in taken)

    @given(STREAMS_AND_ROWS)
    def test_every_record_keeps_the_promises_of_its_schema(
        self, stream_and_row: tuple[str, dict[str, Any]]
    ) -> None:
        stream, row = stream_and_row
        schema = SCHEMAS[stream]

        record = RecordReader(schema, key=required(schema)).record(row)

        assert list(record) == list(schema["properties"])
        assert VALIDATORS[stream].is_valid(record)
        for column, definition in schema["properties"].items():
            if definition.get("format") == "date-time" and record[column] is not None:
                assert TIMESTAMP.fullmatch(record[column])

    @settings(max_examples=30)
    @given(STREAMS_AND_ROWS, STREAMS_AND_ROWS)
    def test_a_record_does_not_depend_on_the_rows_before_it(
        self, one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]
    ) -> None:
        stream, row = one
        rows = RecordReader(SCHEMAS[stream])
        rows.record(other[1])

        assert repr(rows.record(row)) == repr(RecordReader(SCHEMAS[stream]).record(row))

    @given(STREAMS_AND_ROWS)
    def test_a_record_does_not_depend_on_whether_there_is_a_plan_for_it(
        self, stream_and_row: tuple[str, dict[str, Any]]
    ) -> None:
        stream, row = stream_and_row
        record = RecordReader(SCHEMAS[stream]).record(row)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "MOST_PLANS", 0)
            assert repr(RecordReader(SCHEMAS[stream]).record(row)) == repr(record)

    def test_there_are_plans_for_so_many_combinations_of_fields_and_no_more(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records, "MOST_PLANS", 2)
        looked_at: list[str] = []
        rows = reader(name=TEXT)
        targets_of = rows._targets_of

        def look_at(field: str) -> object:
            looked_at.append(field)
            return targets_of(field)

        monkeypatch.setattr(rows, "_targets_of", look_at)
        for field in ("a", "b", "c") * 3:
            rows.record({field: 1, "name": "n"})

        # With a plan a field is looked at once, and without one in every row.
        assert sorted(looked_at) == ["a", "b", "c", "c", "c", *["name"] * 5]

    @pytest.mark.parametrize(
        "body",
        [
            rb'{"New": "half of a character: \ud83d"}',
            rb'{"Half \ud83d of a name": 1}',
            rb'{"sentto": ["\ud83d"]}',
            rb'{"title": "\ud83d"}',
            rb'{"New": "\u0000"}',
            b'{"New": NaN, "Newer": -Infinity}',
            b'{"New": 123456789012345678901234567890}',
            b'{"New": "\xff"}',
        ],
    )
    def test_a_record_of_any_answer_can_be_written(self, body: bytes) -> None:
        row = decode_json(body, "message_reports")

        record = RecordReader(SCHEMAS["message_reports"]).record(row)

        assert json.loads(msgspec.json.encode(record)).keys() == record.keys()


FIELDS = ("Name", "id", "name", "count", "when", "timestamp", "new", "newer")
CELLS = st.none() | st.sampled_from(
    ["", " ", "a", "7", "1773756309000", "Mar 17 2026 9:40 AM PDT", "\ud83d", 7, -1, 7.5, True, []]
)


class TestRowsTogether:
    @given(
        rows=st.lists(st.dictionaries(st.sampled_from(FIELDS), CELLS), max_size=12),
        columns=st.fixed_dictionaries({"id": st.none() | st.just("given")}),
    )
    def test_rows_that_come_together_make_the_records_that_each_makes(
        self, rows: list[dict[str, Any]], columns: dict[str, Any]
    ) -> None:
        def new_reader() -> RecordReader:
            when = named(DATE_TIME, "when", "timestamp")
            made = reader("id", "when", id=TEXT, name=TEXT, count=INTEGER, when=when)
            made.learn(rows)
            return made

        one_by_one = new_reader()
        expected = [one_by_one.record(row, columns) for row in rows]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "BATCH_SIZE", 3)
            together = list(new_reader().records(iter(rows), columns))

        assert repr(together) == repr(expected)

    def test_rows_are_taken_only_as_far_as_they_are_needed(self) -> None:
        taken = []

        def rows() -> Iterator[dict[str, Any]]:
            for number in range(10 * records.BATCH_SIZE):
                taken.append(number)
                yield {"name": str(number)}

        assert next(reader(name=TEXT).records(rows()))["name"] == "0"
        assert len(taken) == records.BATCH_SIZE

    def test_without_rows_there_are_no_records(self) -> None:
        assert list(reader(name=TEXT).records([], {"name": "given"})) == []

    def test_a_row_without_fields_gets_what_is_known_from_elsewhere(self) -> None:
        rows: list[dict[str, Any]] = [{}, {}]
        assert (
            list(reader("name", name=TEXT).records(rows, {"name": "given"}))
            == [{"name": "given", EXTRA_FIELDS: None}] * 2
        )


class TestPlansAreFollowed:
    """What a plan does not take is read all the same, but more slowly."""

    @pytest.fixture
    def taken_apart(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        """The rows that are taken apart field by field."""
        rows: list[dict[str, Any]] = []
        field_by_field = RecordReader._field_by_field

        def note(self: RecordReader, row: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
            rows.append(row)
            return field_by_field(self, row, given)

        monkeypatch.setattr(RecordReader, "_field_by_field", note)
        return rows

    @pytest.mark.parametrize("size", range(1, 8))
    def test_only_the_row_that_does_not_fit_is_taken_apart(
        self, taken_apart: list[dict[str, Any]], size: int
    ) -> None:
        for place in range(size):
            rows: list[dict[str, Any]] = [{"count": 1} for _ in range(size)]
            rows[place] = {"count": "many"}

            list(reader(count=INTEGER).records(rows))

            assert taken_apart == [{"count": "many"}]
            taken_apart.clear()

    def test_fields_for_one_column_are_merged(self, taken_apart: list[dict[str, Any]]) -> None:
        read = reader(sent=named(TEXT, "first", "second"))
        rows: list[dict[str, Any]] = [
            {"first": "a", "second": "a"},
            {"first": None, "second": "b"},
            {"first": "c", "second": None},
        ]

        assert [row["sent"] for row in read.records(rows)] == ["a", "b", "c"]
        assert not taken_apart
        assert read.record({"first": "a", "second": "b"}) == {
            "sent": "a",
            EXTRA_FIELDS: {"second": "b"},
        }
        assert len(taken_apart) == 1

    def test_spellings_of_a_timestamp_are_merged(self, taken_apart: list[dict[str, Any]]) -> None:
        rows = [{"first": 1773756309123, "second": "2026-03-17T14:05:09Z"}] * 2

        (record, _) = reader(sent=named(DATE_TIME, "first", "second")).records(rows)

        assert record == {"sent": "2026-03-17T14:05:09.123Z", EXTRA_FIELDS: None}
        assert not taken_apart

    def test_a_spelling_of_a_timestamp_fills_the_rows_that_lack_another(
        self, taken_apart: list[dict[str, Any]]
    ) -> None:
        spelled = "2026-03-17T14:05:09Z"
        rows: list[dict[str, Any]] = [
            {"first": 1773756309123, "second": spelled},
            {"first": None, "second": spelled},
        ]

        records = reader(sent=named(DATE_TIME, "first", "second")).records(rows)

        assert [record["sent"] for record in records] == [
            "2026-03-17T14:05:09.123Z",
            "2026-03-17T14:05:09.000Z",
        ]
        assert not taken_apart

    def test_a_null_fits_every_column(self, taken_apart: list[dict[str, Any]]) -> None:
        record = reader(count=INTEGER, data=OBJECT).record({"count": None, "data": None})

        assert record == {"count": None, "data": None, EXTRA_FIELDS: None}
        assert not taken_apart

    def test_a_row_that_is_taken_apart_keeps_one_spelling_of_a_timestamp(self) -> None:
        timestamps = {"first": 1773756309123, "second": "2026-03-17T14:05:09Z"}
        record = reader(count=INTEGER, sent=named(DATE_TIME, "first", "second")).record(
            {"count": "many", **timestamps}
        )

        assert record["sent"] == "2026-03-17T14:05:09.123Z"
        assert record[EXTRA_FIELDS] == {"count": "many"}
