"""How the rows of a contact list are laid out in a download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acton_sandbox.timestamps import date_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.entities import ContactList, ListRow

CONTACT_ID = "_contact_id_"
FIELD_LIMIT = 255
"""The most fields of a row in a JSON page (Act-On reference, 2024 edition)."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a download: the list's own, the contact id, and the two dates if requested.

    Attributes:
        item: The list.
        contact_id_column: Where the contact id stands: `first`, `last` or `absent`.
        date_headers: The headers of the dates created and modified, or nothing.
        limit: The most fields of a row; it is the list's own columns that are cut.
    """

    item: ContactList
    contact_id_column: str
    date_headers: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def headers(self) -> list[str]:
        """The headers, from the first column to the last."""
        own = self.item.headers[: self._room]
        return [*self._with_id(own, CONTACT_ID), *self.date_headers]

    def cells(self, row: ListRow) -> list[str]:
        """Return the cells of a row, which may be fewer or more than there are headers."""
        own: Sequence[str] = row.cells[: self._room]
        if self.date_headers or self.contact_id_column == "last":
            # What follows the list's own columns only lines up with its header in a full row.
            width = len(self.item.headers[: self._room])
            own = [*own[:width], *[""] * (width - len(own))]
        style = self.item.date_format
        dates = (date_cell(row.created_at, style), date_cell(row.modified_at, style))
        return [*self._with_id(own, row.contact_id), *dates[: len(self.date_headers)]]

    @property
    def _room(self) -> int | None:
        if self.limit is None:
            return None
        return self.limit - len(self.date_headers) - (self.contact_id_column != "absent")

    def _with_id(self, own: Sequence[str], contact_id: str) -> list[str]:
        match self.contact_id_column:
            case "first":
                return [contact_id, *own]
            case "last":
                return [*own, contact_id]
            case _:
                return list(own)
