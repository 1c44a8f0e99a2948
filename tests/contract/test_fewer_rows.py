"""Answers that are whole by themselves, and hold fewer rows than another answer counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.edits import with_column
from acton_sandbox.size import ListPlan
from tap_acton.streams.messages.reports import COUNTER_OF
from tests.contract.conftest import NOW
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union
from tests.contract.in_process import bench_in_process
from tests.contract.test_deviations import small_account
from tests.contract.test_new_columns import (
    FOLDER,
    LIST_STREAMS,
    changed,
    first_row_changed,
    unfiltered,
    webinar,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.harness import Bench, Output

MESSAGES = "/api/1/message"
BOUNCES = "/api/1/message/*/report/BOUNCED"
REFUSAL = '{"message": "No right"}'
FEWER = ["no_rows", "fewer_rows"]
OPENS = "/api/1/message/{id}/report/OPENED"
AN_HOUR = 3_600
A_DAY = 24 * AN_HOUR


@pytest.fixture
def small_bench() -> Iterator[Bench]:
    with bench_in_process(small_account()) as bench:
        yield bench


def night(bench: Bench, before: list[Output], *faults: Fault, **settings: Any) -> Output:
    """Run with some faults, with the state of the night before, and keep the output."""
    for fault in faults:
        bench.sandbox.faults.add(fault)
    before.append(bench.run(before[-1].state if before else None, max_retries=0, **settings))
    bench.sandbox.faults.clear()
    return before[-1]


def lacking(bench: Bench, stream: str, outputs: list[Output]) -> int:
    """Count the rows of the account that no run has brought."""
    there = by_key(stream, expected_records(bench.sandbox.account)[stream])
    return len(there.keys() - union(outputs)[stream].keys())


@pytest.mark.parametrize("nights_before", [0, 1])
def test_a_category_without_rows_for_a_night_loses_no_opt_out(
    bench: Bench, nights_before: int
) -> None:
    outputs: list[Output] = []
    name = "subscription_opt_outs"
    query = {"category": "Product news"}
    fault = Fault("no_rows", "/api/1/subscription/optout", times=None, query=query)
    for _ in range(nights_before):
        night(bench, outputs, streams=[name])
    night(bench, outputs, fault, streams=[name])
    bench.next_day()
    rows = night(bench, outputs, streams=[name]).records[name]
    assert not lacking(bench, name, outputs)
    # Of the other categories only what is new, and of this one no more often than needed.
    assert {row["subscription_category_id"] for row in rows if row["opted_out_at"] < "2026"} <= {
        "3"
    }
    bench.next_day()
    rows = night(bench, outputs, streams=[name]).records[name]
    assert rows
    assert all(row["opted_out_at"] > "2026" for row in rows)


def test_a_category_that_comes_late_brings_its_old_opt_outs(bench: Bench) -> None:
    outputs: list[Output] = []
    name = "subscription_opt_outs"
    found = bench.sandbox.account.categories[0]
    body = [{"id": found.id, "name": found.name}]
    fault = Fault("status", "/api/1/subscription/category", status=200, body=json.dumps(body))
    night(bench, outputs, fault, streams=[name])
    assert lacking(bench, name, outputs)
    night(bench, outputs, streams=[name])
    assert not lacking(bench, name, outputs)


@pytest.fixture
def webinar_bench() -> Iterator[Bench]:
    lists = (ListPlan("Webinar", 25, "webinar", FOLDER),)
    account = Account.generate(seed=7, size="small", now=NOW, lists=lists)
    with bench_in_process(account) as bench:
        yield bench


@pytest.mark.parametrize("stream", LIST_STREAMS)
class TestLists:
    @pytest.fixture
    def settings(self, webinar_bench: Bench, stream: str) -> dict[str, Any]:
        settings: dict[str, Any] = {"streams": [stream, "lists"], **LIST_STREAMS[stream]}
        if "list_streams" in settings:
            settings["discovered"] = webinar_bench.discover(list_streams=settings["list_streams"])
        return {**settings, "lookback_window": "P0D", "recheck_period": "P3650D"}

    def contacts(self, outputs: list[Output], stream: str) -> set[str]:
        """Name the contacts of the webinar, which is not the account's only list."""
        found = {row["contact_id"] for output in outputs for row in output.records[stream]}
        return {one for one in found if one.startswith("l-0a41:")}

    @pytest.mark.parametrize("kind", FEWER)
    def test_a_list_with_fewer_rows_than_listed_is_read_whole_once_more(
        self, webinar_bench: Bench, settings: dict[str, Any], stream: str, kind: str
    ) -> None:
        item = webinar(webinar_bench.sandbox.account)
        fault = Fault(kind, f"/api/1/list/{item.id}", times=None)
        outputs: list[Output] = []
        assert night(webinar_bench, outputs, fault, **settings).failure is None
        night(webinar_bench, outputs, **settings)
        night(webinar_bench, outputs, **settings)
        assert self.contacts(outputs, stream) == {row.contact_id for row in item.rows}
        assert unfiltered(outputs[2]) == []

    def test_a_size_that_never_fits_is_believed_after_one_more_run(
        self, webinar_bench: Bench, settings: dict[str, Any]
    ) -> None:
        item = webinar(webinar_bench.sandbox.account)
        fault = Fault("fewer_rows", f"/api/1/list/{item.id}", times=None)
        outputs: list[Output] = []
        for _ in range(4):
            assert night(webinar_bench, outputs, fault, **settings).failure is None
        asked = [fault.path_pattern in output.paths for output in outputs]
        assert asked == [True, True, False, False]
        assert outputs[1].state == outputs[2].state

    def test_nothing_is_dropped_before_the_list_was_read_once_more(
        self, webinar_bench: Bench, settings: dict[str, Any], stream: str
    ) -> None:
        item = webinar(webinar_bench.sandbox.account)
        fault = Fault("fewer_rows", f"/api/1/list/{item.id}", times=None)
        outputs: list[Output] = []
        for _ in range(2):
            night(webinar_bench, outputs, fault, full_read_period="P30D", **settings)
        assert [dropped(output, stream) for output in outputs] == [False, True]

    def test_what_changed_comes_though_the_list_came_without_rows_for_a_night(
        self, webinar_bench: Bench, settings: dict[str, Any], stream: str
    ) -> None:
        account = webinar_bench.sandbox.account
        item = webinar(account)
        outputs: list[Output] = []
        night(webinar_bench, outputs, **settings)
        webinar_bench.sandbox.account = account.with_list(item.id, first_row_changed, changed)
        fault = Fault("no_rows", f"/api/1/list/{item.id}", times=None)
        assert night(webinar_bench, outputs, fault, **settings).failure is None
        assert item.rows[0].contact_id not in self.contacts(outputs[1:], stream)
        night(webinar_bench, outputs, **settings)
        assert item.rows[0].contact_id in self.contacts(outputs[1:], stream)

    @pytest.mark.parametrize("kind", FEWER)
    def test_a_new_column_comes_though_the_list_lacked_rows_for_a_night(
        self, webinar_bench: Bench, settings: dict[str, Any], stream: str, kind: str
    ) -> None:
        account = webinar_bench.sandbox.account
        item = webinar(account)
        outputs: list[Output] = []
        night(webinar_bench, outputs, **settings)
        webinar_bench.sandbox.account = account.with_list(
            item.id, with_column("Brand new"), changed
        )
        fault = Fault(kind, f"/api/1/list/{item.id}", times=None)
        assert night(webinar_bench, outputs, fault, **settings).failure is None
        night(webinar_bench, outputs, **settings)
        rows = {row["contact_id"]: json.dumps(row) for o in outputs for row in o.records[stream]}
        assert all("Brand new" in rows[row.contact_id] for row in item.rows)


