"""Messages, their events and their daily totals."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_acton.check.questions.base import FEW_ROWS, Answer, question, unknown
from tap_acton.records.reader import EXTRA_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_acton.check.questions.base import Samples


@question(
    "Which names do fields have?",
    "messages",
)
def field_names(samples: Samples) -> Answer:
    """Say which edition's names the fields of messages have."""
    for page in samples.pages("messages"):
        names = {*page.response.rows[0]}
        if "msgId" in names:
            return Answer("Those of the 2024 edition.", is_assumed=True)
        if "msg_id" in names:
            return Answer("Those of the 2019 edition.", is_assumed=True)
        return Answer("Others than both editions have.", is_assumed=False)
    return unknown("there are no messages")


PAIRS: Mapping[str, str] = {"OPENED": "opened", "CLICKED": "clicked"}
"""By kind of events the field of the report that counts them by two numbers."""


@question(
    "What do the two numbers of opens and clicks count?",
    "message_events",
)
def pairs(samples: Samples) -> Answer:
    """Compare the two numbers of a report with the events themselves."""
    for page in samples.pages("message_events"):
        query, rows, total = page.response.query, page.records, page.response.total
        report, _, kind = query.path.rpartition("/")
        pair = samples.answer(report, "message_events", "message_reports").get(PAIRS.get(kind, ""))
        is_whole = total is None or total <= len(rows)
        if isinstance(pair, list) and len(pair) == 2 and is_whole:  # noqa: PLR2004 - a pair
            contacts = len({record["contact_id"] or record["email"] for record in rows})
            if (meaning := _meaning(pair, len(rows), contacts)) is not None:
                return meaning
    return unknown("no message has few opens or clicks, and different numbers of them")


def _meaning(pair: list[Any], events: int, contacts: int) -> Answer | None:
    first, second = pair
    if first == second:
        return None
    if (first, second) == (contacts, events):
        return Answer("The first counts contacts, the second all events.", is_assumed=True)
    if (first, second) == (events, contacts):
        return Answer("The first counts all events, the second contacts.", is_assumed=False)
    if contacts == events and events in pair:
        which = "first" if events == first else "second"
        return Answer(f"As many events come as the {which} says, one per contact.")
    return Answer("Neither matches the events returned.", is_assumed=False)


@question(
    "Do all events have columns?",
    "message_events",
)
def event_fields(samples: Samples) -> Answer:
    """Say which kinds of events have new fields, or values that do not fit."""
    kinds: dict[str, bool] = {}
    for page in samples.pages("message_events"):
        kind = page.response.query.given["event_type"]
        kinds[kind] = any(record[EXTRA_FIELDS] for record in page.records)
    if not kinds:
        return unknown("no message has events")
    others = [kind for kind, has_extra in kinds.items() if has_extra]
    if others:
        words = f"New fields come with {', '.join(others)}."
        return Answer(words, is_assumed=False)
    return Answer(f"They have columns: {', '.join(kinds)} were looked at.", is_assumed=True)


@question(
    "In which order do events come?",
    "message_events",
)
def event_order(samples: Samples) -> Answer:
    """Look at the order of the events on each page that has enough of them."""
    pages = [
        [record["event_at"] for record in page.records] for page in samples.pages("message_events")
    ]
    shown = [times for times in pages if len(set(times)) >= FEW_ROWS]
    if not shown:
        return unknown("no kind of events has enough of them on one page")
    if all(times == sorted(times) for times in shown):
        return Answer("The oldest come first.")
    if all(times == sorted(times, reverse=True) for times in shown):
        return Answer("The newest come first.")
    return Answer("They are in no order of time.")


MOST_CANDIDATES = 2
"""So many messages are looked at to find the zone of a day."""


@question(
    "In which time zone is a day of the daily totals?",
    *("message_daily_stats", "messages", "message_reports"),
    calls=3 * MOST_CANDIDATES,
)
def day_zone(samples: Samples) -> Answer:
    """Find a message whose day is another one in UTC, and see to which day it was counted."""
    zone, stats = samples.tap.run.zone, samples.pages("message_daily_stats")
    if zone is None:
        return unknown("Act-On does not report the account's time zone")
    if not stats:
        return unknown("there are no daily totals")
    messages = samples.records("messages")
    candidates = []
    for message in messages:
        if message["message_type"] == "SENT" and message["sent_at"]:
            utc = datetime.fromisoformat(message["sent_at"])
            with suppress(OverflowError):
                local = utc.astimezone(zone)
                if local.date() != utc.date():
                    candidates.append((message["id"], local.date(), utc.date()))
    for message_id, local_day, utc_day in candidates[:MOST_CANDIDATES]:
        report = samples.tap.stream("message_reports").query_of({"id": message_id, "sent_at": None})
        records = samples.records_of("message_reports", samples.fetch("message_reports", report))
        number = records[0]["sent"] if records else None
        if not number:
            continue
        counts: dict[str, int] = {}
        for month in {local_day.replace(day=1), utc_day.replace(day=1)}:
            query = samples.tap.stream("message_daily_stats").query_of_month(month)
            found = samples.records_of(
                "message_daily_stats", samples.fetch("message_daily_stats", query)
            )
            counts |= {record["date"]: record["sent"] or 0 for record in found}
        is_local = counts.get(local_day.isoformat(), 0) >= number
        is_utc = counts.get(utc_day.isoformat(), 0) >= number
        if is_local != is_utc:
            words = "the account's time zone" if is_local else "UTC"
            return Answer(f"Days are in {words}.", is_assumed=is_local)
    return unknown("no message went out where the days of its zone and of UTC differ")
