"""What a run counts: per stream the rows, the calls, and the items that could not be read."""

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
        calls: Calls made, retries included.
        waited: Seconds spent waiting for the rate limits, summed over all threads.
        skipped: Items that were deleted in Act-On.
        refused: Items that could not be read, though they may be there.
        saved: Calls not made because they could bring nothing new, by the reason in one or two
            words; as far as their number is known without making them.
        is_full_refresh: Whether a full refresh is complete, so that targets drop deleted rows.
        outcome: ``complete``, ``incomplete``, ``done before``, ``not selected``,
            ``switched off`` or ``failed``; empty while reading.
        skipped_names: The first of the skipped items.
        refused_names: The first of the refused ones.
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
        """Count an item that was not read.

        Args:
            name: What it is, with its id.
            is_refused: Whether the next run is to request it again; else it was deleted.
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
        """Count a call for a stream, and how long it waited for the rate limits."""
        with self._lock:
            count = self.streams[stream]
            count.calls += 1
            count.waited += seconds_waited

    def count_saved(self, stream: str, reason: str, calls: int = 1) -> None:
        """Count calls that a stream did not make, with the reason in one or two words."""
        if calls:
            with self._lock:
                self.streams[stream].saved[reason] += calls

    def data(self) -> dict[str, Any]:
        """Return the counts as an object for JSON; docs/troubleshooting.md names its fields.

        The calls of the whole run include the logins.
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
