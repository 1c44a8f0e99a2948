"""Rows that move while a query is read: how that shows, and what is read again."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_acton.api.old_pagination import MOST_STEPS_BACK, OffsetPages, Page
from tap_acton.errors import AllowanceSpentError, RejectedCallError
from tap_acton.streams.base.versions import Tally
from tap_acton.sync.answers import Answer, Query, RunningNumbers, behind_border, with_border
from tap_acton.sync.readings import MOST_PAGES_AGAIN, MOST_READINGS, Reading, Readings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUERY = Query("/contact", subject="all")
Told = tuple[str, int | None]


def answers_of(query: Query, pages: Sequence[Told]) -> list[Answer]:
    """Make answers of the ids of their rows and the total told with them."""
    return [Answer(query, [{"id": one} for one in ids], total) for ids, total in pages]


def reading(*pages: Told) -> Reading:
    """Read pages."""
    found = Reading(QUERY)
    for answer in answers_of(QUERY, pages):
        found.add(answer)
    return found


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([("abc", 6), ("def", 6)], False),
        ([("abc", None), ("de", None)], False),
        # The last of a page comes again: one has come in, none has gone.
        ([("abc", 6), ("cde", 7), ("f", 7)], False),
        ([("abc", 6), ("efg", 5)], True),
        ([("abc", 6), ("cde", 6)], True),
        ([("abc", 6), ("def", 5)], True),
    ],
)
def test_rows_that_moved_away_are_noticed(pages: list[Told], *, expected: bool) -> None:
    assert reading(*pages).is_short is expected


def test_a_page_that_does_not_begin_at_the_border_is_noticed() -> None:
    found = Reading(QUERY)
    found.add(Answer(QUERY, [{"id": "a"}], has_moved=True))
    assert found.is_short


def test_the_very_same_twice_has_not_moved() -> None:
    first = reading(("abc", 9), ("de", 9))
    assert first.is_short
    assert reading(("abc", 9), ("de", 9)).is_as(first)
    assert not reading(("abc", 9), ("df", 9)).is_as(first)
    assert not reading(("abc", 9), ("de", 8)).is_as(first)


class Source:
    """Gives a query's pages, another time other ones."""

    def __init__(self, *readings: Sequence[Told]) -> None:
        self.left = deque(readings)
        self.asked: list[int] = []
        self.readings = Readings(self.read, self.renewed, self.give_up)

    def read(self, query: Query) -> Iterator[Answer]:
        self.asked.append(query.again)
        yield from answers_of(query, self.left.popleft())

    def renewed(self, query: Query) -> Query | None:
        return replace(query, again=query.again + 1)

    def give_up(self, query: Query) -> Answer:
        return Answer(query, gone=RejectedCallError("moved"))

    def settled(self, *queries: Query) -> list[str]:
        """Read queries, and give the ids of all rows, page by page."""

        def first() -> Iterator[Answer]:
            for query in queries or (QUERY,):
                yield from answers_of(query, self.left.popleft())

        return [
            "gone" if answer.gone else "".join(row["id"] for row in answer.rows)
            for answer in self.readings.settled(first())
        ]


def test_what_rests_is_read_once() -> None:
    source = Source([("abc", 4), ("d", 4)])
    assert source.settled() == ["abc", "d"]
    assert source.asked == []


def test_what_moved_is_read_again_before_the_next_query() -> None:
    source = Source([("abd", 3)])

    def both() -> Iterator[Answer]:
        yield from answers_of(QUERY, [("abc", 4), ("", 3)])
        yield from answers_of(Query("/other"), [("x", 1)])

    found = source.readings.settled(both())
    assert ["".join(row["id"] for row in one.rows) for one in found] == ["abc", "", "abd", "x"]
    assert source.asked == [1]


def test_what_never_rests_is_given_up() -> None:
    source = Source(*[[("abc", 9 - number), ("d", 8 - number)] for number in range(9)])
    assert source.settled() == [*["abc", "d"] * MOST_READINGS, "gone"]
    assert source.asked == [1, 2]


