"""What the state remembers of messages, and which of them are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.streams.message_progress import MessageProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.run import Parent

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
WINDOW = timedelta(days=90)
COVERS = {"message_types": ["SENT"], "event_types": ["OPENED", "SENT"]}


def progress(
    state: dict[str, Any],
    now: datetime = NOW,
    messages: Sequence[Parent] = (),
    **options: Any,
) -> MessageProgress:
    messages = messages or (OLDER, OLD, YOUNG)
    return MessageProgress(
        state,
        messages,
        **{"covers": COVERS, "started_at": now, "engagement_window": WINDOW, **options},
    )


def message(sent_at: str | None, message_type: str = "SENT", number: int = 1) -> Parent:
    return {"id": f"s-{number}", "message_type": message_type, "sent_at": sent_at}


YOUNG = message("2026-03-01T00:00:00.000Z", number=1)
OLD = message("2025-03-01T00:00:00.000Z", number=2)
OLDER = message("2025-01-01T00:00:00.000Z", number=3)


def test_at_first_everything_is_due() -> None:
    assert all(progress({}).is_due(each) for each in (YOUNG, OLD, OLDER, message(None)))


def test_what_is_old_and_read_rests() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    for each in (OLDER, OLD, YOUNG):
        first.done(each, is_complete=True)
    first.finish()

    second = progress(state, NOW + timedelta(days=1))
    assert [second.is_due(each) for each in (OLDER, OLD, YOUNG)] == [False, False, True]


@pytest.mark.parametrize(
    "always", [message("2025-01-01T00:00:00.000Z", "TRIGGERED"), message(None)]
)
def test_triggered_and_undated_messages_never_rest(always: Parent) -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(always, is_complete=True, counters=(1,))
    first.finish()
    second = progress(state, NOW + timedelta(days=1000))
    assert second.is_due(always)
    assert second.counters(always, 1) == (1,)


def test_an_interrupted_run_is_taken_up_where_it_stopped() -> None:
    state: dict[str, Any] = {}
    progress(state).done(OLDER, is_complete=True)
    second = progress(state, NOW + timedelta(hours=1))
    assert [second.is_due(each) for each in (OLDER, OLD, YOUNG)] == [True, True, True]
    second.done(OLD, is_complete=True)
    third = progress(state, NOW + timedelta(hours=2))
    assert [third.is_due(each) for each in (OLDER, OLD, YOUNG)] == [False, True, True]


def test_after_a_pause_what_was_in_view_before_it_is_read_once_more() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(OLD, is_complete=True)
    first.done(YOUNG, is_complete=True)
    first.finish()

    later = NOW + timedelta(days=365)
    newest = message("2027-03-19T00:00:00.000Z", number=4)
    messages = (OLD, YOUNG, newest)
    second = progress(state, later, messages)
    assert [second.is_due(each) for each in messages] == [False, True, True]
    second.done(YOUNG, is_complete=True)
    second.done(newest, is_complete=True)
    second.finish()
    assert not progress(state, later + timedelta(days=1), messages).is_due(YOUNG)


def test_what_was_refused_is_asked_again_until_it_is_told() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(OLD, is_complete=False, counters=(1, 1))
    first.done(YOUNG, is_complete=True)
    first.finish()
    assert state["ask_again"] == ["s-2"]
    assert "counters" not in state

    second = progress(state, NOW + timedelta(days=1))
    assert second.is_due(OLD)
    second.done(OLD, is_complete=True)
    assert "ask_again" not in state
    assert not progress(state, NOW + timedelta(days=2)).is_due(OLD)


def test_a_refused_message_that_was_deleted_is_forgotten() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(OLD, is_complete=False)
    progress(state, messages=[YOUNG]).finish()
    assert "ask_again" not in state


@given(st.lists(st.none() | st.integers(0, 2**53), min_size=1, max_size=9))
def test_counters_of_messages_in_view_survive_the_state(counters: list[int | None]) -> None:
    state: dict[str, Any] = {}
    progress(state).done(YOUNG, is_complete=True, counters=tuple(counters))
    second = progress(state)
    assert second.counters(YOUNG, len(counters)) == tuple(counters)
    assert second.counters(YOUNG, len(counters) + 1) == (None,) * (len(counters) + 1)


def test_the_state_holds_no_counters_of_messages_that_rest() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(OLD, is_complete=True, counters=(1, 1))
    first.done(YOUNG, is_complete=True, counters=(1, 1))
    assert set(state["counters"]) == {"s-1"}
    newest = message("2027-03-19T00:00:00.000Z", number=4)
    progress(state, NOW + timedelta(days=365), (OLD, YOUNG, newest)).finish()
    assert "counters" not in state


def test_the_state_of_an_unchanged_account_does_not_tell_when_it_was_read() -> None:
    states: list[dict[str, Any]] = [{}, {}]
    for day, state in enumerate(states):
        run = progress(state, NOW + timedelta(days=day))
        for each in (OLDER, OLD, YOUNG):
            run.done(each, is_complete=True, counters=(1, 2))
        run.finish()
    assert states[0] == states[1]


@pytest.mark.parametrize("damaged", ["", "1", "x,y", "1,2,3"])
def test_damaged_counters_are_not_known(damaged: str) -> None:
    state = {"covers": COVERS, "counters": {"s-1": damaged}}
    assert progress(state).counters(YOUNG, 2) == (None, None)


@pytest.mark.parametrize(
    ("covers", "is_continued", "is_due"),
    [
        (COVERS, True, False),
        ({**COVERS, "event_types": ["OPENED"]}, True, False),
        ({**COVERS, "event_types": ["CLICKED", "OPENED"]}, True, True),
        ({**COVERS, "new_setting": ["x"]}, True, True),
        (COVERS, False, True),
    ],
)
def test_where_more_is_wanted_than_was_read_reading_begins_anew(
    covers: dict[str, list[str]], *, is_continued: bool, is_due: bool
) -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(OLD, is_complete=True)
    first.done(YOUNG, is_complete=True)
    first.finish()
    second = progress(state, covers=covers, is_continued=is_continued)
    assert second.is_due(OLD) is is_due


def test_kinds_of_events_that_were_not_offered_are_noted_until_they_are() -> None:
    state: dict[str, Any] = {}
    progress(state).finish(offered={"SENT"}, not_offered={"OPENED"})
    assert progress(state).not_offered == {"OPENED"}
    progress(state).finish(offered={"SENT"})
    assert progress(state).not_offered == {"OPENED"}
    progress(state).finish(offered={"OPENED"}, not_offered={"OPENED", "SENT"})
    assert progress(state).not_offered == {"OPENED", "SENT"}
    progress(state).finish(offered={"OPENED", "SENT"})
    assert "not_offered" not in state


def test_a_sending_time_in_the_future_does_not_hide_what_comes_before_it() -> None:
    state: dict[str, Any] = {}
    first = progress(state)
    first.done(message("2099-01-01T00:00:00.000Z"), is_complete=True)
    assert state["read_until"] == "2026-03-20T12:00:00.000Z"
