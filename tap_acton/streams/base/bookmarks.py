"""What of a stream is read in a run, by the settings and the bookmark, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.output import WritingStream
from tap_acton.records.dynamic_columns import COLUMNS_STATE, SOURCE_STATE
from tap_acton.records.reader import UNKNOWN_TIMESTAMP, Record
from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.old_format import NOTHING
from tap_acton.state.rounds import ROUND_STATE, Round

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers.types import Context

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.run import Run


class BookmarkedStream(WritingStream):
    """A stream with one window and one bookmark, kept by the rules of this tap.

    The SDK moves a bookmark to the largest replication value that it has seen; here it
    moves only when the stream has been read to its end, and never into the future.

    Attributes:
        tap: The tap.
    """

    tap: ActOnTap
    primary_keys: ClassVar[tuple[str, ...]] = ()
    replication_key: ClassVar[str | None] = None

    def __init__(self, tap: ActOnTap) -> None:
        super().__init__(tap)
        self.tap = tap

    @property
    def run(self) -> Run:
        """What the run shares; discovery goes without."""
        return self.tap.run

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings, with the start date as the timestamp that it stands for."""
        return {**super().config, "start_date": self.start_date}

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never: the SDK sends it ahead of the rows, and a failing run leaves a table without."""
        return False

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Give none, since the SDK would move the bookmark up to it, past unread rows.

        Args:
            context: Not used; the stream has one state.
        """

    @property
    def start_date(self) -> str | None:
        """The timestamp from which rows are wanted, as the tap writes timestamps."""
        start = self.run.settings.window.start
        return None if start is None else timestamp_of(start)

    @property
    def bookmark(self) -> str | None:
        """The replication value up to which the last complete run read; None for none."""
        state = self.stream_state
        if self.replication_method != REPLICATION_INCREMENTAL:
            return None
        if state.get("replication_key") != self.replication_key:
            return None
        value = state.get("replication_key_value")
        return value if isinstance(value, str) else None

    @cached_property
    def since(self) -> str | None:
        """The replication value from which rows are emitted; None for all of them."""
        return self.since_bookmark(self.bookmark)

    def since_bookmark(self, bookmark: str | None) -> str | None:
        """Go back from a bookmark by the lookback, but not behind the start date.

        Args:
            bookmark: A timestamp, or None.

        Returns:
            The later of the two timestamps; None if there is neither.
        """
        if bookmark is None:
            return self.start_date
        try:
            reached = datetime.fromisoformat(bookmark)
        except ValueError:
            return self.start_date
        if reached.tzinfo is None:
            reached = reached.replace(tzinfo=UTC)
        return max(timestamp_of(reached - self.lookback), self.start_date or "")

    @property
    def lookback(self) -> timedelta:
        """How far behind the bookmark rows are read and emitted again."""
        return self.run.settings.lookback_window

    @cached_property
    def until(self) -> str | None:
        """The replication value up to which rows are emitted; None for all of them."""
        end = self.run.settings.window.end
        return None if end is None else timestamp_of(end)

    def within_window(self, records: Sequence[Record], since: str | None) -> Sequence[Record]:
        """Leave out records that are not wanted.

        Args:
            records: The records.
            since: The replication value from which rows are emitted.

        Returns:
            The others.
        """
        if self.replication_key is None or (since is None and self.until is None):
            return records
        return [record for record in records if self.is_in_window(record, since)]

    def is_in_window(self, record: Record, since: str | None) -> bool:
        """Tell whether a record is wanted; one without a timestamp always is.

        Args:
            record: The record.
            since: The replication value from which rows are emitted.

        Returns:
            Whether to emit it.
        """
        if self.replication_key is None:
            return True
        value = record[self.replication_key]
        if value is None or value == UNKNOWN_TIMESTAMP:
            return True
        # A day is compared by the day part of the timestamp, of which it is the beginning.
        length = len(value)
        if since is not None and value < since[:length]:
            return False
        return self.until is None or value <= self.until[:length]

    # The state

    @cached_property
    def round(self) -> Round | None:
        """What the stream has behind it of a round that an earlier run began; None for none."""
        return Round.of_state(self.stream_state)

    @property
    def round_started_at(self) -> str:
        """When the round began: what has changed since may have been read before it did."""
        return timestamp_of(self.run.started_at) if self.round is None else self.round.started_at

    def pause_round(self, *, is_done: bool, after: str) -> None:
        """Keep what is behind the stream, since the run ends before the round does.

        Args:
            is_done: Whether the stream was read to its end.
            after: What was last read to its end.
        """
        if is_done:
            Round(self.round_started_at, is_done=True).keep(self.stream_state)
        elif after:
            Round(self.round_started_at, after=after, reached=self._reached_in_round).keep(
                self.stream_state
            )

    @property
    def _reached_in_round(self) -> str:
        markers = self.stream_state.get("progress_markers", {})
        reached = markers.get("replication_key_value") or ""
        return max(reached, "" if self.round is None else self.round.reached)

    def end_round(self) -> bool:
        """Forget the round, since it is over.

        Returns:
            Whether there was anything to forget.
        """
        is_kept = self.stream_state.get(ROUND_STATE) is not None
        if is_kept:
            self.stream_state[ROUND_STATE] = NOTHING
        return is_kept

    def remember(self, found: FoundStream | None) -> None:
        """Keep in the state which names discovery has given, so that they stay.

        Args:
            found: What discovery found of the stream, if anything.
        """
        if found is None:
            return
        if found.columns:
            # What is gone for now may come back, and finds its name as it was.
            known = self.stream_state.get(COLUMNS_STATE)
            names = {**(known if isinstance(known, dict) else {}), **found.names}
            self.stream_state[COLUMNS_STATE] = names
        if found.source:
            self.stream_state[SOURCE_STATE] = found.source

    def clamp_bookmark(self) -> None:
        """Keep a timestamp from the future from hiding all that comes before it."""
        reached = self._reached_in_round
        if reached:
            markers = self.stream_state.setdefault("progress_markers", {})
            markers["replication_key"] = self.replication_key
            # A day is compared by the day part of the timestamp.
            latest = self.round_started_at[: len(reached)]
            markers["replication_key_value"] = min(reached, latest)

    def discard_progress(self) -> None:
        """Keep the SDK from promoting the progress of a stream that was not read to its end."""
        self.stream_state.pop("progress_markers", None)
