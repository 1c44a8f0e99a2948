"""Numbers, days and periods as a reader gets them; ``page.js`` words them the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from report.database import EPOCH

NOTHING = "\N{EN DASH}"
"""Stands for a number that is not known, such as a rate where nothing was sent."""

TOO_MANY_TIMES = 10
"""Beyond this, a change in percent says nothing."""

MOST_LETTERS = 80
"""Of a name within a sentence."""

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
MINUTES_PER_DAY = HOURS_PER_DAY * MINUTES_PER_HOUR


def number(value: float | None, unit: str) -> str:
    """Word a number.

    Args:
        value: The number; None if it is not known.
        unit: ``count``, ``rate`` (1 is 100%), ``minutes`` or ``day``.
    """
    if value is None:
        return NOTHING
    match unit:
        case "rate":
            return percent(value)
        case "minutes":
            return duration(value)
        case "day":
            return day(int(value))
        case _:
            return f"{value:,.0f}"


def percent(value: float) -> str:
    """Word a rate, with two decimals where one would say little."""
    return f"{_rounded(value * 100, _decimals(value))}%"


def points(value: float) -> str:
    """Word the difference of two rates, in percentage points."""
    words = _rounded(abs(value) * 100, _decimals(value))
    return f"{_sign(value)}{words} points"


def change(now: float, before: float) -> str:
    """Word the relative change of a count."""
    if now > TOO_MANY_TIMES * before:
        return "More than ten times as many"
    return f"{_sign(now - before)}{_rounded(abs(now - before) / before * 100, 0)}%"


def duration(minutes: float) -> str:
    """Word a time in the unit that fits."""
    if minutes < 2 * MINUTES_PER_HOUR:
        return f"{_rounded(minutes, 0)} min"
    if minutes < 2 * MINUTES_PER_DAY:
        return f"{_rounded(minutes / MINUTES_PER_HOUR, 1)} h"
    return f"{_rounded(minutes / MINUTES_PER_DAY, 1)} days"


def age(hours: int) -> str:
    """Word how old something is, in whole days from two on."""
    return f"{hours} hours" if hours < 2 * HOURS_PER_DAY else f"{hours // HOURS_PER_DAY:,} days"


def day(value: int) -> str:
    """Word a day, as in ``Nov 30, 2026``."""
    one = EPOCH + timedelta(days=value)
    return f"{one:%b} {one.day}, {one.year}"


def time(value: str) -> str:
    """Word a time in UTC, as in ``Nov 30, 2026, 11:46 UTC``."""
    one = datetime.fromisoformat(value)
    return f"{one:%b} {one.day}, {one.year}, {one:%H:%M} UTC"


def iso(value: int) -> str:
    """Return a day as inputs of a form have it."""
    return (EPOCH + timedelta(days=value)).isoformat()


def shortened(name: str) -> str:
    """Cut a long name."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _sign(value: float) -> str:
    return "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else "±"


def _decimals(rate: float) -> int:
    # 0.08%, not 0.1%: complaints are alarming at 0.3%.
    return 1 if rate == 0 or abs(rate) >= 0.01 else 2  # noqa: PLR2004 - a percent


def _rounded(value: float, decimals: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
