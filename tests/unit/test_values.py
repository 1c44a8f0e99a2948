"""Values: every format of the Act-On reference, 2024 edition, and everything that is none."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.values import (
    MILLISECONDS_FROM,
    Unconvertible,
    boolean,
    day,
    fingerprint,
    identifier,
    integer,
    moment,
    number,
    snake_case,
    text,
    zone,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PACIFIC = ZoneInfo("US/Pacific")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND = 253_402_300_799_999

repeatable = settings(derandomize=True, database=None, deadline=None, max_examples=150)

any_text = st.text(st.characters())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**80), 10**80),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    any_text,
    st.text("0123456789 /-:.,+TZAPMGUSefbarundy", max_size=40),
    st.from_regex(r"\A\d{1,4}[-/]\d{1,2}[-/]\d{1,4}[T ]\d{1,2}:\d\d(:\d\d)? ?[A-Z+0-9:-]{0,6}\Z"),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Epoch numbers, as numbers and as text, in milliseconds and in seconds.
        (1725641452528, "2024-09-06T16:50:52.528Z"),
        ("1725641452528", "2024-09-06T16:50:52.528Z"),
        (" 1725641452528 ", "2024-09-06T16:50:52.528Z"),
        (1725641452, "2024-09-06T16:50:52.000Z"),
        ("1725641452", "2024-09-06T16:50:52.000Z"),
        (1725641452528.0, "2024-09-06T16:50:52.528Z"),
        (1725641452.528, "2024-09-06T16:50:52.528Z"),
        (Decimal("1725641452.528"), "2024-09-06T16:50:52.528Z"),
        ("1.725641452528E12", "2024-09-06T16:50:52.528Z"),
        (100_000_000_000, "1973-03-03T09:46:40.000Z"),
        (99_999_999_999, "5138-11-16T09:46:39.000Z"),
        (1, "1970-01-01T00:00:01.000Z"),
        (-86_400, "1969-12-31T00:00:00.000Z"),
        (0.5, "1970-01-01T00:00:00.500Z"),
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
def test_moment_reads_every_documented_form(value: object, expected: str) -> None:
    assert moment(value, PACIFIC) == expected


@pytest.mark.parametrize("value", [None, "", "  ", 0, "0", -1, "-1", 0.0, -1.0, "0.0", Decimal(-1)])
def test_moment_is_none_where_act_on_has_none(value: object) -> None:
    assert moment(value, PACIFIC) is None


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
def test_moment_refuses_what_is_no_moment(value: object) -> None:
    with pytest.raises(Unconvertible):
        moment(value, PACIFIC)


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(Unconvertible) as refusal:
        moment("pat@example.com", PACIFIC)
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
        # Without the account's zone.
        ("Jul 1 2026 7:05 AM MDT", None, "2026-07-01T13:05:00.000Z"),
        ("Jul 1 2026 7:05 AM UTC", None, "2026-07-01T07:05:00.000Z"),
        ("Mar 05 2026 13:06 US/Pacific", None, "2026-03-05T21:06:00.000Z"),
    ],
)
def test_moment_finds_the_zone(value: str, account_zone: tzinfo | None, expected: str) -> None:
    assert moment(value, account_zone) == expected


@pytest.mark.parametrize(
    "value", ["Jan 5 2026 7:05 AM SGT", "Jan 5 2026 7:05 AM", "2026-03-17T07:05:09", "03/17/2026"]
)
def test_moment_does_not_guess_a_zone(value: str) -> None:
    with pytest.raises(Unconvertible):
        moment(value, None)


def test_the_same_text_is_another_moment_in_another_zone() -> None:
    value = "Mar 17 2026 7:05 AM"
    assert moment(value, PACIFIC) == "2026-03-17T14:05:00.000Z"
    assert moment(value, UTC) == "2026-03-17T07:05:00.000Z"


@repeatable
@given(st.integers(0, LAST_MILLISECOND))
def test_moment_writes_every_millisecond_and_reads_it_back(milliseconds: int) -> None:
    at = EPOCH + timedelta(milliseconds=milliseconds)
    written = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert moment(written, None) == written
    if milliseconds >= MILLISECONDS_FROM:
        assert moment(milliseconds, None) == written
        assert moment(str(milliseconds), None) == written


@repeatable
@given(
    st.integers(0, 4_102_444_800 // 60),
    st.sampled_from(["US/Pacific", "US/Eastern", "Europe/London", "Europe/Paris", "Asia/Tokyo"]),
)
def test_moment_reads_back_what_act_on_displays_in_any_zone(minutes: int, name: str) -> None:
    at = (EPOCH + timedelta(minutes=minutes)).astimezone(ZoneInfo(name))
    shown = f"{at:%b} {at.day} {at.year} {int(f'{at:%I}')}:{at:%M %p %Z}"
    expected = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert moment(shown, ZoneInfo(name)) == expected


@repeatable
@given(
    st.integers(MILLISECONDS_FROM, LAST_MILLISECOND),
    st.integers(MILLISECONDS_FROM, LAST_MILLISECOND),
)
def test_moments_sort_as_text(one: int, other: int) -> None:
    written, other_written = moment(one, None), moment(other, None)
    assert written is not None
    assert other_written is not None
    assert (written < other_written) == (one < other)
    assert len(written) == len(other_written)


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (769, 769),
        ("769", 769),
        (" -769 ", -769),
        ("+5", 5),
        ("007", 7),
        (5.0, 5),
        ("5.0", 5),
        ("1e3", 1000),
        (Decimal("5.0"), 5),
        ("9007199254740993.0", 9_007_199_254_740_993),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (None, None),
        ("", None),
        (" \t", None),
    ],
)
def test_integer(value: object, expected: int | None) -> None:
    found = integer(value)
    assert found == expected
    assert not isinstance(found, float)


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        str(2**63),
        1.5,
        "1.5",
        1e300,
        "1,234",
        "1_234",
        "0x1f",
        "٣",
        "12 34",
        "1e999999999",
        pytest.param("9" * 5000, id="too long"),
        "none",
        True,
        math.nan,
        -math.inf,
        Decimal("1e999999"),
        [],
        {},
    ],
)
def test_integer_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        integer(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("2.5e-3", 0.0025),
        ("769", 769),
        (Decimal("0.1"), 0.1),
        (1e300, 1e300),
        (None, None),
        (" ", None),
    ],
)
def test_number(value: object, expected: float | None) -> None:
    assert number(value) == expected


def test_number_keeps_whole_numbers_whole() -> None:
    assert type(number("769")) is int
    assert type(number("769.0")) is float


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, "nan", "inf", "1e400", Decimal("1e400"), 2**63, str(2**64), "12%", True],
)
def test_number_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        number(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        (" YES ", True),
        ("no", False),
        ("1", True),
        ("0", False),
        (1, True),
        (0, False),
        (None, None),
        ("", None),
        ("  ", None),
    ],
)
def test_boolean(value: object, expected: bool | None) -> None:  # noqa: FBT001 - the data
    assert boolean(value) is expected


@pytest.mark.parametrize("value", [2, -1, "2", "y", "on", "maybe", [], {}, math.nan])
def test_boolean_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        boolean(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Pat Sample", "Pat Sample"),
        ("  kept  ", "  kept  "),
        ("", ""),
        (None, None),
        ("Zoë 😀", "Zoë 😀"),
        ("a\0b", "ab"),
        ("é\0", "é"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("end \udc00", "end \ufffd"),
        ("\ud83d\0", "\ufffd"),
        ("two halves \ud83d\ude00", "two halves 😀"),
        (123, "123"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_text(value: object, expected: str | None) -> None:
    assert text(value) == expected


@pytest.mark.parametrize(
    "value", [[], {}, ["a"], math.nan, math.inf, pytest.param(10**5000, id="too long")]
)
def test_text_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        text(value)


@repeatable
@given(any_text)
def test_text_can_always_be_stored(value: str) -> None:
    stored = text(value)
    assert stored is not None
    assert "\0" not in stored
    assert stored.encode().decode() == stored
    assert text(stored) == stored


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("l-0a41:2b7", "l-0a41:2b7"),
        ("0012", "0012"),
        (" 51877 ", "51877"),
        (51877, "51877"),
        (-1, "-1"),
        (0, "0"),
        (70123.0, "70123"),
        (Decimal("70123.0"), "70123"),
        (10**30, "1" + "0" * 30),
        (None, None),
        ("", None),
        ("  ", None),
        ("\0", None),
    ],
)
def test_identifier(value: object, expected: str | None) -> None:
    assert identifier(value) == expected


@pytest.mark.parametrize(
    "value", [True, False, 1.5, math.nan, 1e300, [], {}, pytest.param(10**5000, id="too long")]
)
def test_identifier_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        identifier(value)


def test_fingerprint_never_changes() -> None:
    # A change of these values doubles every row that is already in a warehouse.
    assert fingerprint() == "cae66941d9efbd404e4d88758ea67670"
    assert fingerprint("s-0042-2603", "CLICKED", None, 1773765600000, "Zoë", "") == (
        "5ede07a11f465a4bd88f5cb5ab4f0125"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), ("a", "")),
        ((None,), ("",)),
        ((None,), ("n",)),
        ((1,), ("1",)),
        ((12,), (1, 2)),
        (("a", "b"), ("b", "a")),
        (("1:a",), ("a",)),
        (("\ud83d",), ("\ufffd",)),
        ((), (None,)),
    ],
)
def test_fingerprint_tells_alike_rows_apart(
    one: tuple[str | int | None, ...], other: tuple[str | int | None, ...]
) -> None:
    assert fingerprint(*one) != fingerprint(*other)


parts = st.lists(st.none() | st.integers(-20, 20) | st.text("ns1i:;\ud83d", max_size=4), max_size=4)


@repeatable
@given(parts, parts)
def test_fingerprint_is_the_same_only_for_the_same_parts(
    one: list[str | int | None], other: list[str | int | None]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("senderName", "sender_name"),
        ("sender_name", "sender_name"),
        ("timeWhen", "time_when"),
        ("hardBounced", "hard_bounced"),
        ("optOut", "opt_out"),
        ("customEventsId", "custom_events_id"),
        ("URLString", "url_string"),
        ("linkURI", "link_uri"),
        ("tsLastModified", "ts_last_modified"),
        ("sourceTS", "source_ts"),
        ("bIsSingleton", "b_is_singleton"),
        ("srcIds", "src_ids"),
        ("srcIDs", "src_ids"),
        ("URLsSeen", "urls_seen"),
        ("URLsend", "ur_lsend"),
        ("progstate", "progstate"),
        ("ScorePeriod", "score_period"),
        ("ID", "id"),
        ("ON24Id", "on24_id"),
        ("address2", "address2"),
        ("__created_date", "created_date"),
        ("_contact_id_", "contact_id"),
        ("Act-On Primary Score", "act_on_primary_score"),
        ("Work e-mail", "work_e_mail"),
        ("Revenue ($)", "revenue"),
        ("2nd Name", "_2nd_name"),
        ("Größe ÄndernJetzt", "größe_ändern_jetzt"),
        ("氏名", "氏名"),
        ("Cafe\u0301", "café"),
        ("", "_"),
        ("!!", "_"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@repeatable
@given(any_text | st.text("AZaz09_ -İŉǅΣ\u0307\u0327", max_size=8))
def test_snake_case_is_a_column_name_and_stays_one(name: str) -> None:
    column = snake_case(name)
    assert snake_case(column) == column
    assert column
    assert not column[0].isdigit()
    assert "__" not in column
    assert column == column.lower()


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("US/Pacific", timedelta(hours=-8)),
        (" America/Port-au-Prince ", timedelta(hours=-5)),
        ("UTC", timedelta()),
        ("GMT-08:00", timedelta(hours=-8)),
        ("+05:30", timedelta(hours=5, minutes=30)),
        ("GMT+1", timedelta(hours=1)),
    ],
)
def test_zone(name: str, offset: timedelta) -> None:
    found = zone(name)
    assert found is not None
    assert datetime(2026, 1, 5, tzinfo=found).utcoffset() == offset


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Nowhere",
        "US",
        "US/",
        "../etc/passwd",
        "../x",
        "US/../US/Pacific",
        "/usr/share/zoneinfo/US/Pacific",
        "tzdata.zi",
        "US/Pacific\0",
        "\ud83d",
        "GMT-99:00",
        pytest.param("x" * 5000, id="too long"),
    ],
)
def test_zone_is_none_where_there_is_none(name: str | None) -> None:
    assert zone(name) is None


CONVERSIONS: list[Callable[[object], object]] = [
    day,
    integer,
    number,
    boolean,
    text,
    identifier,
    lambda value: moment(value, None),
    lambda value: moment(value, PACIFIC),
    lambda value: moment(value, timezone(timedelta(hours=14))),
]


@repeatable
@given(json_values)
def test_nothing_but_unconvertible_is_ever_raised(value: object) -> None:
    for convert in CONVERSIONS:
        try:
            converted = convert(value)
        except Unconvertible:
            continue
        assert converted is None or isinstance(converted, str | int | float)


@repeatable
@given(any_text)
def test_zone_never_raises(name: str) -> None:
    assert zone(name) is None or isinstance(zone(name), tzinfo)
