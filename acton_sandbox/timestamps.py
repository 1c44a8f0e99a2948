"""Timestamps as the account sees them: epoch milliseconds and the display texts built from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE_NAME = "US/Pacific"
ZONE = ZoneInfo(ZONE_NAME)

START = date(2025, 1, 6)
"""The first day of every generated account's history."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Spelled out because strftime follows the locale of the machine.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
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
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def milliseconds(timestamp: datetime) -> int:
    """Return the epoch milliseconds of an aware timestamp."""
    return (timestamp - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def midnight(day: date) -> int:
    """Return the epoch milliseconds at which a UTC day begins."""
    return (day - date(1970, 1, 1)).days * DAY


def day_of(timestamp: int) -> date:
    """Return the UTC day of a timestamp."""
    return date(1970, 1, 1) + timedelta(days=timestamp // DAY)


def local(timestamp: int) -> datetime:
    """Return a timestamp as a datetime in the account's zone."""
    return datetime.fromtimestamp(timestamp / 1000, ZONE)


@lru_cache(maxsize=100_000)
def local_day_of_hour(hour: int) -> date:
    """Return the account's calendar day for an hour counted from the epoch.

    The zone's offsets are whole hours, so one look-up serves every timestamp of the hour.
    """
    return datetime.fromtimestamp(hour * 3600, ZONE).date()


def local_day(timestamp: int) -> date:
    """Return the account's calendar day of a timestamp."""
    return local_day_of_hour(timestamp // HOUR)


def clock_text(timestamp: datetime) -> str:
    """Return the twelve-hour clock text of a timestamp, for example `7:05 AM`."""
    half = "AM" if timestamp.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{timestamp.hour % 12 or 12}:{timestamp.minute:02d} {half}"


def display(timestamp: int) -> str:
    """Return a display time such as `Mar 17 2026 7:05 AM PDT`."""
    when = local(timestamp)
    return f"{MONTHS[when.month - 1]} {when.day} {when.year} {clock_text(when)} {when.tzname()}"


def display_with_offset(timestamp: int) -> str:
    """Return a display time such as `Mar 17 2026 7:05 AM GMT-07:00`."""
    when = local(timestamp)
    offset = when.strftime("%z")
    day = f"{MONTHS[when.month - 1]} {when.day} {when.year}"
    return f"{day} {clock_text(when)} GMT{offset[:-2]}:{offset[-2:]}"


def display_without_year(timestamp: int, *, offset_name: bool = False) -> str:
    """Return a display time such as `Tue Mar 17 7:05 AM PDT`, or with a `GMT-07:00` zone."""
    when = local(timestamp)
    zone = when.strftime("GMT%z") if offset_name else when.tzname()
    if offset_name:
        zone = f"{zone[:-2]}:{zone[-2:]}" if zone else zone
    day = f"{WEEKDAYS[when.weekday()]} {MONTHS[when.month - 1]} {when.day}"
    return f"{day} {clock_text(when)} {zone}"


def display_with_zone_name(timestamp: int) -> str:
    """Return a display time such as `Mar 17 2026 07:05 US/Pacific`."""
    when = local(timestamp)
    return f"{MONTHS[when.month - 1]} {when:%d %Y %H:%M} {ZONE_NAME}"


def display_without_zone(timestamp: int) -> str:
    """Return a display time such as `Tue Mar 17 2026, 07:05 AM`."""
    when = local(timestamp)
    day = f"{WEEKDAYS[when.weekday()]} {MONTHS[when.month - 1]} {when:%d %Y}"
    return f"{day}, {clock_text(when).rjust(8, '0')}"


def cell(timestamp: int) -> str:
    """Return the text of a date in a list cell, for example `2026-03-17 07:05:09 PDT`."""
    when = local(timestamp)
    return f"{when:%Y-%m-%d %H:%M:%S} {when.tzname()}"


def local_cell(timestamp: int) -> str:
    """Return the text of a date in a list cell that names no zone: `03/17/2026 7:05 AM`."""
    when = local(timestamp)
    return f"{when:%m/%d/%Y} {clock_text(when)}"


def ago(timestamp: int, now: int) -> str:
    """Return the relative words shown for a past timestamp, or an empty text for an unset one."""
    if not timestamp:
        return ""
    days = (local_day(now) - local_day(timestamp)).days
    if days <= 0:
        return "Today"
    return "1 day ago" if days == 1 else f"{days} days ago"


DATE_CELL_FORMATS = ("epoch", "iso", "zoned", "display")
"""The spellings in which created and modified dates appear in list cells."""


def date_cell(timestamp: int, style: str) -> str:
    """Return a created or modified date in one of the `DATE_CELL_FORMATS`."""
    match style:
        case "epoch":
            return str(timestamp)
        case "iso":
            when = datetime.fromtimestamp(timestamp / 1000, UTC)
            return f"{when:%Y-%m-%dT%H:%M:%S}.{timestamp % 1000:03d}Z"
        case "zoned":
            return cell(timestamp)
        case "display":
            return display(timestamp)
        case _:
            raise ValueError(f"unknown date format: {style}")
