"""What each chart of the page has to show, in SQL over the marts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.browser.accounts import ENGAGEMENTS, REASONS
from tests.browser.marts import query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.choices import Choice

LONGEST_BY_DAY, LONGEST_BY_WEEK = 45, 800
"""How many days a trend shows by day, and by week."""
MOST_ROWS = 120
"""How many rows the table of a chart shows."""


def rate(part: str, whole: str) -> str:
    """Give a rate of several rows in SQL: one sum over another, of rows that have the other."""
    return f"sum(coalesce({part}, 0)) FILTER ({whole} IS NOT NULL) / nullif(sum({whole}), 0)"


def count(column: str) -> str:
    """Give a sum in SQL."""
    return f"coalesce(sum({column}), 0)"


@dataclass(frozen=True)
class Scale:
    """How the marks of a chart say a number.

    Attributes:
        measure: What of a mark grows with it: its width or height, where its middle is, or how
            opaque it is.
        field: What the number is called in the data of the mark.
        numbers: Which numbers of a row these are.
    """

    measure: str
    field: str = "value"
    numbers: tuple[int, ...] = (0,)


POINTS, BARS, LYING_BARS = Scale("y"), Scale("height"), Scale("width")


def both(scale: Scale) -> tuple[Scale]:
    """Draw the first two numbers of each row."""
    return (replace(scale, numbers=(0, 1)),)


@dataclass(frozen=True)
class Figure:
    """What a chart shows.

    Attributes:
        mart: The mart, or a query in parentheses.
        numbers: The numbers of a row.
        scales: How its marks say them.
        day: The column with the day, if the chart follows the period or is a trend.
        key: What a row stands for; without it, a day, a week or a month.
        kind: What else it stands for.
        apart: What keeps rows apart without a cell of its own.
        is_of_period: Whether the chart follows the period.
        is_of_types: Whether it follows the types of messages.
        most: How many rows it shows, those with the largest numbers; 0 for all.
        largest: Which number that is.
        words: What the page calls the keys that the mart names otherwise.
    """

    mart: str
    numbers: tuple[str, ...]
    scales: tuple[Scale, ...]
    day: str = ""
    key: str = ""
    kind: str = ""
    apart: str = ""
    is_of_period: bool = True
    is_of_types: bool = False
    most: int = 0
    largest: int = 0
    words: tuple[tuple[Any, str], ...] = ()

    @property
    def keys(self) -> int:
        """How many cells of a row come before its numbers."""
        return 2 if self.kind else 1

    def rows(self, file: Path, choice: Choice, whole: tuple[date, date]) -> list[tuple[Any, ...]]:
        """Work out the rows: keys as the page words them, and numbers.

        Args:
            file: The marts.
            choice: What the reader has chosen.
            whole: The first and the last day of everything.
        """
        first, last = choice.bounds(whole) if self.is_of_period else whole
        length = (last - first).days + 1
        unit = (
            "day" if length <= LONGEST_BY_DAY else "week" if length <= LONGEST_BY_WEEK else "month"
        )
        day = self.day if self.is_of_period else ""
        conditions = choice.where(day, whole, types=self.is_of_types)
        key = self.key or f"CAST(date_trunc('{unit}', {self.day}) AS DATE)"
        keys = f"{key}, {self.kind}" if self.kind else key
        groups = f"{keys}, {self.apart}" if self.apart else keys
        order = (
            f"{self.largest + 2} DESC, 1 LIMIT {self.most}"
            if self.most
            else ", ".join(map(str, range(1, self.keys + 1)))
        )
        if not self.key:
            conditions += f" AND {self.day} IS NOT NULL"
        sql = (
            f"SELECT {keys}, {', '.join(self.numbers)} FROM {self.mart} "  # noqa: S608 - text of our own
            f"WHERE {conditions} GROUP BY {groups} ORDER BY {order}"
        )
        words = dict(self.words)
        return [
            (
                *(_worded(words.get(one, one), unit) for one in row[: self.keys]),
                *row[self.keys :],
            )
            for row in query(file, sql)
        ]


def _worded(key: Any, unit: str) -> str:
    if key is None or not f"{key}".strip():
        return "(none)"
    if not isinstance(key, date):
        # Names may hold addresses, which the page leaves out.
        return re.sub(r"\S+@\S+", "(address)", str(key))
    if unit == "month":
        return f"{key:%b %Y}"
    day = f"{key:%b} {key.day}, {key.year}"
    return f"Week of {day}" if unit == "week" else day


def share(column: str) -> str:
    """Give the share that a row has in the sum over all rows."""
    return f"sum({column}) / nullif(sum(sum({column})) OVER (), 0)"


MESSAGES: dict[str, Any] = {"mart": "acton__messages", "day": "sent_on", "is_of_types": True}
RATES = (rate("opened_unique", "delivered"), rate("clicked_unique", "delivered"))
STEPS = ("0", "1", "2", "3", "4\N{EN DASH}7", "8\N{EN DASH}14", "15\N{EN DASH}30")
SUPPRESSED = (
    *("Hard bounce", "Opted out of everything", "Opted out of a category", "Spam complaint"),
)
FIGURES = {
    "sends": Figure(
        numbers=(count("sent"),), scales=(Scale("height", "sent"),), is_of_period=False, **MESSAGES
    ),
    "rates": Figure(numbers=RATES, scales=both(POINTS), **MESSAGES),
    "activity": Figure(
        "acton__account_daily", (count("opened"), count("clicked")), both(POINTS), "date_day"
    ),
    "opens-clicks": Figure(
        numbers=(count("delivered"), *RATES),
        scales=(Scale("x", "open_rate", (1,)), Scale("y", "click_rate", (2,))),
        key="CASE WHEN trim(message_name) <> '' THEN message_name "
        "WHEN trim(subject) <> '' THEN subject ELSE '(without a name)' END",
        apart="source_relation, message_id",
        most=2_000,
        **MESSAGES,
    ),
    "time-to-open": Figure(
        "(SELECT daily.*, sent_on FROM acton__message_daily AS daily "
        "JOIN acton__messages USING (source_relation, message_id) "
        "WHERE message_type = 'SENT' AND days_since_sent BETWEEN 0 AND 30 "
        "AND (opens > 0 OR clicks > 0))",
        (share("opens"), share("clicks")),
        both(BARS),
        "sent_on",
        key="CASE WHEN days_since_sent <= 3 THEN days_since_sent WHEN days_since_sent <= 7 THEN 4 "
        "WHEN days_since_sent <= 14 THEN 5 ELSE 6 END",
        words=tuple(enumerate(STEPS)),
    ),
    "growth": Figure(
        "acton__account_daily",
        (count("new_contacts"), count("list_members_added")),
        both(POINTS),
        "date_day",
    ),
    "cohorts": Figure(
        "acton__contact_cohorts",
        (rate("active_contacts", "contacts"), count("contacts")),
        (Scale("opacity", "active_rate"),),
        key="strftime(cohort_month, '%b %Y')",
        kind="months_since",
    ),
    "engagement": Figure(
        "acton__people",
        ("count(*)", "count(*) FILTER (is_mailable)"),
        both(LYING_BARS),
        key="engagement",
        words=tuple((one, one.capitalize()) for one in ENGAGEMENTS),
    ),
    "bounces": Figure(
        "acton__deliverability_daily", (rate("bounces", "sent"),), (POINTS,), "date_day"
    ),
    "complaints": Figure(
        "acton__deliverability_daily",
        (rate("complaints", "(sent - bounces)"),),
        (POINTS,),
        "date_day",
    ),
    "form-sources": Figure(
        "acton__form_sources",
        (count("views"), count("submits")),
        both(LYING_BARS),
        key="source",
        most=12,
    ),
    "page-sources": Figure(
        "acton__landing_page_sources", (count("visits"),), (LYING_BARS,), key="source", most=12
    ),
    "domains": Figure(
        "acton__deliverability_daily",
        (
            rate("bounces", "sent"),
            count("sent"),
            count("hard_bounces"),
            count("soft_bounces"),
            rate("complaints", "(sent - bounces)"),
            count("opt_outs"),
        ),
        (LYING_BARS,),
        "date_day",
        key="domain",
        most=30,
        largest=1,
    ),
    "attendance": Figure(
        "acton__webinars",
        (count("registrants"), count("attendees")),
        both(LYING_BARS),
        key="webinar_name",
        most=15,
    ),
    "registrations": Figure("acton__webinar_attendance", ("count(*)",), (BARS,), "registered_on"),
    "categories": Figure(
        "(SELECT * FROM acton__suppressions WHERE reason = 'category_opt_out')",
        ("count(*)",),
        (LYING_BARS,),
        key="category_name",
        most=15,
    ),
    "suppressions": Figure(
        "acton__suppressions",
        ("count(*)",),
        (Scale("height", "addresses"),),
        "first_on",
        kind="reason",
        words=tuple(zip(REASONS, SUPPRESSED, strict=True)),
    ),
}
"""By the name of the chart in the page."""
