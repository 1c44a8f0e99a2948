"""The one place that decides whether a query was read whole.

Records with a key go out as soon as they arrive, since sending one twice does no harm. Nothing is
remembered (bookmark, counter, fingerprint, checkpoint) before there is evidence:

- **A set** is proven by counting. Its rows have keys, every response reports the same total, and
  that many distinct keys arrived. Order does not matter, so its pages are fetched in parallel.
  The last page must not be full (as long as requested, or as long as any page before it); behind
  a full one, one more is requested.
- **A sequence** is everything else: rows without keys, no total, a total that varies or is too
  small. It is fetched page by page. Each page begins with the last row of the page before it, and
  the last page holds that row and nothing else. A row that slips over the border of a page breaks
  the border, so it is noticed whatever moved. Numbered pages cannot begin with that row: behind
  the last of them must come an empty one.
- A total counts as one only once the endpoint has reported, in this run, a total that is not just
  the number of rows beside it. Until then one more page is requested, once per stream.
- Fewer rows than the first response reported is never complete. A page shorter than requested is
  no evidence. "Nothing at all" without a total is believed the second time.
- A second page equal to the first means that the offset is ignored. Then fewer rows are requested
  once: if all come again, the endpoint has no pages; if not, the rest cannot be read.

Where that fails, the query is read again (:mod:`tap_acton.sync.retriever`); if that does not help,
it is incomplete, which counts as refused. What this cannot see: a row that is deleted in front
while another one is appended between two pages of a set, rows that are identical at the very
border of a page while rows move, and, with numbered pages, moves where no total is reported.
"""

from __future__ import annotations

import enum
from array import array
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_acton.sync.spool import HeldRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Page, Paging
    from tap_acton.errors import CallError
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Query, Response

PAGES_HELD = 100
"""Keys of so many pages are known exactly, so that rows on two of them go out once."""

PARTS = 64
"""Into so many parts the keys of a query are divided to count the distinct ones."""

MOST_REPEATS = 3
"""After so many pages without a new row a reading is given up: it does not move forward."""


class Evidence(enum.StrEnum):
    """Why a query is known to be complete."""

    ONE_ANSWER = "the endpoint has no pages"
    TOTAL = "as many distinct rows as every response reported"
    EMPTY_PAGE = "nothing behind the last row"
    CSV_FILE = "one file that holds what the JSON holds"
    LAST_TOKEN = "no token for a next page"  # noqa: S105 - says why, opens nothing


class Source(Protocol):
    """What it takes to judge the responses to the queries of a stream."""

    @property
    def paging(self) -> Paging | None:
        """How the endpoint pages; None where everything comes in one response."""

    @property
    def key_of(self) -> Callable[[Record], Any] | None:
        """What gives the key of a record; None where rows have no keys of their own."""

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        """Make records of rows, some at a time."""


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


