"""E-mail messages, their reports, and what the streams below them have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_acton.api.client import path_part
from tap_acton.records.timestamps import timestamp_of
from tap_acton.records.values import Unconvertible, integer
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.messages.progress import Counters, MessageProgress, is_always_in_view
from tap_acton.sync.answers import Answer, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Row
    from tap_acton.sync.fan_out import Outcome
    from tap_acton.sync.run import Parent

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


class MessageFanOut(ActOnStream):
    """A stream that asks about each message that has gone out.

    Messages older than the setting ``engagement_window`` are not asked about again; what
    the state remembers for that is told in :mod:`tap_acton.streams.messages.progress`.
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
            earliest = timestamp_of(start - settings.engagement_window)
        for message in sorted(self._gone_out(), key=_sent_at):
            is_in_window = is_always_in_view(message) or message["sent_at"] >= earliest
            if not is_in_window:
                continue
            if self.progress.is_due(message):
                yield message
            else:
                self.save_calls("at rest")

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


class MessageReports(MessageFanOut):
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
        self.run.message_counters[query.given["message_id"]] = counters_of(payload)
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


def counters_of(report: Mapping[str, Any]) -> Counters:
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
