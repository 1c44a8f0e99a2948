"""Records that go straight to the output are those that the SDK would write."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from tap_acton.output import RecordOutput
from tests.contract.conftest import NOW, bench_of

if TYPE_CHECKING:
    from tests.contract.harness import Output

STREAMS = ("messages", "message_events", "lists", "list_members", "hard_bounces", "forms")


def told(output: Output) -> list[dict[str, Any]]:
    """Give all messages but the states, without the timestamps at which the rows were read."""
    return [
        {name: value for name, value in message.items() if name != "time_extracted"}
        for message in output.messages
        if message["type"] != "STATE"
    ]


@pytest.mark.parametrize(
    "choices",
    [
        {"streams": STREAMS},
        {"streams": STREAMS, "full_read_period": "P1D"},
        {
            "streams": STREAMS,
            "without": [("list_members", "fields"), ("message_events", "email")],
        },
        {"streams": STREAMS, "full_table": ["list_members"]},
    ],
    ids=["plain", "with versions", "without columns", "full table"],
)
def test_they_are_those_that_the_sdk_would_write(
    account: Account, monkeypatch: pytest.MonkeyPatch, choices: dict[str, Any]
) -> None:
    with bench_of(account) as bench:
        own = bench.run(**choices)
    with bench_of(account) as bench, monkeypatch.context() as patch:
        patch.setattr(RecordOutput, "suits", lambda _: False)
        expected = bench.run(**choices)

    assert told(own) == told(expected)
    assert own.state == expected.state
    extracted = {message["time_extracted"][:11] for message in own.of_type("RECORD")}
    assert extracted == {"2026-03-20T"}


def test_a_stream_that_is_mapped_is_written_by_the_sdk(account: Account) -> None:
    maps = {"lists": {"name": "name.upper()"}}
    with bench_of(account) as bench:
        output = bench.run(streams=["lists"], stream_maps=maps)

    names = [record["name"] for record in output.records["lists"]]
    assert names
    assert names == [name.upper() for name in names]


def test_what_was_read_before_a_failure_is_written(account: Account) -> None:
    choices: dict[str, Any] = {
        "streams": ["list_members"],
        "page_size": 7,
        "bulk_format": "json",
        "max_concurrency": 1,
    }
    with bench_of(account) as bench:
        whole = bench.run(**choices)
    with bench_of(account) as bench:
        bench.sandbox.faults.add(
            Fault("status", status=500, path_pattern="/api/1/list/l-*", after=2, times=None)
        )
        broken = bench.run(**choices)

    assert broken.failure is not None
    rows = broken.records["list_members"]
    assert len(rows) == 2 * 7
    assert rows == whole.records["list_members"][: len(rows)]


def test_a_state_is_written_only_where_it_tells_something_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tap_acton.streams.base.stream.ActOnStream.STATE_MSG_FREQUENCY", 5)
    account = Account.generate(seed=7, size="small", now=NOW)
    with bench_of(account) as bench:
        output = bench.run(streams=["message_events", "list_members"])

    states = [json.dumps(message["value"]) for message in output.of_type("STATE")]
    assert len(states) > len(output.records)
    # The last one is repeated, behind all records.
    assert all(one != other for one, other in pairwise(states[1:-1]))
