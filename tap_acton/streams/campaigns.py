"""Campaigns: the list of them, and each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.api.client import path_part
from tap_acton.records.values import fingerprint
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.sync.answers import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from tap_acton.records.reader import Record, Row


class Campaigns(UnverifiedStream):
    """The account's campaigns; of the answer only the path is documented."""

    name = "campaigns"
    path = "/api/1/campaigns"
    primary_keys = ("id",)
    parent_columns = ("id", "name", "created_at")
    scalar = "name"

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give campaigns that come without an id one that stays.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each campaign.
        """
        for record in super().records(rows, query):
            yield {**record, "id": record["id"] or _own_id(record)}


class CampaignDetails(UnverifiedStream):
    """Each campaign by itself; of the answer only the path is documented."""

    name = "campaign_details"
    primary_keys = ("id",)
    listing = "campaigns"

    def queries(self) -> Iterator[Query]:
        """Ask for each campaign.

        Yields:
            A query per campaign that Act-On gives an id.
        """
        for campaign in self.parents():
            if campaign["id"] != _own_id(campaign):
                yield Query(
                    f"{Campaigns.path}/{path_part(campaign['id'])}",
                    subject=f"campaign {campaign['id']}",
                    given={"id": campaign["id"]},
                    parent=campaign,
                )


def _own_id(campaign: Mapping[str, Any]) -> str:
    """Make the id of a campaign that has none of Act-On's."""
    return fingerprint("campaign", campaign["name"], campaign["created_at"])
