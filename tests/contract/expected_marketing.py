"""The records of campaigns and keywords, worked out from the account alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract import expected

if TYPE_CHECKING:
    from acton_sandbox import Account
    from acton_sandbox.marketing import Campaign

MARKETING_KEYS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("campaigns", "campaign_details", "seo_keywords"), ("id",)
)
"""The key columns of each stream that is selected by default."""


def marketing_records(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Work out the records of the streams that are selected by default.

    Args:
        account: The account.

    Returns:
        The records by stream.
    """
    return {
        "campaigns": [_campaign(campaign) for campaign in account.campaigns],
        "campaign_details": [
            {**_campaign(campaign), "description": campaign.description}
            for campaign in account.campaigns
            if not campaign.gone
        ],
        "seo_keywords": [
            {
                "id": keyword.id,
                "keyword": keyword.text,
                "url": keyword.url,
                "extra_fields": {"searchEngine": keyword.engine},
            }
            for keyword in account.keywords
        ],
    }


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "description": None,
        "folder_name": campaign.folder_name,
        "status": campaign.status,
        "created_at": expected.timestamp(campaign.created_at),
        "modified_at": expected.timestamp(campaign.modified_at),
        "extra_fields": {"owner": campaign.owner},
    }
