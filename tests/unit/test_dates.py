"""Dates and durations: what they come to, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.settings.dates import duration, stretch, to_millisecond

NOW = datetime(2026, 3, 31, 12, 34, 56, 789_999, tzinfo=UTC)
ONE_MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2026-03-17", "2026-03-17T00:00:00.000", "2026-03-17T23:59:59.999"),
        ("20260317", "2026-03-17T00:00:00.000", "2026-03-17T23:59:59.999"),
        ("9999-12-31", "9999-12-31T00:00:00.000", "9999-12-31T23:59:59.999"),
        ("2026-03-17T08:00:00-08:00", "2026-03-17T16:00:00.000", None),
        ("2026-03-17T08:00:00z", "2026-03-17T08:00:00.000", None),
        ("2026-03-17 08:00", "2026-03-17T08:00:00.000", None),
        ("2026-03-17T08:00:00.1239Z", "2026-03-17T08:00:00.123", None),
        ("now", "2026-03-31T12:34:56.789", None),
        ("7 days ago", "2026-03-24T12:34:56.789", None),
        ("3  Hours Ago", "2026-03-31T09:34:56.789", None),
        ("a week ago", "2026-03-24T12:34:56.789", None),
        ("an hour ago", "2026-03-31T11:34:56.789", None),
        ("1 month ago", "2026-02-28T12:34:56.789", None),
        ("2 quarters ago", "2025-09-30T12:34:56.789", None),
        ("1 year ago", "2025-03-31T12:34:56.789", None),
        ("P7D", "2026-03-24T12:34:56.789", None),
        ("p1w", "2026-03-24T12:34:56.789", None),
        ("PT12H", "2026-03-31T00:34:56.789", None),
        ("P1M", "2026-02-28T12:34:56.789", None),
        ("P1Y2M3W4DT5H6M7S", "2025-01-06T07:28:49.789", None),
        ("today", "2026-03-31T00:00:00.000", "2026-03-31T23:59:59.999"),
        ("Yesterday", "2026-03-30T00:00:00.000", "2026-03-30T23:59:59.999"),
        ("tomorrow", "2026-04-01T00:00:00.000", "2026-04-01T23:59:59.999"),
        ("this week", "2026-03-30T00:00:00.000", "2026-04-05T23:59:59.999"),
        ("last week", "2026-03-23T00:00:00.000", "2026-03-29T23:59:59.999"),
        ("this month", "2026-03-01T00:00:00.000", "2026-03-31T23:59:59.999"),
        ("Last  Month", "2026-02-01T00:00:00.000", "2026-02-28T23:59:59.999"),
        ("this quarter", "2026-01-01T00:00:00.000", "2026-03-31T23:59:59.999"),
        ("last quarter", "2025-10-01T00:00:00.000", "2025-12-31T23:59:59.999"),
        ("this year", "2026-01-01T00:00:00.000", "2026-12-31T23:59:59.999"),
        ("last year", "2025-01-01T00:00:00.000", "2025-12-31T23:59:59.999"),
    ],
)
def test_what_a_date_comes_to(value: str, first: str, last: str | None) -> None:
    assert stretch(value, NOW) == (
        datetime.fromisoformat(first + "Z"),
        datetime.fromisoformat((last or first) + "Z"),
    )


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2026-02-31",
        "03/17/2026",
        "2026-03-17T25:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "7 days",
        "7 fortnights ago",
        "next month",
        "P1.5D",
        "P99999Y",
        "999999999999 days ago",
        f"{'9' * 5000} months ago",
    ],
)
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        stretch(value, NOW)


timestamps = st.datetimes(datetime(2001, 1, 1), datetime(2399, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds it


@given(timestamps, st.sampled_from(["week", "month", "quarter", "year"]))
def test_calendar_words_leave_no_gap(now: datetime, unit: str) -> None:
    first, last = stretch(f"this {unit}", now)
    assert first <= to_millisecond(now) <= last
    first_before, last_before = stretch(f"last {unit}", now)
    assert last_before + ONE_MILLISECOND == first
    assert stretch(f"this {unit}", last_before) == (first_before, last_before)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("P2D", timedelta(days=2)),
        ("PT0S", timedelta()),
        ("P1W", timedelta(weeks=1)),
        ("PT1H30M", timedelta(hours=1, minutes=30)),
        # March has 31 days, and a month before its last day is February's last.
        ("P1M", timedelta(days=31)),
        ("P1Y", timedelta(days=365)),
    ],
)
def test_durations(value: str, expected: timedelta) -> None:
    assert duration(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2 days",
        "2 days ago",
        "-P2D",
        "P-2D",
        "P",
        "P1DT",
        "P99999Y",
        f"P{'9' * 30}M",
        f"P{'9' * 30}D",
    ],
)
def test_what_is_no_duration_is_refused(value: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        duration(value, NOW)
