"""The rows of lists, with whatever columns a list has, and how far each list was read."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, overload

from tap_acton.api.pagination import OffsetPaging
from tap_acton.errors import StreamFailedError
from tap_acton.records.extractors import Extracted, table_of, total_of
from tap_acton.records.ids import without_addresses
from tap_acton.records.list_table import (
    CONTACT_ID,
    FIELDS_IN_JSON,
    Columns,
    Table,
    cells_as_in,
)
from tap_acton.records.reader import BATCH_SIZE, records_of_columns
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.records.values import Unconvertible
from tap_acton.state.columns import KnownColumns, note_selected
from tap_acton.state.stream_state import ListsState
from tap_acton.streams.base.csv_download import CsvDownload, FileRows, RowMaker
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.lists.lists import CONTACT_LIST
from tap_acton.sync.evidence import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_acton.api.pagination import Page
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Record, Row
    from tap_acton.state.stream_state import StreamState
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Item, Outcome, Query, Response
    from tap_acton.sync.run import Run

SECOND = 1000

WHOLE: Mapping[str, str | int] = {"datequalifiers": "true"}
"""What all rows of a list are requested with, so that they have their dates."""


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

    def pieces(self) -> Iterator[ListPage]:
        """Give the rows some at a time."""
        return (self[start : start + BATCH_SIZE] for start in range(0, len(self), BATCH_SIZE))

    def columns(self) -> Columns | None:
        """Give the cells column by column; None where each row has to be looked at by itself."""
        return self.table.columns(self._data)

    @property
    def may_be_cut(self) -> bool:
        """Whether the list may have more columns than JSON holds."""
        return len(self.headers) >= FIELDS_IN_JSON


class ListProof:
    """What the first page of a list says of the list's file.

    Args:
        page: The page.
        table_of: Makes the table of a file of its headers and the position of the address.
    """

    kind = ""

    def __init__(
        self, page: ListPage, table_of: Callable[[Sequence[Any], int | None], Table]
    ) -> None:
        self._page = page
        self._table_of = table_of
        self.is_needed = page.may_be_cut

    def row_maker(self, headers: Sequence[str]) -> RowMaker:
        """Match the cells of the file with the headers of the JSON.

        Of a list that JSON may have cut off all columns of the file are taken, else those that
        are in JSON.

        Raises:
            ValueError: If the file has no ids, or not all headers of the JSON; and of a row, if it
                has none while those of the JSON do.
        """
        page, table = self._page, self._page.table
        arrange = cells_as_in(page.headers, headers)
        if page.may_be_cut:
            email = headers.index(table.email_header) if table.email_header in headers else None
            table, arrange = self._table_of(headers, email), list
        place = table.id_place
        if place is None:
            raise ValueError
        may_lack_id = not all(row[CONTACT_ID] for row in page) or page.may_be_cut

        def arranged(cells: list[str]) -> list[str]:
            found = arrange(cells)
            if not (found[place] or may_lack_id):
                raise ValueError
            return found

        return RowMaker(arranged, partial(ListPage, headers=page.headers, table=table))

    def is_same(self, row: Row, expected: Row) -> bool:
        """Return whether both hold the same; of a row that JSON may have cut off, the id."""
        if not self._page.may_be_cut:
            return row == expected
        has_ids = self._page.table.has_contact_id
        return not has_ids or bool(row[CONTACT_ID] == expected[CONTACT_ID])


class ListEndpoint(Endpoint):
    """What the download of lists has shown of itself in this run, to all streams that use it.

    Attributes:
        counts_all: Whether the total beside a date filter counts the rows that it leaves out,
            too. Not documented.
    """

    def __init__(self, run: Run) -> None:  # noqa: ARG002 - whatever a run shares is made of it
        super().__init__()
        self.counts_all = False


class ListRows(ActOnStream):
    """Rows that come from the download of lists.

    The state has for each list how far it was read, so that a list that is new, or was left out
    before, is read from its beginning; so is one whose headers have changed. A list that may be
    wider than what JSON holds is read as CSV, which has no limit.

    Attributes:
        known_columns: Which headers the lists have, and had when they were last read.
    """

    path = "/api/1/list/{id}"
    primary_keys: ClassVar[tuple[str, ...]] = ("list_id", "contact_id")
    replication_key = "modified_at"
    listing, item, id_column = "lists", "list", "list_id"
    pages = OffsetPaging
    has_full_refresh = True
    state_type: ClassVar[type[StreamState]] = ListsState
    chosen_by: ClassVar[tuple[str, ...]] = ("list_ids", "list_names")

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._cut: set[str] = set()  # lists read as JSON although columns may be cut off
        self.known_columns = KnownColumns(lambda: self.progress.columns)
        # Of the list that is being read:
        self._reached = ""  # the latest modification time met
        self._doubted: int | None = None  # the total beside a filter, where it proved nothing
        self._has_others = False  # whether the filter was to leave out rows

    # Which lists, and what of them

    def queries(self) -> Iterable[Query]:
        """Request the lists, all of them whole where the stream has a new column.

        In the middle of a load it waits for the next one.
        """
        if not self.load.is_resumed and note_selected(self.progress, self.selection.selected):
            self.log("The stream has new columns: all rows are read once.")
            self.forget_rows()
        return super().queries()

    def forget_rows(self) -> None:
        """Forget how far the lists were read."""
        self.unchanged.forget()
        self.reached.clear()

    def items(self) -> Iterator[Item]:
        """Give the contact lists of the account; the listing may have other assets, too."""
        return filter(is_contact_list, super().items())

    def fingerprint_of(self, item: Item) -> str | None:
        """Give the time of a list's last change and its size.

        Whether that time moves with every row is not proven (Act-On reference, 2024 edition),
        so each list is re-checked all the same. None where rows were left out on purpose, columns
        cut off, or rows read without the time zone that is known now.
        """
        is_whole = self.bookmark.end is None and item["id"] not in self._cut
        is_whole &= not self._lacked_zone(item["id"])
        changed_at = item.get("modified_at")
        return f"{changed_at} {item['size']}" if is_whole and changed_at is not None else None

    def _lacked_zone(self, list_id: str) -> bool:
        """Tell whether a list was read without the account's time zone, which is known now."""
        return list_id in self.progress.without_zone and self.run.zone is not None

    @property
    def reached(self) -> dict[str, str]:
        """By list id the latest modification time read, as the state keeps it."""
        reached: dict[str, str] = self.progress.lists
        return reached

    def query_of(self, item: Item) -> Query:
        """Request what of a list changed since it was last read.

        The date filters take epoch milliseconds (Act-On developer site, 2019 edition).
        """
        is_whole = item["id"] in self.progress.read_again or self._lacked_zone(item["id"])
        is_known = self.is_incremental and not is_whole
        reached = self.reached.get(item["id"]) if is_known else None
        since, until = self.bookmark.since_of(reached), self.bookmark.end
        parameters = dict(WHOLE)
        # Whether the filters include the timestamp that they name is not documented.
        if since is not None:
            # Some lists have their dates only to the minute.
            since = f"{since[:16]}:00.000Z"
            parameters["modafter"] = milliseconds_of(since) - SECOND
        if until is not None:
            parameters["modbefore"] = milliseconds_of(until) + SECOND
        return replace(super().query_of(item), parameters=parameters, since=since)

    # How a list is read

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Match the cells of the rows with the list's headers."""
        headers, data = table_of(payload)
        table = self._table(headers, payload.get("emailColumn"), query.given["list_id"])
        return Extracted(ListPage(data, headers, table), total_of(payload))

    def _table(self, headers: Sequence[Any], email_column: Any, list_id: str) -> Table:
        # A deselected address must not be in another column either.
        hides_email = "email" in self.selection.deselected
        return Table(headers, email_column, list_id, hides_email=hides_email)

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page, or a file in its place, and note whether columns may be missing."""
        response = self.csv.fetch(query, page)
        rows, list_id = response.rows, query.given["list_id"]
        if response.is_file:
            self._cut.discard(list_id)
        elif isinstance(rows, ListPage) and rows.may_be_cut and len(rows):
            self._cut.add(list_id)
        return response

    def _fetch_page(self, query: Query, page: Page) -> Response:
        response = super().fetch(query, page)
        rows = response.rows
        # Where there are no rows, there may be no headers either.
        if isinstance(rows, ListPage) and rows.headers and not rows.may_be_cut:
            self.known_columns.meet(query.given["list_id"], rows.table.names)
        is_total = query.parameters == WHOLE or not self.endpoint.counts_all
        return response if is_total else replace(response, total=None)

    def _proof_of(self, response: Response) -> ListProof | None:
        """Give the proof of a file; None where JSON has no ids, as those of a file may differ."""
        page = response.rows
        if not isinstance(page, ListPage) or self.run.settings.bulk_format == "json":
            return None
        if self._lacks_columns(response.query):
            return None  # all rows are read in place of these
        has_ids = page.table.has_contact_id or page.may_be_cut
        list_id = response.query.given["list_id"]
        return ListProof(page, partial(self._table, list_id=list_id)) if has_ids else None

    @cached_property
    def csv(self) -> CsvDownload:
        """Reads a list as one file where that takes fewer calls, or is the only way."""
        return CsvDownload(self, self._fetch_page, self._proof_of)

    @property
    def endpoint(self) -> ListEndpoint:
        """What all streams of lists know of the endpoint."""
        return self.run.shared(ListEndpoint)

    def follow_ups(self, response: Response) -> Iterable[Query]:
        """Read a list whole in the place of what was modified, where its headers have changed."""
        return [self._whole(response.query)] if self._lacks_columns(response.query) else ()

    def _lacks_columns(self, query: Query) -> bool:
        """Tell whether a query leaves out rows that may have got values in new columns."""
        list_id = query.given["list_id"]
        is_read = list_id in self.reached and query.parameters != WHOLE
        return is_read and self.known_columns.have_changed(list_id)

    def _whole(self, query: Query) -> Query:
        list_id = query.given["list_id"]
        self.log("The headers of list %s have changed: all its rows are read once.", list_id)
        return replace(query, parameters=WHOLE, since=self.bookmark.start)

    def instead(self, outcome: Outcome) -> Query | None:
        """Read a list whole that has a new header, or cannot be proven complete beside a filter.

        If both totals are equal, though the filter leaves out rows, that beside a filter counts all
        rows of a list. From then on it is ignored, and a list is read up to an empty page.
        """
        query, total = outcome.query, outcome.total
        if query.parameters == WHOLE or outcome.problem is not None:
            return None
        if self._lacks_columns(query):  # as a file has shown
            return self._whole(query)
        if outcome.evidence is not None or total is None:
            return None
        if self.endpoint.counts_all:
            return replace(query)
        self._doubted = total
        return replace(query, parameters=WHOLE)

    # Its records

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        """Make records some at a time, and note how far they reach."""
        for records in super().batches(rows, query):
            reached = max([record["modified_at"] or "" for record in records])
            self._reached = max(self._reached, reached)
            if self._doubted is not None and not self._has_others:
                wanted = self.bookmark.wanted(records, query.since)
                self._has_others = len(wanted) < len(records)
            yield records

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records of rows, column by column where they all have the same cells."""
        if isinstance(rows, ListPage | FileRows):
            for piece in rows.pieces():
                if isinstance(rows, FileRows):
                    self._meet_wide(piece, query)
                yield from self.records_of(piece, query.given)
        elif rows:
            yield from self.records_of(list(rows), query.given)

    def _meet_wide(self, rows: Sequence[Row], query: Query) -> None:
        """Take note of the headers of a list that only a file has in full."""
        if isinstance(rows, ListPage) and rows.may_be_cut:
            self.known_columns.meet(query.given["list_id"], rows.table.names)

    def records_of(self, rows: Sequence[Row], given: Row) -> Sequence[Record]:
        """Make records of some rows, each of which gets the given columns."""
        if (columns := columns_of(rows)) is not None:
            with suppress(Unconvertible):
                cells = {**columns.system, "fields": records_of_columns(columns.own)}
                return records_of_columns(self.reader.typed(cells, len(rows), given))
        return list(self.reader.records(rows, given))

    # What it remembers

    def finished(self, outcome: Outcome) -> None:
        """Remember how far a list was read, and whether totals beside a filter count its rows."""
        self._note_zone(outcome)
        if not self._note_missing_rows(outcome):
            super().finished(outcome)
        reached, self._reached = self._reached, ""
        doubted, self._doubted = self._doubted, None
        has_others, self._has_others = self._has_others, False
        if outcome.evidence is None:
            return
        if has_others and outcome.total == doubted:
            self.endpoint.counts_all = True
            self.log(
                "Even with a date filter, Act-On's total counts all rows of a list: it is ignored "
                "for the rest of this run."
            )
        list_id = outcome.query.given["list_id"]
        if outcome.rows:
            self.known_columns.keep(list_id)
        # A list that was read without its filters has rows behind the end date, too.
        reached = min(reached, timestamp_of(self.run.started_at), self.bookmark.end or reached)
        if list_id not in self._cut and reached > self.reached.get(list_id, ""):
            self.reached[list_id] = reached

    def _note_zone(self, outcome: Outcome) -> None:
        """Remember whether the rows of a list were read without the account's time zone."""
        query, without_zone = outcome.query, self.progress.without_zone
        list_id = query.given["list_id"]
        if outcome.evidence is None or not outcome.rows:
            return
        if self.run.zone is None and list_id not in without_zone:
            insort(without_zone, list_id)
        elif self._lacked_zone(list_id):  # so all its rows were requested
            without_zone.remove(list_id)

    def _note_missing_rows(self, outcome: Outcome) -> bool:
        """Note that the listing counts more rows; return whether the next run reads the list again.

        A whole list with fewer rows is read once more. Without rows it is never taken for read, not
        even what was modified: the latest row that is known is due to come again.
        """
        query, again = outcome.query, self.progress.read_again
        list_id, size = query.given["list_id"], (query.item or {}).get("size") or 0
        if outcome.evidence is None:
            return False
        is_whole, was_again = query.parameters == WHOLE, list_id in again
        if is_whole and was_again:
            again.remove(list_id)
        if outcome.rows >= size or (is_whole and was_again and outcome.rows):
            return False
        if is_whole:
            insort(again, list_id)
            self.table_version.note_gap()
        # Where it was read whole in the place of what was modified, that has decided.
        return is_whole or was_again or not outcome.rows

    def done(self) -> None:
        """Forget lists that do not exist any more.

        Raises:
            StreamFailedError: If lists are wider than what could be read of them.
        """
        settings = self.run.settings
        is_chosen = settings.shard or any(getattr(settings, name) for name in self.chosen_by)
        if not (is_chosen or self.refused_above):
            listed = {item["id"] for item in self.items()}
            for list_id in self.reached.keys() - listed:
                del self.reached[list_id]
            self.known_columns.forget(listed)
            for ids in (self.progress.read_again, self.progress.without_zone):
                ids[:] = [one for one in ids if one in listed]
        super().done()
        if cut := ", ".join(sorted(self._cut)):
            raise StreamFailedError(
                f"{self.name}: the lists {without_addresses(cut)} have more columns than the "
                f"{FIELDS_IN_JSON} of Act-On's JSON, and bulk_format forbids CSV or it lacks ids "
                "or rows, so columns are missing."
            )

    def calls_for(self, query: Query) -> int:
        """Foresee the calls for all rows of a list, or for what changed of one read before."""
        is_read = query.parameters != WHOLE and query.given["list_id"] in self.reached
        size = (query.item or {}).get("size") or 0
        return self.csv.calls_for(0 if is_read else size)


class ListMembers(ListRows):
    """The rows of the lists: one per contact and list, the list's own columns in ``fields``."""

    name = "list_members"


def is_contact_list(item: Item) -> bool:
    """Return whether an item of the listing is a contact list."""
    return bool(item["listing_type"].lower() == CONTACT_LIST)


def columns_of(rows: Sequence[Row]) -> Columns | None:
    """Give the cells of a page column by column; None where they have to be read row by row."""
    return rows.columns() if isinstance(rows, ListPage) else None
