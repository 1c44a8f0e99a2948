"""The accounts whose page the tests look at, as rows of the marts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from tests.browser.marts import marts_of_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.browser.marts import Row, Rows

TODAY = date(2028, 3, 1)
"""The last day of all accounts: the 30 days up to it have a February of 29 days in them."""
NOW = datetime(2028, 3, 1, 9, tzinfo=UTC)
"""When all pages are made and looked at."""

SCRIPT = "</script><script>window.broken = true</script>"
IMAGE = '<img src="https://example.com/x" onerror="window.broken = true">'
HOSTILE_NAMES = (
    SCRIPT,
    IMAGE,
    "<!--<script>",
    "]]>&lt;b&gt;&amp;",
    "' onmouseover='window.broken = true",
    "חדשות החודש 2028",
    "نشرة شهر مارس (2028)",
    "\u202etxt.exe",
    "👩‍👩‍👧‍👦 Family sale 🎉🏳️‍🌈",
    "N" * 300,
    "many words " * 27,
    "${7*7} {{7*7}} %s \\u003c \\",
    "For person7@example.com alone",
    "line one\nline two\u2028line three",
    "\u0130stanbul \u0131l\u0131k",
    "\uff37\uff29\uff24\uff25 Straße é e\u0301",
    "",
    " ",
)
"""What somebody may call a message, a list or a form."""

KINDS = ("SENT",) * 16 + ("TRIGGERED",) * 3 + ("FAILED",)
DOMAINS = ("example.com", "example.net", "example.org", "mail.example.com", "unknown")
ENGAGEMENTS = ("engaged", "lapsed", "never engaged", "never mailed")
REASONS = ("hard_bounce", "opt_out", "category_opt_out", "spam_complaint")
STEPS = ("sent", "delivered", "opened", "clicked")


def empty() -> Rows:
    """An account in which nothing has happened: every mart, without a row."""
    return {mart: [] for mart in marts_of_report()}


def one_message() -> Rows:
    """An account that has sent a single e-mail, today."""
    rows = empty()
    rows["acton__messages"] = [_counted({"message_name": "The first", "sent_on": TODAY}, 1, 1, 0)]
    rows["acton__account_daily"] = [_day(TODAY, sent=1)]
    rows["acton__message_daily"] = _daily(rows["acton__messages"], Dice(1))
    return rows


def ordinary(seed: int = 11, source: str = "acton", name: str = "Newsletter") -> Rows:
    """An account of two years, with days without mail and messages without numbers."""
    return _account(
        Dice(seed),
        source,
        [f"{name} {number}" for number in range(1, 97)],
        days=700,
        # On the first and the last day of the periods, and on the day before.
        fixed=[TODAY - timedelta(days=days) for days in (0, 29, 30, 89, 90, 364, 365, 366)],
    )


def two_accounts() -> Rows:
    """Two accounts with messages of the same ids."""
    north, south = ordinary(21, "north", "North"), ordinary(22, "south", "South")
    return {mart: [*north[mart], *south[mart]] for mart in north}


def hostile() -> Rows:
    """An account in which every name tries to break the page, and numbers are huge or missing."""
    rows = _account(Dice(31), "a&b </script>", [*HOSTILE_NAMES] * 3, days=120)
    huge = 4_000_000_000_000
    rows["acton__messages"] += [
        _counted(
            {"message_id": "000123", "message_name": "Huge", "sent_on": TODAY}, huge, huge - 9, 9
        ),
        _counted({"message_id": "1e5", "message_name": None, "sent_on": TODAY}, None, None, None),
        _counted({"message_id": "never", "message_name": "No day", "sent_on": None}, 5, 5, 0),
        # Act-On's own numbers may not fit together.
        _counted({"message_id": "over", "message_name": "Over", "sent_on": TODAY}, 10, 12, 3),
    ]
    for row in rows["acton__messages"]:
        row["source_relation"] = "a&b </script>"
    return rows


def large() -> Rows:
    """An account of three years with 10,000 messages."""
    return _account(
        Dice(41), "acton", [f"Message {number}" for number in range(10_000)], days=1_095
    )


def without_marts() -> Rows:
    """An account of which only the messages were loaded."""
    return {"acton__messages": ordinary()["acton__messages"]}


ACCOUNTS = {
    "empty": empty,
    "one message": one_message,
    "ordinary": ordinary,
    "two accounts": two_accounts,
    "hostile": hostile,
    "large": large,
    "without marts": without_marts,
}


def _account(
    dice: Dice,
    source: str,
    names: Sequence[str],
    days: int,
    fixed: Sequence[date] = (),
) -> Rows:
    first = TODAY - timedelta(days=days)
    # Nothing is sent in every third week: charts have gaps.
    sending_days = [
        day
        for day in (first + timedelta(days=number) for number in range(days + 1))
        if day.isocalendar().week % 3
    ]
    messages: list[Row] = []
    for number, name in enumerate(names):
        kind = "SENT" if number < len(fixed) else dice.pick(KINDS)
        sent = 0 if kind == "FAILED" else dice.between(1, 900)
        bounced = dice.between(0, sent // 15)
        row: Row = {
            "message_id": f"m-{number:05}",
            "message_name": name,
            "subject": f"{name}!",
            "message_type": kind,
            "sent_on": fixed[number] if number < len(fixed) else dice.pick(sending_days),
            "folder_name": dice.pick(("Spring", "Autumn", None)),
        }
        row["average_minutes_to_open"] = dice.pick((None, 12.0, 119.0, 400.0, 50_000.0))
        messages.append(_counted(row, sent, sent - bounced, bounced, dice))
    if len(messages) > 10:
        # Neither a report nor an event.
        messages[-1] |= dict.fromkeys((*_COUNTS, *_RATES))
    daily = _daily(messages, dice)
    rows = empty() | {
        "acton__messages": messages,
        "acton__message_daily": daily,
        "acton__account_daily": _account_daily(daily, dice, first),
        "acton__deliverability_daily": _deliverability(daily, dice),
        "acton__funnel": _funnel(messages),
    }
    rows |= _people(dice, first, names) | _web(dice, first, names)
    for mart in rows.values():
        for row in mart:
            row["source_relation"] = source
    return rows


_COUNTS = (
    *("sent", "delivered", "bounced", "hard_bounced", "soft_bounced", "opened_unique"),
    *("opened_total", "clicked_unique", "clicked_total", "suppressed", "opted_out", "complained"),
)
_RATES = {
    "delivery_rate": ("delivered", "sent"),
    "bounce_rate": ("bounced", "sent"),
    "open_rate": ("opened_unique", "delivered"),
    "click_rate": ("clicked_unique", "delivered"),
    "click_to_open_rate": ("clicked_unique", "opened_unique"),
    "opt_out_rate": ("opted_out", "delivered"),
    "complaint_rate": ("complained", "delivered"),
}


def _counted(
    row: Row,
    sent: int | None,
    delivered: int | None,
    bounced: int | None,
    dice: Dice | None = None,
) -> Row:
    """Give a message its numbers, and the rates as the model makes them."""
    dice = dice or Dice(0)
    counts = dict.fromkeys(_COUNTS, None if sent is None else 0)
    counts |= {"sent": sent, "delivered": delivered, "bounced": bounced}
    if delivered and bounced is not None:
        opened = dice.between(0, delivered)
        clicked = dice.between(0, opened)
        counts |= {"opened_unique": opened, "opened_total": opened * 2}
        counts |= {"clicked_unique": clicked, "clicked_total": clicked + opened // 9}
        counts |= {"hard_bounced": bounced // 2, "soft_bounced": bounced - bounced // 2}
        counts |= {"opted_out": dice.between(0, delivered // 50), "suppressed": dice.between(0, 9)}
        counts |= {"complained": delivered // 700}
    rates: dict[str, float | None] = {}
    for rate, (part, whole) in _RATES.items():
        share, of = counts[part], counts[whole]
        rates[rate] = share / of if share is not None and of else None
    day = row["sent_on"]
    known = {
        "source_relation": "acton",
        "message_id": "m-1",
        "message_type": "SENT",
        "sent_at": day and datetime.combine(day, datetime.min.time()).isoformat(),
    }
    return {**known, **row, **counts, **rates}


def _daily(messages: Iterable[Row], dice: Dice) -> list[Row]:
    """Spread a message's opens and clicks over days; a triggered one also sends over days."""
    found: list[Row] = []
    for message in messages:
        if not message["sent"] or message["sent_on"] is None:
            continue
        sends = dice.between(1, 6) if message["message_type"] == "TRIGGERED" else 1
        spread: dict[int, Row] = defaultdict(lambda: defaultdict(int))
        _deal(spread, "sent", message["sent"], sends, dice)
        for column, whole in {
            "opens": "opened_total",
            "unique_openers": "opened_unique",
            "clicks": "clicked_total",
            "unique_clickers": "clicked_unique",
            "bounces": "bounced",
            "hard_bounces": "hard_bounced",
            "opt_outs": "opted_out",
            "complaints": "complained",
        }.items():
            _deal(spread, column, message[whole], 4, dice)
        for after, counts in spread.items():
            day = message["sent_on"] + timedelta(days=after)
            if day <= TODAY:
                found.append(
                    {
                        "source_relation": "acton",
                        "message_id": message["message_id"],
                        "date_day": day,
                        "time_zone": "UTC",
                        "days_since_sent": after,
                        **{column: counts[column] for column in _DAILY},
                        "soft_bounces": counts["bounces"] - counts["hard_bounces"],
                        "events": counts["sent"] + counts["opens"] + counts["clicks"],
                        "extracted_at": f"{TODAY}T06:00:00",
                    }
                )
    return found


