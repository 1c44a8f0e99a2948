"""What each chart of the page has to show, in SQL over the marts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.browser.accounts import ENGAGEMENTS
from tests.browser.marts import query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.choices import Choice

LONGEST_BY_DAY, LONGEST_BY_WEEK = 45, 800
"""How many days a trend shows by day, and by week."""


def rate(part: str, whole: str) -> str:
    """Give a rate of several rows in SQL: one sum over another, of rows that have the other."""
    return f"sum(coalesce({part}, 0)) FILTER ({whole} IS NOT NULL) / nullif(sum({whole}), 0)"


def count(column: str) -> str:
    """Give a sum in SQL."""
    return f"coalesce(sum({column}), 0)"


@dataclass(frozen=True)
class Figure:
    """What a chart shows.

    Attributes:
        mart: The mart, or a query in parentheses.
        numbers: The numbers of a row.
        day: The column with the day, if the chart follows the period or is a trend.
        key: What a row stands for; without it, a day, a week or a month.
        is_of_period: Whether the chart follows the period.
        is_of_types: Whether it follows the types of messages.
        most: How many rows it shows, those with the largest numbers; 0 for all.
        largest: Which number that is.
        drawn: How many of the numbers have marks.
        words: What the page calls the keys that the mart names otherwise.
    """

    mart: str
    numbers: tuple[str, ...]
    day: str = ""
    key: str = ""
    is_of_period: bool = True
    is_of_types: bool = False
    most: int = 0
    largest: int = 0
    drawn: int = 2
    words: tuple[tuple[str, str], ...] = ()

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
        order = f"{self.largest + 2} DESC, 1 LIMIT {self.most}" if self.most else "1"
        if not self.key:
            conditions += f" AND {self.day} IS NOT NULL"
        sql = (
            f"SELECT {key}, {', '.join(self.numbers)} FROM {self.mart} "  # noqa: S608 - text of our own
            f"WHERE {conditions} GROUP BY {key} ORDER BY {order}"
        )
        found = query(file, sql)
        words = dict(self.words)
        return [(_worded(words.get(row[0], row[0]), unit), *row[1:]) for row in found]


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


MESSAGES: dict[str, Any] = {"mart": "acton__messages", "day": "sent_on", "is_of_types": True}
FIGURES = {
    "sends": Figure(numbers=(count("sent"),), is_of_period=False, **MESSAGES),
    "rates": Figure(
        numbers=(rate("opened_unique", "delivered"), rate("clicked_unique", "delivered")),
        **MESSAGES,
    ),
    "activity": Figure("acton__account_daily", (count("opened"), count("clicked")), "date_day"),
    "growth": Figure(
        "acton__account_daily", (count("new_contacts"), count("list_members_added")), "date_day"
    ),
    "engagement": Figure(
        "acton__people",
        ("count(*)", "count(*) FILTER (is_mailable)"),
        key="engagement",
        words=tuple((one, one.capitalize()) for one in ENGAGEMENTS),
    ),
    "bounces": Figure("acton__deliverability_daily", (rate("bounces", "sent"),), "date_day"),
    "complaints": Figure(
        "acton__deliverability_daily", (rate("complaints", "(sent - bounces)"),), "date_day"
    ),
    "form-sources": Figure(
        "acton__form_sources", (count("views"), count("submits")), key="source", most=12
    ),
    "page-sources": Figure(
        "acton__landing_page_sources", (count("visits"),), key="source", most=12
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
        "date_day",
        key="domain",
        most=13,
        largest=1,
        drawn=1,
    ),
    "attendance": Figure(
        "acton__webinars", (count("registrants"), count("attendees")), key="webinar_name", most=15
    ),
    "registrations": Figure("acton__webinar_attendance", ("count(*)",), "registered_on"),
    "categories": Figure(
        "(SELECT * FROM acton__suppressions WHERE reason = 'category_opt_out')",
        ("count(*)",),
        key="category_name",
        most=15,
    ),
}
"""By the name of the chart in the page."""
