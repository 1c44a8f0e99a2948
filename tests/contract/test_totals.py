"""What totals and short pages say of the end of a listing, in every stream that pages.

All of these streams are read in one run for each habit that a server may have.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from acton_sandbox import Account, Choices
from acton_sandbox.size import ListPlan
from tap_acton.streams import STREAM_TYPES
from tap_acton.sync.requester import Requester
from tests.contract.conftest import NOW, bench_of
from tests.contract.test_keys import TYPES, failed, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tap_acton.api.pagination import Page
    from tap_acton.sync.query import Query, Response
    from tests.contract.harness import Bench, Output

TOKENS = "custom_object_records"
"""Pages by Act-On's token alone, so that it has no short ones."""

PAGED = [kind.name for kind in STREAM_TYPES if kind.pages or kind.name == TOKENS]
DOCUMENTED = [
    kind.name for kind in STREAM_TYPES if kind.pages is not None and not kind.pages.is_optional
]
REPORTING = {"messages", "message_events", "lists", "list_members", "subscription_opt_outs"}
"""The streams with a documented total."""

CAP = 7
ON24 = "300112233"
SETTINGS: dict[str, Any] = {
    "streams": PAGED,
    "page_size": 10,
    "bulk_format": "json",
    "on24_client_ids": [ON24],
}


@contextmanager
def answering(change: Callable[[str, Response], Response]) -> Iterator[None]:
    """Let all that is requested come changed; the change is given the name of the stream."""
    fetch = Requester.fetch

    def changed(requester: Requester, query: Query, page: Page) -> Response:
        response = fetch(requester, query, page)
        name = requester._maker.name  # type: ignore[attr-defined] # each is a stream
        return response if response.problem is not None else change(name, response)

    with patch.object(Requester, "fetch", changed):
        yield


@pytest.fixture(scope="module")
def paged() -> Iterator[Bench]:
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(
            ListPlan("Short", 8),
            ListPlan("Long", 35),
            ListPlan("Webinar", 41, "webinar", ON24),
        ),
        daily_audience=(1, 2),
        kept_audience=(12, 27),
        suppressions_per_day=0,
        imported_hard_bounces=23,
        imported_opt_outs=31,
        imported_spam_complaints=30,
    )
    with bench_of(account) as bench:
        yield bench


@pytest.fixture(scope="module")
def sound(paged: Bench) -> Output:
    found = paged.run(**SETTINGS)
    assert found.failure is None
    assert {*found.records} == {*PAGED}
    return found


# Where a listing ends


TOTALS: dict[str, Callable[[Response], int | None]] = {
    "honest": lambda response: response.total,
    "missing": lambda _: None,
    "zero": lambda _: 0,
    "of the page": lambda response: len(response.rows),
    "too small": lambda response: response.page.offset + len(response.rows) // 2,
}


@pytest.mark.parametrize("total", TOTALS)
def test_neither_a_short_page_nor_a_small_total_is_the_end(
    paged: Bench, sound: Output, total: str
) -> None:
    def change(name: str, response: Response) -> Response:
        if name not in DOCUMENTED:
            return response
        short = replace(response, rows=response.rows[:CAP])
        return replace(short, total=TOTALS[total](short))

    with answering(change):
        found = paged.run(**SETTINGS | {"streams": DOCUMENTED})
    assert found.failure is None
    for stream in DOCUMENTED:
        assert keys_of(found, stream) == keys_of(sound, stream), stream
        if TYPES[stream].identity:
            assert len(found.records[stream]) == len(sound.records[stream]), stream


# Fewer rows than promised


class Lacking:
    """Lets the first query of each stream lack rows that its total counts."""

    def __init__(self, names: Collection[str], rows: int) -> None:
        self.names = names
        self.rows = rows
        self.queries: dict[str, Query] = {}

    def __call__(self, name: str, response: Response) -> Response:
        total, query = response.total, response.query
        is_report = name == "message_events" and "event_type" not in query.given
        if (total or 0) <= self.rows or name not in self.names or is_report:
            return response
        first = self.queries.setdefault(name, query)
        if (first.path, first.parameters) != (query.path, query.parameters):
            return response
        # Whatever is behind the first rows never comes.
        left = max(0, self.rows - response.page.offset)
        return replace(response, rows=response.rows[:left])


