"""What is known of a list's date filter, and what it is judged by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.timestamps import timestamp_of
from tap_acton.streams.suppression.created_after import (
    CREATED_AFTER_STATE,
    HOLDS,
    NO_UNIT,
    UNITS,
    CreatedAfter,
    RowKey,
    RowsSeen,
    filter_of,
)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "unit": "milliseconds",
    "found_at": "2026-03-20T12:00:00.000Z",
    "pages": 5,
    "latest": "2026-03-19T08:15:00.250Z",
}


@pytest.mark.parametrize("unit", [*UNITS, NO_UNIT])
def test_the_state_gives_back_what_it_was_given(unit: str) -> None:
    known = CreatedAfter(unit, GOOD["found_at"], 5, GOOD["latest"])
    assert CreatedAfter.of_state({CREATED_AFTER_STATE: known.state()}, NOW) == known


@pytest.mark.parametrize(
    "strange",
    [
        None,
        7,
        "seconds",
        [],
        {},
        {**GOOD, "unit": "weeks"},
        {**GOOD, "unit": None},
        {**GOOD, "found_at": "today"},
        {**GOOD, "found_at": ""},
        {**GOOD, "pages": "many"},
        {**GOOD, "latest": "-1"},
        {**GOOD, "latest": "2026-03-19T08:15:00Z"},
        {**GOOD, "latest": None},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_not_known(strange: object) -> None:
    assert CreatedAfter.of_state({CREATED_AFTER_STATE: GOOD}, NOW) is not None
    assert CreatedAfter.of_state({CREATED_AFTER_STATE: strange}, NOW) is None
    assert CreatedAfter.of_state({}, NOW) is None


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(0), True),
        (HOLDS - timedelta(seconds=1), True),
        (HOLDS, False),
        # The clock was wrong then, or is now.
        (timedelta(seconds=-1), False),
    ],
)
def test_what_was_found_out_holds_for_a_while(age: timedelta, *, holds: bool) -> None:
    known = CreatedAfter.of_state({CREATED_AFTER_STATE: GOOD}, NOW + age)
    assert (known is not None) is holds


def test_the_whole_list_is_read_before_a_hidden_row_is_out_of_reach() -> None:
    assert timedelta(days=30) >= 2 * HOLDS


@pytest.mark.parametrize(
    ("unit", "since", "asked_from"),
    [
        ("seconds", "2026-02-17T08:15:00.250Z", "2026-02-16T08:15:00.250Z"),
        ("milliseconds", "2026-03-19T08:15:00.250Z", "2026-03-18T08:15:00.250Z"),
        # Without the latest row nothing would tell that the answer is good.
        ("seconds", "2026-03-20T00:00:00.000Z", "2026-03-18T08:15:00.250Z"),
        ("seconds", None, None),
        (NO_UNIT, "2026-02-17T08:15:00.250Z", None),
    ],
)
def test_the_latest_row_is_asked_for_too(
    unit: str, since: str | None, asked_from: str | None
) -> None:
    assert CreatedAfter(**{**GOOD, "unit": unit}).asked_from(since) == asked_from


def test_the_filter_is_a_whole_number_that_leaves_nothing_out() -> None:
    assert filter_of("seconds", "1970-01-02T00:00:01.999Z") == {"createdafter": 86_401}
    assert filter_of("milliseconds", "1970-01-02T00:00:01.999Z") == {"createdafter": 86_401_999}


@given(
    timestamps=st.lists(st.integers(1, 30), max_size=60),
    kept=st.integers(1, 20),
    awaited=st.integers(1, 30),
)
def test_the_latest_rows_are_kept_and_no_more(
    timestamps: list[int], kept: int, awaited: int
) -> None:
    rows = [
        RowKey(timestamp_of(NOW + timedelta(hours=hours)), f"{number}@example.com")
        for number, hours in enumerate(timestamps)
    ]
    expected = timestamp_of(NOW + timedelta(hours=awaited))
    seen = RowsSeen(kept, expected)
    for row in rows:
        seen.add(row)
    assert seen.latest == sorted(rows)[-kept:]
    assert seen.earliest == min((row.timestamp for row in rows), default="")
    assert seen.has_awaited is (awaited in timestamps)
    assert seen.is_dated


def test_a_row_without_a_timestamp_is_noted_and_not_kept() -> None:
    seen = RowsSeen(5)
    seen.add(RowKey("1970-01-01T00:00:00.000Z", "a@example.com"))
    assert (seen.is_dated, seen.latest, seen.earliest) == (False, [], "")
