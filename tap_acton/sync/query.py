"""What is requested, what one request returns, and how a query ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.api.pagination import FIRST_PAGE, Page
from tap_acton.errors import CallError, GoneError, NotAvailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.records.reader import Row
    from tap_acton.sync.evidence import Evidence

USUAL_LENGTH = 500
"""How long a row usually is, in bytes."""

Item: TypeAlias = Mapping[str, Any]
"""What the streams below a listing need of one of its records."""

Place: TypeAlias = tuple[str, ...]
"""Ids that say which query of a stream is meant, and where it stands in the stream's order."""


@dataclass(frozen=True, slots=True)
class Query:
    """All rows of one listing, or of one item, over as many pages as it takes.

    Attributes:
        path: The path behind the host.
        place: Its identity within the stream, its place in the order of reading, and what a
            checkpoint keeps of it. Ids and positions, never words.
        parameters: The query parameters, or those of the body, without those of the paging.
        given: Columns that every row gets.
        since: The replication value from which rows are emitted; None for all of them.
        subject: What it is about, for messages; never anything personal.
        item: The item of the listing that it is about; None where it is about no single one.
        first: The page to begin with; another than the first where an earlier run stopped.
    """

    path: str
    place: Place = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: Row = field(default_factory=dict)
    since: str | None = None
    subject: str = ""
    item: Item | None = None
    first: Page = FIRST_PAGE


@dataclass(frozen=True, slots=True)
class Response:
    """What one request for a page returned.

    Attributes:
        query: What was requested.
        page: The page, with its size.
        rows: The rows of the page.
        total: The number of rows in all, as reported; None where it is missing or unknown.
        token: The token of the next page; empty for none.
        is_last: Whether it says that no page follows it.
        problem: Why there are no rows, where the request failed for good.
        is_file: Whether the rows are those of one CSV file that stands for all pages.
        planned: How many further pages of the same query are under way because of it.
        follow_ups: How many queries are read in its place; it has no rows of its own then.
        size: How long it was, in bytes; 0 where that is unknown.
    """

    query: Query
    page: Page = FIRST_PAGE
    rows: Sequence[Row] = ()
    total: int | None = None
    token: str = ""
    is_last: bool = False
    problem: CallError | None = None
    is_file: bool = False
    planned: int = 0
    follow_ups: int = 0
    size: int = 0

    @property
    def weight(self) -> int:
        """How much memory it takes, in rows of a usual length. The rows of a file are on disk."""
        return 0 if self.is_file else max(len(self.rows), self.size // USUAL_LENGTH)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a query ended; each has exactly one.

    Attributes:
        query: What was requested.
        rows: How many distinct rows came.
        evidence: Why it is known to be complete; None where it is not.
        problem: The failure that ended it, if one did.
        depth: 0 for a query of the stream; more for one that was read in the place of another.
        total: How many rows the first response reported; None if it did not.
    """

    query: Query
    rows: int = 0
    evidence: Evidence | None = None
    problem: CallError | None = None
    depth: int = 0
    total: int | None = None

    @property
    def is_refused(self) -> bool:
        """Whether rows may be missing, so that the next run must ask again."""
        return self.evidence is None and not isinstance(
            self.problem, (GoneError, NotAvailableError)
        )
