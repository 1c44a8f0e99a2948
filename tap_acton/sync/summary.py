"""What a run counted: per stream the rows, the calls, the parents left out."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

NAMES_SHOWN = 10


@dataclass(slots=True)
class StreamSummary:
    """The counts of one stream.

    Attributes:
        rows: Rows emitted.
        calls: Calls made, repetitions included.
        waited: Seconds spent waiting for the limits, summed over all threads.
        skipped: Parents that Act-On no longer has.
        refused: Parents that Act-On refused to tell of.
        saved: Calls that were not made because they could bring nothing new, by the
            reason; as far as that is known without making them.
        is_full_refresh: Whether a full read came to its end, so that targets drop what is gone.
        outcome: ``complete``, ``incomplete``, ``done before``, ``not selected``,
            ``switched off`` or ``failed``; empty while reading.
        skipped_names: The first of the skipped parents by name.
        refused_names: The same of the refused ones.
    """

    rows: int = 0
    calls: int = 0
    waited: float = 0.0
    skipped: int = 0
    refused: int = 0
    saved: Counter[str] = field(default_factory=Counter)
    is_full_refresh: bool = False
    outcome: str = ""
    skipped_names: list[str] = field(default_factory=list)
    refused_names: list[str] = field(default_factory=list)

    def skip(self, name: str, *, is_refused: bool = False) -> None:
        """Count a parent of which nothing is told.

        Args:
            name: What it is, with its id.
            is_refused: Whether it may be told of another time; else it is gone.
        """
        if is_refused:
            self.refused += 1
        else:
            self.skipped += 1
        names = self.refused_names if is_refused else self.skipped_names
        if len(names) < NAMES_SHOWN:
            names.append(name)


class RunSummary:
    """The counts of a run; calls may be counted from any thread.

    Attributes:
        logins: Calls for a token, by password or by refresh token.
        streams: The counts of each stream, by its name.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.logins = 0
        self.streams: defaultdict[str, StreamSummary] = defaultdict(StreamSummary)

    def count_login(self) -> None:
        """Count a call for a token."""
        with self._lock:
            self.logins += 1

    def count_call(self, stream: str, seconds_waited: float) -> None:
        """Count a call.

        Args:
            stream: The stream on whose account it is made.
            seconds_waited: How long it waited for the limits.
        """
        with self._lock:
            count = self.streams[stream]
            count.calls += 1
            count.waited += seconds_waited

    def count_saved(self, stream: str, reason: str, calls: int = 1) -> None:
        """Count calls that were not made.

        Args:
            stream: The stream that did without them.
            reason: Why they could bring nothing new, in one or two words.
            calls: How many.
        """
        if calls:
            with self._lock:
                self.streams[stream].saved[reason] += calls

    def data(self) -> dict[str, Any]:
        """Give the counts as plain data.

        Returns:
            The calls of the whole run, those for tokens included and also by
            themselves, and per stream its rows, calls, skipped and refused parents,
            calls saved by reason, seconds waited and outcome.
        """
        return {
            "calls": self.logins + sum(count.calls for count in self.streams.values()),
            "logins": self.logins,
            "streams": {
                name: {
                    "rows": count.rows,
                    "calls": count.calls,
                    "skipped": count.skipped,
                    "refused": count.refused,
                    "saved": dict(sorted(count.saved.items())),
                    "waited": round(count.waited, 1),
                    "full_refresh": count.is_full_refresh,
                    "outcome": count.outcome,
                }
                for name, count in sorted(self.streams.items())
            },
        }
