"""What is left of a stream: foreseen at first, then corrected by what comes."""

from __future__ import annotations

from tap_acton.api.pagination import Page
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Query, Response
from tap_acton.sync.workload import Workload

ITEMS = [{"id": str(number)} for number in range(100)]
QUERIES = [Query("/path", (item["id"],), item=item) for item in ITEMS]


def rows(number: int) -> list[dict[str, int]]:
    return [{} for _ in range(number)]


def test_nothing_is_known_of_a_stream_before_its_first_page() -> None:
    workload = Workload()
    assert not workload.is_known
    assert workload.calls_to_go(0) == 1
    assert workload.calls_to_go(2) == 0


def test_the_first_page_says_how_many_follow() -> None:
    workload, query = Workload(), Query("/path")
    workload.received(Response(query, Page(size=10), rows(10), total=95), 1)
    assert workload.is_known
    assert (workload.rows, workload.calls_to_go(1)) == (95, 9)
    for offset in range(10, 100, 10):
        workload.received(Response(query, Page(offset, size=10), rows(10), total=95), 1)
    assert workload.calls_to_go(10) == 0
    workload.finished(query, 1)
    assert workload.calls_to_go(10) == 0


def test_without_a_total_a_page_that_is_under_way_is_to_come() -> None:
    workload, query = Workload(), Query("/path")
    for offset in (0, 10, 20):
        workload.received(Response(query, Page(offset, size=10), rows(10), planned=1), 1)
        assert workload.calls_to_go(1) == 1


def test_a_forecast_counts_until_something_else_shows() -> None:
    workload = Workload()
    workload.forecast = Forecast(500, items=100, units=100)
    assert workload.calls_to_go(0) == 500
    assert workload.calls_to_go(0, usual=2) == 200
    made = 0
    for query in QUERIES[:50]:
        # A report, and the two kinds of events that it leads to, in the place of five.
        workload.received(Response(query, follow_ups=2), 1)
        for _ in range(2):
            workload.received(Response(query, rows=rows(1), total=1), 1)
        made += 3
        workload.finished(query, 1)
    assert workload.done == 50
    assert 150 < workload.calls_to_go(made) < 190


def test_what_is_read_in_the_place_of_a_query_is_to_come() -> None:
    workload = Workload()
    workload.forecast = Forecast(1, items=1, units=1)
    workload.received(Response(QUERIES[0], follow_ups=3), 1)
    assert workload.calls_to_go(1) == 3


def test_a_query_of_many_pages_makes_the_others_no_longer_before_it_is_read() -> None:
    workload = Workload()
    workload.forecast = Forecast(2, items=2, units=2)
    workload.received(Response(QUERIES[0], Page(size=10), rows(10), total=1_000), 1)
    assert 99 + 1 <= workload.calls_to_go(1) < 99 + 2
