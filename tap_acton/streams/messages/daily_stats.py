"""The account's daily totals over all messages."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.records.values import Unconvertible, integer
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.messages.messages import SENT_TYPES
from tap_acton.sync.answers import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row


class MessageDailyStats(ActOnStream):
    """The account's totals per day, over all messages.

    Act-On answers a month at a time (``period=YYMM``). The month of the bookmark and
    the one before it are read again in each run.
    """

    name = "message_daily_stats"
    path = "/api/1/message/report"
    rows_at = "counts"
    primary_keys = ("date",)
    asks_about = "months"
    replication_key = "date"

    def queries(self) -> Iterator[Query]:
        """Ask for each month up to the present one.

        Yields:
            A query per month.
        """
        month = self._first_month()
        while month is not None and month <= self._last_day:
            yield Query(
                self.path,
                subject=f"month {month:%Y-%m}",
                parameters={"period": f"{month:%y%m}"},
                given={"month": month},
                parent={"id": f"{month:%y%m}"},
                since=self.start_date,
            )
            month = _next_month(month)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Date the rows, which only number the days of the month that was asked for.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each day that has begun.
        """
        month: date = query.given["month"]
        for row in rows:
            try:
                day = month.replace(day=integer(row.get("dayOfMonth")) or 0)
            except (Unconvertible, ValueError, OverflowError):
                self.log(
                    "%s holds a day that does not exist; it is left out.",
                    query.subject,
                    level=logging.WARNING,
                )
                continue
            if day <= self._last_day:
                yield self.reader.record(row, {"date": day.isoformat()})

    @cached_property
    def _last_day(self) -> date:
        """Today in the account's zone, or the end date if that is earlier."""
        zone = self.run.zone or UTC
        today = self.run.started_at.astimezone(zone).date()
        return today if self.until is None else min(today, date.fromisoformat(self.until[:10]))

    def _first_month(self) -> date | None:
        if self.bookmark is not None:
            last_month = date.fromisoformat(self.bookmark).replace(day=1) - timedelta(days=1)
            start = max(min(self.since or "", last_month.isoformat()), self.start_date or "")
        else:
            start = self.since or self._first_sending()
        return date.fromisoformat(start[:10]).replace(day=1) if start else None

    def _first_sending(self) -> str:
        """The day, in the account's zone, on which the first message went out; empty for none."""
        timestamps = [
            message["sent_at"]
            for message in self.parents_of("messages")
            if message["message_type"] in SENT_TYPES and message["sent_at"]
        ]
        if not timestamps:
            return ""
        return datetime.fromisoformat(min(timestamps)).astimezone(self.run.zone or UTC).isoformat()


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
