"""The older generation of the Audience Center (Act-On developer site, 2019 edition).

It was described under the name of All Contacts and is not in the 2024 edition of the reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute
from acton_sandbox.audience_center import ALL_CONTACTS
from acton_sandbox.routes.audience_center import nothing, recent_facts, routed_for
from acton_sandbox.timestamps import display_with_zone_name, display_without_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acton_sandbox.account import Account
    from acton_sandbox.answers import Call
    from acton_sandbox.audience_center import Contact

_LARGEST_PAGE, _DEFAULT_PAGE = 1_000, 100
_STANDARD_HEADERS = {
    "ObjectType": "objectType",
    "Act-On Primary Score": "actonPrimaryScore",
    "First Name": "firstName",
    "Last Name": "lastName",
    "Company": "company",
    "Department": "department",
    "Email": "email",
    "Title": "title",
    "Mailing Street": "businessStreet",
    "Mailing City": "businessCity",
    "Mailing State/Province": "businessState",
    "Mailing Zip/Postal Code": "businessZip",
    "Mailing Country": "businessCountry",
    "Other Street": "personalStreet",
    "Other City": "personalCity",
    "Other State/Province": "personalState",
    "Other Zip/Postal Code": "personalZip",
    "Other Country": "personalCountry",
    "Business Phone": "businessPhone",
    "Business Fax": "businessFax",
    "Other Phone": "homePhone",
    "Mobile Phone": "mobilePhone",
    "Website": "businessWebsite",
}
"""The headers that every account has, and the properties that they stand for."""
_DATES = ("Created Date", "Modified Date")


@routed_for("older", "both")
def segment_download(call: Call) -> Answer:
    """Answer with a page of the contacts of a segment, with all columns or those requested."""
    account = call.view.account
    members = _members(call)
    if members is None:
        return nothing()
    word = call.query.get("Search", "")
    found = [one for one in members if word.lower() in " ".join(_cells(account, one)).lower()]
    page, size = _page(call, 0)
    shown = found[page * size : (page + 1) * size]
    headers = _headers(account)
    rows = [_cells(account, one) for one in shown]
    asked = [name for name in call.query.get("columns", "").split(";") if name in headers]
    if asked:
        places = [headers.index(name) for name in asked]
        headers, rows = asked, [[cells[place] for place in places] for cells in rows]
    if call.query.get("responseFormat", "").upper() == "CSV":
        return Answer.of_csv(headers, rows)
    return Answer.of_json(
        {
            "id": call.ids["segment_id"],
            "pageNumber": page,
            # As in the printed sample, whatever was requested.
            "pageSize": 0,
            "search": word,
            "headers": headers,
            "totalCount": len(found),
            "rowIds": {one.id: one.number for one in shown},
            "data": rows,
        }
    )


@routed_for("older", "both")
def opt_outs(call: Call) -> Answer:
    """Answer with a page of the contacts that have opted out; the first page is 1."""
    account = call.view.account
    left = {row.email: row for row in account.opt_outs}
    found = [one for one in account.contacts if one.email in left]
    page, size = _page(call, 1)
    shown = found[(page - 1) * size : page * size]
    return Answer.of_json(
        {
            "listId": "t",
            "headers": ["_contact_id_", "Timestamp", "Origin", *_headers(account)],
            "search": None,
            "offset": page,
            "data": [
                [
                    one.id,
                    display_without_zone(left[one.email].at),
                    left[one.email].origin,
                    *_cells(account, one),
                ]
                for one in shown
            ],
            "hasNextPage": page * size < len(found),
            "count": len(shown),
            "totalCount": len(found),
        }
    )


@routed_for("older", "both")
def activity(call: Call) -> Answer:
    """Answer with what a contact has done, by default in the present month alone."""
    found = call.view.account.contact_by_id.get(call.query.get("contactid", ""))
    if found is None:
        return nothing()
    return Answer.of_json(recent_facts(call, found, max(call.number("months", 0), 0)))


@routed_for("older", "both")
def lookup(call: Call) -> Answer:
    """Answer with the first contact of an address, keyed by the header texts."""
    account = call.view.account
    for found in account.contacts:
        if found.email and found.email == call.query.get("email"):
            # Of two columns of one name, the first is the one that every account has.
            cells = zip(_headers(account)[::-1], _cells(account, found)[::-1], strict=True)
            named = {"contactID": found.id, **dict(cells)}
            return Answer.of_json({**named, "E-mail Address": named.pop("Email")})
    return nothing()


def _members(call: Call) -> Sequence[Contact] | None:
    account, segment_id = call.view.account, call.ids["segment_id"]
    if segment_id == ALL_CONTACTS:
        return account.contacts if call.view.choices.segment_of_all_contacts else None
    for segment in account.segments:
        if segment.id == segment_id and not segment.gone:
            members = set(segment.member_ids)
            return [one for one in account.contacts if one.id in members]
    return None


def _page(call: Call, first: int) -> tuple[int, int]:
    size = call.number("pageSize", _DEFAULT_PAGE)
    number = max(call.number("pageNumber", first), first)
    return number, min(size, _LARGEST_PAGE) if size > 0 else _DEFAULT_PAGE


def _custom_columns(account: Account) -> Iterable[tuple[str, int]]:
    """Give the label and the index of the visible columns without a header of their own."""
    return (
        (column.name, column.column_index)
        for column in account.contact_fields
        if column.mapping in (None, "STATUS", "LEAD_SOURCE") and not column.hidden
    )


def _headers(account: Account) -> list[str]:
    own = [name for name, _ in _custom_columns(account)]
    return [*_STANDARD_HEADERS, *own, *_DATES]


def _cells(account: Account, contact: Contact) -> list[str]:
    return [
        *(contact.properties[name] for name in _STANDARD_HEADERS.values()),
        *(contact.custom.get(index, "") for _, index in _custom_columns(account)),
        display_with_zone_name(contact.created_at),
        display_with_zone_name(contact.updated_at),
    ]


_BASE = "/ucl/v2/segment"
ROUTES = [
    DataRoute(f"{_BASE}/contacts/{{account_id}}/list/{{segment_id}}", segment_download),
    DataRoute(f"{_BASE}/contacts/{{account_id}}/activity", activity),
    DataRoute(f"{_BASE}/contacts/{{account_id}}/lookup", lookup),
    DataRoute(f"{_BASE}/{{account_id}}/optout", opt_outs),
]
