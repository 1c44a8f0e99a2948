"""Paging: every way through the pages gives every row once, and the envelope adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acton_sandbox.answers import PAGE_LIMIT, Call
from acton_sandbox.view import View

if TYPE_CHECKING:
    from acton_sandbox import Account
    from tests.sandbox.conftest import Api


def _pages(api: Api, path: str, count: int, **query: str) -> list[dict[str, Any]]:
    pages, offset = [], 0
    while True:
        page = api.json(path, count=count, offset=offset, **query)
        pages.append(page)
        offset += page["count"]
        if not page["count"]:
            return pages


@pytest.mark.parametrize("rows", [0, 1, 999, 1000, 1001, 2500])
def test_a_list_of_any_length(standard_api: Api, standard_account: Account, rows: int) -> None:
    item = next(i for i in standard_account.lists if i.readable and len(i.rows) == rows)
    pages = _pages(standard_api, f"/list/{item.id}", PAGE_LIMIT)
    full, rest = divmod(rows, PAGE_LIMIT)
    assert [page["count"] for page in pages] == [PAGE_LIMIT] * full + [rest] * bool(rest) + [0]
    assert {page["totalCount"] for page in pages} == {rows}
    ids = [cells[0] for page in pages for cells in page["data"]]
    assert ids == [row.contact_id for row in item.rows]


def test_a_long_drilldown(standard_api: Api, standard_account: Account) -> None:
    message = max(standard_account.messages, key=lambda m: 0 if m.gone else m.report.sent)
    pages = _pages(standard_api, f"/message/{message.id}/report/SENT", PAGE_LIMIT)
    assert len(pages) > 3
    ids = [row["recid"] for page in pages for row in page["result"]]
    assert ids == [event.recipient.contact_id for event in message.events["SENT"]]


def test_a_system_list_in_pages(standard_api: Api, standard_account: Account) -> None:
    pages = _pages(standard_api, "/list/hardbounce", 100)
    rows = [row["email"] for page in pages for row in page["result"]]
    assert rows == [row.email for row in standard_account.hard_bounces]
    assert {page["totalCount"] for page in pages} == {-1}


def test_no_page_is_longer_than_the_limit(standard_api: Api) -> None:
    assert standard_api.json("/list/l-0a4d", count=5000)["count"] == PAGE_LIMIT
    assert standard_api.json("/list/l-0a4d")["count"] == PAGE_LIMIT


def test_an_offset_past_the_end_is_no_error(standard_api: Api) -> None:
    answer = standard_api.json("/message", offset=10_000, count=10)
    assert (answer["count"], answer["msgresult"]) == (0, [])
    assert answer["offset"] == 10_000


@given(length=st.integers(0, 60), count=st.integers(1, 20))
def test_the_arithmetic(account: Account, length: int, count: int) -> None:
    rows, view = list(range(length)), View(account)
    seen: list[int] = []
    for offset in range(0, length + count, count):
        call = Call(view, {}, {"offset": str(offset), "count": str(count)})
        where, page = call.page(rows)
        assert where == offset
        seen.extend(page)
    assert seen == rows


@given(text=st.text(max_size=8))
def test_a_number_that_is_none_counts_as_left_out(account: Account, text: str) -> None:
    call = Call(View(account), {}, {"offset": text, "count": text})
    offset, page = call.page(range(3))
    assert offset >= 0
    assert len(page) <= 3