LISTED = {kind.listing for kind in STREAM_TYPES}


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("of_listings", [False, True])
def test_fewer_rows_than_promised_are_refused_and_come_with_the_next_run(
    paged: Bench, sound: Output, rows: int, *, of_listings: bool
) -> None:
    names = {one for one in PAGED if (one in LISTED) is of_listings}
    lacking = Lacking(names, rows)
    with answering(lacking):
        found = paged.run(**SETTINGS)
    assert {*lacking.queries} >= (REPORTING | {"contacts", "segments", "segment_contacts"}) & names
    for stream in PAGED:
        if stream in lacking.queries:
            assert failed(found, stream), stream
        elif TYPES[stream].listing not in lacking.queries:
            assert keys_of(found, stream) == keys_of(sound, stream), stream
    if not of_listings:
        # One item blocks no other.
        for stream in ("list_members", "message_events", "subscription_opt_outs"):
            assert len(keys_of(found, stream)) > len(keys_of(sound, stream)) // 3, stream
    after = paged.run(found.state, **SETTINGS)
    assert after.failure is None
    for stream in PAGED:
        both = keys_of(found, stream) | keys_of(after, stream)
        assert both == keys_of(sound, stream), stream


# Pages that come again


def test_no_row_comes_twice_where_pages_come_again(paged: Bench, sound: Output) -> None:
    second: dict[tuple[str, str], Response] = {}

    def change(name: str, response: Response) -> Response:
        place = (name, f"{response.query.path} {response.query.parameters}")
        if response.page.offset and response.rows:
            again = second.setdefault(place, response)
            return replace(response, rows=again.rows)
        return response

    with answering(change):
        found = paged.run(**SETTINGS)
    for stream in PAGED:
        assert keys_of(found, stream) <= keys_of(sound, stream), stream
        is_whole = keys_of(found, stream) == keys_of(sound, stream)
        assert is_whole or failed(found, stream), stream
        rows = len(found.records[stream])
        if TYPES[stream].identity:
            assert rows == len(keys_of(found, stream)), stream
    assert {one for one in DOCUMENTED if failed(found, one)} >= {"message_events", "list_members"}


# A total beside a filter


@pytest.mark.parametrize(
    "stream", ["list_members", "webinar_registrants", "contacts", "contact_scores"]
)
@pytest.mark.parametrize("page_size", [10, 1000])
def test_a_total_that_counts_what_a_filter_leaves_out_is_ignored(
    stream: str, page_size: int
) -> None:
    """The filter of bounces, complaints and opt-outs never comes with a total."""
    settings = SETTINGS | {"streams": [stream], "page_size": page_size, "lookback_window": "P0D"}
    lists = (
        ListPlan("Short", 30, grows=True),
        ListPlan("Webinar", 41, "webinar", ON24, grows=True),
    )
    with bench_of(Account.generate(seed=7, size="small", now=NOW, lists=lists)) as bench:
        first = bench.run(**settings)
        bench.next_day()
        usual = bench.run(first.state, **settings)
        bench.sandbox.choices = Choices(filtered_total="all")
        found = bench.run(first.state, **settings)
    assert found.failure is None
    assert keys_of(usual, stream) < keys_of(first, stream) | keys_of(usual, stream)
    assert keys_of(found, stream) == keys_of(usual, stream)
    assert found.bookmarks == usual.bookmarks
    words = "with a date filter, Act-On's total counts all"
    assert len([line for line in found.lines("INFO") if words in line]) == 1


@pytest.mark.parametrize("stream", ["list_members", "contacts"])
def test_a_total_beside_a_filter_that_leaves_nothing_out_is_not_ignored(stream: str) -> None:
    """Else fewer rows than promised would count as all."""
    settings = SETTINGS | {"streams": [stream], "start_date": "2000-01-01"}
    account = Account.generate(
        seed=7, size="small", now=NOW, lists=(ListPlan("One", 30), ListPlan("Two", 8))
    )
    with bench_of(account) as bench:

        def without_rows(name: str, response: Response) -> Response:
            is_filtered = {"modafter", "updatedAfter"} & response.query.parameters.keys()
            return replace(response, rows=()) if name == stream and is_filtered else response

        with answering(without_rows):
            found = bench.run(**settings)
        expected = bench.run(**settings)
    is_read_whole = keys_of(found, stream) == keys_of(expected, stream)
    assert expected.failure is None
    assert is_read_whole or failed(found, stream)
    assert not [line for line in found.lines("INFO") if "counts all" in line]
