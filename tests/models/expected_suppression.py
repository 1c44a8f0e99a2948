"""The marts of suppression, worked out from the rows of the streams."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.models.loaded import rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

REASONS = {
    "hard_bounce": ("hard_bounces", "bounced_at"),
    "spam_complaint": ("spam_complaints", "complained_at"),
    "opt_out": ("opt_outs", "opted_out_at"),
    "category_opt_out": ("subscription_opt_outs", "opted_out_at"),
}


def suppressions(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__suppressions``."""
    names = {row["id"]: row["name"] for row in loaded.records["subscription_categories"]}
    for reason, (stream, column) in REASONS.items():
        listed = defaultdict(list)
        for row in loaded.records[stream]:
            category = row.get("subscription_category_id")
            listed[row["email"], category].append((row[column], row.get("origin")))
        for (email, category), times in listed.items():
            yield {
                "email": email,
                "reason": reason,
                "subscription_category_id": category,
                "category_name": names.get(category, category),
                "first_at": min(times)[0],
                "first_on": loaded.day(min(times)[0]),
                "last_at": max(times)[0],
                "last_origin": max(times)[1],
            }


def deliverability_daily(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__deliverability_daily``."""
    events = defaultdict(list)
    for row in loaded.records["message_events"]:
        events[row["message_id"], row["contact_id"], row["email"]].append(row)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (_, _, email), rows in events.items():
        sent = sorted({row["event_at"] for row in rows if row["event_type"] == "SENT"})
        outcomes = defaultdict(set)
        for row in rows:
            place = bisect_right(sent, row["event_at"])
            sent_at = sent[place - 1] if place else row["event_at"]
            is_bounce = row["event_type"] == "BOUNCED"
            outcomes[sent_at].add(row["data"] if is_bounce else row["event_type"])
        for sent_at, found in outcomes.items():
            if {"HARD", "SOFT"} <= found:
                found.remove("SOFT")
            if "SENT" in found:
                counts[email.partition("@")[2], loaded.day(sent_at)].update(found)
    for (domain, day), count in counts.items():
        bounces = count["HARD"] + count["SOFT"]
        bounce_rate = rate(bounces, count["SENT"])
        complaint_rate = rate(count["SPAM"], count["SENT"] - bounces)
        yield {
            "domain": domain,
            "date_day": day,
            "sent": count["SENT"],
            "bounces": bounces,
            "hard_bounces": count["HARD"],
            "soft_bounces": count["SOFT"],
            "complaints": count["SPAM"],
            "opt_outs": count["OPT_OUT"],
            "bounce_rate": bounce_rate,
            "complaint_rate": complaint_rate,
            "alarm": (bounce_rate or 0) > 0.05 or (complaint_rate or 0) > 0.003,
        }
