"""The records that the streams of the media library have to give."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from acton_sandbox.timestamps import MINUTE, display
from tests.contract import expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from acton_sandbox.media import Medium
    from tests.contract.expected import Record


def media_records(account: Account) -> dict[str, list[Record]]:
    """Work out the records of the streams of the media library.

    Args:
        account: The account at the timestamp at which it is read.

    Returns:
        The records by stream.
    """
    there = [medium for medium in account.media if not medium.gone]
    return {
        "media": [_medium(medium) for medium in account.media],
        "media_details": [{**_medium(medium), "version": None} for medium in there],
        "media_reports": [_report(medium) for medium in there],
        "media_messages": [row for medium in there for row in _messages(medium)],
        "media_views": [row for medium in there for row in _views(medium)],
        "media_timeline": [row for medium in there for row in _timeline(medium)],
    }


def _medium(medium: Medium) -> Record:
    is_link = medium.id.startswith("u-")
    return {
        "id": medium.id,
        "name": medium.name,
        "folder_name": medium.folder_name or None,
        "url": medium.url,
        "target_url": medium.target_url if is_link else None,
        "size": None if is_link else medium.size,
        "created_at": expected.timestamp(medium.created_at),
        "modified_at": expected.timestamp(medium.modified_at),
        "extra_fields": None,
    }


def _report(medium: Medium) -> Record:
    known = [view.recipient for view in medium.views if view.is_known]
    unknown = [view.recipient for view in medium.views if not view.is_known]
    from_messages = [view.recipient for view in medium.views if view.source_id]
    return {
        "media_id": medium.id,
        "total_known_views": len(known),
        "total_unknown_views": len(unknown),
        "unique_known_views": len({*known}),
        "unique_unknown_views": len({*unknown}),
        "total_messages": len(medium.messages),
        "total_from_messages": len(from_messages),
        "unique_from_messages": len({*from_messages}),
        "extra_fields": None,
    }


def _messages(medium: Medium) -> Iterator[Record]:
    for message in medium.messages:
        views = [view for view in medium.views if view.source_id == message.id]
        yield {
            "id": expected.fingerprint(medium.id, message.id, 1),
            "media_id": medium.id,
            "message_id": message.id,
            "name": message.name,
            "extra_fields": {"lastViewed": display(views[-1].at) if views else ""},
        }


def _views(medium: Medium) -> Iterator[Record]:
    ordinals = Counter[tuple[str, ...]]()
    for view in medium.views:
        identity = (
            view.recipient,
            view.campaign,
            view.action,
            view.source_id,
            view.contact_id,
            display(view.at),
            "true" if view.is_known else "false",
        )
        ordinals[identity] += 1
        yield {
            "id": expected.fingerprint(medium.id, *identity, ordinals[identity]),
            "media_id": medium.id,
            "viewed_at": expected.timestamp(view.at, MINUTE),
            "recipient": view.recipient,
            "is_known": view.is_known,
            "action": view.action,
            "campaign": view.campaign,
            "total_count": view.total_count,
            "srcid": view.source_id,
            "cid": view.contact_id,
            "extra_fields": None,
        }


def _timeline(medium: Medium) -> Iterator[Record]:
    for day, views in medium.views_by_day.items():
        yield {
            "media_id": medium.id,
            "date": day.isoformat(),
            "unique_views": len({view.recipient for view in views}),
            "total_views": len(views),
            "known_views": sum(view.is_known for view in views),
            "unknown_views": sum(not view.is_known for view in views),
            "extra_fields": None,
        }
