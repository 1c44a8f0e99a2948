"""How a stream asks: from what it says to ask for, through the calls, to answers."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_json
from tap_acton.api.old_pagination import EndlessPagesError, OffsetPages, Page, Pages
from tap_acton.errors import (
    AllowanceSpentError,
    GoneError,
    NotFoundError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.streams.base.versions import VersionedStream
from tap_acton.sync.answers import (
    Answer,
    Query,
    behind_border,
    digest_of,
    total_of,
    with_border,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tap_acton.records.reader import Row
    from tap_acton.sync.fan_out import Outcome, Task


class AskingStream(VersionedStream):
    """A stream that says what it asks, how it is paged, and where the rows of an answer are.

    Attributes:
        path: The path that is asked; streams with parents build theirs in
            :meth:`queries`.
        rows_at: The name under which an answer holds its rows; empty where the answer
            is the array of rows itself, None where it is one row.
        has_pages: Whether the endpoint is paged by ``count`` and ``offset``.
        skips_missing: Whether a 404 without a reason says that the parent is gone.
    """

    name: str = ""
    path: ClassVar[str] = ""
    rows_at: ClassVar[str | None] = None
    has_pages: ClassVar[bool] = False
    skips_missing: ClassVar[bool] = False

    def queries(self) -> Iterable[Query]:
        """Say what to ask; one query for a stream without parents.

        Yields:
            The queries in a fixed order.
        """
        yield Query(self.path, since=self.since)

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Find the rows of an answer.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The rows.

        Raises:
            RepeatableError: If the answer has another shape than documented.
        """
        if self.rows_at is None:
            rows = [payload]
        elif not self.rows_at:
            rows = payload
        elif isinstance(payload, dict) and self.rows_at in payload:
            rows = payload[self.rows_at] or []
        else:
            rows = None
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")

    def task(self, query: Query, page: Page | None = None) -> Task[Answer]:
        """Make the task that asks for a page.

        Args:
            query: What is asked.
            page: The page; the first one if not given.

        Returns:
            The task.
        """
        return self.named(query.subject, lambda: self.ask(query, page or Page()))

    def named(self, subject: str, task: Task[Answer]) -> Task[Answer]:
        """Let a task say what the allowance did not suffice for.

        Args:
            subject: What the task asks about.
            task: The task.

        Returns:
            The same task, with that subject on the error where the allowance is spent.
        """

        def asked() -> Outcome[Answer]:
            try:
                return task()
            except AllowanceSpentError as error:
                error.subject = subject
                raise

        return asked

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page, in a thread of the fan-out.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.

        Raises:
            StreamFailedError: If the pages never end.
        """

        def interpret(payload: Any) -> tuple[Sequence[Row], int | None]:
            return self.rows(payload, query), self.total(payload)

        paging = self.paging_of(query)
        if paging is not None:
            page = paging.settled(page)
        parameters = {**query.parameters, **(paging.parameters(page) if paging else {})}
        try:
            call = self.call(query, parameters)
            rows, total = self.run.client.read(call, interpret, self.decoder(query))
        except GoneError as error:
            return Answer(query, gone=error), ()
        except RejectedCallError as error:
            if self.skips_missing and query.parent and isinstance(error, NotFoundError):
                return Answer(query, gone=GoneError(error.sentence)), ()
            smaller = paging.smaller(page) if paging else None
            if smaller is not None:
                return Answer(query), [self.task(query, smaller)]
            if query.parent is None:
                raise
            return Answer(query, gone=error), ()
        if paging is None:
            return Answer(query, rows), ()
        return self._followed(query, paging, page, Answer(query, rows, total))

    def _followed(self, query: Query, paging: Pages, page: Page, answer: Answer) -> Outcome[Answer]:
        """Say which pages follow, and leave out the rows that the page before has held."""
        rows, total = answer.rows, answer.total
        digest = digest_of(rows) if total is None else b""
        try:
            following = paging.following(page, len(rows), total, digest)
        except EndlessPagesError:
            raise StreamFailedError(
                f"{self.subject(query)}: Act-On sends the same page again and again."
            ) from None
        new = behind_border(page, rows)
        back = paging.back(page) if new is None else None
        if back is not None:
            return Answer(query), [self.task(query, back)]
        tasks = [self.task(query, with_border(further, rows)) for further in following]
        if new is None:
            return replace(answer, has_moved=True), tasks
        return replace(answer, rows=new), tasks

    def call(self, query: Query, parameters: Mapping[str, str | int] | None = None) -> Call:
        """Make the call of a query.

        Args:
            query: What is asked.
            parameters: The query parameters, those of the paging included.

        Returns:
            The call, made in the name of this stream.
        """
        return Call(query.path, self.subject(query), self.name, parameters or query.parameters)

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:  # noqa: ARG002
        """Give what decodes the body of a good answer: JSON, unless a stream has others.

        Args:
            query: What was asked.

        Returns:
            The decoder, as :meth:`~tap_acton.api.client.ActOnClient.read` takes it.
        """
        return decode_json

    def total(self, payload: Any) -> int | None:
        """Read how many rows there are over all pages.

        Args:
            payload: The decoded answer.

        Returns:
            The total; None where the answer does not tell it.
        """
        return total_of(payload)

    def paging_of(self, query: Query) -> Pages | None:  # noqa: ARG002
        """Give the paging of what is asked, which is the stream's unless it has several.

        Args:
            query: What is asked.

        Returns:
            The paging; None where everything comes in one answer.
        """
        return self.paging

    def subject(self, query: Query) -> str:
        """Name what is asked about, for messages.

        Args:
            query: What is asked.

        Returns:
            The stream, and the parent if there is one.
        """
        return f"{self.name}, {query.subject}" if query.subject else self.name

    @cached_property
    def paging(self) -> Pages | None:
        """The paging of the endpoint; None where everything comes in one answer."""
        return OffsetPages(self.run.settings.page_size) if self.has_pages else None