_DAILY = (
    *("sent", "opens", "unique_openers", "clicks", "unique_clickers", "bounces"),
    *("hard_bounces", "opt_outs", "complaints"),
)


def _deal(spread: dict[int, Row], column: str, count: int, days: int, dice: Dice) -> None:
    for after in range(days):
        part = count if after == days - 1 else dice.between(0, count)
        if part:
            spread[after][column] += part
        count -= part


def _day(day: date, **counts: int) -> Row:
    zero = dict.fromkeys(
        ("sent", "opened", "clicked", "bounced", "opted_out", "new_contacts", "list_members_added"),
        0,
    )
    return {"source_relation": "acton", "date_day": day, **zero, **counts}


def _account_daily(daily: Iterable[Row], dice: Dice, first: date) -> list[Row]:
    days: dict[date, Row] = {}
    for row in daily:
        of_day = days.setdefault(row["date_day"], _day(row["date_day"]))
        of_day["sent"] += row["sent"]
        of_day["opened"] += row["opens"]
        of_day["clicked"] += row["clicks"]
        of_day["bounced"] += row["bounces"]
        of_day["opted_out"] += row["opt_outs"]
    for _ in range(40):
        day = first + timedelta(days=dice.between(0, (TODAY - first).days))
        days.setdefault(day, _day(day))["new_contacts"] += dice.between(1, 30)
        days[day]["list_members_added"] += dice.between(0, 30)
    for of_day in days.values():
        delivered = of_day["sent"] - of_day["bounced"]
        if of_day["sent"] and delivered > 0:
            of_day["bounce_rate"] = of_day["bounced"] / of_day["sent"]
            of_day["delivery_rate"] = 1 - of_day["bounce_rate"]
            of_day["open_rate"] = min(1, of_day["opened"] / delivered)
            of_day["click_rate"] = min(1, of_day["clicked"] / delivered)
            of_day["opt_out_rate"] = min(1, of_day["opted_out"] / delivered)
    return [*days.values()]


