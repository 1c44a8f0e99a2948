"""The one place that decides whether a query was read whole.

Records with a key go out as soon as they arrive, since sending one twice does no harm. Nothing is
remembered (bookmark, counter, fingerprint, checkpoint) before there is evidence:

- **A set** is proven by counting. Its rows have keys, every response reports the same total, and
  that many distinct keys arrived. Order does not matter, so its pages are fetched in parallel.
  The last page must not be full (as long as requested, or as long as any page before it); behind
  a full one, one more is requested.
- **A sequence** is everything else: rows without keys, no total, a total that varies or is too
  small. It is fetched page by page. Each page begins with the last row of the page before it, the
  border, and the last page holds the border and nothing else. A row that moves to another page
  breaks the border, so it is noticed whatever moved. Numbered pages and pages by token cannot
  begin with that row: behind the last of them must come an empty one, or no token.
- A total counts as one only once the endpoint has reported, in this run, a total that is not just
  the number of rows beside it. Until then one more page is requested, once per stream.
- Fewer rows than the first response reported is never complete. A page shorter than requested is
  no evidence. "No rows" without a total is believed the second time.
- A second page equal to the first means that the offset is ignored. Then fewer rows are requested
  once: if all come again, the endpoint has no pages; if not, or if the first page held just as
  many as were requested, the rest cannot be read.
- Rows of one response that share a key are different rows, and so are those of a sequence whose
  borders hold. A key that comes again with another response of a set is the same row, which moved;
  it does not count again.
- Of rows that share a key the latest version is sent last (:mod:`tap_acton.sync.keys`).

Where that fails, the query is read again (:mod:`tap_acton.sync.retriever`); if that does not help,
it is incomplete, which counts as refused. What this cannot see:

- rows that move while as many come as go: a row is deleted in front of a set while another one is
  appended between two pages;
- identical rows at the very border of a page while rows move;
- a total that is too small by exactly what a page lacks, and a page cut to its border;
- where pages have no border, whatever moves or is cut as long as no total shows it;
- where pages are not documented, whatever the first response lacks without reporting it;
- where a query resumes, whatever moved since the earlier run, as long as no total shows it.
"""

from __future__ import annotations

import enum
from dataclasses import replace
from operator import eq
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_acton.errors import CallError
from tap_acton.sync.keys import Keys
from tap_acton.sync.spool import HeldRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Page, Paging
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Query, Response

MOST_REPEATS = 3
"""After so many pages on end in which no row is new, a reading is given up: it goes in circles."""


class Evidence(enum.StrEnum):
    """Why a query is known to be complete."""

    ONE_ANSWER = "the endpoint has no pages"
    TOTAL = "as many distinct rows as every response reported"
    EMPTY_PAGE = "nothing behind the last row"
    CSV_FILE = "one file that holds what the JSON holds"
    LAST_TOKEN = "no token for a next page"  # noqa: S105 - says why, opens nothing


class RowSource(Protocol):
    """What it takes to judge the responses to the queries of a stream."""

    @property
    def paging(self) -> Paging | None:
        """How the endpoint pages; None where everything comes in one response."""

    @property
    def key_of(self) -> Callable[[Record], Any] | None:
        """What gives the key of a record; None where rows have no keys of their own."""

    @property
    def version_of(self) -> Callable[[Record], str | None] | None:
        """What says which of two records with the same key is the later one, if anything does."""

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        """Make records of rows, some at a time; a CallError says that they make no sense."""


class Endpoint:
    """What an endpoint has shown of itself in this run.

    Attributes:
        total_is_real: Whether a total was more than the number of rows beside it.
    """

    def __init__(self) -> None:
        self.total_is_real = False

    def note(self, page: Page, rows: int, total: int | None) -> None:
        """Learn from a response."""
        if total is not None and total != rows and total >= page.offset + rows:
            self.total_is_real |= bool(rows) or page.offset >= total


