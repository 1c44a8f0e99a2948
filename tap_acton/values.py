"""Values as Act-On sends them, turned into values as a warehouse wants them.

Small pure functions without state beyond bounded caches. Each takes whatever JSON can
hold and returns the typed value, ``None`` where the API says "no value", or raises
:class:`Unconvertible`, and nothing else. They run once per field of every record, so
they use the standard library only and keep the common case short.

The formats are those of the Act-On reference, 2024 edition, and of its older editions.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds, smaller ones are seconds."""

_LARGEST_INTEGER = 2**63 - 1
_SMALLEST_INTEGER = -(2**63)
_LONGEST_MOMENT = 64
_LONGEST_NUMBER = 128

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_ONE_MILLISECOND = timedelta(milliseconds=1)
_HOURS_A_HALF_DAY = 12

# The pieces of a moment, written once: twice as fast as formatting them for every record.
_MINUTES = tuple(f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03}Z" for millisecond in range(1000))

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

_WHOLE_NUMBER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Unconvertible(ValueError):  # noqa: N818 - it says what a value is, not what failed
    """A value does not fit its type. The text never holds the value itself.

    Args:
        to: What the value cannot be turned into.
    """

    def __init__(self, *, to: str) -> None:
        """Say what the value is not."""
        super().__init__(f"The value is not {to}.")


def moment(value: object, zone: tzinfo | None) -> str | None:
    """Return a moment in UTC with milliseconds, such as ``2024-09-06T16:50:52.528Z``.

    All results have the same width, so they sort as text the way they sort in time.

    Args:
        value: Epoch milliseconds or seconds (a number, or its digits as text), ISO 8601,
            or one of the texts that Act-On displays, such as ``Mar 17 2026 7:05 AM PDT``.
        zone: The account's time zone, for texts that name none or only an abbreviation.

    Returns:
        The moment, or None for what Act-On sends when there is none: null, an empty
        text, 0 or -1.

    Raises:
        Unconvertible: The value is not a moment in the years 1 to 9999, or its zone is
            not known.
    """
    if type(value) is int:
        return _moment_of_epoch(value)
    if value is None:
        return None
    if type(value) is str:
        # Epoch digits are nearly all different, so they stay out of the cache of texts.
        if value.isdecimal() and len(value) <= _LONGEST_MOMENT:
            return _moment_of_epoch(int(value))
        return _moment_of_text(value, zone)
    if isinstance(value, float | Decimal):
        return _moment_of_fraction(value)
    raise Unconvertible(to="a moment")


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
        raise Unconvertible(to="a date")
    plain = " ".join(value[: _LONGEST_MOMENT + 1].split())
    if not plain:
        return None
    found = _date_at_start(plain)
    if found is None or found[1] != len(plain):
        raise Unconvertible(to="a date")
    return found[0].isoformat()


def integer(value: object) -> int | None:
    """Return a whole number of at most 64 bits.

    Args:
        value: A number without a fraction, or the text of one.

    Returns:
        The number, or None for null and blank texts.

    Raises:
        Unconvertible: The value has a fraction, is too large, or is not a number.
    """
    plain = _numeral(value) if isinstance(value, str) else value
    if plain is None:
        return None
    if type(plain) is int:
        return _within_64_bits(plain)
    if isinstance(plain, float | Decimal):
        return _whole(plain)
    raise Unconvertible(to="a whole number")


def number(value: object) -> float | None:
    """Return a number: an ``int`` where it is written as one, otherwise a ``float``.

    Args:
        value: A number, or the text of one with optional sign, decimals and exponent.

    Returns:
        The number, or None for null and blank texts.

    Raises:
        Unconvertible: The value is not a finite number, or is an integer past 64 bits.
    """
    plain = _numeral(value) if isinstance(value, str) else value
    if plain is None:
        return None
    if type(plain) is int:
        return _within_64_bits(plain)
    if isinstance(plain, float | Decimal) and math.isfinite(as_float := float(plain)):
        return as_float
    raise Unconvertible(to="a finite number")


