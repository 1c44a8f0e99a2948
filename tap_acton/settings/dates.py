"""Dates and durations as settings write them, and what they mean in one run.

A date may be a day, a timestamp, a time before now or a calendar word; a duration is an ISO
8601 one. Timestamps are in UTC, truncated to milliseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pendulum import DateTime

_AGO = re.compile(
    r"(?P<count>\d+|an?) (?P<unit>second|minute|hour|day|week|month|quarter|year)s? ago", re.ASCII
)
_DURATION = re.compile(
    r"P(?=[\dT])(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
_CALENDAR_WORDS = {
    "today": ("day", 0),
    "yesterday": ("day", -1),
    "tomorrow": ("day", 1),
    **{f"this {unit}": (unit, 0) for unit in ("week", "month", "quarter", "year")},
    **{f"last {unit}": (unit, -1) for unit in ("week", "month", "quarter", "year")},
}


def stretch(value: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last timestamp of what a date setting names.

    They are the same unless it names a day or another stretch of the calendar.

    Raises:
        ValueError: If the text is not a date.
        OverflowError: If it is outside of the years 1 to 9999.
    """
    words = " ".join(value.lower().split())
    if words in _CALENDAR_WORDS:
        return _calendar_stretch(*_CALENDAR_WORDS[words], now)
    if words == "now":
        timestamp = now
    elif ago := _AGO.fullmatch(words):
        count = 1 if ago["count"] in {"a", "an"} else int(ago["count"])
        timestamp = _before(now, **_length(ago["unit"], count))
    elif words.startswith("p"):
        timestamp = _before(now, **_parts(words))
    else:
        try:
            day = date.fromisoformat(words.upper())
        except ValueError:
            timestamp = datetime.fromisoformat(words.upper())
            timestamp = (
                timestamp.astimezone(UTC) if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
            )
        else:
            return _at(day, time.min), _at(day, time.max)
    timestamp = to_millisecond(timestamp)
    return timestamp, timestamp


def duration(value: str, now: datetime) -> timedelta:
    """Return the length of an ISO 8601 duration, with months and years counted back from now.

    Raises:
        ValueError: If the text is not a duration, or has fractions.
        OverflowError: If it leads outside of the years 1 to 9999.
    """
    return now - _before(now, **_parts(value))


def to_millisecond(timestamp: datetime) -> datetime:
    """Truncate a timestamp to milliseconds, as all timestamps of the tap are."""
    return timestamp.replace(microsecond=timestamp.microsecond // 1000 * 1000)


def _calendar_stretch(unit: str, offset: int, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last timestamp of a day, week, month, quarter or year.

    The offset is 0 for the current one, -1 for the one before, 1 for the next.
    """
    first = _calendar(now).start_of("month" if unit == "quarter" else unit)
    if unit == "quarter":
        first = first.subtract(months=(first.month - 1) % 3)
    first = first.add(**_length(unit, offset))
    last = first.add(**_length(unit, 1)).subtract(days=1)
    return _at(first, time.min), _at(last, time.max)


def _length(unit: str, count: int) -> dict[str, int]:
    """Return a length of time as pendulum's arguments; pendulum knows no quarters."""
    return {"months": 3 * count} if unit == "quarter" else {f"{unit}s": count}


def _parts(value: str) -> dict[str, int]:
    """Return the parts of an ISO 8601 duration, or raise ValueError if it is not one."""
    found = _DURATION.fullmatch(value.upper())
    if found is None:
        message = "This is not an ISO 8601 duration."
        raise ValueError(message)
    return {name: int(count) for name, count in found.groupdict("0").items()}


def _before(now: datetime, *, years: int = 0, months: int = 0, **exact: int) -> datetime:
    """Return the timestamp a length of time ago, in UTC.

    Args:
        now: When to count from.
        years: Calendar years.
        months: Calendar months; the 31st becomes the last day of a shorter month.
        **exact: Units of fixed length, as arguments of timedelta.
    """
    if years or months:
        now = datetime.combine(_calendar(now).subtract(years=years, months=months), now.timetz())
    return now - timedelta(**exact)


def _calendar(now: datetime) -> DateTime:
    # This import takes a tenth of a second, so only runs that name such a date pay for it.
    import pendulum  # noqa: PLC0415

    return pendulum.instance(now)


def _at(day: date, time_of_day: time) -> datetime:
    """Return a time of a day, in UTC."""
    return to_millisecond(datetime.combine(day, time_of_day, UTC))
