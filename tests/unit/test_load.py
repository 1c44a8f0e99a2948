"""Where a stream stands in a load that takes several runs."""

from __future__ import annotations

import pytest

from tap_acton.state.load import Load
from tap_acton.state.stream_state import Checkpoint, StreamState

BEFORE, NOW = "2026-03-19T02:00:00.000Z", "2026-03-20T02:00:00.000Z"


def test_a_load_that_was_paused_resumes_behind_its_place() -> None:
    progress = StreamState()
    Load(progress, BEFORE, {}).pause(is_done=False, behind=("b",), reached="2026-03-18")
    load = Load(progress, NOW, {})
    assert (load.started_at, load.reached, load.is_resumed, load.is_done) == (
        BEFORE,
        "2026-03-18",
        True,
        False,
    )
    assert [place for place in ("a", "b", "c") if load.is_left((place,))] == ["c"]


def test_what_failed_before_that_place_is_requested_again() -> None:
    progress = StreamState()
    Load(progress, BEFORE, {}).pause(is_done=False, behind=("c",), reached="", left=[("a",)])
    load = Load(progress, NOW, {})
    assert [place for place in ("a", "b", "c", "d") if load.is_left((place,))] == ["a", "d"]


def test_a_stream_that_is_through_waits_for_the_others() -> None:
    progress = StreamState()
    Load(progress, BEFORE, {}).pause(is_done=True, behind=("b",), reached="2026-03-18")
    assert progress.checkpoint == Checkpoint(started_at=BEFORE, is_done=True)
    load = Load(progress, NOW, {})
    assert load.is_done
    assert load.end()
    assert progress.checkpoint is None
    assert not load.end()


def test_a_load_of_which_nothing_was_read_leaves_no_checkpoint() -> None:
    progress = StreamState()
    Load(progress, BEFORE, {}).pause(is_done=False, behind=(), reached="")
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
    Load(progress, BEFORE, {"shard": ["1/2"]}).pause(is_done=False, behind=("b",), reached="")
    load = Load(progress, NOW, covers)
    assert load.is_resumed is is_resumed
    assert load.is_left(("a",)) is not is_resumed
    assert load.started_at == (BEFORE if is_resumed else NOW)
