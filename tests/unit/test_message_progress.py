"""Which messages are due, and what is remembered of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.fingerprints import LENGTH
from tap_acton.state.stream_state import Checkpoint, Known, MessagesState
from tap_acton.streams.messages.progress import MOST_KNOWN, MessageProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.sync.query import Item

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
WINDOW = timedelta(days=90)
PERIOD = timedelta(days=30)
COVERS = {"message_types": ["SENT"], "event_types": ["OPENED", "SENT"]}


def progress(
    state: MessagesState,
    now: datetime = NOW,
    messages: Sequence[Item] = (),
    **options: Any,
) -> MessageProgress:
    messages = messages or (OLDER, OLD, YOUNG)
    return MessageProgress(
        state,
        messages,
        **{
            "covers": COVERS,
            "started_at": timestamp_of(now),
            "engagement_window": WINDOW,
            "recheck_period": PERIOD,
            **options,
        },
    )


def message(sent_at: str | None, message_type: str = "SENT", number: int = 1) -> Item:
    return {"id": f"s-{number}", "message_type": message_type, "sent_at": sent_at}


YOUNG = message("2026-03-01T00:00:00.000Z", number=1)
OLD = message("2025-03-01T00:00:00.000Z", number=2)
OLDER = message("2025-01-01T00:00:00.000Z", number=3)


def test_at_first_everything_is_due() -> None:
    assert all(
        progress(MessagesState()).is_due(each) for each in (YOUNG, OLD, OLDER, message(None))
    )


def test_what_is_old_and_read_is_not_due() -> None:
    state = MessagesState()
    first = progress(state)
    for each in (OLDER, OLD, YOUNG):
        first.done(each, is_complete=True)
    first.finish()

    second = progress(state, NOW + timedelta(days=1))
    assert [second.is_due(each) for each in (OLDER, OLD, YOUNG)] == [False, False, True]


@pytest.mark.parametrize(
    "always", [message("2025-01-01T00:00:00.000Z", "TRIGGERED"), message(None)]
)
def test_triggered_and_undated_messages_are_always_due(always: Item) -> None:
    state = MessagesState()
    first = progress(state)
    first.done(always, is_complete=True, counters=(1,))
    first.finish()
    second = progress(state, NOW + timedelta(days=1000))
    assert second.is_due(always)
    assert second.counters(always, 1) == (1,)


def test_an_interrupted_run_is_resumed_where_it_stopped() -> None:
    state = MessagesState()
    progress(state).done(OLDER, is_complete=True)
    second = progress(state, NOW + timedelta(hours=1))
    assert [second.is_due(each) for each in (OLDER, OLD, YOUNG)] == [True, True, True]
    second.done(OLD, is_complete=True)
    third = progress(state, NOW + timedelta(hours=2))
    assert [third.is_due(each) for each in (OLDER, OLD, YOUNG)] == [False, True, True]


def test_after_a_pause_what_was_in_view_before_it_is_read_once_more() -> None:
    state = MessagesState()
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


def test_what_was_refused_is_due_until_it_is_read() -> None:
    state = MessagesState()
    first = progress(state)
    first.done(OLD, is_complete=False, counters=(1, 1))
    first.done(YOUNG, is_complete=True)
    first.finish()
    assert state.ask_again == ["s-2"]
    assert state.counters == {}

    second = progress(state, NOW + timedelta(days=1))
    assert second.is_due(OLD)
    second.done(OLD, is_complete=True)
    assert state.ask_again == []
    assert not progress(state, NOW + timedelta(days=2)).is_due(OLD)


def test_a_refused_message_that_was_deleted_is_forgotten() -> None:
    state = MessagesState()
    first = progress(state)
    first.done(OLD, is_complete=False)
    progress(state, messages=[YOUNG]).finish()
    assert state.ask_again == []


@given(st.lists(st.none() | st.integers(0, 2**53), min_size=1, max_size=9))
def test_counters_of_messages_in_view_survive_the_state(counters: list[int | None]) -> None:
    state = MessagesState()
    progress(state).done(YOUNG, is_complete=True, counters=tuple(counters))
    second = progress(state)
    assert second.counters(YOUNG, len(counters)) == tuple(counters)
    assert second.counters(YOUNG, len(counters) + 1) == (None,) * (len(counters) + 1)


def test_the_state_holds_no_counters_of_older_messages() -> None:
    state = MessagesState()
    first = progress(state)
    first.done(OLD, is_complete=True, counters=(1, 1))
    first.done(YOUNG, is_complete=True, counters=(1, 1))
    assert set(state.counters) == {"s-1"}
    newest = message("2027-03-19T00:00:00.000Z", number=4)
    progress(state, NOW + timedelta(days=365), (OLD, YOUNG, newest)).finish()
    assert state.counters == {}


def test_the_state_of_an_unchanged_account_does_not_depend_on_the_time() -> None:
    states = [MessagesState(), MessagesState()]
    for day, state in enumerate(states):
        run = progress(state, NOW + timedelta(days=day))
        for each in (OLDER, OLD, YOUNG):
            run.done(each, is_complete=True, counters=(1, 2))
        run.finish()
    # But for what the re-checks of older messages are counted from.
    assert [state.rechecked_at for state in states] == [
        "2026-03-20T12:00:00.000Z",
        "2026-03-21T12:00:00.000Z",
    ]
    states[1].rechecked_at = states[0].rechecked_at
    assert states[0] == states[1]


@pytest.mark.parametrize("held", [[], [1], [1, 2, 3]])
def test_counters_of_other_kinds_are_not_known(held: list[int | None]) -> None:
    state = MessagesState(covers=COVERS, counters={"s-1": held})
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
    state = MessagesState()
    first = progress(state)
    first.done(OLD, is_complete=True)
    first.done(YOUNG, is_complete=True)
    first.finish()
    second = progress(state, covers=covers, is_continued=is_continued)
    assert second.is_due(OLD) is is_due


def test_kinds_of_events_that_were_not_offered_are_noted_until_they_are() -> None:
    state = MessagesState()
    progress(state).finish(offered={"SENT"}, not_offered={"OPENED"})
    assert progress(state).not_offered == ["OPENED"]
    progress(state).finish(offered={"SENT"})
    assert progress(state).not_offered == ["OPENED"]
    progress(state).finish(offered={"OPENED"}, not_offered={"OPENED", "SENT"})
    assert progress(state).not_offered == ["OPENED", "SENT"]
    progress(state).finish(offered={"OPENED", "SENT"})
    assert progress(state).not_offered == []


def test_a_sending_time_in_the_future_does_not_hide_what_comes_before_it() -> None:
    state = MessagesState()
    first = progress(state)
    first.done(message("2099-01-01T00:00:00.000Z"), is_complete=True)
    assert state.read_until == "2026-03-20T12:00:00.000Z"


class TestRechecks:
    """Older messages are re-checked once in each period, spread over it."""

    def older(self, messages: Sequence[Item], counters: tuple[int, ...]) -> MessagesState:
        state = MessagesState()
        first = progress(state, messages=[*messages, YOUNG])
        for each in (*messages, YOUNG):
            first.done(each, is_complete=True, counters=counters)
        first.finish()
        return state

    @given(st.integers(1, 5), st.integers(1, 60), st.integers(1, 90))
    def test_each_is_rechecked_once_in_a_period_however_often_the_tap_runs(
        self, hours: int, number: int, days: int
    ) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(number)]
        state = self.older(messages, (1, 2))
        period = timedelta(days=days)
        times: dict[str, int] = {each["id"]: 0 for each in messages}
        now = NOW
        while now < NOW + period:
            now = min(now + timedelta(days=days * hours / 10), NOW + period)
            run = progress(state, now, [*messages, YOUNG], recheck_period=period)
            for each in messages:
                times[each["id"]] += run.is_due(each)
            run.finish()
        assert set(times.values()) == {1}

    def test_they_are_spread_over_the_period(self) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(3_000)]
        state = self.older(messages, (1, 2))
        a_day = progress(state, NOW + timedelta(days=1), [*messages, YOUNG])
        assert 60 < sum(map(a_day.is_due, messages)) < 140

    def test_an_interrupted_run_leaves_them_due(self) -> None:
        state = self.older([OLD], (1, 2))
        assert progress(state, NOW + PERIOD, [OLD, YOUNG]).is_due(OLD)
        assert progress(state, NOW + PERIOD, [OLD, YOUNG]).is_due(OLD)

    def test_what_was_read_of_them_is_known_then(self) -> None:
        state = self.older([OLD, OLDER], (1, 2))
        second = progress(state, NOW + PERIOD, [OLD, OLDER, YOUNG])
        assert second.is_read(OLD, (1, 2))
        assert not second.is_read(OLD, (1, 3))
        assert not second.is_read(YOUNG, (1, 2))
        second.done(OLD, is_complete=True, counters=(1, 3))
        assert progress(state, NOW + 2 * PERIOD, [OLD, YOUNG]).is_read(OLD, (1, 3))

    def test_a_message_that_leaves_the_view_takes_its_counters_along(self) -> None:
        state = self.older([YOUNG], (4, 0))
        assert state.fingerprints == ""
        newest = message("2026-09-01T00:00:00.000Z", number=9)
        later = progress(state, datetime(2026, 9, 2, tzinfo=UTC), [YOUNG, newest])
        later.finish()
        assert YOUNG["id"] not in state.counters
        assert progress(state, datetime(2026, 9, 3, tzinfo=UTC), [YOUNG, newest]).is_read(
            YOUNG, (4, 0)
        )

    def test_the_state_holds_eight_characters_for_each_message_with_events(self) -> None:
        messages = [message("2025-01-01T00:00:00.000Z", number=10 + each) for each in range(500)]
        assert len(self.older(messages, (7, 1)).fingerprints) == LENGTH * 500
        assert self.older(messages, (0, 0)).fingerprints == ""

    def test_a_state_of_an_older_version_has_them_rechecked(self) -> None:
        state = self.older([OLD], (1, 2))
        state.rechecked_at, state.fingerprints = None, ""
        first = progress(state, NOW + timedelta(days=1), [OLD, YOUNG])
        assert not first.is_due(OLD)
        first.finish()
        second = progress(state, NOW + timedelta(days=1) + PERIOD, [OLD, YOUNG])
        assert second.is_due(OLD)
        assert not second.is_read(OLD, (1, 2))


# Known events

KNOWN = Known(rows=1_200, latest="2026-03-19T10:00:00.000Z", digest="0123456789abcdef")


def with_known(*messages: Item, **options: Any) -> MessagesState:
    """Give the state of a complete run that has read several pages of each of some messages."""
    state = MessagesState()
    first = progress(state, **options)
    for each in messages:
        first.kind_done(each, "OPENED", KNOWN)
        first.done(each, is_complete=True, counters=(1_200,))
    first.finish()
    return state


def test_known_events_are_kept_until_their_kind_is_read_again() -> None:
    state = with_known(YOUNG)
    second = progress(state, NOW + timedelta(days=1))
    assert second.known(YOUNG, "OPENED") == KNOWN
    assert second.known(YOUNG, "CLICKED") is second.known(OLD, "OPENED") is None
    more = msgspec.structs.replace(KNOWN, rows=1_300)
    second.kind_done(YOUNG, "CLICKED", more)
    assert progress(state).known(YOUNG, "OPENED") == KNOWN
    assert progress(state).known(YOUNG, "CLICKED") == more
    second.kind_done(YOUNG, "CLICKED", None)
    assert state.known == {"s-1": {"OPENED": KNOWN}}
    second.kind_done(YOUNG, "OPENED", None)
    assert state.known == {}


def test_what_was_not_read_whole_changes_no_known_events() -> None:
    state = with_known(YOUNG)
    progress(state).done(YOUNG, is_complete=False, counters=(9,))
    assert progress(state).known(YOUNG, "OPENED") == KNOWN


def test_only_of_messages_in_view_events_are_known() -> None:
    state = with_known(OLD, YOUNG)
    assert state.known.keys() == {"s-1"}
    newest = message("2026-07-01T00:00:00.000Z", number=4)
    later = progress(state, datetime(2026, 7, 2, tzinfo=UTC), (YOUNG, newest))
    later.done(newest, is_complete=True)
    later.finish()
    assert state.known == {}


def test_of_no_more_than_so_many_messages_events_are_known() -> None:
    sent_at = YOUNG["sent_at"]
    messages = [message(sent_at, number=number) for number in range(MOST_KNOWN + 2)]
    state = with_known(*messages, messages=messages)
    assert state.known.keys() == {each["id"] for each in messages[2:]}


def test_known_events_do_not_hold_for_other_settings() -> None:
    state = with_known(YOUNG)
    wider = {**COVERS, "event_types": ["CLICKED", "OPENED", "SENT"]}
    assert progress(state, covers=wider).known(YOUNG, "OPENED") is None


def test_where_reading_begins_anew_the_checkpoint_stays() -> None:
    checkpoint = Checkpoint(started_at=timestamp_of(NOW), behind=("", "s-1"))
    state = with_known(YOUNG)
    state.checkpoint = checkpoint
    progress(state, is_continued=False)
    assert (state.checkpoint, state.counters, state.read_until) == (checkpoint, {}, "")


# What the plan foresees


def read_days_ago(days: float) -> MessageProgress:
    """Give what is remembered after a run that was complete so many days ago."""
    state = MessagesState()
    messages = [sent_days_ago(60)]
    earlier = progress(state, NOW - timedelta(days=days), messages)
    earlier.done(messages[0], is_complete=True)
    earlier.finish()
    return progress(state, NOW, messages)


def sent_days_ago(days: float, message_type: str = "SENT") -> Item:
    """Make a message that was sent so many days ago."""
    return message(timestamp_of(NOW - timedelta(days=days)), message_type)


def test_less_is_expected_of_a_message_the_older_it_is_and_more_after_a_pause() -> None:
    day, week = read_days_ago(1), read_days_ago(7)
    ages = [2, 10, 60]
    shares = [day.share_changed(sent_days_ago(age)) for age in ages]
    assert sorted(shares, reverse=True) == shares
    assert 0 < shares[-1] < 0.05 < shares[0] <= 1
    assert all(week.share_changed(sent_days_ago(age)) > 0 for age in ages)
    assert week.share_changed(sent_days_ago(60)) > 5 * shares[-1]
    always = day.share_changed(sent_days_ago(600, "TRIGGERED"))
    assert always > shares[1] > 10 * day.share_changed(sent_days_ago(600))


def test_new_is_what_was_sent_since_or_was_refused() -> None:
    later = read_days_ago(1)
    assert not later.is_new(sent_days_ago(60))
    assert later.is_new(sent_days_ago(59))
    later.done(sent_days_ago(60), is_complete=False)
    assert later.is_new(sent_days_ago(60))


# Size

MESSAGES = 2_000
IN_VIEW = 901
"""Of two thousand messages, one every 2.4 hours, those of the ninety days before the last."""


def test_two_thousand_messages_take_no_more_than_a_fingerprint_each() -> None:
    messages = [
        {
            "id": f"s-{number:04x}-2603",
            "message_type": "SENT",
            "sent_at": timestamp_of(NOW - number * timedelta(hours=2.4)),
        }
        for number in range(MESSAGES, 0, -1)
    ]
    state = MessagesState()
    sizes = []
    for day in range(2):
        run = progress(state, NOW + timedelta(days=day), messages)
        for each in messages:
            if run.is_due(each):
                run.done(each, is_complete=True, counters=(1_000, 10, 400, 80, 20, 5, 1))
        run.finish()
        assert len(state.counters) == IN_VIEW
        assert len(state.fingerprints) == LENGTH * (MESSAGES - IN_VIEW)
        sizes.append(len(msgspec.json.encode(state)))
    assert max(sizes) < LENGTH * MESSAGES + 50 * IN_VIEW
    assert sizes[1] == sizes[0]