def dropped(output: Output, stream: str) -> bool:
    """Tell whether a run made targets drop rows of a stream."""
    return any(one["stream"] == stream for one in output.of_type("ACTIVATE_VERSION"))


GONE = '{{"errorCode": {}, "message": "Refused"}}'


@pytest.mark.parametrize("window", ["P90D", "P1D"])
@pytest.mark.parametrize(
    ("stream", "path", "status"),
    [
        ("message_reports", "/api/1/message/{id}/report", 400),
        ("message_events", "/api/1/message/{id}/report", 400),
        ("message_events", OPENS, 404),
    ],
)
def test_messages_that_are_gone_for_a_night_come_back(
    small_bench: Bench, stream: str, path: str, status: int, window: str
) -> None:
    """In view with the next run, and older ones within the period of re-checks, here a day."""
    outputs: list[Output] = []
    settings: dict[str, Any] = {
        "streams": [stream],
        "engagement_window": window,
        "recheck_period": "P1D",
    }
    fault = Fault("status", path, times=4, status=status, body=GONE.format(10030))
    assert night(small_bench, outputs, fault, **settings).failure is None
    assert lacking(small_bench, stream, outputs)
    small_bench.let_pass(AN_HOUR if window == "P90D" else A_DAY)
    night(small_bench, outputs, **settings)
    assert not lacking(small_bench, stream, outputs)


@pytest.mark.parametrize(
    "fault", [Fault("no_rows"), Fault("status", status=400, body=GONE.format(10160))], ids=str
)
class TestMonthsWithoutRows:
    """A month that lies behind, and came without rows, or is not offered, says Act-On."""

    def fault_of(self, fault: Fault) -> Fault:
        query = {"period": "2503"}
        return replace(fault, path_pattern="/api/1/message/report", times=None, query=query)

    def test_they_come_with_the_next_run(self, bench: Bench, fault: Fault) -> None:
        outputs: list[Output] = []
        name = "message_daily_stats"
        assert night(bench, outputs, self.fault_of(fault), streams=[name]).failure is None
        assert lacking(bench, name, outputs) == 31
        night(bench, outputs, streams=[name])
        assert not lacking(bench, name, outputs)

    def test_after_one_more_run_they_are_not_requested(self, bench: Bench, fault: Fault) -> None:
        outputs: list[Output] = []
        for _ in range(4):
            night(bench, outputs, self.fault_of(fault), streams=["message_daily_stats"])
        asked = [sum(seen.query.get("period") == "2503" for seen in o.requests) for o in outputs]
        assert asked == [1, 1, 0, 0]
        assert outputs[1].state == outputs[2].state == outputs[3].state


