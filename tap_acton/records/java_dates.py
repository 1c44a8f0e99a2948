"""Dates in a format that is written in the letters of Java, such as ``dd/MM/yyyy HH:mm``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tap_acton.records.timestamps import day, timestamp, timestamp_of
from tap_acton.records.values import Unconvertible

_ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_FORMAT = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_DIRECTIVES = {
    **dict.fromkeys(("yyyy", "uuuu", "YYYY"), "%Y"),
    **dict.fromkeys(("yy", "uu", "YY"), "%y"),
    **dict.fromkeys(("MM", "M"), "%m"),
    "MMM": "%b",
    "MMMM": "%B",
    **dict.fromkeys(("dd", "d", "DD", "D"), "%d"),
    **dict.fromkeys(("HH", "H"), "%H"),
    **dict.fromkeys(("hh", "h"), "%I"),
    **dict.fromkeys(("mm", "m"), "%M"),
    **dict.fromkeys(("ss", "s"), "%S"),
    **dict.fromkeys(("SSS", "SS", "S"), "%f"),
    "a": "%p",
    "EEE": "%a",
    "EEEE": "%A",
    **dict.fromkeys(("X", "XX", "XXX", "Z", "ZZ"), "%z"),
}
"""What Java's letters are in Python."""

_YEAR_MONTH_AND_DAY = ({"%Y", "%y"}, {"%m", "%b", "%B"}, {"%d"})


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format of dates, and of times of day where it has them.

    Attributes:
        directives: The format as Python writes it; None if it cannot be understood, or does
            not name year, month and day once each.
    """

    directives: str | None

    @classmethod
    def of(cls, written: Any) -> DateFormat | None:
        """Read a format such as ``dd/MM/yyyy HH:mm``; None if none is given."""
        if not isinstance(written, str) or not written.strip():
            return None
        parts: list[str] = []
        used: list[str] = []
        for found in _FORMAT.finditer(written.strip()):
            if found["letters"] is None:
                parts.append((found["other"] or found["quoted"] or "'").replace("%", "%%"))
                continue
            directive = _DIRECTIVES.get(found["letters"])
            if directive is None or directive in used:
                return cls(None)
            used.append(directive)
            parts.append(directive)
        is_whole = all(len(wanted.intersection(used)) == 1 for wanted in _YEAR_MONTH_AND_DAY)
        return cls("".join(parts) if is_whole else None)

    def read(self, value: str) -> datetime:
        """Read a date; a text without a zone is in UTC.

        Raises:
            Unconvertible: If the format cannot be understood, or the text does not have it.
        """
        if self.directives is None:
            # Read in another way, the day could be taken for the month.
            raise Unconvertible
        try:
            found = datetime.strptime(value.strip(), self.directives)  # noqa: DTZ007 - the zone follows
        except ValueError:
            raise Unconvertible from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def day_in(value: Any, date_format: DateFormat | None) -> str | None:
    """Return a calendar day such as ``2026-03-17``; of epoch numbers the day in UTC.

    A text is read as ISO 8601 first, then in its format; without one, as Act-On displays dates.

    Raises:
        Unconvertible: If the value is not a date.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        at = timestamp(value, UTC)
        return at and at[:10]
    if not isinstance(value, str) or not value.strip():
        return day(value)
    if iso := _ISO_DAY.fullmatch(value.strip()):
        return day(iso[1])
    return day(value) if date_format is None else date_format.read(value).date().isoformat()


def timestamp_in(value: Any, date_format: DateFormat | None) -> str | None:
    """Return a timestamp in UTC; a text is read in the same order as by :func:`day_in`.

    Raises:
        Unconvertible: If the value is not a timestamp.
    """
    written = value.strip() if isinstance(value, str) else ""
    if date_format is None or not written or _ISO_DAY.fullmatch(written):
        return timestamp(value, UTC)
    return timestamp_of(date_format.read(written))
