"""Which events of a kind are sent again, whatever has become of those sent before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.ids import IdNumbers
from tap_acton.streams.messages.new_events import new_events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_acton.records.reader import Record
    from tap_acton.state.stream_state import Known

Event = tuple[int, int]
"""The second at which an event happened, -1 for no timestamp, and the person."""


def records(events: Sequence[Event]) -> list[Record]:
    """Make records of events; identical ones are numbered."""
    times = [None if second < 0 else f"2026-03-01T00:00:{second:02}.000Z" for second, _ in events]
    numbers = IdNumbers()
    return [
        {"id": numbers.next_id(time, str(person)), "event_at": time}
        for time, (_, person) in zip(times, events, strict=True)
    ]


def read(events: Sequence[Event], known: Known | None = None) -> tuple[list[Record], Known]:
    """Read events, and say which are sent and what is known then."""
    new, now = new_events(lambda: records(events), known)
    return list(new), now


BEFORE = [(second, 0) for second in range(10)]
NEW = [(20, 0), (20, 0), (21, 1)]


def test_all_events_are_new_at_first() -> None:
    sent, known = read(BEFORE)
    assert sent == records(BEFORE)
    assert (known.rows, known.latest) == (10, "2026-03-01T00:00:09.000Z")
    assert len(known.digest) == 16


@pytest.mark.parametrize("new", [[], NEW[:1], NEW])
def test_later_events_are_sent_alone_in_whatever_order_all_come(new: list[Event]) -> None:
    _, known = read(BEFORE)
    for events in ([*BEFORE, *new], [*new, *BEFORE[::-1]], [*BEFORE[5:], *new, *BEFORE[:5]]):
        sent, now = read(events, known)
        assert sent == records(new)
        assert now == read(events)[1]


CHANGES: dict[str, Callable[[list[Event]], list[Event]]] = {
    "one came late": lambda events: [*events, (5, 1)],
    "one came late that is identical to another": lambda events: [*events, (5, 0)],
    "one has the time of the latest": lambda events: [*events, (9, 1)],
    "one has no timestamp": lambda events: [*events, (-1, 0)],
    "one was deleted": lambda events: events[1:],
    "the latest was deleted": lambda events: events[:-1],
    "one was deleted and another came late": lambda events: [*events[1:], (5, 1)],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("new", [[], NEW])
def test_all_events_are_sent_again_after_any_other_change(change: str, new: list[Event]) -> None:
    _, known = read(BEFORE)
    events = [*CHANGES[change](BEFORE), *new]
    assert read(events, known)[0] == records(events)


EVENTS = st.lists(st.tuples(st.integers(-1, 12), st.integers(0, 2)), max_size=12)
DAYS = st.lists(st.tuples(EVENTS, st.sets(st.integers(0, 30), max_size=3), st.randoms()))


@given(days=DAYS)
def test_every_event_is_sent_whatever_the_days_bring(
    days: list[tuple[list[Event], set[int], object]],
) -> None:
    there: list[Event] = []
    known: Known | None = None
    sent: set[str] = set()
    for added, deleted, dice in days:
        there = [event for place, event in enumerate(there) if place not in deleted] + added
        dice.shuffle(there)  # type: ignore[attr-defined] # a random.Random
        new, known = read(there, known)
        sent |= {record["id"] for record in new}
        assert {record["id"] for record in records(there)} <= sent
