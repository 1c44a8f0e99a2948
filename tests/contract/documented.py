"""The answers, errors and parameters of Act-On's own OpenAPI files, with values of our own.

Names, types and formats are those of the documents, oddities included: numbers as texts, folders
that repeat entries, stray braces before a body. Where the documents hold an empty object in place
of an answer, nothing is written down here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE = "https://www.example.com"


@dataclass(frozen=True)
class Example:
    """An answer as it is documented.

    Attributes:
        path: The path, with its ids in braces.
        stream: The stream that it is for; empty where no stream reads it.
        answer: The answer; no two values in it are alike.
        beside: Fields that say how rows are held, or what another field says.
        query: The parameters of the call.
        before: What stands before the JSON.
        twice: Values that come out in a column, and in the object with all of a row's cells.
    """

    path: str
    stream: str
    answer: Any
    beside: frozenset[str] = frozenset()
    query: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    twice: frozenset[str] = frozenset()

    @property
    def body(self) -> str:
        """The answer as it is sent."""
        return self.before + json.dumps(self.answer)


def _form(title: str) -> dict[str, Any]:
    return {
        "creation_time": 1741851000123,
        "description": f"{title}, described",
        "modified": 1741937400456,
        "id": "2f6a1c00-1b2c-4d3e-8f90-a1b2c3d4e5f6",
        "title": title,
        "url": f"{SITE}/form/{title}",
    }


LOGO = {
    "url_str": f"{SITE}/logo.png",
    "url_str_ts": f"{SITE}/logo.png?ts=1741851000001",
    "alt_txt": "Lighthouse at dusk",
    "tool_tip": "To the harbor",
    "target_url": f"{SITE}/harbor",
    "id": "i-31",
    "title": "Lighthouse",
}
PAGE = frozenset({"offset", "count", "totalCount"})

EXAMPLES = (
    Example(
        "/api/1/logo",
        "logos",
        {"offset": 0, "count": 1, "totalCount": 1, "result": [LOGO]},
        PAGE | {"url_str_ts"},
    ),
    Example("/api/1/logo/{id}", "", LOGO),
    Example(
        "/api/1/image",
        "images",
        [
            {
                "entries": [
                    {
                        "creation_time": "1741851000123",
                        "size": 73011,
                        "thumb": f"{SITE}/thumb.jpg",
                        "name": "Pier.jpg",
                        "width": "1601",
                        "id": "f-0b1c2d3e-4f50-4a61-8b72-c83d94ea05fb",
                        "last_modified": "1741937400456",
                        "url": f"{SITE}/image.jpg",
                        "height": "903",
                    }
                ],
                "name": "Harbor pictures",
            }
        ],
    ),
    Example(
        "/api/1/image/{id}",
        "image_details",
        {
            "id": "f-0b1c2d3e-4f50-4a61-8b72-c83d94ea05fb",
            "image_url": f"{SITE}/image.jpg",
            "thumb_url": f"{SITE}/thumb.jpg",
            "size": 73011,
            "last_modified": 1741937400456,
            "creation_time": 1741851000123,
            "display_name": "Pier.jpg",
            "folder_name": "Harbor pictures",
            "version": 4,
        },
        frozenset({"id"}),
    ),
    Example(
        "/api/1/media/",
        "media",
        [
            {
                "entries": [
                    {
                        "creation_time": 1741851000123,
                        "size": "50021",
                        "name": "Tides.pdf",
                        "id": "f-1b1c2d3e-4f50-4a61-8b72-c83d94ea05fb",
                        "last_modified": "1741937400456",
                        "url": f"{SITE}/tides.pdf",
                    },
                    {
                        "creation_time": 1741851000789,
                        "target_url": f"{SITE}/help",
                        "name": "Help for sailors",
                        "id": "u-2b1c2d3e-4f50-4a61-8b72-c83d94ea05fb",
                        "last_modified": "1741937400999",
                        "url": f"{SITE}/help.bin",
                    },
                ],
                "name": "Harbor files",
            }
        ],
    ),
    Example(
        "/api/1/media/{id}",
        "media_details",
        {
            "id": "u-2b1c2d3e-4f50-4a61-8b72-c83d94ea05fb",
            "name": "Help for sailors",
            "url": f"{SITE}/help.bin",
            "target_url": f"{SITE}/help",
            "creation_time": 1741851000789,
            "last_modified": 1741937400999,
        },
        frozenset({"id"}),
    ),
    Example(
        "/api/1/form",
        "forms",
        [
            {"entries": [_form("Berth request")], "folder": "Harbor forms"},
            {"entries": [_form("Berth request")], "folder": "All Forms"},
        ],
    ),
    Example(
        "/api/1/page",
        "landing_pages",
        [
            {
                "entries": [
                    {
                        "creation_time": "1741851000123",
                        "modified": "1741937400456",
                        "id": "p-0071",
                        "title": "Open harbor day",
                        "url": f"{SITE}/page",
                    }
                ],
                "folder": "Harbor pages",
            }
        ],
    ),
    Example(
        "/api/1/message/{id}/report",
        "message_reports",
        {
            "status": "ok",
            "sent": 21,
            "delivered": 22,
            "bounced": 23,
            "hardBounced": 24,
            "softBounced": 25,
            "opened": [26, 27],
            "effectiveopened": [28, 29],
            "clicked": [30, 31],
            "notsent": [32, 33],
            "notopened": 34,
            "optout": 35,
            "spam": 36,
            "lastOpen": "3 days ago",
            "lastClick": "5 days ago",
            "lastOpenTS": 1741851000123,
            "lastClickTS": 1741937400456,
            "rebroadcast": 37,
            "rebroadcastClick": 38,
            "msgId": "s-0071-2503",
            "subject": "The harbor in March",
            "title": "March letter",
            "sentto": ["q-0071"],
            "suppressedon": [],
        },
        frozenset({"msgId", "lastOpen", "lastClick"}),
    ),
    Example(
        "/api/1/message/report",
        "message_daily_stats",
        {
            "month": "January 2025",
            "counts": [
                {
                    "optedOut": 41,
                    "dayOfWeek": 4,
                    "dayOfMonth": 1,
                    "hardBounced": 42,
                    "softBounced": 43,
                    "opened": 44,
                    "bounced": 45,
                    "clicked": 46,
                    "sent": 47,
                }
            ],
        },
        frozenset({"month", "dayOfWeek", "dayOfMonth"}),
        {"period": "2501"},
        before="{}",
    ),
    Example(
        "/api/1/media/{id}/report/",
        "media_reports",
        {
            "total_known_views": 51,
            "total_unknown_views": 52,
            "unique_known_views": 53,
            "unique_unknown_views": 54,
            "total_messages": 55,
            "total_from_messages": 56,
            "unique_from_messages": 57,
        },
    ),
    Example(
        "/api/1/media/{id}/report/views",
        "media_views",
        [
            {
                "known": False,
                "recipient": "Pilots & Co.",
                "campaign": "Spring tides",
                "action": "downloaded",
                "total_count": 61,
                "srcid": "s-0072-2503",
                "cid": "l-0071:3",
                "tstamp": "Mar 13 2025 12:55 PM PDT",
            }
        ],
    ),
    Example(
        "/api/1/media/{id}/report/timeline",
        "media_timeline",
        [{"date": "03/13/2025", "unique": 71, "total": 72, "known": 73, "unknown": 74}],
    ),
    Example(
        "/api/1/form/{id}/report",
        "form_reports",
        {
            "count": 1,
            "result": [
                {
                    "source": "Page:Open harbor day",
                    "submits": 81,
                    "unique": 82,
                    "views": 83,
                    "percent": 84,
                    "non_submitters": "N/A",
                }
            ],
        },
        frozenset({"count"}),
    ),
    Example(
        "/api/1/page/{id}/report",
        "landing_page_reports",
        {
            "unique_unknown_visits": 91,
            "total_visits": 92,
            "incoming_traffic": {"Lighthouse link": 93},
        },
    ),
    Example(
        "/api/1/message",
        "messages",
        {
            "count": 1,
            "totalCount": 1,
            "offset": 0,
            "msgresult": [
                {
                    "name": "March letter",
                    "msgId": "s-0071-2503",
                    "msgType": "SENT",
                    "timeStamp": "1741851000123",
                    "timeWhen": "Thu Mar 13 12:30 AM PDT",
                    "senderName": "Sam Pilot",
                    "senderId": "430071",
                    "isTextOnly": "false",
                    "senderEmail": "sam.pilot+harbor@example.com",
                }
            ],
            "id": 0,
        },
        PAGE | {"timeWhen", "id"},
        {"type": "SENT"},
    ),
    Example(
        "/api/1/list",
        "lists",
        {
            "offset": 0,
            "count": 1,
            "totalCount": 1,
            "result": [
                {
                    "id": "l-0071",
                    "name": "Berth holders",
                    "folderName": "Harbor lists",
                    "sourceId": "l-0072",
                    "baseId": "l-0073",
                    "description": "Kept by the office",
                    "sourceSize": "17",
                    "sourceName": "Berth holders of 2024",
                    "tsLastModified": 1741851000123,
                    "tsLastCounted": 1741937400456,
                    "tsSource": 1741851000789,
                    "sourceTS": "Mar 13 2025 12:30 AM PDT",
                    "bIsSingleton": False,
                    "bIsList": True,
                    "bIsSforce": False,
                    "bIsSforceReport": False,
                    "bIsSforceAvailable": True,
                    "bIsMSDyn": False,
                    "bIsMSDynAvailable": True,
                    "bIsSugar": False,
                    "bIsSugarAvailable": True,
                    "bIsSL": False,
                    "bIsSLAvailable": True,
                    "bIsNsuite": False,
                    "bIsNsuiteAvailable": True,
                }
            ],
        },
        PAGE | {"sourceTS"},
        before="{}",
    ),
    Example(
        "/api/1/list/{id}",
        "list_members",
        {
            "listId": "l-0071",
            "offset": 0,
            "count": 1,
            "totalCount": 1,
            "emailColumn": 2,
            "headers": ["_contact_id_", "First Name", "E-mail Address", "Berth"],
            "data": [["l-0071:3", "Robin", "robin@example.com", "Pier 9"]],
        },
        PAGE | {"listId", "emailColumn", "headers"},
        twice=frozenset({"robin@example.com"}),
    ),
)
"""Good answers."""

ERRORS: tuple[tuple[str, dict[str, str], int, int, str], ...] = (
    ("/api/1/logo/none", {}, 404, 10054, "The id is invalid"),
    ("/api/1/message/none/report", {}, 400, 10030, "Invalid or deleted message"),
    ("/api/1/message/none/report/SENT", {}, 404, 10030, "Invalid or deleted message"),
    ("/api/1/message/none/report/LOOKED", {}, 400, 10089, "Invalid drill-down verb"),
    ("/api/1/message/report", {"period": "2513"}, 400, 10160, "The date period is invalid."),
    ("/api/1/media/none/report/", {}, 400, 10054, "The id is invalid"),
    ("/api/1/media/none/report/views", {}, 400, 10054, "The id is invalid"),
    ("/api/1/media/none/report/timeline", {}, 400, 10054, "The id is invalid"),
    ("/api/1/form/none/report", {}, 400, 10012, "Invalid Form id"),
    ("/api/1/page/none/report", {}, 400, 10013, "Invalid Page id"),
    ("/api/1/list/l-none/record/l-none:1", {}, 400, 10004, "Invalid or missing list"),
    ("/api/1/list/none/status", {}, 400, 10017, "Invalid or expired Job Id"),
)
"""Refusals: the path, its parameters, the status, the code and the message."""

STATUS_ALONE = {
    "/ucl/v2/{account}/contact/id/none": 404,
    "/ucl/v2/{account}/contactReport/id/none/activity": 404,
    "/ucl/v2/{account}/contactReport/id/none/scores": 404,
    "/ucl/v2/{account}/contactReport/id/none/segments": 404,
    "/ucl/v2/{account}/segment/none": 404,
    "/ucl/v2/{account}/segment/none/contacts": 404,
    "/ucl/v2/{account}/import/definition/none": 404,
}
"""Refusals with an empty text."""

PARAMETERS = (
    ("/api/1/program", {"type": "EVENT"}),
    ("/api/1/message", {"type": "SENT"}),
    ("/api/1/message", {"count": "2"}),
    ("/api/1/message", {"offset": "2"}),
    ("/api/1/message/report", {"period": "2501"}),
    ("/api/1/message/{message}/report/SENT", {"count": "1"}),
    ("/api/1/message/{message}/report/SENT", {"offset": "1"}),
    ("/api/1/message/{message}/report/SENT", {"responseformat": "CSV"}),
    ("/api/1/subscription/optout", {"category": "Newsletter"}),
    ("/api/1/subscription/optout", {"count": "1"}),
    ("/api/1/subscription/optout", {"offset": "1"}),
    ("/api/1/list", {"listingtype": "header"}),
    ("/api/1/list", {"count": "1"}),
    ("/api/1/list", {"offset": "1"}),
    *(
        ("/api/1/list/{list}", {name: value})
        for name, value in (
            ("count", "1"),
            ("offset", "1"),
            ("modbefore", "1736150000000"),
            ("modafter", "4000000000000"),
            ("createdbefore", "1736150000000"),
            ("createdafter", "4000000000000"),
            ("fields", "First Name"),
            ("datequalifiers", "true"),
            ("responseformat", "CSV"),
        )
    ),
    *(
        (f"/api/1/list/{name}", {parameter: value})
        for name in ("hardbounce", "spamcomplaint", "optout")
        for parameter, value in (
            ("count", "1"),
            ("offset", "1"),
            ("createdbefore", "1700000000"),
            ("createdafter", "4000000000"),
        )
    ),
    *(
        ("/ucl/v2/{account}/contact/", {name: value})
        for name, value in (
            ("createdAfter", "4000000000"),
            ("createdBefore", "1700000000"),
            ("updatedAfter", "4000000000"),
            ("updatedBefore", "1700000000"),
            ("page", "1"),
            ("pageSize", "1"),
        )
    ),
    ("/ucl/v2/{account}/schema/", {"skipHidden": "false"}),
    ("/ucl/v2/{account}/schema/", {"skipReadOnly": "false"}),
    ("/ucl/v2/{account}/segment/", {"page": "1"}),
    ("/ucl/v2/{account}/segment/", {"pageSize": "1"}),
    ("/ucl/v2/{account}/segment/{segment}/contacts", {"page": "1"}),
    ("/ucl/v2/{account}/segment/{segment}/contacts", {"pageSize": "1"}),
    ("/ucl/v2/{account}/contactReport/id/{contact}/activity", {"monthsOfPastData": "24"}),
)
"""Parameters, each of which changes an answer of the sandbox."""

SCHEMA_FIELDS = {
    "": (
        "name",
        "description",
        "dataType",
        "fields",
        "requiredFields",
        "uniqueFieldSet",
        "eventTimestampField",
        "primaryEmailField",
        "externalIdField",
        "objectTypeField",
        "relationships",
    ),
    "fields": ("id", "name", "type", "description", "displayName", "properties", "extraData"),
    "relationships": (
        "name",
        "description",
        "type",
        "fieldName",
        "fieldValue",
        "otherObject",
        "otherFieldName",
        "otherFieldValue",
        "properties",
    ),
}
"""What the schema of a custom object holds, and its fields and relationships."""
