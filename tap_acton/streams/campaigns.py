"""Campaigns: the list of them, and each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.pagination import OptionalPaging
from tap_acton.records.extractors import Undocumented
from tap_acton.records.ids import fingerprint
from tap_acton.streams.base.stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Item, Query


class Campaigns(ActOnStream):
    """The account's campaigns; of the response only the path is documented."""

    name = "campaigns"
    path = "/api/1/campaigns"
    primary_keys = ("id",)
    extract, pages = Undocumented("name"), OptionalPaging
    item_columns = ("id", "name", "created_at")

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Give campaigns that come without an id one that stays."""
        for record in super().records(rows, query):
            yield {**record, "id": record["id"] or _own_id(record)}


class CampaignDetails(ActOnStream):
    """Each campaign by itself; of the response only the path is documented."""

    name = "campaign_details"
    path = "/api/1/campaigns/{id}"
    primary_keys = ("id",)
    listing, item = "campaigns", "campaign"
    extract, pages = Undocumented(), OptionalPaging

    def can_request(self, item: Item) -> bool:
        """Tell whether Act-On gives a campaign an id."""
        return super().can_request(item) and item["id"] != _own_id(item)


def _own_id(campaign: Mapping[str, Any]) -> str:
    """Make the id of a campaign that has none of Act-On's."""
    return fingerprint("campaign", campaign["name"], campaign["created_at"])