def boolean(value: object) -> bool | None:
    """Return true or false.

    Args:
        value: A boolean, the number 1 or 0, or one of the texts ``true``, ``false``,
            ``yes``, ``no``, ``1`` and ``0`` in any case.

    Returns:
        The boolean, or None for null and blank texts.

    Raises:
        Unconvertible: The value is none of these.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        plain = value.strip().lower()
        if not plain:
            return None
        if plain in _BOOLEANS:
            return _BOOLEANS[plain]
    elif isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    raise Unconvertible(to="true or false")


def text(value: object) -> str | None:
    """Return a text that every warehouse can store: valid UTF-8 without NUL characters.

    Args:
        value: A text, or a number or boolean, which becomes its JSON spelling.

    Returns:
        The text as it stands, an empty one included, or None for null.

    Raises:
        Unconvertible: The value is an object, an array, or not a finite number.
    """
    if isinstance(value, str):
        if value.isascii() or not _has_surrogates(value):
            # PostgreSQL refuses NUL in text, and with it the whole batch.
            return value.replace("\0", "") if "\0" in value else value
        # By way of UTF-16 the halves of one character find together; a lone half becomes U+FFFD.
        units = value.replace("\0", "").encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "replace")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return str(value)
    raise Unconvertible(to="a text")


def identifier(value: object) -> str | None:
    """Return an id as text, which is what all ids of Act-On are in the warehouse.

    Args:
        value: A text, or a whole number.

    Returns:
        The id without surrounding blanks, or None for null and blank texts.

    Raises:
        Unconvertible: The value is a boolean, an object, an array or has a fraction.
    """
    if isinstance(value, str):
        plain = text(value)
        return (plain and plain.strip()) or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    if isinstance(value, float | Decimal):
        return str(_whole(value))
    raise Unconvertible(to="an id")


def fingerprint(*parts: str | int | None) -> str:
    """Return an id for a row that has none, made of what identifies the row.

    The parts are written one after the other, each in a form that says where it ends:
    ``n`` for None, ``i<digits>;`` for a number, ``s<length>:<characters>`` for a text.
    So no two different sequences of parts are written alike. The digest is BLAKE2b of
    16 bytes over the UTF-8 of that, the same on every machine and in every version.

    Args:
        *parts: What identifies the row, in a fixed order.

    Returns:
        32 hexadecimal digits.
    """
    written = "".join(
        "n" if part is None else f"s{len(part)}:{part}" if isinstance(part, str) else f"i{part:d};"
        for part in parts
    )
    # Lone surrogates are no valid UTF-8, but they must neither fail nor collide here.
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@functools.lru_cache(maxsize=8192)
def snake_case(name: str) -> str:
    """Return the column name for a name of the API or a header of a list.

    ``senderName`` becomes ``sender_name``, ``URLString`` ``url_string``, ``Work e-mail``
    ``work_e_mail``. Letters of all scripts stay, in lower case. Applied to its own
    result it changes nothing.

    Args:
        name: A field name or header as Act-On spells it.

    Returns:
        Lower-case words joined by single underscores; with a leading underscore where
        the name would be empty or start with a digit.
    """
    characters = unicodedata.normalize("NFKC", name)
    written = []
    for index, character in enumerate(characters):
        if not (character.isalnum() or unicodedata.category(character).startswith("M")):
            written.append("_")
            continue
        if _starts_word(characters, index):
            written.append("_")
        written.append(character.lower())
    # Lower-casing can leave combining marks out of order, hence once more.
    joined = unicodedata.normalize("NFKC", "".join(written))
    words = "_".join(filter(None, joined.split("_")))
    return words if words and not words[0].isdigit() else f"_{words}"


def zone(name: str | None) -> tzinfo | None:
    """Return the time zone of that name.

    Args:
        name: An IANA name such as ``US/Pacific``, ``UTC``, or an offset such as
            ``GMT-08:00`` or ``+05:30``.

    Returns:
        The zone, or None where there is none of that name.
    """
    return _zone(name.strip()) if isinstance(name, str) else None


def _moment_of_epoch(value: int) -> str | None:
    """Return the moment of epoch milliseconds or seconds; None for 0 and -1."""
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
        raise Unconvertible(to="a moment in the years 1 to 9999") from None


def _moment_of_fraction(value: float | Decimal) -> str | None:
    """Return the moment of an epoch number that may have a fraction; None for 0 and -1."""
    # The range comes first: the integer of a large exponent takes all memory there is.
    if not math.isfinite(value) or not _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
        raise Unconvertible(to="a moment")
    if value in {0, -1}:
        return None
    is_seconds = -MILLISECONDS_FROM < value < MILLISECONDS_FROM
    return _utc_text(round(value * 1000 if is_seconds else value))


def _moment_of_text(value: str, account_zone: tzinfo | None) -> str | None:
    """Return the moment of a text that is not digits only."""
    plain = value.strip()
    if not plain or plain == "-1":
        return None
    if len(plain) > _LONGEST_MOMENT:
        raise Unconvertible(to="a moment")
    if _NUMBER.fullmatch(plain):
        return _moment_of_fraction(Decimal(plain))
    milliseconds = _milliseconds_of_text(plain, account_zone)
    if milliseconds is None:
        raise Unconvertible(to="a moment, or its time zone is not known")
    return _utc_text(milliseconds)


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
                raise Unconvertible(to="a date that exists") from None
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


def _numeral(value: str) -> int | Decimal | None:
    """Return the number that a text spells out exactly; None for a blank text."""
    plain = value.strip()
    if not plain:
        return None
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise Unconvertible(to="a number")
    return int(plain) if _WHOLE_NUMBER.fullmatch(plain) else Decimal(plain)


def _within_64_bits(value: int) -> int:
    """Return an integer that fits a warehouse column."""
    if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    raise Unconvertible(to="an integer of 64 bits")


def _whole(value: float | Decimal) -> int:
    """Return a number without a fraction as an integer."""
    # The range comes first: the integer of a large exponent takes all memory there is.
    if math.isfinite(value) and _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
        whole = int(value)
        if whole == value:
            return whole
    raise Unconvertible(to="a whole number of 64 bits")


def _digits(value: int) -> str:
    """Return the decimal digits of an integer."""
    try:
        return str(value)
    except ValueError:
        # Python refuses to write integers of more than 4,300 digits.
        raise Unconvertible(to="an integer of fewer than 4,300 digits") from None


def _has_surrogates(value: str) -> bool:
    """Return whether a text holds halves of characters, which UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _starts_word(characters: str, index: int) -> bool:
    """Return whether a capital letter inside a name starts a word of it."""
    if index == 0 or not _is_capital(characters[index]):
        return False
    if not _is_capital(characters[index - 1]):
        return characters[index - 1].isalnum()
    # In URLString the S starts a word; the L of URLs does not, its s being a plural.
    following = characters[index + 1 : index + 3]
    if not following or not following[0].isalpha() or _is_capital(following[0]):
        return False
    return following[0] != "s" or (len(following) > 1 and following[1].islower())


def _is_capital(character: str) -> bool:
    """Return whether a character has a lower case and is not it."""
    return character != character.lower()
