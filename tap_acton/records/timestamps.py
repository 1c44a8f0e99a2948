"""Timestamps and days: every form in which Act-On sends them, and the one that the tap writes.

Every timestamp in the warehouse, in the state and in a comparison is a text in UTC with
milliseconds, such as ``2024-09-06T16:50:52.528Z``. All have the same length, so they sort
as text the way they sort in time. The formats read here are those of the Act-On reference,
2024 edition and older ones.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tap_acton.records.values import NUMERAL, Unconvertible, fits_64_bits
from tap_acton.records.zones import located

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

_LONGEST_TIMESTAMP = 64

_HOUR_END = len("2026-03-17T07:")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_ONE_MILLISECOND = timedelta(milliseconds=1)
_HOURS_A_HALF_DAY = 12

# The pieces of a timestamp, formatted once: twice as fast as formatting them for every record.
_MINUTES = tuple(f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03}Z" for millisecond in range(1000))

# The pieces of a timestamp that is being read.
_HOUR_OF = {f"{hour:02}:": hour for hour in range(24)}
_CLOCKS = frozenset(f"{minute:02}:{second:02}" for minute in range(60) for second in range(60))
_AN_HOUR = 3_600_000
_LAST_SECOND = 24 * _AN_HOUR - 1000

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

_DATES = tuple(
    re.compile(form + r"(?!\d)", re.ASCII | re.IGNORECASE)
    for form in (
        # 2026-03-17, 2026/03/17
        r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        # 03/17/2026
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})",
        # Mar 17 2026, Thu Mar 05 2026, March 5, 2026
        r"(?:[a-z]{3,9},? )?(?P<month>[a-z]{3,9}) (?P<day>\d{1,2}),? (?P<year>\d{4})",
    )
)
_CLOCK_AND_ZONE = re.compile(
    r"""
    (?: (?: T | ,?[ ] )
        (?P<hour>\d{1,2}) : (?P<minute>\d{2})
        (?: : (?P<second>\d{2}) (?: [.,] (?P<fraction>\d+) )? )?
        (?: [ ]? (?P<half>[AP])M (?![A-Z]) )?
    )?
    (?: [ ]? (?P<zone>[A-Z+-][A-Z0-9_+:/-]*) )?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)

_ISO = re.compile(r"[\dW-]+(?:T[\d:.,]+(?:Z|[+-][\d:]+)?)?", re.ASCII | re.IGNORECASE)


def timestamp(value: object, zone: tzinfo | None) -> str | None:
    """Return a timestamp in UTC with milliseconds, such as ``2024-09-06T16:50:52.528Z``.

    Args:
        value: Epoch milliseconds (a number, or its digits as text), ISO 8601, or a text as
            Act-On displays it, such as ``Mar 17 2026 7:05 AM PDT``. Numbers in another unit:
            :mod:`tap_acton.records.epoch_units`.
        zone: The account's time zone, for texts that name none or only an abbreviation.

    Returns:
        The timestamp; None for what Act-On sends when there is none: null, an empty text,
        0 or -1.

    Raises:
        Unconvertible: If the value is not a timestamp in the years 1 to 9999, or its zone is
            unknown.
    """
    if type(value) is int:
        return _timestamp_of_epoch(value)
    if value is None:
        return None
    if isinstance(value, str):
        # Epoch digits are nearly all different, so they stay out of the cache of texts.
        if value.isdecimal() and len(value) <= _LONGEST_TIMESTAMP:
            return _timestamp_of_epoch(int(value))
        return _timestamp_of_text(value, zone)
    if isinstance(value, float | Decimal):
        return _timestamp_of_fraction(value)
    raise Unconvertible


def timestamps(values: Sequence[object], zone: tzinfo | None) -> Sequence[str | None]:
    """Return what :func:`timestamp` returns for each value, and raise what it raises."""
    # Texts such as 2026-03-17 07:05:09 PDT are hardly ever equal, but many share an hour.
    return [
        f"{hour}{clock}.000Z"
        if type(value) is str
        and (clock := value[14:19]) in _CLOCKS
        and len(value) <= _LONGEST_TIMESTAMP
        and (hour := _hour(value[:14], value[19:], zone)) is not None
        else timestamp(value, zone)
        for value in values
    ]


def names_zone(value: str) -> bool:
    """Return whether a text can be read as a timestamp without the account's time zone."""
    try:
        timestamp(value, None)
    except Unconvertible:
        return False
    return True


