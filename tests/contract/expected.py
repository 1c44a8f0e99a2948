"""The records that each stream has to give, worked out from the account alone.

Nothing of the tap is used here: the rules are written down once more, from the streams'
contract and Act-On's documents, so that a mistake in the tap cannot hide in its own test.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

from acton_sandbox.entities import DRILLDOWNS, REPORTED_TYPES, DayCount
from tests.contract import (
    expected_audience_center,
    expected_custom_objects,
    expected_marketing,
    expected_media,
    expected_pages,
)
from tests.contract.expected_contacts import contact_records
from tests.contract.expected_content import CONTENT_KEYS, expected_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acton_sandbox import Account
    from acton_sandbox.entities import ContactList, Event, ListRow, Message, Suppression

Record: TypeAlias = dict[str, Any]

KEYS: dict[str, tuple[str, ...]] = {
    "account": ("account_id",),
    **CONTENT_KEYS,
    "media": ("id",),
    "media_details": ("id",),
    "media_reports": ("media_id",),
    "media_messages": ("id",),
    "media_views": ("id",),
    "media_timeline": ("media_id", "date"),
    **expected_pages.PAGE_KEYS,
    "messages": ("id",),
    "message_reports": ("message_id",),
    "message_events": ("id",),
    "message_daily_stats": ("date",),
    **expected_marketing.MARKETING_KEYS,
    "lists": ("listing_type", "id"),
    "list_members": ("list_id", "contact_id"),
    "hard_bounces": ("email", "bounced_at"),
    "spam_complaints": ("email", "complained_at"),
    "opt_outs": ("email", "opted_out_at"),
    "subscription_categories": ("id",),
    "subscription_opt_outs": ("subscription_category_id", "email"),
    "contacts": ("id",),
    **expected_audience_center.AUDIENCE_CENTER_KEYS,
    **expected_custom_objects.CUSTOM_OBJECT_KEYS,
}
"""The key columns of each stream."""

WITHOUT_ROWS = ("webinar_registrants",)
"""Streams that are read too, but have no rows without a setting."""

REPLICATION_KEYS = {
    "message_events": "event_at",
    "message_daily_stats": "date",
    "list_members": "modified_at",
    "hard_bounces": "bounced_at",
    "spam_complaints": "complained_at",
    "opt_outs": "opted_out_at",
    "subscription_opt_outs": "opted_out_at",
    "contacts": "updated_at",
}
"""The replication keys of the incremental streams."""

PRECISION_MS = {"epoch": 1, "iso": 1, "zoned": 1_000, "display": 60_000}
"""To how many milliseconds each spelling of a list's dates is exact."""

REGISTER = (
    "KEYS, REPLICATION_KEYS and expected_records in tests/contract/expected.py hold every stream "
    "that is not optional; see Add a stream in CONTRIBUTING.md"
)
"""What a test says that meets a stream which is not there."""

_CRM_FLAGS = (
    "is_salesforce_report",
    "is_ms_dynamics",
    "is_ms_dynamics_available",
    "is_sugar",
    "is_sugar_available",
    "is_sl",
    "is_sl_available",
    "is_netsuite",
    "is_netsuite_available",
)
_DAY_MS = 24 * 60 * 60 * 1_000


@lru_cache(maxsize=64)
def expected_records(account: Account, edition: str = "2024") -> dict[str, list[Record]]:
    """Work out the records of every stream.

    Args:
        account: The account at the timestamp at which it is read.
        edition: The documentation edition that its API follows.

    Returns:
        The records by stream.
    """
    return {
        "account": [_account(account)],
        **expected_content(account, edition),
        **expected_media.media_records(account),
        **expected_pages.page_records(account),
        "messages": [_message(message) for message in account.messages],
        "message_reports": [_report(message, edition) for message in reported(account)],
        "message_events": list(_events(account)),
        "message_daily_stats": list(_days(account)),
        **expected_marketing.marketing_records(account),
        "lists": [_list(item, account.now_ms) for item in account.lists],
        "list_members": list(_members(account)),
        "hard_bounces": _suppressions(account.hard_bounces, "bounced_at"),
        "spam_complaints": _suppressions(account.spam_complaints, "complained_at"),
        "opt_outs": _suppressions(account.opt_outs, "opted_out_at"),
        "subscription_categories": list(_categories(account)),
        "subscription_opt_outs": list(_category_opt_outs(account)),
        "contacts": contact_records(account),
        **expected_audience_center.audience_center_records(account),
        **expected_custom_objects.custom_object_records(account),
    }


