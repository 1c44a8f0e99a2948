"""Streams that hang on others: each list is asked once, and no call is made in vain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key, expected_records, reported

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output


def calls(output: Output) -> Counter[tuple[str, str]]:
    """Count the calls by path and query."""
    return Counter(
        (seen.path, str(sorted(seen.query.items())))
        for seen in output.requests
        if seen.path != "/token"
    )


def test_a_complete_run_asks_nothing_twice(complete_run: Output) -> None:
    assert {call: times for call, times in calls(complete_run).items() if times > 1} == {}


@pytest.mark.parametrize(
    "streams",
    [
        ["message_events"],
        ["message_reports", "message_events"],
        ["messages", "message_daily_stats"],
        ["message_daily_stats", "message_events"],
        ["list_members"],
        ["lists", "list_members", "subscription_opt_outs"],
        ["account", "list_members"],
    ],
    ids="-".join,
)
def test_any_selection_asks_nothing_twice(
    bench: Bench, complete_run: Output, streams: list[str]
) -> None:
    found = bench.run(streams=streams)
    assert found.failure is None
    assert {call: times for call, times in calls(found).items() if times > 1} == {}
    assert {*found.records} == {*streams}
    for stream in streams:
        assert found.records[stream] == complete_run.records[stream]


@pytest.mark.parametrize(
    ("stream", "path", "times"),
    [
        # One per type, and one that shows that the totals are real.
        ("message_events", "/api/1/message", 7),
        ("message_reports", "/api/1/message", 7),
        # One page more shows that the total of the listing is one.
        ("list_members", "/api/1/list", 1 + 1),
        ("subscription_opt_outs", "/api/1/subscription/category", 1),
    ],
)
def test_a_child_alone_asks_for_its_parents_once(
    bench: Bench, stream: str, path: str, times: int
) -> None:
    found = bench.run(streams=[stream])
    assert found.paths[path] == times
    others = {"/api/1/message", "/api/1/list", "/api/1/subscription/category"} - {path}
    assert not others & found.paths.keys()


def test_events_cost_a_report_per_message_and_a_call_per_drilldown_that_is_not_empty(
    bench: Bench, account: Account
) -> None:
    found = bench.run(streams=["message_events"])
    gone = [m for m in account.messages if m.gone]
    assert gone, "no message of the account is gone"
    drilldowns = {
        f"/api/1/message/{message.id}/report/{drilldown}"
        for message in reported(account)
        for drilldown, events in message.events.items()
        if events
    }
    reports = {f"/api/1/message/{message.id}/report" for message in [*reported(account), *gone]}
    asked = {path for path in found.paths if "/report" in path}
    assert asked == drilldowns | reports


def test_only_the_drilldowns_that_are_wanted_are_asked(bench: Bench, account: Account) -> None:
    found = bench.run(streams=["message_events"], event_types=["CLICKED"])
    asked = {path for path in found.paths if path.count("/") == 6}
    assert asked == {
        f"/api/1/message/{message.id}/report/CLICKED"
        for message in reported(account)
        if message.events["CLICKED"]
    }


def test_after_a_day_only_what_moved_is_asked_again(bench: Bench, complete_run: Output) -> None:
    before = {message.id: message for message in bench.sandbox.account.messages}
    bench.next_day()
    found = bench.run(complete_run.state, streams=["message_events"])
    moved = {
        f"/api/1/message/{message.id}/report/{drilldown}"
        for message in reported(bench.sandbox.account)
        for drilldown, events in message.events.items()
        if events
        and (message.id not in before or len(before[message.id].events[drilldown]) != len(events))
    }
    assert moved
    assert {path for path in found.paths if path.count("/") == 6} == moved


def test_old_messages_are_not_asked_again(bench: Bench, complete_run: Output) -> None:
    """Old are those past their engagement window at the newest message of the last run.

    Triggered ones never are.
    """
    newest = max(
        message.sent_at
        for message in bench.sandbox.account.messages
        if message.type in {"SENT", "TRIGGERED", "FAILED"}
    )
    earliest = newest - 3 * 24 * 3_600_000
    bench.next_day()
    found = bench.run(
        complete_run.state,
        streams=["message_reports"],
        engagement_window="P3D",
        recheck_period="P3650D",
    )
    asked = {path.split("/")[4] for path in found.paths if path.endswith("/report")}
    assert asked == {
        message.id
        for message in bench.sandbox.account.messages
        if message.type == "TRIGGERED" or (message.type == "SENT" and message.sent_at >= earliest)
    }


@pytest.mark.parametrize("stream", ["message_reports", "message_events"])
def test_messages_that_are_gone_are_counted_and_named_once(
    account: Account, complete_run: Output, stream: str
) -> None:
    gone = [message.id for message in account.messages if message.gone]
    (line,) = [line for line in complete_run.lines("WARNING") if f"tap-acton.{stream} " in line]
    assert f"{len(gone)} of " in line
    for message_id in gone:
        assert line.count(message_id) == 1
    assert complete_run.log.count(f"{stream}: complete") == 1


def test_a_list_that_cannot_be_read_is_skipped(account: Account, complete_run: Output) -> None:
    (unreadable,) = [item.id for item in account.lists if not item.readable]
    (line,) = [line for line in complete_run.lines("WARNING") if "tap-acton.list_members" in line]
    assert "1 of 5" in line
    assert unreadable in line
    assert complete_run.paths[f"/api/1/list/{unreadable}"] == 1


def test_every_parent_gone_is_a_failure() -> None:
    """Then the cause is not the parents; saying nothing would look like an empty account."""
    account = Account.generate(seed=7, size="small", now=NOW)
    with bench_of(account) as bench:
        body = '{"errorCode": 10030, "message": "Invalid or deleted message"}'
        bench.sandbox.faults.add(
            Fault("status", "/api/1/message/*/report", times=None, status=400, body=body)
        )
        found = bench.run(streams=["message_reports"])
    assert found.failure is not None
    assert found.failure.exit_code == 1


def test_an_account_with_next_to_nothing_is_no_failure() -> None:
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(ListPlan("Just one", 1),),
        messages=0,
        triggered_messages=0,
        other_messages=0,
    )
    with bench_of(account) as bench:
        found = bench.run()
        again = bench.run(found.state)
    assert found.failure is None
    for stream, expected in expected_records(account).items():
        assert by_key(stream, found.records.get(stream, [])) == by_key(stream, expected), stream
    assert "messages" not in found.records
    assert "message_daily_stats" not in found.records
    assert again.failure is None