def _deliverability(daily: Iterable[Row], dice: Dice) -> list[Row]:
    counts: dict[tuple[str, date], Row] = defaultdict(lambda: defaultdict(int))
    for row in daily:
        if row["sent"]:
            part = counts[dice.pick(DOMAINS), row["date_day"]]
            part["sent"] += row["sent"]
            bounces = min(row["bounces"], row["sent"])
            part["bounces"] += bounces
            part["hard_bounces"] += bounces // 2
            part["complaints"] += min(row["complaints"], row["sent"] - bounces)
            part["opt_outs"] += row["opt_outs"]
    found = []
    for (domain, day), part in counts.items():
        delivered = part["sent"] - part["bounces"]
        row = {
            "domain": domain,
            "date_day": day,
            **{name: part[name] for name in ("sent", "bounces", "hard_bounces", "complaints")},
            "soft_bounces": part["bounces"] - part["hard_bounces"],
            "opt_outs": part["opt_outs"],
            "bounce_rate": part["bounces"] / part["sent"],
            "complaint_rate": part["complaints"] / delivered if delivered else None,
        }
        row["alarm"] = row["bounce_rate"] > 0.05 or (row["complaint_rate"] or 0) > 0.003
        found.append(row)
    return found


def _funnel(messages: Iterable[Row]) -> list[Row]:
    people: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for message in messages:
        if message["sent"] and message["sent_on"]:
            week = message["sent_on"] - timedelta(days=message["sent_on"].weekday())
            counts = people[week, message["message_type"]]
            for step, column in enumerate(("sent", "delivered", "opened_unique", "clicked_unique")):
                counts[step] += message[column]
    return [
        {
            "date_week": week,
            "message_type": kind,
            "step_number": step + 1,
            "step": STEPS[step],
            "people": counts[step],
            "share_of_previous": (
                1 if step == 0 else counts[step] / counts[step - 1] if counts[step - 1] else None
            ),
            "share_of_first": counts[step] / counts[0],
        }
        for (week, kind), counts in people.items()
        for step in range(4)
    ]


