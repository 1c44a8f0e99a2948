"""What the state remembers of the messages that a stream has asked about.

Messages are read in the order of their sending. In the state are

- ``read_until``: the sending time up to which all messages have been read, which is where
  an interrupted run is taken up;
- ``newest``: the sending time of the newest message in the last complete run: messages
  that were in view then are read once more, however long ago it was;
- ``covers``: the settings with which they were read: where more is wanted now, reading
  begins anew;
- ``ask_again``: messages that Act-On refused to tell of, for a reason that may pass;
- ``counters``: for each message in view the counters of its report, up to which its
  events have been read;
- ``borders``: for the same messages and their drilldowns of several pages where the rows end
  that have been read (:mod:`tap_acton.streams.messages.borders`);
- ``resting``: fingerprints of the same (:mod:`tap_acton.state.fingerprints`) of messages that are
  no longer in view;
- ``rechecked_at``: when the last complete run began: of the messages that rest, it is
  those whose turn has come since then that are asked about;
- ``not_offered``: kinds of events that Act-On did not offer: once it does, they are read
  of the messages that rest, too.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.fingerprints import Fingerprints, is_due
from tap_acton.streams.messages.borders import Border

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_acton.sync.run import Parent

TRIGGERED = "TRIGGERED"

TRIGGERED_AGE = 1.0
"""A triggered message is taken to bring as much as if it had been sent so many days ago."""

MOVING_SHARE = 0.5
"""So many of the kinds of events of a message are taken to go on: opens and clicks, above all."""

MOST_BORDERS = 500
"""Of so many messages borders are kept at most, those of the latest; others are read whole."""

Counters: TypeAlias = tuple[int | None, ...]
"""What a report counts, a number per kind of event; None where it is not known."""

Covers: TypeAlias = "Mapping[str, Sequence[str]]"


class MessageProgress:
    """Decides which messages are due, and keeps in the state what was read.

    Args:
        state: The state of the stream, which is changed in place.
        messages: All messages that have gone out.
        covers: The settings that decide what is read of a message, as sorted lists.
        started_at: When the run began.
        engagement_window: How long after its sending a message stays in view.
        recheck_period: Within which each message that rests has its turn once.
        is_continued: Whether what the state holds counts at all.

    Attributes:
        not_offered: The kinds of events that Act-On did not offer to earlier runs.
    """

    def __init__(  # noqa: PLR0913 - each is a part of the decision
        self,
        state: dict[str, Any],
        messages: Sequence[Parent],
        *,
        covers: Covers,
        started_at: datetime,
        engagement_window: timedelta,
        recheck_period: timedelta,
        is_continued: bool = True,
    ) -> None:
        known = state if is_continued and _is_covered(covers, state.get("covers")) else {}
        self._state = state
        self._messages = messages
        self._covers = covers
        self._started_at = timestamp_of(started_at)
        self._read_until = str(known.get("read_until", ""))
        self._ask_again: set[str] = set(known.get("ask_again", ()))
        self._counters: dict[str, str] = dict(known.get("counters", {}))
        self._borders: dict[str, dict[str, str]] = _texts_of(known.get("borders"))
        self._resting = Fingerprints(known.get("resting", ""))
        self._recheck_period = recheck_period
        self._rechecked_at = str(known.get("rechecked_at", self._started_at))
        self.not_offered: set[str] = set(known.get("not_offered", ()))
        # By the newest message rather than by the clock: an unchanged account, an unchanged
        # state.
        newest = max((_sent_at(message) for message in messages), default="")
        today = min(newest, self._started_at) or self._started_at
        self._today = today
        self._newest = str(known.get("newest", today))
        self._in_view_from = timestamp_of(datetime.fromisoformat(today) - engagement_window)
        self._looked_at = str(known.get("rechecked_at", self._newest))
        was_in_view_from = timestamp_of(datetime.fromisoformat(self._newest) - engagement_window)
        self._rests_until = min(self._read_until, self._in_view_from, was_in_view_from)

    def share_changed(self, message: Parent) -> float:
        """Guess how many of the counters of a message have moved since the last complete run.

        Most of what comes of a message comes early: the guess is that each doubling of its age
        brings as much as the one before. A triggered message keeps on being sent.

        Args:
            message: The message, which was read before.

        Returns:
            The share, from 0 to 1.
        """
        days = max(0.0, _days(self._looked_at, self._started_at))
        age = TRIGGERED_AGE
        if not is_always_in_view(message):
            age = max(0.0, _days(message["sent_at"], self._looked_at))
        return min(1.0, MOVING_SHARE * math.log((1 + age + days) / (1 + age)))

    def is_new(self, message: Parent) -> bool:
        """Tell whether a message has not been read before.

        Args:
            message: The message.

        Returns:
            Whether no run has read it to its end.
        """
        return (
            not self._read_until
            or _sent_at(message) > self._read_until
            or message["id"] in self._ask_again
        )

    def is_due(self, message: Parent) -> bool:
        """Tell whether anything new may be known of a message.

        Args:
            message: The message.

        Returns:
            Whether to ask about it. Triggered messages always are, because they keep on
            being sent.
        """
        return (
            is_always_in_view(message)
            or message["sent_at"] >= self._rests_until
            or message["id"] in self._ask_again
            or is_due(message["id"], self._rechecked_at, self._started_at, self._recheck_period)
        )

    def is_read(self, message: Parent, counters: Counters) -> bool:
        """Tell whether the events of a message that rests have been read up to its counters.

        Args:
            message: The message.
            counters: What its report counts now.

        Returns:
            Whether there is nothing new.
        """
        return self._resting.has(message["id"], _text_of(counters))

    def counters(self, message: Parent, kinds: int) -> Counters:
        """Give the counters up to which the events of a message have been read.

        Args:
            message: The message.
            kinds: How many kinds of events there are.

        Returns:
            A number per kind; None where nothing is remembered.
        """
        parts = self._counters.get(message["id"], "").split(",")
        if len(parts) != kinds:
            return (None,) * kinds
        return tuple(int(part) if part.isdecimal() else None for part in parts)

    def border(self, message: Parent, kind: str) -> Border | None:
        """Tell where the known rows of a drilldown end.

        Args:
            message: The message.
            kind: The kind of events.

        Returns:
            The border; None where all rows are to be read, as they are once in each
            ``recheck_period``.
        """
        border = Border.of_text(self._borders.get(message["id"], {}).get(kind))
        if border is None:
            return None
        days = _days(border.whole_at, self._started_at)
        return border if 0 <= days < self._recheck_period / timedelta(days=1) else None

    def done(
        self,
        message: Parent,
        *,
        is_complete: bool,
        counters: Counters | None = None,
        borders: Mapping[str, Border | None] | None = None,
    ) -> None:
        """Keep that a message was read, now that all its rows have been emitted.

        Args:
            message: The message.
            is_complete: Whether all was read that there is.
            counters: What its report counts, where its events were read.
            borders: Where the rows of the drilldowns end that were read, by kind; None for
                those that have no border.
        """
        if is_complete:
            self._ask_again.discard(message["id"])
            if counters is not None and self._stays_in_view(message):
                self._counters[message["id"]] = _text_of(counters)
                self._keep_borders(message["id"], borders or {})
            elif counters is not None:
                self._rest(message["id"], _text_of(counters))
        else:
            self._ask_again.add(message["id"])
        self._read_until = max(self._read_until, min(_sent_at(message), self._started_at))
        self._write()

    def finish(self, *, offered: Collection[str] = (), not_offered: Collection[str] = ()) -> None:
        """Close a complete run: forget what the next ones will not look at.

        Args:
            offered: The kinds of events that Act-On gave, of all messages.
            not_offered: The kinds that it did not offer.
        """
        in_view = {message["id"] for message in self._messages if self._stays_in_view(message)}
        there = {message["id"] for message in self._messages}
        for message_id in self._counters.keys() - in_view:
            counters = self._counters.pop(message_id)
            if message_id in there:
                self._rest(message_id, counters)
        for message_id in self._borders.keys() - in_view:
            del self._borders[message_id]
        self._ask_again &= there
        self._newest = self._today
        self._rechecked_at = self._started_at
        self.not_offered = self.not_offered.difference(offered).union(not_offered)
        self._write()

    def _rest(self, message_id: str, counters: str) -> None:
        """Keep of a message that leaves the view up to which counters it was read."""
        # Of a message without events nothing is asked in any case.
        if counters.strip("0,"):
            self._resting.add(message_id, counters)

    def _keep_borders(self, message_id: str, borders: Mapping[str, Border | None]) -> None:
        kept = self._borders.pop(message_id, {})
        kept = {kind: text for kind, text in kept.items() if kind not in borders}
        kept |= {kind: border.text for kind, border in borders.items() if border is not None}
        if kept:
            self._borders[message_id] = dict(sorted(kept.items()))
        if len(self._borders) > MOST_BORDERS:
            del self._borders[next(iter(self._borders))]

    def _stays_in_view(self, message: Parent) -> bool:
        return is_always_in_view(message) or message["sent_at"] >= self._in_view_from

    def _write(self) -> None:
        self._state.update(
            read_until=self._read_until,
            newest=self._newest,
            rechecked_at=self._rechecked_at,
            covers=self._covers,
        )
        for name, value in (
            ("ask_again", sorted(self._ask_again)),
            ("counters", self._counters),
            ("borders", self._borders),
            ("resting", self._resting.text),
            ("not_offered", sorted(self.not_offered)),
        ):
            if value:
                self._state[name] = value
            else:
                self._state.pop(name, None)


def _text_of(counters: Counters) -> str:
    return ",".join("" if counter is None else str(counter) for counter in counters)


def _texts_of(kept: object) -> dict[str, dict[str, str]]:
    """Read the texts that a state keeps per message and kind of events."""
    if not isinstance(kept, dict):
        return {}
    return {key: dict(by_kind) for key, by_kind in kept.items() if isinstance(by_kind, dict)}


def _days(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(days=1)


def _sent_at(message: Parent) -> str:
    return message["sent_at"] or ""


def is_always_in_view(message: Parent) -> bool:
    """Tell whether a message is looked at however old it is.

    Args:
        message: The message.

    Returns:
        Whether it is triggered, and so keeps on being sent, or has no sending time.
    """
    return message["message_type"] == TRIGGERED or message["sent_at"] is None


def _is_covered(wanted: Covers, known: object) -> bool:
    """Tell whether what was read with some settings holds all that is wanted now."""
    return isinstance(known, dict) and all(
        set(values) <= set(known.get(setting, ())) for setting, values in wanted.items()
    )
