"""When a full refresh is due, and what becomes of its version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tap_acton.state.full_refresh import TableVersion
from tap_acton.state.stream_state import FullRefresh, StreamState

BEGIN = datetime(2026, 3, 20, 2, tzinfo=UTC)
NUMBER = int(BEGIN.timestamp())
WEEK = timedelta(days=7)


def held(*, is_open: bool = False, has_gap: bool = False) -> StreamState:
    """Give what a stream remembers of a version."""
    return StreamState(full_refresh=FullRefresh(version=NUMBER, is_open=is_open, has_gap=has_gap))


@pytest.mark.parametrize(
    ("later", "is_due"),
    [
        (timedelta(), False),
        (timedelta(days=6), False),
        (timedelta(days=6, hours=22), False),
        # The run of a week later that begins a few minutes earlier in the night.
        (timedelta(days=6, hours=23, minutes=55), True),
        (WEEK, True),
        (timedelta(days=400), True),
        (timedelta(days=-1), False),
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_the_next_one_is_due_when_the_period_has_passed(
    later: timedelta,
    is_due: bool,  # noqa: FBT001 - the data
    is_open: bool,  # noqa: FBT001 - the data
) -> None:
    assert TableVersion(held(is_open=is_open), WEEK).is_due(BEGIN + later) is is_due


def test_without_a_period_none_is_ever_due_and_without_a_version_one_always_is() -> None:
    assert not TableVersion(StreamState(), None).is_due(BEGIN)
    assert TableVersion(StreamState(), WEEK).is_due(BEGIN)


def test_a_version_is_numbered_by_when_it_begins() -> None:
    progress = StreamState()
    version = TableVersion(progress, WEEK)
    version.begin(BEGIN)
    assert progress.full_refresh == FullRefresh(version=NUMBER, is_open=True)
    assert (version.number, version.is_open) == (NUMBER, True)
    # Rows go on to carry it where no further one is wanted.
    assert (TableVersion(progress, None).number, TableVersion(progress, None).is_open) == (
        NUMBER,
        False,
    )


@pytest.mark.parametrize(
    ("has_gap", "is_empty", "is_whole"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_it_is_activated_only_if_nothing_is_missing(
    has_gap: bool,  # noqa: FBT001 - the data
    is_empty: bool,  # noqa: FBT001 - the data
    is_whole: bool,  # noqa: FBT001 - the data
) -> None:
    progress = held(is_open=True)
    version = TableVersion(progress, WEEK)
    if has_gap:
        version.note_gap()
    assert version.end(is_empty=is_empty) is is_whole
    assert progress.full_refresh == FullRefresh(version=NUMBER, is_open=not is_whole)


def test_a_gap_in_a_version_that_is_closed_is_none() -> None:
    progress = held()
    TableVersion(progress, WEEK).note_gap()
    assert progress == held()


def test_a_version_that_is_given_up_is_never_activated() -> None:
    progress = held(is_open=True)
    version = TableVersion(progress, WEEK)
    version.give_up()
    assert not version.is_open
    assert not version.is_due(BEGIN + timedelta(days=1))
