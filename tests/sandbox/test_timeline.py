"""The account's history: a later timestamp is an earlier one and what happened since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from acton_sandbox import Account
from acton_sandbox.timestamps import DAY
from acton_sandbox.truth import truth_of

if TYPE_CHECKING:
    from acton_sandbox.entities import Event

FIRST = datetime(2025, 1, 8, tzinfo=UTC)
TIMESTAMPS = st.integers(0, 400 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


def _events(account: Account) -> dict[str, set[Event]]:
    return {m.id: {e for rows in m.events.values() for e in rows} for m in account.all_messages}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), now=TIMESTAMPS)
def test_a_day_later_everything_that_happened_is_still_there(seed: int, now: datetime) -> None:
    today = Account.generate(seed, "small", now)
    tomorrow = today.next_day()
    before, after = _events(today), _events(tomorrow)
    for message_id, events in before.items():
        assert events <= after[message_id]
        assert all(event.visible_at > today.now_ms for event in after[message_id] - events)
    for list_today in (today.hard_bounces, today.spam_complaints, today.opt_outs):
        assert all(row.visible_at <= today.now_ms for row in list_today)
    assert set(today.opt_outs) <= set(tomorrow.opt_outs)
    assert set(today.hard_bounces) <= set(tomorrow.hard_bounces)
    for category, later in zip(today.categories, tomorrow.categories, strict=True):
        assert set(category.opt_outs) <= set(later.opt_outs)
    for day, counts in today.day_counts.items():
        assert tomorrow.day_counts[day].sent >= counts.sent


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000), now=TIMESTAMPS, steps=st.integers(1, 3))
def test_moving_the_clock_is_the_same_as_starting_later(
    seed: int, now: datetime, steps: int
) -> None:
    moved = Account.generate(seed, "small", now)
    for _ in range(steps):
        moved = moved.next_day()
    assert truth_of(moved) == truth_of(Account.generate(seed, "small", now + timedelta(days=steps)))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), now=TIMESTAMPS)
def test_rows_change_only_when_their_timestamp_says_so(seed: int, now: datetime) -> None:
    today = Account.generate(seed, "small", now)
    tomorrow = today.next_day()
    for item in today.lists:
        later = tomorrow.list_by_id.get(item.id)
        if later is None:
            continue
        rows = {row.contact_id: row for row in item.rows}
        for row in later.rows:
            if rows.get(row.contact_id) != row:
                assert row.modified_at > today.now_ms
                assert later.modified_at >= row.modified_at
    assert all(
        row.created_at <= row.modified_at <= today.now_ms
        for item in today.lists
        for row in item.rows
    )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), days=st.integers(20, 400))
def test_every_day_brings_something_of_each_kind(seed: int, days: int) -> None:
    today = Account.generate(seed, "small", FIRST + timedelta(days=days, hours=12))
    tomorrow = today.next_day()
    messages, later = set(today.message_by_id), set(tomorrow.message_by_id)
    assert later - messages, "a new message"
    assert messages - later, "a deleted message"
    assert set(tomorrow.list_by_id) - set(today.list_by_id), "a new list"
    rows = {row for item in today.lists for row in item.rows}
    assert {row for item in tomorrow.lists for row in item.rows} - rows, "a changed row"
    before, after = _events(today), _events(tomorrow)
    new = [event for key, events in after.items() for event in events - before.get(key, set())]
    assert any(event.at > today.now_ms for event in new), "a new event"
    assert any(event.drilldown == "BOUNCED" for event in new), "a bounce"
    assert len(tomorrow.hard_bounces) >= len(today.hard_bounces)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), days=st.integers(20, 400))
def test_every_week_brings_an_event_that_is_recorded_late(seed: int, days: int) -> None:
    account = Account.generate(seed, "small", FIRST + timedelta(days=days, hours=12))
    late = []
    for _ in range(7):
        before, account = account, account.next_day()
        met, found = _events(before), _events(account)
        new = [event for key, events in found.items() for event in events - met.get(key, set())]
        late += [event for event in new if event.at < before.now_ms - DAY]
    assert late


def test_nothing_shows_before_its_timestamp(standard_account: Account) -> None:
    now = standard_account.now_ms
    assert all(
        event.visible_at <= now and event.at <= event.visible_at
        for message in standard_account.messages
        for events in message.events.values()
        for event in events
    )
    assert all(m.sent_at <= now for m in standard_account.messages if m.type != "SCHEDULED")
