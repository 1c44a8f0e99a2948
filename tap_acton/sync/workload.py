"""What is left to read of one stream, as far as that shows while it is read.

The forecast says how many calls the queries take that are due. Each first page then says how many
pages follow it, and what has been read says how many calls the rest is likely to take. So the
estimate costs no call, and gets better as the run goes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from tap_acton.sync.forecast import Forecast
    from tap_acton.sync.query import Query, Response

TRUST = 20
"""The forecast counts as much as so many calls that were foreseen and made."""


@dataclass(slots=True)
class _Begun:
    """A query that has begun, with those that are read in its place.

    Attributes:
        received: The pages that have come.
        to_come: The pages that are known to follow.
    """

    received: int = 0
    to_come: int = 0


class Workload:
    """What is left of one stream; responses may be noted from any thread.

    Attributes:
        forecast: What the stream was expected to take before it began; None where unknown.
        done: How many queries have had their outcome.
        rows: How many rows there are, as the first pages reported; 0 where none did.
    """

    def __init__(self) -> None:
        self.forecast: Forecast | None = None
        self.done = self.rows = 0
        self._units_begun = self._units_done = 0
        self._begun: dict[Hashable, _Begun] = {}
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether what is left is more than a guess."""
        return self.forecast is not None or bool(self._begun) or self.done > 0

    def received(self, response: Response, units: int) -> None:
        """Take note of a page.

        Args:
            response: The page.
            units: How many calls were foreseen for its query.
        """
        query, page, rows = response.query, response.page, len(response.rows)
        more = response.planned
        is_first = (page.offset, page.token) == (query.first.offset, query.first.token)
        left = (response.total or 0) - page.offset - rows
        if is_first and rows and left > 0:
            more = max(more, -(-left // rows))
        with self._lock:
            key = _key(query)
            begun = self._begun.get(key)
            if begun is None:
                begun = self._begun[key] = _Begun()
                self._units_begun += units
            begun.received += 1
            rest = max(0, begun.to_come - 1)
            begun.to_come = response.follow_ups + (rest + more if is_first else max(rest, more))
            if is_first and query.item is None:
                self.rows += response.total or 0

    def finished(self, query: Query, units: int) -> None:
        """Take note that a query has had its outcome."""
        with self._lock:
            self.done += 1
            if self._begun.pop(_key(query), None) is not None:
                self._units_done += units

    def calls_to_go(self, made: int, usual: float | None = None) -> float:
        """Return about how many calls are still to be made.

        Args:
            made: The calls that were made for the stream.
            usual: What a query takes, where that is known better than when it was foreseen.
        """
        forecast = self.forecast
        with self._lock:
            to_come = sum(begun.to_come for begun in self._begun.values())
            received = sum(begun.received for begun in self._begun.values())
            if forecast is None:
                return to_come if self.is_known else max(0, 1 - made)
            usual = forecast.calls / (forecast.units or 1) if usual is None else usual
            finished = max(0, made - received)
            each = (TRUST * usual + finished) / (TRUST + self._units_done)
            return max(0, forecast.units - self._units_begun) * each + to_come


def _key(query: Query) -> Hashable:
    """Return what a query has in common with those that are read in its place."""
    return query.place if query.item is None else id(query.item)