def _people(dice: Dice, first: date, names: Sequence[str]) -> Rows:
    people: list[Row] = []
    for number in range(300):
        created = first + timedelta(days=dice.between(0, (TODAY - first).days))
        people.append(
            {
                "email": f"person{number}@example.com",
                "contacts": 1,
                "score": dice.pick((None, 0, 12.5, 80)),
                "created_at": f"{created}T08:00:00",
                "engagement": dice.pick(ENGAGEMENTS),
                "is_mailable": dice.chance(0.8),
                "is_hard_bounced": dice.chance(0.1),
                "is_opted_out": dice.chance(0.1),
                "has_complained": dice.chance(0.01),
            }
        )
    cohorts: list[Row] = []
    for back in range(8):
        months = TODAY.year * 12 + TODAY.month - 1 - back
        size = dice.between(5, 60)
        for since in range(back + 1):
            active = dice.between(0, size)
            cohorts.append(
                {
                    "cohort_month": date(months // 12, months % 12 + 1, 1),
                    "months_since": since,
                    "contacts": size,
                    "active_contacts": active,
                    "active_rate": active / size,
                }
            )
    lists: list[Row] = []
    growth: list[Row] = []
    for number, name in enumerate([*names][:20]):
        members = dice.pick((0, 3, 40, 700))
        lists.append(
            {
                "list_id": f"l-{number:04}",
                "list_name": name,
                "is_list": True,
                "is_salesforce": number % 3 == 0,
                "is_salesforce_report": False,
                "counted_on": TODAY,
                "member_count": members if number else None,
                "loaded_members": members,
                "mailable_members": members // 2,
                "members_added_30d": members // 10,
            }
        )
        total = 0
        days = sorted({dice.between(0, (TODAY - first).days) for _ in range(12)})
        for day in days:
            added = dice.between(0, 40)
            total += added
            growth.append(
                {
                    "list_id": f"l-{number:04}",
                    "date_day": first + timedelta(days=day),
                    "members_added": added,
                    "members_added_to_date": total,
                    "members_deleted": dice.pick((None, 0, 2)),
                }
            )
    suppressions: list[Row] = [
        {
            "email": f"person{number}@example.com",
            "reason": (reason := dice.pick(REASONS)),
            "subscription_category_id": "7" if reason == "category_opt_out" else None,
            "category_name": dice.pick(names) if reason == "category_opt_out" else None,
            "first_on": dice.pick((None, first + timedelta(days=dice.between(0, 90)))),
        }
        for number in range(120)
    ]
    return {
        "acton__people": people,
        "acton__contact_cohorts": cohorts,
        "acton__lists": lists,
        "acton__list_growth_daily": growth,
        "acton__suppressions": suppressions,
    }


def _web(dice: Dice, first: date, names: Sequence[str]) -> Rows:
    rows: Rows = defaultdict(list)
    for number, name in enumerate([*names][:17]):
        created = first + timedelta(days=number)
        form: Row = {"form_id": f"f-{number}", "form_name": name}
        page: Row = {"landing_page_id": f"p-{number}", "landing_page_name": name}
        views, visits = dice.between(0, 500), dice.between(0, 800)
        submits = dice.between(0, views)
        rows["acton__forms"].append(
            {
                **form,
                "created_at": f"{created}T00:00:00",
                "views": views if number else None,
                "unique_visitors": views // 2 if number else None,
                "submits": submits if number else None,
                "conversion_rate": submits / views if views and number else None,
            }
        )
        rows["acton__landing_pages"].append(
            {
                **page,
                "created_on": created,
                "visits": visits if number else None,
                "unique_unknown_visitors": visits // 3 if number else None,
            }
        )
        for source in ("Direct", "google", None, name):
            count = dice.between(0, 200)
            rows["acton__form_sources"].append(
                {
                    **form,
                    "form_created_on": created,
                    "source": source,
                    "views": count,
                    "unique_visitors": count,
                    "submits": count // 3,
                    "conversion_rate": 1 / 3 if count else None,
                    "share": count / 800,
                }
            )
            rows["acton__landing_page_sources"].append(
                {**page, "source": source, "visits": count, "share": count / 800}
            )
        rows["acton__media"].append(
            {
                "media_id": f"d-{number}",
                "media_name": name,
                "kind": dice.pick(("file", "link")),
                "total_known_views": views,
                "total_unknown_views": visits,
                "total_views": views + visits if number else None,
            }
        )
    for number, name in enumerate([*names][:5]):
        webinar: Row = {
            "webinar_id": f"w-{number}",
            "webinar_name": name,
            "on24_client_id": "300112233",
        }
        people = [
            {
                **webinar,
                "list_contact_id": f"w-{number}:{one}",
                "email": f"person{one}@example.com",
                "job_function": dice.pick((None, "Sales", name)),
                "lead_source": dice.pick((None, "Ads", name)),
                "has_attended": dice.chance(0.4),
                "registered_on": first + timedelta(days=dice.between(0, 90)),
            }
            for one in range(number * 12)
        ]
        attendees = sum(one["has_attended"] for one in people)
        for one in people:
            one["status"] = "Attended" if one["has_attended"] else "Registered"
            one["live_minutes"] = float(dice.between(1, 60)) if one["has_attended"] else None
        rows["acton__webinar_attendance"] += people
        rows["acton__webinars"].append(
            {
                **webinar,
                "registrants": len(people),
                "attendees": attendees,
                "attendance_rate": attendees / len(people) if people else None,
                "average_live_minutes": 31.5 if attendees else None,
                "first_registered_at": f"{first}T09:00:00" if people else None,
                "last_registered_at": f"{TODAY}T09:00:00" if people else None,
            }
        )
    for number, table in enumerate(("messages", "message_events", "contacts", "forms", "media")):
        rows["acton__data_health"].append(
            {
                "table_name": table,
                "is_loaded": number != 4,
                "rows": number * 1_000,
                "newest_extracted_at": f"{TODAY}T06:00:00" if number != 4 else None,
                "hours_since": (3.0, 30.0, 200.0, 0.0, None)[number],
                "last_outcome": ("complete", "complete", "failed", None, None)[number],
                "last_run_ended_at": f"{TODAY}T06:10:00" if number < 3 else None,
                "last_calls": number * 7,
                "calls_left": 29_000 - number,
            }
        )
    for name in [*names][:6]:
        rows["acton__unnamed_fields"].append(
            {"table_name": "contacts", "key": name, "rows": 12, "example_type": "text"}
        )
    return dict(rows)
