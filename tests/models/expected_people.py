"""The marts of people, worked out from the rows of the streams."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.models.conftest import OWN_COLUMNS
from tests.models.expected_messages import message_recipients, messages
from tests.models.expected_suppression import suppressions
from tests.models.expected_webinars import webinar_attendance
from tests.models.loaded import moment, rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

SUBMISSIONS = ("fs", "fu")
STEPS = ("sent", "delivered", "opened", "clicked")
KINDS = {
    "s": "message",
    "os": "message",
    "fs": "form",
    "fu": "form",
    "l": "landing_page",
    "wr": "webinar",
    "wa": "webinar",
    "sv": "website",
    # The verbs that Act-On does not document, of which only the first has an object.
    "cl": "message",
    "custom": "other",
    "zz": "other",
}
NAMED = {
    "message": "messages",
    "form": "forms",
    "landing_page": "landing_pages",
    "media": "media",
    "webinar": "lists",
}
"""By kind of activity the stream with the names."""
EVENTS = {"OPT_OUT": "opted out", "SPAM": "complained"}


def contacts(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__contacts``."""
    lists, webinars, mail = defaultdict(set), defaultdict(set), defaultdict(list)
    for row in loaded.records["list_members"]:
        lists[row["email"]].add(row["list_id"])
    for row in webinar_attendance(loaded):
        if row["has_attended"]:
            webinars[row["email"]].add(row["webinar_id"])
    for row in message_recipients(loaded):
        mail[row["email"]].append(row)
    reasons = defaultdict(set)
    for row in suppressions(loaded):
        reasons[row["email"]].add(row["reason"])
    segments = segments_of(loaded)
    submissions = Counter(
        row["contact_id"] for row in entries(loaded) if row["verb"] in SUBMISSIONS
    )
    since = (
        (loaded.now - timedelta(days=90)).replace(tzinfo=None).isoformat(timespec="milliseconds")
    )
    for row in loaded.records["contacts"]:
        email, received = row["email"], mail[row["email"]] if row["email"] else []
        counts = {
            f"messages_{what}": len({one["message_id"] for one in received if one[f"was_{what}"]})
            for what in ("sent", "opened", "clicked")
        }
        last = {
            f"last_{what}_at": max(
                (one[f"last_{what}_at"] for one in received if one[f"last_{what}_at"]),
                default=None,
            )
            for what in ("sent", "opened", "clicked")
        }
        why = reasons[email] - {"category_opt_out"} if email else set()
        latest = max(last["last_opened_at"] or "", last["last_clicked_at"] or "")
        yield {
            "contact_id": row["id"],
            "email": email,
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "company": row["company"],
            "list_contact_id": row["legacy_record_id"],
            "crm_object": row["object_type"],
            "crm_id": row["external_id"],
            "crm_id_15": short(row["external_id"]),
            "score": float(row["acton_primary_score"]),
            "created_at": row["created_at"],
            "created_on": loaded.day(row["created_at"]),
            "updated_at": row["updated_at"],
            **{column: row[column] for column in OWN_COLUMNS},
            "lists": len(lists[email]) if email else 0,
            "segments": len(segments[row["id"]]),
            **counts,
            **last,
            "form_submissions": submissions[row["id"]],
            "webinars_attended": len(webinars[email]) if email else 0,
            "is_hard_bounced": "hard_bounce" in why,
            "is_opted_out": "opt_out" in why,
            "has_complained": "spam_complaint" in why,
            "is_mailable": email is not None and not why,
            "engagement": (
                ("engaged" if latest >= since else "lapsed")
                if latest
                else ("never engaged" if counts["messages_sent"] else "never mailed")
            ),
        }


