"""Prints of what was read, and the turns of what rests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.fingerprints import MOST_PRINTS, PRINT_LENGTH, Prints, has_turn

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

pairs = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique=True)


@given(pairs, st.tuples(st.text(max_size=5), st.text(max_size=5)))
def test_what_was_added_is_known_and_nothing_else(
    added: list[tuple[str, str]], other: tuple[str, str]
) -> None:
    prints = Prints()
    for identity, evidence in added:
        prints.add(identity, evidence)
    again = Prints(prints.written)
    assert len(prints.written) == PRINT_LENGTH * len(added)
    assert all(again.has(identity, evidence) for identity, evidence in added)
    assert again.has(*other) == (other in added)


@pytest.mark.parametrize("kept", [None, 7, [], {}, "abc", "x" * 17])
def test_what_makes_no_sense_holds_no_prints(kept: object) -> None:
    assert not Prints(kept).has("1", "2")


def test_no_more_prints_are_written_than_a_state_can_bear() -> None:
    prints = Prints()
    for number in range(MOST_PRINTS + 10):
        prints.add(str(number), "")
    assert len(prints.written) == PRINT_LENGTH * MOST_PRINTS


@given(
    st.text(),
    st.integers(1, 400),
    st.lists(st.integers(0, 400 * 24 * 3_600), min_size=1, max_size=20),
)
def test_each_thing_has_one_turn_in_a_period_however_it_is_divided(
    identity: str, days: int, timestamps: list[int]
) -> None:
    period = timedelta(days=days)
    within = sorted({min(seconds, days * 24 * 3_600) for seconds in timestamps})
    runs = [NOW, *(NOW + timedelta(seconds=each) for each in within), NOW + period]
    written = [timestamp_of(run) for run in runs]
    turns = [has_turn(identity, since, now, period) for since, now in pairwise(written)]
    assert sum(turns) == 1


def test_turns_are_spread_evenly() -> None:
    since, now = timestamp_of(NOW), timestamp_of(NOW + timedelta(days=1))
    turns = [has_turn(str(each), since, now, timedelta(days=30)) for each in range(3_000)]
    assert 60 < sum(turns) < 140
