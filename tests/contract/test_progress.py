"""What a run says of how far it has come, while it reads the sandbox at the allowed pace."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from singer_sdk.metrics import METRICS_LOGGER_NAME

from acton_sandbox import Account
from tap_acton.api.endpoints import endpoint_of
from tap_acton.progress.model import Progress, Standing
from tests.contract.conftest import NOW
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.run import Run
    from tests.contract.harness import Bench, Output

PACE: dict[str, Any] = {"requests_per_second": 5, "daily_request_limit": 30_000}

STREAMS = ("messages", "message_reports", "message_events", "lists", "list_members")

SECONDS = 6.0
"""At the very end of a run a share of what is left is less than the look-ahead of the threads."""


@pytest.fixture(scope="module")
def mailer() -> Account:
    """An account with many messages to few people."""
    return Account.generate(seed=7, size="small", now=NOW, messages=120)


def looked_at(
    bench: Bench, state: Any = None, *, every: int = 10, **settings: Any
) -> tuple[Output, list[tuple[float, Standing]]]:
    """Run at five calls a second; return how the run stood, and when, after every few calls."""
    made: list[Progress] = []
    stands: list[tuple[float, Standing]] = []
    create, journal = Progress.__init__, bench.sandbox.requests
    append = journal.append

    def created(progress: Progress, run: Run, streams: Sequence[ActOnStream]) -> None:
        create(progress, run, streams, time.time)
        made.append(progress)

    def append_and_look(request: Any) -> None:
        append(request)
        if made and not len(journal) % every:
            stands.append((time.time(), made[0].standing()))

    with (
        patch.object(Progress, "__init__", created),
        patch.object(journal, "append", append_and_look),
    ):
        output = bench.run(state, **PACE, **settings)
    return output, stands


def keep_in(said: list[str]) -> Callable[[logging.LogRecord], None]:
    return lambda record: said.append(record.getMessage())


def test_the_numbers_come_as_metrics_too(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, METRICS_LOGGER_NAME)
    # Not the messages of `caplog`: a command that other tests have run filters them.
    said: list[str] = []
    with (
        bench_in_process(account) as bench,
        patch.object(logging.getLogger(METRICS_LOGGER_NAME), "handle", keep_in(said)),
    ):
        output, _ = looked_at(bench, progress="auto")
    assert output.failure is None
    found = [
        json.loads(line.partition("METRIC: ")[2]) for line in said if line.startswith("METRIC: ")
    ]
    counters = [one for one in found if one["metric"] == "http_request_count"]
    asked = Counter((endpoint_of(seen.path), seen.status) for seen in output.requests)
    counted: Counter[tuple[str, int]] = Counter()
    for one in counters:
        tags = one["tags"]
        assert tags["stream"]
        counted[tags["endpoint"], tags["http_status_code"]] += one["value"]
    assert counted == asked
    gauges = {one["metric"]: one["value"] for one in found if one["type"] == "gauge"}
    assert gauges["calls_to_go"] == gauges["seconds_to_go"] == 0
    assert gauges["calls_left_today"] == PACE["daily_request_limit"] - len(output.requests)


def errors_of(stands: list[tuple[float, Standing]], started: float, ended: float) -> list[str]:
    """Tell where the time left was wrong by more than a fifth, from a tenth of the run on."""
    return [
        f"{standing.stream} after {standing.calls} calls: {standing.seconds}, not {ended - at}"
        for at, standing in stands
        if at - started >= (ended - started) / 10
        and abs((standing.seconds or 0) - (ended - at)) > max((ended - at) / 5, SECONDS)
    ]


def test_so_it_is_for_many_messages_in_a_small_account(mailer: Account) -> None:
    """What is usual of events is of no use there, and much else is read."""
    with bench_in_process(mailer) as bench:
        check(bench)


def check(bench: Bench, state: Any = None, **settings: Any) -> Output:
    started = time.time()
    output, stands = looked_at(bench, state, **settings)
    ended = time.time()
    assert output.failure is None
    assert len(stands) > 10
    assert errors_of(stands, started, ended) == []
    return output


def test_the_time_left_is_right_within_a_fifth_from_a_tenth_of_the_run_on() -> None:
    """Of a first load, and of the next night."""
    with bench_in_process(Account.generate(seed=7, size="standard", now=NOW)) as bench:
        first = check(bench, every=100)
        bench.next_day()
        night = check(bench, first.state)
    assert len(night.requests) < len(first.requests) / 5


def test_so_it_is_where_messages_have_fewer_kinds_of_events_than_usual(mailer: Account) -> None:
    with bench_in_process(mailer) as bench:
        check(bench, streams=STREAMS)


@pytest.mark.parametrize(
    "streams",
    [
        ("contacts", "contact_history", "contact_scores"),
        ("lists", "contact_facts", "contact_activities"),
        ("contact_segments",),
    ],
    ids=lambda streams: streams[-1],
)
def test_so_it_is_where_each_contact_takes_a_call(
    account: Account, streams: tuple[str, ...]
) -> None:
    with bench_in_process(account) as bench:
        check(bench, streams=streams, every=2)
