"""The rows of lists, with whatever columns a list has, and how far each list was read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast, overload

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.api.client import path_part
from tap_acton.errors import ActOnError, RepeatableError, StreamFailedError
from tap_acton.records.list_table import FIELDS_IN_JSON, Columns, Table, are_rows, cells_as_in
from tap_acton.records.reader import BATCH_SIZE, records_of_columns
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.records.values import Unconvertible
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.old_csv import BulkStream, RowMaker
from tap_acton.streams.base.old_unchanged import UnchangedParents
from tap_acton.streams.lists.lists import CONTACT_LIST, Lists
from tap_acton.sync.answers import Answer, Query
from tap_acton.sync.forecast import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.run import Parent

SECOND = 1000


class ListPage(Sequence["Row"]):
    """The rows of a page, made of their cells only when they are needed.

    Args:
        data: The cells of each row.
        headers: The list's headers.
        table: What knows which cell is what.

    Attributes:
        headers: The list's headers, as texts.
        table: What knows which cell is what.
    """

    __hash__ = None  # type: ignore[assignment] # Like a list.

    def __init__(self, data: Sequence[Sequence[Any]], headers: Sequence[Any], table: Table) -> None:
        self._data = data
        self.headers = [str(header) for header in headers]
        self.table = table

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._data)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> ListPage: ...

    def __getitem__(self, place: int | slice) -> Row | ListPage:
        """The row at a place, or the rows of a part of the page."""
        if isinstance(place, slice):
            return ListPage(self._data[place], self.headers, self.table)
        return self.table.row(self._data[place])

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return map(self.table.row, self._data)

    def __eq__(self, other: object) -> bool:
        """Whether another page has the same cells under the same headers."""
        return isinstance(other, ListPage) and (
            (self.headers, self._data) == (other.headers, other._data)
        )

    def columns(self) -> Columns | None:
        """Give the cells column by column; None where each row has to be looked at by itself."""
        return self.table.columns(self._data)

    @property
    def may_be_cut(self) -> bool:
        """Whether the list may have more columns than JSON holds."""
        return len(self.headers) >= FIELDS_IN_JSON


class ListRows(UnchangedParents, BulkStream):
    """Rows that come from the download of lists.

    A list that may be wider than what JSON holds is read as CSV, which has no limit.
    """

    replication_key = "modified_at"
    has_full_reads = True

    def evidence(self, parent: Parent) -> str | None:
        """Give what shows that a list is untouched.

        Whether the time of its last change moves with every row is not proven (Act-On
        reference, 2024 edition), so each list has its turn all the same.

        Args:
            parent: The list.

        Returns:
            The time of its last change and its size; None where rows may have been left out
            on purpose, or columns cut off.
        """
        is_whole = self.until is None and parent["id"] not in self._cut
        if parent["modified_at"] is None or not is_whole:
            return None
        return f"{parent['modified_at']} {parent['size']}"

    @property
    def relies_on_state(self) -> bool:
        """Whether lists may be left out: not where all rows are wanted again."""
        return self.replication_method == REPLICATION_INCREMENTAL

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
        # Whether the filters include the timestamp that they name is not documented.
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
            case {"headers": list(headers), "data": list(data)} if are_rows(data):
                table = Table(headers, payload.get("emailColumn"), query.given["list_id"])
                return ListPage(data, headers, table)
        raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make records of the rows of a page.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        for start in range(0, len(rows), BATCH_SIZE):
            records = self.records_of(rows[start : start + BATCH_SIZE], query.given)
            self.note(records, query)
            yield from records

    def note(self, records: Sequence[Record], query: Query) -> None:
        """Take note of records that are about to be emitted.

        Args:
            records: The records; there is at least one.
            query: What was asked.
        """

    def records_of(self, rows: Sequence[Row], given: Row) -> Sequence[Record]:
        """Make records of rows.

        Args:
            rows: The rows, as :meth:`rows` gives them.
            given: Columns known from elsewhere.

        Returns:
            A record for each row.
        """
        if (columns := columns_of(rows)) is not None:
            with suppress(Unconvertible):
                cells = {**columns.system, "fields": records_of_columns(columns.own)}
                return records_of_columns(self.reader.typed(cells, len(rows), given))
        return list(self.reader.records(rows, given))

    def row_maker(self, headers: Sequence[str], answer: Answer) -> RowMaker:
        """Match the cells of a file with the headers of the JSON.

        Args:
            headers: The headers of the file.
            answer: The page of JSON.

        Returns:
            What makes a row of cells. Of a list that JSON may cut off, it gives all columns
            of the file, else those of the JSON.

        Raises:
            ValueError: If the file has no ids, or not all headers of the JSON.
        """
        page = _page_of(answer)
        arranged = cells_as_in(page.headers, headers)
        table = page.table
        if page.may_be_cut:
            email = headers.index(table.email_header) if table.email_header in headers else None
            table = Table(headers, email, answer.query.given["list_id"])
            arranged = list
        if not table.has_contact_id:
            raise ValueError
        return RowMaker(arranged, lambda cells: ListPage(cells, page.headers, table))

    def is_same(self, row: Row, expected: Row, answer: Answer) -> bool:
        """Compare a row of a file with that of JSON.

        Args:
            row: The row of the file.
            expected: The row of JSON.
            answer: The page of JSON.

        Returns:
            Whether they hold the same; what JSON may have cut off cannot be compared.
        """
        return row == expected or _page_of(answer).may_be_cut

    def needs_csv(self, answer: Answer) -> bool:
        """Tell whether JSON may have cut off columns.

        Args:
            answer: The page of JSON.

        Returns:
            Whether it may, and CSV has not been found to be of no use for the list.
        """
        if not (isinstance(answer.rows, ListPage) and answer.rows.may_be_cut):
            return False
        list_id = answer.query.given["list_id"]
        if self.run.settings.bulk_format == "json":
            self._cut.add(list_id)
        return list_id not in self._cut

    def saves_calls(self, answer: Answer, further: int) -> bool:
        """Tell whether a file is to replace the further pages.

        Args:
            answer: The page of JSON.
            further: How many pages would follow it.

        Returns:
            Whether it is; never where JSON names no ids, as those of a file could differ.
        """
        return super().saves_calls(answer, further) and _page_of(answer).table.has_contact_id

    def csv_refused(self, answer: Answer) -> None:
        """Take note that JSON has to do, though it may have cut off columns.

        Args:
            answer: The page of JSON.
        """
        if _page_of(answer).may_be_cut:
            self._cut.add(answer.query.given["list_id"])

    @property
    def certainty(self) -> Certainty:
        """The listing tells how many rows a list had when they were last counted."""
        return Certainty.ABOUT if self._sizes else Certainty.AT_LEAST

    def expected_calls(self, query: Query) -> int:
        """Foresee the calls of a list.

        Args:
            query: What is asked.

        Returns:
            Those for all its rows, or one for what has changed of a list that was read before.
        """
        list_id = query.given["list_id"]
        return self.calls_for(0 if self.is_read(list_id) else self._sizes.get(list_id, 0))

    def is_read(self, list_id: str) -> bool:  # noqa: ARG002 - of several lists each by itself
        """Tell whether a list has been read before, so that only changes are asked for.

        Args:
            list_id: The list.

        Returns:
            Whether the state says so.
        """
        return self.bookmark is not None

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """The number of rows of each list, where this run has read the listing."""
        listings = self.run.shared(Listings)
        try:
            return sizes_of(listings.items(Lists.name)) if Lists.name in listings else {}
        except ActOnError:
            return {}

    def stream_done(self) -> None:
        """Take note that all rows have been emitted.

        Raises:
            StreamFailedError: If lists are wider than what could be read of them.
        """
        super().stream_done()
        if self._cut:
            raise StreamFailedError(
                f"{self.name}: the lists {', '.join(sorted(self._cut))} have more columns than the "
                f"{FIELDS_IN_JSON} of Act-On's JSON, and bulk_format forbids CSV or it lacks ids "
                "or rows, so columns are missing."
            )

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
    progress_state = (*ListRows.progress_state, "lists")

    @property
    def narrowed_by(self) -> list[str]:
        """The settings by which rows are left out that are in Act-On."""
        settings = self.run.settings
        names = {"list_ids": settings.list_ids, "list_names": settings.list_names}
        return [*super().narrowed_by, *(name for name, value in names.items() if value)]

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

    def is_read(self, list_id: str) -> bool:
        """Tell whether a list has been read before, so that only changes are asked for.

        Args:
            list_id: The list.

        Returns:
            Whether the state says so.
        """
        return bool(self._bookmarks.get(list_id))

    def queries(self) -> Iterator[Query]:
        """Ask for each list what changed since it was last read.

        Yields:
            A query per list.
        """
        for parent in self.lists():
            since = self.since_bookmark(self._bookmarks.get(parent["id"]))
            yield self.query_of(parent, since, self.given_of(parent))

    def note(self, records: Sequence[Record], query: Query) -> None:
        """Remember how far the list was read.

        Args:
            records: The records.
            query: What was asked.
        """
        list_id = query.given["list_id"]
        reached = max([record["modified_at"] or "" for record in records])
        if reached > self._reached.get(list_id, ""):
            self._reached[list_id] = reached

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Keep how far a list was read, now that its rows have been emitted.

        Args:
            parent: The list.
            is_complete: Whether Act-On refused none of its pages.
        """
        super().parent_done(parent, is_complete=is_complete)
        list_id = parent["id"]
        reached = min(self._reached.pop(list_id, ""), timestamp_of(self.run.started_at))
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
            listed = {parent["id"] for parent in self.listed()}
            for list_id in self._bookmarks.keys() - listed:
                del self._bookmarks[list_id]
        super().stream_done()

    @cached_property
    def _bookmarks(self) -> dict[str, str]:
        """How far each list has been read, by the modification times of its rows."""
        known = self.stream_state.get("lists") if self.relies_on_state else None
        return dict(known) if isinstance(known, dict) else {}

    @cached_property
    def _reached(self) -> dict[str, str]:
        """The latest modification time met in each list that is being read."""
        return {}


class ListMembers(RowsOfLists):
    """The rows of the lists: one per contact and list, the list's own columns in ``fields``."""

    name = "list_members"


def columns_of(rows: Sequence[Row]) -> Columns | None:
    """Give the cells of rows column by column.

    Args:
        rows: The rows.

    Returns:
        The columns; None where they are not those of a page, or each has to be looked at by itself.
    """
    return rows.columns() if isinstance(rows, ListPage) else None


def sizes_of(lists: Iterable[Parent]) -> dict[str, int]:
    """Give the sizes of lists, as they were last counted.

    Args:
        lists: The lists, as the listing has them.

    Returns:
        By id the number of rows; 0 where the listing does not tell it.
    """
    return {listed["id"]: listed["size"] or 0 for listed in lists}


def _page_of(answer: Answer) -> ListPage:
    """Give the page of a good answer."""
    return cast("ListPage", answer.rows)
