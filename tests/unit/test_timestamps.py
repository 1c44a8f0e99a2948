"""Timestamps and days: every form of the Act-On reference, and everything that is none."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.records import timestamps
from tap_acton.records.timestamps import (
    day,
    milliseconds_of,
    names_zone,
    timestamp_of,
)
from tap_acton.records.values import Unconvertible

PACIFIC = ZoneInfo("US/Pacific")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND = 253_402_300_799_999

thorough = settings(max_examples=3 * settings().max_examples // 2)

any_text = st.text(st.characters())
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**80), 10**80),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    any_text,
    st.text("0123456789 /-:.,+TZAPMGUSefbarundy", max_size=40),
    st.from_regex(r"\A\d{1,4}[-/]\d{1,2}[-/]\d{1,4}[T ]\d{1,2}:\d\d(:\d\d)? ?[A-Z+0-9:-]{0,6}\Z"),
    st.lists(st.text(), max_size=2),
)


def timestamp(value: object, account_zone: tzinfo | None) -> str | None:
    """Read a timestamp by itself, and make sure that a column of it and others holds the same."""
    column = ["2026-03-17 07:05:09 UTC", value, None, value]
    try:
        written = timestamps.timestamp(value, account_zone)
    except Unconvertible:
        with pytest.raises(Unconvertible):
            timestamps.timestamps(column, account_zone)
        raise
    expected = ["2026-03-17T07:05:09.000Z", written, None, written]
    assert timestamps.timestamps(column, account_zone) == expected
    return written


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Milliseconds, as numbers and as text.
        (1725641452528, "2024-09-06T16:50:52.528Z"),
        ("1725641452528", "2024-09-06T16:50:52.528Z"),
        (" 1725641452528 ", "2024-09-06T16:50:52.528Z"),
        (1725641452528.0, "2024-09-06T16:50:52.528Z"),
        (Decimal("1725641452528.0"), "2024-09-06T16:50:52.528Z"),
        ("1.725641452528E12", "2024-09-06T16:50:52.528Z"),
        (100_000_000_000, "1973-03-03T09:46:40.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (76_204_800_000, "1972-06-01T00:00:00.000Z"),
        (-86_400_000, "1969-12-31T00:00:00.000Z"),
        (2.5, "1970-01-01T00:00:00.002Z"),
        (LAST_MILLISECOND, "9999-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        # Lists, drilldowns, media views.
        ("Mar 17 2026 7:05 AM PDT", "2026-03-17T14:05:00.000Z"),
        ("Mar 17 2026 9:40 AM PDT", "2026-03-17T16:40:00.000Z"),
        ("Mar 17 2026 12:00 AM PDT", "2026-03-17T07:00:00.000Z"),
        ("Mar 17 2026 12:00 PM PDT", "2026-03-17T19:00:00.000Z"),
        ("Mar 17 2026 7:05\u202fAM PDT", "2026-03-17T14:05:00.000Z"),
        ("March 17, 2026 7:05 pm PDT", "2026-03-18T02:05:00.000Z"),
        ("Sept 6 2024 9:50 AM PDT", "2024-09-06T16:50:00.000Z"),
        # Programs.
        ("Feb 3 2026 3:00 AM GMT-08:00", "2026-02-03T11:00:00.000Z"),
        ("Feb 3 2026 3:00 AM GMT-12:00", "2026-02-03T15:00:00.000Z"),
        ("Feb 3 2026 3:00 AM GMT", "2026-02-03T03:00:00.000Z"),
        # All Contacts of the older editions.
        ("Thu Mar 05 2026, 03:00 PM", "2026-03-05T23:00:00.000Z"),
        ("Mar 05 2026 13:06 US/Pacific", "2026-03-05T21:06:00.000Z"),
        ("Mar 05 2026 13:06 Asia/Kolkata", "2026-03-05T07:36:00.000Z"),
        ("Mar 05 2026 13:06 Etc/GMT+8", "2026-03-05T21:06:00.000Z"),
        # Cells of contact records.
        ("2026-03-17 07:05:09 PDT", "2026-03-17T14:05:09.000Z"),
        ("2026-03-17 07:05:09", "2026-03-17T14:05:09.000Z"),
        ("2026-03-17 07:05:09 -0330", "2026-03-17T10:35:09.000Z"),
        # Days, which begin at midnight of the account.
        ("03/17/2026", "2026-03-17T07:00:00.000Z"),
        ("3/7/2026", "2026-03-07T08:00:00.000Z"),
        ("2026-03-17", "2026-03-17T07:00:00.000Z"),
        # ISO 8601.
        ("2026-03-17T14:05:09Z", "2026-03-17T14:05:09.000Z"),
        ("2026-03-17t14:05:09z", "2026-03-17T14:05:09.000Z"),
        ("2026-03-17T14:05Z", "2026-03-17T14:05:00.000Z"),
        ("2026-03-17T14:05:09.1239999Z", "2026-03-17T14:05:09.123Z"),
        ("2026-03-17T14:05:09,5+02:00", "2026-03-17T12:05:09.500Z"),
        ("2026-03-17T14:05:09+0530", "2026-03-17T08:35:09.000Z"),
        ("2026-03-17T14:05:09-08", "2026-03-17T22:05:09.000Z"),
        ("2026-03-17T07:05:09", "2026-03-17T14:05:09.000Z"),
        ("20260317T140509Z", "2026-03-17T14:05:09.000Z"),
        ("20260317T070509", "2026-03-17T14:05:09.000Z"),
        ("2026-W12-2", "2026-03-17T07:00:00.000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_timestamp_reads_every_documented_form(value: object, expected: str) -> None:
    assert timestamp(value, PACIFIC) == expected


@pytest.mark.parametrize("value", [None, "", "  ", 0, "0", -1, "-1", 0.0, -1.0, "0.0", Decimal(-1)])
def test_timestamp_is_none_where_act_on_has_none(value: object) -> None:
    assert timestamp(value, PACIFIC) is None


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        [],
        {},
        math.nan,
        math.inf,
        1e300,
        Decimal("1e999999"),
        10**30,
        LAST_MILLISECOND + 1,
        str(LAST_MILLISECOND + 1),
        -62_135_596_800_001,
        pytest.param("9" * 5000, id="too long"),
        "Tue Mar 17 7:05 AM PDT",
        "Today",
        "6 Days Ago",
        "March 2026",
        "02/31/2026",
        "Feb 30 2026 7:05 AM PDT",
        "Foo 17 2026 7:05 AM PDT",
        "13/13/2026",
        "03/17/26",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-03-17T24:00:00Z",
        "2026-03-17T07:60:00Z",
        "2026-03-17x07:05",
        "Mar 17 2026 13:05 PM PDT",
        "Mar 17 2026 7:05 AM Nowhere/City",
        "Mar 17 2026 7:05 AM GMT-25:00",
        "Mar 17 2026 7:05 AM PDT and more",
        pytest.param("2026-03-17T07:05:09." + "1" * 100 + "Z", id="too long to keep"),
        pytest.param("Mar 17 2026 7:05 AM PDT" + " " * 5000 + "x", id="too long"),
    ],
)
def test_timestamp_refuses_what_is_no_timestamp(value: object) -> None:
    with pytest.raises(Unconvertible):
        timestamp(value, PACIFIC)


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(Unconvertible) as refusal:
        timestamp("pat@example.com", PACIFIC)
    assert "pat" not in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "account_zone", "expected"),
    [
        # The hour that comes twice: the abbreviation says which one it is.
        ("Nov 1 2026 1:30 AM PDT", PACIFIC, "2026-11-01T08:30:00.000Z"),
        ("Nov 1 2026 1:30 AM PST", PACIFIC, "2026-11-01T09:30:00.000Z"),
        ("Nov 1 2026 1:30 AM", PACIFIC, "2026-11-01T08:30:00.000Z"),
        # The zone's own name in the wrong season: the zone knows better.
        ("Jul 1 2026 7:05 AM PST", PACIFIC, "2026-07-01T14:05:00.000Z"),
        # A name that the account's zone never goes by.
        ("Jul 1 2026 7:05 AM EDT", PACIFIC, "2026-07-01T11:05:00.000Z"),
        ("Jul 1 2026 7:05 AM EST", PACIFIC, "2026-07-01T12:05:00.000Z"),
        ("Jan 5 2026 7:05 AM HST", PACIFIC, "2026-01-05T17:05:00.000Z"),
        ("Jan 5 2026 7:05 AM AKST", PACIFIC, "2026-01-05T16:05:00.000Z"),
        # CST is the account's own, in China.
        ("Jan 5 2026 7:05 AM CST", ZoneInfo("Asia/Shanghai"), "2026-01-04T23:05:00.000Z"),
        ("Jan 5 2026 7:05 AM CST", PACIFIC, "2026-01-05T13:05:00.000Z"),
        # Java has names for zones that the zone database has none for.
        ("Jan 5 2026 7:05 AM SGT", ZoneInfo("Asia/Singapore"), "2026-01-04T23:05:00.000Z"),
        ("Mar 17 2026 7:05 AMT", ZoneInfo("America/Manaus"), "2026-03-17T11:05:00.000Z"),
        ("Jan 5 2026 7:05 AM BST", ZoneInfo("Europe/London"), "2026-01-05T07:05:00.000Z"),
        ("Jul 5 2026 7:05 AM BST", ZoneInfo("Europe/London"), "2026-07-05T06:05:00.000Z"),
        # A zone that is stated counts, not the account's.
        ("2026-03-17 09:00:00 CET", PACIFIC, "2026-03-17T08:00:00.000Z"),
        ("2026-07-17 09:00:00 CEST", PACIFIC, "2026-07-17T07:00:00.000Z"),
        ("2026-07-17T09:00:00 CEST", ZoneInfo("America/Sao_Paulo"), "2026-07-17T07:00:00.000Z"),
        ("Jan 5 2026 7:05 AM JST", timezone(timedelta(hours=-8)), "2026-01-04T22:05:00.000Z"),
        ("Jan 5 2026 7:05 AM ACDT", UTC, "2026-01-04T20:35:00.000Z"),
        # Without the account's zone.
        ("Jan 5 2026 7:05 AM SGT", None, "2026-01-04T23:05:00.000Z"),
        ("Jul 1 2026 7:05 AM MDT", None, "2026-07-01T13:05:00.000Z"),
        ("Jul 1 2026 7:05 AM UTC", None, "2026-07-01T07:05:00.000Z"),
        ("Mar 05 2026 13:06 US/Pacific", None, "2026-03-05T21:06:00.000Z"),
    ],
)
def test_timestamp_finds_the_zone(value: str, account_zone: tzinfo | None, expected: str) -> None:
    assert timestamp(value, account_zone) == expected


@pytest.mark.parametrize(
    "value", ["Jan 5 2026 7:05 AM IST", "Jan 5 2026 7:05 AM", "2026-03-17T07:05:09", "03/17/2026"]
)
def test_timestamp_does_not_guess_a_zone(value: str) -> None:
    with pytest.raises(Unconvertible):
        timestamp(value, None)


@pytest.mark.parametrize("account_zone", [PACIFIC, ZoneInfo("Europe/Paris"), UTC, None], ids=str)
@pytest.mark.parametrize(
    "value",
    [
        "2026-03-17 09:00:00 IST",
        "2026-03-17 09:00:00 BST",
        "Jan 5 2026 7:05 AM XYZ",
        "Jan 5 2026 7:05 AM ULAST",
        "Jan 5 2026 IST",
        "Mar 05 2026 13:06 Mars/Olympus",
    ],
)
def test_a_zone_that_is_not_known_is_not_the_account_s(
    value: str, account_zone: tzinfo | None
) -> None:
    with pytest.raises(Unconvertible):
        timestamp(value, account_zone)


def test_the_same_text_is_another_timestamp_in_another_zone() -> None:
    value = "Mar 17 2026 7:05 AM"
    assert timestamp(value, PACIFIC) == "2026-03-17T14:05:00.000Z"
    assert timestamp(value, UTC) == "2026-03-17T07:05:00.000Z"


@thorough
@given(st.integers(0, LAST_MILLISECOND))
def test_timestamp_writes_every_millisecond_and_reads_it_back(milliseconds: int) -> None:
    at = EPOCH + timedelta(milliseconds=milliseconds)
    written = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert timestamp(written, None) == written
    if milliseconds:
        assert timestamp(milliseconds, None) == written
        assert timestamp(str(milliseconds), None) == written


@thorough
@given(
    st.integers(0, 4_102_444_800 // 60),
    st.sampled_from(["US/Pacific", "US/Eastern", "Europe/London", "Europe/Paris", "Asia/Tokyo"]),
)
def test_timestamp_reads_back_what_act_on_displays_in_any_zone(minutes: int, name: str) -> None:
    at = (EPOCH + timedelta(minutes=minutes)).astimezone(ZoneInfo(name))
    shown = f"{at:%b} {at.day} {at.year} {int(f'{at:%I}')}:{at:%M %p %Z}"
    expected = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert timestamp(shown, ZoneInfo(name)) == expected


@thorough
@given(
    st.integers(0, 4_102_444_800),
    st.sampled_from(["US/Pacific", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sampled_from(["%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y %H:%M:%S %z"]),
)
def test_timestamp_reads_each_second_of_a_day_also_where_the_clock_is_changed(
    seconds: int, name: str, form: str
) -> None:
    account_zone = ZoneInfo(name)
    at = (EPOCH + timedelta(seconds=seconds)).astimezone(account_zone)
    expected = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert timestamp(at.strftime(form), account_zone) == expected
    local = at.strftime(form.replace("%z", "").strip())
    if at.replace(fold=0).utcoffset() == at.replace(fold=1).utcoffset():
        assert timestamp(local, account_zone) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-08 01:59:59 PST", "2026-03-08T09:59:59.000Z"),
        ("2026-03-08 03:00:00 PDT", "2026-03-08T10:00:00.000Z"),
        ("2026-11-01 01:30:00 PDT", "2026-11-01T08:30:00.000Z"),
        ("2026-11-01 01:30:00 PST", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01 23:00:00 PST", "2026-11-02T07:00:00.000Z"),
    ],
)
def test_timestamp_of_a_day_on_which_the_clock_is_changed(value: str, expected: str) -> None:
    assert timestamp(value, PACIFIC) == expected


@thorough
@given(
    st.integers(1, LAST_MILLISECOND),
    st.integers(1, LAST_MILLISECOND),
)
def test_timestamps_sort_as_text(one: int, other: int) -> None:
    written, other_written = timestamp(one, None), timestamp(other, None)
    assert written is not None
    assert other_written is not None
    assert (written < other_written) == (one < other)
    assert len(written) == len(other_written)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("2026-03-17 07:05:09 PDT", True),
        ("2026-03-17T07:05:09Z", True),
        ("Mar 17 2026 7:05 AM GMT-07:00", True),
        ("1773756309000", True),
        ("03/17/2026 7:05 AM", False),
        ("2026-03-17", False),
        # Of which zone that is, only the account's can tell.
        ("2026-03-17 07:05:09 IST", False),
        ("2026-03-17 07:05:09 CET", True),
        ("tomorrow", False),
    ],
)
def test_a_text_names_its_zone_or_not(value: str, *, names: bool) -> None:
    assert names_zone(value) is names


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("03/17/2026", "2026-03-17"),
        ("2026-03-17", "2026-03-17"),
        (" Mar 17 2026 ", "2026-03-17"),
        (None, None),
        ("", None),
        ("  ", None),
    ],
)
def test_day(value: object, expected: str | None) -> None:
    assert day(value) == expected


@pytest.mark.parametrize(
    "value",
    ["02/29/2026", "17/03/2026", "03/17/2026 7:05 AM", "0/0/0000", "Today", 20260317, True, []],
)
def test_day_refuses_what_is_no_day(value: object) -> None:
    with pytest.raises(Unconvertible):
        day(value)


@thorough
@given(
    st.datetimes(timezones=st.sampled_from([UTC, PACIFIC]), allow_imaginary=False),
)
def test_timestamp_of_writes_what_milliseconds_of_reads(at: datetime) -> None:
    written = timestamp_of(at)
    assert written == timestamp(written, None)
    assert milliseconds_of(written) == (at - EPOCH) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 17, 14, 5, 9, 123_999, tzinfo=UTC), "2026-03-17T14:05:09.123Z"),
        (datetime(2026, 3, 17, 7, 5, 9, tzinfo=PACIFIC), "2026-03-17T14:05:09.000Z"),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), "1969-12-31T23:59:59.000Z"),
        (datetime(500, 1, 1, tzinfo=UTC), "0500-01-01T00:00:00.000Z"),
    ],
)
def test_timestamp_of(at: datetime, expected: str) -> None:
    assert timestamp_of(at) == expected


@pytest.mark.parametrize("account_zone", [None, PACIFIC, timezone(timedelta(hours=14))], ids=str)
@thorough
@given(anything)
def test_timestamp_raises_nothing_but_unconvertible(
    account_zone: tzinfo | None, value: object
) -> None:
    try:
        written = timestamp(value, account_zone)
    except Unconvertible:
        return
    assert written is None or timestamp(written, None) == written


@thorough
@given(anything)
def test_day_raises_nothing_but_unconvertible(value: object) -> None:
    try:
        written = day(value)
    except Unconvertible:
        return
    assert written is None or day(written) == written
