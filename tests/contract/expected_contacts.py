"""The records of all contacts, worked out from the account alone."""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from acton_sandbox.audience_center import PROPERTIES
from tests.contract import expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from acton_sandbox import Account
    from acton_sandbox.audience_center import Contact

Record = dict[str, Any]

COLUMNS = {
    2240: "visited_booth",
    2241: "do_not_contact",
    2242: "renewal_date",
    2243: "last_webinar",
    2244: "größe_m2_maß",
    2245: "webinar_score",
    2246: "account_type",
    2247: "second_e_mail",
    2248: "interests",
    2249: "region",
    2250: "region_2",
    2251: "email_2",
    2252: "internal_note",
    2253: "status",
    2254: "lead_source",
}
"""The columns of the account's custom fields, by the id of the field."""


def contact_records(account: Account, columns: dict[int, str] | None = None) -> list[Record]:
    """Work out the records of contacts.

    Args:
        account: The account.
        columns: The columns of custom fields by the id of the field; by default all of the
            account as it is generated.

    Returns:
        The records.
    """
    return [_contact(account, one, columns or COLUMNS) for one in account.contacts]


def _contact(account: Account, contact: Contact, columns: dict[int, str]) -> Record:
    zone = ZoneInfo(account.time_zone)
    plain = {_snake(name): contact.properties[name] or None for name in PROPERTIES}
    score = plain["acton_primary_score"]
    custom: Record = {}
    for field in account.contact_fields:
        if field.field_id in columns:
            text = contact.custom.get(field.column_index) or None
            custom[columns[field.field_id]] = _typed(field.type, text, zone)
    return {
        "id": contact.id,
        **plain,
        "acton_primary_score": None if score is None else int(score),
        "created_at": expected.timestamp(contact.created_at),
        "updated_at": expected.timestamp(contact.updated_at),
        **custom,
        "custom_fields": {str(index): text for index, text in contact.custom.items()},
        "extra_fields": {"ownerName": "山田"},
    }


@cache
def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def _typed(kind: str, text: str | None, zone: ZoneInfo) -> Any:
    kinds: dict[str, Callable[[str], Any]] = {
        "BOOLEAN": {"true": True, "false": False, "1": True, "0": False}.get,
        "DATE": _day,
        "DATETIME": lambda told: _timestamp(told, zone),
        "NUMBER": _number,
        "SCORE": _number,
    }
    return None if text is None else kinds.get(kind, str)(text)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _timestamp(text: str, zone: ZoneInfo) -> str | None:
    if text.endswith("Z"):
        return text
    if text.isdecimal():
        return expected.timestamp(int(text))
    told, _, abbreviation = text.rpartition(" ")
    for form in ("%Y-%m-%d %H:%M:%S", "%b %d %Y %I:%M %p"):
        try:
            local = datetime.strptime(told, form)  # noqa: DTZ007 - it is the account's
        except ValueError:
            continue
        # The hour in which summer time ends is there twice; the name of the zone tells which it is.
        both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        meant = next((one for one in both if one.tzname() == abbreviation), both[0])
        return expected.timestamp(int(meant.timestamp() * 1_000))
    return None
