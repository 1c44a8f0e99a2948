"""Keys of rows that come without one, so that none takes the place of another in a warehouse."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from tap_acton.errors import RejectedCallError
from tap_acton.records.ids import IdNumbers
from tap_acton.records.reader import UNKNOWN
from tap_acton.records.timestamps import timestamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_acton.records.reader import Record

A_DAY = timedelta(days=1)
FIRST_DAY = date(1900, 1, 1)
DAYS = (date(1970, 1, 1) - FIRST_DAY).days


class OwnKeys:
    """Makes what is missing of keys, for the records of one response.

    It is made of the record itself, so it is the same in every run as long as the record is. Rows
    that are the same in all else are numbered.

    Args:
        formats: The formats of the columns of the key; empty for a text.
    """

    def __init__(self, formats: Mapping[str, str]) -> None:
        self._unknown = {column: UNKNOWN.get(held, "") for column, held in formats.items()}
        self._formats = formats
        self._numbers = IdNumbers()

    def keyless(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that lack a part of their key."""
        places: set[int] = set()
        for column, unknown in self._unknown.items():
            values = [record[column] for record in records]
            if not all(values) or unknown in values:
                places.update(n for n, value in enumerate(values) if value in {None, unknown})
        return [records[place] for place in sorted(places)]

    def fill(self, records: Iterable[Record]) -> None:
        """Make what is missing: for an id its fingerprint, for a time one on January 1, 1970.

        A day that is missing becomes one before 1970.
        """
        for record in records:
            missing = [
                name for name, unknown in self._unknown.items() if record[name] in {None, unknown}
            ]
            rest = {
                name: value
                for name, value in record.items()
                if value is not None and name not in missing
            }
            own = self._numbers.next_id(msgspec.json.encode(rest, order="sorted").decode())
            for name in missing:
                record[name] = _in_format(self._formats[name], own)


class NoKeyError(RejectedCallError):
    """No row of a response has a key."""


def unknown_shape(subject: str, missing: Iterable[str]) -> NoKeyError:
    """Say that a response of which no row has a key cannot be what Act-On documents."""
    return NoKeyError(
        f"{subject}: no row of Act-On's response has {' and '.join(missing)}, so it is not what is "
        "documented: please report this line, and what tap-acton-check --capture FILE writes."
    )


def _in_format(name: str, own: str) -> str:
    number = int(own, 16)
    match name:
        case "date-time":
            milliseconds = number % (A_DAY // timedelta(milliseconds=1))
            return timestamp_of(
                datetime.fromisoformat(UNKNOWN[name]) + timedelta(milliseconds=milliseconds)
            )
        case "date":
            return (FIRST_DAY + number % DAYS * A_DAY).isoformat()
    return own
