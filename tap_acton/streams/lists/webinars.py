"""ON24's webinars, which it keeps as lists: one per webinar, one row per registrant."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tap_acton.records.reader import EXTRA_FIELDS, NAMES
from tap_acton.records.timestamps import names_zone
from tap_acton.streams.lists.rows import ListRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Item, Query

SYSTEM = {"contact_id", "created_at", "modified_at"}
"""The columns that Act-On adds to a list."""


class WebinarRegistrants(ListRows):
    """The people who registered for ON24's webinars, and what came of it.

    ON24 writes a list per webinar into a folder that has the name of the client's account
    there. The labels of its columns are those of ON24's page; how a list spells them is not
    documented, so only their letters and digits count.
    """

    name = "webinar_registrants"
    inputs = ("on24_client_ids",)

    def queries(self) -> Iterator[Query]:
        """Request the lists in the folders that ON24 writes to; no call where none is named."""
        folders = dict.fromkeys(self.run.settings.on24_client_ids)
        if not folders:
            self._say("The setting on24_client_ids is empty, so there is nothing to read.")
            return
        there = {_folder(item) for item in self.items_of(self.listing)}
        if missing := [folder for folder in folders if folder not in there]:
            self._say(
                "The folders %s that the setting on24_client_ids names hold no lists.",
                ", ".join(missing),
                level=logging.WARNING,
            )
            self.table_version.note_gap()
        yield from super().queries()

    def _say(self, message: str, *names: str, level: int = logging.INFO) -> None:
        """Log a message, but not for a forecast."""
        if not self.run.is_foreseeing:
            self.log(message, *names, level=level)

    def items(self) -> Iterator[Item]:
        """Give the lists in the folders that the setting names."""
        if folders := {*self.run.settings.on24_client_ids}:
            yield from (item for item in super().items() if _folder(item) in folders)

    def query_of(self, item: Item) -> Query:
        """Request what of a list changed; every row gets the client, the name of the folder."""
        query = super().query_of(item)
        return replace(query, given={**query.given, "on24_client_id": _folder(item)})

    def records_of(self, rows: Sequence[Row], given: Row) -> list[Record]:
        """Make records of rows, each by itself."""
        return [self._record_of(row, given) for row in rows]

    def _record_of(self, row: Row, given: Row) -> Record:
        """Find ON24's columns among those of the list, whatever their spelling.

        What is not one of ON24's columns is in ``extra_fields``, and so is a timestamp that
        only the account's zone, which is a guess, makes one.
        """
        known: dict[str, Any] = {
            name: cell for name, cell in row.items() if name != "fields" and cell != ""
        }
        headers: dict[str, str] = {}
        extra: dict[str, Any] = {}
        for header, cell in row["fields"].items():
            if not cell or cell.isspace():
                continue
            column = self._columns.get(letters_and_digits(header))
            if column in self.selection.deselected:
                continue
            # The address is known already if Act-On names its column, maybe another one.
            if column is None or column in headers or known.get(column, cell) != cell:
                extra[header] = cell
                self.report.unnamed()
                continue
            headers[column] = header
            known[column] = cell
            if column in self._timestamps and not names_zone(cell):
                extra[header] = cell
        record = self.reader.record(known, given)
        for name, value in (record[EXTRA_FIELDS] or {}).items():
            extra[headers.get(name, name)] = value
        return {**record, EXTRA_FIELDS: extra or None}

    def begin_full_refresh(self) -> None:
        """Forget how far the lists were read, where a full refresh is due and there are any."""
        if self.run.settings.on24_client_ids:
            super().begin_full_refresh()

    def done(self) -> None:
        """Forget lists that do not exist any more, if any lists were requested."""
        if self.run.settings.on24_client_ids:
            super().done()

    @cached_property
    def _columns(self) -> dict[str, str]:
        """ON24's columns by the letters and digits of their labels."""
        return {
            letters_and_digits(label): column
            for column, definition in self.schema["properties"].items()
            for label in definition.get(NAMES, ())
            if column not in SYSTEM
        }

    @cached_property
    def _timestamps(self) -> set[str]:
        """Those of ON24's columns that hold timestamps."""
        properties = self.schema["properties"]
        return {
            column
            for column in self._columns.values()
            if properties[column].get("format") == "date-time"
        }


@lru_cache(maxsize=4096)
def letters_and_digits(header: str) -> str:
    """Reduce a header to what counts of it: its letters and digits, in lower case."""
    return "".join(character for character in header.lower() if character.isalnum())


def _folder(item: Item) -> str:
    return (item["folder_name"] or "").strip()
