"""What is known of ``createdafter``, the date filter of the lists that Act-On keeps itself.

Whether it takes seconds or milliseconds is not certain: the older pages of the Act-On
developer site disagree. Nor is it documented which timestamp of a row it compares. So it is
tried on a list of which all rows are known, and what is found out is kept in the state.
"""

from __future__ import annotations

import heapq
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from tap_acton.records.reader import UNKNOWN_TIMESTAMP
from tap_acton.records.timestamps import milliseconds_of, timestamp, timestamp_of
from tap_acton.records.values import Unconvertible

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED_AFTER_STATE = "createdafter"

UNITS = {"seconds": 1000, "milliseconds": 1}
"""The milliseconds of each unit that the filter may take, in the order in which it is tried.

Seconds come first, as they can do no harm: to a server that takes milliseconds they are a
timestamp in 1970, after which everything was created.
"""

NO_UNIT = "none"
"""Stands for a filter that is ignored, refused, or compares something else."""

HOLDS = timedelta(days=14)
"""How long to rely on what was found out, before the whole list is read again.

It has to be shorter than the thirty days that these lists go back at least: a row that the
filter should have kept back all the same is then still emitted.
"""

MARGIN = timedelta(days=1)
"""How much earlier than needed to ask: for a server that has another idea of the zone."""


class RowKey(NamedTuple):
    """What identifies a row; the latest comes last.

    Attributes:
        timestamp: Its timestamp, as the tap writes timestamps.
        email: Its address.
    """

    timestamp: str
    email: str


@dataclass(frozen=True, slots=True)
class CreatedAfter:
    """What the answers of a list have shown of its filter.

    Attributes:
        unit: One of UNITS; NO_UNIT where the filter is of no use.
        found_at: When that was found out, as the tap writes timestamps.
        pages: How many pages the whole list had by then.
        latest: The timestamp of the latest row that was read: an answer without it is not to
            be trusted.
    """

    unit: str
    found_at: str
    pages: int
    latest: str

    @classmethod
    def of_state(cls, state: Mapping[str, Any], now: datetime) -> Self | None:
        """Read what a stream's state keeps of its filter.

        Args:
            state: The state of the stream.
            now: When the run began.

        Returns:
            What it keeps; None where that is nothing, or too old to be relied on.
        """
        match state.get(CREATED_AFTER_STATE):
            case {
                "unit": str(unit),
                "found_at": str(found_at),
                "pages": int(pages),
                "latest": str(latest),
            } if unit in {*UNITS, NO_UNIT} and _are_timestamps(found_at, latest):
                age = now - datetime.fromisoformat(found_at)
                if timedelta(0) <= age < HOLDS:
                    return cls(unit, found_at, pages, latest)
        return None

    def state(self) -> dict[str, Any]:
        """Give what a later run needs.

        Returns:
            The attributes, for the state.
        """
        return asdict(self)

    def asked_from(self, since: str | None) -> str | None:
        """Say from which timestamp to ask, so that the latest row is among the answer's.

        Args:
            since: The timestamp from which rows are wanted; None for all of them.

        Returns:
            The timestamp, as the tap writes timestamps; None for asking without the filter.
        """
        if since is None or self.unit == NO_UNIT:
            return None
        return timestamp_of(datetime.fromisoformat(min(since, self.latest)) - MARGIN)

    def reached(self, latest: RowKey) -> Self:
        """Note how far the list has been read.

        Args:
            latest: The latest row.

        Returns:
            The same with the timestamp of that row.
        """
        return replace(self, latest=latest.timestamp)


def filter_of(unit: str, asked_from: str) -> dict[str, str | int]:
    """Give the query parameter that asks for what was created after a timestamp.

    Args:
        unit: One of UNITS.
        asked_from: The timestamp; whether the answer includes it is not documented.

    Returns:
        The parameter.
    """
    return {"createdafter": milliseconds_of(asked_from) // UNITS[unit]}


class RowsSeen:
    """What has to be known of the rows of a list to judge its filter; memory stays flat.

    Args:
        kept: How many of the latest rows to keep.
        awaited: The timestamp of a row that has to be among them, if one is known.

    Attributes:
        pages: How many pages were read.
        has_awaited: Whether that row was among them.
        earliest: The timestamp of the earliest row; empty for none.
        is_dated: Whether all rows have a timestamp.
    """

    def __init__(self, kept: int, awaited: str = "") -> None:
        self.pages = 0
        self.has_awaited = False
        self.earliest = ""
        self.is_dated = True
        self._kept = kept
        self._awaited = awaited
        self._latest: list[RowKey] = []

    def add(self, row: RowKey) -> None:
        """Note a row.

        Args:
            row: The row.
        """
        if row.timestamp == UNKNOWN_TIMESTAMP:
            self.is_dated = False
            return
        self.has_awaited = self.has_awaited or row.timestamp == self._awaited
        self.earliest = min(self.earliest or row.timestamp, row.timestamp)
        if len(self._latest) < self._kept:
            heapq.heappush(self._latest, row)
        else:
            heapq.heappushpop(self._latest, row)

    @property
    def latest(self) -> list[RowKey]:
        """The latest rows, the earliest of them first."""
        return sorted(self._latest)


def _are_timestamps(*texts: str) -> bool:
    """Tell whether texts are timestamps as the tap writes them."""
    try:
        return all(timestamp(text, UTC) == text for text in texts)
    except Unconvertible:
        return False
