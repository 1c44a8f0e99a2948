"""Whatever becomes of a field of any stream: nothing is lost, invented, or of a wrong type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tap_acton.tap import TapActOn
from tests.contract.conftest import bench_of
from tests.contract.expected import KEYS
from tests.contract.harness import catalog, signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.query import Query, Response

MARK = "Zq9"
"""What a value that must not be lost is known by."""

MARKED: list[Any] = [
    MARK,
    f" {MARK} with\ttabs\r\nand lines ",
    {MARK: {MARK: None}},
    [MARK, {"more": [1, None]}],
    [[], {}, [MARK]],
    f"0000-00-00T00:00:00 {MARK}",
    f"2026-02-31 {MARK}",
    f"99999-01-01T00:00:00Z {MARK}",
    f"1e400 {MARK}",
]
UNMARKED: list[Any] = [
    None,
    "",
    " ",
    True,
    False,
    0,
    -1,
    10**30 + 7,
    -(2**63) - 1,
    1.5e300,
    0.1,
    {},
    [],
    [None],
    "0000-00-00",
    "2026-02-31",
    "99999-12-31T23:59:59Z",
    "NaN",
    "-Infinity",
    10**18,
    -(10**18),
]

MOST_ROWS = 3
"""So many rows of each stream are tried, of different fields where there are such."""


@pytest.fixture(scope="module")
def answered(account: Account) -> Iterator[dict[str, list[tuple[ActOnStream, Query, Row]]]]:
    """Rows of every stream as they come, with what makes records of them."""
    with bench_of(account) as bench, signals_kept(), bench._pauses_skipped():
        tap = TapActOn(config=bench.config(), catalog=catalog())
        found: dict[str, list[tuple[ActOnStream, Query, Row]]] = {}
        for name in KEYS:
            stream = cast("ActOnStream", tap.streams[name])
            kinds: dict[frozenset[str], tuple[ActOnStream, Query, Row]] = {}
            for response in responses_to(stream):
                for row in response.rows:
                    kinds.setdefault(frozenset(row), (stream, response.query, row))
            found[name] = list(kinds.values())[:MOST_ROWS]
        yield found
        tap.run.close()


def responses_to(stream: ActOnStream) -> Iterator[Response]:
    """Give the responses to the first pages of a stream's queries, and of those they lead to."""
    queries = list(stream.due())
    while queries:
        query = queries.pop(0)
        response = stream.fetch(query, query.first)
        yield response
        if response.problem is None:
            queries += stream.follow_ups(response)


def records_of(stream: ActOnStream, query: Query, row: Row) -> list[Record]:
    """Make records of a row, each of them as the schema promises it and fit to be written."""
    records = list(stream.records([row], query))
    validator = Draft202012Validator(stream.schema, format_checker=FormatChecker())
    for record in records:
        error = next(validator.iter_errors(record), None)
        assert error is None, (stream.name, row, error)
        json.dumps(record, allow_nan=False)
    return records


@pytest.mark.parametrize("stream", KEYS)
def test_a_field_may_hold_anything(
    answered: dict[str, list[tuple[ActOnStream, Query, Row]]],
    caplog: pytest.LogCaptureFixture,
    stream: str,
) -> None:
    assert answered[stream], "the account has nothing to show"
    for asked, query, row in answered[stream]:
        before = len(records_of(asked, query, row))
        ignored = asked.schema.get("x-acton-ignored", {})
        # Another text for a timestamp that a number tells, such as "2 days ago", is left out.
        spellings = {
            name
            for definition in asked.schema["properties"].values()
            if definition.get("format") == "date-time"
            for name in definition.get("x-acton-names", ())
        }
        for field in row:
            for value in MARKED:
                records = records_of(asked, query, {**row, field: value})
                is_kept = MARK in json.dumps(records, ensure_ascii=False)
                is_spelling = field in spellings and isinstance(value, str)
                assert is_kept or is_spelling or field in ignored, (field, value)
            for value in UNMARKED:
                caplog.clear()
                records = records_of(asked, query, {**row, field: value})
                assert len(records) in {before, 1} or "is left out" in caplog.text, (field, value)


@pytest.mark.parametrize("stream", KEYS)
def test_fields_may_be_missing_or_new(
    answered: dict[str, list[tuple[ActOnStream, Query, Row]]], stream: str
) -> None:
    for asked, query, row in answered[stream]:
        for field in row:
            records_of(asked, query, {name: row[name] for name in row if name != field})
        records_of(asked, query, {})
        for value in MARKED:
            more = {**row, "neverHeardOf": value}
            assert MARK in json.dumps(records_of(asked, query, more), ensure_ascii=False)


@pytest.mark.parametrize("value", MARKED + UNMARKED, ids=repr)
@pytest.mark.parametrize("place", range(4))
def test_a_cell_of_a_list_may_hold_anything(
    answered: dict[str, list[tuple[ActOnStream, Query, Row]]], value: Any, place: int
) -> None:
    stream, query, _ = answered["list_members"][0]
    cells: list[Any] = ["l-0001:7", "Pat", "2026-03-17 07:05:09 PDT", "2026-03-17 07:05:09 PDT"]
    headers = ["_contact_id_", "Name", "created_date", "modified_date"]
    for data in (
        [[*cells[:place], value, *cells[place + 1 :]]],
        [cells, [value] * 4, cells, [value]],
    ):
        payload = {"headers": headers, "emailColumn": 1, "data": data}
        rows = stream.extracted(payload, query).rows
        written = [json.dumps(record) for record in stream.records(rows, query)]
        assert len(written) == len(data)
        if value in MARKED:
            assert any(MARK in line for line in written)
            assert all(MARK in line for line in written[1:2])
