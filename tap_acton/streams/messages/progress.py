"""Which messages are due, and what is remembered of them.

Messages are read in the order of their sending. A message is *in view* for the engagement window
after its sending; a triggered one always, since it keeps on being sent. Messages in view are read
in every run, and those that were in view at the last complete run once more, however long ago that
was. Older ones are re-checked once per period, each at a time of its own.
"""

from __future__ import annotations

import math
from bisect import insort
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from tap_acton.records.ids import has_address
from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.fingerprints import Fingerprints, is_due
from tap_acton.state.stream_state import MessagesState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_acton.state.stream_state import Known
    from tap_acton.sync.query import Item

TRIGGERED = "TRIGGERED"

TRIGGERED_AGE = 1.0
"""A triggered message is taken to bring as much as if it had been sent so many days ago."""

MOVING_SHARE = 0.5
"""So many of the kinds of events of a message are taken to go on: opens and clicks, above all."""

MOST_KNOWN = 500
"""Known events are kept of so many messages at most: of those that had new ones last."""

Counters: TypeAlias = tuple[int | None, ...]
"""What a report counts, a number per kind of events; None where it is not known."""


class MessageProgress:
    """The rules over what the state keeps of the messages of a stream.

    Args:
        state: What the stream remembers, which is changed in place.
        messages: All messages that have gone out.
        covers: The settings that decide what is read of a message. Where one wants more than
            what was read, reading begins anew.
        started_at: When the load began.
        engagement_window: How long after its sending a message stays in view.
        recheck_period: Within which each older message is re-checked once.
        is_continued: Whether what the state holds counts at all.
    """

    def __init__(  # noqa: PLR0913 - each is a part of the decision
        self,
        state: MessagesState,
        messages: Sequence[Item],
        *,
        covers: dict[str, list[str]],
        started_at: str,
        engagement_window: timedelta,
        recheck_period: timedelta,
        is_continued: bool = True,
    ) -> None:
        if not (is_continued and _is_covered(covers, state.covers)):
            _forget(state)
        self._state = state
        self._messages = messages
        self._started_at = started_at
        self._recheck_period = recheck_period
        self._fingerprints = Fingerprints(state.fingerprints)
        # By the newest message rather than by the clock: an unchanged account, an unchanged
        # state.
        newest = max((_sent_at(message) for message in messages), default="")
        self._newest = min(newest, started_at) or started_at
        self._in_view_from = _before(self._newest, engagement_window)
        was_in_view_from = _before(state.newest or self._newest, engagement_window)
        self._read_before = min(state.read_until, self._in_view_from, was_in_view_from)
        self._looked_at = state.rechecked_at or state.newest or self._newest
        self._rechecked_at = state.rechecked_at or started_at
        # A run that takes up this one, should it be interrupted, looks back as far as this one.
        state.covers, state.rechecked_at = covers, self._rechecked_at
        state.newest = state.newest or self._newest

    # What is due

    def is_due(self, message: Item) -> bool:
        """Return whether anything new may be known of a message."""
        return (
            is_always_in_view(message)
            or message["sent_at"] >= self._read_before
            or message["id"] in self._state.ask_again
            or message["id"] in self._state.read_again
            or has_address(message["id"])  # the state does not know whether it failed
            or is_due(message["id"], self._rechecked_at, self._started_at, self._recheck_period)
        )

    def is_new(self, message: Item) -> bool:
        """Return whether no run has read a message to its end."""
        state = self._state
        return (
            not state.read_until
            or _sent_at(message) > state.read_until
            or message["id"] in state.ask_again
        )

    def is_read(self, message: Item, counters: Counters) -> bool:
        """Return whether the events of an older message were read up to these counters."""
        return self._fingerprints.has(message["id"], _text_of(counters))

    def counters(self, message: Item, kinds: int) -> Counters:
        """Return the counters up to which the events of a message in view were read.

        Returns:
            A number per kind of events; None where nothing is remembered.
        """
        counters = self._state.counters.get(message["id"], ())
        return tuple(counters) if len(counters) == kinds else (None,) * kinds

    def read_again(self, message: Item) -> Collection[str]:
        """Return the kinds that had fewer events than counted when they were read last."""
        return self._state.read_again.get(message["id"], ())

    def known(self, message: Item, kind: str) -> Known | None:
        """Return the events of a kind that were sent; None where that is not known."""
        return self._state.known.get(message["id"], {}).get(kind)

    def share_changed(self, message: Item) -> float:
        """Guess which share of the counters of a message has moved since the last complete run.

        Most of what comes of a message comes early: the guess is that each doubling of its age
        brings as much as the one before. The message was read before.
        """
        days = max(0.0, _days(self._looked_at, self._started_at))
        age = TRIGGERED_AGE
        if not is_always_in_view(message):
            age = max(0.0, _days(message["sent_at"], self._looked_at))
        return min(1.0, MOVING_SHARE * math.log((1 + age + days) / (1 + age)))

    @property
    def not_offered(self) -> Collection[str]:
        """The kinds of events that Act-On did not offer when the last run was complete."""
        return self._state.not_offered

    # What is remembered

    def done(
        self,
        message: Item,
        *,
        is_complete: bool,
        counters: Counters | None = None,
        read_again: Collection[str] = (),
    ) -> None:
        """Remember that a message was read, now that all its rows have been emitted.

        Args:
            message: The message.
            is_complete: Whether all was read that there is; else the next run requests it again.
            counters: What its report counts, where its events were read.
            read_again: The kinds of events that the next run reads once more.
        """
        state, message_id = self._state, message["id"]
        if message_id in state.ask_again:
            state.ask_again.remove(message_id)
        if is_complete:
            state.read_again.pop(message_id, None)
        if read_again:
            state.read_again[message_id] = sorted(read_again)
        if not is_complete:
            insort(state.ask_again, message_id)
        elif counters is not None and self._is_in_view(message):
            state.counters[message_id] = list(counters)
        elif counters is not None:
            self._leave_view(message_id, counters)
        state.read_until = max(state.read_until, min(_sent_at(message), self._started_at))

    def kind_done(self, message: Item, kind: str, known: Known | None) -> None:
        """Remember which events of a kind were sent; None where that is not to be known."""
        everything = self._state.known
        of_message = everything.pop(message["id"], {})
        of_message.pop(kind, None)
        if known is not None and self._is_in_view(message):
            of_message[kind] = known
        if of_message:
            everything[message["id"]] = of_message
        if len(everything) > MOST_KNOWN:
            del everything[next(iter(everything))]

    def finish(self, *, offered: Collection[str] = (), not_offered: Collection[str] = ()) -> None:
        """Close a complete run: forget what the next ones will not look at.

        Args:
            offered: The kinds of events that Act-On returned, of any message.
            not_offered: The kinds that it did not offer.
        """
        state = self._state
        in_view = {message["id"] for message in self._messages if self._is_in_view(message)}
        there = {message["id"] for message in self._messages}
        for message_id in state.counters.keys() - in_view:
            counters = state.counters.pop(message_id)
            if message_id in there:
                self._leave_view(message_id, counters)
        for message_id in state.known.keys() - in_view:
            del state.known[message_id]
        state.ask_again = [message_id for message_id in state.ask_again if message_id in there]
        for message_id in state.read_again.keys() - there:
            del state.read_again[message_id]
        if not {*state.not_offered}.isdisjoint(offered):
            # Messages that are out of view were read without them: the next run looks at all.
            state.read_until = ""
        state.not_offered = sorted({*state.not_offered}.difference(offered).union(not_offered))
        state.newest = self._newest
        state.rechecked_at = self._started_at

    def _leave_view(self, message_id: str, counters: Sequence[int | None]) -> None:
        """Keep of a message that is no longer in view up to which counters it was read."""
        # Of a message without events nothing is requested in any case.
        if any(counters):
            self._fingerprints.add(message_id, _text_of(counters))
            self._state.fingerprints = self._fingerprints.text

    def _is_in_view(self, message: Item) -> bool:
        return is_always_in_view(message) or message["sent_at"] >= self._in_view_from


def is_always_in_view(message: Item) -> bool:
    """Return whether a message is triggered, or has no time of sending, and so never gets old."""
    return message["message_type"] == TRIGGERED or message["sent_at"] is None


def _forget(state: MessagesState) -> None:
    """Forget what was read of messages; where a load stopped is another matter."""
    fresh = MessagesState(checkpoint=state.checkpoint, full_refresh=state.full_refresh)
    for name in MessagesState.__struct_fields__:
        setattr(state, name, getattr(fresh, name))


def _is_covered(wanted: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]]) -> bool:
    """Return whether what was read with some settings holds all that is wanted now."""
    return all(set(values) <= set(known.get(setting, ())) for setting, values in wanted.items())


def _text_of(counters: Sequence[int | None]) -> str:
    return ",".join("" if counter is None else str(counter) for counter in counters)


def _days(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(days=1)


def _before(timestamp: str, length: timedelta) -> str:
    return timestamp_of(datetime.fromisoformat(timestamp) - length)


def _sent_at(message: Item) -> str:
    return message["sent_at"] or ""