class Reading:
    """One attempt to read a query whole: takes its responses in order, says which page is missing.

    A query that is read again is always a sequence, since as a set it was not proven.

    Args:
        before: The attempt before this one, if there was one.

    Attributes:
        problem: The failure of a request, if one failed for good.
        pending: How many pages are under way.
        responses: How many have come.
        last: The last of them.
        held: Rows without keys, which go out only with evidence.
        is_sequence: Whether pages are read one after the other.
        is_broken: Whether further pages prove nothing, since rows moved or come again.
    """

    def __init__(
        self,
        query: Query,
        source: RowSource,
        endpoint: Endpoint,
        before: Reading | None = None,
    ) -> None:
        self.query = query
        self.problem: CallError | None = None
        self.pending = 1
        self.responses = 0
        self.last: Response | None = None
        self.held = HeldRows()
        self.is_sequence = before is not None or source.key_of is None
        self.is_broken = False
        self._source, self._endpoint = source, endpoint
        self._paging = source.paging
        self._key_of, self._version_of = source.key_of, source.version_of
        self._keys: Keys = Keys(() if before is None else before.far_repeats)
        self._totals: list[int] = []  # as reported, each once, the first one first
        self._rows = self._counted = self._longest = self._repeats = 0
        self._first: Sequence[Row] = ()
        self._latest: Sequence[Row] = ()  # what was new in the response before
        self._tail: list[Row] = []  # the last rows received; the very last is the border
        self._at_end = self._is_full = self._is_file = self._has_tokens = False
        self._ignores_offset = self._ignores_pages = self._has_twins = False
        self._requested = 0

    def begin(self, first: Response) -> None:
        """Decide by the first response whether pages come one by one; runs in a worker thread."""
        has_tokens = bool(first.token or first.page.token or first.is_last)
        self.is_sequence |= has_tokens or first.total is None or first.total < len(first.rows)
        self._requested = first.page.count

    def take(self, response: Response) -> Iterator[Sequence[Record]]:
        """Take the next response; yield the records that are new, unless rows have no keys."""
        self.pending += response.planned - 1
        self.problem = self.problem or response.problem
        if response.problem is not None or (self.is_broken and self.is_sequence):
            return
        page, rows, total = response.page, response.rows, response.total
        self.responses += 1
        self._endpoint.note(page, len(rows), total)
        if total is not None and total not in self._totals:
            self._totals.append(total)
        self._is_file |= response.is_file
        further = self._further(response)
        self._rows += len(further)
        self._keys.next_response()
        try:
            yield from self._records_of(further, response.weight)
        except CallError as error:
            self.problem = error
            return
        self._judge_progress(response, len(further))
        self._longest = max(self._longest, len(rows))
        self.last = response
        if self._has_border and not self._is_file:
            # Of the last two responses alone: any number of them, all small, could be large in all.
            self._tail = [*self._latest, *further][-max(1, self._longest) :]
            self._latest = further or self._latest

    @property
    def evidence(self) -> Evidence | None:
        """Why the query is known to be complete; None where it is not."""
        if self.pending or self.is_broken or self.problem is not None:
            return None
        is_over = self._is_single or self._at_end or self._is_file
        # Where nothing else ends the reading, as many rows as reported do. Counting takes time, so
        # nothing is counted before that many have come, nor once there are more.
        least = self.total or 0
        is_due = self.total is not None and self._endpoint.total_is_real and not self._is_full
        is_due &= self._counted <= least <= self.query.first.offset + self._rows
        if not (is_over or is_due):
            return None
        self._counted = count = self.count
        is_exact = self._totals == [count]  # every response reported exactly as many as came
        # Was one of several identical rows received twice? Only borders and an exact total show it.
        is_unclear = self._has_twins and not (is_exact and self._has_border)
        found: Evidence | None = None
        if self._is_file or self._is_single:
            found = Evidence.CSV_FILE if self._is_file else Evidence.ONE_ANSWER
        elif (is_exact or self.is_sequence) and not is_unclear:
            if self._at_end:
                found = Evidence.LAST_TOKEN if self._has_tokens else Evidence.EMPTY_PAGE
            elif is_exact:
                found = Evidence.TOTAL
        return found if count >= least else None  # fewer than reported are never complete

    @property
    def count(self) -> int:
        """How many rows there are, those of an earlier run included."""
        if self._key_of is None:
            rows = len(self.held)
        elif self._has_border and not self._is_file:
            rows = self._rows  # None has come twice, since each border held.
        else:
            # Between the pages of a set, rows may move and come again; in a file, none may.
            is_strict = self._is_file or (self.responses > 1 and not self.is_sequence)
            rows = len(self._keys) + (0 if is_strict else self._keys.repeats)
        return self.query.first.offset + rows

    @property
    def far_repeats(self) -> set[int]:
        """The keys that came again after many others, of which another reading minds versions."""
        return self._keys.far_repeats()

    @property
    def total(self) -> int | None:
        """How many rows there are, as the first response reported; None if none did."""
        return self._totals[0] if self._totals else None

    @property
    def is_final(self) -> bool:
        """Whether another reading would find the same: no border broke, and no total changed."""
        is_calm = not self.is_broken and len(self._totals) <= 1
        return self._has_border and is_calm and not self._is_file

    @property
    def next_page(self) -> Page | None:
        """The page to request next; None where the reading is proven, or cannot be."""
        is_over = self._at_end or self.is_broken or self._ignores_pages or self._is_file
        if is_over or self.problem is not None or self._paging is None or self.last is None:
            return None
        if self.evidence is not None:
            return None
        if self._ignores_offset:
            return self._paging.smaller(len(self._first))
        return self.behind(self.last)

    def behind(self, response: Response) -> Page | None:
        """Return the page behind another one, beginning with its border if it has one."""
        if self._paging is None:
            return None
        rows = len(response.rows)
        page = self._paging.behind(response.page, rows, response.token)
        if page is not None and self._has_border and rows > 1:
            return replace(page, offset=page.offset - 1)
        return page

    @property
    def _has_border(self) -> bool:
        """Whether each page is to begin with the last row of the one before it."""
        return self.is_sequence and self._paging is not None and self._paging.overlaps

    @property
    def _is_single(self) -> bool:
        """Whether the first response is all there is to request."""
        if self._paging is None or self._ignores_pages:
            return True
        has_more = (self.total or 0) > len(self._first)
        return self._paging.is_optional and self.responses == 1 and not has_more

    def _further(self, response: Response) -> Sequence[Row]:
        """Return the rows of a response that may be new, and note whether it is the last."""
        page, rows = response.page, response.rows
        # A full first page may be called the last one only because numbers lead on, not tokens.
        is_last = response.is_last and len(rows) < page.count
        self._has_tokens |= bool(response.token or page.token) or is_last
        if self.responses == 1:
            self._first = rows
            # Without a total, "no rows" is believed only the second time.
            self._at_end = not rows and response.total is not None
        elif self._is_repeated(rows):
            return ()
        elif self._has_border:
            return self._behind_border(rows)
        else:
            self._at_end = not rows and page.end is None
        if self._has_tokens:
            self.is_sequence = True
            # A token that comes back is that of the last page.
            self._at_end = response.token in {"", page.token}
        return rows

    def _is_repeated(self, rows: Sequence[Row]) -> bool:
        """Tell whether a page is the first one again, and whether there are pages at all."""
        # Row by row, since it takes time to make the rows of a list, and the first one differs.
        is_same = len(rows) == len(self._first) and all(map(eq, rows, self._first))
        if self._ignores_offset:
            # A row fewer was requested: if all came again, there are no pages. But a first page
            # of just as many rows as requested was cut by somebody who heeds the number.
            self._ignores_pages = is_same and len(rows) != self._requested
            self.is_broken = not self._ignores_pages
            return True
        if not rows or not is_same:
            return False
        if self.responses == 2 and self.is_sequence:  # noqa: PLR2004 - the second page
            self._ignores_offset, self._ignores_pages = len(rows) > 1, len(rows) == 1
        else:
            self.is_broken = True
        return True

    def _behind_border(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page that follow the border."""
        border = self._tail[-1] if self._tail else None
        # Rows that were inserted in front push it back.
        place = next((number for number, row in enumerate(rows, 1) if row == border), 0)
        if place and list(rows[:place]) == self._tail[-place:]:
            # Of more of these rows on either side, which one is the border?
            has_more = rows[place : place + 1] == [border] == self._tail[-2:-1]
            self._has_twins |= self._key_of is None and has_more
            self._at_end = len(rows) == 1  # the border, and nothing behind it
            return rows[place:]
        self._at_end = not rows and self._longest <= 1  # behind one row, or none
        self.is_broken = not self._at_end
        return ()

    def _records_of(self, rows: Sequence[Row], weight: int) -> Iterator[Sequence[Record]]:
        """Yield the records of a response that are new, or hold rows that have no keys."""
        if self._key_of is None:
            self._hold(rows, weight)
            return
        for records in self._source.batches(rows, self.query):
            if self._is_file:
                self._keys.next_response()  # a file may have any number of rows
            unsent = self._keys.unsent(records, self._key_of, self._version_of)
            if unsent:
                yield unsent

    def _judge_progress(self, response: Response, further: int) -> None:
        """Note whether the last page was full, and whether the reading still moves forward."""
        page, rows = response.page, len(response.rows)
        # A page as long as requested, or as long as any before it, may have been cut.
        requested = rows + 1 if self._paging is None else page.count
        self._is_full = rows >= (self._longest if self.responses > 1 else requested)
        has_new = self._keys.new or (self._key_of is None and self._has_border and further)
        is_over = self._at_end or self._is_file or self._ignores_offset
        if not (has_new or is_over) and page.end is None:
            # Rows inserted in front push a sequence back, but by a page at most.
            self._repeats += 1
            self.is_broken |= not self.is_sequence or self._repeats >= MOST_REPEATS
        elif has_new:
            self._repeats = 0

    def _hold(self, rows: Sequence[Row], weight: int) -> None:
        """Hold rows without keys; where no border tells, their digests tell what comes again."""
        self.held.add(rows, weight)
        if not (self._has_border or self._is_file):
            repeats = self._keys.repeats
            self._keys.add(map(msgspec.json.encode, rows))
            self._has_twins |= self._keys.new + self._keys.repeats - repeats < len(rows)
