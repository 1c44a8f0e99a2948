"""Which pages follow a page, against servers that are simulated in a few lines."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.pagination import (
    FIRST_PAGE,
    PAGES_AHEAD,
    NumberedPaging,
    OffsetPaging,
    OptionalPaging,
    Page,
    TokenPaging,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_acton.api.pagination import Paging

TOO_MANY_CALLS = 5_000


@dataclass
class Server:
    """Serves rows by ``count`` and ``offset``, or by number and size.

    Attributes:
        rows: The rows, numbered, so that each can be told from the others.
        caps: The most rows that it returns at once, call by call; the last one holds on.
        on_call: Called before each call is served.
        calls: The parameters of each call.
    """

    rows: list[int]
    caps: tuple[int, ...] = (1000,)
    on_call: Callable[[Server], None] = lambda _: None
    calls: list[Mapping[str, Any]] = field(default_factory=list)

    def page(self, parameters: Mapping[str, Any]) -> list[int]:
        cap = self.caps[min(len(self.calls), len(self.caps) - 1)]
        self.calls.append(parameters)
        assert len(self.calls) < TOO_MANY_CALLS, "the reading does not end"
        self.on_call(self)
        if "page" in parameters:
            size = min(parameters["pageSize"], cap)
            return self.rows[parameters["page"] * size :][:size]
        start, count = parameters.get("offset", 0), parameters.get("count", cap)
        return self.rows[start : start + min(count, cap)]


def planned(paging: Paging, server: Server, *, last_first: bool = False) -> list[int]:
    """Read the pages that totals lead to, in their order or in the opposite one."""
    waiting: deque[Page] = deque([FIRST_PAGE])
    came: list[tuple[int, list[int]]] = []
    while waiting:
        page = paging.settled(waiting.pop() if last_first else waiting.popleft())
        rows = server.page(paging.parameters(page))
        came.append((page.offset, rows))
        waiting.extend(paging.plan(page, len(rows), len(server.rows)))
    return [row for _, rows in sorted(came) for row in rows]


def one_by_one(paging: Paging, server: Server) -> list[int]:
    """Read each page behind the last one, up to an empty one."""
    came: list[int] = []
    page: Page | None = FIRST_PAGE
    while page is not None:
        page = paging.settled(page)
        rows = server.page(paging.parameters(page))
        came += rows
        page = paging.behind(page, len(rows)) if rows else None
    return came


def rows_of(count: int) -> list[int]:
    return list(range(count))


FIRST = Page(size=100)


class TestOffsets:
    """Pages by ``count`` and ``offset``."""

    def test_the_first_page_is_requested_with_its_size_since_the_default_is_not_documented(
        self,
    ) -> None:
        paging = OffsetPaging(250)
        assert paging.parameters(paging.settled(FIRST_PAGE)) == {"count": 250, "offset": 0}

    def test_a_page_whose_end_is_known_requests_no_more_than_that(self) -> None:
        page = Page(700, 900, size=1000)
        assert OffsetPaging(1000).parameters(page) == {"count": 200, "offset": 700}

    def test_no_page_is_larger_than_allowed(self) -> None:
        page = Page(0, 5000, size=1000)
        assert OffsetPaging(1000).parameters(page) == {"count": 1000, "offset": 0}

    def test_a_size_is_settled_once(self) -> None:
        paging = OffsetPaging(250)
        page = paging.settled(Page(250, 500))
        assert page == Page(250, 500, size=250)
        paging.size = 100
        assert paging.settled(page) is page
        assert paging.settled(FIRST_PAGE) == FIRST

    def test_a_page_has_room_for_the_last_row_of_the_one_before_it(self) -> None:
        assert OffsetPaging(1).size == 2

    def test_a_page_of_fewer_rows_shows_whether_sizes_are_heeded(self) -> None:
        paging = OffsetPaging(100)
        assert paging.parameters(paging.settled(paging.smaller(7))) == {"count": 6, "offset": 0}

    @pytest.mark.parametrize(
        ("rows", "offsets"),
        [
            (0, [0]),
            (1, [0]),
            (99, [0]),
            (100, [0]),
            (101, [0, 100]),
            (200, [0, 100]),
            (250, [0, 100, 200]),
            (300, [0, 100, 200]),
        ],
    )
    def test_as_many_pages_are_planned_as_there_are(self, rows: int, offsets: list[int]) -> None:
        server = Server(rows_of(rows))
        assert planned(OffsetPaging(100), server) == rows_of(rows)
        assert [call["offset"] for call in server.calls] == offsets

    def test_the_first_page_shows_all_the_others_and_only_the_last_may_have_more_behind(
        self,
    ) -> None:
        following = OffsetPaging(100).plan(FIRST, rows=100, total=420)
        assert following == [Page(100, 200), Page(200, 300), Page(300, 400), Page(400)]

    def test_a_server_that_returns_smaller_pages_is_read_in_those(self) -> None:
        server = Server(rows_of(100), caps=(30,))
        assert planned(OffsetPaging(100), server) == rows_of(100)
        assert [call["offset"] for call in server.calls] == [0, 30, 60, 90]

    def test_a_page_that_is_short_in_the_middle_is_continued_behind_its_last_row(self) -> None:
        server = Server(rows_of(400), caps=(100, 40, 100))
        assert planned(OffsetPaging(100), server) == rows_of(400)
        # The rest of the second page, and no more than the rest.
        assert {"count": 60, "offset": 140} in server.calls
        assert len(server.calls) == 5

    @pytest.mark.parametrize("page", [FIRST, Page(100, 200, size=100), Page(300, size=100)])
    def test_nothing_is_planned_behind_an_empty_page(self, page: Page) -> None:
        assert OffsetPaging(100).plan(page, rows=0, total=400) == []

    @pytest.mark.parametrize(("rows", "total"), [(100, 7), (100, None), (250, 250), (250, 249)])
    def test_nothing_is_planned_where_no_total_promises_more(
        self, rows: int, total: int | None
    ) -> None:
        assert OffsetPaging(100).plan(FIRST, rows, total) == []

    def test_more_rows_than_requested_do_not_hide_the_rows_behind_them(self) -> None:
        """A row that comes twice within a page pushes no other row out of the reading."""
        paging = OffsetPaging(100)
        assert [page.offset for page in paging.plan(FIRST, 101, 250)] == [100, 200]
        assert paging.plan(Page(100, 200, size=100), rows=101, total=250) == []

    @pytest.mark.parametrize(
        ("rows", "total", "continued_at"),
        [(30, None, None), (30, 140, 130), (50, 140, None), (100, 500, None)],
    )
    def test_a_planned_page_is_continued_to_its_end_or_to_a_total_that_came_down(
        self, rows: int, total: int | None, continued_at: int | None
    ) -> None:
        following = OffsetPaging(100).plan(Page(100, 200, size=100), rows, total)
        assert following == ([] if continued_at is None else [Page(continued_at, 200)])

    def test_the_page_behind_one_begins_behind_its_rows(self) -> None:
        paging = OffsetPaging(100)
        assert paging.behind(FIRST, 100) == Page(100)
        assert paging.behind(Page(100, 200, size=100), 30) == Page(130)
        # The size is not heeded.
        assert paging.behind(FIRST, 250) == Page(250)

    @given(
        rows=st.integers(0, 300),
        size=st.integers(2, 50),
        cap=st.integers(1, 60),
        last_first=st.booleans(),
    )
    def test_every_row_is_read_once_with_no_call_too_many(
        self, rows: int, size: int, cap: int, *, last_first: bool
    ) -> None:
        server = Server(rows_of(rows), caps=(cap,))
        assert planned(OffsetPaging(size), server, last_first=last_first) == rows_of(rows)
        assert len(server.calls) == max(1, -(-rows // min(size, cap)))

    @given(
        rows=st.integers(0, 200),
        size=st.integers(2, 50),
        caps=st.lists(st.integers(1, 60), min_size=1, max_size=20).map(tuple),
        last_first=st.booleans(),
    )
    def test_every_row_is_read_once_though_each_page_may_be_cut_elsewhere(
        self, rows: int, size: int, caps: tuple[int, ...], *, last_first: bool
    ) -> None:
        server = Server(rows_of(rows), caps=caps)
        assert planned(OffsetPaging(size), server, last_first=last_first) == rows_of(rows)
        requested = [(call["offset"], call["count"]) for call in server.calls]
        assert len(requested) == len(set(requested))
        server = Server(rows_of(rows), caps=caps)
        assert one_by_one(OffsetPaging(size), server) == rows_of(rows)

    @given(
        rows=st.integers(0, 200),
        size=st.integers(2, 50),
        changes=st.dictionaries(st.integers(1, 8), st.integers(-60, 60), max_size=4),
    )
    def test_no_row_that_stays_is_missed_and_the_reading_ends_though_the_end_moves(
        self, rows: int, size: int, changes: dict[int, int]
    ) -> None:
        stay = rows

        def move(server: Server) -> None:
            nonlocal stay
            change = changes.get(len(server.calls), 0)
            count = max(0, len(server.rows) + change)
            stay = min(stay, count)
            server.rows[:] = range(count)

        came = planned(OffsetPaging(size), Server(rows_of(rows), on_call=move))
        assert came[:stay] == rows_of(stay)
        assert len(came) == len(set(came))

    @pytest.mark.parametrize("grown_by", [1, 99, 100, 101, 350])
    def test_rows_that_are_added_while_reading_are_read(self, grown_by: int) -> None:
        def grow(server: Server) -> None:
            if len(server.calls) == 2:
                server.rows.extend(range(250, 250 + grown_by))

        server = Server(rows_of(250), on_call=grow)
        assert planned(OffsetPaging(100), server) == rows_of(250 + grown_by)

    @pytest.mark.parametrize("left", [0, 50, 100, 150, 249])
    def test_rows_that_are_deleted_while_reading_do_not_keep_it_from_ending(
        self, left: int
    ) -> None:
        def shrink(server: Server) -> None:
            if len(server.calls) == 2:
                del server.rows[left:]

        server = Server(rows_of(250), on_call=shrink)
        assert planned(OffsetPaging(100), server) == rows_of(max(100, left))
        assert len(server.calls) <= 3


class TestOptional:
    """Pages of endpoints that document none."""

    def test_nothing_is_sent_and_nothing_follows_where_all_rows_come_at_once(self) -> None:
        paging = OptionalPaging(100)
        assert paging.parameters(FIRST) == {}
        assert paging.plan(FIRST, rows=700, total=700) == []
        assert paging.plan(FIRST, rows=100, total=None) == []

    def test_where_more_rows_are_reported_full_pages_are_requested(self) -> None:
        paging = OptionalPaging(100)
        for rows in (20, 100):
            following = paging.plan(FIRST, rows, total=250)
            begins = [rows, rows + 100, rows + 200][: 3 if rows < 50 else 2]
            assert [page.offset for page in following] == begins
            assert [paging.parameters(paging.settled(page)) for page in following] == [
                {"count": 100, "offset": offset} for offset in begins
            ]

    def test_nothing_is_planned_behind_an_empty_page(self) -> None:
        assert OptionalPaging(100).plan(FIRST, rows=0, total=250) == []

    @given(rows=st.integers(0, 300), size=st.integers(2, 50), cap=st.integers(1, 60))
    def test_every_row_is_read_once(self, rows: int, size: int, cap: int) -> None:
        server = Server(rows_of(rows), caps=(cap,))
        assert planned(OptionalPaging(size), server) == rows_of(rows)

    def test_a_page_of_fewer_rows_is_requested_with_its_size(self) -> None:
        paging = OptionalPaging(100)
        assert paging.parameters(paging.settled(paging.smaller(7))) == {"count": 6, "offset": 0}


class TestNumbered:
    """Pages of the Audience Center, which does not document how large they may be."""

    @given(
        rows=st.integers(0, 1300),
        size=st.sampled_from([1, 7, 50, 99, 250, 1000]),
        largest=st.sampled_from([1, 7, 50, 60, 100, 250, 500, 1000]),
    )
    def test_all_rows_come_once_however_many_the_server_returns_at_once(
        self, rows: int, size: int, largest: int
    ) -> None:
        for read in (planned, one_by_one):
            server = Server(rows_of(rows), (largest,))
            assert read(NumberedPaging(size), server) == rows_of(rows)
            assert all(call["pageSize"] <= size for call in server.calls)

    def test_the_number_has_the_name_that_the_endpoint_gives_it(self) -> None:
        page = Page(200, size=100)
        assert NumberedPaging(100, "pageNumber").parameters(page) == {
            "pageNumber": 2,
            "pageSize": 100,
        }

    def test_pages_are_requested_in_parallel_where_the_total_is_known(self) -> None:
        following = NumberedPaging(100).plan(FIRST, rows=100, total=250)
        assert following == [Page(100, 200, size=100), Page(200, size=100)]

    def test_a_short_first_page_is_as_long_as_pages_are(self) -> None:
        paging = NumberedPaging(100)
        assert paging.plan(FIRST, rows=30, total=70) == [Page(30, 60, size=30), Page(60, size=30)]
        assert paging.behind(FIRST, 30) == Page(30, size=30)

    def test_a_short_page_behind_the_first_does_not_change_the_size_of_the_others(self) -> None:
        paging = NumberedPaging(100)
        second = Page(100, size=100)
        assert paging.plan(second, rows=30, total=250) == [Page(200, size=100)]
        assert paging.behind(second, 30) == Page(200, size=100)

    @pytest.mark.parametrize(("rows", "total"), [(0, 400), (100, None), (100, 100)])
    def test_nothing_is_planned_without_rows_or_where_no_total_promises_more(
        self, rows: int, total: int | None
    ) -> None:
        assert NumberedPaging(100).plan(FIRST, rows, total) == []

    def test_a_page_whose_followers_are_planned_leads_to_no_other(self) -> None:
        assert NumberedPaging(100).plan(Page(100, 200, size=100), rows=100, total=900) == []

    def test_a_listing_shorter_than_a_page_does_not_make_the_pages_of_others_smaller(
        self,
    ) -> None:
        paging = NumberedPaging(100)
        assert paging.plan(FIRST, rows=30, total=30) == []
        assert paging.settled(FIRST_PAGE) == FIRST

    def test_behind_an_empty_page_the_next_number_is_looked_at(self) -> None:
        assert NumberedPaging(100).behind(FIRST, 0) == Page(100, size=100)

    def test_a_page_of_fewer_rows_shows_whether_sizes_are_heeded(self) -> None:
        paging = NumberedPaging(100)
        assert paging.parameters(paging.smaller(7)) == {"page": 0, "pageSize": 6}


class TestTokens:
    """Pages of custom objects; more of them is in test_token_paging.py."""

    def test_nothing_is_planned_since_only_a_page_says_how_to_request_the_next(self) -> None:
        assert TokenPaging(100).plan(FIRST, rows=100, total=500) == []

    def test_the_token_leads_on_and_one_that_comes_back_does_not(self) -> None:
        paging = TokenPaging(100)
        second = Page(100, size=100, token="t")
        assert paging.behind(FIRST, 100, "t") == second
        assert paging.behind(second, 30, "u") == Page(130, size=100, token="u")
        assert paging.behind(second, 30, "t") is None
        assert paging.behind(second, 30) is None

    @pytest.mark.parametrize("rows", [30, 100])
    def test_without_tokens_the_numbers_lead_on_as_long_as_pages_are(self, rows: int) -> None:
        assert TokenPaging(100).behind(FIRST, rows) == Page(rows, size=rows)

    @pytest.mark.parametrize(
        ("page", "requested"),
        [
            (FIRST, {"pageStrategy": "CURSOR"}),
            (Page(7, size=100, token="t"), {"pageStrategy": "CURSOR", "nextPageToken": "t"}),
            (Page(200, size=100), {"pageStrategy": "OFFSET", "page": 2}),
        ],
        ids=["first", "by token", "by number"],
    )
    def test_a_page_is_requested_by_its_token_or_else_by_number(
        self, page: Page, requested: dict[str, Any]
    ) -> None:
        pagination = TokenPaging(100).parameters(page)["pagination"]
        assert pagination == {**requested, "size": 100}
        assert type(pagination.get("page", 0)) is int


@pytest.mark.parametrize("paging", [OffsetPaging(1000), NumberedPaging(1000)])
def test_a_total_beyond_reason_plans_no_more_than_the_next_pages(paging: Paging) -> None:
    following = paging.plan(Page(size=1000), 1000, 2**63 - 1)
    assert len(following) == PAGES_AHEAD
    # From the last of them it goes on.
    more = paging.plan(paging.settled(following[-1]), 1000, 2**63 - 1)
    assert (more[0].offset, len(more)) == ((PAGES_AHEAD + 1) * 1000, PAGES_AHEAD)