def people(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__people``."""
    segments = segments_of(loaded)
    of_address = defaultdict(list)
    for row in contacts(loaded):
        if row["email"]:
            of_address[row["email"]].append(row)
    for email, rows in of_address.items():
        first = rows[0]
        shared = {
            column: first[column]
            for column in first
            if column.startswith(("messages_", "last_", "is_", "has_"))
            or column in ("lists", "webinars_attended", "engagement")
        }
        del shared["last_name"]
        assert all(row[column] == value for row in rows for column, value in shared.items())
        yield {
            "email": email,
            "contacts": len(rows),
            "crm_records": len({row["crm_id_15"] for row in rows} - {None}),
            "score": max(row["score"] for row in rows),
            "created_at": min(row["created_at"] for row in rows),
            "segments": len(set[str]().union(*(segments[row["contact_id"]] for row in rows))),
            "form_submissions": sum(row["form_submissions"] for row in rows),
            **shared,
        }


def contact_timeline(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__contact_timeline``."""
    names = {
        (kind, row["id"]): row["name"]
        for kind, stream in NAMED.items()
        for row in loaded.records[stream]
    }
    known = loaded.records["contacts"]
    by_email: dict[str, set[str]] = defaultdict(set)
    by_row: dict[str, set[str]] = defaultdict(set)
    for row in known:
        by_email[row["email"]].add(row["id"])
        by_row[row["legacy_record_id"]].add(row["id"])

    def contact_of(list_contact_id: str | None, email: str | None) -> str | None:
        for key, found in ((list_contact_id, by_row), (email, by_email)):
            if key and len(found[key]) == 1:
                return min(found[key])
        return None

    for one in _activities(loaded):
        row_id, contact_id, what = (
            one.pop(name, None) for name in ("list_contact_id", "contact_id", "what")
        )
        if one["occurred_at"]:
            yield {
                **one,
                "contact_id": contact_id or contact_of(row_id, one["email"]),
                "object_name": names.get((one["kind"], one["object_id"])) or what,
            }


def _activities(loaded: Loaded) -> Iterator[dict[str, Any]]:
    for row in loaded.records["message_events"]:
        kind = row["event_type"]
        yield {
            "activity_key": f"message_events:{row['id']}",
            "occurred_at": row["event_at"],
            "email": row["email"],
            "list_contact_id": row["contact_id"],
            "kind": "message",
            "verb": EVENTS.get(kind, kind.lower()),
            "is_engagement": kind in ("OPENED", "CLICKED"),
            "object_type": "message",
            "object_id": row["message_id"],
        }
    for row in webinar_attendance(loaded):
        outcomes = {"registered": True, "attended": row["has_attended"]}
        for verb, is_so in outcomes.items():
            webinar_id, contact_id = row["webinar_id"], row["list_contact_id"]
            yield {
                "activity_key": f"webinar_registrants:{verb}:{webinar_id}:{contact_id}",
                "occurred_at": row[f"{verb}_at"] if is_so else None,
                "email": row["email"],
                "list_contact_id": contact_id,
                "kind": "webinar",
                "verb": verb,
                "is_engagement": True,
                "object_type": "webinar",
                "object_id": webinar_id,
            }
    for row in loaded.records["media_views"]:
        if row["is_known"] and "@" in (row["recipient"] or ""):
            yield {
                "activity_key": f"media_views:{row['id']}",
                "occurred_at": row["viewed_at"],
                "email": row["recipient"].lower(),
                "kind": "media",
                "verb": row["action"],
                "is_engagement": True,
                "object_type": "media",
                "object_id": row["media_id"],
            }
    yield from _entries_of_histories(loaded)


def _entries_of_histories(loaded: Loaded) -> Iterator[dict[str, Any]]:
    with_events = {row["message_id"] for row in loaded.records["message_events"]}
    registered = {row["email"] for row in webinar_attendance(loaded)}
    viewed = {(row["recipient"], row["media_id"]) for row in loaded.records["media_views"]}
    addresses = {row["id"]: row["email"] for row in loaded.records["contacts"]}
    of_rows = {row["contact_id"]: row["email"] for row in loaded.records["list_members"]}
    contacts_of = defaultdict(list)
    for row in entries(loaded):
        contacts_of[row["id"]].append(row["contact_id"])
    linked = {row["legacy_record_id"] for row in loaded.records["contacts"]}
    for stream in ("contact_history", "contact_activities"):
        for row in loaded.records[stream]:
            row_id = row["contact_id"] if stream == "contact_activities" else None
            owners = contacts_of[row["id"]]
            if row_id in linked and not owners:
                continue
            owner = owners[0] if len(owners) == 1 else None
            email, kind = addresses.get(owner) or of_rows.get(row_id), KINDS[row["verb"]]
            if (
                row["object_id"] in with_events
                or (kind == "webinar" and email in registered)
                or (kind == "media" and (email, row["object_id"]) in viewed)
            ):
                continue
            yield {
                "activity_key": f"{stream}:{row['id']}",
                "occurred_at": row["activity_at"],
                "email": email,
                "list_contact_id": row_id,
                "contact_id": owner,
                "kind": kind,
                "verb": row["verb_name"] or row["verb"],
                "is_engagement": row["verb"] != "s",
                "object_type": row["object_type"],
                "object_id": row["object_id"],
                "what": row["what"],
            }


def contact_cohorts(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__contact_cohorts``."""

    def month(timestamp: str) -> int:
        year, number, _ = map(int, loaded.day(timestamp).split("-"))
        return 12 * year + number - 1

    active = defaultdict(set)
    for row in contact_timeline(loaded):
        if row["is_engagement"]:
            for who in (("contact", row["contact_id"]), ("email", row["email"])):
                active[who].add(month(row["occurred_at"]))
    cohorts: dict[int, list[set[int]]] = defaultdict(list)
    for row in loaded.records["contacts"]:
        months = active["contact", row["id"]] | (
            active["email", row["email"]] if row["email"] else set()
        )
        cohorts[month(row["created_at"])].append(months)
    known = {*cohorts, *(one for who, months in active.items() for one in months)}
    for cohort, members in cohorts.items():
        for later in known:
            if later >= cohort:
                count = sum(later in months for months in members)
                yield {
                    "cohort_month": f"{cohort // 12}-{cohort % 12 + 1:02}-01",
                    "months_since": later - cohort,
                    "contacts": len(members),
                    "active_contacts": count,
                    "active_rate": count / len(members),
                }


def funnel(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__funnel``."""
    types = {row["message_id"]: row["message_type"] for row in messages(loaded)}
    reached: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(
        lambda: {step: set() for step in STEPS}
    )
    for row in message_recipients(loaded):
        if row["was_sent"] and row["message_id"] in types:
            day = moment(row["sent_at"]).astimezone(loaded.zone).date()
            monday = (day - timedelta(days=day.weekday())).isoformat()
            steps = reached[monday, types[row["message_id"]]]
            outcomes = {
                "sent": True,
                "delivered": row["was_delivered"] or row["was_opened"] or row["was_clicked"],
                "opened": row["was_opened"] or row["was_clicked"],
                "clicked": row["was_clicked"],
            }
            for step, is_reached in outcomes.items():
                if is_reached:
                    steps[step].add(row["email"])
    for (week, message_type), steps in reached.items():
        numbers = [len(steps[step]) for step in STEPS]
        for place, step in enumerate(STEPS):
            yield {
                "date_week": week,
                "message_type": message_type,
                "step_number": place + 1,
                "step": step,
                "people": numbers[place],
                "share_of_previous": rate(numbers[place], numbers[place - 1]) if place else None,
                "share_of_first": rate(numbers[place], numbers[0]),
            }


def segments_of(loaded: Loaded) -> dict[str, set[str]]:
    """Give the segments of each contact."""
    found = defaultdict(set)
    for stream in ("segment_contacts", "contact_segments"):
        for row in loaded.records[stream]:
            found[row["contact_id"]].add(row["segment_id"])
    return found


def entries(loaded: Loaded) -> Iterator[Record]:
    """Give what is in the history of each contact, else in that of the list row it came from."""
    with_history = {row["contact_id"] for row in loaded.records["contact_history"]}
    of_rows = defaultdict(list)
    for row in loaded.records["contact_activities"]:
        of_rows[row["contact_id"]].append(row)
    yield from loaded.records["contact_history"]
    for contact in loaded.records["contacts"]:
        if contact["id"] not in with_history:
            for row in of_rows[contact["legacy_record_id"]]:
                yield {**row, "contact_id": contact["id"]}


def short(crm_id: str | None) -> str | None:
    """Give the id of a CRM record without what Salesforce may add."""
    return crm_id[:15] if crm_id and len(crm_id) == 18 else crm_id
