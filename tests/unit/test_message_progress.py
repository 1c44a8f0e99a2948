"""What the state remembers of messages, and which of them are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.timestamps import timestamp_of
from tap_acton.streams.messages.borders import Border
from tap_acton.streams.messages.progress import MOST_BORDERS, MessageProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.sync.run import Parent

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
WINDOW = timedelta(days=90)
PERIOD = timedelta(days=30)
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
        **{
            "covers": COVERS,
            "started_at": now,
            "engagement_window": WINDOW,
            "recheck_period": PERIOD,
            **options,
        },
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
    second = progress(state, later, messages, recheck_period=timedelta(days=3_650))
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
    # But for what the turns of messages at rest are counted from.
    assert [state.pop("rechecked_at") for state in states] == [
        "2026-03-20T12:00:00.000Z",
        "2026-03-21T12:00:00.000Z",
    ]
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


class TestTurns:
    """Messages that rest are asked about once in each period, spread over it."""

    def at_rest(self, messages: Sequence[Parent], counters: tuple[int, ...]) -> dict[str, Any]:
        state: dict[str, Any] = {}
        first = progress(state, messages=[*messages, YOUNG])
        for each in (*messages, YOUNG):
            first.done(each, is_complete=True, counters=counters)
        first.finish()
        return state

    @given(st.integers(1, 5), st.integers(1, 60), st.integers(1, 90))
    def test_each_has_its_turn_once_in_a_period_however_often_the_tap_runs(
        self, hours: int, number: int, days: int
    ) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(number)]
        state = self.at_rest(messages, (1, 2))
        period = timedelta(days=days)
        turns: dict[str, int] = {each["id"]: 0 for each in messages}
        now = NOW
        while now < NOW + period:
            now = min(now + timedelta(days=days * hours / 10), NOW + period)
            run = progress(state, now, [*messages, YOUNG], recheck_period=period)
            for each in messages:
                turns[each["id"]] += run.is_due(each)
            run.finish()
        assert set(turns.values()) == {1}

    def test_their_turns_are_spread_over_the_period(self) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(3_000)]
        state = self.at_rest(messages, (1, 2))
        a_day = progress(state, NOW + timedelta(days=1), [*messages, YOUNG])
        assert 60 < sum(map(a_day.is_due, messages)) < 140

    def test_an_interrupted_run_leaves_them_their_turn(self) -> None:
        state = self.at_rest([OLD], (1, 2))
        assert progress(state, NOW + PERIOD, [OLD, YOUNG]).is_due(OLD)
        assert progress(state, NOW + PERIOD, [OLD, YOUNG]).is_due(OLD)

    def test_what_was_read_of_them_is_known_at_their_turn(self) -> None:
        state = self.at_rest([OLD, OLDER], (1, 2))
        second = progress(state, NOW + PERIOD, [OLD, OLDER, YOUNG])
        assert second.is_read(OLD, (1, 2))
        assert not second.is_read(OLD, (1, 3))
        assert not second.is_read(YOUNG, (1, 2))
        second.done(OLD, is_complete=True, counters=(1, 3))
        assert progress(state, NOW + 2 * PERIOD, [OLD, YOUNG]).is_read(OLD, (1, 3))

    def test_a_message_that_leaves_the_view_takes_its_counters_along(self) -> None:
        state = self.at_rest([YOUNG], (4, 0))
        assert "resting" not in state
        newest = message("2026-09-01T00:00:00.000Z", number=9)
        later = progress(state, datetime(2026, 9, 2, tzinfo=UTC), [YOUNG, newest])
        later.finish()
        assert YOUNG["id"] not in state.get("counters", {})
        assert progress(state, datetime(2026, 9, 3, tzinfo=UTC), [YOUNG, newest]).is_read(
            YOUNG, (4, 0)
        )

    def test_the_state_holds_eight_characters_for_each_message_with_events(self) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(500)]
        assert len(self.at_rest(messages, (7, 1))["resting"]) == 8 * 500
        assert "resting" not in self.at_rest(messages, (0, 0))

    def test_a_state_of_an_older_version_lets_them_have_their_turn(self) -> None:
        state = self.at_rest([OLD], (1, 2))
        del state["rechecked_at"], state["resting"]
        first = progress(state, NOW + timedelta(days=1), [OLD, YOUNG])
        assert not first.is_due(OLD)
        first.finish()
        second = progress(state, NOW + timedelta(days=1) + PERIOD, [OLD, YOUNG])
        assert second.is_due(OLD)
        assert not second.is_read(OLD, (1, 2))

    @pytest.mark.parametrize("kept", ["", "abc", "x" * 17])
    def test_damaged_fingerprints_are_of_no_message(self, kept: str) -> None:
        state = {**self.at_rest([OLD], (1, 2)), "resting": kept}
        assert not progress(state, NOW + PERIOD, [OLD, YOUNG]).is_read(OLD, (1, 2))


BORDER = Border(1_200, is_newest_first=True, newest="n", print="p", whole_at=timestamp_of(NOW))


def with_borders(*messages: Parent, **options: Any) -> dict[str, Any]:
    """Give the state of a complete run that has found a border for each of some messages."""
    state: dict[str, Any] = {}
    first = progress(state, **options)
    for each in messages:
        first.done(each, is_complete=True, counters=(1_200,), borders={"OPENED": BORDER})
    first.finish()
    return state


def test_borders_are_kept_until_a_drilldown_is_read_otherwise() -> None:
    state = with_borders(YOUNG)
    second = progress(state, NOW + timedelta(days=1))
    assert second.border(YOUNG, "OPENED") == BORDER
    assert second.border(YOUNG, "CLICKED") is second.border(OLD, "OPENED") is None
    moved = replace(BORDER, rows=1_300)
    second.done(YOUNG, is_complete=True, counters=(1, 2), borders={"CLICKED": moved})
    assert progress(state).border(YOUNG, "OPENED") == BORDER
    assert progress(state).border(YOUNG, "CLICKED") == moved
    second.done(YOUNG, is_complete=True, counters=(1, 2), borders={"CLICKED": None})
    assert state["borders"] == {"s-1": {"OPENED": BORDER.text}}
    second.done(YOUNG, is_complete=True, counters=(1, 2), borders={"OPENED": None})
    assert "borders" not in state


def test_what_was_not_read_whole_moves_no_border() -> None:
    state = with_borders(YOUNG)
    second = progress(state)
    second.done(YOUNG, is_complete=False, counters=(9,), borders={"OPENED": None})
    assert progress(state).border(YOUNG, "OPENED") == BORDER


def test_only_messages_in_view_have_borders() -> None:
    state = with_borders(OLD, YOUNG)
    assert state["borders"].keys() == {"s-1"}
    newest = message("2026-07-01T00:00:00.000Z", number=4)
    later = progress(state, datetime(2026, 7, 2, tzinfo=UTC), (YOUNG, newest))
    later.done(newest, is_complete=True)
    later.finish()
    assert "borders" not in state


def test_no_more_than_so_many_messages_have_borders() -> None:
    sent_at = YOUNG["sent_at"]
    messages = [message(sent_at, number=number) for number in range(MOST_BORDERS + 2)]
    state = with_borders(*messages, messages=messages)
    assert state["borders"].keys() == {each["id"] for each in messages[2:]}


@pytest.mark.parametrize(("days", "known"), [(29, BORDER), (30, None), (400, None), (-1, None)])
def test_once_in_the_recheck_period_a_drilldown_is_read_whole(
    days: int, known: Border | None
) -> None:
    always = message("2025-01-01T00:00:00.000Z", "TRIGGERED")
    state = with_borders(always)
    later = progress(state, NOW + timedelta(days=days))
    assert later.border(always, "OPENED") == known


@pytest.mark.parametrize("kept", [7, ["s-1"], {"s-1": "1200"}, {"s-1": {"OPENED": 1_200}}])
def test_borders_that_cannot_be_read_are_none(kept: object) -> None:
    state = {**with_borders(YOUNG), "borders": kept}
    assert progress(state).border(YOUNG, "OPENED") is None


def test_borders_do_not_hold_for_other_settings() -> None:
    state = with_borders(YOUNG)
    wider = {**COVERS, "event_types": ["CLICKED", "OPENED", "SENT"]}
    assert progress(state, covers=wider).border(YOUNG, "OPENED") is None