def day(value: object) -> str | None:
    """Return a calendar day such as ``2026-03-17``; None for null and empty texts.

    Args:
        value: ``MM/DD/YYYY``, ``YYYY-MM-DD``, or a date as Act-On displays it.

    Raises:
        Unconvertible: If the value is not a date that exists.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unconvertible
    plain = " ".join(value[: _LONGEST_TIMESTAMP + 1].split())
    if not plain:
        return None
    found = _date_at_start(plain)
    if found is None or found[1] != len(plain):
        raise Unconvertible
    return found[0].isoformat()


def timestamp_of(value: datetime) -> str:
    """Write a time, which must have a zone, as ``2024-09-06T16:50:52.528Z``."""
    return _utc_text((value - _EPOCH) // _ONE_MILLISECOND)


def is_timestamp(written: object) -> bool:
    """Return whether a value, of a state for example, is a timestamp with a zone."""
    try:
        return isinstance(written, str) and datetime.fromisoformat(written).tzinfo is not None
    except ValueError:
        return False


def milliseconds_of(written: str) -> int:
    """Return the epoch milliseconds of a timestamp such as ``2024-09-06T16:50:52.528Z``."""
    return (datetime.fromisoformat(written) - _EPOCH) // _ONE_MILLISECOND


def _timestamp_of_epoch(value: int) -> str | None:
    """Return the timestamp of epoch milliseconds; None for 0 and -1."""
    return None if -1 <= value <= 0 else _utc_text(value)


def _utc_text(milliseconds: int) -> str:
    """Write epoch milliseconds as the tap writes timestamps."""
    seconds, millisecond = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    days, minute = divmod(minutes, 1440)
    return f"{_date_text(days)}{_MINUTES[minute]}{_SECONDS[second]}{_MILLISECONDS[millisecond]}"


@functools.lru_cache(maxsize=4096)
def _date_text(days: int) -> str:
    """Write the date that is so many days after 1970-01-01."""
    try:
        return date.fromordinal(days + _EPOCH_ORDINAL).isoformat()
    except (ValueError, OverflowError):
        raise Unconvertible from None


def _timestamp_of_fraction(value: float | Decimal) -> str | None:
    """Return the timestamp of milliseconds that may have a fraction; None for 0 and -1."""
    if not fits_64_bits(value):
        raise Unconvertible
    return None if value in {0, -1} else _utc_text(round(value))


def _timestamp_of_text(value: str, account_zone: tzinfo | None) -> str | None:
    """Return the timestamp of a text that is more than digits."""
    plain = value.strip()
    if not plain or plain == "-1":
        return None
    if len(plain) > _LONGEST_TIMESTAMP:
        raise Unconvertible
    if NUMERAL.fullmatch(plain):
        return _timestamp_of_fraction(Decimal(plain))
    milliseconds = _milliseconds_of_text(plain, account_zone)
    if milliseconds is None:
        raise Unconvertible
    return _utc_text(milliseconds)


@functools.lru_cache(maxsize=16384)
def _hour(before: str, after: str, account_zone: tzinfo | None) -> str | None:
    """Return how timestamps of one hour begin in UTC.

    Args:
        before: What the texts of that hour have before the minutes.
        after: What they have after the seconds.
        account_zone: The account's time zone.

    Returns:
        The timestamp up to the minutes; None if the seconds have fractions, or :func:`_hours`
        returns None.
    """
    hour = _HOUR_OF.get(before[11:])
    hours = _hours(before[:11], after, account_zone)
    return None if hour is None or hours is None or after.startswith(".") else hours[hour]


@functools.lru_cache(maxsize=4096)
def _hours(before: str, after: str, account_zone: tzinfo | None) -> tuple[str, ...] | None:
    """Return how the timestamps of each hour of a day begin in UTC.

    Args:
        before: What the texts of that day have before the time of day.
        after: What they have after it.
        account_zone: The account's time zone.

    Returns:
        The timestamps up to the minutes; None if the clocks change on that day, the zone's
        offset is not in whole hours, or the texts are not timestamps.
    """
    first, last = (
        _milliseconds_of_text(f"{before}{clock}{after}", account_zone)
        for clock in ("00:00:00", "23:59:59")
    )
    if first is None or last is None or last - first != _LAST_SECOND or first % _AN_HOUR:
        return None
    return tuple(_utc_text(first + hour * _AN_HOUR)[:_HOUR_END] for hour in range(24))


@functools.lru_cache(maxsize=16384)
def _milliseconds_of_text(value: str, account_zone: tzinfo | None) -> int | None:
    """Return the epoch milliseconds of an ISO 8601 or displayed text; None for any other.

    It does not raise, so that the cache also serves texts that cannot be read.
    """
    try:
        # Newer Java puts U+202F before AM; splitting treats all kinds of blanks alike.
        aware = _displayed(" ".join(value.split()), account_zone) or _iso(value, account_zone)
        return None if aware is None else (aware - _EPOCH) // _ONE_MILLISECOND
    except (ValueError, OverflowError):
        return None


def _iso(value: str, account_zone: tzinfo | None) -> datetime | None:
    """Read the rarer variants of ISO 8601, such as ``20260317T070509Z``."""
    if not _ISO.fullmatch(value):
        return None
    found = datetime.fromisoformat(value.upper())
    if found.tzinfo is None:
        return located(found, None, account_zone)
    return found


def _displayed(value: str, account_zone: tzinfo | None) -> datetime | None:
    """Read a date, then optionally a time of day, then optionally a zone."""
    found = _date_at_start(value)
    if found is None:
        return None
    calendar_day, end = found
    rest = _CLOCK_AND_ZONE.fullmatch(value, end)
    if rest is None:
        return None
    hour = int(rest["hour"] or 0)
    if rest["half"]:
        if hour > _HOURS_A_HALF_DAY:
            return None
        hour %= _HOURS_A_HALF_DAY
        if rest["half"] in "pP":
            hour += _HOURS_A_HALF_DAY
    time_of_day = time(
        hour,
        int(rest["minute"] or 0),
        int(rest["second"] or 0),
        int((rest["fraction"] or "")[:6].ljust(6, "0")),
    )
    return located(datetime.combine(calendar_day, time_of_day), rest["zone"], account_zone)


def _date_at_start(value: str) -> tuple[date, int] | None:
    """Return the date that a text starts with, and the position after it."""
    for form in _DATES:
        if found := form.match(value):
            month = _month(found["month"])
            try:
                return date(int(found["year"]), month, int(found["day"])), found.end()
            except ValueError:
                raise Unconvertible from None
    return None


def _month(name: str) -> int:
    """Return the number of a month; 0, which no date accepts, if there is no such month."""
    if name.isdecimal():
        return int(name)
    lowered = name.lower()
    return next((at for at, month in enumerate(_MONTHS, 1) if month.startswith(lowered)), 0)
