"""ON24's webinars, which it keeps as lists: one per webinar, one row per registrant."""

from __future__ import annotations

import logging
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tap_acton.records.reader import EXTRA_FIELDS, NAMES
from tap_acton.records.timestamps import names_zone
from tap_acton.streams.lists.rows import RowsOfLists

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.run import Parent

SYSTEM = {"contact_id", "created_at", "modified_at"}
"""The columns that Act-On adds to a list."""


class WebinarRegistrants(RowsOfLists):
    """The people who registered for ON24's webinars, and what came of it.

    ON24 writes a list per webinar into a folder that has the name of the client's account
    there. The labels of its columns are those of ON24's page; how a list spells them is not
    documented, so only their letters and digits count.
    """

    name = "webinar_registrants"

    def lists(self) -> Iterator[Parent]:
        """Give the lists in the folders that ON24 writes to.

        Yields:
            The lists; none, and no call for them, where the settings name no folder.
        """
        folders = dict.fromkeys(self.run.settings.on24_client_ids)
        if not folders:
            self.log("The setting on24_client_ids names no folder, so there is nothing to read.")
            return
        there = {_folder(parent) for parent in self.parents_of(self.listing)}
        if missing := [folder for folder in folders if folder not in there]:
            self.log(
                "No list is in the folders %s that the setting on24_client_ids names.",
                ", ".join(missing),
                level=logging.WARNING,
            )
            self.note_gap()
        for parent in super().lists():
            if _folder(parent) in folders:
                yield parent

    def begin_full_refresh(self) -> None:
        """Forget how far the lists were read, where a full read is due and there are any."""
        if self.run.settings.on24_client_ids:
            super().begin_full_refresh()

    def given_of(self, parent: Parent) -> Row:
        """Say whose webinar a list holds.

        Args:
            parent: The list.

        Returns:
            The name of its folder.
        """
        return {"on24_client_id": _folder(parent)}

    def records_of(self, rows: Sequence[Row], given: Row) -> list[Record]:
        """Make records of rows, each by itself.

        Args:
            rows: The rows.
            given: Columns known from elsewhere.

        Returns:
            A record for each row.
        """
        return [self._record_of(row, given) for row in rows]

    def _record_of(self, row: Row, given: Row) -> Record:
        """Find ON24's columns among those of the list, whatever their spelling.

        Args:
            row: The row.
            given: Columns known from elsewhere.

        Returns:
            The record. What is not one of ON24's columns is in ``extra_fields``, and so is
            a timestamp that only the account's zone, which is a guess, makes one.
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
            # The address is known already if Act-On names its column, maybe another one.
            if column is None or column in headers or known.get(column, cell) != cell:
                extra[header] = cell
                self._tell_unnamed(header)
                continue
            headers[column] = header
            known[column] = cell
            if column in self._timestamps and not names_zone(cell):
                extra[header] = cell
        record = self.reader.record(known, given)
        for name, value in (record[EXTRA_FIELDS] or {}).items():
            extra[headers.get(name, name)] = value
        return {**record, EXTRA_FIELDS: extra or None}

    def stream_done(self) -> None:
        """Forget lists that do not exist any more, if lists were asked for at all."""
        if self.run.settings.on24_client_ids:
            super().stream_done()

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
    """Reduce a header to what counts of it.

    Args:
        header: The header as a list spells it.

    Returns:
        Its letters and digits, in lower case.
    """
    return "".join(character for character in header.lower() if character.isalnum())


def _folder(parent: Parent) -> str:
    return (parent["folder_name"] or "").strip()
