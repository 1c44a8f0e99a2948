"""Reads queries in parallel and in order, each until it is proven whole or given up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, cast

from tap_acton.api.pagination import FIRST_PAGE
from tap_acton.sync.evidence import Endpoint, Evidence, Reading, RowSource
from tap_acton.sync.fan_out import in_order
from tap_acton.sync.query import Outcome, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Task, TaskOutcome
    from tap_acton.sync.query import Query

MOST_READINGS = 3
"""So often a query is read while its rows move or are missing."""

MOST_PAGES_AGAIN = 100
"""A sequence of more pages is not read again: rows would move while that goes on, too."""

FEW_IN_VAIN = 3
"""After so many queries in a row that were read again in vain, the next ones are read once."""


class Source(RowSource, Protocol):
    """What a retriever needs of a stream; nothing else of a stream is known here."""

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page; runs in a worker thread."""

    def follow_ups(self, response: Response) -> Iterable[Query]:
        """Say which queries are read in the place of one; runs in a worker thread."""

    def instead(self, outcome: Outcome) -> Query | None:
        """Give another form of a query that failed; None where its outcome counts."""

    def page_done(self, response: Response) -> None:
        """Take note that the records of a page have been taken."""


class Batch(NamedTuple):
    """Records of a query, some at a time."""

    query: Query
    records: Sequence[Record]


_Result: TypeAlias = tuple[Reading, Response]
"""A response, and the reading that takes it."""