def test_a_total_of_something_else_is_found_out_once() -> None:
    source = Source([("abc", 9)], [("abc", 9)])
    assert source.settled() == ["abc", "abc"]
    source.left.append([("de", 9)])
    assert source.settled() == ["de"]
    # One that falls shows that rows went all the same.
    source.left.extend([[("de", 9), ("f", 8)], [("de", 8), ("f", 8)]])
    assert source.settled() == ["de", "f", "de", "f"]


def test_a_query_of_very_many_pages_is_not_read_again() -> None:
    pages = [("a", 900 - number) for number in range(MOST_PAGES_AGAIN + 1)]
    assert Source(pages).settled() == ["a"] * len(pages) + ["gone"]


def test_what_cannot_be_read_again_is_left_as_it_is() -> None:
    source = Source([("abc", 9)])
    source.readings = Readings(source.read, lambda _: None, source.give_up)
    assert source.settled() == ["abc"]


@pytest.mark.parametrize(("total", "expected"), [(3, "next"), (4, "all")])
def test_where_the_allowance_ends_a_query_with_a_gap_is_not_through(
    total: int, expected: str
) -> None:
    def spent() -> Iterator[Answer]:
        yield from answers_of(QUERY, [("abc", total)])
        error = AllowanceSpentError("spent")
        error.subject = "next"
        raise error

    with pytest.raises(AllowanceSpentError) as failure:
        list(Source().readings.settled(spent()))
    assert failure.value.subject == expected


def test_a_second_reading_is_counted_by_itself() -> None:
    again = replace(QUERY, again=1)
    for second, is_short in (("abcd", False), ("abc", True)):
        tally = Tally()
        for answer in [*answers_of(QUERY, [("abc", 4)]), *answers_of(again, [(second, 4)])]:
            tally.add(answer)
        tally.close()
        assert tally.is_short is is_short


def test_rows_of_a_second_reading_get_the_ids_of_the_first() -> None:
    numbers = RunningNumbers()
    first = [numbers.identify(("l-1", 0), "l-1", "a") for _ in range(2)]
    assert [numbers.identify(("l-1", 1), "l-1", "a") for _ in range(2)] == first


# Where no total is told

ROWS = [{"id": one} for one in "abcdef"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [("cde", "de"), ("c", ""), ("xycd", "d"), ("de", None), ("", None)],
)
def test_a_page_begins_behind_the_border(rows: str, expected: str | None) -> None:
    page = with_border(Page(2, overlap=1), ROWS[:3])
    new = behind_border(page, [{"id": one} for one in rows])
    assert new == (None if expected is None else [{"id": one} for one in expected])


def test_a_page_without_a_border_is_as_it_is() -> None:
    page = with_border(Page(3), ROWS[:3])
    assert behind_border(page, ROWS) is ROWS


def test_the_page_further_in_front_is_looked_at_for_the_same_border() -> None:
    paging = OffsetPages(100)
    page = Page(250, previous=b"x", overlap=1, border=b"y", steps_back=2)

    assert paging.back(page) == Page(150, overlap=1, border=b"y", steps_back=3)
    assert paging.back(replace(page, offset=30)) == Page(0, overlap=1, border=b"y", steps_back=3)
    assert paging.back(replace(page, offset=0)) is None
    assert paging.back(replace(page, steps_back=MOST_STEPS_BACK)) is None
    (following,) = paging.following(page, 100, None, b"z")
    assert following.steps_back == 2


def test_the_border_is_looked_for_further_in_front_a_few_times() -> None:
    paging = OffsetPages(100)
    page: Page | None = Page(250, previous=b"x", overlap=1, border=b"y")
    offsets = []
    while page is not None:
        offsets.append(page.offset)
        page = paging.back(page)
    assert offsets == [250, 150, 50, 0]

    page = Page(100_000, overlap=1, border=b"y")
    for _ in range(MOST_STEPS_BACK):
        following = paging.back(page)
        assert following is not None
        (page,) = paging.following(following, 100, None, b"z")
    assert paging.back(page) is None
