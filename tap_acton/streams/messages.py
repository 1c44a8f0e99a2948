"""E-mail messages, their reports, every event of every message, and the daily totals."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_acton.answers import Answer, Query, RunningNumbers
from tap_acton.bulk import BulkStream, object_maker
from tap_acton.client import path_part
from tap_acton.errors import (
    CallError,
    NotAvailableError,
    ParentGoneError,
    RejectedCallError,
    RepeatableError,
)
from tap_acton.estimates import Certainty, Estimate
from tap_acton.moments import moment_of
from tap_acton.records import RecordReader
from tap_acton.stream import ActOnStream
from tap_acton.streams.message_progress import Counters, MessageProgress, is_always_in_view
from tap_acton.values import Unconvertible, integer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.bookmarks import ActOnTap
    from tap_acton.bulk import MakeRow
    from tap_acton.columns import Shape
    from tap_acton.fan_out import Outcome, Task
    from tap_acton.pagination import Page
    from tap_acton.records import Record, Row
    from tap_acton.run import Parent

SENT_TYPES = frozenset({"SENT", "TRIGGERED", "FAILED"})
"""The types of messages that have gone out, and so have a report."""

COUNTER_OF = {
    "SENT": "sent",
    "SUPPRESSED": "notsent",
    "OPENED": "opened",
    "CLICKED": "clicked",
    "BOUNCED": "bounced",
    "OPT_OUT": "optout",
    "SPAM": "spam",
}
"""For each drilldown the field of the report that counts its rows."""

USUAL = {
    "SENT": 1.0,
    "SUPPRESSED": 0.7,
    "OPENED": 1.0,
    "CLICKED": 0.9,
    "BOUNCED": 0.9,
    "OPT_OUT": 0.3,
    "SPAM": 0.1,
}
"""How many messages have an event of a kind, for the plan of a first run: nearly five kinds of
seven each, as those of the sandbox have. Nothing is published of real ones."""

ENOUGH_READ = 5
"""So many messages that were read tell better what is usual in the account."""

EVENT_IDENTITY = ("message_id", "event_type", "contact_id", "email", "event_at", "link_url")


class Messages(ActOnStream):
    """Messages of all types: sent, triggered, failed, scheduled, drafts and templates."""

    name = "messages"
    path = "/api/1/message"
    rows_at = "msgresult"
    has_pages = True
    primary_keys = ("id",)
    parent_columns = ("id", "message_type", "sent_at")

    def queries(self) -> Iterator[Query]:
        """Ask for each type, since what comes without one is not documented.

        Yields:
            A query per type.
        """
        for message_type in self.run.settings.message_types:
            yield Query(
                self.path,
                subject=f"type {message_type}",
                parameters={"type": message_type},
                given={"message_type": message_type},
            )


class _MessageFanOut(ActOnStream):
    """A stream that asks about each message that has gone out.

    Messages older than the setting ``engagement_window`` are not asked about again; what
    the state remembers for that is told in :mod:`tap_acton.streams.message_progress`.
    """

    listing = "messages"

    def parents(self) -> Iterator[Parent]:
        """Give the messages of which something new may be known.

        Yields:
            The messages in the order of their sending.
        """
        settings = self.run.settings
        earliest = ""
        if settings.window.start is not None:
            start = max(settings.window.start, datetime.fromtimestamp(0, UTC))
            earliest = moment_of(start - settings.engagement_window)
        for message in sorted(self._gone_out(), key=_sent_at):
            is_in_window = is_always_in_view(message) or message["sent_at"] >= earliest
            if not is_in_window:
                continue
            if self.progress.is_due(message):
                yield message
            else:
                self.spare("at rest")

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Remember that the message has been read.

        With an end date nothing is remembered: what lies behind it is yet to be read.

        Args:
            parent: The message.
            is_complete: Whether Act-On refused nothing of it.
        """
        if self.until is None:
            self.progress.done(parent, is_complete=is_complete)

    def stream_done(self) -> None:
        """Remember that all messages have been read."""
        if self.until is None:
            self.progress.finish()

    @cached_property
    def progress(self) -> MessageProgress:
        """What the state remembers of the messages."""
        is_forced_full = self.replication_key and self.replication_method == REPLICATION_FULL_TABLE
        return MessageProgress(
            self.stream_state,
            list(self._gone_out()),
            covers=self.covers,
            started_at=datetime.fromisoformat(self.round_started_at),
            engagement_window=self.run.settings.engagement_window,
            recheck_period=self.run.settings.recheck_period,
            is_continued=not is_forced_full,
        )

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read of a message."""
        shard = self.run.settings.shard
        return {
            "message_types": sorted(self.run.settings.message_types),
            "shard": [f"{shard.part}/{shard.parts}" if shard else "1/1"],
        }

    def _gone_out(self) -> Iterator[Parent]:
        return (message for message in super().parents() if message["message_type"] in SENT_TYPES)

    def query(self, message: Parent, path: str = "report") -> Query:
        """Ask about a message.

        Args:
            message: The message.
            path: The path behind the message's own.

        Returns:
            The query.
        """
        return Query(
            f"/api/1/message/{path_part(message['id'])}/{path}",
            subject=f"message {message['id']}",
            given={"message_id": message["id"]},
            parent=message,
            since=self.start_date,
        )


class MessageReports(_MessageFanOut):
    """The lifetime totals of each message that has gone out."""

    name = "message_reports"
    primary_keys = ("message_id",)

    def queries(self) -> Iterator[Query]:
        """Ask for the report of each message.

        Yields:
            A query per message.
        """
        return map(self.query, self.parents())

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take the report, and keep its counters for the drilldowns.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The report as the only row.
        """
        rows = super().rows(payload, query)
        self.run.message_counters[query.given["message_id"]] = _counters(payload)
        return rows

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a report, and keep for the drilldowns that the message is gone.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer; it leads to no others.
        """
        answer, further = super().ask(query, page)
        if answer.gone:
            self.run.message_counters[query.given["message_id"]] = answer.gone
        return answer, further


class MessageEvents(_MessageFanOut, BulkStream):
    """Every event of every message: sent, suppressed, opened, clicked, bounced and so on.

    A drilldown is asked only where the message's report counts something that was not
    there when it was last asked; then all its rows are emitted, because an event may
    come late. The counters of young messages are kept in the state for that.
    """

    name = "message_events"
    rows_at = "result"
    has_pages = True
    primary_keys = ("id",)
    replication_key = "event_at"

    def __init__(self, tap: ActOnTap, shape: Shape | None = None) -> None:
        super().__init__(tap, shape)
        self._new_counters: dict[str, Counters] = {}
        self._asked: list[Parent] = []
        self._kinds: set[str] = set()
        self._numbers = RunningNumbers()
        self._offered: set[str] = set()
        self._not_offered: set[str] = set()
        self._lock = threading.Lock()

    def answers(self) -> Iterator[Answer]:
        """Give the answers; then those of kinds of events that were not offered before.

        Yields:
            The answers.
        """
        self._kinds = set(self.run.settings.event_types)
        self._asked = list(self._due())
        yield from super().answers()
        offered_at_last = self.progress.not_offered & self._offered
        if offered_at_last:
            due = {message["id"] for message in self._asked}
            self._kinds = offered_at_last
            self._asked = [message for message in self._gone_out() if message["id"] not in due]
            yield from super().answers()

    def tasks(self) -> Iterator[Task[Answer]]:
        """Begin with the report of each message; it leads to the drilldowns.

        Yields:
            A task per message.
        """
        for message in self._asked:
            yield self.named(f"message {message['id']}", partial(self._ask_report, message))

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give each event its id: a fingerprint, as Act-On gives none.

        Truly identical events are told apart by the order in which they come.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        drilldown = (query.given["message_id"], query.given.get("event_type"))
        for record in super().records(rows, query):
            identity = (record[column] for column in EVENT_IDENTITY)
            record["id"] = self._numbers.identify(drilldown, *identity)
            yield record

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Remember the counters up to which the events of a message have been read.

        Args:
            parent: The message.
            is_complete: Whether Act-On refused nothing of it.
        """
        counters = self._new_counters.pop(parent["id"], None)
        if counters is not None:
            counters = tuple(
                None if event_type in self._not_offered else counter
                for event_type, counter in zip(COUNTER_OF, counters, strict=True)
            )
        if self.until is None:
            self.progress.done(parent, is_complete=is_complete, counters=counters)

    def stream_done(self) -> None:
        """Remember that all messages have been read, and what was not offered of them."""
        if self.until is None:
            self.progress.finish(offered=self._offered, not_offered=self._not_offered)

    def estimate(self) -> Estimate:
        """Foresee the calls: drilldowns, and the reports that ``message_reports`` does not ask for.

        How many drilldowns a report leads to shows only in it. Of a message that was read
        before, the more are expected the younger it is; of a new one, as many as usual.

        Returns:
            The calls.
        """
        if self.is_done:
            return super().estimate()
        asked = list(self._due())
        reports = cast("ActOnStream", self.tap.streams[MessageReports.name])
        told = (
            {query.given["message_id"] for query in reports.due()}
            if reports.selected and not reports.is_done
            else set()
        )
        new = [message for message in asked if self.progress.is_new(message)]
        known = {
            message["id"]: self._calls_of(self.progress.counters(message, len(COUNTER_OF)))
            for message in asked
        }
        usual = [calls for calls in known.values() if calls]
        drilldowns = sum(
            known[message["id"]] * self.progress.share_changed(message) for message in asked
        )
        drilldowns += sum(message["message_type"] != "FAILED" for message in new) * (
            sum(usual) / len(usual) if len(usual) >= ENOUGH_READ else self._usual_calls
        )
        untold = sum(message["id"] not in told for message in asked)
        return Estimate(
            untold + round(drilldowns),
            Certainty.ABOUT if asked else Certainty.EXACT,
            f"messages: {len(asked):,}, of them new: {len(new):,}",
        )

    def _due(self) -> Iterator[Parent]:
        """Give the messages whose reports say what to ask."""
        return self.left(self.parents, lambda message: f"message {message['id']}")

    @cached_property
    def _usual_calls(self) -> float:
        """How many calls the drilldowns of a message usually take."""
        return sum(share for kind, share in USUAL.items() if kind in self.run.settings.event_types)

    def _calls_of(self, counters: Counters) -> int:
        """Tell how many calls all drilldowns of a message take."""
        return sum(
            self.calls_for(counter)
            for kind, counter in zip(COUNTER_OF, counters, strict=True)
            if counter and kind in self.run.settings.event_types
        )

    def _ask_report(self, message: Parent) -> Outcome[Answer]:
        query = self.query(message)
        counters = self.run.message_counters.get(message["id"])
        if counters is not None:
            self.spare("shared")
        else:
            try:
                counters = self.run.client.read(self.call(query), partial(self._report, query))
            except (ParentGoneError, RejectedCallError) as error:
                counters = error
        if isinstance(counters, CallError):
            return Answer(query, gone=counters), ()
        self._new_counters[message["id"]] = counters
        if self.progress.is_read(message, counters):
            known = counters
        else:
            known = self.progress.counters(message, len(COUNTER_OF))
        wanted = []
        for event_type, counter, before in zip(COUNTER_OF, counters, known, strict=True):
            if event_type not in self._kinds:
                continue
            if counter is None or counter not in {0, before}:
                wanted.append(self.task(self._drilldown(message, event_type)))
            else:
                self.spare("unchanged" if counter else "empty")
        return Answer(query), wanted

    def _report(self, query: Query, payload: Any) -> Counters:
        if not isinstance(payload, dict):
            raise RepeatableError(f"{self.subject(query)}: Act-On's answer is not a report.")
        return _counters(payload)

    def _drilldown(self, message: Parent, event_type: str) -> Query:
        query = self.query(message, f"report/{event_type}")
        return replace(
            query,
            subject=f"{query.subject}, {event_type}",
            given={**query.given, "event_type": event_type},
        )

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page of a drilldown; one that is not offered is left out of the run.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.

        Raises:
            NotAvailableError: If no drilldown is offered at all.
        """
        event_type = query.given["event_type"]
        if event_type in self._not_offered:
            return Answer(query), ()
        try:
            outcome = super().ask(query, page)
        except NotAvailableError as error:
            with self._lock:
                is_first = event_type not in self._not_offered
                self._not_offered.add(event_type)
            if self._not_offered >= set(self.run.settings.event_types):
                raise
            if is_first:
                self.log(
                    "%s %s events are left out of this run.",
                    error.sentence,
                    event_type,
                    level=logging.WARNING,
                )
            return Answer(query), ()
        self._offered.add(event_type)
        return outcome

    def row_maker(self, headers: Sequence[str], answer: Answer) -> MakeRow:
        """Match the cells of a file with the fields of the JSON.

        Args:
            headers: The headers of the file.
            answer: The page of JSON.

        Returns:
            What makes a row of cells; it raises :class:`ValueError` where JSON may hold
            something else than the text of a cell.

        Raises:
            ValueError: If the headers are not the names of the fields.
        """
        return object_maker(headers, answer.rows)

    def is_same(self, row: Row, expected: Row, answer: Answer) -> bool:
        """Compare an event of a file with that of JSON.

        Args:
            row: The row of the file.
            expected: The row of JSON.
            answer: The page of JSON.

        Returns:
            Whether they give the same record: one has numbers where the other has texts.
        """
        given = answer.query.given
        return self._comparing.record(row, given) == self._comparing.record(expected, given)

    def kind_of(self, query: Query) -> str:
        """Say which files are alike: those of the same kind of events.

        Args:
            query: What is asked.

        Returns:
            The kind of events.
        """
        kind: str = query.given["event_type"]
        return kind

    @cached_property
    def _comparing(self) -> RecordReader:
        """What makes records to compare, and tells nothing of what it meets."""
        return RecordReader(self.schema, key=self.primary_keys, zone=self.run.zone)

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read of a message."""
        return {**super().covers, "event_types": sorted(self.run.settings.event_types)}


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
        moments = [
            message["sent_at"]
            for message in self.parents_of("messages")
            if message["message_type"] in SENT_TYPES and message["sent_at"]
        ]
        if not moments:
            return ""
        return datetime.fromisoformat(min(moments)).astimezone(self.run.zone or UTC).isoformat()


def _counters(report: Mapping[str, Any]) -> Counters:
    """Read the counters of a report, one per kind of event; None where one is missing.

    Pairs are documented as two integers, most likely unique and total: the larger one
    is zero or unchanged only if both are.
    """

    def counter(name: str) -> int | None:
        value = report.get(name)
        try:
            if isinstance(value, list):
                return max((integer(part) or 0 for part in value), default=None)
            return integer(value)
        except Unconvertible:
            return None

    return tuple(counter(name) for name in COUNTER_OF.values())


def _sent_at(message: Parent) -> str:
    return message["sent_at"] or ""


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
