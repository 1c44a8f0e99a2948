"""What a run counts: per stream the rows, the calls, and the items that could not be read."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from tap_acton.api.endpoints import endpoint_of

NAMES_SHOWN = 10

IN_WORDS = {
    "": "not finished",
    "not selected": "read for other streams",
    "done before": "read by an earlier run of this load",
}
"""What a person reads in the place of some outcomes."""

HEADINGS = ("stream", "outcome", "rows", "calls", "saved", "skipped", "refused")
NUMBERS = range(2, len(HEADINGS))


@dataclass(slots=True)
class StreamSummary:
    """The counts of one stream.

    Attributes:
        rows: Rows emitted.
        calls: Calls made, retries included.
        received: Bytes of responses that were read into memory.
        waited: Seconds during which a thread or several waited for the rate limits.
        skipped: Items that were deleted in Act-On.
        waited_until: When the last of them had its turn, in seconds since 1970.
        refused: Items that could not be read, though they may be there.
        saved: Calls not made because they could bring nothing new, by the reason in one or two
            words; as far as their number is known without making them.
        is_full_refresh: Whether a full refresh is complete, so that targets drop deleted rows.
        started_at: When the stream began; None where it did not.
        ended_at: When it ended, whatever came of it.
        outcome: ``complete``, ``incomplete``, ``done before``, ``not selected``,
            ``switched off`` or ``failed``; empty while reading.
        error: The class of what made it fail; empty where nothing did.
        skipped_names: The first of the skipped items.
        refused_reasons: The first of the refused ones, each with the reason.
    """

    rows: int = 0
    calls: int = 0
    received: int = 0
    waited: float = 0.0
    waited_until: float = 0.0
    skipped: int = 0
    refused: int = 0
    saved: Counter[str] = field(default_factory=Counter)
    is_full_refresh: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    error: str = ""
    skipped_names: list[str] = field(default_factory=list)
    refused_reasons: dict[str, str] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """The outcome, for a person."""
        words = IN_WORDS.get(self.outcome, self.outcome)
        return f"{words}, full refresh" if self.is_full_refresh else words

    @property
    def sentence(self) -> str:
        """The outcome, with the counts that are worth it."""
        saved = ", ".join(f"{reason} {calls:,}" for reason, calls in sorted(self.saved.items()))
        parts = [
            self.in_words,
            _number(self.rows, "row"),
            _number(self.calls, "call") + (f" (saved: {saved})" if saved else ""),
            *([f"{self.skipped:,} skipped"] if self.skipped else []),
            *([f"{self.refused:,} refused"] if self.refused else []),
            *([f"{self.waited:,.0f} s waited"] if self.waited >= 1 else []),
        ]
        return ", ".join(parts)

    def begin(self) -> None:
        """Note that the stream begins."""
        self.started_at = self.started_at or datetime.now(UTC)

    def end(self) -> None:
        """Note that the stream has ended."""
        self.ended_at = datetime.now(UTC)

    def skip(self, name: str) -> None:
        """Count an item that was deleted, by what it is and its id."""
        self.skipped += 1
        if len(self.skipped_names) < NAMES_SHOWN:
            self.skipped_names.append(name)

    def refuse(self, name: str, reason: str) -> None:
        """Count an item that the next run is to request again.

        Args:
            name: What it is, with its id.
            reason: Why it could not be read, in a sentence.
        """
        self.refused += 1
        if len(self.refused_reasons) < NAMES_SHOWN:
            self.refused_reasons[name] = reason

    def readmit(self, name: str) -> None:
        """Do not count an item as refused after all."""
        self.refused -= 1
        self.refused_reasons.pop(name, None)

    def forget_refused(self) -> None:
        """Count no item as refused: the endpoint is not offered, so none is to be requested."""
        self.refused = 0
        self.refused_reasons.clear()


class RunSummary:
    """The counts of a run; calls may be counted from any thread.

    Attributes:
        logins: Calls for a token, by password or by refresh token.
        streams: The counts of each stream, by its name.
        responses: How many came, by stream, endpoint and HTTP status.
        retry_at: When the last call that failed is made again, by the clock that only goes on.
        called_at: When the last call was made, by the clock that only goes on.
        answered_at: When the last response came, by the same clock; at first, when the run began.
        shapes: What the responses look like that Act-On does not document, by what they are of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.logins = 0
        self.streams: defaultdict[str, StreamSummary] = defaultdict(StreamSummary)
        self.responses: Counter[tuple[str, str, int]] = Counter()
        self.called_at = self.answered_at = time.monotonic()
        self.retry_at = 0.0
        self.shapes: dict[str, str] = {}

    def count_login(self) -> None:
        """Count a call for a token."""
        with self._lock:
            self.logins += 1
            self.called_at = time.monotonic()

    def count_call(self, stream: str, seconds_waited: float) -> None:
        """Count a call for a stream, and how long it waited for the rate limits."""
        with self._lock:
            count = self.streams[stream]
            count.calls += 1
            self.called_at = time.monotonic()
            # Threads that wait at the same time wait once.
            now = time.time()
            since = max(now - seconds_waited, count.waited_until)
            count.waited += max(0.0, now - since)
            count.waited_until = now

    def count_received(self, stream: str, length: int) -> None:
        """Count the bytes of a response that was read into memory for a stream."""
        with self._lock:
            self.streams[stream].received += length

    def count_response(self, stream: str, path: str, status: int) -> None:
        """Count a response by its endpoint and its HTTP status."""
        endpoint = endpoint_of(path)
        with self._lock:
            self.responses[stream, endpoint, status] += 1
            self.answered_at = time.monotonic()

    def note_retry(self, seconds: float) -> None:
        """Take note that a call that has failed is made again after some seconds."""
        self.retry_at = time.monotonic() + seconds

    @property
    def calls(self) -> int:
        """The calls of the whole run, logins included."""
        return self.logins + sum(count.calls for count in list(self.streams.values()))

    def count_saved(self, stream: str, reason: str, calls: int = 1) -> None:
        """Count calls that a stream did not make, with the reason in one or two words."""
        if calls:
            with self._lock:
                self.streams[stream].saved[reason] += calls

    def table(self) -> list[str]:
        """Return the counts for a person, in lines: one per stream, and one for all of them."""
        lines: list[tuple[str, str, int, int, int, int, int]] = [
            (name, one.in_words, one.rows, one.calls, one.saved.total(), one.skipped, one.refused)
            for name, one in sorted(self.streams.items())
        ]
        if self.logins:
            lines.append(("logins", "", 0, self.logins, 0, 0, 0))
        lines.append(("total", "", *(sum(map(itemgetter(place), lines)) for place in NUMBERS)))
        texts = [HEADINGS, *((*line[:2], *map("{:,}".format, line[2:])) for line in lines)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        return [
            "  ".join(
                text.rjust(width) if place in NUMBERS else text.ljust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in texts
        ]

    def data(self) -> dict[str, Any]:
        """Return the counts as an object for JSON; docs/troubleshooting.md names its fields.

        The calls of the whole run include the logins.
        """
        return {
            "calls": self.calls,
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


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
