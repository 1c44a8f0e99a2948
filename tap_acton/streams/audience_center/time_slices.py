"""Slices of time: a query that takes too many pages is cut into these.

The rows of a slice are known by when they last changed. A row that changes while the earlier
slices are read moves to a later one, and is read there.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from tap_acton.api.pagination import DEFAULT_PAGE_SIZE, FIRST_PAGE, Page
from tap_acton.records.reader import RecordReader
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.sync.retriever import MOST_READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tap_acton.streams.audience_center.stream import AudienceStream
    from tap_acton.sync.query import Outcome, Place, Query, Response

CONTACTS = "contacts"
"""The stream with the schema of contacts."""

MOST_PAGES = 100
"""A query of more pages is cut into slices: while it is read, too many rows would move."""

DAY_SECONDS = 86_400

DAYS = [2**power for power in range(13)]
"""So many days before now the slices begin and end: the older, the longer."""

DISPLAYED_SECONDS = 60
"""Some spellings of a date have no seconds, so it may be up to so much later than it says."""

AFTER, BEFORE = "updatedAfter", "updatedBefore"
"""The filters, which take seconds since 1970 (Act-On reference, 2024 edition)."""

OPEN = "~"
"""Stands for the end of a slice that has none; it comes behind all timestamps."""


@dataclass(frozen=True, slots=True)
class TimeSlice:
    """A span of time, in seconds since 1970.

    Attributes:
        begin: The first second; None for an open beginning.
        end: The second behind the last one; None for an open end.
    """

    begin: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, filters: Mapping[str, str | int]) -> TimeSlice:
        """Return the slice of a query, by its parameters."""
        begin, end = filters.get(AFTER), filters.get(BEFORE)
        return cls(None if begin is None else int(begin) + 1, None if end is None else int(end))

    @property
    def filters(self) -> dict[str, str | int]:
        """The query parameters.

        Whether a filter includes the second that it names, and whether it compares anything
        finer, is not documented. So the second before a slice may be in both.
        """
        named = {AFTER: None if self.begin is None else self.begin - 1, BEFORE: self.end}
        return {name: second for name, second in named.items() if second is not None}

    def excludes(self, second: int | None) -> bool:
        """Tell whether what changed at a second is certainly outside of the slice."""
        if second is None:
            return False
        is_before = self.begin is not None and second + DISPLAYED_SECONDS < self.begin - 1
        return is_before or (self.end is not None and second > self.end)

    @property
    def place(self) -> Place:
        """The place of its query: behind it, all that changed before its end was read."""
        return (OPEN if self.end is None else _written(self.end),)

    @property
    def subject(self) -> str:
        """What it holds, for messages; empty if that is everything."""
        if self.begin is not None:
            return f"changed from {_written(self.begin)}"
        return "" if self.end is None else f"changed before {_written(self.end)}"

    def cut(self, seconds: Iterable[int]) -> list[TimeSlice]:
        """Cut the slice at the seconds that lie within; empty if none does."""
        begin, end = self.begin or 0, math.inf if self.end is None else self.end
        within = sorted(second for second in seconds if begin < second < end)
        ends = [self.begin, *within, self.end]
        return [TimeSlice(*pair) for pair in pairwise(ends)] if within else []

    def halves(self, now: int) -> list[TimeSlice]:
        """Cut the slice in the middle; empty if it is too short."""
        return self.cut([((self.begin or 0) + (now + 1 if self.end is None else self.end)) // 2])

    def parts(self, now: int) -> list[TimeSlice]:
        """Cut the slice at :data:`DAYS`, or in the middle; empty if it is too short."""
        return self.cut(now - days * DAY_SECONDS for days in DAYS) or self.halves(now)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first page of a slice shows.

    Attributes:
        seconds: When each of its rows last changed; None for a row that does not say.
        total: How many rows there are in the slice; None if that is not reported.
    """

    seconds: Sequence[int | None]
    total: int | None

    @property
    def median(self) -> int | None:
        """The second with as many rows before as behind it; None if a row has none.

        Such a row may be in no slice at all.
        """
        known = sorted(second for second in self.seconds if second is not None)
        return known[len(known) // 2] if known and len(known) == len(self.seconds) else None


def is_heeded(at: int, whole: Sample, earlier: Sample, later: Sample) -> bool:
    """Return whether the halves hold the whole slice together, with no row in the wrong half.

    Args:
        at: The first second of the later part.
        whole: The first page of the whole slice.
        earlier: The first page of the earlier part.
        later: The first page of the later part.

    Returns:
        Whether there are rows, none is in the wrong part, and the totals of the parts make up
        that of the whole; without totals, whether the pages differ.
    """
    if any(second is None or second > at for second in earlier.seconds):
        return False
    if any(second is None or second + DISPLAYED_SECONDS < at - 1 for second in later.seconds):
        return False
    if whole.total is None or earlier.total is None or later.total is None:
        return earlier.seconds != later.seconds
    return min(earlier.total, later.total) < whole.total and not is_torn(whole, earlier, later)


def is_torn(whole: Sample, earlier: Sample, later: Sample) -> bool:
    """Tell whether two parts hold fewer rows than the whole, as if some moved meanwhile."""
    if whole.total is None or earlier.total is None or later.total is None:
        return False
    return earlier.total + later.total < whole.total


class Slicer:
    """Cuts a query for contacts that takes too many pages into slices, the oldest first.

    Args:
        stream: What requests the pages, and counts the calls.
        query_of: Makes the query for a slice.
        most_pages: How many pages one query may take.
    """

    def __init__(
        self, stream: AudienceStream, query_of: Callable[[TimeSlice], Query], most_pages: int
    ) -> None:
        self._stream = stream
        self._query_of = query_of
        self._most_pages = most_pages
        self._is_heeded: bool | None = None
        self._counts_all = False  # whether the total of a slice counts all contacts

    def follow_ups(self, response: Response) -> Iterable[Query]:
        """Return the slices to read in the place of a query, by its first page; often none.

        Runs in a worker thread, and not in several before the filters have proved themselves.
        """
        if self._stream.is_older or not self._is_large(response):
            return ()
        if self._is_heeded is None:
            self._is_heeded = self._proves_filters(response)
        if not self._is_heeded:
            return ()
        return map(self._query_of, TimeSlice.of(response.query.parameters).parts(self._now))

    def with_total(self, response: Response) -> Response:
        """Leave out a total that counts the contacts outside of a slice, too."""
        is_total = not self._counts_all or TimeSlice.of(response.query.parameters) == TimeSlice()
        return response if is_total else replace(response, total=None)

    def instead(self, outcome: Outcome) -> Query | None:
        """Say what to read where a slice has fewer contacts than its total says.

        If that is the total of all contacts, of which some are outside of the slice, it is ignored
        for the rest of the run, and the slice is read up to an empty page. If none outside is at
        hand, all contacts are read.
        """
        query, total = outcome.query, outcome.total
        span = TimeSlice.of(query.parameters)
        is_doubtful = outcome.evidence is None and outcome.problem is None and total is not None
        if not is_doubtful or span == TimeSlice():
            return None
        everything = self._query_of(TimeSlice())
        whole = self._stream.fetch(everything, FIRST_PAGE)
        if whole.total != total:
            return None
        if not any(map(span.excludes, self._sample(whole).seconds)):
            return replace(query, parameters=everything.parameters)
        self._counts_all = True
        self._stream.log(
            "Even with a date filter, Act-On's total counts all contacts: it is ignored for the "
            "rest of this run."
        )
        return query

    def _is_large(self, response: Response) -> bool:
        """Tell whether more pages follow than are to be read in one query.

        Without a total, a call for the first page too many shows it, if the one at hand may
        have been cut.
        """
        rows, size, total = len(response.rows), response.page.size, response.total
        step, most = min(rows, size), self._most_pages
        # A total of just the rows that came may be no more than their number.
        if total is not None and not total == rows == size:
            return total > most * step > 0
        if not rows or (rows < size and rows % DEFAULT_PAGE_SIZE):
            return False
        further = self._stream.fetch(response.query, Page(most * step, size=step)).rows
        return bool(further) and list(further) != list(response.rows)

    def _proves_filters(self, response: Response) -> bool:
        """Find out by two calls whether Act-On heeds the filters; say so if it does not."""
        span = TimeSlice.of(response.query.parameters)
        for _ in range(MOST_READINGS):
            whole = self._sample(response)
            halves = []
            if whole.median is not None:
                halves = span.cut([whole.median]) or span.halves(self._now)
            responses = [self._stream.fetch(self._query_of(half), FIRST_PAGE) for half in halves]
            if not responses or any(one.problem is not None for one in responses):
                break
            earlier, later = map(self._sample, responses)
            if is_heeded(halves[1].begin or 0, whole, earlier, later):
                return True
            if not is_torn(whole, earlier, later):
                break
            # Contacts may have moved from one half to the other, or been deleted.
            response = self._stream.fetch(response.query, FIRST_PAGE)
        self._stream.log(
            "Act-On does not prove that it filters by the time of a change, so all contacts "
            "are read in one query. If that takes more than a day's calls, it starts over.",
            level=logging.WARNING,
        )
        return False

    def _sample(self, response: Response) -> Sample:
        self._times.learn(response.rows)
        changes = [record["updated_at"] for record in self._times.records(response.rows)]
        return Sample([change and second_of(change) for change in changes], response.total)

    @property
    def _now(self) -> int:
        return int(self._stream.run.started_at.timestamp())

    @cached_property
    def _times(self) -> RecordReader:
        """Reads of a contact only when it last changed."""
        column = {"updated_at": SCHEMAS.get_schema(CONTACTS)["properties"]["updated_at"]}
        return RecordReader({"properties": column}, zone=self._stream.run.zone)


def second_of(timestamp: str) -> int:
    """Return the second of a timestamp, since 1970."""
    return milliseconds_of(timestamp) // 1000


def _written(second: int) -> str:
    return timestamp_of(datetime.fromtimestamp(second, UTC))
