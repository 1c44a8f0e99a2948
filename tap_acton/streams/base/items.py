"""What streams that ask about each item of a listing have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from tap_acton.api.client import path_part
from tap_acton.streams.base.old_unchanged import UnchangedParents
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.sync.answers import Query, RunningNumbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.run import Parent


class ItemStream(UnchangedParents):
    """A stream that asks about each item of its listing.

    Attributes:
        path: The path, with ``{id}`` for that of the item.
        id_column: The column that gets the item's id.
        item: What the listing lists, for messages.
        changes_with: The columns of the listing of which at least one changes whenever
            what is asked about an item does, the time of its last change first; empty
            where nothing proves that it is unchanged.
    """

    id_column: ClassVar[str] = "id"
    item: ClassVar[str] = ""
    changes_with: ClassVar[tuple[str, ...]] = ()

    def evidence(self, parent: Parent) -> str | None:
        """Give what proves that an item is unchanged, as long as it is the same.

        Args:
            parent: The item.

        Returns:
            The evidence; None where there is none.
        """
        values = [parent[column] for column in self.changes_with]
        return json.dumps(values) if values and values[0] is not None else None

    def queries(self) -> Iterator[Query]:
        """Ask about each item.

        Yields:
            A query per item.
        """
        for parent in self.parents():
            yield Query(
                self.path.format(id=path_part(parent["id"])),
                subject=f"{self.item} {parent['id']}",
                given={self.id_column: parent["id"]},
                parent=parent,
            )


class ItemUrls(ItemStream, UnverifiedStream):
    """The addresses at which an item can be reached.

    An address has no id that is documented, so the row's is a fingerprint of the item and
    the address, and of its number among the rows of the item with that address.
    """

    primary_keys = ("id",)
    scalar = "url"

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._numbers = RunningNumbers()

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give each address its id.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        item_id: str = query.given[self.id_column]
        for record in super().records(rows, query):
            record["id"] = self._numbers.identify((item_id, query.again), item_id, record["url"])
            yield record