def opens_asked(output: Output) -> int:
    return sum(path.endswith("/OPENED") for path in output.paths)


@pytest.mark.parametrize("window", ["P90D", "P1D"])
@pytest.mark.parametrize("kind", FEWER)
class TestEventsThatAReportCounts:
    def test_they_come_with_the_next_run(self, small_bench: Bench, kind: str, window: str) -> None:
        outputs: list[Output] = []
        settings: dict[str, Any] = {"streams": ["message_events"], "engagement_window": window}
        assert (
            night(small_bench, outputs, Fault(kind, OPENS, times=None), **settings).failure is None
        )
        assert lacking(small_bench, "message_events", outputs)
        night(small_bench, outputs, **settings)
        assert not lacking(small_bench, "message_events", outputs)
        assert opens_asked(outputs[1]) == opens_asked(outputs[0])
        assert sum("/report/" in path for path in outputs[1].paths) == opens_asked(outputs[1])

    def test_a_counter_that_never_fits_is_believed_after_one_more_run(
        self, small_bench: Bench, kind: str, window: str
    ) -> None:
        outputs: list[Output] = []
        settings: dict[str, Any] = {"streams": ["message_events"], "engagement_window": window}
        for _ in range(4):
            night(small_bench, outputs, Fault(kind, OPENS, times=None), **settings)
        assert [output.failure for output in outputs] == [None] * 4
        first, second, *later = map(opens_asked, outputs)
        assert first == second > 0
        assert later == [0, 0]
        assert outputs[2].state == outputs[3].state


def test_a_kind_whose_counter_moved_meanwhile_is_read_once_more_again(small_bench: Bench) -> None:
    outputs: list[Output] = []
    fault = Fault("no_rows", OPENS, times=None)
    settings: dict[str, Any] = {"streams": ["message_events"]}
    state = night(small_bench, outputs, fault, **settings).state
    place = [*COUNTER_OF].index("OPENED")
    for counters in state["bookmarks"]["message_events"]["progress"][0]["counters"].values():
        counters[place] -= bool(counters[place])
    small_bench.sandbox.faults.add(fault)
    outputs.append(small_bench.run(state, **settings))
    small_bench.sandbox.faults.clear()
    night(small_bench, outputs, **settings)
    assert not lacking(small_bench, "message_events", outputs)


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        ("message_reports", Fault("missing_fields", MESSAGES, fields=("id", "msgId"), row=0)),
        ("message_events", Fault("missing_fields", MESSAGES, fields=("id", "msgId"), row=0)),
        ("message_events", Fault("status", BOUNCES, status=403, body=REFUSAL)),
    ],
    ids=["reports", "events", "a kind of events"],
)
def test_what_the_first_night_lacked_comes_though_it_is_out_of_view(
    small_bench: Bench, stream: str, fault: Fault
) -> None:
    """What had no ids is read by the next run, a kind that was refused by the one after that."""
    outputs: list[Output] = []
    settings: dict[str, Any] = {"streams": [stream], "engagement_window": "P1D"}
    night(small_bench, outputs, replace(fault, times=None), **settings)
    assert lacking(small_bench, stream, outputs)
    for _ in range(2):
        small_bench.let_pass(A_DAY)
        assert night(small_bench, outputs, **settings).failure is None
    assert not lacking(small_bench, stream, outputs)


def test_messages_that_never_have_ids_cost_no_first_load_every_night(small_bench: Bench) -> None:
    outputs: list[Output] = []
    settings: dict[str, Any] = {"streams": ["message_reports"], "engagement_window": "P1D"}
    sent = {"type": "SENT"}
    fault = Fault("missing_fields", MESSAGES, None, fields=("id", "msgId"), row=0, query=sent)
    for _ in range(3):
        small_bench.let_pass(A_DAY)
        night(small_bench, outputs, fault, **settings)
    calls = [sum(path.endswith("/report") for path in output.paths) for output in outputs]
    assert calls[2] < calls[0]


def test_ids_that_go_for_a_night_do_not_forget_what_was_read(small_bench: Bench) -> None:
    outputs: list[Output] = []
    settings: dict[str, Any] = {"streams": ["message_reports"], "engagement_window": "P1D"}
    fault = Fault("missing_fields", MESSAGES, times=None, fields=("id", "msgId"), row=0)
    for faults in ([], [fault], []):
        small_bench.let_pass(A_DAY)
        night(small_bench, outputs, *faults, **settings)
    calls = [sum(path.endswith("/report") for path in output.paths) for output in outputs]
    assert calls[2] < calls[0]