class Keys:
    """All keys of a query: exact for the latest pages, eight bytes a row to count them all."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._pages: deque[set[int]] = deque([set()])
        self._all = array("q")

    def turn_page(self) -> None:
        """Begin another page."""
        self._pages.append(set())
        if len(self._pages) > PAGES_HELD:
            self._held -= self._pages.popleft()

    def unseen(self, keys: Sequence[Any]) -> Sequence[bool]:
        """Keep keys, and tell for each whether it comes for the first time."""
        hashes = list(map(hash, keys))
        fresh = set(hashes) - self._held
        self._held |= fresh
        self._pages[-1] |= fresh
        self._all.extend(fresh)
        if len(fresh) == len(hashes):
            return [True] * len(hashes)
        unseen = []
        for one in hashes:
            unseen.append(one in fresh)
            fresh.discard(one)
        return unseen

    def __len__(self) -> int:
        """Count the distinct keys."""
        if len(self._held) == len(self._all):
            return len(self._all)
        parts = [array("q") for _ in range(PARTS)]
        for one in self._all:
            parts[one % PARTS].append(one)
        return sum(len(set(part)) for part in parts)


class Reading:
    """One attempt to read a query whole: takes its responses in order, says which page is missing.

    Args:
        query: The query.
        source: What knows the keys and the pages of its rows.
        endpoint: What the endpoint has shown so far.
        is_again: Whether it was read before in vain, so that nothing is taken for a set.

    Attributes:
        query: The query.
        problem: The failure of a request, if one failed for good.
        pending: How many pages are under way.
        responses: How many have come.
        held: Rows without keys, which go out only with evidence.
        is_sequence: Whether pages are read one after the other.
    """

    def __init__(
        self, query: Query, source: Source, endpoint: Endpoint, *, is_again: bool = False
    ) -> None:
        self.query = query
        self.problem: CallError | None = None
        self.pending = 1
        self.responses = 0
        self.held = HeldRows()
        self._source, self._endpoint = source, endpoint
        self.is_sequence = is_again or source.key_of is None
        self._keys = Keys()
        self._totals: list[int] = []  # as reported, each once, the first one first
        self._longest = self._repeats = 0
        self._first: Sequence[Row] = ()
        self._tail: list[Row] = []  # the last rows received
        self._last: tuple[Page, int, str] | None = None
        self._at_end = self._has_moved = self._is_full = False
        self._ignores_offset = self._ignores_pages = False
        self._is_file = self._has_tokens = False

    @property
    def count(self) -> int:
        """How many distinct rows there are, those of an earlier run included."""
        return self.query.first.offset + len(self._keys) + len(self.held)

    @property
    def total(self) -> int | None:
        """How many rows there are, as the first response reported; None if none did."""
        return self._totals[0] if self._totals else None

    def take(self, response: Response) -> Iterator[Sequence[Record]]:
        """Take the next response; to be gone through to its end.

        Args:
            response: The response.

        Yields:
            The records that are new, some at a time. Rows without keys are held back.
        """
        self.pending += response.planned - 1
        self.problem = self.problem or response.problem
        if self.problem is not None or self._has_moved:
            return
        page, rows, total = response.page, response.rows, response.total
        self.responses += 1
        self._endpoint.note(page, len(rows), total)
        if total is not None and total not in self._totals:
            self._totals.append(total)
        if response.is_file:
            self._is_file = True
        further = self._further(response)
        has_new = False
        if self._source.key_of is None:
            has_new = bool(further)
            self.held.add(further)
        else:
            self._keys.turn_page()
            for records in self._source.batches(further, self.query):
                if self._is_file:
                    self._keys.turn_page()  # a file may have more rows than all pages held
                new = self._new_of(records)
                has_new |= bool(new)
                if new:
                    yield new
        self._judge_progress(response, has_new=has_new)
        self._longest = max(self._longest, len(rows))
        self._last = (page, len(rows), response.token)
        if self._follows_border:
            self._tail = [*self._tail, *further][-max(1, self._longest) :]

    @property
    def evidence(self) -> Evidence | None:
        """Why the query is known to be complete; None where it is not."""
        is_over = not (self.pending or self._has_moved) and self.problem is None
        if not is_over or not self._may_be_whole:
            return None
        count = self.count
        if self._totals and count < self._totals[0]:
            return None  # fewer rows than reported is never complete
        if self._is_single:
            return Evidence.ONE_ANSWER
        if self._is_file:
            return Evidence.CSV_FILE
        return self._evidence_of_pages(is_exact=self._totals == [count])

    def _evidence_of_pages(self, *, is_exact: bool) -> Evidence | None:
        """Tell what proves that the pages are all.

        Args:
            is_exact: Whether every response reported exactly as many rows as came.
        """
        if not is_exact and (not self.is_sequence or self._has_twins):
            return None  # of identical rows, was one received twice? no one knows
        if self._at_end:
            return Evidence.LAST_TOKEN if self._has_tokens else Evidence.EMPTY_PAGE
        return Evidence.TOTAL if is_exact else None

    @property
    def _may_be_whole(self) -> bool:
        """Whether there is a reason not to request another page."""
        is_told = bool(self._totals) and self._endpoint.total_is_real and not self._is_full
        return self._is_single or self._at_end or self._is_file or is_told

    @property
    def next_page(self) -> Page | None:
        """The page to request next; None where the reading is proven, or cannot be."""
        is_over = self._at_end or self._has_moved or self._ignores_pages or self._is_file
        paging = self._source.paging
        if is_over or self.problem is not None or paging is None or self._last is None:
            return None
        if self.evidence is not None:
            return None
        if self._ignores_offset:
            return paging.smaller(len(self._first))
        page = paging.behind(*self._last)
        if page is not None and self._follows_border and self._longest > 1:
            return replace(page, offset=page.offset - 1)
        return page

    @property
    def _follows_border(self) -> bool:
        """Whether each page is to begin with the last row of the one before it."""
        paging = self._source.paging
        has_pages = paging is not None and paging.overlaps and not self._is_file
        return self.is_sequence and has_pages

    @property
    def _is_single(self) -> bool:
        """Whether the first response is all there is to request."""
        paging = self._source.paging
        if paging is None or self._ignores_pages:
            return True
        has_more = bool(self._totals) and self._totals[0] > len(self._first)
        return paging.is_optional and self.responses == 1 and not has_more

    @property
    def _has_twins(self) -> bool:
        """Whether rows without keys are identical."""
        digests = {hash(msgspec.json.encode(row)) for row in self.held}
        return len(digests) < len(self.held)

    def _further(self, response: Response) -> Sequence[Row]:
        """Return the rows of a response that may be new, and note whether it is the last."""
        page, rows, total = response.page, response.rows, response.total
        self._has_tokens |= bool(response.token or page.token or response.is_last)
        if self._has_tokens:
            self.is_sequence = True
            # A token that comes back is that of the last page.
            self._at_end = response.token in {"", page.token}
            return rows
        if self.responses == 1:
            self._first = rows
            self.is_sequence |= total is None or total < len(rows)
            # Without a total, nothing is taken for nothing only the second time.
            self._at_end = not rows and total is not None
            return rows
        if self._follows_border:
            return self._behind_border(rows)
        if self._is_repeated(rows):
            return ()
        self._at_end = not rows and page.end is None
        return rows

    def _behind_border(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page that follow the last known row."""
        if self._is_repeated(rows):
            return ()
        for end in range(1, len(rows) + 1):
            if not self._tail or rows[end - 1] != self._tail[-1]:
                continue
            if list(rows[:end]) == self._tail[-end:]:
                self._at_end = len(rows) == 1  # the last row, and nothing behind it
                return rows[end:]
        self._at_end = not rows and self._longest <= 1  # behind one row, or none
        self._has_moved = not self._at_end
        return ()

    def _is_repeated(self, rows: Sequence[Row]) -> bool:
        """Tell whether a page is the first one again, and whether there are pages at all."""
        if self._ignores_offset:
            # A row fewer was requested: if all came again, there are no pages.
            self._ignores_pages = list(rows) == list(self._first)
            self._has_moved = not self._ignores_pages
            return True
        is_second = self.responses == 2 and self.is_sequence  # noqa: PLR2004
        if is_second and len(rows) > 1 and list(rows) == list(self._first):
            self._ignores_offset = True
            return True
        return False

    def _judge_progress(self, response: Response, *, has_new: bool) -> None:
        """Note whether the last page was full, and whether the reading still moves forward."""
        page, rows = response.page, len(response.rows)
        # A page as long as requested, or as long as any before it, may have been cut.
        requested = page.count if self._source.paging is not None else rows + 1
        self._is_full = rows >= (self._longest if self.responses > 1 else requested)
        if rows and not has_new and page.end is None and not self._ignores_offset:
            # Rows inserted in front push a sequence back, but by a page at most.
            self._repeats += 1
            goes_on = self.is_sequence and self._repeats < MOST_REPEATS
            self._has_moved |= not (self._at_end or goes_on)

    def _new_of(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out records of which the key has been met."""
        key_of = self._source.key_of
        assert key_of is not None  # noqa: S101 - rows without keys are held back
        unseen = self._keys.unseen(list(map(key_of, records)))
        if all(unseen):
            return records
        return [record for record, is_new in zip(records, unseen, strict=True) if is_new]
