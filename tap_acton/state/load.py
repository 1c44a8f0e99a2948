"""A load: every selected stream read once, in as many runs as the allowance takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.state.stream_state import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_acton.state.stream_state import StreamState


class Load:
    """Where one stream stands in the load.

    Args:
        progress: What the stream remembers, which is changed in place.
        run_started_at: When this run began.
        covers: The settings that decide what is read of each item. A load that was begun with
            others begins anew, since what it has behind it would lack what is wanted now.

    Attributes:
        started_at: When the load began: no bookmark moves past it.
        reached: The largest replication value that earlier runs of it have met.
    """

    def __init__(
        self, progress: StreamState, run_started_at: str, covers: Mapping[str, list[str]]
    ) -> None:
        held = progress.checkpoint
        if held is not None and held.covers != covers:
            held = progress.checkpoint = None
        self._progress = progress
        self._covers = dict(covers)
        self._checkpoint = held
        self._left = frozenset(self.left)
        self._rests: dict[str, tuple[str, ...]] = {}
        for place in sorted(self._left):
            if len(place) != 2:  # noqa: PLR2004 - it stands for all below its first part
                self._rests.setdefault(place[0], place[1:2])
        self.started_at = self._checkpoint.started_at if self._checkpoint else run_started_at
        self.reached = self._checkpoint.reached if self._checkpoint else ""

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run has begun it."""
        return self._checkpoint is not None

    @property
    def is_done(self) -> bool:
        """Whether an earlier run has read the stream to its end."""
        return self._checkpoint is not None and self._checkpoint.is_done

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the earlier run stopped."""
        return self._checkpoint

    @property
    def behind(self) -> tuple[str, ...]:
        """The place of the last item that earlier runs have read; empty for none."""
        return () if self._checkpoint is None else self._checkpoint.behind

    @property
    def left(self) -> Sequence[tuple[str, ...]]:
        """The places before that of items that failed."""
        return () if self._checkpoint is None else self._checkpoint.left

    @property
    def places(self) -> Sequence[tuple[str, ...]]:
        """The places that the earlier run has named."""
        return [*self.left, self.behind]

    def is_left(self, place: tuple[str, ...], not_listed: Sequence[str]) -> bool:
        """Tell whether the item at a place has yet to be read to its end.

        Args:
            place: The place.
            not_listed: Which parts of the listing could not be read. Where an earlier run lacked
                others, what is listed now may stand before what it has read.
        """
        held = self._checkpoint
        if held is None or not held.behind or not self.goes_on(not_listed):
            return True
        is_resumed = held.cursor is not None and place == held.behind
        rest = self._rests.get(place[0]) if len(place) > 1 else None
        is_left = place in self._left or (rest is not None and place[1:] > rest)
        return is_left or is_resumed or place > held.behind

    def goes_on(self, not_listed: Sequence[str]) -> bool:
        """Tell whether the places of the earlier run count: it lacked no other part of a listing.

        Else all is read again, and only the places that this run reaches count from now on.
        """
        held = self._checkpoint
        return held is not None and {*held.not_listed} <= {*not_listed}

    def left_after(
        self,
        place: tuple[str, ...],
        failed: Collection[tuple[str, ...]],
        not_listed: Sequence[str],
    ) -> list[tuple[str, ...]]:
        """Give the places of items that are to be requested again, now that one has been read.

        Args:
            place: Of the last item that this run has read; empty for none.
            failed: The places of those that have failed in this run.
            not_listed: Which parts of the listing could not be read.
        """
        left = {*failed}
        for one in self.left if self.goes_on(not_listed) else ():
            if one > place:
                left.add(one)
            elif one[0] == place[0] and len(one) != len(place):
                left.add((*place, ""))  # in the middle of what it stands for
        return sorted(left)

    def behind_after(self, place: tuple[str, ...], not_listed: Sequence[str]) -> tuple[str, ...]:
        """Give the place behind which the load goes on, now that this run has read up to one."""
        return max(place, self.behind) if self.goes_on(not_listed) else place

    def pause(
        self,
        *,
        is_done: bool,
        behind: tuple[str, ...],
        reached: str,
        left: Sequence[tuple[str, ...]],
        not_listed: Sequence[str],
    ) -> None:
        """Keep a checkpoint, since the run ends before the load does.

        Args:
            is_done: Whether the stream was read to its end.
            behind: The place of the last item that was read to its end; empty for none.
            reached: The largest replication value met so far.
            left: The places before that of items that failed.
            not_listed: Which parts of the listing could not be read.
        """
        if is_done:
            self._progress.checkpoint = Checkpoint(
                started_at=self.started_at, is_done=True, covers=self._covers
            )
        elif behind:
            self._progress.checkpoint = Checkpoint(
                started_at=self.started_at,
                behind=behind,
                left=list(left),
                not_listed=list(not_listed),
                reached=reached,
                covers=self._covers,
            )

    def end(self) -> bool:
        """Drop the checkpoint; return whether there was one."""
        had_checkpoint = self._progress.checkpoint is not None
        self._progress.checkpoint = None
        return had_checkpoint
