"""The bookmark of a stream: which records a run wants, and how far it has read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.records.reader import is_unknown
from tap_acton.records.timestamps import timestamp_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.records.reader import Record

MARKERS = "progress_markers"
"""Where the SDK keeps how far a stream has come until it is through."""


class Bookmark:
    """The largest replication value that was read, kept by the rules of this tap.

    The SDK moves a bookmark to the largest value it has seen. Here it moves only when the stream
    has been read to its end, and never past the beginning of the load.

    Args:
        state: The state of the stream, which is changed in place.
        key: The replication key; None for a stream that is read whole in every run.
        is_incremental: Whether what was read before is left out.
        start: From when on rows are wanted; None for all of them.
        end: Until when; None for all of them.
        lookback: How far behind the bookmark rows are read again.
        started_at: When the load began: what has changed since may have been read before that.
        reached_before: The largest replication value that earlier runs of the load have met.
    """

    def __init__(  # noqa: PLR0913 - each decides which records are wanted
        self,
        state: dict[str, Any],
        key: str | None,
        *,
        is_incremental: bool,
        start: datetime | None,
        end: datetime | None,
        lookback: timedelta,
        started_at: str,
        reached_before: str = "",
    ) -> None:
        self._state = state
        self._key = key
        self._is_incremental = is_incremental
        self._lookback = lookback
        self._started_at = started_at
        self._reached_before = reached_before
        self.start = None if start is None else timestamp_of(start)
        self.end = None if end is None else timestamp_of(end)

    @property
    def value(self) -> str | None:
        """The replication value up to which the last complete run read; None for none."""
        if not self._is_incremental or self._state.get("replication_key") != self._key:
            return None
        value = self._state.get("replication_key_value")
        return value if isinstance(value, str) else None

    @cached_property
    def since(self) -> str | None:
        """The replication value from which rows are emitted; None for all of them."""
        return self.since_of(self.value)

    def since_of(self, value: str | None) -> str | None:
        """Go back from a replication value by the lookback, but not before the start date."""
        if value is None:
            return self.start
        try:
            reached = datetime.fromisoformat(value)
            if reached.tzinfo is None:
                reached = reached.replace(tzinfo=UTC)
            return max(timestamp_of(reached - self._lookback), self.start or "")
        except (ValueError, OverflowError):
            return self.start

    def wanted(self, records: Sequence[Record], since: str | None) -> Sequence[Record]:
        """Leave out records that are older or newer than wanted.

        Args:
            records: The records.
            since: The replication value from which rows are emitted.
        """
        if self._key is None or (since is None and self.end is None):
            return records
        return [record for record in records if self._is_wanted(record[self._key], since)]

    def _is_wanted(self, value: str | None, since: str | None) -> bool:
        """Tell whether a record is wanted; one without a timestamp always is."""
        if value is None or is_unknown(value):
            return True
        # A day is compared with the day part of the timestamp at which it begins.
        length = len(value)
        if since is not None and value < since[:length]:
            return False
        return self.end is None or value <= self.end[:length]

    @property
    def reached(self) -> str:
        """The largest replication value met in this load so far; empty for none."""
        markers = self._state.get(MARKERS, {})
        value = markers.get("replication_key_value")
        return max(value if isinstance(value, str) else "", self._reached_before)

    def reach(self, timestamp: str) -> None:
        """Move the bookmark in the middle of a stream, since all before a timestamp was read."""
        if self._is_incremental:
            self._state["replication_key"] = self._key
            # A slice of time ends on a full second, which may lie behind the end date.
            reached = min(timestamp, self._started_at, self.end or timestamp)
            self._state["replication_key_value"] = max(reached, self.value or "")

    def finish(self) -> None:
        """Let the bookmark move, but never past the start of the load."""
        if reached := self.reached:
            self._state[MARKERS] = {
                "replication_key": self._key,
                "replication_key_value": min(reached, self._started_at[: len(reached)]),
            }

    def discard(self) -> None:
        """Keep the bookmark where it is, since the stream was not read to its end.

        A checkpoint still keeps what was reached.
        """
        self._reached_before = self.reached
        self._state.pop(MARKERS, None)

    def forget(self) -> None:
        """Read everything again.

        The value is set to None: what is merely left out comes back when Meltano merges states.
        """
        if self._state.get("replication_key_value") is not None:
            self._state["replication_key_value"] = None
            self.__dict__.pop("since", None)
