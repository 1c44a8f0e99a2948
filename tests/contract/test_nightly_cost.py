"""A night costs next to nothing: what was measured on a thousand messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acton_sandbox import Account
from acton_sandbox.edits import with_repeated_event
from acton_sandbox.size import ListPlan
from acton_sandbox.timestamps import DAY, HOUR
from tests.contract.conftest import bench_of
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union

STREAMS = ["messages", "message_reports", "message_events", "message_daily_stats"]
EVENING = datetime(2027, 4, 18, 23, tzinfo=UTC)
"""When the thousandth message has gone out, at somewhat more than one a day."""

ACTIVE = 30


def events_of(account: Account) -> dict[str, int]:
    """Count the events of each message."""
    return {
        message.id: sum(len(events) for events in message.events.values())
        for message in account.messages
    }


def evening() -> Account:
    """An account of a thousand messages, with four or five kinds of events where they had readers.

    Every fifth day one goes out to nobody. None of them is ever deleted.
    """
    return Account.generate(
        seed=7,
        size="small",
        now=EVENING,
        lists=(ListPlan("Readers", 30),),
        daily_audience=(20, 25),
        daily_lifetime_days=4_000,
        kept_every_days=4_000,
        triggered_messages=0,
        other_messages=0,
        suppressions_per_day=0,
        category_opt_outs_per_day=0,
    )


def next_evening(before: Account) -> Account:
    """Let a day pass: of thirty messages of all ages something new shows, part of it late."""
    after = before.next_day()
    known, now = events_of(before), events_of(after)
    moved = {message_id for message_id in known if known[message_id] != now[message_id]}
    quiet = [
        message
        for message in after.messages
        if message.id in known.keys() - moved
        and message.events["CLICKED"]
        and message.sent_at > before.now_ms - 80 * DAY
    ]
    missing = ACTIVE - len(moved)
    for number, message in enumerate(quiet[:: len(quiet) // missing][:missing]):
        at = after.now_ms - (HOUR if number % 3 else 3 * DAY)
        kinds = ("OPENED", "CLICKED") if number % 2 else ("OPENED",)
        edits = (with_repeated_event(kind, max(at, message.sent_at)) for kind in kinds)
        after = after.with_message(message.id, *edits)
    return after


# The SDK warns of the end of older versions of Python.
@pytest.mark.filterwarnings("ignore:Python 3")
@pytest.mark.timeout(120)
def test_a_night_takes_at_most_four_percent_of_the_calls_and_brings_every_event() -> None:
    before = evening()
    after = next_evening(before)
    known, now = events_of(before), events_of(after)
    assert len(known) == 1_000
    assert sum(now[message_id] != number for message_id, number in known.items()) == ACTIVE
    with bench_of(before) as bench:
        first = bench.run(streams=STREAMS)
        bench.sandbox.account = after
        bench.let_pass(timedelta(days=1).total_seconds())
        second = bench.run(first.state, streams=STREAMS)
    assert (first.failure, second.failure) == (None, None)
    held = union([first, second])
    for stream in ("messages", "message_events", "message_reports"):
        assert held[stream] == by_key(stream, expected_records(after)[stream]), stream
    days = by_key("message_daily_stats", expected_records(after)["message_daily_stats"])
    assert {key: held["message_daily_stats"][key] for key in days} == days
    assert second.paths.total() <= 0.04 * first.paths.total()
    asked = [path for path in second.paths if "/report/" in path]
    # One page more is requested once per stream, until its total has proven to be one.
    assert sum(second.paths[path] - 1 for path in asked) <= 1
