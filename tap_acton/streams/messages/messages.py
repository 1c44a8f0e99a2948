"""E-mail messages, and what the streams below them have in common."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.api.pagination import OffsetPaging
from tap_acton.records.extractors import RowsAt
from tap_acton.records.ids import kept_text
from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.stream_state import MessagesState
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.messages.progress import MessageProgress, is_always_in_view
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_acton.streams.messages.progress import Counters
    from tap_acton.sync.query import Item, Outcome, Place

SENT_TYPES = frozenset({"SENT", "TRIGGERED", "FAILED"})
"""The types of messages that have gone out, and so have a report."""


class Messages(ActOnStream):
    """Messages of all types: sent, triggered, failed, scheduled, drafts and templates."""

    name = "messages"
    path = "/api/1/message"
    primary_keys = ("id",)
    extract = RowsAt("msgresult")
    pages = OffsetPaging
    chosen_by = ("message_types",)
    item_columns = ("id", "message_type", "sent_at")

    def queries(self) -> Iterator[Query]:
        """Give a query per type, since what comes without one is not documented."""
        for message_type in self.run.settings.message_types:
            yield Query(
                self.path,
                (message_type,),
                {"type": message_type},
                {"message_type": message_type},
                subject=f"type {message_type}",
                item={"id": message_type},
            )


class MessageStream(ActOnStream):
    """A stream of the messages that have gone out, in the order of their sending.

    Which of them are due, and what is remembered of them, says
    :class:`~tap_acton.streams.messages.progress.MessageProgress`.
    """

    path = "/api/1/message/{id}/report"
    listing, item, id_column = "messages", "message", "message_id"
    state_type = MessagesState

    def items(self) -> Iterator[Item]:
        """Give the messages that have gone out."""
        return (message for message in super().items() if message["message_type"] in SENT_TYPES)

    def due_items(self) -> Iterator[Item]:
        """Give the messages of which something new may be known."""
        settings = self.run.settings
        earliest = ""
        if settings.window.start is not None:
            start = max(settings.window.start, datetime.fromtimestamp(0, UTC))
            earliest = timestamp_of(start - settings.engagement_window)
        for message in sorted(self.known_items(), key=self.place_of):
            if is_always_in_view(message) or message["sent_at"] >= earliest:
                if self.message_progress.is_due(message):
                    yield message
                else:
                    self.save_calls("not due")

    def place_of(self, item: Item) -> Place:
        """Order messages by their sending; those without a time come first."""
        return (item["sent_at"] or "", kept_text(item["id"]))

    def finished(self, outcome: Outcome) -> None:
        """Remember that a message was read, which includes the queries that it led to."""
        message = outcome.query.item
        if message is not None and not outcome.depth:
            # A report that does not come is not known to be deleted.
            is_there = outcome.evidence is None or outcome.rows or self.may_be_empty(message)
            self.message_progress.done(
                message,
                is_complete=bool(is_there) and not outcome.is_refused,
                counters=None if outcome.evidence is None else self.counters_of(message),
                read_again=self.read_again_of(message),
            )

    def done(self) -> None:
        """Remember that all messages were read."""
        self.message_progress.finish()

    def counters_of(self, message: Item) -> Counters | None:  # noqa: ARG002 - for the events
        """Return the counters up to which a message was read; None for a stream without."""
        return None

    def read_again_of(self, message: Item) -> Collection[str]:  # noqa: ARG002 - for the events
        """Return what of a message the next run reads once more."""
        return ()

    @cached_property
    def message_progress(self) -> MessageProgress:
        """Which messages are due.

        With an end date it remembers nothing: what lies behind that is yet to be read, and a
        message has no other date. Neither does it where a type of messages was read before and
        cannot be listed now, or messages lack their ids that had them before. What was never read
        is not covered: once it is listed, with its id, all messages are read again.
        """
        settings = self.run.settings
        messages = list(self.items())
        not_listed = {place[0] for place in self.tap.stream(self.listing).reading.failed}
        types = {*settings.message_types} - not_listed
        lacks_ids, lacked_ids = not all(one["id"] for one in messages), self.progress.lacks_ids
        is_behind = bool(not_listed.intersection(self.progress.covers.get("message_types", ())))
        is_behind |= lacks_ids and not lacked_ids and bool(self.progress.read_until)
        is_kept = settings.window.end is None and not is_behind
        is_continued = self.replication_key is None or self.is_incremental
        state = self.progress if is_kept else deepcopy(self.progress)
        progress = MessageProgress(
            state,
            messages,
            covers={**self.covers, "message_types": sorted(types)},
            started_at=self.load.started_at,
            engagement_window=settings.engagement_window,
            recheck_period=settings.recheck_period,
            is_continued=is_continued and (lacks_ids or not lacked_ids),
        )
        state.lacks_ids = lacks_ids
        return progress

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read of a message."""
        return {
            "message_types": sorted(self.run.settings.message_types),
            "shard": [self.run.settings.shard_text],
        }
