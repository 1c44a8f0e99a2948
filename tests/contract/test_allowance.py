"""The calls that Act-On allows: no more are made, and what they bring is kept."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault, Limits, Refusal
from tap_acton.errors import AllowanceSpentError
from tests.contract.conftest import bench_of
from tests.contract.expected import by_key
from tests.contract.harness import PROJECT, data_without_times, union

if TYPE_CHECKING:
    from pathlib import Path

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output


def refusals(output: Output, status: int = 429) -> int:
    """Count the calls that were refused."""
    return sum(seen.status == status for seen in output.requests)


@pytest.mark.parametrize("requests_per_second", [5, 2])
def test_the_pace_draws_no_refusal(
    bench: Bench, complete_run: Output, requests_per_second: int
) -> None:
    bench.sandbox.limits = Limits(requests_per_second=requests_per_second)
    # Time passes only while the tap waits, so calls side by side would all be in one timestamp.
    found = bench.run(max_concurrency=1, requests_per_second=requests_per_second)
    assert found.failure is None
    assert refusals(found) == 0
    assert data_without_times(found) == data_without_times(complete_run)
    took = found.requests[-1].at - found.requests[0].at
    assert took >= (len(found.requests) - 1) / requests_per_second
    assert took < 1.1 * len(found.requests) / requests_per_second


def test_all_threads_together_keep_the_pace(account: Account) -> None:
    limits = Limits(requests_per_second=60)
    with bench_of(account, is_time_frozen=False, limits=limits) as bench:
        found = bench.run(
            streams=["message_reports", "list_members"], requests_per_second=40, max_concurrency=16
        )
    assert found.failure is None
    assert refusals(found) == 0


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(),
        Refusal(retry_after="3"),
        Refusal(status=403, style="text"),
        Refusal(status=503, style="empty"),
    ],
    ids=["gateway", "retry after", "text", "empty"],
)
def test_an_allowance_smaller_than_the_setting_is_respected_in_the_end(
    bench: Bench, complete_run: Output, refusal: Refusal
) -> None:
    bench.sandbox.limits = Limits(requests_per_second=4, refusal=refusal)
    found = bench.run(max_concurrency=4, requests_per_second=5)
    assert found.failure is None
    assert refusals(found, refusal.status) > 0
    assert found.records == complete_run.records


def test_at_the_daily_limit_the_run_stops_and_a_later_one_goes_on(
    bench: Bench, complete_run: Output, tmp_path: Path
) -> None:
    # What has no state is asked for in every run, so it has to fit into a day.
    streams = ["messages", "message_reports", "message_events", "list_members", "opt_outs"]
    settings: dict[str, Any] = {
        "streams": streams,
        "daily_request_limit": 60,
        "token_store": str(tmp_path),
    }
    outputs = [bench.run(**settings)]
    spent = outputs[0].failure
    assert isinstance(spent, AllowanceSpentError)
    assert spent.exit_code == 3
    assert "daily_request_limit" in spent.sentence
    assert len(outputs[0].requests) == 60
    at_once = bench.run(outputs[0].state, **settings)
    assert isinstance(at_once.failure, AllowanceSpentError)
    assert at_once.requests == ()
    while outputs[-1].failure:
        assert len(outputs) < 8
        bench.let_pass(24 * 3_600 + 60)
        outputs.append(bench.run(outputs[-1].state, **settings))
        assert len(outputs[-1].requests) <= 60
    held = union(outputs)
    for stream in streams:
        assert held[stream] == by_key(stream, complete_run.records[stream]), stream


@pytest.mark.parametrize("retry_after", ["86400", "Sun, 22 Mar 2026 00:00:00 GMT"])
def test_a_run_does_not_sleep_until_tomorrow_because_it_is_told_to(
    bench: Bench, retry_after: str
) -> None:
    headers = {"Retry-After": retry_after, "Date": "Fri, 20 Mar 2026 12:00:00 GMT"}
    bench.sandbox.faults.add(
        Fault("status", "/api/1/*", times=None, after=240, status=429, headers=headers)
    )
    began = bench.sandbox.clock.now()
    found = bench.run()
    assert isinstance(found.failure, AllowanceSpentError)
    assert bench.sandbox.clock.now() - began < 3_600
    assert found.records["message_events"]


CLOSING = """
import pathlib, sys, threading, time
from tap_acton.errors import ActOnError
from tap_acton.api.rate_limits import RateLimits
from tap_acton.stores.call_counts import FileCountStore
for number in range(20):
    store = FileCountStore(pathlib.Path(sys.argv[1]) / f"{number}.sqlite")
    limits = RateLimits(
        store=store, requests_per_second=1e6, daily_request_limit=10**6, pause=time.sleep
    )
    def ask():
        try:
            while True:
                limits.wait_for_call()
        except Exception:
            pass
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.03)
    limits.close()
"""


def test_counts_can_be_closed_while_calls_are_under_way(tmp_path: Path) -> None:
    """As happens when a run ends early; in a process of its own, which may crash."""
    ended = subprocess.run([sys.executable, "-c", CLOSING, tmp_path], cwd=PROJECT, check=False)
    assert ended.returncode == 0


def test_when_act_on_s_day_is_used_up_the_run_stops_soon(bench: Bench) -> None:
    bench.sandbox.limits = Limits(requests_per_second=None, requests_per_day=60)
    found = bench.run(max_concurrency=1, streams=["message_reports", "message_events"])
    assert isinstance(found.failure, AllowanceSpentError)
    assert found.failure.exit_code == 3
    assert refusals(found) <= 10
    assert found.state["bookmarks"]["message_reports"]
