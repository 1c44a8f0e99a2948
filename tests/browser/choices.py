"""What a reader of the page chooses, on the page and in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.browser.accounts import TODAY

if TYPE_CHECKING:
    from playwright.sync_api import Page

KINDS = ("SENT", "TRIGGERED", "FAILED")


@dataclass(frozen=True)
class Choice:
    """What a reader chooses.

    Attributes:
        period: The value of the list of periods: days up to the last one, or ``all``.
        days: The first and the last day, instead of a period.
        types: The types of messages.
        account: The account; None for all.
    """

    period: str = "30"
    days: tuple[date, date] | None = None
    types: tuple[str, ...] = KINDS
    account: str | None = None

    def on(self, page: Page) -> None:
        """Choose it on a page, as a reader does."""
        if self.days is None:
            if page.input_value("#period") != self.period:
                page.select_option("#period", self.period)
        else:
            first, last = (f"{day}" for day in self.days)
            # The first day must never be behind the last one.
            fields = [("#from", first), ("#to", last)]
            for field, day in reversed(fields) if last > page.input_value("#to") else fields:
                if page.input_value(field) != day:
                    page.fill(field, day)
        for box in page.locator("#message-types input").all():
            box.set_checked(box.get_attribute("value") in self.types)
        if page.locator("#account").count():
            label = self.account or "All accounts"
            if page.locator("#account option:checked").inner_text() != label:
                page.select_option("#account", label=label)

    def bounds(self, whole: tuple[date, date]) -> tuple[date, date]:
        """Give the first and the last day.

        Args:
            whole: Those of everything.
        """
        if self.days is not None:
            return self.days
        if self.period == "all":
            return whole
        return TODAY - timedelta(days=int(self.period) - 1), TODAY

    def where(self, day: str, whole: tuple[date, date], *, types: bool = False) -> str:
        """Give the condition that rows of a mart must fulfil.

        Args:
            day: The column with the day; empty for marts without one.
            whole: The first and the last day of everything.
            types: Whether the mart has types of messages.
        """
        conditions = ["true"]
        if day:
            first, last = self.bounds(whole)
            conditions.append(f"{day} BETWEEN DATE '{first}' AND DATE '{last}'")
        if types:
            conditions.append(f"message_type IN ({', '.join(map(repr, self.types)) or 'NULL'})")
        if self.account is not None:
            conditions.append(f"source_relation = '{self.account}'")
        return " AND ".join(conditions)
