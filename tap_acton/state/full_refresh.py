"""Full refreshes: a stream read anew every so often, so that targets can drop deleted rows.

Neither a listing nor a filter says which rows were deleted. So a full refresh forgets how far a
stream was read and begins a version, which every row carries from then on. From there it goes
as with a first load: what is interrupted resumes in the next run. Once every row has been sent
with the version, it is activated: rows of a target that carry an older one are deleted in Act-On.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tap_acton.state.stream_state import FullRefresh

if TYPE_CHECKING:
    from tap_acton.state.stream_state import StreamState

SLACK = timedelta(hours=1)
"""A run that begins a little earlier in the day than the one a period ago is late enough."""


class TableVersion:
    """The version that the rows of a stream carry.

    Args:
        progress: What the stream remembers, which is changed in place.
        period: How far apart full refreshes are to begin; None for none.
    """

    def __init__(self, progress: StreamState, period: timedelta | None) -> None:
        self._progress = progress
        self._period = period

    @property
    def number(self) -> int | None:
        """When its full refresh began, in seconds since 1970; None if there never was one."""
        held = self._progress.full_refresh
        return None if held is None else held.version

    @property
    def is_open(self) -> bool:
        """Whether this run reads for a version that may be activated at its end."""
        return self._is_held_open and self._period is not None

    @property
    def _is_held_open(self) -> bool:
        held = self._progress.full_refresh
        return held is not None and held.is_open

    def is_due(self, now: datetime) -> bool:
        """Tell whether the next full refresh is due.

        One that is still open counts like a complete one: what it lacks is requested in every
        run, and reading all of the rest again would not help that.
        """
        if self._period is None:
            return False
        if self.number is None:
            return True
        return now - datetime.fromtimestamp(self.number, UTC) >= self._period - SLACK

    def begin(self, now: datetime) -> None:
        """Begin a version; the SDK numbers versions by the seconds since 1970, too."""
        self._progress.full_refresh = FullRefresh(version=int(now.timestamp()), is_open=True)

    def give_up(self) -> None:
        """Never activate the version, since rows are left out on purpose."""
        if self._is_held_open:
            self._change(is_open=False)

    def note_gap(self) -> None:
        """Note that a part was left out, which a later run requests again."""
        if self._is_held_open:
            self._change(has_gap=True)

    def end(self, *, is_empty: bool) -> bool:
        """Close the version, now that the stream was read to its end.

        Args:
            is_empty: Whether there was nothing at all, which is no proof that all is deleted.

        Returns:
            Whether it is whole and to be activated; else the next run reads for it again.
        """
        held = self._progress.full_refresh
        is_whole = held is not None and not (held.has_gap or is_empty)
        self._change(is_open=not is_whole, has_gap=False)
        return is_whole

    def _change(self, **changes: bool) -> None:
        held = self._progress.full_refresh
        if held is not None:
            self._progress.full_refresh = replace(held, **changes)
