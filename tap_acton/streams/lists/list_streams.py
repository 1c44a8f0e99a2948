"""A stream of its own for a list, with a column for each of the list's."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_acton.errors import CallError, StreamFailedError
from tap_acton.records.ids import header_identity
from tap_acton.records.reader import EXTRA_FIELDS, Record, RecordReader, Row, records_of_columns
from tap_acton.records.values import Unconvertible
from tap_acton.state.stream_state import ListState
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.schema import SCHEMAS, FoundSchema
from tap_acton.streams.lists.lists import Lists
from tap_acton.streams.lists.rows import ListRows, columns_of, is_contact_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Item

SCHEMA = "list_stream"
FEW_LISTS = 2
"""From so many lists on, a call for the listing pays."""


class ListStream(ListRows):
    """The rows of one list.

    The columns are those that the list had at discovery. A column that the list has lost
    since is null; one that it has got since is in ``extra_fields``.

    Attributes:
        found: The name of the stream, the list and its columns.
    """

    schema = FoundSchema(SCHEMAS, key=SCHEMA)
    primary_keys = ("contact_id",)
    state_type = ListState
    chosen_by = ()
    found: FoundStream

    def __init__(self, tap: ActOnTap, found: FoundStream) -> None:
        self.name = found.stream
        super().__init__(tap, found)
        self._has_told_new = False
        self._columns: dict[str, str] = {}  # by header

    def items(self) -> Iterator[Item]:
        """Give the list as the account's listing has it, or its id alone."""
        list_id = self.found.source
        if self.run.settings.in_shard(list_id):
            listed = (item for item in self._listing if item["id"] == list_id)
            yield next(filter(is_contact_list, listed), {"id": list_id})

    @cached_property
    def _listing(self) -> Sequence[Item]:
        """The account's listing, where it is known or saves more calls than it costs."""
        streams = self.tap.streams.values()
        selected = (one for one in streams if isinstance(one, ListStream) and one.selected)
        is_known = Lists.name in self.run.shared(Listings)
        if not is_known and len(list(islice(selected, FEW_LISTS))) < FEW_LISTS:
            return []
        try:
            return self.items_of(Lists.name)
        except (StreamFailedError, CallError):
            # Whoever selects the listing sees the failure; the list can be read without it.
            return []

    @property
    def refused_above(self) -> int:
        """None: the listing only saves calls."""
        return 0

    @cached_property
    def reached(self) -> dict[str, str]:
        """The latest modification time read, by list id; it is the stream's own bookmark."""
        value = self.bookmark.value
        return {} if value is None else {self.found.source: value}

    def forget_rows(self) -> None:
        """Forget how far the list was read."""
        self.bookmark.forget()
        super().forget_rows()

    def records_of(self, rows: Sequence[Row], given: Row) -> list[Record]:
        """Put the cells into the columns of their headers."""
        if (columns := columns_of(rows)) is not None:
            with suppress(Unconvertible):
                typed = self.reader.typed(_without_email(columns.system), len(rows), given)
                return self._records_of(typed, columns.own)
        return [record for row in rows for record in self._records_of_one(row, given)]

    def _records_of_one(self, row: Row, given: Row) -> list[Record]:
        """Make a record of a row that has to be looked at by itself."""
        own = row["fields"]
        system = {name: cell for name, cell in row.items() if name != "fields"}
        record = self.reader.record(_without_email(system), given)
        return self._records_of(
            {column: (value,) for column, value in record.items()},
            {header: (cell,) for header, cell in own.items()},
        )

    def _records_of(
        self, system: Mapping[str, Sequence[Any]], own: Mapping[str, Sequence[Any]]
    ) -> list[Record]:
        """Make records of the columns that all lists have, and of the list's own by header."""
        extra = system[EXTRA_FIELDS]
        new = {header: cells for header, cells in own.items() if not self._column_of(header)}
        if new:
            self._tell_new()
            extra = [
                {**(held or {}), **dict(zip(new, cells, strict=True))}
                for held, *cells in zip(extra, *new.values(), strict=True)
            ]
        nothing = (None,) * len(extra)
        named = {self._column_of(header): cells for header, cells in own.items()}
        columns = {
            **{column: values for column, values in system.items() if column != EXTRA_FIELDS},
            **{column: named.get(column, nothing) for column in self.found.columns},
            EXTRA_FIELDS: extra,
        }
        return records_of_columns(columns)

    @cached_property
    def reader(self) -> RecordReader:
        """What makes records of the columns that all lists have.

        The list's own are matched by their headers to the letter, so none of them is ever
        taken for one of these.
        """
        properties = self.schema["properties"]
        own = self.found.columns
        return RecordReader(
            {"properties": {name: properties[name] for name in properties if name not in own}},
            key=self.primary_keys,
            zone=self.run.zone,
            on_unnamed=self.report.unnamed,
            deselected=self.selection.deselected,
        )

    def _column_of(self, header: str) -> str:
        """Return the column of a header; empty where it has none."""
        if header not in self._columns:
            self._columns[header] = self.found.names.get(header_identity(header), "")
        return self._columns[header]

    def _tell_new(self) -> None:
        if not self._has_told_new:
            self._has_told_new = True
            self.log(
                "List %s has columns that it did not have at discovery; they are kept in "
                "extra_fields until a new discovery.",
                self.found.source,
                level=logging.WARNING,
            )


def _without_email(system: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the address, which is in the list's own columns already."""
    return {name: held for name, held in system.items() if name != "email"}