def by_key(stream: str, records: Iterable[Record]) -> dict[tuple[Any, ...], Record]:
    """Give records by their key; of several with one key, the last, as an upsert would.

    Args:
        stream: The name of the stream.
        records: Its records.

    Returns:
        The records by key.
    """
    return {tuple(record[column] for column in KEYS[stream]): record for record in records}


def timestamp(milliseconds: int, precision_ms: int = 1) -> str | None:
    """Write a timestamp as the contract has it.

    Args:
        milliseconds: Since 1970; 0 for none.
        precision_ms: To how many milliseconds it is told.

    Returns:
        The timestamp, or None for none.
    """
    if not milliseconds:
        return None
    told = milliseconds - milliseconds % precision_ms
    utc = datetime.fromtimestamp(told // 1_000, UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{told % 1_000:03d}Z"


def reported(account: Account) -> list[Message]:
    """Give the messages that have a report: those that have gone out and still exist.

    Args:
        account: The account.

    Returns:
        The messages.
    """
    return [m for m in account.messages if m.type in REPORTED_TYPES and not m.gone]


def fingerprint(*parts: str | int | None) -> str:
    """Work out the id of a row that has none.

    The parts are written so that it shows where each ends; BLAKE2b of 16 bytes. The
    smallest change here doubles every row in every warehouse.

    Args:
        *parts: What identifies the row.

    Returns:
        The id.
    """
    text = ""
    for part in parts:
        if part is None:
            text += "n"
        elif isinstance(part, int):
            text += f"i{part};"
        else:
            text += f"s{len(part)}:{part}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _account(account: Account) -> Record:
    return {
        "account_id": str(account.account_id),
        "account_name": account.name,
        "cname": account.host_name,
        "time_zone": account.time_zone,
        "user_name": account.user_name,
        "user_email": account.user_email,
        "user_type": "Marketing",
        "is_admin": False,
        "login": account.user_email,
        "extra_fields": None,
    }


def _message(message: Message) -> Record:
    return {
        "id": message.id,
        "name": message.name,
        "message_type": message.type,
        "sent_at": timestamp(message.sent_at),
        "sender_name": message.sender.name,
        "sender_id": message.sender.id,
        "sender_email": message.sender.email,
        "is_text_only": message.is_text_only,
        "folder_name": None,
        "extra_fields": None,
    }


def _report(message: Message, edition: str) -> Record:
    report = message.report
    return {
        "message_id": message.id,
        "subject": message.subject,
        "name": message.name,
        "status": "ok",
        "sent": report.sent,
        # The 2019 edition calls the field dead.
        "delivered": 0 if edition == "2019" else report.delivered,
        "bounced": report.bounced,
        "hard_bounced": report.hard_bounced,
        "soft_bounced": report.soft_bounced,
        "opened_unique": report.opened[0],
        "opened_total": report.opened[1],
        "effective_opened_unique": report.effective_opened[0],
        "effective_opened_total": report.effective_opened[1],
        "clicked_unique": report.clicked[0],
        "clicked_total": report.clicked[1],
        "not_sent_unique": report.not_sent[0],
        "not_sent_total": report.not_sent[1],
        "not_opened": report.not_opened,
        "opt_out": report.opt_out,
        "spam": report.spam,
        "rebroadcast": 0,
        "rebroadcast_click": 0,
        "last_opened_at": timestamp(report.last_opened_at),
        "last_clicked_at": timestamp(report.last_clicked_at),
        "sent_to": list(message.sent_to),
        "suppressed_on": list(message.suppressed_on),
        "extra_fields": None,
    }


def _events(account: Account) -> Iterator[Record]:
    for message in reported(account):
        for drilldown in DRILLDOWNS:
            met: dict[str, int] = {}
            for event in message.events[drilldown]:
                record = _event(message.id, event)
                identity = [
                    record[column]
                    for column in (
                        "message_id",
                        "event_type",
                        "contact_id",
                        "email",
                        "event_at",
                        "link_url",
                    )
                ]
                alike = fingerprint(*identity)
                met[alike] = met.get(alike, 0) + 1
                yield {**record, "id": fingerprint(*identity, met[alike])}


def _event(message_id: str, event: Event) -> Record:
    has_device = event.drilldown in {"OPENED", "CLICKED"}
    return {
        "message_id": message_id,
        "event_type": event.drilldown,
        "event_at": timestamp(event.at),
        "email": event.recipient.email,
        "contact_id": event.recipient.contact_id,
        "list_id": event.recipient.list_id,
        "action": event.action,
        "data": event.data,
        "link_url": event.link if event.drilldown == "CLICKED" else None,
        "ip": event.ip if has_device else None,
        "os": event.os if has_device else None,
        "browser": event.browser if has_device else None,
        "name": event.recipient.name,
        "extra_fields": None,
    }


def _days(account: Account) -> Iterator[Record]:
    """Give each day from the month of the first message that went out to today."""
    zone = ZoneInfo(account.time_zone)
    gone_out = [m.sent_at for m in account.messages if m.type in REPORTED_TYPES]
    if not gone_out:
        return
    day = _local_day(min(gone_out), zone).replace(day=1)
    while day <= account.now.astimezone(zone).date():
        counts = account.day_counts.get(day, DayCount())
        yield {
            "date": day.isoformat(),
            "sent": counts.sent,
            "opened": counts.opened,
            "clicked": counts.clicked,
            "bounced": counts.bounced,
            "hard_bounced": counts.hard_bounced,
            "soft_bounced": counts.soft_bounced,
            "opted_out": counts.opted_out,
            "extra_fields": None,
        }
        day += timedelta(days=1)


def _local_day(milliseconds: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(milliseconds / 1_000, zone).date()


def _list(item: ContactList, now_ms: int) -> Record:
    return {
        "listing_type": "contact_list",
        "id": item.id,
        "name": item.name,
        "folder_name": item.folder_name,
        "description": item.description,
        "size": len(item.rows),
        "modified_at": timestamp(item.modified_at),
        "counted_at": timestamp(now_ms - now_ms % _DAY_MS),
        "source_id": item.id,
        "source_name": item.name,
        "source_at": timestamp(item.modified_at),
        "base_id": item.id,
        "is_singleton": False,
        "is_list": item.readable,
        "is_salesforce": item.is_salesforce,
        "is_salesforce_available": True,
        **dict.fromkeys(_CRM_FLAGS, False),
        "extra_fields": None,
    }


def _members(account: Account) -> Iterator[Record]:
    for item in account.lists:
        if item.readable:
            for row in item.rows:
                yield _member(item, row)


def _member(item: ContactList, row: ListRow) -> Record:
    width = len(item.headers)
    # With its dates a row is as wide as the headers, whatever it held.
    cells = [*row.cells, *[""] * width][:width]
    precision_ms = PRECISION_MS[item.date_format]
    return {
        "list_id": item.id,
        "contact_id": row.contact_id,
        "email": cells[item.email_column],
        "created_at": timestamp(row.created_at, precision_ms),
        "modified_at": timestamp(row.modified_at, precision_ms),
        "fields": dict(zip(distinct(item.headers), cells, strict=True)),
        "extra_fields": None,
    }


def distinct(headers: Sequence[str]) -> list[str]:
    """Tell equal headers apart: ``Header``, ``Header (2)``, ``Header (3)``.

    Args:
        headers: The headers of a list.

    Returns:
        The keys of ``fields``.
    """
    return [
        header
        if not headers[:place].count(header)
        else f"{header} ({headers[:place].count(header) + 1})"
        for place, header in enumerate(headers)
    ]


def _suppressions(rows: Iterable[Suppression], column: str) -> list[Record]:
    return [
        {"email": row.email, column: timestamp(row.at), "origin": row.origin, "extra_fields": None}
        for row in rows
    ]


def _categories(account: Account) -> Iterator[Record]:
    for category in account.categories:
        yield {
            "id": category.id,
            "name": category.name,
            "description": category.description,
            # Ids are texts, and an empty one is none.
            "header_id": category.header_id or None,
            "header_name": category.header_name,
            "extra_fields": None,
        }


def _category_opt_outs(account: Account) -> Iterator[Record]:
    for category in account.categories:
        for email, left_at in category.opt_outs:
            yield {
                "subscription_category_id": category.id,
                "email": email,
                "opted_out_at": timestamp(left_at),
                "extra_fields": None,
            }
