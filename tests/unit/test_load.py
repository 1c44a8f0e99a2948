"""Where a stream stands in a load that takes several runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_acton.state.load import Load
from tap_acton.state.stream_state import Checkpoint, StreamState

if TYPE_CHECKING:
    from collections.abc import Sequence

BEFORE, NOW = "2026-03-19T02:00:00.000Z", "2026-03-20T02:00:00.000Z"


def pause(
    progress: StreamState,
    *,
    covers: dict[str, list[str]],
    behind: tuple[str, ...],
    reached: str,
    is_done: bool = False,
    left: Sequence[tuple[str, ...]] = (),
    not_listed: Sequence[str] = (),
) -> None:
    """Let a run that began before end in the middle of the load."""
    Load(progress, BEFORE, covers).pause(
        is_done=is_done, behind=behind, reached=reached, left=left, not_listed=not_listed
    )


def test_a_load_that_was_paused_resumes_behind_its_place() -> None:
    progress = StreamState()
    pause(progress, covers={}, is_done=False, behind=("b",), reached="2026-03-18")
    load = Load(progress, NOW, {})
    assert (load.started_at, load.reached, load.is_resumed, load.is_done) == (
        BEFORE,
        "2026-03-18",
        True,
        False,
    )
    assert [place for place in ("a", "b", "c") if load.is_left((place,), [])] == ["c"]


def test_what_failed_before_that_place_is_requested_again() -> None:
    progress = StreamState()
    pause(progress, covers={}, is_done=False, behind=("c",), reached="", left=[("a",)])
    load = Load(progress, NOW, {})
    assert [place for place in ("a", "b", "c", "d") if load.is_left((place,), [])] == ["a", "d"]


def test_a_stream_that_is_through_waits_for_the_others() -> None:
    progress = StreamState()
    pause(progress, covers={}, is_done=True, behind=("b",), reached="2026-03-18")
    assert progress.checkpoint == Checkpoint(started_at=BEFORE, is_done=True)
    load = Load(progress, NOW, {})
    assert load.is_done
    assert load.end()
    assert progress.checkpoint is None
    assert not load.end()


def test_a_load_of_which_nothing_was_read_leaves_no_checkpoint() -> None:
    progress = StreamState()
    pause(progress, covers={}, is_done=False, behind=(), reached="")
    assert progress.checkpoint is None


@pytest.mark.parametrize(
    ("covers", "is_resumed"),
    [({"shard": ["1/2"]}, True), ({"shard": ["2/2"]}, False), ({}, False)],
)
def test_a_load_that_was_begun_with_other_settings_begins_anew(
    covers: dict[str, list[str]],
    is_resumed: bool,  # noqa: FBT001 - the data
) -> None:
    progress = StreamState()
    pause(progress, covers={"shard": ["1/2"]}, is_done=False, behind=("b",), reached="")
    load = Load(progress, NOW, covers)
    assert load.is_resumed is is_resumed
    assert load.is_left(("a",), []) is not is_resumed
    assert load.started_at == (BEFORE if is_resumed else NOW)


def test_what_stands_below_a_place_that_failed_is_left() -> None:
    progress = StreamState()
    pause(progress, covers={}, behind=("b", "5"), reached="", left=[("a",)])
    load = Load(progress, NOW, {})
    assert load.is_left(("a", "9"), [])
    assert not load.is_left(("b", "5"), [])
    # In its middle, what comes after that is left of it.
    assert load.left_after(("a", "3"), [], []) == [("a", "3", "")]
    assert load.left_after(("a", "3"), [("a", "2")], []) == [("a", "2"), ("a", "3", "")]
    assert load.left_after(("b", "1"), [], []) == []
    assert load.behind_after(("a", "3"), []) == ("b", "5")
    assert load.behind_after(("c", "1"), []) == ("c", "1")


def test_where_the_listing_lacks_other_parts_no_place_of_an_earlier_run_counts() -> None:
    progress = StreamState()
    pause(progress, covers={}, behind=("c",), reached="", left=[("a",)], not_listed=["lists/form"])
    load = Load(progress, NOW, {})
    assert not load.is_left(("b",), ["lists/form"])
    assert load.is_left(("b",), [])
    assert load.behind_after(("b",), []) == ("b",)
    assert load.left_after(("b",), [], []) == []


def test_in_the_middle_of_such_a_place_a_load_goes_on_there() -> None:
    progress = StreamState()
    pause(progress, covers={}, behind=("b", "5"), reached="", left=[("a", "3", "")])
    load = Load(progress, NOW, {})
    assert [one for one in "1345" if load.is_left(("a", one), [])] == ["4", "5"]
    assert load.left_after(("a", "4"), [], []) == [("a", "4", "")]
    assert load.left_after((), [], []) == [("a", "3", "")]
    assert load.left_after(("b", "1"), [], []) == []
    # If it fails again, all of it is left.
    pause(progress, covers={}, behind=("b", "5"), reached="", left=[("a",), ("a", "3", "")])
    assert Load(progress, NOW, {}).is_left(("a", "1"), [])


def test_a_listing_that_lacks_more_than_before_does_not_begin_a_load_anew() -> None:
    progress = StreamState()
    pause(progress, covers={}, behind=("c",), reached="", not_listed=["lists/form"])
    load = Load(progress, NOW, {})
    assert load.goes_on(["lists/form", "lists/image"])
    assert not load.goes_on(["lists/image"])
