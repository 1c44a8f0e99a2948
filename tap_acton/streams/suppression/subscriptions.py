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
    from tap_acton.sync.query import Item, Query


class SubscriptionCategories(ActOnStream):
    """The categories of messages that contacts can subscribe to."""

    name = "subscription_categories"
    path = "/api/1/subscription/category"
    primary_keys = ("id",)
    extract = RowsAt("")
    item_columns = ("id", "name")


class SubscriptionOptOuts(ActOnStream):
    """Addresses that opted out of one category of messages."""

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
        # The bookmark says nothing of the categories of another shard.
        is_covered = self.progress.covers == self.covers
        since = self.bookmark.since if is_covered else self.bookmark.start
        return replace(query, parameters={"category": item["name"]}, since=since)

    def done(self) -> None:
        """Remember of which categories the bookmark says how far they were read."""
        super().done()
        if not self.summary.refused:
            self.progress.covers = self.covers

    @property
    def covers(self) -> dict[str, list[str]]:
        """The setting that decides which categories are read, where it leaves out any."""
        shard = self.run.settings.shard
        return {"shard": [f"{shard.part}/{shard.parts}"]} if shard else {}
