"""`/api/1/list`: the asset listing and the download of contact lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, csv_answer, numeric_error, page_answer
from acton_sandbox.generation.assets import LISTED_MESSAGES
from acton_sandbox.tables import CONTACT_ID, FIELD_LIMIT, Table
from acton_sandbox.timestamps import DAY, display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.entities import ContactList, ListRow

_CRM_FLAGS = (
    "bIsSforce",
    "bIsSforceReport",
    "bIsSforceAvailable",
    "bIsMSDyn",
    "bIsMSDynAvailable",
    "bIsSugar",
    "bIsSugarAvailable",
    "bIsSL",
    "bIsSLAvailable",
    "bIsNsuite",
    "bIsNsuiteAvailable",
)


def asset_list(call: Call) -> Answer:
    """Answer with a page of the assets of a listing type, contact lists by default."""
    listing_type = call.query.get("listingtype", "contact_list")
    spelling = call.view.choices.listing_type_case
    if spelling != "both" and listing_type != getattr(listing_type, spelling)():
        return page_answer(0, [], 0)
    rows = _entries(call, listing_type.lower())
    offset, page = call.page(rows)
    return page_answer(offset, page, len(rows))


def _entries(call: Call, listing_type: str) -> list[dict[str, object]]:
    account = call.view.account
    counted_at = account.now_ms - account.now_ms % DAY
    if listing_type == "contact_list":
        return [_list_entry(item, counted_at) for item in account.lists]
    message_type = LISTED_MESSAGES.get(listing_type)
    if message_type is not None:
        return [
            _entry(m.id, m.name, "", m.sent_at, counted_at)
            for m in account.messages
            if m.type == message_type
        ]
    return [
        _entry(asset.id, asset.name, asset.folder_name, asset.modified_at, counted_at)
        for asset in account.assets
        if asset.listing_type == listing_type
    ]


def _entry(
    asset_id: str, name: str, folder_name: str, modified_at: int, counted_at: int
) -> dict[str, object]:
    return {
        "id": asset_id,
        "name": name,
        "folderName": folder_name,
        "sourceId": asset_id,
        "baseId": asset_id,
        "description": "",
        "sourceSize": "0",
        "sourceName": name,
        "tsLastModified": modified_at,
        "tsLastCounted": counted_at,
        "tsSource": modified_at,
        "sourceTS": display(modified_at),
        "bIsSingleton": False,
        "bIsList": False,
        **dict.fromkeys(_CRM_FLAGS, False),
    }


def _list_entry(item: ContactList, counted_at: int) -> dict[str, object]:
    entry = _entry(item.id, item.name, item.folder_name, item.modified_at, counted_at)
    return entry | {
        "description": item.description,
        "sourceSize": str(len(item.rows)),
        "bIsList": item.readable,
        "bIsSforce": item.is_salesforce,
        "bIsSforceAvailable": True,
    }


def list_download(call: Call) -> Answer:
    """Answer with a page of a list's rows, or with all of them as CSV."""
    item = call.view.account.list_by_id.get(call.ids["listid"])
    if item is None or not item.readable:
        return numeric_error(10004, "Invalid or missing list")
    dates: tuple[str, ...] = ()
    if call.query.get("datequalifiers", "").lower() == "true":
        prefix = "__" if call.view.is_2019 else ""
        dates = (f"{prefix}created_date", f"{prefix}modified_date")
    rows = _matching(call, item.rows)
    place = call.view.contact_id_column
    if call.query.get("responseformat", "").upper() == "CSV":
        table = Table(item, place if call.view.choices.ids_in_csv else "absent", dates)
        return csv_answer(call, table.headers, [table.cells(row) for row in rows])
    table = Table(item, place, dates, limit=FIELD_LIMIT)
    headers = table.headers
    offset, page = call.page(rows)
    data = [table.cells(row) for row in page]
    counted = item.rows if call.view.choices.filtered_total == "all" else rows
    fields = [name for name in call.query.get("fields", "").split(";") if name]
    if fields:
        if dates or not set(fields) <= set(headers):
            return numeric_error(10010, "Invalid Column Specified")
        kept = [i for i in (_position(headers, name) for name in [CONTACT_ID, *fields]) if i >= 0]
        headers = [headers[index] for index in kept]
        data = [[cells[i] if i < len(cells) else "" for i in kept] for cells in data]
    return Answer.of_json(
        {
            "listId": item.id,
            "offset": offset,
            "count": len(data),
            "totalCount": len(counted),
            "emailColumn": _position(headers, item.headers[item.email_column]),
            "headers": headers,
            "data": data,
        }
    )


def _position(headers: list[str], name: str) -> int:
    return headers.index(name) if name in headers else -1


def _matching(call: Call, rows: Sequence[ListRow]) -> list[ListRow]:
    """Return the rows within the date filters, which are in milliseconds."""
    inclusive = call.view.choices.after_is_inclusive
    found = list(rows)
    for name, timestamp in (("mod", "modified_at"), ("created", "created_at")):
        after = call.number(f"{name}after", -1) - inclusive
        before = call.number(f"{name}before", -1)
        if after >= 0:
            found = [row for row in found if getattr(row, timestamp) > after]
        if before >= 0:
            found = [row for row in found if getattr(row, timestamp) < before]
    return found


def list_record(call: Call) -> Answer:
    """Answer with the cells of one row, a bare array without headers."""
    item = call.view.account.list_by_id.get(call.ids["listid"])
    if item is not None and item.readable:
        for row in item.rows:
            if row.contact_id == call.ids["recordid"]:
                table = Table(item, call.view.contact_id_column, limit=FIELD_LIMIT)
                return Answer.of_json(table.cells(row))
    return numeric_error(10004, "Invalid or missing list")


ROUTES = [
    DataRoute("/api/1/list", asset_list),
    DataRoute("/api/1/list/{listid}", list_download),
    DataRoute("/api/1/list/{listid}/record/{recordid}", list_record),
]
