"""Where the new rows of a drilldown of several pages must be, and what proves that they are.

A drilldown has no filter by date, and the order of its rows is not documented. So a whole
reading notes whether the oldest or the newest came first; where neither did, the drilldown
is always read whole. Where one did, the next run asks for the rows behind the known ones,
and for some of these. They are taken for all that is new if

- the known ones among them are those that stood there,
- all others are later than anything known, so that none of them can be known,
- and there are as many of them as the total has grown by.

As long as no row was taken away, these are then all new rows, whatever the order. A row that
was taken away shows as well, unless another one came late, into the midst of the known ones,
at the same time; the counter of the report would hide that too. Hence a drilldown is read
whole every so often all the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from tap_acton.records.timestamps import is_timestamp
from tap_acton.records.values import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

Identity: TypeAlias = "tuple[str | None, ...]"
"""What identifies an event."""

Seen: TypeAlias = "tuple[str | None, Identity]"
"""Of an event when it happened, and what identifies it."""

OVERLAP = 5
"""So many known rows are asked for again."""

PRINT_LENGTH = 12
"""Characters of the digest of these rows: 48 bits."""

HIGHEST = "~"
"""A text behind all timestamps."""

FIRST_IN_STATE = {True: "newest", False: "oldest"}


@dataclass(frozen=True, slots=True)
class Border:
    """Where the known rows of a drilldown end.

    Attributes:
        rows: The number of known rows.
        is_newest_first: Whether new rows come before them; else behind them.
        newest: The latest timestamp of any of them.
        print: A digest of those next to where new rows come.
        whole_at: When all of them were last read.
    """

    rows: int
    is_newest_first: bool
    newest: str
    print: str
    whole_at: str

    @classmethod
    def of_text(cls, text: object) -> Border | None:
        """Read what the state keeps.

        Args:
            text: The text.

        Returns:
            The border; None for anything else.
        """
        match text.split(" ") if isinstance(text, str) else ():
            case [rows, ("newest" | "oldest") as first, newest, digest, whole_at] if (
                rows.isdecimal() and int(rows) >= OVERLAP and is_timestamp(whole_at)
            ):
                return cls(int(rows), first == "newest", newest, digest, whole_at)
        return None

    @property
    def text(self) -> str:
        """The border as the state keeps it."""
        first = FIRST_IN_STATE[self.is_newest_first]
        return f"{self.rows} {first} {self.newest} {self.print} {self.whole_at}"

    @property
    def start(self) -> int:
        """The number of rows before the first one to ask for."""
        return 0 if self.is_newest_first else self.rows - OVERLAP

    def needed(self, total: int) -> int:
        """Tell how many rows to ask for.

        Args:
            total: How many rows there are now.

        Returns:
            The new ones, and some known ones; fewer than these if rows are gone.
        """
        return total - self.rows + OVERLAP

    def passed(self, found: Sequence[Seen], total: int) -> tuple[slice, Border] | None:
        """Find the new rows among those that were asked for, and move the border behind them.

        Args:
            found: What came from :attr:`start` on.
            total: How many rows there are now.

        Returns:
            Where the new rows are, and the border with these among the known rows; None where
            they are not proven to be all new ones.
        """
        needed = self.needed(total)
        if needed < OVERLAP or len(found) < needed:
            return None
        if self.is_newest_first:
            known, new = slice(needed - OVERLAP, needed), slice(0, needed - OVERLAP)
            nearest = found[:OVERLAP]
        else:
            known, new = slice(0, OVERLAP), slice(OVERLAP, None)
            nearest = found[-OVERLAP:]
        timestamps = [timestamp for timestamp, _ in found[new] if timestamp is not None]
        is_proven = (
            len(timestamps) == total - self.rows
            and min(timestamps, default=HIGHEST) > self.newest
            and self.print == _print_of(found[known])
        )
        if not is_proven:
            return None
        newest = max(timestamps, default=self.newest)
        return new, replace(self, rows=total, newest=newest, print=_print_of(nearest))


class Reading:
    """What a whole reading of a drilldown shows, row by row."""

    def __init__(self) -> None:
        self._rows = 0
        self._totals: set[int | None] = set()
        self._first: list[Seen] = []
        self._last: deque[Seen] = deque(maxlen=OVERLAP)
        self._before: str | None = None
        self._is_dated = True
        self._rises = False
        self._falls = False

    def turn_page(self, total: int | None) -> None:
        """Note what a page says of all of them.

        Args:
            total: The number of rows that it tells of; None where it tells none.
        """
        self._totals.add(total)

    def add(self, timestamp: str | None, identity: Identity) -> None:
        """Note a row.

        Args:
            timestamp: When the event happened, as the tap writes timestamps.
            identity: What identifies it.
        """
        self._rows += 1
        if len(self._first) < OVERLAP:
            self._first.append((timestamp, identity))
        self._last.append((timestamp, identity))
        before, self._before = self._before, timestamp
        if timestamp is None:
            self._is_dated = False
        elif before is not None and timestamp != before:
            self._rises = self._rises or timestamp > before
            self._falls = self._falls or timestamp < before

    def border(self, now: str) -> Border | None:
        """Tell where the known rows end.

        Args:
            now: When they were read.

        Returns:
            The border; None where the rows are in no order, have no timestamps, or are not as
            many as every page said.
        """
        is_whole = self._totals == {self._rows} and self._rows >= OVERLAP
        if not (is_whole and self._is_dated) or self._rises == self._falls:
            return None
        nearest = self._first if self._falls else [*self._last]
        newest = (self._first[0] if self._falls else self._last[-1])[0] or ""
        return Border(self._rows, self._falls, newest, _print_of(nearest), now)


def _print_of(rows: Sequence[Seen]) -> str:
    parts = (part for _, identity in rows for part in identity)
    return fingerprint(*parts)[:PRINT_LENGTH]
