"""The rows of lists, with whatever columns a list has, and how far each list was read."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.answers import Answer, Query
from tap_acton.client import decode_text, path_part
from tap_acton.errors import ParentGoneError, RejectedCallError, RepeatableError, StreamFailedError
from tap_acton.moments import milliseconds_of, moment_of
from tap_acton.stream import ActOnStream
from tap_acton.streams.lists import CONTACT_LIST
from tap_acton.tables import FIELDS_IN_JSON, Table, read_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.fan_out import Outcome
    from tap_acton.pagination import Page
    from tap_acton.records import Record, Row
    from tap_acton.run import Parent

SECOND = 1000


class ListRows(ActOnStream):
    """Rows that come from the download of lists.

    A list that may be wider than what JSON holds is read as CSV, which has no limit.
    """

    has_pages = True
    replication_key = "modified_at"

    def query_of(self, parent: Parent, since: str | None, given: Row) -> Query:
        """Ask what of a list changed since it was last read.

        The date filters take epoch milliseconds (Act-On developer site, 2019 edition).

        Args:
            parent: The list.
            since: The modification time from which rows are wanted; None for all of them.
            given: Columns that every row gets besides the id of the list.

        Returns:
            The query.
        """
        parameters: dict[str, str | int] = {"datequalifiers": "true"}
        # Whether the filters include the moment that they name is not documented.
        if since is not None:
            # Some lists tell their dates only to the minute.
            since = f"{since[:16]}:00.000Z"
            parameters["modafter"] = milliseconds_of(since) - SECOND
        if self.until is not None:
            parameters["modbefore"] = milliseconds_of(self.until) + SECOND
        return Query(
            f"/api/1/list/{path_part(parent['id'])}",
            subject=f"list {parent['id']}",
            parameters=parameters,
            given={"list_id": parent["id"], **given},
            parent=parent,
            since=since,
        )

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Match the cells of the rows with the list's headers.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            A row per contact: the system's cells by name, the list's own under ``fields``.

        Raises:
            RepeatableError: If the answer has another shape than documented.
        """
        match payload:
            case {"headers": list(headers), "data": list(data)}:
                email_column = payload.get("emailColumn")
                if len(headers) >= FIELDS_IN_JSON:
                    self._refuse_wide(headers, email_column, query)
                table = Table(headers, email_column, query.given["list_id"])
                return [table.row(cells) for cells in data if isinstance(cells, list)]
        raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make records of the rows of a page.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        for row in rows:
            yield self.record_of(row, query.given)

    def record_of(self, row: Row, given: Row) -> Record:
        """Make a record of a row.

        Args:
            row: The row, as :meth:`rows` gives it.
            given: Columns known from elsewhere.

        Returns:
            The record.
        """
        return self.reader.record(row, given)

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; a list that is too wide for it is asked for as CSV.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        try:
            return super().ask(query, page)
        except _TooWideError as too_wide:
            return Answer(query), [partial(self._ask_csv, query, too_wide.email_header)]

    def stream_done(self) -> None:
        """Take note that all rows have been emitted.

        Raises:
            StreamFailedError: If lists are wider than what could be read of them.
        """
        if self._cut:
            raise StreamFailedError(
                f"{self.name}: the lists {', '.join(sorted(self._cut))} have more columns than the "
                f"{FIELDS_IN_JSON} of Act-On's JSON, and bulk_format forbids CSV or it holds no "
                "ids, so columns are missing."
            )

    def _ask_csv(self, query: Query, email_header: str | None) -> Outcome[Answer]:
        """Ask for the whole of a list as CSV; if that holds no ids, JSON has to do."""

        def interpret(payload: Any) -> Sequence[Row] | None:
            try:
                headers, lines = read_csv(payload)
            except (TypeError, ValueError):
                raise RepeatableError(f"{self.subject(query)}: Act-On sent no CSV.") from None
            email = headers.index(email_header) if email_header in headers else None
            table = Table(headers, email, query.given["list_id"])
            return [table.row(cells) for cells in lines] if table.has_contact_id else None

        call = self.call(query, {**query.parameters, "responseformat": "CSV"})
        try:
            rows = self.run.client.read(call, interpret, decode_text)
        except (ParentGoneError, RejectedCallError) as error:
            return Answer(query, gone=error), ()
        if rows is not None:
            return Answer(query, rows), ()
        self._cut.add(query.given["list_id"])
        return Answer(query), [self.task(query)]

    def _refuse_wide(self, headers: Sequence[Any], email_column: Any, query: Query) -> None:
        """Turn to CSV where JSON may not hold all columns, or note that it has to do."""
        list_id = query.given["list_id"]
        if self.run.settings.bulk_format == "json":
            self._cut.add(list_id)
        if list_id not in self._cut:
            is_known = isinstance(email_column, int) and 0 <= email_column < len(headers)
            raise _TooWideError(str(headers[email_column]) if is_known else None)

    @cached_property
    def _cut(self) -> set[str]:
        """The lists of which JSON, which may not hold all their columns, has to do."""
        return set()


