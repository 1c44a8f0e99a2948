"""`/api/1/list/{listid}/record/{recordid}/facts` (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, numeric_error
from acton_sandbox.timestamps import MONTHS, ago, local, local_day

if TYPE_CHECKING:
    from acton_sandbox.answers import Call
    from acton_sandbox.facts import Activity, Facts

_INBOUND = frozenset({"fs", "l", "sv", "custom"})


def contact_facts(call: Call) -> Answer:
    """Answer with the history and the score of a contact."""
    account = call.view.account
    item = account.list_by_id.get(call.ids["listid"])
    if item is None or not item.readable:
        return numeric_error(10004, "Invalid or missing list")
    row = next((row for row in item.rows if row.contact_id == call.ids["recordid"]), None)
    facts = row and account.facts_of(row)
    if not facts:
        return numeric_error(10008, "Invalid contact")
    return Answer.of_json(facts_object(facts, account.now_ms))


def facts_object(facts: Facts, now: int) -> dict[str, object]:
    """Return what a contact has done, and its score, as the API returns it."""
    return {
        "activity": _whole(facts, now),
        "activitylist": [_entry(one, now) for one in facts.activities],
    }


def _whole(facts: Facts, now: int) -> dict[str, object]:
    inbound = [one.at for one in facts.activities if one.verb in _INBOUND]
    outbound = [one.at for one in facts.activities if one.verb not in _INBOUND]
    return {
        "lastInbound": ago(max(inbound, default=0), now),
        "ScorePeriod": "all time",
        "lastOutbound": ago(max(outbound, default=0), now),
        "ScoreDetails": [
            {
                "id": entry.object_id,
                "idType": entry.object_type,
                "specific": entry.is_specific,
                "profile": entry.is_profile,
                "action": entry.action,
                "score": entry.points,
            }
            for entry in facts.scores
        ],
        "score": facts.score,
        "entries": [],
        "firstOutbound": ago(min(outbound, default=0), now),
        "EntryMonthsAvailable": sorted({f"{local(one.at):%y%m}" for one in facts.activities}),
        "HasProfileScore": any(entry.is_profile for entry in facts.scores),
        "HasScoreSheet": bool(facts.scores),
        "HasBehaviorScore": any(not entry.is_profile for entry in facts.scores),
        "firstInbound": ago(min(inbound, default=0), now),
    }


def _entry(one: Activity, now: int) -> dict[str, object]:
    when = local(one.at)
    return {
        "Bin": one.bin,
        "InScoreRange": one.counts,
        "d": str(when.day),
        "WhenMillis": one.at,
        "What": one.what,
        "Verb": one.verb,
        "m": MONTHS[when.month - 1],
        "ago": str((local_day(now) - local_day(one.at)).days),
        "Icon": f"{one.bin.lower() or 'other'}.png",
        "y": f"{when:%y}",
        "Responses": [],
        "id": one.object_id,
        "idType": one.object_type,
    }


ROUTES = [DataRoute("/api/1/list/{listid}/record/{recordid}/facts", contact_facts)]
