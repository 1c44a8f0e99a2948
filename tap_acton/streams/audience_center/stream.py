"""What the streams of the Audience Center have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tap_acton.api.old_pagination import NumberedPages, Page, Pages
from tap_acton.errors import NotRoutedError, RepeatableError
from tap_acton.records.extractors import Found, find_audience_rows
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.sync.answers import Answer, Query, total_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome, Task
    from tap_acton.sync.run import Parent

TOTALS = ("totalCount", "totalElements", "total")
"""Fields in which an answer may tell how many rows there are; none is documented."""


OLDER_DOWNLOAD_PATH = "/ucl/v2/segment/contacts/{account_id}/list/{list_id}"
"""The download of a segment (Act-On developer site, 2019 edition)."""


@dataclass(frozen=True, slots=True)
class OlderQuery(Query):
    """A query to a path of the older generation (Act-On developer site, 2019 edition)."""


class AudienceCenterStream(UnverifiedStream):
    """A stream below ``/ucl/v2``; its rows are found whatever the shape of the answer.

    Where the host does not know the path, the older one for the same is asked, if there is
    one. An account without Audience Center has none of these streams.

    Attributes:
        path: The path, with ``{account_id}``, the ids of the parents, and ``{slash}`` where
            the documented path ends in a slash.
        is_paged: Whether the path takes ``page`` and ``pageSize``.
    """

    is_paged: ClassVar[bool] = True
    skips_missing = True

    def queries(self) -> Iterator[Query]:
        """Ask for everything; a stream with parents asks for each of them.

        Yields:
            The queries.
        """
        yield self.query()

    def query(
        self,
        *,
        subject: str = "",
        parameters: Mapping[str, str | int] | None = None,
        given: Row | None = None,
        parent: Parent | None = None,
        **ids: str,
    ) -> Query:
        """Make a query of the stream's path.

        Args:
            subject: The parent, for messages.
            parameters: The query parameters, those of the paging aside.
            given: Columns that every row gets.
            parent: The parent.
            **ids: The ids in the path.

        Returns:
            The query.

        Raises:
            NotAvailableError: If the account has no Audience Center.
        """
        return Query(
            self.run.shared(AudienceCenter).path(self.path, **ids),
            subject=subject,
            parameters=parameters or {},
            given=given or {},
            parent=parent,
            since=self.since,
        )

    def older(self, query: Query) -> OlderQuery | None:  # noqa: ARG002
        """Give the query of the older generation for the same.

        Args:
            query: What the host does not know the path of.

        Returns:
            The query; None where the older generation has nothing like it.
        """
        return None

    def tasks(self) -> Iterator[Task[Answer]]:
        """Turn the queries into tasks, in the generation that the host has shown to know.

        Yields:
            A task for the first page of each query.
        """
        for query in self.due():
            older = self.older(query) if self._is_older else None
            yield self.task(older or query)

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; where the host does not know the path, by the older one.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.

        Raises:
            NotAvailableError: If the host knows neither path.
        """
        try:
            return super().ask(query, page)
        except NotRoutedError as error:
            older = None if isinstance(query, OlderQuery) else self.older(query)
            if older is None:
                raise self.run.shared(AudienceCenter).absent(error) from None
            self._is_older = True
            return Answer(query), [self.task(older)]

    def paging_of(self, query: Query) -> Pages | None:
        """Give the paging of the generation that is asked.

        Args:
            query: What is asked.

        Returns:
            The paging; None where everything comes in one answer.
        """
        if not self.is_paged:
            return None
        return self._older_paging if isinstance(query, OlderQuery) else self.paging

    @cached_property
    def paging(self) -> Pages | None:
        """The paging of the endpoint; what it learns of the size is this stream's own."""
        return NumberedPages(self.run.settings.page_size) if self.is_paged else None

    @cached_property
    def _older_paging(self) -> Pages:
        return NumberedPages(self.run.settings.page_size, number="pageNumber")

    @cached_property
    def _is_older(self) -> bool:
        return False

    def found_in(self, payload: Any) -> Found | None:
        """Find the rows of an answer.

        Args:
            payload: The decoded answer.

        Returns:
            The rows; None where the answer is neither an array nor an object.
        """
        return find_audience_rows(payload, self.scalar)

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Find the rows of an answer.

        In a download of the older generation the ids of the contacts stand beside the rows,
        as the keys of an object. That they are in the order of the rows is not documented,
        so they are taken only where there are as many of both.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The rows, with their ids where the answer has such an object.

        Raises:
            RepeatableError: If the answer has no rows, or its ids cannot be told.
        """
        rows = super().rows(payload, query)
        match payload:
            case {"rowIds": dict(ids)}:
                if len(ids) != len(rows):
                    raise RepeatableError(
                        f"{self.subject(query)}: Act-On's answer has another number of ids than "
                        "of contacts."
                    )
                return [{"id": one, **row} for one, row in zip(ids, rows, strict=True)]
        return rows

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records; texts that are empty stand for null.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        return super().records([without_empty(row) for row in rows], query)

    def total(self, payload: Any) -> int | None:
        """Read how many rows there are over all pages, wherever the answer tells it.

        Args:
            payload: The decoded answer.

        Returns:
            The total; None where the answer does not tell it.
        """
        found = find_audience_rows(payload, self.scalar)
        return None if found is None else total_of(found.envelope, TOTALS)


def without_empty(row: Row) -> Row:
    """Leave out the fields of a row that hold an empty text.

    Args:
        row: The row.

    Returns:
        The others.
    """
    return {name: value for name, value in row.items() if value != ""}
