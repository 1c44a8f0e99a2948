"""Timestamps: what Act-On sends as one, and how the tap writes them.

Every timestamp in the warehouse, in the state and in a comparison is a text in UTC with
milliseconds, such as ``2024-09-06T16:50:52.528Z``. All have the same width, so they sort
as text the way they sort in time. The formats that are read are those of the Act-On
reference, 2024 edition, and of its older editions.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tap_acton.records.values import NUMERAL, Unconvertible, fits_64_bits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds, smaller ones are seconds."""

_LONGEST_TIMESTAMP = 64

_HOUR_END = len("2026-03-17T07:")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_ONE_MILLISECOND = timedelta(milliseconds=1)
_HOURS_A_HALF_DAY = 12

# The pieces of a timestamp, written once: twice as fast as formatting them for every record.
_MINUTES = tuple(f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03}Z" for millisecond in range(1000))

# The same the other way round.
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

_UTC_NAMES = frozenset({"Z", "z", "UTC", "GMT", "UT", "UCT"})
_OFFSET = re.compile(
    r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?", re.ASCII
)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*", re.ASCII)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}", re.ASCII)
_NORTH_AMERICAN_ZONES = {
    name: timezone(timedelta(hours=hours), name)
    for name, hours in {
        "EDT": -4,
        "EST": -5,
        "CDT": -5,
        "CST": -6,
        "MDT": -6,
        "MST": -7,
        "PDT": -7,
        "PST": -8,
        "AKDT": -8,
        "AKST": -9,
        "HST": -10,
    }.items()
}


