"""Timestamps moved by one amount, each in the spelling in which it came."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from tap_acton.records.zones import ABBREVIATIONS, UTC_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

SAMPLE_ZONE = "US/Pacific"
"""Stands for every zone with a name: the one of Act-On's own samples."""

_SECONDS = range(1_000_000_000, 2_200_000_000)
"""The years 2001 to 2039: all of them have ten digits, and in milliseconds thirteen."""

ONE_TIME = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
"""What every timestamp becomes that must not show by how much the others are moved."""

_HALF_SECOND = 500
_MINUTE = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Spelled out, since those of Python follow the language of the machine.
_LONG_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTHS = tuple(month[:3] for month in _LONG_MONTHS)
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS = tuple(day[:3] for day in _LONG_DAYS)
_LEAP_YEAR = 2024
"""The year of a day that names none: it has every day that a year can have."""

_MOST_MONTHS = 12
_ABBREVIATIONS = frozenset({*UTC_NAMES, *ABBREVIATIONS, "AST", "BST", "IST"})
_OFFSETS = frozenset(
    f"{hours:02}{minutes}" for hours in range(15) for minutes in ("00", "15", "30", "45")
)
"""How far from UTC a zone can be. Anything else behind a time is a number of the account."""

_CLOCK = (
    r"(?:(?P<before>T|,? )(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)"
    r"(?P<fraction>[.,]\d{1,9})?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:Z|(?:UTC|GMT)?[+-]\d\d:?\d\d|[A-Z]{2,5}|[A-Z][A-Za-z_]*/[A-Za-z0-9_/+-]+))?)?"
)
_WEEKDAY = r"(?:(?P<weekday>[A-Z][a-z]{2,8}),? )?"
_DATES = (
    r"(?P<year>\d{4})(?P<between>[-/])(?P<month>\d{1,2})(?P=between)(?P<day>\d{1,2})",
    r"(?P<first>\d{1,2})(?P<between>[/.-])(?P<other>\d{1,2})(?P=between)(?P<year>\d{4})",
    _WEEKDAY + r"(?P<name>[A-Z][a-z]{2,8}) (?P<day>\d{1,2})(?:,? (?P<year>\d{4}))?",
    r"(?P<name>[A-Z][a-z]{2,8}) (?P<year>\d{4})",
)
_TEXTS = tuple(re.compile(date + _CLOCK, re.ASCII) for date in _DATES)


def is_epoch(number: int, *, in_seconds: bool) -> bool:
    """Return whether a number is most likely a timestamp.

    Args:
        number: The number.
        in_seconds: Whether it may be one in seconds; in milliseconds it always may.
    """
    return number // 1000 in _SECONDS or (in_seconds and number in _SECONDS)


def shifted_epoch(number: int, shift: timedelta | None) -> int:
    """Return a timestamp of the epoch, moved; of its milliseconds, only whether there are any.

    Args:
        number: It, in seconds or milliseconds.
        shift: By how much it is moved; None for :data:`ONE_TIME`.
    """
    whole, part = (number, 0) if number in _SECONDS else divmod(number, 1000)
    moved = round(ONE_TIME.timestamp()) if shift is None else max(_moved(whole, shift), _SECONDS[0])
    if number in _SECONDS:
        return moved
    return moved * 1000 + (_HALF_SECOND if part else 0)


def shifted_text(text: str, shift: timedelta | None) -> str | None:
    """Return a timestamp that is a text, moved; None if it is none.

    Args:
        text: The text.
        shift: By how much it is moved; None for :data:`ONE_TIME`.
    """
    for pattern in _TEXTS:
        found = pattern.fullmatch(text)
        if found:
            try:
                return _respelled(found, shift)
            except (ValueError, OverflowError):
                return None
    return None


def spelling(text: str) -> str:
    """Return in which way a timestamp is spelled: its numbers as 0, its words as A."""
    return re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "0", text))


