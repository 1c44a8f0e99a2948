"""The records of the contact facts, worked out from the account alone."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.contract.expected import fingerprint, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from acton_sandbox.entities import ListRow
    from acton_sandbox.facts import Facts

VERB_NAMES = {
    "s": "sent",
    "os": "opened and sent",
    "fs": "form signup",
    "l": "landing page visit",
    "custom": "custom event",
    "sv": "site visit",
}
"""What the verbs of the generated accounts stand for, where a document says so."""


def contacts(account: Account) -> Iterator[tuple[str, ListRow]]:
    """Give the contacts of all lists that can be read, each with its list, by their ids."""
    for item in sorted(account.lists, key=lambda item: item.id):
        if item.readable:
            for row in sorted(item.rows, key=lambda row: row.contact_id):
                yield item.id, row


def expected_facts(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Work out the records of the three streams.

    Args:
        account: The account.

    Returns:
        The records by stream.
    """
    found: dict[str, list[dict[str, Any]]] = {
        "contact_facts": [],
        "contact_activities": [],
        "contact_score_details": [],
    }
    zone = ZoneInfo(account.time_zone)
    for list_id, row in contacts(account):
        facts = account.facts_of(row)
        if facts is not None:
            key = {"list_id": list_id, "contact_id": row.contact_id}
            found["contact_facts"].append({**key, **_whole(facts, zone)})
            found["contact_activities"] += _activities(facts, key)
            found["contact_score_details"] += _scores(facts, key)
    return found


def _whole(facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    months = {
        f"{datetime.fromtimestamp(activity.at / 1000, zone):%y%m}" for activity in facts.activities
    }
    return {
        "score": sum(entry.points for entry in facts.scores),
        "score_period": "all time",
        "has_profile_score": any(entry.is_profile for entry in facts.scores),
        "has_score_sheet": len(facts.scores) > 0,
        "has_behavior_score": any(not entry.is_profile for entry in facts.scores),
        "entry_months": sorted(months),
        "entries": [],
        "extra_fields": None,
    }


def _activities(facts: Facts, key: dict[str, str]) -> Iterator[dict[str, Any]]:
    met = Counter[str]()
    for activity in facts.activities:
        record: dict[str, Any] = {
            **key,
            "activity_at": timestamp(activity.at),
            "verb": activity.verb,
            "verb_name": VERB_NAMES.get(activity.verb),
            "what": activity.what,
            "object_id": activity.object_id or None,
            "object_type": activity.object_type,
            "bin": activity.bin,
            "is_in_score_range": activity.counts,
            "icon": f"{activity.bin.lower() or 'other'}.png",
            "responses": [],
            "extra_fields": None,
        }
        identity = [
            record[column]
            for column in ("list_id", "contact_id", "activity_at", "verb", "object_id", "what")
        ]
        alike = fingerprint(*identity)
        met[alike] += 1
        yield {"id": fingerprint(*identity, met[alike]), **record}


def _scores(facts: Facts, key: dict[str, str]) -> Iterator[dict[str, Any]]:
    for place, entry in enumerate(facts.scores):
        yield {
            "id": fingerprint(key["list_id"], key["contact_id"], place),
            **key,
            "object_id": entry.object_id or None,
            "object_type": entry.object_type,
            "is_specific": entry.is_specific,
            "is_profile": entry.is_profile,
            "action": entry.action,
            "score": entry.points,
            "extra_fields": None,
        }
