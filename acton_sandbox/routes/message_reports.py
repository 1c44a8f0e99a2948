"""Reports of messages: lifetime counters, drilldowns, and the account's counts per day."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, csv_answer, numeric_error, page_answer
from acton_sandbox.entities import DRILLDOWNS, REPORTED_TYPES, DayCount
from acton_sandbox.timestamps import LONG_MONTHS, ago, display, local_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.entities import Event, Message

_PERIOD = re.compile(r"(\d{2})(0[1-9]|1[0-2])")


def _reported(call: Call) -> Message | None:
    message = call.view.account.message_by_id.get(call.ids["id"])
    if message is None or message.gone or message.type not in REPORTED_TYPES:
        return None
    return message


def message_report(call: Call) -> Answer:
    """Answer with the lifetime counters of a message."""
    message = _reported(call)
    if message is None:
        return numeric_error(10030, "Invalid or deleted message")
    report, now = message.report, call.view.account.now_ms
    return Answer.of_json(
        {
            "status": "ok",
            "sent": report.sent,
            # Said to be dead in the developer site's 2019 edition.
            "delivered": 0 if call.view.is_2019 else report.delivered,
            "bounced": report.bounced,
            "hardBounced": report.hard_bounced,
            "softBounced": report.soft_bounced,
            "opened": report.opened,
            "effectiveopened": report.effective_opened,
            "clicked": report.clicked,
            "notsent": report.not_sent,
            "notopened": report.not_opened,
            "optout": report.opt_out,
            "spam": report.spam,
            "lastOpen": ago(report.last_opened_at, now),
            "lastClick": ago(report.last_clicked_at, now),
            "lastOpenTS": report.last_opened_at,
            "lastClickTS": report.last_clicked_at,
            "rebroadcast": 0,
            "rebroadcastClick": 0,
            "msgId": message.id,
            "subject": message.subject,
            "title": message.name,
            "sentto": message.sent_to,
            "suppressedon": message.suppressed_on,
        }
    )


def message_drilldown(call: Call) -> Answer:
    """Answer with a page of one drilldown of a message, or with all of it as CSV."""
    drilldown = call.ids["drilldown"]
    if drilldown not in DRILLDOWNS:
        return numeric_error(10089, "Invalid drill-down verb")
    message = _reported(call)
    if message is None:
        return numeric_error(10030, "Invalid or deleted message", 404)
    events = _ordered(message.events[drilldown], call.view.choices.drilldown_order)
    if call.query.get("responseformat", "").upper() == "CSV":
        rows = [_row(event) for event in events]
        return csv_answer(call, _CSV_KEYS, [[r.get(k, "") for k in _CSV_KEYS] for r in rows])
    offset, page = call.page(events)
    return page_answer(offset, [_row(event) for event in page], len(events))


def _ordered(events: Sequence[Event], order: str) -> Sequence[Event]:
    """Bring events into an order; no document says which one they have."""
    if order == "recipients":
        return events
    return sorted(events, key=lambda event: event.at, reverse=order == "newest")


_CSV_KEYS = (
    "listid",
    "data",
    "os",
    "ip",
    "browser",
    "name",
    "action",
    "when",
    "recid",
    "email",
    "ts",
    "linkURI",
)


def _row(event: Event) -> dict[str, object]:
    """Return the wire row of an event.

    Only the row of CLICKED is documented. The others hold what makes sense for them: a device
    where somebody looked at something, a link where one was followed.
    """
    row: dict[str, object] = {"listid": event.recipient.list_id, "data": event.data}
    if event.drilldown in ("OPENED", "CLICKED"):
        row |= {"os": event.os, "ip": event.ip, "browser": event.browser}
    row |= {
        "name": event.recipient.name,
        "action": event.action,
        "when": display(event.at),
        "recid": event.recipient.contact_id,
        "email": event.recipient.email,
        "ts": event.at,
    }
    if event.drilldown == "CLICKED":
        row["linkURI"] = event.link
    return row


def month_report(call: Call) -> Answer:
    """Answer with the account's counts for each day of a month, up to today."""
    account = call.view.account
    today = local_day(account.now_ms)
    found = _PERIOD.fullmatch(call.query.get("period", f"{today:%y%m}"))
    if found is None:
        return numeric_error(10160, "The date period is invalid.")
    year, month = 2000 + int(found[1]), int(found[2])
    days = [date(year, month, day + 1) for day in range(monthrange(year, month)[1])]
    return Answer.of_json(
        {
            "month": f"{LONG_MONTHS[month - 1]} {year}",
            "counts": [
                _day_row(day, account.day_counts.get(day, DayCount()))
                for day in days
                if day <= today
            ],
        }
    )


def _day_row(day: date, counts: DayCount) -> dict[str, int]:
    return {
        "optedOut": counts.opted_out,
        # Sunday is 1.
        "dayOfWeek": day.isoweekday() % 7 + 1,
        "dayOfMonth": day.day,
        "hardBounced": counts.hard_bounced,
        "softBounced": counts.soft_bounced,
        "opened": counts.opened,
        "bounced": counts.bounced,
        "clicked": counts.clicked,
        "sent": counts.sent,
    }


ROUTES = [
    DataRoute("/api/1/message/report", month_report),
    DataRoute("/api/1/message/{id}/report", message_report),
    DataRoute("/api/1/message/{id}/report/{drilldown}", message_drilldown),
]
