"""Which rows are looked at, and what they add up to; ``page.js`` adds them up the same way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from report.marts import Marts, Table

WITHOUT_A_NAME = "(without a name)"

PERIODS = (30, 90, 365)
"""The periods to choose from, in days up to the last one."""


@dataclass(frozen=True)
class Choice:
    """What the reader looks at.

    Attributes:
        first: The first day.
        last: The last day.
        types: The types of messages; None for all.
        account: The account; None for all.
    """

    first: int
    last: int
    types: frozenset[str] | None = None
    account: int | None = None

    @property
    def days(self) -> int:
        """The length of the period."""
        return self.last - self.first + 1

    @property
    def before(self) -> Choice:
        """The same for the period before, which is as long."""
        return Choice(self.first - self.days, self.first - 1, self.types, self.account)


@dataclass(frozen=True)
class Number:
    """A number of the page: a sum, or one sum divided by another.

    A rate of several messages is the sum of what happened over the sum of what was sent, never a
    mean of rates. Unique opens are added up over messages: each message counts its own openers, so
    somebody who opens two counts twice, and no opener of one message is counted twice.

    Attributes:
        name: Its name in the page.
        label: What readers call it.
        unit: ``count``, ``rate`` or ``minutes``.
        of: The column that is summed.
        over: The column by which its sum is divided; ``*`` is the sum of all rows; empty: by none.
        color: Its color everywhere.
        better: ``up`` or ``down`` if a change in this direction is good.
    """

    name: str
    label: str
    unit: str
    of: str
    over: str = ""
    color: str = "neutral"
    better: str = ""


TILES = (
    Number("sent", "E-mails sent", "count", "sent", color="sent"),
    Number("delivery_rate", "Delivery rate", "rate", "delivered", "sent", "sent", "up"),
    Number("open_rate", "Open rate", "rate", "opened", "delivered", "opens", "up"),
    Number("click_rate", "Click rate", "rate", "clicked", "delivered", "clicks", "up"),
    Number("click_to_open_rate", "Click-to-open rate", "rate", "clicked", "opened", "clicks", "up"),
    Number("bounce_rate", "Bounce rate", "rate", "bounced", "sent", "bounces", "down"),
    Number("opt_out_rate", "Opt-out rate", "rate", "opted_out", "delivered", "opt_outs", "down"),
    Number(
        "complaint_rate", "Complaint rate", "rate", "complained", "delivered", "complaints", "down"
    ),
)
"""What the tiles show of `acton__messages`; the rates as that mart defines them."""


@dataclass(frozen=True)
class Total:
    """A number over some rows.

    Attributes:
        of: The sum of what happened.
        over: The sum that it is divided by; None for a count.
    """

    of: int
    over: int | None

    @property
    def value(self) -> float | None:
        """The number; None where there is nothing to divide by."""
        if self.over is None:
            return self.of
        return self.of / self.over if self.over else None


def total(number: Number, table: Table, rows: Iterable[int]) -> Total:
    """Add up a number over rows of a table; a rate leaves out those without a denominator."""
    values = table.columns[number.of]
    if not number.over:
        return Total(sum(values[row] or 0 for row in rows), None)
    bases = table.columns[number.over]
    of = over = 0
    for row in rows:
        if bases[row] is not None:
            of += values[row] or 0
            over += bases[row]
    return Total(of, over)


def chosen(table: Table, choice: Choice, follows: str = "period types") -> list[int]:
    """Return the rows of a table that the choice lets in.

    Args:
        table: The table.
        choice: What the reader looks at.
        follows: Which of ``period`` and ``types`` count, beside the account.
    """
    accounts, days, types = (table.columns.get(name) for name in ("account", "day", "type"))
    rows: Iterable[int] = range(len(table))
    if choice.account is not None and accounts is not None:
        rows = [row for row in rows if accounts[row] == choice.account]
    if "period" in follows and days is not None:
        first, last = choice.first, choice.last
        rows = [row for row in rows if days[row] is not None and first <= days[row] <= last]
    if "types" in follows and types is not None and choice.types is not None:
        rows = [row for row in rows if types[row] in choice.types]
    return list(rows)


def among(table: Table) -> int:
    """Return how many rows the mart has of which a table has the largest."""
    of = dict(zip(table.columns["account"], table.columns["among"], strict=True))
    return sum(of.values())


def left_out(table: Table) -> str:
    """Say how many rows a table leaves out; nothing if it has all."""
    all_rows = among(table) if "among" in table.columns else 0
    return f"The largest {len(table):,} of {all_rows:,}." if all_rows > len(table) else ""


def name_of(table: Table, row: int) -> str:
    """Return the name of a row, or what there is instead."""
    for column in ("name", "subject"):
        text: str = table.columns[column][row] or "" if column in table.columns else ""
        if text.strip():
            return text
    return WITHOUT_A_NAME


def span(marts: Marts, account: int | None = None) -> tuple[int, int] | None:
    """Return the first and last day on which messages went out, up to the last day of the data."""
    everything = Choice(0, 0, account=account)
    messages, days = marts.tables["messages"], marts.tables["days"]
    sent, known = (
        [table.columns["day"][row] for row in chosen(table, everything, "")]
        for table in (messages, days)
    )
    sent, known = ([day for day in found if day is not None] for found in (sent, known))
    if not sent and not known:
        return None
    return min(sent or known), max([*sent, *known])


def without_future(marts: Marts, last: int) -> Marts:
    """Return the marts without the days after the last one, of which one would decide the span."""
    tables = dict(marts.tables)
    for name, table in marts.tables.items():
        if "day" in table.columns:
            days = [
                day if day is not None and day <= last else None for day in table.columns["day"]
            ]
            tables[name] = replace(table, columns={**table.columns, "day": days})
    return replace(marts, tables=tables)


def has_before(marts: Marts, choice: Choice) -> bool:
    """Tell whether the data reaches back to the beginning of the period before."""
    known = span(marts, choice.account)
    return known is not None and known[0] <= choice.before.first


def first_choice(marts: Marts) -> tuple[str, Choice]:
    """Return the period that is shown at first: the shortest one in which messages went out."""
    known = span(marts)
    if known is None:
        return "all", Choice(0, 0)
    first, last = known
    for days in PERIODS:
        choice = Choice(last - days + 1, last)
        if chosen(marts.tables["messages"], choice):
            return str(days), choice
    return "all", Choice(first, last)