@dataclass(slots=True)
class _Waiting:
    """A query that is over once those that are read in its place are."""

    outcome: Outcome
    left: int

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of one of them: the worst counts."""
        self.left -= 1
        whole = self.outcome
        is_worse = outcome.evidence is None and (whole.evidence is not None or outcome.is_refused)
        if is_worse and not whole.is_refused:
            whole = replace(whole, evidence=None, problem=outcome.problem)
        self.outcome = replace(whole, rows=whole.rows + outcome.rows)


class Retriever:
    """Reads the queries of one stream.

    Args:
        source: The stream.
        width: How many requests are under way at once.
        check: Called several times a second; what it raises ends the reading.
        endpoint: What the endpoint has shown to other retrievers of it, if there are any.
        on_response: Called with each response, in the thread that got it.
    """

    def __init__(
        self,
        source: Source,
        *,
        width: int = 4,
        check: Callable[[], None] = lambda: None,
        endpoint: Endpoint | None = None,
        on_response: Callable[[Response], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._on_response = on_response
        self._width = width
        self._slots = threading.BoundedSemaphore(width)
        self._check = check
        self._endpoint = Endpoint() if endpoint is None else endpoint
        self._in_vain = 0

    def read(self, queries: Iterable[Query]) -> Iterator[Batch | Outcome]:
        """Read queries.

        Args:
            queries: The queries, in the order in which they come out; taken as room comes up.

        Yields:
            The records of each query as they arrive, then its outcome. The outcome of a query
            in the place of which others are read follows theirs.

        Raises:
            ActOnError: If a request fails for a reason that concerns more than its query.
                Every query before it has had its outcome by then.
        """
        yield from self._read(queries, 0)

    def _read(
        self, queries: Iterable[Query], depth: int
    ) -> Generator[Batch | Outcome, None, Outcome | None]:
        waiting: list[_Waiting] = []
        outcome: Outcome | None = None
        for reading, response in self._responses(self._task(self._reading(one)) for one in queries):
            yield from self._take(reading, response)
            if reading.pending:
                continue
            level = depth + len(waiting)
            if response.follow_ups:
                whole = Outcome(response.query, evidence=Evidence.ONE_ANSWER, depth=level)
                waiting.append(_Waiting(whole, response.follow_ups))
                continue
            outcome = yield from self._finish(reading, level)
            while waiting:
                waiting[-1].take(outcome)
                if waiting[-1].left:
                    break
                outcome = waiting.pop().outcome
                yield outcome
        return outcome

    def _finish(self, reading: Reading, depth: int) -> Generator[Batch | Outcome, None, Outcome]:
        """Read on until a query is proven, or nothing else helps, and yield its outcome."""
        query = reading.query
        reading = yield from self._settle(reading)
        found = reading.evidence
        if found is not None and len(reading.held):
            for records in self._source.batches(reading.held, query):
                yield Batch(query, records)
        outcome = Outcome(query, reading.count, found, reading.problem, depth, reading.total)
        other = self._source.instead(outcome)
        if other is not None:
            return cast("Outcome", (yield from self._read([other], depth)))
        yield outcome
        return outcome

    def _settle(self, reading: Reading) -> Generator[Batch, None, Reading]:
        """Request what is missing; if that proves nothing, read the query again, page by page."""
        yield from self._read_on(reading)
        if reading.evidence is not None:
            self._in_vain = 0
        if self._is_hopeless(reading) or self._in_vain >= FEW_IN_VAIN:
            return reading
        for _ in range(1, MOST_READINGS):
            first = replace(FIRST_PAGE, size=reading.query.first.size)
            reading = self._reading(replace(reading.query, first=first), reading)
            yield from self._follow(reading, first)
            yield from self._read_on(reading)
            if self._is_hopeless(reading):
                break
        self._in_vain = 0 if reading.evidence is not None else self._in_vain + 1
        return reading

    def _is_hopeless(self, reading: Reading) -> bool:
        """Tell whether another reading is not needed, or would not help."""
        is_over = reading.evidence is not None or reading.problem is not None
        is_long = reading.is_sequence and reading.responses > MOST_PAGES_AGAIN
        return is_over or is_long or reading.is_final

    def _read_on(self, reading: Reading) -> Iterator[Batch]:
        while (page := reading.next_page) is not None:
            yield from self._follow(reading, page)

    def _follow(self, reading: Reading, page: Page) -> Iterator[Batch]:
        """Request a page of a query, and those that are certain to follow it."""
        reading.pending = 1
        before = () if reading.last is None else reading.last.rows
        for _, response in self._responses([self._task(reading, page, before)]):
            yield from self._take(reading, response)

    def _take(self, reading: Reading, response: Response) -> Iterator[Batch]:
        for records in reading.take(response):
            yield Batch(reading.query, records)
        # Of what comes once a reading is broken nothing may have been taken.
        if not reading.is_broken:
            self._source.page_done(response)

    def _task(
        self, reading: Reading, page: Page | None = None, before: Sequence[Row] = ()
    ) -> Task[_Result]:
        """Make the task that requests a page; it runs in a thread of the fan-out.

        Args:
            reading: What the page is for.
            page: The page; without one, that which the query begins with, which may lead to
                other queries.
            before: The rows of the page before it, where that has led to it.
        """

        def task() -> TaskOutcome[_Result]:
            outcome = fetch()
            self._on_response(outcome[0][1])
            return outcome

        def fetch() -> TaskOutcome[_Result]:
            query = reading.query
            # A query is read on while the next ones are under way, all within the same width.
            with self._slots:
                response = self._source.fetch(query, query.first if page is None else page)
                if response.problem is not None or response.is_file:
                    return (reading, response), ()
                others = [*self._source.follow_ups(response)] if page is None else []
            if others:
                response = replace(response, rows=(), follow_ups=len(others))
                return (reading, response), [self._task(self._reading(one)) for one in others]
            if page in {None, query.first}:
                reading.begin(response)
            pages = self._certain(reading, response, before)
            response = replace(response, planned=len(pages))
            return (reading, response), [self._task(reading, one, response.rows) for one in pages]

        return task

    def _certain(
        self, reading: Reading, response: Response, before: Sequence[Row]
    ) -> Sequence[Page]:
        """Give the pages that are certain to be requested behind a page."""
        paging, page, rows = self._source.paging, response.page, response.rows
        if paging is None or reading.is_broken or response.is_last:
            return ()
        if not reading.is_sequence:
            return paging.plan(page, len(rows), response.total)
        # Behind a full page another one is requested in any case, unless the first holds all.
        is_full = page.end is None and not page.token and page.count <= len(rows)
        is_all = paging.is_optional and (response.total or 0) <= len(rows)
        # A page that comes again says that the offset is ignored, which the reading looks into.
        if not rows or rows == before or not (response.token or (is_full and not is_all)):
            return ()
        following = reading.behind(response)
        return () if following is None else (following,)

    def _responses(self, tasks: Iterable[Task[_Result]]) -> Iterator[_Result]:
        return in_order(
            tasks,
            width=self._width,
            checkpoint=self._check,
            weigh=lambda result: result[1].weight,
        )

    def _reading(self, query: Query, before: Reading | None = None) -> Reading:
        return Reading(query, self._source, self._endpoint, before)
