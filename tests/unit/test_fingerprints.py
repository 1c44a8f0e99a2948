"""Fingerprints of items that were read, and when unchanged items are re-checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.fingerprints import LENGTH, MOST_FINGERPRINTS, Fingerprints, is_due

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

pairs = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique=True)


@given(pairs, st.tuples(st.text(max_size=5), st.text(max_size=5)))
def test_what_was_added_is_known_and_nothing_else(
    added: list[tuple[str, str]], other: tuple[str, str]
) -> None:
    fingerprints = Fingerprints()
    for identity, evidence in added:
        fingerprints.add(identity, evidence)
    again = Fingerprints(fingerprints.text)
    assert len(fingerprints.text) == LENGTH * len(added)
    assert all(again.has(identity, evidence) for identity, evidence in added)
    assert again.has(*other) == (other in added)


@pytest.mark.parametrize("text", ["abc", "x" * 17])
def test_a_damaged_text_holds_no_fingerprints(text: str) -> None:
    assert not Fingerprints(text).has("1", "2")


def test_the_number_of_fingerprints_saved_is_bounded() -> None:
    text = "".join(f"{number:0{LENGTH}}" for number in range(MOST_FINGERPRINTS - 5))
    fingerprints = Fingerprints(text)
    assert fingerprints.text == text
    for number in range(10):
        fingerprints.add(str(number), "")
    assert len(fingerprints.text) == LENGTH * MOST_FINGERPRINTS


@given(
    st.text(),
    st.integers(1, 400),
    st.lists(st.integers(0, 400 * 24 * 3_600), min_size=1, max_size=20),
)
def test_each_item_is_due_once_in_a_period_however_often_the_tap_runs(
    identity: str, days: int, timestamps: list[int]
) -> None:
    period = timedelta(days=days)
    within = sorted({min(seconds, days * 24 * 3_600) for seconds in timestamps})
    runs = [NOW, *(NOW + timedelta(seconds=each) for each in within), NOW + period]
    written = [timestamp_of(run) for run in runs]
    due = [is_due(identity, since, now, period) for since, now in pairwise(written)]
    assert sum(due) == 1


def test_rechecks_are_spread_evenly() -> None:
    since, now = timestamp_of(NOW), timestamp_of(NOW + timedelta(days=1))
    due = [is_due(str(each), since, now, timedelta(days=30)) for each in range(3_000)]
    assert 60 < sum(due) < 140
