"""The registrants of webinars, worked out from the account's lists alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.contract.expected import PRECISION_MS, distinct, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from acton_sandbox import Account
    from acton_sandbox.entities import ContactList, ListRow
    from tests.contract.expected import Record

COLUMNS = {
    "first name": ("first_name", "text"),
    "last name": ("last_name", "text"),
    "work phone number": ("work_phone_number", "text"),
    "street address 1": ("street_address_1", "text"),
    "street address 2": ("street_address_2", "text"),
    "postal code": ("postal_code", "text"),
    "company": ("company", "text"),
    "company size": ("company_size", "text"),
    "job function": ("job_function", "text"),
    "lead source": ("lead_source", "text"),
    "status": ("status", "text"),
    "registration date/time": ("registered_at", "timestamp"),
    "attendance date/time": ("attended_at", "timestamp"),
    "live duration": ("live_duration", "minutes"),
    "archive duration": ("archive_duration", "minutes"),
    "engagement score": ("engagement_score", "number"),
    "# of poll responses": ("poll_responses", "count"),
    "number of questions asked": ("questions_asked", "count"),
    "# of surveys submitted": ("surveys_submitted", "count"),
    "number of resources viewed": ("resources_viewed", "count"),
}
"""The columns by ON24's labels, and what they hold."""

_BY_LETTERS = {re.sub(r"[^a-z0-9]", "", label): found for label, found in COLUMNS.items()}
_OFFSETS = {"PST": 8, "PDT": 7}
_ZONE = ZoneInfo("US/Pacific")


def expected_registrants(account: Account, folders: Collection[str]) -> list[Record]:
    """Work out the records of the stream.

    Args:
        account: The account.
        folders: The names of the folders that the setting names.

    Returns:
        The records, list by list.
    """
    return list(_registrants(account, folders))


def _registrants(account: Account, folders: Collection[str]) -> Iterator[Record]:
    for item in account.lists:
        if item.folder_name in folders and item.readable:
            for row in item.rows:
                yield _registrant(item, row)


def _registrant(item: ContactList, row: ListRow) -> Record:
    precision_ms = PRECISION_MS[item.date_format]
    cells = [*row.cells, *[""] * len(item.headers)]
    record: Record = {
        "list_id": item.id,
        "contact_id": row.contact_id,
        "on24_client_id": item.folder_name,
        "email": cells[item.email_column],
        **{column: None for column, _ in COLUMNS.values()},
        "created_at": timestamp(row.created_at, precision_ms),
        "modified_at": timestamp(row.modified_at, precision_ms),
        "extra_fields": None,
    }
    extra = {}
    filled = set()
    for header, cell in zip(distinct(item.headers), cells, strict=False):
        letters = re.sub(r"[^a-z0-9]", "", header.lower())
        if not cell or letters == "emailaddress":
            continue
        column, kind = _BY_LETTERS.get(letters, ("", ""))
        if not column or column in filled:
            extra[header] = cell
            continue
        filled.add(column)
        record[column], is_kept = _READ[kind](cell)
        if is_kept:
            extra[header] = cell
    return {**record, "extra_fields": extra or None}


def _text(cell: str) -> tuple[Any, bool]:
    return cell, False


def _number(cell: str) -> tuple[Any, bool]:
    return (float(cell), False) if re.fullmatch(r"[\d.]+", cell) else (None, True)


def _count(cell: str) -> tuple[Any, bool]:
    return (int(cell), False) if cell.isdigit() else (None, True)


def _minutes(cell: str) -> tuple[Any, bool]:
    """Read minutes, or hours, minutes and seconds; none of the hour's may be past the 59th."""
    if ":" not in cell:
        return _number(cell)
    *hours, minutes, seconds = map(int, cell.split(":"))
    if hours and minutes > 59:
        return None, True
    return round(sum(hours) * 60 + minutes + seconds / 60, 4), False


def _timestamp(cell: str) -> tuple[Any, bool]:
    """Read a timestamp; one that names no zone is kept beside, like one that cannot be read."""
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (P[SD]T)", cell):
        stated = datetime.fromisoformat(f"{found[1]}-0{_OFFSETS[found[2]]}:00")
        return f"{stated.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z", False
    try:
        local = datetime.strptime(cell, "%m/%d/%Y %I:%M %p").replace(tzinfo=_ZONE)
    except ValueError:
        return None, True
    return f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z", True


_READ: dict[str, Callable[[str], tuple[Any, bool]]] = {
    "text": _text,
    "number": _number,
    "count": _count,
    "minutes": _minutes,
    "timestamp": _timestamp,
}