def _moved(at: int, shift: timedelta) -> int:
    """Return a time, moved within the same minute as every other spelling of it.

    One spelling may have no seconds, so these do not reach into the minute before.

    Args:
        at: It, in seconds.
        shift: By how many minutes it is moved, and by how many seconds within its minute.
    """
    minute, second = divmod(at, _MINUTE)
    whole, part = divmod(abs(shift) // timedelta(seconds=1), _MINUTE)
    minutes = -whole if shift < timedelta() else whole
    return (minute + minutes) * _MINUTE + max(second - part, 0)


def _respelled(found: re.Match[str], shift: timedelta | None) -> str:
    parts = {name: value or "" for name, value in found.groupdict().items()}
    read = _read(parts)
    seconds = (read - _EPOCH) // timedelta(seconds=1)
    moved = ONE_TIME if shift is None else _EPOCH + timedelta(seconds=_moved(seconds, shift))
    text, start = "", found.start()
    for name, (begin, end) in _places(found):
        text += found.string[start:begin] + _WRITERS[name](parts, moved)
        start = end
    return text + found.string[start:]


def _places(found: re.Match[str]) -> list[tuple[str, tuple[int, int]]]:
    """Return where each part of a timestamp stands, from left to right."""
    places = ((name, found.span(name)) for name in _WRITERS if name in found.re.groupindex)
    return sorted((place for place in places if place[1][0] >= 0), key=lambda place: place[1])


def _read(parts: dict[str, str]) -> datetime:
    """Return when a timestamp was, as a clock in its own zone showed it."""
    month = parts.get("month") or ""
    day = parts.get("day") or ("" if "first" in parts else "1")
    if name := parts.get("name"):
        names = _MONTHS if name in _MONTHS else _LONG_MONTHS
        month = str(names.index(name) + 1)
    if "first" in parts:
        month, day = (
            (parts["other"], parts["first"])
            if int(parts["first"]) > _MOST_MONTHS
            else (parts["first"], parts["other"])
        )
    hour = int(parts["hour"] or 0)
    if half := parts["half"].strip().lower():
        hour = hour % 12 + 12 * (half == "pm")
    return datetime(
        int(parts.get("year") or _LEAP_YEAR),
        int(month),
        int(day),
        hour,
        int(parts["minute"] or 0),
        int(parts["second"] or 0),
        tzinfo=UTC,
    )


def _hour(parts: dict[str, str], moved: datetime) -> str:
    hour = (moved.hour % 12 or 12) if parts["half"] else moved.hour
    return _like(parts["hour"], hour)


def _like(given: str, number: int) -> str:
    """Write a number in two digits only where a single one was not written alone."""
    return str(number) if len(given) == 1 else f"{number:02}"


def _half(parts: dict[str, str], moved: datetime) -> str:
    half = "PM" if moved.hour >= 12 else "AM"  # noqa: PLR2004 - noon
    space = " " * parts["half"].startswith(" ")
    return space + (half if parts["half"].strip().isupper() else half.lower())


def _fraction(parts: dict[str, str], _: datetime) -> str:
    mark, digits = parts["fraction"][0], parts["fraction"][1:]
    return mark + (("5" if int(digits) else "0") + "0" * (len(digits) - 1))


def _zone(parts: dict[str, str], _: datetime) -> str:
    zone = parts["zone"].strip()
    if "/" in zone:
        _known(zone, zone_names())
        zone = SAMPLE_ZONE
    elif zone.isalpha():
        _known(zone, _ABBREVIATIONS)
    elif zone:
        _known(zone[-5:].replace(":", "").lstrip("+-"), _OFFSETS)
    return " " * parts["zone"].startswith(" ") + zone


def _known(zone: str, zones: Collection[str]) -> None:
    """Make sure that this is a zone.

    Raises:
        ValueError: If it is none, so that what stands there is a word of the account.
    """
    if zone not in zones:
        raise ValueError


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones, such as ``Europe/Paris``."""
    return frozenset(name for name in available_timezones() if "/" in name)


def _numbered(place: str) -> Callable[[dict[str, str], datetime], str]:
    """Write a month or a day, which one only the other may show: so neither is made doubtful."""

    def write(parts: dict[str, str], moved: datetime) -> str:
        first, other = int(parts["first"]), int(parts["other"])
        is_doubtful = max(first, other) <= _MOST_MONTHS
        day = min(moved.day, _MOST_MONTHS) if is_doubtful else max(moved.day, _MOST_MONTHS + 1)
        is_day = (place == "first") == (first > _MOST_MONTHS)
        return _like(parts[place], day if is_day else moved.month)

    return write


_WRITERS: dict[str, Callable[[dict[str, str], datetime], str]] = {
    "year": lambda _, moved: f"{moved.year:04}",
    "month": lambda parts, moved: _like(parts["month"], moved.month),
    "day": lambda parts, moved: _like(parts["day"], moved.day),
    "first": _numbered("first"),
    "other": _numbered("other"),
    "name": lambda parts, moved: (_MONTHS if parts["name"] in _MONTHS else _LONG_MONTHS)[
        moved.month - 1
    ],
    "weekday": lambda parts, moved: (_DAYS if len(parts["weekday"]) == 3 else _LONG_DAYS)[  # noqa: PLR2004 - Mon
        moved.weekday()
    ],
    "hour": _hour,
    "minute": lambda _, moved: f"{moved.minute:02}",
    "second": lambda _, moved: f"{moved.second:02}",
    "half": _half,
    "fraction": _fraction,
    "zone": _zone,
}
"""What writes each part of a timestamp."""
