"""The categories of messages that contacts can subscribe to, and who opted out of which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_acton.api.pagination import OffsetPaging
from tap_acton.records.extractors import RowsAt
from tap_acton.state.stream_state import OptOutsState
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.suppression.system_lists import ARRIVES_WITHIN

if TYPE_CHECKING:
    from tap_acton.sync.query import Item, Outcome, Query

COVERED = "categories"
"""What the state calls the categories for which the bookmark counts."""


class SubscriptionCategories(ActOnStream):
    """The categories of messages that contacts can subscribe to."""

    name = "subscription_categories"
    path = "/api/1/subscription/category"
    primary_keys = ("id",)
    extract = RowsAt("")
    item_columns = ("id", "name")


class SubscriptionOptOuts(ActOnStream):
    """Addresses that opted out of one category of messages.

    One bookmark stands for all categories that had rows when they were read last. Any other one is
    read from the start: it is new, or has come without rows once.
    """

    name = "subscription_opt_outs"
    path = "/api/1/subscription/optout"
    primary_keys = ("subscription_category_id", "email")
    replication_key = "opted_out_at"
    listing, item, id_column = "subscription_categories", "category", "subscription_category_id"
    extract, pages = RowsAt("result"), OffsetPaging
    least_lookback, state_type = ARRIVES_WITHIN, OptOutsState

    def can_request(self, item: Item) -> bool:
        """Tell whether the category has a name, by which it is requested."""
        return bool(item["id"] and item["name"])

    def query_of(self, item: Item) -> Query:
        """Request a category by its name, as Act-On wants it."""
        query = super().query_of(item)
        # The bookmark says nothing of a category without rows, or of another shard's.
        since = self.bookmark.since if item["id"] in self._known else self.bookmark.start
        return replace(query, parameters={"category": item["name"]}, since=since)

    def finished(self, outcome: Outcome) -> None:
        """Remember whether a category has rows."""
        super().finished(outcome)
        item = outcome.query.item
        if item is not None and not outcome.is_refused:
            known = self._known - {item["id"]}
            self._remember(known | {item["id"]} if outcome.rows else known)

    def done(self) -> None:
        """Forget the categories that were not read, since the bookmark moves without them."""
        super().done()
        if not self.refused_above:
            self._remember(self._known & {item["id"] for item in self.items()})

    @property
    def _known(self) -> set[str]:
        """The categories that had rows when they were read last."""
        return {*self.progress.covers.get(COVERED, ())}

    def _remember(self, categories: set[str]) -> None:
        self.progress.covers = {COVERED: sorted(categories)} if categories else {}
