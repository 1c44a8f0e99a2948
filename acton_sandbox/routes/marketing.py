"""Campaigns and search engine optimisation: paths whose answers no document describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import DataRoute, numeric_error, undocumented_answer
from acton_sandbox.timestamps import DAY

if TYPE_CHECKING:
    from acton_sandbox.answers import Answer, Call
    from acton_sandbox.marketing import Campaign


def campaign_list(call: Call) -> Answer:
    """Answer with all campaigns."""
    return undocumented_answer(call, [_campaign(call, c) for c in call.view.account.campaigns])


def campaign(call: Call) -> Answer:
    """Answer with one campaign, which has more fields on its own than in the list."""
    for found in call.view.account.campaigns:
        if found.id == call.ids["id"] and not found.gone:
            row = {**_campaign(call, found), "description": found.description}
            return undocumented_answer(call, [row])
    return numeric_error(10054, "The id is invalid", 404)


def _campaign(call: Call, campaign: Campaign) -> dict[str, object]:
    if call.view.is_2019:
        return {
            "id": campaign.id,
            "title": campaign.name,
            "folder_name": campaign.folder_name,
            "status": campaign.status,
            "owner": campaign.owner,
            "creation_time": str(campaign.created_at),
            "last_modified": str(campaign.modified_at),
        }
    return {
        "id": campaign.id,
        "name": campaign.name,
        "folderName": campaign.folder_name,
        "status": campaign.status,
        "owner": campaign.owner,
        "createdTS": campaign.created_at,
        "modifiedTs": campaign.modified_at,
    }


def keywords(call: Call) -> Answer:
    """Answer with the keywords of the account, or of one page."""
    url = call.query.get("url")
    if url is not None and not url.startswith(("http://", "https://")):
        return numeric_error(90004, "Empty or improperly formatted URL given")
    return undocumented_answer(
        call,
        [
            {
                "id": keyword.id if call.view.is_2019 else int(keyword.id),
                "keyword": keyword.text,
                "url": keyword.url,
                "searchEngine": keyword.engine,
            }
            for keyword in call.view.account.keywords
            if url in (None, keyword.url)
        ],
    )


def seo_report(call: Call) -> Answer:
    """Answer with the audit of a page for a keyword."""
    url, keyword = call.query.get("url", ""), call.query.get("keyword", "")
    if not url.startswith(("http://", "https://")):
        return numeric_error(90004, "Empty or improperly formatted URL given")
    report = {
        "url": url.lower(),
        "keyword": keyword,
        "auditedAt": call.view.account.now_ms // DAY * DAY,
        "findings": [{"check": "title", "passed": keyword.lower() in url.lower()}],
    }
    return undocumented_answer(call, [report])


ROUTES = [
    DataRoute("/api/1/campaigns", campaign_list),
    DataRoute("/api/1/campaigns/{id}", campaign),
    DataRoute("/api/1/seokeywords", keywords),
    DataRoute("/api/1/seoreport", seo_report),
]
