"""Which rows of a drilldown prove to be all new ones, whatever has been done to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_acton.streams.messages.borders import OVERLAP, Border, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_acton.streams.messages.borders import Seen

NOW = "2026-03-20T12:00:00.000Z"


def event(second: int, person: int = 0) -> Seen:
    timestamp = f"2026-03-01T00:00:{second:02}.000Z"
    return timestamp, ("s-1", "OPENED", f"l-1:{person}", timestamp)


def border_of(rows: Sequence[Seen], *, page: int = 4) -> Border | None:
    reading = Reading()
    for at in range(0, len(rows), page):
        reading.turn_page(len(rows))
        for timestamp, identity in rows[at : at + page]:
            reading.add(timestamp, identity)
    return reading.border(NOW)


def known_border(rows: Sequence[Seen]) -> Border:
    border = border_of(rows)
    assert border is not None
    return border


def passed(border: Border, rows: Sequence[Seen], page: int = 100) -> Sequence[Seen] | None:
    """Ask for what a border asks for, in one page or as many as it takes."""
    end = border.start + max(page, border.needed(len(rows)))
    found = rows[border.start : end]
    new = border.passed(found, len(rows))
    return None if new is None else found[new[0]]


OLDEST_FIRST = [event(second) for second in range(10)]
ORDERS = {"oldest": OLDEST_FIRST, "newest": OLDEST_FIRST[::-1]}


def with_new(rows: Sequence[Seen], *new: Seen) -> list[Seen]:
    """Put new rows where the order of the others has them."""
    is_newest_first = rows[0][0] > rows[-1][0]  # type: ignore[operator]
    return sorted([*rows, *new], key=lambda row: row[0] or "", reverse=is_newest_first)


# What is remembered


@pytest.mark.parametrize("order", ORDERS)
def test_a_border_is_where_new_rows_come(order: str) -> None:
    border = known_border(ORDERS[order])
    assert (border.rows, border.newest, border.whole_at) == (10, OLDEST_FIRST[-1][0], NOW)
    assert border.is_newest_first == (order == "newest")
    assert border.start == (0 if border.is_newest_first else 10 - OVERLAP)
    assert Border.of_text(border.text) == border


@pytest.mark.parametrize(
    "rows",
    [
        [event(3), *OLDEST_FIRST],
        [event(1, person) for person in range(10)],
        [*OLDEST_FIRST, (None, ("s-1", "OPENED", None, None))],
        OLDEST_FIRST[: OVERLAP - 1],
        [],
    ],
    ids=["no order", "one timestamp", "a row without a timestamp", "few rows", "none"],
)
def test_rows_without_an_order_have_no_border(rows: list[Seen]) -> None:
    assert border_of(rows) is None


@pytest.mark.parametrize("totals", [(10, 11), (11, 11), (9, 9), (10, None)])
def test_rows_that_moved_while_they_were_read_have_no_border(
    totals: tuple[int | None, ...],
) -> None:
    reading = Reading()
    for total in totals:
        reading.turn_page(total)
    for timestamp, identity in OLDEST_FIRST:
        reading.add(timestamp, identity)
    assert reading.border(NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "10 oldest",
        f"ten oldest {NOW} 0123456789ab {NOW}",
        f"4 oldest {NOW} 0123456789ab {NOW}",
        f"10 sorted {NOW} 0123456789ab {NOW}",
        f"10 oldest {NOW} 0123456789ab yesterday",
    ],
)
def test_what_is_no_border_is_taken_for_none(text: object) -> None:
    assert Border.of_text(text) is None


# What is proven


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("new", [[], [event(20)], [event(20), event(20), event(21)]])
@pytest.mark.parametrize("page", [1, 7, 100])
def test_later_rows_are_found(order: str, new: list[Seen], page: int) -> None:
    rows = ORDERS[order]
    found = passed(known_border(rows), with_new(rows, *new), page)
    assert found is not None
    assert sorted(found) == new


CHANGES: dict[str, Callable[[list[Seen]], list[Seen]]] = {
    "one came late": lambda rows: with_new(rows, event(5, 1)),
    "one came late beside a new one": lambda rows: with_new(rows, event(5, 1), event(20)),
    "one has the latest timestamp": lambda rows: with_new(rows, event(9, 1)),
    "one is gone": lambda rows: with_new([row for row in rows if row != event(5)]),
    "one is gone beside a new one": lambda rows: with_new(
        [row for row in rows if row != event(5)], event(20)
    ),
    "the latest is gone": lambda rows: with_new([row for row in rows if row != event(9)]),
    "all are gone": lambda rows: rows[:0],
    "one has no timestamp": lambda rows: (
        [*rows, (None, ())] if rows[0] == event(0) else [(None, ()), *rows]
    ),
    "the order is another": lambda rows: [*rows, event(20)][::-1],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("change", CHANGES)
def test_anything_else_is_read_whole(order: str, change: str) -> None:
    rows = ORDERS[order]
    assert passed(known_border(rows), CHANGES[change](rows)) is None


@pytest.mark.parametrize("order", ORDERS)
def test_too_few_rows_prove_nothing(order: str) -> None:
    rows = ORDERS[order]
    border = known_border(rows)
    found = with_new(rows, event(20))[border.start :][:OVERLAP]
    assert border.passed(found, len(rows) + 1) is None


def test_more_rows_than_the_total_prove_nothing() -> None:
    border = known_border(OLDEST_FIRST)
    found = [*OLDEST_FIRST, event(20), event(21)][border.start :]
    assert border.passed(found, 11) is None


SECONDS = st.integers(0, 30)
PEOPLE = st.integers(0, 3)
EVENTS = st.lists(st.builds(event, SECONDS, PEOPLE), max_size=25)


@example(before=OLDEST_FIRST, new=[event(20)], gone=set(), order="newest")
@example(before=OLDEST_FIRST, new=[event(20)], gone=set(), order="oldest")
@given(
    before=EVENTS,
    new=EVENTS,
    gone=st.sets(st.integers(0, 24), max_size=3),
    order=st.sampled_from(["oldest", "newest", "people"]),
)
def test_no_new_row_is_left_out(
    before: list[Seen], new: list[Seen], gone: set[int], order: str
) -> None:
    def listed(rows: list[Seen]) -> list[Seen]:
        if order == "people":
            return sorted(rows, key=lambda row: row[1][2] or "")
        return sorted(rows, key=lambda row: row[0] or "", reverse=order == "newest")

    known = listed(before)
    border = border_of(known)
    if border is None:
        return
    kept = [row for at, row in enumerate(known) if at not in gone]
    now = listed([*kept, *new])
    found = passed(border, now)
    if found is None:
        return
    # Never more than there is; and all of it, if nothing has been taken away.
    remaining = list(new)
    for row in found:
        remaining.remove(row)
    assert not remaining or len(kept) < len(known)
    whole = border_of(now)
    moved = border.passed(now[border.start :][: border.needed(len(now))], len(now))
    assert moved is not None
    if whole is not None and len(kept) == len(known):
        assert moved[1] == whole


@given(before=EVENTS, new=st.lists(st.builds(event, st.integers(31, 59), PEOPLE), max_size=9))
def test_rows_that_only_grow_are_never_read_whole_again(
    before: list[Seen], new: list[Seen]
) -> None:
    for is_newest_first in (False, True):
        known = sorted(before, reverse=is_newest_first)
        border = border_of(known)
        if border is not None:
            now = sorted([*known, *new], reverse=is_newest_first)
            assert sorted(passed(border, now) or []) == sorted(new)
            moved = border.passed(now[border.start :][: border.needed(len(now))], len(now))
            assert moved is not None
            assert replace(moved[1], whole_at="") == replace(known_border(now), whole_at="")
