"""What a user may do to a contact list: call it something else, and change its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from acton_sandbox.entities import ContactList, ListRow

Edit: TypeAlias = Callable[[ContactList], ContactList]


def renamed(name: str) -> Edit:
    """Give a list another name."""
    return lambda item: replace(item, name=name)


def with_column(header: str, place: int | None = None) -> Edit:
    """Put a column into a list, behind the others if no place is given.

    Args:
        header: Its header, which the list may have already.
        place: The number of columns before it.

    Returns:
        The edit. The cells tell the header and the row.
    """

    def edit(item: ContactList) -> ContactList:
        at = len(item.headers) if place is None else place

        def widened(row: ListRow) -> ListRow:
            before = [*row.cells[:at], *[""] * (at - len(row.cells))]
            number = row.contact_id.rpartition(":")[2]
            return replace(row, cells=(*before, f"{header} {number}", *row.cells[at:]))

        return replace(
            item,
            headers=(*item.headers[:at], header, *item.headers[at:]),
            email_column=item.email_column + (at <= item.email_column),
            rows=tuple(map(widened, item.rows)),
        )

    return edit


def without_column(header: str) -> Edit:
    """Take a column out of a list, the first one of that header."""

    def edit(item: ContactList) -> ContactList:
        at = item.headers.index(header)

        def narrowed(row: ListRow) -> ListRow:
            return replace(row, cells=(*row.cells[:at], *row.cells[at + 1 :]))

        return replace(
            item,
            headers=(*item.headers[:at], *item.headers[at + 1 :]),
            email_column=item.email_column - (at < item.email_column),
            rows=tuple(map(narrowed, item.rows)),
        )

    return edit
