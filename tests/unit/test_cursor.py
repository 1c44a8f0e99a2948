"""Pages of records: by tokens, or by numbers where there are none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.old_pagination import EndlessPagesError
from tap_acton.streams.custom_objects.cursor import MODEST_SIZE, CursorPage

FIRST = CursorPage(1000)


class Server:
    """Holds records and gives pages of them.

    Args:
        records: How many there are.
        largest: The most that it gives at once, whatever is asked for.
        has_tokens: Whether it gives tokens.
        tells_total: Whether it tells how many there are.
        knows_pages: Whether it heeds the number of a page.
    """

    def __init__(
        self,
        records: int,
        largest: int,
        *,
        has_tokens: bool,
        tells_total: bool = False,
        knows_pages: bool = True,
    ) -> None:
        self.records = list(range(records))
        self.largest = largest
        self.has_tokens = has_tokens
        self.tells_total = tells_total
        self.knows_pages = knows_pages

    def read(self, page: CursorPage) -> tuple[list[int], int]:
        """Read all pages; return the records, and how many calls that took."""
        found: list[int] = []
        for calls in range(1, 1000):
            asked = page.pagination()
            size = min(asked["size"], self.largest)
            start = int(asked.get("nextPageToken", 0))
            if self.knows_pages:
                start = start or asked.get("page", 0) * size
            held = self.records[start : start + size]
            found += held
            is_last = start + size >= len(self.records)
            token = "" if is_last or not self.has_tokens else str(start + size)
            total = len(self.records) if self.tells_total else None
            following = page.following(len(held), token, total, json.dumps(held).encode())
            if following is None:
                return found, calls
            page = following
        raise AssertionError("the pages never end")


@given(
    records=st.integers(0, 400),
    size=st.integers(1, 120),
    largest=st.integers(1, 120),
)
def test_tokens_lead_to_the_end_whatever_the_size(records: int, size: int, largest: int) -> None:
    server = Server(records, largest, has_tokens=True)
    found, calls = server.read(CursorPage(size))
    assert found == server.records
    # A page that holds everything may have to prove that it does.
    assert calls <= max(1, -(-records // min(size, largest))) + 1


@given(
    records=st.integers(0, 400),
    size=st.integers(1, 120),
    largest=st.integers(50, 120),
    tells_total=st.booleans(),
)
def test_without_tokens_numbers_lead_to_the_end(
    records: int, size: int, largest: int, *, tells_total: bool
) -> None:
    server = Server(records, largest, has_tokens=False, tells_total=tells_total)
    found, _ = server.read(CursorPage(size))
    assert found == server.records


def test_few_records_take_one_call() -> None:
    for has_tokens in (True, False):
        assert Server(49, 1000, has_tokens=has_tokens).read(FIRST)[1] == 1
    assert Server(990, 1000, has_tokens=True).read(FIRST)[1] <= 2


def test_where_there_are_no_pages_the_first_answer_is_all() -> None:
    server = Server(60, 60, has_tokens=False, knows_pages=False)
    found, calls = server.read(FIRST)
    # The repeated page brings nothing new.
    assert (set(found), calls) == (set(server.records), 2)


def test_pages_that_repeat_later_never_end() -> None:
    page = CursorPage(60, number=3, previous=b"same")
    with pytest.raises(EndlessPagesError):
        page.following(60, "", None, b"same")


def test_the_first_page_is_asked_for_by_cursor() -> None:
    assert FIRST.pagination() == {"pageStrategy": "CURSOR", "size": 1000}
    by_token = replace(FIRST, token="t")
    assert by_token.pagination() == {**FIRST.pagination(), "nextPageToken": "t"}
    by_number = replace(FIRST, number=2)
    assert by_number.pagination() == {"pageStrategy": "OFFSET", "page": 2, "size": 1000}


@pytest.mark.parametrize(("rows", "token"), [(0, "new"), (5, "t"), (1000, "")])
def test_a_reading_by_tokens_ends(rows: int, token: str) -> None:
    assert replace(FIRST, token="t").following(rows, token, None, b"") is None


def test_a_total_goes_before_the_size_of_a_page() -> None:
    following = FIRST.following(20, "", 45, b"x")
    assert following == CursorPage(20, number=1, rows_before=20, previous=b"x")
    assert following.following(20, "", 45, b"y") == CursorPage(
        20, number=2, rows_before=40, previous=b"y"
    )
    assert replace(following, number=2).following(5, "", 45, b"z") is None


def test_what_is_refused_is_asked_for_without_order_then_in_small_pages() -> None:
    asked = [FIRST]
    while (page := asked[-1].simpler()) is not None:
        asked.append(page)
    assert [(page.is_sorted, page.size) for page in asked] == [
        (True, 1000),
        (False, 1000),
        (True, MODEST_SIZE),
        (False, MODEST_SIZE),
    ]
    assert replace(FIRST, token="t").simpler() is None
    assert replace(FIRST, number=1).simpler() is None


@pytest.mark.parametrize(
    "page",
    [FIRST, CursorPage(7, token="t", is_sorted=False), CursorPage(50, number=3, rows_before=150)],
)
def test_a_page_comes_back_from_the_state(page: CursorPage) -> None:
    kept = json.loads(json.dumps(page.state()))
    assert CursorPage.of_state({**kept, "dataset_id": "d"}) == page


def test_a_page_of_an_earlier_state_comes_without_the_rows_before_it() -> None:
    kept = {name: held for name, held in FIRST.state().items() if name != "rows_before"}
    for state in (kept, {**kept, "rows_before": -1}, {**kept, "rows_before": "7"}):
        assert CursorPage.of_state(state) == FIRST


@pytest.mark.parametrize(
    "state",
    [None, {}, [], {**FIRST.state(), "size": 0}, {**FIRST.state(), "token": None}, {"size": 7}],
)
def test_any_other_state_holds_no_page(state: Any) -> None:
    assert CursorPage.of_state(state) is None
