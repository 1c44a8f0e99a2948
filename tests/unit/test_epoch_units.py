"""The units of numbers that stand for timestamps: decided by all values of a response."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.dynamic_columns import Column
from tap_acton.records.epoch_units import EpochUnits
from tap_acton.records.reader import NAMES, RecordReader
from tap_acton.records.timestamps import timestamp
from tap_acton.records.values import Unconvertible
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.audience_center.custom_fields import CustomFields
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.custom_objects.fields import ObjectFields

if TYPE_CHECKING:
    from collections.abc import Sequence

PACIFIC = ZoneInfo("US/Pacific")
OF_1972, OF_2024 = 76_204_800_000, 1_725_641_452_528
TEXT = {"type": ["string", "null"]}
DATE_TIME = {**TEXT, "format": "date-time"}


def read(*values: Any) -> list[str | None]:
    """Read the values that one field has in a response."""
    found = EpochUnits().in_milliseconds("field", values)
    return [timestamp(value, PACIFIC) for value in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Milliseconds, unless all values show another unit.
        ([OF_1972], ["1972-06-01T00:00:00.000Z"]),
        ([str(OF_1972)], ["1972-06-01T00:00:00.000Z"]),
        ([-631_152_000_000], ["1950-01-01T00:00:00.000Z"]),
        ([1_209_600_000, OF_1972], ["1970-01-15T00:00:00.000Z", "1972-06-01T00:00:00.000Z"]),
        ([20_260_317, OF_2024], ["1970-01-01T05:37:40.317Z", "2024-09-06T16:50:52.528Z"]),
        ([32_503_680_000_000], ["3000-01-01T00:00:00.000Z"]),
        ([253_402_300_799_999], ["9999-12-31T23:59:59.999Z"]),
        # Seconds.
        ([1_725_641_452], ["2024-09-06T16:50:52.000Z"]),
        (["1725641452", 0, None, ""], ["2024-09-06T16:50:52.000Z", None, None, None]),
        ([1725641452.528], ["2024-09-06T16:50:52.528Z"]),
        ([Decimal("1725641452.528")], ["2024-09-06T16:50:52.528Z"]),
        ([-631_152_000, 76_204_800], ["1950-01-01T00:00:00.000Z", "1972-06-01T00:00:00.000Z"]),
        (
            [1_725_641_452, 253_402_214_400],
            ["2024-09-06T16:50:52.000Z", "9999-12-31T00:00:00.000Z"],
        ),
        ([253_402_214_400], ["1978-01-11T21:30:14.400Z"]),
        # Microseconds and nanoseconds.
        ([OF_2024 * 1000 + 1], ["2024-09-06T16:50:52.528Z"]),
        ([f"{OF_2024}000999"], ["2024-09-06T16:50:52.528Z"]),
        # Dates that are spelled out; a day begins at midnight of the account.
        ([20_260_317], ["2026-03-17T07:00:00.000Z"]),
        (["20260317", 20_251_231], ["2026-03-17T07:00:00.000Z", "2025-12-31T08:00:00.000Z"]),
        ([20_260_317_070_509], ["2026-03-17T14:05:09.000Z"]),
        ([20_261_317], ["1970-08-23T12:08:37.000Z"]),
        # Texts stay what they are, beside numbers, too.
        (
            ["2026-03-17T14:05:09Z", 1_725_641_452],
            ["2026-03-17T14:05:09.000Z", "2024-09-06T16:50:52.000Z"],
        ),
    ],
)
def test_all_values_of_a_response_show_the_unit(
    values: Sequence[Any], expected: list[str | None]
) -> None:
    assert read(*values) == expected


def test_what_one_response_has_shown_counts_for_the_next() -> None:
    units = EpochUnits()
    assert units.in_milliseconds("a", [1_209_600_000, OF_1972]) == [1_209_600_000, OF_1972]
    assert units.in_milliseconds("a", [1_209_600_000]) == [1_209_600_000]
    assert units.in_milliseconds("b", [1_209_600_000]) == [1_209_600_000_000]
    # Some of the seconds may look like a date, or mean "never".
    assert units.in_milliseconds("b", [253_402_214_400]) == [253_402_214_400_000]
    assert units.in_milliseconds("b", [20_260_317]) == [20_260_317_000]
    assert units.in_milliseconds("b", [OF_1972]) == [OF_1972]
    assert units.in_milliseconds("b", [1_209_600_000]) == [1_209_600_000]


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.integers(-(10**400), 10**400)
        | st.floats()
        | st.decimals(allow_nan=False)
        | st.text("0123456789.-+eE :", max_size=30)
        | st.text()
    )
)
def test_any_values_have_some_unit(values: list[Any]) -> None:
    for value in EpochUnits().in_milliseconds("field", [*values, math.nan, Decimal("1e999999")]):
        try:
            timestamp(value, PACIFIC)
        except Unconvertible:
            continue


COLUMNS = [
    (kind.name, name)
    for kind in STREAM_TYPES
    for column, definition in SCHEMAS.get_schema(kind.name)["properties"].items()
    if definition.get("format") == "date-time"
    for name in (*definition.get(NAMES, ()), column)
]


@pytest.mark.parametrize("number", [1, 1000])
@pytest.mark.parametrize("is_together", [True, False])
@pytest.mark.parametrize(("stream", "name"), COLUMNS)
def test_a_page_decides_for_every_column_of_every_stream(
    stream: str, name: str, number: int, *, is_together: bool
) -> None:
    """The value that shows the unit may stand anywhere on the page."""
    schema = SCHEMAS.get_schema(stream)
    reader = RecordReader(schema, zone=PACIFIC)
    rows = [*({name: 1_209_600_000} for _ in range(number)), {name: OF_1972}]
    reader.learn(rows)
    records = list(reader.records(rows)) if is_together else [reader.record(row) for row in rows]
    column = next(
        column
        for column, definition in schema["properties"].items()
        if name in (*definition.get(NAMES, ()), column)
    )
    assert [records[0][column], records[-1][column]] == [
        "1970-01-15T00:00:00.000Z",
        "1972-06-01T00:00:00.000Z",
    ]


KINDS = {
    "DATETIME": ("1970-01-15T00:00:00.000Z", "1972-06-01T00:00:00.000Z"),
    "DATE": ("1970-01-15", "1972-06-01"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_decides_for_the_fields_of_custom_objects(kind: str) -> None:
    schema = {"fields": [{"id": "f", "name": "at", "type": kind}]}
    format_name = "date-time" if kind == "DATETIME" else "date"
    fields = ObjectFields(schema, {f"at, {format_name}": "at"}, ())
    values = [{"at": 1_209_600_000}, {"at": OF_1972}]
    records: list[dict[str, Any]] = [{}, {}]
    fields.learn(values)
    for record, value in zip(records, values, strict=True):
        fields.fill(record, value)
    assert tuple(record["at"] for record in records) == KINDS[kind]


@pytest.mark.parametrize(("value", "written"), [(20_260_317, None), ("17032026", "ddMMyyyy")])
@pytest.mark.parametrize("kind", KINDS)
def test_a_date_that_is_spelled_out_is_no_number_of_seconds(
    kind: str, value: Any, written: str | None
) -> None:
    schema = {"fields": [{"name": "at", "type": kind, "properties": {"format": written}}]}
    format_name = "date-time" if kind == "DATETIME" else "date"
    fields = ObjectFields(schema, {f"at, {format_name}": "at"}, ())
    record: dict[str, Any] = {}
    fields.learn([{"at": value}])
    fields.fill(record, {"at": value})
    assert record["at"][:10] == "2026-03-17"


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("DATETIME", [1_209_600_000, str(OF_1972)], KINDS["DATETIME"]),
        ("DATETIME", [20_260_317, 0], ("2026-03-17T07:00:00.000Z", None)),
        ("DATE", [20_260_317, "20251231"], ("2026-03-17", "2025-12-31")),
        # Of which zone the day would be is not known.
        ("DATE", [1_209_600_000, OF_1972], (None, None)),
    ],
)
def test_a_page_decides_for_the_fields_of_contacts(
    kind: str, values: list[Any], expected: tuple[str | None, ...]
) -> None:
    field = {"fieldId": 7, "columnIndex": 52, "name": "At", "type": kind}
    format_name = "date-time" if kind == "DATETIME" else "date"
    column = Column(f"7, {format_name}", {**TEXT, "format": format_name})
    properties = {"custom_fields": TEXT, "extra_fields": TEXT, "at": column.definition}
    custom = CustomFields([field], {column.identity: "at"}, properties, PACIFIC)
    found = [custom.part({"customFields": {"52": value}})[1] for value in values]
    records = [{"custom_fields": None, "extra_fields": None, "at": None} for _ in values]
    custom.learn(found)
    for record, one in zip(records, found, strict=True):
        custom.fill(record, one)
    assert tuple(record["at"] for record in records) == expected
    assert [record["custom_fields"] for record in records] == [{"52": value} for value in values]
