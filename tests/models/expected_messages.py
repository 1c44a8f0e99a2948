"""The marts of messages, worked out from the rows of the streams."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.models.loaded import moment, rate, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

WENT_OUT = ("SENT", "TRIGGERED", "FAILED")
COUNTS = {
    "sends": "SENT",
    "opens": "OPENED",
    "clicks": "CLICKED",
    "bounces": "BOUNCED",
    "suppressions": "SUPPRESSED",
    "opt_outs": "OPT_OUT",
    "complaints": "SPAM",
}
"""By column the events that it counts."""

REPORTED = {
    "sent": ("sent", "sends"),
    "bounced": ("bounced", "bounces"),
    "hard_bounced": ("hard_bounced", "hard_bounces"),
    "soft_bounced": ("soft_bounced", "soft_bounces"),
    "opened_total": ("opened_total", "opens"),
    "clicked_total": ("clicked_total", "clicks"),
    "suppressed": ("not_sent_total", "suppressions"),
    "opted_out": ("opt_out", "opt_outs"),
    "complained": ("spam", "complaints"),
}
"""By column of messages that of the report and that of the recipients."""

OF_THE_DELIVERED = {"open_rate": "OPENED", "click_rate": "CLICKED", "opt_out_rate": "OPT_OUT"}
"""By rate of a day the events that it counts."""
LATER_THAN_ALL = "9999"
OF_A_PROGRAM = ("sent", "delivered", "opened_unique", "clicked_unique")
RATES = {
    "open_rate": ("opened_unique", "delivered"),
    "click_rate": ("clicked_unique", "delivered"),
    "click_to_open_rate": ("clicked_unique", "opened_unique"),
}


def message_recipients(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__message_recipients``."""
    by_recipient = defaultdict(list)
    for row in loaded.records["message_events"]:
        by_recipient[row["message_id"], row["contact_id"]].append(row)
    for (message_id, contact_id), rows in by_recipient.items():
        times = {
            kind: [one["event_at"] for one in rows if one["event_type"] == kind]
            for kind in COUNTS.values()
        }
        kinds = Counter(one["data"] for one in rows if one["event_type"] == "BOUNCED")
        counts = {column: len(times[kind]) for column, kind in COUNTS.items()}
        sent_at, opened_at = (min(times[kind], default=None) for kind in ("SENT", "OPENED"))
        yield {
            "message_id": message_id,
            "recipient_key": contact_id,
            "list_contact_id": contact_id,
            "email": rows[0]["email"],
            "sent_at": sent_at,
            "last_sent_at": max(times["SENT"], default=None),
            **counts,
            "first_opened_at": opened_at,
            "last_opened_at": max(times["OPENED"], default=None),
            "first_clicked_at": min(times["CLICKED"], default=None),
            "last_clicked_at": max(times["CLICKED"], default=None),
            "last_event_at": max(row["event_at"] for row in rows),
            "hard_bounces": kinds["HARD"],
            "soft_bounces": kinds["SOFT"],
            "bounce_type": "hard" if kinds["HARD"] else "soft" if kinds["SOFT"] else None,
            "was_sent": counts["sends"] > 0,
            "was_delivered": counts["sends"] > 0 and not counts["bounces"],
            "was_opened": counts["opens"] > 0,
            "was_clicked": counts["clicks"] > 0,
            "was_bounced": counts["bounces"] > 0,
            "was_opted_out": counts["opt_outs"] > 0,
            "was_complained": counts["complaints"] > 0,
            "minutes_to_open": _minutes(sent_at, opened_at),
            "events": len(rows),
        }


