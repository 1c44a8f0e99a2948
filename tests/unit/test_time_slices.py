"""Slices of time: they cover all timestamps, and hold only what proves to be theirs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.streams.audience_center.time_slices import (
    DAY_SECONDS,
    Sample,
    TimeSlice,
    is_heeded,
    is_torn,
    second_of,
)

NOW = 1_774_008_000
SPANS = st.builds(
    TimeSlice,
    st.sampled_from([None, 0, NOW - 400, NOW - 10_000_000]),
    st.sampled_from([None, NOW, NOW + 5]),
)


def leaves(span: TimeSlice, most_cuts: int) -> list[TimeSlice]:
    """Cut a slice again and again."""
    parts = span.parts(NOW) if most_cuts else []
    if not parts:
        return [span]
    return [leaf for part in parts for leaf in leaves(part, most_cuts - 1)]


@given(SPANS, st.integers(0, (NOW + 10) * 1_000), st.tuples(st.booleans(), st.booleans()))
def test_every_timestamp_is_in_a_slice_however_the_filters_are_meant(
    span: TimeSlice, timestamp_ms: int, compares: tuple[bool, bool]
) -> None:
    inclusive, exact = compares
    compared = timestamp_ms / 1_000 if exact else timestamp_ms // 1_000
    begin, end = span.begin or 0, span.end
    is_in = begin * 1_000 <= timestamp_ms and (end is None or timestamp_ms < end * 1_000)
    holds = 0
    for part in leaves(span, 4):
        after = int(part.filters.get("updatedAfter", -1))
        before = int(part.filters.get("updatedBefore", NOW * 2))
        if inclusive:
            holds += after <= compared <= before
        else:
            holds += after < compared < before
    assert holds >= is_in
    assert holds <= 3


@given(SPANS)
def test_the_parts_follow_one_another_and_so_do_their_places(span: TimeSlice) -> None:
    parts = leaves(span, 3)
    assert parts[0].begin == span.begin
    assert parts[-1].end == span.end
    assert all(earlier.end == later.begin for earlier, later in pairwise(parts))
    places = [part.place for part in parts]
    assert places == sorted(set(places))
    assert places[-1] == span.place


def test_slices_are_the_longer_the_older_they_are() -> None:
    parts = TimeSlice().parts(NOW)
    days = [(NOW - (part.begin or 0)) / DAY_SECONDS for part in parts[1:]]
    assert days == [4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1]


@given(SPANS)
def test_a_slice_is_read_back_from_its_filters(span: TimeSlice) -> None:
    assert all(TimeSlice.of(part.filters) == part for part in [span, *span.parts(NOW)])


@pytest.mark.parametrize(
    ("span", "subject"),
    [
        (TimeSlice(), ""),
        (TimeSlice(None, 5), "changed before 1970-01-01T00:00:05.000Z"),
        (TimeSlice(5, 9), "changed from 1970-01-01T00:00:05.000Z"),
    ],
)
def test_a_slice_is_named_by_its_beginning(span: TimeSlice, subject: str) -> None:
    assert span.subject == subject


def test_the_place_of_a_slice_is_the_end_of_what_was_read_with_it() -> None:
    assert TimeSlice(5, NOW).place == ("2026-03-20T12:00:00.000Z",)
    assert second_of(TimeSlice(5, NOW).place[0]) == NOW
    assert TimeSlice(5).place > ("2026-03-20T12:00:00.000Z",)


@pytest.mark.parametrize("span", [TimeSlice(5, 6), TimeSlice(NOW)])
def test_a_second_cannot_be_cut(span: TimeSlice) -> None:
    assert span.parts(NOW) == span.halves(NOW) == span.cut([5, NOW]) == []


def test_there_is_no_median_where_a_row_does_not_say_when_it_changed() -> None:
    assert Sample([1_000, 2_000], 9).median == 2_000
    assert Sample([1_000, None, 3_000], 9).median is None
    assert Sample([], 9).median is None


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (Sample([10, 999], 4), Sample([1_000, 2_000], 6), True),
        # To the minute, as some spellings have it.
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
