"""The account's daily totals over all messages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.records.extractors import RowsAt
from tap_acton.records.reader import EXTRA_FIELDS
from tap_acton.records.values import Unconvertible, integer
from tap_acton.state.stream_state import MonthsState
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.messages.messages import SENT_TYPES
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Outcome

EARLIEST = date(2000, 1, 1)
"""Nothing is older; before it, the two digits of a year would name two of them."""

DAY_OF_MONTH = "dayOfMonth"


class MessageDailyStats(ActOnStream):
    """The account's totals per day, over all messages.

    Act-On returns a month at a time (``period=YYMM``), also if there is nothing in it, so none is
    requested before the one of the first message that went out. The month of the bookmark and
    the one before it are read again in each run, and once more a month that came without rows.
    """

    name = "message_daily_stats"
    path = "/api/1/message/report"
    extract = RowsAt("counts")
    primary_keys = ("date",)
    replication_key = "date"
    about = "months"
    skipped_because = "not offered by Act-On"
    state_type = MonthsState

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._again: set[date] = set()  # months that are only read since they came without rows

    def queries(self) -> Iterator[Query]:
        """Give a query per month, up to the present one."""
        month = self._first_month()
        if month is None:
            return
        empty = map(date.fromisoformat, self.progress.empty)
        self._again = {one for one in empty if one < month}
        yield from map(self.query_of_month, sorted(self._again))
        while month <= self._last_day:
            yield self.query_of_month(month)
            month = _next_month(month)

    def query_of_month(self, month: date) -> Query:
        """Make the query for a month, named by its first day."""
        period = f"{month:%y%m}"
        return Query(
            self.path,
            (period,),
            {"period": period},
            since=self.bookmark.start,
            subject=f"month {month:%Y-%m}",
            item={"id": period, "month": month},
        )

    def finished(self, outcome: Outcome) -> None:
        """Remember a month without rows, unless it has been read once more."""
        month = (outcome.query.item or {})["month"]
        if outcome.is_refused:
            return  # the bookmark does not move
        empty = {*self.progress.empty} - {str(month)}
        if not outcome.rows and month not in self._again:
            empty.add(str(month))
        self.progress.empty = sorted(empty)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Date the rows, which only number the days of the month; leave out days to come.

        A row without a day of this month gets a date as any missing key does. Its month, and what
        stands for its day, are in ``extra_fields``, since identical rows of two months are two.
        """
        month: date = (query.item or {})["month"]
        for row in rows:
            try:
                day = month.replace(day=_day_of(row))
            except (ValueError, OverflowError):
                record = self.reader.record(row)
                extra = {**(record[EXTRA_FIELDS] or {}), **query.parameters}
                if row.get(DAY_OF_MONTH) is not None:
                    extra[DAY_OF_MONTH] = row[DAY_OF_MONTH]
                yield {**record, EXTRA_FIELDS: extra}
            else:
                if day <= self._last_day:
                    yield self.reader.record(row, {"date": day.isoformat()})

    @cached_property
    def _last_day(self) -> date:
        """Today in the account's zone, or the end date if that is earlier."""
        today = self.run.started_at.astimezone(self.run.zone or UTC).date()
        end = self.bookmark.end
        return today if end is None else min(today, date.fromisoformat(end[:10]))

    def _first_month(self) -> date | None:
        """Return the month to begin with; None if no message has gone out."""
        bookmark, start = self.bookmark, self.bookmark.start or ""
        if bookmark.value is None:
            first = self._first_sending()
            is_first = SENT_TYPES.issubset(self.run.settings.message_types)
            begin = max(first and start, first) if is_first else start or first
        else:
            month = max(_day(bookmark.value), EARLIEST).replace(day=1)
            last_month = str(month - timedelta(days=1))
            begin = max(min(bookmark.since or last_month, last_month), start)
        return max(_day(begin), EARLIEST).replace(day=1) if begin else None

    def _first_sending(self) -> str:
        """Return when the first message went out, in the account's zone; empty for none.

        Where no message says when, it may have been at any time.
        """
        timestamps = [
            message["sent_at"]
            for message in self.items_of("messages")
            if message["message_type"] in SENT_TYPES
        ]
        if not timestamps:
            return ""
        # On the first day of the calendar no zone has room.
        first = max(min(filter(None, timestamps), default=""), f"{EARLIEST}T12:00:00.000Z")
        return datetime.fromisoformat(first).astimezone(self.run.zone or UTC).isoformat()


def _day(timestamp: str) -> date:
    return date.fromisoformat(timestamp[:10])


def _day_of(row: Row) -> int:
    """Return the day of the month; 0 where it cannot be read."""
    try:
        return integer(row.get(DAY_OF_MONTH)) or 0
    except Unconvertible:
        return 0


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