def messages(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__messages``."""
    reports = {row["message_id"]: row for row in loaded.records["message_reports"]}
    recipients = defaultdict(list)
    for row in message_recipients(loaded):
        recipients[row["message_id"]].append(row)
    programs = defaultdict(set)
    for row in loaded.records["programs"]:
        for message_id in row["message_ids"]:
            programs[message_id].add(row["id"])
    for row in loaded.records["messages"]:
        if row["message_type"] in WENT_OUT:
            report, reached = reports.get(row["id"], {}), recipients[row["id"]]
            counts = {
                column: report.get(name, total(one[other] for one in reached))
                for column, (name, other) in REPORTED.items()
            }
            counts |= {
                column: report.get(column, sum(one[was] for one in reached) if reached else None)
                for column, was in (
                    ("opened_unique", "was_opened"),
                    ("clicked_unique", "was_clicked"),
                )
            }
            counts["delivered"] = (
                report.get("delivered") or report["sent"] - report["bounced"]
                if report
                else total(max(one["sends"] - one["bounces"], 0) for one in reached)
            )
            minutes = [
                one["minutes_to_open"] for one in reached if one["minutes_to_open"] is not None
            ]
            yield {
                "message_id": row["id"],
                "message_name": row["name"],
                "subject": report.get("subject"),
                "message_type": row["message_type"],
                "sent_at": row["sent_at"],
                "sent_on": loaded.day(row["sent_at"]),
                "sender_name": row["sender_name"],
                "sender_email": row["sender_email"],
                "folder_name": row["folder_name"],
                "program_ids": _array(sorted(programs[row["id"]]) or None, separator=","),
                "list_ids": _array(report.get("sent_to")),
                "suppressed_list_ids": _array(report.get("suppressed_on")),
                **counts,
                "delivery_rate": rate(counts["delivered"] or 0, counts["sent"] or 0),
                "bounce_rate": rate(counts["bounced"] or 0, counts["sent"] or 0),
                **_rates(counts),
                "opt_out_rate": rate(counts["opted_out"] or 0, counts["delivered"] or 0),
                "complaint_rate": rate(counts["complained"] or 0, counts["delivered"] or 0),
                "first_opened_at": _extreme(min, reached, "first_opened_at"),
                "last_opened_at": report.get(
                    "last_opened_at", _extreme(max, reached, "last_opened_at")
                ),
                "last_clicked_at": report.get(
                    "last_clicked_at", _extreme(max, reached, "last_clicked_at")
                ),
                "average_minutes_to_open": sum(minutes) / len(minutes) if minutes else None,
            }


def message_daily(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__message_daily``."""
    sent_on = {row["id"]: loaded.day(row["sent_at"]) for row in loaded.records["messages"]}
    days = defaultdict(list)
    for row in loaded.records["message_events"]:
        days[row["message_id"], loaded.day(row["event_at"])].append(row)
    for (message_id, day), rows in days.items():
        who = defaultdict(list)
        for row in rows:
            who[row["event_type"]].append(row["contact_id"])
        kinds = Counter(row["data"] for row in rows if row["event_type"] == "BOUNCED")
        yield {
            "message_id": message_id,
            "date_day": day,
            "time_zone": loaded.zone.key,
            "days_since_sent": (
                (date.fromisoformat(day) - date.fromisoformat(sent_on[message_id])).days
                if message_id in sent_on
                else None
            ),
            "sent": len(who["SENT"]),
            "opens": len(who["OPENED"]),
            "unique_openers": len({*who["OPENED"]}),
            "clicks": len(who["CLICKED"]),
            "unique_clickers": len({*who["CLICKED"]}),
            "bounces": len(who["BOUNCED"]),
            "hard_bounces": kinds["HARD"],
            "soft_bounces": kinds["SOFT"],
            "opt_outs": len(who["OPT_OUT"]),
            "complaints": len(who["SPAM"]),
            "events": len(rows),
        }


def message_links(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__message_links``."""
    clicks: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in loaded.records["message_events"]:
        if row["event_type"] == "CLICKED":
            clicks[row["message_id"]][row["link_url"]].append(row["contact_id"])
    for message_id, links in clicks.items():
        of_message = sum(map(len, links.values()))
        for link, clickers in links.items():
            yield {
                "message_id": message_id,
                "link_url": link,
                "clicks": len(clickers),
                "unique_clickers": len({*clickers}),
                "share_of_clicks": len(clickers) / of_message,
            }


def account_daily(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__account_daily``."""
    totals = {row["date"]: row for row in loaded.records["message_daily_stats"]}
    happened: dict[str, Counter[str]] = defaultdict(Counter)
    for row in loaded.records["message_events"]:
        happened[loaded.day(row["event_at"])][row["event_type"]] += 1
    mailed = defaultdict(list)
    for sent_at, outcomes in _sendings(loaded):
        mailed[loaded.day(sent_at)].append(outcomes)
    contacts = Counter(loaded.day(row["created_at"]) for row in loaded.records["contacts"])
    members = Counter(
        loaded.day(row["created_at"]) for row in loaded.records["list_members"] if row["created_at"]
    )
    kinds = {
        "sent": "SENT",
        "opened": "OPENED",
        "clicked": "CLICKED",
        "bounced": "BOUNCED",
        "opted_out": "OPT_OUT",
    }
    for day in {*totals, *happened, *contacts, *members}:
        delivered = [outcomes for outcomes in mailed[day] if "BOUNCED" not in outcomes]
        yield {
            "date_day": day,
            **{
                column: totals[day][column] if day in totals else happened[day][kind]
                for column, kind in kinds.items()
            },
            "delivery_rate": rate(len(delivered), len(mailed[day])),
            "bounce_rate": rate(len(mailed[day]) - len(delivered), len(mailed[day])),
            **{
                column: rate(sum(kind in outcomes for outcomes in delivered), len(delivered))
                for column, kind in OF_THE_DELIVERED.items()
            },
            "new_contacts": contacts[day],
            "list_members_added": members[day],
        }


def _sendings(loaded: Loaded) -> Iterator[tuple[str, set[str]]]:
    """Give when each e-mail was sent, with the kinds of events up to the next to the same row."""
    by_recipient = defaultdict(list)
    for row in loaded.records["message_events"]:
        by_recipient[row["message_id"], row["contact_id"]].append(row)
    for rows in by_recipient.values():
        times = sorted({row["event_at"] for row in rows if row["event_type"] == "SENT"})
        for sent_at, following in pairwise((*times, LATER_THAN_ALL)):
            yield (
                sent_at,
                {row["event_type"] for row in rows if sent_at <= row["event_at"] < following},
            )


def program_messages(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__program_messages``."""
    known = {row["id"]: row for row in loaded.records["messages"]}
    numbers = {row["message_id"]: row for row in messages(loaded)}
    for program in loaded.records["programs"]:
        for message_id in {*program["message_ids"]}:
            message, counts = known.get(message_id, {}), numbers.get(message_id, {})
            yield {
                "program_type": program["program_type"],
                "program_id": program["id"],
                "program_name": program["name"],
                "message_id": message_id,
                "message_name": message.get("name"),
                "message_type": message.get("message_type"),
                **{column: counts.get(column) for column in (*OF_A_PROGRAM, *RATES)},
            }


def programs(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__programs``."""
    listed = defaultdict(list)
    for row in program_messages(loaded):
        listed[row["program_type"], row["program_id"]].append(row)
    for program in loaded.records["programs"]:
        rows = listed[program["program_type"], program["id"]]
        counts = {column: total(row[column] for row in rows) for column in OF_A_PROGRAM}
        yield {
            "program_type": program["program_type"],
            "program_id": program["id"],
            "program_name": program["name"],
            "folder_name": program["folder_name"],
            "state": program["state"],
            "active_contacts": program["active"],
            "created_at": program["created_at"],
            "modified_at": program["modified_at"],
            "messages": len(rows),
            **counts,
            **_rates(counts),
        }


def _rates(counts: Record) -> Record:
    return {
        column: rate(counts[part] or 0, counts[whole] or 0)
        for column, (part, whole) in RATES.items()
    }


def _minutes(since: str | None, until: str | None) -> float | None:
    if since is None or until is None:
        return None
    seconds = int(moment(until).timestamp()) - int(moment(since).timestamp())
    return seconds / 60


def _extreme(
    choice: Callable[[Iterable[str]], str], rows: Sequence[Record], column: str
) -> str | None:
    times = [row[column] for row in rows if row[column]]
    return choice(times) if times else None


def _array(values: Any, *, separator: str = ", ") -> str | None:
    """Write an array as DuckDB holds it: as loaded, or as it makes one itself."""
    return None if values is None else json.dumps(values, separators=(separator, ":"))
