"""How busy the days of a year and of a week are for a company that sells to companies."""

from __future__ import annotations

from datetime import date, timedelta

_MONTHS = (1.05, 1.1, 1.2, 1.1, 1.05, 0.95, 0.7, 0.45, 1.2, 1.25, 1.15, 0.55)
_WEEKDAYS = (0.19, 0.23, 0.22, 0.2, 0.12, 0.02, 0.02)


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the nth Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def share_of_week(day: date) -> float:
    """Return which part of an ordinary week's business a day brings."""
    return _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()]