class RowsOfLists(ListRows):
    """The rows of many lists in one stream.

    The state remembers for each list how far it was read, so that a list that is new,
    or was left out before, is read from its beginning.
    """

    primary_keys = ("list_id", "contact_id")
    listing = "lists"

    def lists(self) -> Iterator[Parent]:
        """Give the lists to read.

        Yields:
            The contact lists of the account.
        """
        for parent in self.parents():
            if parent["listing_type"].lower() == CONTACT_LIST:
                yield parent

    def given_of(self, parent: Parent) -> Row:  # noqa: ARG002 - the lists of others do
        """Say what the rows of a list get besides its id.

        Args:
            parent: The list.

        Returns:
            The columns.
        """
        return {}

    def queries(self) -> Iterator[Query]:
        """Ask for each list what changed since it was last read.

        Yields:
            A query per list.
        """
        for parent in self.lists():
            since = self.since_bookmark(self._bookmarks.get(parent["id"]))
            yield self.query_of(parent, since, self.given_of(parent))

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, and remember how far the list was read.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        list_id = query.given["list_id"]
        for record in super().records(rows, query):
            modified_at = record["modified_at"]
            if modified_at is not None and modified_at > self._reached.get(list_id, ""):
                self._reached[list_id] = modified_at
            yield record

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Keep how far a list was read, now that its rows have been emitted.

        Args:
            parent: The list.
            is_complete: Whether Act-On refused none of its pages.
        """
        list_id = parent["id"]
        reached = min(self._reached.pop(list_id, ""), moment_of(self.run.started_at))
        known = self._bookmarks.get(list_id, "")
        if is_complete and max(reached, known):
            self._bookmarks[list_id] = max(reached, known)
            self.stream_state["lists"] = self._bookmarks

    def stream_done(self) -> None:
        """Forget lists that do not exist any more.

        Raises:
            StreamFailedError: If lists are wider than what could be read of them.
        """
        settings = self.run.settings
        if self._bookmarks and not (settings.list_ids or settings.list_names or settings.shard):
            listed = {parent["id"] for parent in self.parents()}
            for list_id in self._bookmarks.keys() - listed:
                del self._bookmarks[list_id]
        super().stream_done()

    @cached_property
    def _bookmarks(self) -> dict[str, str]:
        """How far each list has been read, by the modification times of its rows."""
        is_incremental = self.replication_method == REPLICATION_INCREMENTAL
        known = self.stream_state.get("lists") if is_incremental else None
        return dict(known) if isinstance(known, dict) else {}

    @cached_property
    def _reached(self) -> dict[str, str]:
        """The latest modification time met in each list that is being read."""
        return {}


class ListMembers(RowsOfLists):
    """The rows of the lists: one per contact and list, the list's own columns in ``fields``."""

    name = "list_members"


class _TooWideError(Exception):
    """A list may be wider than what JSON holds.

    Args:
        email_header: The header of the e-mail column, if it is known.
    """

    def __init__(self, email_header: str | None) -> None:
        super().__init__()
        self.email_header = email_header
