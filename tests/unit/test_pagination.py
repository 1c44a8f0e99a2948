"""Which pages are asked for, against a server that is simulated in a few lines."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.old_pagination import (
    EndlessPagesError,
    NumberedPages,
    OffsetPages,
    Page,
    UnaskedPages,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
TOO_MANY_CALLS = 5_000


@dataclass
class Server:
    """Serves rows by ``count`` and ``offset``.

    Attributes:
        rows: The rows, numbered, so that each can be told from the others.
        tells_total: Whether it says how many rows there are.
        caps: The most rows that it gives at once, call by call; the last one holds on.
        heeds_offset: Whether it gives any but the first rows.
        calls: The parameters of each call.
    """

    rows: list[int]
    tells_total: bool = True
    caps: tuple[int, ...] = (1000,)
    heeds_offset: bool = True
    on_call: Callable[[Server], None] = lambda _: None
    calls: list[dict[str, int]] = field(default_factory=list)

    def page(self, parameters: dict[str, int]) -> tuple[list[int], int | None]:
        cap = self.caps[min(len(self.calls), len(self.caps) - 1)]
        self.calls.append(parameters)
        self.on_call(self)
        start = parameters["offset"] if self.heeds_offset else 0
        rows = self.rows[start : start + min(parameters["count"], cap)]
        return rows, len(self.rows) if self.tells_total else None

    @property
    def offsets(self) -> list[int]:
        return [call["offset"] for call in self.calls]


def read(paging: OffsetPages, server: Server, *, last_first: bool = False) -> list[int]:
    """Read all rows, the pages in their order or in the opposite one."""
    waiting: deque[Page] = deque([Page()])
    came: list[tuple[int, list[int]]] = []
    while waiting:
        page = waiting.pop() if last_first else waiting.popleft()
        rows, total = server.page(paging.parameters(page))
        assert len(server.calls) < TOO_MANY_CALLS, "the reading does not end"
        came.append((page.offset, rows[page.overlap :]))
        digest = b"" if total is not None else hashlib.sha256(repr(rows).encode()).digest()
        waiting.extend(paging.following(page, len(rows), total, digest))
    return [row for _, rows in sorted(came, key=lambda part: part[0]) for row in rows]


def rows_of(count: int) -> list[int]:
    return list(range(count))


class TestParameters:
    def test_the_first_page_is_asked_for_with_its_size_since_the_default_is_not_documented(
        self,
    ) -> None:
        assert OffsetPages(250).parameters(Page()) == {"count": 250, "offset": 0}

    def test_a_page_whose_end_is_known_asks_for_no_more_than_that(self) -> None:
        assert OffsetPages(1000).parameters(Page(700, 900)) == {"count": 200, "offset": 700}

    def test_a_documented_size_is_settled_and_not_the_cause_of_a_refusal(self) -> None:
        paging = OffsetPages(250)

        assert paging.settled(Page(250, 500)) == Page(250, 500)
        assert paging.smaller(Page(250, 500)) is None

    def test_no_page_is_larger_than_allowed(self) -> None:
        assert OffsetPages(1000).parameters(Page(0, 5000)) == {"count": 1000, "offset": 0}


class TestTotalKnown:
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
    def test_there_are_as_many_calls_as_full_pages(self, rows: int, offsets: list[int]) -> None:
        server = Server(rows_of(rows))

        assert read(OffsetPages(100), server) == rows_of(rows)
        assert server.offsets == offsets

    def test_the_first_page_shows_all_the_others(self) -> None:
        following = OffsetPages(100).following(Page(), rows=100, total=420, digest=b"")

        assert [page.offset for page in following] == [100, 200, 300, 400]

    def test_only_the_last_page_looks_for_what_comes_after_it(self) -> None:
        following = OffsetPages(100).following(Page(), rows=100, total=420, digest=b"")

        assert [page.end for page in following] == [200, 300, 400, None]

    def test_a_server_that_gives_smaller_pages_is_read_in_those(self) -> None:
        server = Server(rows_of(100), caps=(30,))

        assert read(OffsetPages(100), server) == rows_of(100)
        assert server.offsets == [0, 30, 60, 90]

    def test_a_page_that_is_short_in_the_middle_is_continued_behind_its_last_row(self) -> None:
        server = Server(rows_of(400), caps=(100, 40, 100))

        assert read(OffsetPages(100), server) == rows_of(400)
        # The rest of the second page, and no more than the rest.
        assert {"count": 60, "offset": 140} in server.calls
        assert len(server.calls) == 5

    def test_a_page_that_is_empty_ends_there(self) -> None:
        paging = OffsetPages(100)

        assert paging.following(Page(), rows=0, total=400, digest=b"") == []
        assert paging.following(Page(100, 200), rows=0, total=400, digest=b"") == []
        assert paging.following(Page(300), rows=0, total=400, digest=b"") == []

    def test_a_total_smaller_than_what_came_ends_the_reading(self) -> None:
        assert OffsetPages(100).following(Page(), rows=100, total=7, digest=b"") == []

    def test_more_rows_than_asked_for_do_not_hide_the_rows_behind_them(self) -> None:
        """A row that comes twice within a page pushes no other row out of the reading."""
        paging = OffsetPages(100)

        assert [page.offset for page in paging.following(Page(), 101, 250, b"")] == [100, 200]
        assert paging.following(Page(100, 200), rows=101, total=250, digest=b"") == []
        assert paging.following(Page(), 101, None, b"first") == [
            Page(99, previous=b"first", overlap=1)
        ]

    def test_nothing_is_asked_for_behind_the_last_row_however_many_came_at_once(self) -> None:
        assert OffsetPages(100).following(Page(), rows=250, total=250, digest=b"") == []

    @pytest.mark.parametrize(
        ("rows", "total", "continued_at"),
        [(30, None, 130), (30, 140, 130), (50, 140, None), (100, None, None)],
    )
    def test_a_planned_page_goes_on_to_its_end_or_to_a_total_that_came_down(
        self, rows: int, total: int | None, continued_at: int | None
    ) -> None:
        following = OffsetPages(100).following(Page(100, 200), rows, total, b"")

        assert following == ([] if continued_at is None else [Page(continued_at, 200)])

    @pytest.mark.parametrize("grown_by", [1, 99, 100, 101, 350])
    def test_rows_that_are_added_while_reading_are_read(self, grown_by: int) -> None:
        def grow(server: Server) -> None:
            if len(server.calls) == 2:
                server.rows.extend(range(250, 250 + grown_by))

        server = Server(rows_of(250), on_call=grow)

        assert read(OffsetPages(100), server) == rows_of(250 + grown_by)

    @pytest.mark.parametrize("left", [0, 50, 100, 150, 249])
    def test_rows_that_are_removed_while_reading_do_not_keep_it_from_ending(
        self, left: int
    ) -> None:
        def shrink(server: Server) -> None:
            if len(server.calls) == 2:
                del server.rows[left:]

        server = Server(rows_of(250), on_call=shrink)

        assert read(OffsetPages(100), server) == rows_of(max(100, left))
        assert len(server.calls) <= 3

    def test_a_server_that_does_not_heed_the_offset_is_not_asked_endlessly(self) -> None:
        server = Server(rows_of(400), heeds_offset=False)

        read(OffsetPages(100), server)

        assert len(server.calls) == 4

    def test_a_total_beyond_all_reason_takes_no_memory_for_its_pages(self) -> None:
        following: Iterable[Page] = OffsetPages(1000).following(Page(), 1000, 2**63 - 1, b"")

        assert next(iter(following)).offset == 1000


class TestTotalUnknown:
    """The bounce, complaint and opt-out lists, where ``totalCount`` is always -1."""

    @pytest.mark.parametrize(
        ("rows", "offsets"),
        [
            (0, [0]),
            (1, [0]),
            (99, [0]),
            # Only an empty page shows that a full one was the last.
            (100, [0, 99]),
            (101, [0, 99]),
            (198, [0, 99]),
            (199, [0, 99, 198]),
            (250, [0, 99, 198]),
        ],
    )
    def test_a_short_page_is_the_last_one(self, rows: int, offsets: list[int]) -> None:
        server = Server(rows_of(rows), tells_total=False)

        assert read(OffsetPages(100), server) == rows_of(rows)
        assert server.offsets == offsets

    def test_each_page_shows_only_the_next(self) -> None:
        assert OffsetPages(100).following(Page(), 100, None, b"first") == [
            Page(99, previous=b"first", overlap=1)
        ]

    def test_rows_that_are_added_while_reading_are_read(self) -> None:
        def grow(server: Server) -> None:
            if len(server.calls) == 2:
                server.rows.extend(range(150, 320))

        server = Server(rows_of(150), tells_total=False, on_call=grow)

        assert read(OffsetPages(100), server) == rows_of(320)

    def test_a_page_that_repeats_the_one_before_it_shows_that_the_pages_never_end(self) -> None:
        server = Server(rows_of(400), tells_total=False, heeds_offset=False)

        with pytest.raises(EndlessPagesError):
            read(OffsetPages(100), server)
        assert len(server.calls) == 2

    def test_a_short_page_is_no_endless_one_whatever_its_digest(self) -> None:
        assert OffsetPages(100).following(Page(100, previous=b"x"), 99, None, b"y") == []

    def test_pages_that_cannot_be_compared_are_not_taken_for_equal(self) -> None:
        assert OffsetPages(100).following(Page(100), 100, None, b"") == [Page(199, overlap=1)]

    def test_a_total_that_is_told_only_later_is_used_from_there_on(self) -> None:
        following = OffsetPages(100).following(Page(100, previous=b"x"), 100, 400, b"")

        assert [page.offset for page in following] == [200, 300]


class TestUnaskedPages:
    """Endpoints that document no paging."""

    def test_nothing_is_asked_for_and_nothing_follows_where_all_rows_come_at_once(self) -> None:
        paging = UnaskedPages(100)

        assert paging.parameters(Page()) == {}
        assert paging.following(Page(), rows=700, total=700, digest=b"") == []

    def test_nothing_follows_where_no_total_is_told(self) -> None:
        assert UnaskedPages(100).following(Page(), rows=100, total=None, digest=b"all") == []

    def test_where_there_are_more_rows_pages_are_asked_for_as_elsewhere(self) -> None:
        paging = UnaskedPages(100)

        following = paging.following(Page(), rows=100, total=250, digest=b"")

        assert following == [Page(100, 200), Page(200)]
        assert [paging.parameters(page) for page in following] == [
            {"count": 100, "offset": 100},
            {"count": 100, "offset": 200},
        ]


class TestAnyServer:
    @given(
        rows=st.integers(0, 300),
        size=st.integers(1, 50),
        cap=st.integers(1, 60),
        last_first=st.booleans(),
    )
    def test_every_row_is_read_once_with_no_call_too_many(
        self, rows: int, size: int, cap: int, *, last_first: bool
    ) -> None:
        server = Server(rows_of(rows), caps=(cap,))

        assert read(OffsetPages(size), server, last_first=last_first) == rows_of(rows)
        assert len(server.calls) == max(1, -(-rows // min(size, cap)))

    @given(rows=st.integers(0, 300), size=st.integers(1, 50))
    def test_without_a_total_every_row_is_read_once_and_one_call_finds_the_end(
        self, rows: int, size: int
    ) -> None:
        server = Server(rows_of(rows), tells_total=False)

        assert read(OffsetPages(size), server) == rows_of(rows)
        step = max(1, size - 1)
        assert len(server.calls) == (1 if rows < size else (rows - size) // step + 2)

    @given(
        rows=st.integers(0, 200),
        size=st.integers(1, 50),
        caps=st.lists(st.integers(1, 60), min_size=1, max_size=20).map(tuple),
        last_first=st.booleans(),
    )
    def test_every_row_is_read_once_though_each_page_may_be_cut_elsewhere(
        self, rows: int, size: int, caps: tuple[int, ...], *, last_first: bool
    ) -> None:
        server = Server(rows_of(rows), caps=caps)

        assert read(OffsetPages(size), server, last_first=last_first) == rows_of(rows)
        asked = [(call["offset"], call["count"]) for call in server.calls]
        assert len(asked) == len(set(asked))

    @given(
        rows=st.integers(0, 200),
        size=st.integers(1, 50),
        changes=st.dictionaries(st.integers(1, 8), st.integers(-60, 60), max_size=4),
        tells_total=st.booleans(),
    )
    def test_no_row_that_stays_is_missed_and_the_reading_ends_though_the_end_moves(
        self, rows: int, size: int, changes: dict[int, int], *, tells_total: bool
    ) -> None:
        stay = rows

        def move(server: Server) -> None:
            nonlocal stay
            change = changes.get(len(server.calls), 0)
            count = max(0, len(server.rows) + change)
            stay = min(stay, count)
            server.rows[:] = range(count)

        server = Server(rows_of(rows), tells_total=tells_total, on_call=move)

        came = read(OffsetPages(size), server)

        assert came[:stay] == rows_of(stay)
        assert len(came) == len(set(came))


@dataclass
class NumberedServer:
    """Serves rows by number and size of the page.

    Attributes:
        rows: The rows.
        largest: The most rows that it gives at once, whatever is asked for.
        refuses: Whether it refuses to be asked for more than that.
        tells_total: Whether it says how many rows there are.
        knows_pages: Whether it gives any but all rows.
        calls: The parameters of each call.
    """

    rows: list[int]
    largest: int = 1000
    refuses: bool = False
    tells_total: bool = False
    knows_pages: bool = True
    calls: list[dict[str, int]] = field(default_factory=list)

    def page(self, parameters: dict[str, int]) -> list[int] | None:
        self.calls.append(parameters)
        assert len(self.calls) < TOO_MANY_CALLS, "the reading does not end"
        if not self.knows_pages:
            return self.rows
        if self.refuses and parameters["pageSize"] > self.largest:
            return None
        size = min(parameters["pageSize"], self.largest)
        return self.rows[parameters["page"] * size :][:size]


def read_numbered(paging: NumberedPages, server: NumberedServer) -> list[int]:
    """Read all rows as a stream does: pages in order, smaller ones where they are refused."""
    waiting: deque[Page] = deque([Page()])
    came: list[int] = []
    while waiting:
        page = paging.settled(waiting.popleft())
        rows = server.page(paging.parameters(page))
        if rows is None:
            smaller = paging.smaller(page)
            assert smaller is not None, "the page is refused for good"
            waiting.append(smaller)
            continue
        came += rows
        total = len(server.rows) if server.tells_total else None
        digest = b"" if server.tells_total else hashlib.sha256(repr(rows).encode()).digest()
        waiting.extend(paging.following(page, len(rows), total, digest))
    return came


class TestNumberedPages:
    """The Audience Center, which does not tell how large a page may be."""

    @given(
        rows=st.integers(0, 1300),
        size=st.sampled_from([1, 7, 50, 99, 250, 1000]),
        largest=st.sampled_from([50, 60, 100, 250, 500, 1000]),
        refuses=st.booleans(),
        tells_total=st.booleans(),
    )
    def test_all_rows_come_once_whatever_the_server_allows(
        self, *, rows: int, size: int, largest: int, refuses: bool, tells_total: bool
    ) -> None:
        server = NumberedServer(rows_of(rows), largest, refuses, tells_total)

        assert read_numbered(NumberedPages(size), server) == rows_of(rows)
        assert all(call["pageSize"] <= size for call in server.calls)

    @pytest.mark.parametrize(
        ("rows", "calls"), [(0, 1), (49, 1), (50, 2), (999, 2), (1000, 2), (1001, 2)]
    )
    def test_a_short_answer_is_checked_once_unless_it_cannot_have_been_cut(
        self, rows: int, calls: int
    ) -> None:
        server = NumberedServer(rows_of(rows))

        read_numbered(NumberedPages(1000), server)

        assert len(server.calls) == calls

    def test_what_was_found_out_holds_for_what_is_read_next(self) -> None:
        paging = NumberedPages(1000)
        read_numbered(paging, NumberedServer(rows_of(700)))
        smaller = NumberedServer(rows_of(600))

        read_numbered(paging, smaller)

        assert len(smaller.calls) == 1

    def test_a_size_that_was_cut_or_refused_is_not_asked_for_again(self) -> None:
        for refuses, size in ((False, 100), (True, 62)):
            paging = NumberedPages(1000)
            read_numbered(paging, NumberedServer(rows_of(450), 100, refuses))
            server = NumberedServer(rows_of(450), 100, refuses)

            read_numbered(paging, server)

            assert {call["pageSize"] for call in server.calls} == {size}

    def test_pages_are_asked_for_side_by_side_where_the_total_is_known(self) -> None:
        following = NumberedPages(100).following(Page(size=100), rows=100, total=250, digest=b"")

        assert following == [Page(100, 200, size=100), Page(200, size=100)]

    def test_a_total_that_is_only_the_number_of_rows_hides_nothing(self) -> None:
        following = NumberedPages(100).following(Page(size=100), rows=100, total=100, digest=b"x")

        assert following == [Page(100, previous=b"x", size=100)]

    def test_a_short_page_behind_the_first_does_not_change_the_size_of_the_others(self) -> None:
        paging = NumberedPages(100)

        following = paging.following(Page(100, size=100), rows=30, total=250, digest=b"")

        assert following == [Page(200, size=100)]
        assert paging.settled(Page()) == Page(size=100)

    def test_a_list_shorter_than_a_page_does_not_make_the_pages_of_others_smaller(self) -> None:
        paging = NumberedPages(100)

        assert paging.following(Page(size=100), rows=30, total=30, digest=b"") == []
        assert paging.settled(Page()) == Page(size=100)

    def test_a_full_page_shows_that_fewer_rows_were_not_cut_and_no_more_than_that(self) -> None:
        paging = NumberedPages(1000)
        paging.following(Page(size=300), rows=300, total=None, digest=b"full")

        # Asked for before anything was known of the size.
        asked = Page(size=1000)
        assert paging.following(asked, rows=299, total=None, digest=b"short") == []
        assert paging.following(asked, rows=300, total=None, digest=b"cut") == [
            Page(300, previous=b"cut", size=300, is_check=True)
        ]

    def test_an_empty_list_shows_nothing_of_how_much_is_given_at_once(self) -> None:
        paging = NumberedPages(1000)

        assert paging.following(Page(size=1000), rows=0, total=None, digest=b"") == []
        (following,) = paging.following(Page(size=1000), rows=100, total=None, digest=b"cut")
        assert following.is_check

    def test_a_server_without_pages_is_not_asked_endlessly(self) -> None:
        short = NumberedServer(rows_of(300), knows_pages=False)

        # What comes again is told by its key.
        assert read_numbered(NumberedPages(1000), short) == rows_of(300) * 2
        with pytest.raises(EndlessPagesError):
            read_numbered(NumberedPages(100), NumberedServer(rows_of(100), knows_pages=False))

    def test_a_page_that_is_refused_for_another_reason_is_not_made_smaller(self) -> None:
        paging = NumberedPages(1000)

        assert paging.smaller(Page(size=50)) is None
        assert paging.smaller(Page(1000, size=1000)) is None