def timestamp(value: object, zone: tzinfo | None) -> str | None:
    """Return a timestamp in UTC with milliseconds, such as ``2024-09-06T16:50:52.528Z``.

    Args:
        value: Epoch milliseconds or seconds (a number, or its digits as text), ISO 8601,
            or one of the texts that Act-On displays, such as ``Mar 17 2026 7:05 AM PDT``.
        zone: The account's time zone, for texts that name none or only an abbreviation.

    Returns:
        The timestamp, or None for what Act-On sends when there is none: null, an empty
        text, 0 or -1.

    Raises:
        Unconvertible: The value is not a timestamp in the years 1 to 9999, or its zone is
            not known.
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
    """Return what :func:`timestamp` returns for each value.

    Hardly two texts are equal, but many are of the same hour: ``2026-03-17 07:05:09 PDT``.

    Args:
        values: The values.
        zone: The account's time zone.

    Returns:
        The timestamps.

    Raises:
        Unconvertible: As :func:`timestamp`, for any of them.
    """
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
    """Tell whether a text says by itself which timestamp it means.

    Args:
        value: The text of a timestamp.

    Returns:
        Whether it can be read without knowing the account's time zone.
    """
    try:
        timestamp(value, None)
    except Unconvertible:
        return False
    return True


def day(value: object) -> str | None:
    """Return a calendar day such as ``2026-03-17``.

    Args:
        value: ``MM/DD/YYYY``, ``YYYY-MM-DD``, or a date as Act-On displays it.

    Returns:
        The day, or None for null and empty texts.

    Raises:
        Unconvertible: The value is not a date that exists.
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
    """Write a timestamp.

    Args:
        value: The timestamp, with its zone.

    Returns:
        The timestamp in UTC with milliseconds, for example ``2024-09-06T16:50:52.528Z``.
    """
    return _utc_text((value - _EPOCH) // _ONE_MILLISECOND)


def is_timestamp(written: object) -> bool:
    """Tell whether a value is a written timestamp, with its zone.

    Args:
        written: What a state keeps as one.

    Returns:
        Whether it can be read.
    """
    try:
        return isinstance(written, str) and datetime.fromisoformat(written).tzinfo is not None
    except ValueError:
        return False


def milliseconds_of(written: str) -> int:
    """Turn a written timestamp into epoch milliseconds.

    Args:
        written: For example ``2024-09-06T16:50:52.528Z``.

    Returns:
        The milliseconds since 1970.
    """
    return (datetime.fromisoformat(written) - _EPOCH) // _ONE_MILLISECOND


def zone(name: object) -> tzinfo | None:
    """Return the time zone of that name.

    Args:
        name: An IANA name such as ``US/Pacific``, ``UTC``, or an offset such as
            ``GMT-08:00`` or ``+05:30``.

    Returns:
        The zone, or None where there is none of that name.
    """
    return _zone(name.strip()) if isinstance(name, str) else None


def _timestamp_of_epoch(value: int) -> str | None:
    """Return the timestamp of epoch milliseconds or seconds; None for 0 and -1."""
    if -1 <= value <= 0:
        return None
    if -MILLISECONDS_FROM < value < MILLISECONDS_FROM:
        value *= 1000
    return _utc_text(value)


def _utc_text(milliseconds: int) -> str:
    """Write epoch milliseconds in the one format of the tap."""
    seconds, millisecond = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    days, minute = divmod(minutes, 1440)
    return f"{_date_text(days)}{_MINUTES[minute]}{_SECONDS[second]}{_MILLISECONDS[millisecond]}"


@functools.lru_cache(maxsize=4096)
def _date_text(days: int) -> str:
    """Write the day that many days after 1970-01-01."""
    try:
        return date.fromordinal(days + _EPOCH_ORDINAL).isoformat()
    except (ValueError, OverflowError):
        raise Unconvertible from None


def _timestamp_of_fraction(value: float | Decimal) -> str | None:
    """Return the timestamp of an epoch number that may have a fraction; None for 0 and -1."""
    if not fits_64_bits(value):
        raise Unconvertible
    if value in {0, -1}:
        return None
    is_seconds = -MILLISECONDS_FROM < value < MILLISECONDS_FROM
    return _utc_text(round(value * 1000 if is_seconds else value))


def _timestamp_of_text(value: str, account_zone: tzinfo | None) -> str | None:
    """Return the timestamp of a text that is not digits only."""
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
    """Return how the timestamps of an hour begin when they are written in UTC.

    Args:
        before: What the texts of that hour have before the minutes.
        after: What they have behind the seconds.
        account_zone: The account's time zone.

    Returns:
        The text up to the minutes; None where there are fractions of a second, the clock is
        changed on that day, the zone is not whole hours away, or the texts are no timestamps.
    """
    hour = _HOUR_OF.get(before[11:])
    hours = _hours(before[:11], after, account_zone)
    return None if hour is None or hours is None or after.startswith(".") else hours[hour]


@functools.lru_cache(maxsize=4096)
def _hours(before: str, after: str, account_zone: tzinfo | None) -> tuple[str, ...] | None:
    """Return how the hours of a day begin when they are written in UTC.

    Args:
        before: What the texts of that day have before the time.
        after: What they have behind it.
        account_zone: The account's time zone.

    Returns:
        The texts up to the minutes; None where the clock is changed on that day, the zone
        is not whole hours away, or the texts are no timestamps.
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
    """Return the epoch milliseconds of an ISO 8601 or display text; None for any other.

    It returns rather than raises, so that the cache also serves texts that fail.
    """
    try:
        # Newer Java puts U+202F before AM; splitting takes all kinds of blanks as one.
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
        return _located(found, None, account_zone)
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
    return _located(datetime.combine(calendar_day, time_of_day), rest["zone"], account_zone)


def _date_at_start(value: str) -> tuple[date, int] | None:
    """Return the date that a text starts with, and where it ends there."""
    for form in _DATES:
        if found := form.match(value):
            month = _month(found["month"])
            try:
                return date(int(found["year"]), month, int(found["day"])), found.end()
            except ValueError:
                raise Unconvertible from None
    return None


def _month(name: str) -> int:
    """Return the number of a month; 0, which no date takes, where there is none."""
    if name.isdecimal():
        return int(name)
    lowered = name.lower()
    return next((at for at, month in enumerate(_MONTHS, 1) if month.startswith(lowered)), 0)


def _located(local: datetime, name: str | None, account_zone: tzinfo | None) -> datetime | None:
    """Put a local time into the zone it names, else into the account's.

    Args:
        local: Date and time of day without a zone.
        name: What the text says about the zone.
        account_zone: The account's time zone.

    Returns:
        The time with its zone, or None where the zone is not known.
    """
    stated = account_zone
    if name is not None and (name in _UTC_NAMES or not _ABBREVIATION.fullmatch(name)):
        stated = zone(name)
    elif name is not None:
        if account_zone is not None:
            for fold in (0, 1):
                candidate = local.replace(tzinfo=account_zone, fold=fold)
                if candidate.tzname() == name:
                    return candidate
        # Outside North America abbreviations are shared or made up by Java (SGT, BRT), so
        # the account's zone, in which Act-On displays its times, is the better witness.
        if name in _NORTH_AMERICAN_ZONES and not _uses(account_zone, name, local.year):
            stated = _NORTH_AMERICAN_ZONES[name]
    return None if stated is None else local.replace(tzinfo=stated)


def _uses(account_zone: tzinfo | None, abbreviation: str, year: int) -> bool:
    """Return whether a zone goes by that abbreviation in winter or summer of a year."""
    return account_zone is not None and abbreviation in {
        datetime(year, month, 1, tzinfo=account_zone).tzname() for month in (1, 7)
    }


@functools.lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo | None:
    """Return the zone of a name without surrounding blanks."""
    if name in _UTC_NAMES:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        distance = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if distance >= timedelta(days=1):
            return None
        return timezone(-distance if offset["sign"] == "-" else distance)
    if not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Besides names that do not exist: folders of the zone database, and files in
        # it that are no zones.
        return None
