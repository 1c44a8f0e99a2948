"""Reads queries in parallel and in order, each until it is proven whole or given up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from tap_acton.api.pagination import FIRST_PAGE, Page
from tap_acton.sync import evidence
from tap_acton.sync.evidence import Endpoint, Evidence, Reading
from tap_acton.sync.fan_out import in_order
from tap_acton.sync.query import Outcome, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome as TaskOutcome
    from tap_acton.sync.fan_out import Task
    from tap_acton.sync.query import Query

MOST_READINGS = 3
"""So often a query is read while its rows move or are missing."""

MOST_PAGES_AGAIN = 100
"""A query of more pages is not read again: rows would move while that goes on, too."""

FEW_UNPROVEN = 3
"""After so many queries of a stream that no reading proves, the next ones are read once."""


class Source(evidence.Source, Protocol):
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


@dataclass(slots=True)
class _Waiting:
    """A query that is over once those that are read in its place are."""

    outcome: Outcome
    left: int

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of one of them."""
        self.left -= 1
        has_failed = self.outcome.evidence is None or outcome.evidence is None
        self.outcome = replace(
            self.outcome,
            rows=self.outcome.rows + outcome.rows,
            evidence=None if has_failed else self.outcome.evidence,
            problem=self.outcome.problem or outcome.problem,
        )


class Retriever:
    """Reads the queries of one stream.

    Args:
        source: The stream.
        width: How many requests are under way at once.
        check: Called several times a second; what it raises ends the reading.
        endpoint: What the endpoint has shown to other retrievers of it, if there are any.
    """

    def __init__(
        self,
        source: Source,
        *,
        width: int = 4,
        check: Callable[[], None] = lambda: None,
        endpoint: Endpoint | None = None,
    ) -> None:
        self._source = source
        self._width = width
        self._check = check
        self._endpoint = Endpoint() if endpoint is None else endpoint
        self._unproven = 0

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
        reading: Reading | None = None
        waiting: list[_Waiting] = []
        outcome: Outcome | None = None
        for response in self._responses(map(self._task, queries)):
            if reading is None or reading.query is not response.query:
                reading = self._reading(response.query)
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
        self._unproven += outcome.evidence is None and outcome.problem is None
        yield outcome
        return outcome

    def _settle(self, reading: Reading) -> Generator[Batch, None, Reading]:
        """Request what is missing; if that proves nothing, read the query again, page by page."""
        most = 1 if self._unproven >= FEW_UNPROVEN else MOST_READINGS
        for number in range(1, most + 1):
            while (page := reading.next_page) is not None:
                yield from self._follow(reading, page)
            is_over = reading.evidence is not None or reading.problem is not None
            if is_over or number == most or reading.responses > MOST_PAGES_AGAIN:
                break
            first = replace(FIRST_PAGE, size=reading.query.first.size)
            reading = self._reading(replace(reading.query, first=first), is_again=True)
            yield from self._follow(reading, first)
        return reading

    def _follow(self, reading: Reading, page: Page) -> Iterator[Batch]:
        """Request a page of a query, and those that are certain to follow it."""
        reading.pending = 1
        task = self._task(reading.query, page, is_sequence=reading.is_sequence, leads=False)
        for response in self._responses([task]):
            yield from self._take(reading, response)

    def _take(self, reading: Reading, response: Response) -> Iterator[Batch]:
        for records in reading.take(response):
            yield Batch(reading.query, records)
        self._source.page_done(response)

    def _task(
        self,
        query: Query,
        page: Page | None = None,
        before: Sequence[Row] = (),
        *,
        is_sequence: bool = False,
        leads: bool = True,
    ) -> Task[Response]:
        """Make the task that requests a page; it runs in a thread of the fan-out.

        Args:
            query: The query.
            page: The page; the one that the query begins with if not given.
            before: The rows of the page before it.
            is_sequence: Whether pages are to be read one after the other.
            leads: Whether the response may lead to other queries.
        """

        def fetch() -> TaskOutcome[Response]:
            response = self._source.fetch(query, query.first if page is None else page)
            if response.problem is not None or response.is_file:
                return response, ()
            others = [*self._source.follow_ups(response)] if leads else []
            if others:
                return replace(response, rows=(), follow_ups=len(others)), map(self._task, others)
            is_one_by_one = is_sequence or self._is_sequence(response)
            pages = [*self._certain(response, before, is_sequence=is_one_by_one)]
            return replace(response, planned=len(pages)), [
                self._task(query, one, response.rows, is_sequence=is_one_by_one, leads=False)
                for one in pages
            ]

        return fetch

    def _is_sequence(self, response: Response) -> bool:
        """Tell whether pages can only be read one after the other."""
        rows, total = len(response.rows), response.total
        is_first = not response.page.offset
        return self._source.key_of is None or (is_first and (total is None or total < rows))

    def _certain(
        self, response: Response, before: Sequence[Row], *, is_sequence: bool
    ) -> Iterator[Page]:
        """Give the pages that are certain to be requested behind a page."""
        paging, page, rows = self._source.paging, response.page, response.rows
        if paging is None or response.is_last:
            return
        if response.token:
            following = paging.behind(page, len(rows), response.token)
            if following is not None and rows:
                yield following
        elif not is_sequence:
            yield from paging.plan(page, len(rows), response.total)
        elif page.end is None and not page.token and page.count <= len(rows) and rows != before:
            # Behind a full page another one is requested in any case. One that comes again
            # says that the offset is ignored, which the reading looks into.
            is_all = paging.is_optional and (response.total or 0) <= len(rows)
            following = None if is_all else paging.behind(page, len(rows))
            if following is not None:
                overlap = int(paging.overlaps and len(rows) > 1)
                yield replace(following, offset=following.offset - overlap)

    def _responses(self, tasks: Iterable[Task[Response]]) -> Iterator[Response]:
        return in_order(
            tasks,
            width=self._width,
            checkpoint=self._check,
            # The rows of a file wait on the disk.
            weigh=lambda response: 0 if response.is_file else len(response.rows),
        )

    def _reading(self, query: Query, *, is_again: bool = False) -> Reading:
        return Reading(query, self._source, self._endpoint, is_again=is_again)
