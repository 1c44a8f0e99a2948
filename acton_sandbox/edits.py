"""What users do to contact lists and messages: rename, change and delete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias, TypeVar

from acton_sandbox.entities import ContactList, Event, ListRow, Message

Edit: TypeAlias = Callable[[ContactList], ContactList | None]
MessageEdit: TypeAlias = Callable[[Message], Message | None]

Item = TypeVar("Item", ContactList, Message)


def with_edits(
    items: Iterable[Item],
    edits: Iterable[tuple[str, Callable[[Item], Item | None]]],
    *,
    with_deleted: bool = False,
) -> list[Item]:
    """Do to lists or messages what was done to them.

    Args:
        items: The lists or the messages.
        edits: What was done, by their ids, the earliest first.
        with_deleted: Whether to give those that were deleted as well, as they were then.

    Returns:
        Those that are left, in the same order.
    """
    found: dict[str, Item] = {item.id: item for item in items}
    for item_id, edit in edits:
        if item_id in found:
            edited = edit(found[item_id])
            if edited is not None:
                found[item_id] = edited
            elif not with_deleted:
                del found[item_id]
    return list(found.values())


def renamed(name: str) -> Callable[[Item], Item]:
    """Give a list or a message another name."""
    return lambda item: replace(item, name=name)


def deleted(_: ContactList | Message) -> None:
    """Delete a list or a message; the events of a message still count."""


def gone(message: Message) -> Message:
    """Delete a message that stays on the list."""
    return replace(message, gone=True)


def with_repeated_event(drilldown: str, at: int) -> Callable[[Message], Message]:
    """Let the first event of a kind happen once more; nothing where there is none.

    Args:
        drilldown: The kind.
        at: When, in epoch milliseconds; it shows at once.

    Returns:
        The edit.
    """

    def edit(message: Message) -> Message:
        def planned_events() -> tuple[Event, ...]:
            events = message.planned_events()
            first = next((event for event in events if event.drilldown == drilldown), None)
            return (*events, replace(first, at=at, visible_at=at)) if first else events

        return replace(message, planned_events=planned_events)

    return edit


def without_rows(*contact_ids: str) -> Callable[[ContactList], ContactList]:
    """Take contacts out of a list; the list's modification time does not change."""

    def edit(item: ContactList) -> ContactList:
        left = tuple(row for row in item.rows if row.contact_id not in contact_ids)
        return replace(item, rows=left)

    return edit


def emptied(at: int) -> Callable[[ContactList], ContactList]:
    """Take all contacts out of a list that was there by then.

    Args:
        at: When, in epoch milliseconds, which is also when the list was modified.

    Returns:
        The edit.
    """

    def edit(item: ContactList) -> ContactList:
        left = tuple(row for row in item.rows if row.created_at > at)
        return replace(item, rows=left, modified_at=max(item.modified_at, at))

    return edit


def touched(at: int) -> Callable[[ContactList], ContactList]:
    """Modify all rows of a list that were there by then.

    Args:
        at: When, in epoch milliseconds.

    Returns:
        The edit.
    """

    def edit(item: ContactList) -> ContactList:
        rows = (
            replace(row, modified_at=max(row.modified_at, at)) if row.created_at <= at else row
            for row in item.rows
        )
        return replace(item, rows=tuple(rows), modified_at=max(item.modified_at, at))

    return edit


def with_column(header: str, place: int | None = None) -> Callable[[ContactList], ContactList]:
    """Put a column into a list, behind the others if no place is given.

    Args:
        header: Its header, which the list may have already.
        place: The number of columns before it.

    Returns:
        The edit. Each cell holds the header and the row's number.
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


def without_column(header: str) -> Callable[[ContactList], ContactList]:
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
