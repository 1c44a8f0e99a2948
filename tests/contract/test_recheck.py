"""Messages older than the engagement window are re-checked, and read when something came late."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox.edits import with_repeated_event
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

STREAMS = ["message_reports", "message_events"]
A_DAY = 24 * 3_600


def reports(output: Output) -> Counter[str]:
    """Count the calls for reports by message."""
    return Counter(
        path.split("/")[4]
        for path in output.paths.elements()
        if path.endswith("/report") and path.count("/") == 5
    )


def drilldowns(output: Output) -> int:
    """Count the calls for events."""
    return sum(times for path, times in output.paths.items() if "/report/" in path)


@pytest.mark.parametrize("period", [1, 4])
def test_what_comes_late_arrives_within_the_period(bench: Bench, period: int) -> None:
    settings: dict[str, Any] = {"engagement_window": "P1D", "recheck_period": f"P{period}D"}
    outputs = [bench.run(streams=STREAMS, **settings)]
    for _ in range(6):
        bench.next_day()
        outputs.append(bench.run(outputs[-1].state, streams=STREAMS, **settings))
    # The account stands still, while the tap goes on running.
    for _ in range(period):
        bench.let_pass(A_DAY)
        outputs.append(bench.run(outputs[-1].state, streams=STREAMS, **settings))
    held = union(outputs)
    for stream in STREAMS:
        there = by_key(stream, expected_records(bench.sandbox.account)[stream])
        assert {key: held[stream].get(key) for key in there} == there, stream


def test_a_late_event_has_an_older_message_read(bench: Bench) -> None:
    settings: dict[str, Any] = {"engagement_window": "P1D", "recheck_period": "P4D"}
    outputs = [bench.run(streams=STREAMS, **settings)]
    account = bench.sandbox.account
    older = next(
        message
        for message in account.messages
        if message.type == "SENT" and message.events["CLICKED"] and not message.gone
    )
    shown_late = with_repeated_event("CLICKED", older.sent_at + 60_000)
    bench.sandbox.account = account.with_message(older.id, shown_late)
    for _ in range(8):
        bench.let_pass(A_DAY)
        outputs.append(bench.run(outputs[-1].state, streams=STREAMS, **settings))
    brought = [
        {row["message_id"] for row in output.records["message_events"]} for output in outputs[1:]
    ]
    # Once, within the period; then it is unchanged again.
    assert [ids for ids in brought if ids] == [ids for ids in brought[:4] if ids] == [{older.id}]
    for stream in STREAMS:
        there = by_key(stream, expected_records(bench.sandbox.account)[stream])
        assert union(outputs)[stream] == there, stream


def test_each_older_message_is_rechecked_once_in_the_period(bench: Bench) -> None:
    settings: dict[str, Any] = {"engagement_window": "P1D", "recheck_period": "P10D"}
    outputs = [bench.run(streams=["message_events"], **settings)]
    for _ in range(10):
        bench.let_pass(A_DAY)
        outputs.append(bench.run(outputs[-1].state, streams=["message_events"], **settings))
    asked = sum((reports(output) for output in outputs[1:]), Counter[str]())
    # Reports of those in view, and of triggered ones, are requested every day.
    assert set(asked.values()) == {1, 10}
    assert asked.keys() == reports(outputs[0]).keys()
    # Nothing new: their reports say so, and no events are requested.
    assert all(drilldowns(output) == 0 for output in outputs[1:])
    assert max(sum(reports(output).values()) for output in outputs[1:]) < len(asked) / 2


def test_the_summary_says_what_was_not_requested(bench: Bench) -> None:
    settings: dict[str, Any] = {"engagement_window": "P1D", "recheck_period": "P10D"}
    first = bench.run(streams=STREAMS, **settings)
    bench.let_pass(A_DAY)
    second = bench.run(first.state, streams=STREAMS, **settings)
    (line,) = [line for line in second.log.splitlines() if "| message_events: " in line]
    assert "not due" in line
    assert "shared" in line
    assert "unchanged" in line
