"""Full reads: a stream read anew every so often, so that targets can drop what is gone.

Neither a listing nor a filter tells of rows that were deleted. So a full read forgets how far
a stream was read and begins a version, which every row carries from then on. From there it goes
as with a first load: what breaks off goes on in the next run, which skips what was read whole
and has not changed since. Once every row has been sent with the version, it is activated: rows
of a target that carry an older one are not in Act-On any more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_acton.state.old_format import NOTHING
from tap_acton.streams.base.bookmarks import BookmarkedStream

if TYPE_CHECKING:
    from tap_acton.sync.answers import Answer, Query

VERSION_STATE = "full_read"

SLACK = timedelta(hours=1)
"""A run that begins a little earlier in the day than the one a period ago is late enough."""


@dataclass(frozen=True, slots=True)
class TableVersion:
    """The version that the rows of a stream carry.

    Attributes:
        number: When its full read began, in seconds since 1970, which is how the SDK
            numbers versions too.
        is_open: Whether it may still be activated.
        has_gap: Whether something was left out since the stream was last read to its end.
    """

    number: int
    is_open: bool = False
    has_gap: bool = False

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> TableVersion | None:
        """Read what a stream's state keeps of a version.

        Args:
            state: The state of the stream.

        Returns:
            The version; None where there never was one.
        """
        match state.get(VERSION_STATE):
            case {"version": int(number), **kept} if number > 0:
                return cls(number, kept.get("is_open") is True, kept.get("has_gap") is True)
        return None

    def keep(self, state: dict[str, Any]) -> None:
        """Write this into a stream's state.

        Args:
            state: The state of the stream.
        """
        # Each time all of it: what is left out may come back from an earlier state.
        state[VERSION_STATE] = {
            "version": self.number,
            "is_open": self.is_open,
            "has_gap": self.has_gap,
        }

    def is_over(self, now: datetime, period: timedelta) -> bool:
        """Tell whether the next full read is due.

        One that is still open counts like a complete one: what it lacks is asked for in every
        run, and reading all of the rest again would not help that.

        Args:
            now: When the run began.
            period: How far apart full reads are to begin.

        Returns:
            Whether the period has passed.
        """
        return now - datetime.fromtimestamp(self.number, UTC) >= period - SLACK


class Tally:
    """Counts the rows of each query against the number that Act-On says there are.

    Rows that are deleted while a list is read pull others over the border of a page, and these
    are never seen.

    Attributes:
        is_short: Whether there were too few of a query that has come to its end.
    """

    def __init__(self) -> None:
        self.is_short = False
        self._subject = ""
        self._again = 0
        self._rows = 0
        self._total = 0

    def add(self, answer: Answer) -> None:
        """Count the rows of an answer.

        Args:
            answer: The answer; those of one query come one behind the other.
        """
        if answer.query.subject != self._subject:
            self.close()
            self._begin(answer.query)
        elif answer.query.again != self._again:
            # What the reading before lacked may be in this one.
            self._begin(answer.query)
        self._rows += len(answer.rows)
        self._total = max(self._total, answer.total or 0)

    def close(self) -> None:
        """Take note that the last query has come to its end."""
        self.is_short = self.is_short or self._rows < self._total

    def _begin(self, query: Query) -> None:
        self._subject, self._again = query.subject, query.again
        self._rows, self._total = query.rows_before, 0


class VersionedStream(BookmarkedStream):
    """A stream that may be read in full every so often.

    Attributes:
        has_full_reads: Whether rows of it may vanish unseen, and are to vanish from the
            warehouse then.
        progress_state: What the state keeps of how far the stream was read.
    """

    has_full_reads: ClassVar[bool] = False
    progress_state: ClassVar[tuple[str, ...]] = ("replication_key", "replication_key_value")

    @property
    def table_version(self) -> TableVersion | None:
        """The version that rows carry; None where there never was a full read."""
        return TableVersion.of_state(self.stream_state)

    @property
    def is_full_refresh(self) -> bool:
        """Whether this run reads for a version that may be activated at its end."""
        version = self.table_version
        return version is not None and version.is_open and self._full_read_period is not None

    @property
    def narrowed_by(self) -> list[str]:
        """The settings by which rows are left out that are in Act-On."""
        settings = self.run.settings
        is_cut = {
            "start_date": self.replication_key and settings.window.start,
            "end_date": self.replication_key and settings.window.end,
            "shard": settings.shard,
        }
        return [name for name, value in is_cut.items() if value]

    @property
    def goes_on(self) -> bool:
        """Whether this run reads only what an earlier one, broken off, has left."""
        return self.round is not None

    @property
    def _full_read_period(self) -> timedelta | None:
        return self.run.settings.full_read_period if self.has_full_reads else None

    def begin_full_refresh(self) -> None:
        """Forget how far the stream was read, where a full read is due.

        Never in the middle of a reading: what an earlier run has read of it would go without
        the version, and be dropped.
        """
        version, period = self.table_version, self._full_read_period
        if self.narrowed_by:
            if version is not None and version.is_open:
                replace(version, is_open=False).keep(self.stream_state)
            if period is not None:
                self.log(
                    "No full read: rows that are in Act-On are left out by the setting %s, and "
                    "would be dropped as if they were gone.",
                    ", ".join(self.narrowed_by),
                )
            return
        now = self.run.started_at
        if period is None or self.goes_on or self.ABORT_AT_RECORD_COUNT is not None:
            return
        if version is None or version.is_over(now, period):
            for name in self.progress_state:
                self._forget_progress(name)
            TableVersion(int(now.timestamp()), is_open=True).keep(self.stream_state)
            self.log("Everything is read again: a full read is due.")

    def _forget_progress(self, name: str) -> None:
        """Set a part of the state to nothing; of one by parents, each of them."""
        match self.stream_state.get(name):
            case None:
                pass
            case dict(by_parent):
                self.stream_state[name] = dict.fromkeys(by_parent, "")
            case _:
                self.stream_state[name] = NOTHING

    def carry_version(self) -> None:
        """Let the rows of this run carry the version."""
        version = self.table_version
        # The SDK sets it nowhere but where it sends the activation ahead of the rows.
        self._stream_version = None if version is None else version.number

    def note_gap(self) -> None:
        """Take note that a part was left out, which a later run asks for again."""
        version = self.table_version
        if version is not None and version.is_open:
            replace(version, has_gap=True).keep(self.stream_state)

    def note_short(self) -> None:
        """Take note that rows are missing, and that no later run knows which."""
        version = self.table_version
        if version is None or not version.is_open:
            return
        if self.replication_method == REPLICATION_FULL_TABLE:
            self.note_gap()
            return
        replace(version, is_open=False).keep(self.stream_state)
        if self._full_read_period is not None:
            self.log(
                "Rows moved while they were read, so the full read may lack some. Nothing is "
                "dropped until the next one, when full_read_period has passed.",
                level=logging.WARNING,
            )

    def end_full_refresh(self, *, is_empty: bool) -> bool:
        """Activate the version, now that the stream was read to its end.

        Args:
            is_empty: Whether there was nothing at all, which is no proof that all is gone.

        Returns:
            Whether it was activated.
        """
        version = self.table_version
        if version is None or not self.is_full_refresh:
            return False
        is_whole = not (version.has_gap or is_empty)
        if is_whole:
            for stream_map in self.stream_maps:
                if not isinstance(stream_map, RemoveRecordTransform):
                    self.tap.write_message(
                        ActivateVersionMessage(stream_map.stream_alias, version.number)
                    )
            self.log("The full read is complete: targets drop rows that were not in it.")
        else:
            self.log(
                "The full read lacks what could not be read, so nothing is dropped yet. The next "
                "run asks for it again; what is gone from Act-On's listing does not count.",
                level=logging.WARNING,
            )
        replace(version, is_open=not is_whole, has_gap=False).keep(self.stream_state)
        return is_whole
