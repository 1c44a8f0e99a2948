"""Stretches of time: they cover all timestamps, and hold only what proves to be theirs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.streams.audience_center.time_slices import (
    Sample,
    Window,
    begin_of,
    is_heeded,
    is_torn,
)

NOW = 1_774_008_000


def leaves(window: Window, most_cuts: int) -> list[Window]:
    """Cut a stretch again and again."""
    at = window.middle(NOW) if most_cuts else None
    if at is None:
        return [window]
    earlier, later = window.cut(at)
    return [*leaves(earlier, most_cuts - 1), *leaves(later, most_cuts - 1)]


@given(
    st.sampled_from([None, 0, NOW - 400, NOW - 10_000_000]),
    st.sampled_from([None, NOW, NOW + 5]),
    st.integers(0, (NOW + 10) * 1_000),
    st.tuples(st.booleans(), st.booleans()),
)
def test_every_timestamp_is_in_a_stretch_however_the_filters_are_meant(
    begin: int | None, end: int | None, timestamp_ms: int, compares: tuple[bool, bool]
) -> None:
    window = Window("/contact", begin=begin, end=end)
    inclusive, exact = compares
    compared = timestamp_ms / 1_000 if exact else timestamp_ms // 1_000
    is_in = (begin or 0) * 1_000 <= timestamp_ms and (end is None or timestamp_ms < end * 1_000)
    holds = 0
    for piece in leaves(window, 6):
        after = piece.parameters.get("updatedAfter", -1)
        before = piece.parameters.get("updatedBefore", NOW * 2)
        assert isinstance(after, int)
        assert isinstance(before, int)
        if inclusive:
            holds += after <= compared <= before
        else:
            holds += after < compared < before
    assert holds >= is_in
    assert holds <= 3


def test_the_parts_follow_one_another() -> None:
    pieces = leaves(Window("/contact"), 5)
    assert pieces[0].begin is None
    assert pieces[-1].end is None
    for earlier, later in pairwise(pieces):
        assert earlier.end == later.begin == begin_of(later.subject)


@pytest.mark.parametrize("window", [Window("/", begin=5, end=6), Window("/", begin=NOW)])
def test_a_second_cannot_be_cut(window: Window) -> None:
    assert window.middle(NOW) is None
    assert Sample([5, 5], 2).cut_at(window, NOW) is None


def test_there_is_no_cut_where_a_row_does_not_tell_when_it_changed() -> None:
    assert Sample([1_000, 2_000], 9).cut_at(Window("/"), NOW) == 2_000
    assert Sample([1_000, None, 3_000], 9).cut_at(Window("/"), NOW) is None
    assert Sample([], 9).cut_at(Window("/"), NOW) is None


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (Sample([10, 999], 4), Sample([1_000, 2_000], 6), True),
        # To the minute, as some spellings tell it.
        (Sample([10], 4), Sample([960], 6), True),
        (Sample([], 0), Sample([1_000], 10), True),
        # Ignored.
        (Sample([10, 2_000], 10), Sample([10, 2_000], 10), False),
        (Sample([1_000], 10), Sample([1_000], 10), False),
        (Sample([1_000], None), Sample([1_000], None), False),
        (Sample([10], 4), Sample([10], 6), False),
        # Some are in neither.
        (Sample([10], 4), Sample([1_000], 5), False),
        (Sample([], 0), Sample([], 0), False),
        (Sample([], None), Sample([], None), False),
        (Sample([None], 4), Sample([1_000], 6), False),
    ],
)
def test_the_filters_have_to_prove_themselves(
    earlier: Sample, later: Sample, *, expected: bool
) -> None:
    assert is_heeded(1_000, Sample([10, 1_000], 10), earlier, later) is expected


def test_parts_are_torn_where_they_hold_fewer_than_the_whole() -> None:
    whole = Sample([1, 2], 10)
    assert is_torn(whole, Sample([1], 4), Sample([2], 5))
    assert not is_torn(whole, Sample([1], 4), Sample([2], 7))
    assert not is_torn(whole, Sample([1], None), Sample([2], 5))


@pytest.mark.parametrize("subject", ["", "changed from ", "changed from soon", "contact 5"])
def test_another_subject_tells_no_beginning(subject: str) -> None:
    assert begin_of(subject) is None
