"""The lists of an account, and its other assets."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.api.pagination import OffsetPaging
from tap_acton.errors import RejectedCallError
from tap_acton.records.extractors import RowsAt
from tap_acton.settings.entries import Entries
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record
    from tap_acton.sync.query import Outcome

CONTACT_LIST = "contact_list"


class Lists(ActOnStream):
    """The account's lists; with the setting ``listing_types`` its other assets too."""

    name = "lists"
    path = "/api/1/list"
    primary_keys = ("listing_type", "id")
    extract = RowsAt("result")
    pages = OffsetPaging
    chosen_by = ("list_ids", "list_names", "listing_types")
    item_columns = ("listing_type", "id", "folder_name", "size", "modified_at")

    def queries(self) -> Iterator[Query]:
        """Request each type of listing."""
        for listing_type in sorted(self.run.settings.listing_types):
            yield Query(
                self.path,
                (listing_type,),
                {"listingtype": listing_type},
                {"listing_type": listing_type},
                subject=f"listing type {listing_type}",
                item={"id": listing_type},
            )

    def instead(self, outcome: Outcome) -> Query | None:
        """Give the same query with its type in upper case, where the type seems to be unknown.

        The Act-On reference, 2024 edition, has the types in lower case, public clients send
        upper case.
        """
        listing_type = str(outcome.query.parameters["listingtype"])
        is_refused = isinstance(outcome.problem, RejectedCallError)
        is_empty = outcome.evidence is not None and not outcome.rows
        if listing_type.isupper() or not (is_refused or is_empty):
            return None
        return replace(outcome.query, parameters={"listingtype": listing_type.upper()})

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out the lists that the settings do not name."""
        wants_list = self.run.settings.wants_list
        for one in records:
            self._entries.meet(one["id"] or "", one["name"] or "")
        return [one for one in records if wants_list(one["id"] or "", one["name"] or "")]

    @cached_property
    def _entries(self) -> Entries:
        settings = self.run.settings
        return Entries({"list_ids": settings.list_ids, "list_names": settings.list_names})

    def settle(self) -> None:
        """Warn of entries of the settings that match no list, unless some could not be read."""
        super().settle()
        if not (self.summary.refused or self.summary.skipped):
            for sentence in self._entries.unmatched("list"):
                self.log("%s", sentence, level=logging.WARNING)
