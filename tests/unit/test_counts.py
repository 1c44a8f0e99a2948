"""What a run counts."""

from __future__ import annotations

import json
import threading

from tap_acton.sync.summary import NAMES_SHOWN, RunCount, StreamCount


def test_calls_and_waits_add_up_by_stream() -> None:
    counts = RunCount()

    counts.count_call("messages", 0.5)
    counts.count_call("messages", 0.25)
    counts.count_call("lists", 0)

    assert (counts.streams["messages"].calls, counts.streams["messages"].waited) == (2, 0.75)
    assert (counts.streams["lists"].calls, counts.streams["lists"].waited) == (1, 0)


def test_no_call_is_lost_among_threads() -> None:
    counts = RunCount()
    together = threading.Barrier(8, timeout=20)

    def call() -> None:
        together.wait()
        counts.count_login()
        for number in range(499):
            counts.count_call(f"stream {number % 3}", 0.001)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert counts.summary()["calls"] == 4000
    assert counts.logins == 8


def test_parents_that_are_gone_are_all_counted_and_the_first_ones_named() -> None:
    count = StreamCount()

    for number in range(NAMES_SHOWN + 5):
        count.skip(f"message {number}")

    assert count.skipped == NAMES_SHOWN + 5
    assert count.skipped_names == [f"message {number}" for number in range(NAMES_SHOWN)]


def test_streams_do_not_share_the_names_of_their_parents() -> None:
    one, other = StreamCount(), StreamCount()

    one.skip("message 1")

    assert other.skipped_names == []


def test_the_summary_of_nothing_is_nothing() -> None:
    assert RunCount().summary() == {"calls": 0, "logins": 0, "streams": {}}


def test_the_summary_gives_all_counts_the_streams_in_alphabetical_order() -> None:
    counts = RunCount()
    counts.count_call("messages", 1.26)
    counts.count_call("messages", 0)
    counts.count_call("lists", 0.04)
    counts.count_login()
    counts.streams["messages"].rows = 7
    counts.streams["messages"].skip("message s-1")
    for number in range(2):
        counts.streams["messages"].skip(f"message r-{number}", is_refused=True)
    counts.streams["messages"].outcome = "complete"
    counts.streams["messages"].is_full_read = True
    counts.count_spared("messages", "unchanged", 2)
    counts.count_spared("messages", "at rest")
    counts.count_spared("messages", "unchanged", 3)
    counts.count_spared("lists", "unchanged", 0)

    summary = counts.summary()

    assert summary == {
        "calls": 4,
        "logins": 1,
        "streams": {
            "lists": {
                "rows": 0,
                "calls": 1,
                "skipped": 0,
                "refused": 0,
                "spared": {},
                "waited": 0.0,
                "full_read": False,
                "outcome": "",
            },
            "messages": {
                "rows": 7,
                "calls": 2,
                "skipped": 1,
                "refused": 2,
                "spared": {"at rest": 1, "unchanged": 5},
                "waited": 1.3,
                "full_read": True,
                "outcome": "complete",
            },
        },
    }
    assert list(summary["streams"]) == ["lists", "messages"]


def test_the_summary_can_be_written_as_json() -> None:
    counts = RunCount()
    counts.count_call("messages", 0.1)

    assert json.loads(json.dumps(counts.summary())) == counts.summary()
