"""The units of numbers that stand for timestamps, which are decided per field, never per value.

Act-On documents milliseconds for every such number, but not each field is documented. So another
unit counts where all values of a response show it, and then for the rest of the run: as long as
they are milliseconds, some value is larger than any second of this century and the next. A unit
that was chosen value by value would make 1972-06-01 in milliseconds the year 4384.
"""

from __future__ import annotations

import enum
import math
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from tap_acton.records.values import NUMERAL

if TYPE_CHECKING:
    from collections.abc import Sequence

Number: TypeAlias = "int | float | Decimal"


class Unit(enum.Enum):
    """What a number counts since 1970, or that it spells out a date."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    NANOSECONDS = "nanoseconds"
    CALENDAR = "calendar"
    """``20260317``, or ``20260317070509``."""


FROM_1900, FROM_2000, UNTIL_2200 = -2_208_988_800, 946_684_800, 7_258_118_400
"""Seconds since 1970 at which these years begin."""

FROM_9999, UNTIL_10000 = 253_370_764_800, 253_402_300_800
"""The seconds of the year that stands for "never" in many systems."""

YEARS = range(1900, 2200)
LONGEST = 64
CALENDAR_FORMATS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
"""The formats of dates that are spelled out, by their number of digits."""


class EpochUnits:
    """The units of the fields of one stream."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}

    def in_milliseconds(self, field: str, values: Sequence[object]) -> Sequence[object]:
        """Return the values of a field with their numbers in milliseconds, else as they are.

        A date that is spelled out becomes a text such as ``2026-03-17``.

        Args:
            field: The field, or what else stands for its unit.
            values: The values of a response, which show the unit if no earlier one has; of
                what was seen before, any part.
        """
        unit = self._units.get(field)
        if unit is Unit.MILLISECONDS:
            return values  # which fit whatever numbers there are
        # Texts of timestamps are frequent, and this is a quick way to tell them from numbers.
        candidates = [one for one in values if not isinstance(one, str) or ":" not in one]
        numbers = [number for one in candidates if (number := _number(one)) is not None]
        if not numbers:
            return values
        if unit is None or not _fits(numbers, unit):
            unit = self._units[field] = _unit_of(numbers)
        if unit is Unit.MILLISECONDS:
            return values
        return [
            one if (number := _number(one)) is None else _converted(number, unit) for one in values
        ]


def _unit_of(numbers: Sequence[Number]) -> Unit:
    """Return the unit that the numbers of a field show, or else the documented one."""
    if all(FROM_9999 <= one < UNTIL_10000 for one in numbers):
        return Unit.MILLISECONDS  # of 1978; "never" alone shows nothing
    others = (Unit.CALENDAR, Unit.SECONDS, Unit.MICROSECONDS, Unit.NANOSECONDS)
    return next((unit for unit in others if _fits(numbers, unit)), Unit.MILLISECONDS)


def _fits(numbers: Sequence[Number], unit: Unit) -> bool:
    """Return whether all numbers make timestamps that may be meant, if they have a unit."""
    match unit:
        case Unit.CALENDAR:
            return all(_spelled_out(number) is not None for number in numbers)
        case Unit.SECONDS:
            return all(
                FROM_1900 <= one < UNTIL_2200 or FROM_9999 <= one < UNTIL_10000 for one in numbers
            )
        case Unit.MICROSECONDS:
            return all(FROM_2000 * 10**6 <= one < UNTIL_2200 * 10**6 for one in numbers)
        case Unit.NANOSECONDS:
            return all(FROM_2000 * 10**9 <= one < UNTIL_2200 * 10**9 for one in numbers)
    return True


def _number(value: object) -> Number | None:
    """Return the number that a value is, or spells out; None for others, and for 0 and -1."""
    number: Number
    if isinstance(value, str):
        plain = value.strip()
        if len(plain) > LONGEST or not NUMERAL.fullmatch(plain):
            return None
        number = int(plain) if plain.isdecimal() else Decimal(plain)
    elif isinstance(value, float) and not math.isfinite(value):
        return None
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = value
    else:
        return None
    return None if number in {0, -1} else number


def _spelled_out(number: Number) -> str | None:
    """Return the date, and the time of day if there is one, that a number spells out."""
    try:
        digits = str(number)
        found = datetime.strptime(digits, CALENDAR_FORMATS[len(digits)])  # noqa: DTZ007 - has none
    except (KeyError, ValueError):
        return None
    is_day = len(digits) == min(CALENDAR_FORMATS)
    return (str(found.date()) if is_day else str(found)) if found.year in YEARS else None


def _converted(number: Number, unit: Unit) -> object:
    """Return a number in milliseconds, or the date that it spells out."""
    match unit:
        case Unit.CALENDAR:
            return _spelled_out(number)
        case Unit.SECONDS:
            return number * 1000
        case Unit.MICROSECONDS:
            return int(number // 10**3)
        case Unit.NANOSECONDS:
            return int(number // 10**6)
    return number
