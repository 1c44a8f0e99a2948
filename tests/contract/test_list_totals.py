"""What totals prove about lists: what they cost, and what they count beside a date filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from acton_sandbox.size import ListPlan
from tap_acton.streams.base.csv_download import CsvDownload, UnlikeJsonError
from tap_acton.streams.lists.rows import ListEndpoint
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key
from tests.contract.test_list_streams import lists_asked, read, streams_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.harness import Bench

STREAM = "list_members"
MANY = 100


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with lists that grow, one of them wider than JSON."""
    return Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(
            ListPlan("One", 30, grows=True),
            ListPlan("Two", 45, "german", grows=True),
            ListPlan("Three", 25, grows=True),
            ListPlan("Wide", 12, "wide", grows=True),
            ListPlan("Untouched", 20),
        ),
    )


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """A sandbox with that account in it."""
    with bench_of(account) as bench:
        yield bench


@pytest.mark.parametrize("width", [1, 4])
def test_totals_that_count_all_rows_beside_a_filter_are_found_out(bench: Bench, width: int) -> None:
    settings: dict[str, Any] = {"streams": [STREAM], "page_size": 10, "max_concurrency": width}
    settings["lookback_window"] = "P0D"
    first = bench.run(**settings)
    bench.next_day()
    usual = bench.run(first.state, **settings)
    bench.sandbox.choices = Choices(filtered_total="all")
    second = bench.run(first.state, **settings)
    assert second.failure is None
    assert by_key(STREAM, second.records[STREAM]) == by_key(STREAM, usual.records[STREAM])
    assert second.bookmarks == usual.bookmarks
    assert len([line for line in second.lines("INFO") if "counts all rows of a list" in line]) == 1
    whole = {
        seen.path.rpartition("/")[2]
        for seen in second.requests
        if seen.path.startswith("/api/1/list/") and "modafter" not in seen.query
    }
    assert len(whole & lists_asked(first).keys()) == 1


def test_what_changed_after_the_end_date_is_left_to_later_runs(bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": [STREAM], "page_size": 10, "lookback_window": "P0D"}
    first = bench.run(**settings)
    bench.next_day(3)
    usual = bench.run(first.state, **settings)
    # The total beside its filter proves nothing of the first list, so that is read whole.
    bench.sandbox.choices = Choices(filtered_total="all")
    until_then = bench.run(first.state, end_date=NOW.isoformat(), **settings)
    later = bench.run(until_then.state, **settings)
    rows = by_key(STREAM, [*until_then.records[STREAM], *later.records[STREAM]])
    assert all(rows.get(key) == row for key, row in by_key(STREAM, usual.records[STREAM]).items())


def test_a_file_is_judged_again_where_another_list_shows_meanwhile_what_totals_count(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"streams": [STREAM], "page_size": 10, "lookback_window": "P0D"}
    settings["list_names"] = ["Wide"]
    first = bench.run(**settings)
    bench.next_day(3)
    usual = bench.run(first.state, **settings)
    bench.sandbox.choices = Choices(filtered_total="all")
    download = CsvDownload._download

    def learned_meanwhile(self: CsvDownload, *arguments: Any) -> Any:
        try:
            return download(self, *arguments)
        except UnlikeJsonError:
            self._stream.run.shared(ListEndpoint).counts_all = True
            raise

    monkeypatch.setattr(CsvDownload, "_download", learned_meanwhile)
    second = bench.run(first.state, max_concurrency=1, **settings)
    assert second.failure is None
    assert by_key(STREAM, second.records[STREAM]) == by_key(STREAM, usual.records[STREAM])


def test_a_run_learns_once_what_totals_count(bench: Bench) -> None:
    catalog = bench.discover(list_streams=["*"])
    first = read(bench, catalog, page_size=10)
    bench.sandbox.choices = Choices(filtered_total="all")
    bench.next_day()
    second = read(bench, catalog, first.state, page_size=10, max_concurrency=1)
    assert second.failure is None
    assert len([line for line in second.lines("INFO") if "counts all rows of a list" in line]) == 1


def test_a_list_whose_rows_move_is_refused_and_the_others_are_read(
    account: Account, bench: Bench
) -> None:
    moved, *others = (item.id for item in account.lists if item.readable)
    bench.sandbox.faults.add(Fault("page_gap", f"/api/1/list/{moved}", times=None))
    found = bench.run(streams=[STREAM], page_size=10, bulk_format="auto")
    assert STREAM in str(found.failure)
    (line,) = [line for line in found.lines("WARNING") if "rows may be missing" in line]
    assert f"list {moved}" in line
    read = {row["list_id"] for row in found.records[STREAM]}
    assert read >= {*others}
    (progress,) = found.bookmarks[STREAM]["progress"]
    assert progress["lists"].keys() == {*others}


def test_streams_of_many_lists_prove_the_total_once() -> None:
    plans = tuple(ListPlan(f"List {number}", 5, grows=True) for number in range(MANY))
    account = Account.generate(seed=7, size="small", now=NOW, lists=plans)
    with bench_of(account) as bench:
        catalog = bench.discover(list_streams=["*"])
        assert len(streams_in(catalog)) >= MANY
        first = read(bench, catalog)
        second = read(bench, catalog, first.state)
        bench.next_day()
        third = read(bench, catalog, second.state)
    of_lists = lists_asked(first)
    # One more for the first list, and one for the listing, says that their totals are real.
    assert of_lists.total() == len(of_lists) + 1
    assert first.paths["/api/1/list"] == 2
    assert lists_asked(second).total() == 0
    assert second.paths["/api/1/list"] == 2
    of_lists = lists_asked(third)
    assert of_lists.total() <= len(of_lists) + 1
