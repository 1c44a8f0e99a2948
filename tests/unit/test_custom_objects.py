"""Fields of custom objects: their columns, and how their values are read."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.extractors import UnknownShapeError
from tap_acton.records.ids import fingerprint
from tap_acton.streams.custom_objects.fields import (
    ObjectFields,
    columns_of_schemas,
    fields_of,
)
from tap_acton.streams.custom_objects.stream import CustomObjectStream

EXTRACT = CustomObjectStream.extract
SYSTEM = frozenset({"id", "sys.id", "sys.createdAt", "updatedDate"})


def field(name: str, kind: str, **properties: str) -> dict[str, Any]:
    """Make a field."""
    return {"id": f"f-{name}", "name": name, "type": kind, "properties": properties}


def schema(*fields: dict[str, Any], schema_id: str = "o", **more: Any) -> dict[str, Any]:
    """Make a schema."""
    return {"id": schema_id, "fields": list(fields), **more}


def names_of(*schemas: dict[str, Any], taken: Any = (), **known: str) -> dict[str, str]:
    """Give the columns by what they stand for."""
    columns = columns_of_schemas(schemas, known, taken)
    return {column.identity: name for name, column in columns.items()}


def read(kind: str, value: Any, **properties: str) -> Any:
    """Read a value of a field into its column."""
    made = schema(field("x", kind, **properties))
    fields = ObjectFields(made, names_of(made), SYSTEM)
    record: dict[str, Any] = {}
    fields.fill(record, {"x": value})
    return record.get("x", "nothing")


class TestColumns:
    def test_a_field_of_one_name_and_type_has_one_column_in_all_objects(self) -> None:
        first = schema(field("email", "STRING"), field("total", "CURRENCY"))
        second = schema(field("email", "ENUM"), field("total", "STRING"), schema_id="p")
        assert names_of(first, second) == {
            "email, string": "email",
            "total, number": "total",
            "total, string": "total_2",
        }

    def test_the_order_of_the_objects_does_not_matter(self) -> None:
        first = schema(field("a", "DATE"), schema_id="1")
        second = schema(field("a", "DATETIME"), schema_id="2")
        assert names_of(first, second) == names_of(second, first)

    def test_a_name_that_was_given_stays(self) -> None:
        known = {"a, date-time": "a"}
        first = schema(field("a", "DATE"), schema_id="1")
        second = schema(field("a", "DATETIME"), schema_id="2")
        found = columns_of_schemas([first, second], known, ())
        assert {name: column.identity for name, column in found.items()} == {
            "a": "a, date-time",
            "a_2": "a, date",
        }

    def test_a_column_of_the_stream_is_not_taken_twice(self) -> None:
        made = schema(field("id", "STRING"), field("createdAt", "DATETIME"))
        assert names_of(made, taken=("id", "created_at")) == {
            "id, string": "id_2",
            "createdAt, date-time": "created_at_2",
        }

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("DATE", {"type": ["string", "null"], "format": "date"}),
            ("datetime", {"type": ["string", "null"], "format": "date-time"}),
            ("CURRENCY", {"type": ["number", "null"]}),
            ("NUMBER", {"type": ["number", "null"]}),
            ("INTEGER", {"type": ["integer", "null"]}),
            ("BOOLEAN", {"type": ["boolean", "null"]}),
            ("STRING_ARRAY", {"type": ["array", "null"], "items": {"type": ["string"]}}),
            ("ENUM", {"type": ["string", "null"]}),
            ("JSON", {"type": ["string", "null"]}),
            ("GEO_POINT", {"type": ["string", "null"]}),
            (None, {"type": ["string", "null"]}),
        ],
    )
    def test_each_type_has_its_own(self, kind: Any, expected: dict[str, Any]) -> None:
        (column,) = columns_of_schemas([schema(field("x", kind))], {}, ()).values()
        definition = dict(column.definition)
        assert definition.pop("description").startswith("Field x of custom objects, of type ")
        assert definition == expected

    @pytest.mark.parametrize("fields", [None, "x", {}, [None, "x", {}, {"name": 7}]])
    def test_what_is_no_field_has_none(self, fields: Any) -> None:
        assert list(fields_of({"fields": fields})) == []


class TestValues:
    @pytest.mark.parametrize(
        ("kind", "properties", "value", "expected"),
        [
            ("DATE", {}, "2026-03-17", "2026-03-17"),
            ("DATE", {"format": "dd/MM/yyyy"}, "2026-03-17T00:00:00Z", "2026-03-17"),
            ("DATE", {"format": "dd/MM/yyyy"}, "05/03/2026", "2026-03-05"),
            ("DATE", {"format": "dd/MM/yyyy"}, " 5/3/2026 ", "2026-03-05"),
            ("DATE", {"format": "MM/dd/yyyy"}, "05/03/2026", "2026-05-03"),
            ("DATE", {"format": "DD.MM.YYYY"}, "05.03.2026", "2026-03-05"),
            ("DATE", {"format": "yyyyMMdd"}, "20260305", "2026-03-05"),
            ("DATE", {"format": "d MMM yy"}, "5 Mar 26", "2026-03-05"),
            ("DATE", {"format": "EEEE, MMMM d, yyyy"}, "Thursday, March 5, 2026", "2026-03-05"),
            ("DATE", {"format": "yyyy'T'MM '%' dd"}, "2026T03 % 05", "2026-03-05"),
            ("DATE", {}, "03/17/2026", "2026-03-17"),
            ("DATE", {}, 1773705600000, "2026-03-17"),
            ("DATE", {}, "", None),
            # It cannot be known which is the day.
            ("DATE", {"format": "mm/dd/yyyy"}, "05/03/2026", "nothing"),
            ("DATE", {"format": "dd/MM/yyyy G"}, "05/03/2026", "nothing"),
            ("DATE", {"format": "dd/MM/yyyy dd"}, "05/03/2026", "nothing"),
            ("DATE", {"format": "dd/MM"}, "05/03", "nothing"),
            ("DATE", {"format": "dd/MM/yyyy"}, "31/02/2026", "nothing"),
            ("DATE", {"format": "dd/MM/yyyy"}, "soon", "nothing"),
            ("DATE", {}, True, "nothing"),
            ("DATE", {}, "2026-02-31", "nothing"),
            ("DATETIME", {}, "2026-03-17T07:05:09.5+01:00", "2026-03-17T06:05:09.500Z"),
            ("DATETIME", {}, "2026-03-17T07:05:09", "2026-03-17T07:05:09.000Z"),
            ("DATETIME", {}, 1773730800123, "2026-03-17T07:00:00.123Z"),
            (
                "DATETIME",
                {"format": "dd/MM/yyyy HH:mm:ss", "timezone": "Europe/Berlin"},
                "05/03/2026 07:05:09",
                "2026-03-05T07:05:09.000Z",
            ),
            (
                "DATETIME",
                {"format": "dd/MM/yyyy hh:mm a XXX"},
                "05/03/2026 07:05 PM +02:00",
                "2026-03-05T17:05:00.000Z",
            ),
            (
                "DATETIME",
                {"format": "yyyyMMddHHmmssSSS"},
                "20260305070509123",
                "2026-03-05T07:05:09.123Z",
            ),
            ("DATETIME", {"format": "dd/MM/yyyy"}, "2026-03-17 07:05", "2026-03-17T07:05:00.000Z"),
            ("DATETIME", {"format": "dd/MM/yyyy"}, 1773730800000, "2026-03-17T07:00:00.000Z"),
            ("DATETIME", {"format": "?"}, "05/03/2026", "nothing"),
            ("DATETIME", {"format": " "}, "05/03/2026", "2026-05-03T00:00:00.000Z"),
            ("CURRENCY", {}, "1234.50", 1234.5),
            ("CURRENCY", {}, 12, 12),
            ("CURRENCY", {}, "12 EUR", "nothing"),
            ("INTEGER", {}, "12", 12),
            ("INTEGER", {}, 1.5, "nothing"),
            ("NUMBER", {}, "1.5", 1.5),
            ("BOOLEAN", {}, "true", True),
            ("BOOLEAN", {}, "maybe", "nothing"),
            ("STRING_ARRAY", {}, ["a", 1, None], ["a", "1"]),
            ("STRING_ARRAY", {"CSVSeparator": "semicolon"}, 'a,b;"c;d";', ["a,b", "c;d", ""]),
            ("STRING_ARRAY", {"CSVSeparator": "PIPE"}, "a|b", ["a", "b"]),
            ("STRING_ARRAY", {"CSVSeparator": "tab"}, "a\tb", ["a", "b"]),
            ("STRING_ARRAY", {"CSVSeparator": "|"}, "a|b", ["a", "b"]),
            ("STRING_ARRAY", {"CSVSeparator": "comma"}, '"a\nb",c', ["a\nb", "c"]),
            ("STRING_ARRAY", {}, "a,b", ["a", "b"]),
            ("STRING_ARRAY", {}, "", None),
            ("STRING_ARRAY", {}, 'a,"b', "nothing"),
            ("STRING_ARRAY", {"CSVSeparator": "semi colon"}, "a;b", "nothing"),
            ("STRING_ARRAY", {}, 7, "nothing"),
            ("JSON", {}, {"b": [1, "ö"], "a": None}, '{"b":[1,"ö"],"a":null}'),
            ("JSON", {}, '{"a": 1}', '{"a": 1}'),
            ("JSON", {}, True, "true"),
            ("JSON", {}, 1.5, "1.5"),
            ("JSON", {"format": "base64"}, b64encode('{"ö": 1}'.encode()).decode(), '{"ö": 1}'),
            ("JSON", {"format": "base64"}, '{"a": 1}', '{"a": 1}'),
            ("JSON", {"format": "base64"}, "////", "////"),
            ("JSON", {"format": "base64"}, {"a": 1}, '{"a":1}'),
            ("ENUM", {}, "Zurück", "Zurück"),
            ("GEO_POINT", {}, {"lat": 1}, '{"lat":1}'),
            ("STRING", {}, "", ""),
            ("STRING", {}, 7, "7"),
            ("STRING", {}, None, "nothing"),
        ],
    )
    def test_a_value_is_of_the_type_of_its_column_or_nothing(
        self, kind: str, properties: dict[str, str], value: Any, expected: Any
    ) -> None:
        assert read(kind, value, **properties) == expected

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        kind=st.sampled_from(
            ("DATE", "DATETIME", "CURRENCY", "STRING_ARRAY", "JSON", "BOOLEAN", "INTEGER", "?")
        ),
        settings=st.dictionaries(
            st.sampled_from(("format", "CSVSeparator")),
            st.sampled_from(("base64", "dd/MM/yyyy", "HH:mm", "%", "'", "", "comma", "\n", ";;")),
        ),
    )
    def test_no_value_fails(self, value: Any, kind: str, settings: dict[str, str]) -> None:
        read(kind, value, **settings)

    @pytest.mark.parametrize("properties", [None, [], "x"])
    def test_settings_may_be_missing(self, properties: Any) -> None:
        made = schema({**field("x", "DATE"), "properties": properties})
        record: dict[str, Any] = {}
        ObjectFields(made, names_of(made), SYSTEM).fill(record, {"x": "2026-03-17"})
        assert record == {"x": "2026-03-17"}


class TestRecords:
    ROW: dict[str, Any] = {  # noqa: RUF012
        "id": "r-1",
        "sys.createdAt": 1,
        "sys.version": 3,
        "updatedDate": 2,
        "aoc.email": "ann@example.com",
        "email": "ann@example.com",
        "surprise": None,
    }
    FIELDS = schema(field("email", "STRING"))

    def part(self, row: dict[str, Any], made: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return ObjectFields(made or self.FIELDS, {}, SYSTEM).part(row)

    def test_fields_are_parted_from_what_every_record_has(self) -> None:
        system, fields = self.part(self.ROW)
        assert fields == {"email": "ann@example.com", "surprise": None}
        assert system == {name: self.ROW[name] for name in self.ROW if name not in fields}

    def test_a_prefix_may_be_part_of_the_name_or_an_object(self) -> None:
        plain = {name: self.ROW[name] for name in self.ROW if name != "aoc.email"}
        nested = {
            "co": {
                "id": "r-1",
                "sys": {"createdAt": 1, "version": 3},
                "updatedDate": 2,
                "email": "ann@example.com",
                "surprise": None,
            }
        }
        for row in ({f"co.{name}": value for name, value in plain.items()}, nested):
            assert self.part(row) == self.part(plain)

    def test_a_field_of_the_object_goes_before_what_bears_its_name_elsewhere(self) -> None:
        made = schema(field("id", "STRING"), field("sys", "JSON"))
        system, fields = self.part({"id": "mine", "sys": {"id": "r-1"}}, made)
        assert (system, fields) == ({}, {"id": "mine", "sys": {"id": "r-1"}})

    def test_without_a_schema_all_else_is_a_field(self) -> None:
        system, fields = ObjectFields(None, {}, SYSTEM).part({"id": "r-1", "email": "x"})
        assert (system, fields) == ({"id": "r-1"}, {"email": "x"})

    def test_values_may_be_named_by_the_ids_of_fields(self) -> None:
        made = schema(field("email", "STRING"))
        record: dict[str, Any] = {}
        ObjectFields(made, names_of(made), SYSTEM).fill(record, {"f-email": "ann@example.com"})
        assert record == {"email": "ann@example.com"}

    def test_an_id_is_made_of_what_is_unique(self) -> None:
        made = schema(unique_field_set=["a", "b"])
        fields = ObjectFields(made, {}, SYSTEM)
        assert fields.own_id({"updatedDate": 1}, {"b": 2, "a": "1", "c": 3}) == fingerprint(
            "1", "2"
        )
        assert fields.own_id({}, {"a": {"y": 1, "x": 2}}) == fingerprint('{"x": 2, "y": 1}', None)

    @pytest.mark.parametrize("unique", [None, [], ["a"], "a"])
    def test_or_else_of_the_whole_record(self, unique: Any) -> None:
        fields = ObjectFields(schema(unique_field_set=unique), {}, SYSTEM)
        expected = fingerprint("c", "3", "updatedDate", "1")
        assert fields.own_id({"updatedDate": 1}, {"c": 3}) == expected
        assert fields.own_id({"updatedDate": 2}, {"c": 3}) != expected


class TestRows:
    ROWS = ({"id": "1"}, {"id": "2"})

    @pytest.mark.parametrize(
        "answer",
        [
            [*ROWS],
            {"records": [*ROWS], "nextPageToken": "t"},
            {"data": {"records": [*ROWS], "pagination": {}}},
            {"content": [*ROWS], "totalElements": 2},
            {"schemas": [*ROWS]},
            {"datasets": [*ROWS]},
            json.dumps({"data": [*ROWS]}),
        ],
    )
    def test_they_are_found_in_every_likely_shape(self, answer: Any) -> None:
        assert list(EXTRACT(answer).rows) == [*self.ROWS]

    @pytest.mark.parametrize(
        "answer",
        [[], {}, {"data": []}, {"nextPageToken": None}, {"pagination": {"nextPageToken": None}}],
    )
    def test_nothing_is_no_row(self, answer: Any) -> None:
        assert not list(EXTRACT(answer).rows)

    @pytest.mark.parametrize("answer", ["not JSON", 7, None, "7"])
    def test_what_holds_no_rows_is_told_apart(self, answer: Any) -> None:
        with pytest.raises(UnknownShapeError):
            EXTRACT(answer)
