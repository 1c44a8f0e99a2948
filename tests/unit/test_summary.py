"""What a run summary."""

from __future__ import annotations

import json
import threading

import pytest
import time_machine

from tap_acton.sync.summary import NAMES_SHOWN, RunSummary, StreamSummary


def test_calls_and_waits_add_up_by_stream() -> None:
    summary = RunSummary()

    with time_machine.travel(1_000_000, tick=False) as time:
        summary.count_call("messages", 0.5)
        time.shift(2)
        summary.count_call("messages", 0.25)
        summary.count_call("lists", 0)

    assert (summary.streams["messages"].calls, summary.streams["messages"].waited) == (2, 0.75)
    assert (summary.streams["lists"].calls, summary.streams["lists"].waited) == (1, 0)


def test_threads_that_wait_at_the_same_time_wait_once() -> None:
    summary = RunSummary()

    with time_machine.travel(1_000_000, tick=False) as time:
        for _ in range(10):
            time.shift(1)
            # Each of eight threads has its turn once in eight seconds.
            summary.count_call("messages", 8)

    assert summary.streams["messages"].waited == 17


def test_no_call_is_lost_among_threads() -> None:
    summary = RunSummary()
    together = threading.Barrier(8, timeout=20)

    def call() -> None:
        together.wait()
        summary.count_login()
        for number in range(499):
            summary.count_call(f"stream {number % 3}", 0.001)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert summary.data()["calls"] == 4000
    assert summary.logins == 8


def test_parents_that_are_gone_are_all_counted_and_the_first_ones_named() -> None:
    count = StreamSummary()

    for number in range(NAMES_SHOWN + 5):
        count.skip(f"message {number}")

    assert count.skipped == NAMES_SHOWN + 5
    assert count.skipped_names == [f"message {number}" for number in range(NAMES_SHOWN)]


def test_streams_do_not_share_the_names_of_their_parents() -> None:
    one, other = StreamSummary(), StreamSummary()

    one.skip("message 1")

    assert other.skipped_names == []


def test_the_summary_of_nothing_is_nothing() -> None:
    assert RunSummary().data() == {"calls": 0, "logins": 0, "streams": {}}


def test_the_summary_gives_all_counts_the_streams_in_alphabetical_order() -> None:
    summary = RunSummary()
    summary.count_call("messages", 1.26)
    summary.count_call("messages", 0)
    summary.count_call("lists", 0.04)
    summary.count_login()
    summary.streams["messages"].rows = 7
    summary.streams["messages"].skip("message s-1")
    for number in range(2):
        summary.streams["messages"].refuse(f"message r-{number}", "HTTP 500")
    summary.streams["messages"].outcome = "complete"
    summary.streams["messages"].is_full_refresh = True
    summary.count_saved("messages", "unchanged", 2)
    summary.count_saved("messages", "not due")
    summary.count_saved("messages", "unchanged", 3)
    summary.count_saved("lists", "unchanged", 0)

    data = summary.data()

    assert data == {
        "calls": 4,
        "logins": 1,
        "streams": {
            "lists": {
                "rows": 0,
                "calls": 1,
                "skipped": 0,
                "refused": 0,
                "saved": {},
                "waited": 0.0,
                "full_refresh": False,
                "outcome": "",
            },
            "messages": {
                "rows": 7,
                "calls": 2,
                "skipped": 1,
                "refused": 2,
                "saved": {"not due": 1, "unchanged": 5},
                "waited": 1.3,
                "full_refresh": True,
                "outcome": "complete",
            },
        },
    }
    assert list(data["streams"]) == ["lists", "messages"]


def test_the_summary_can_be_written_as_json() -> None:
    summary = RunSummary()
    summary.count_call("messages", 0.1)

    assert json.loads(json.dumps(summary.data())) == summary.data()


def test_the_end_of_a_stream_is_a_sentence_without_what_is_zero() -> None:
    summary = StreamSummary(rows=2_013, calls=1, outcome="complete")
    assert summary.sentence == "complete, 2,013 rows, 1 call"

    summary = StreamSummary(
        rows=1, calls=58, outcome="incomplete", waited=11.4, is_full_refresh=True
    )
    summary.saved.update({"unchanged": 1_519, "empty": 98})
    summary.skip("message s-1")
    summary.refuse("message r-1", "HTTP 500")
    assert summary.sentence == (
        "incomplete, full refresh, 1 row, 58 calls (saved: empty 98, unchanged 1,519), 1 skipped, "
        "1 refused, 11 s waited"
    )


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("", "not finished"),
        ("not selected", "read for other streams"),
        ("done before", "read by an earlier run of this load"),
        ("switched off", "switched off"),
    ],
)
def test_an_outcome_reads_like_a_sentence(outcome: str, words: str) -> None:
    assert StreamSummary(outcome=outcome).sentence == f"{words}, 0 rows, 0 calls"


def test_the_table_has_a_line_per_stream_the_logins_and_the_total() -> None:
    summary = RunSummary()
    summary.streams["messages"] = StreamSummary(calls=7, outcome="not selected")
    summary.streams["lists"] = StreamSummary(rows=1_200, calls=3, skipped=1, outcome="complete")
    summary.count_saved("lists", "unchanged", 40)
    summary.count_login()
    assert summary.table() == [
        "stream    outcome                  rows  calls  saved  skipped  refused",
        "lists     complete                1,200      3     40        1        0",
        "messages  read for other streams      0      7      0        0        0",
        "logins                                0      1      0        0        0",
        "total                             1,200     11     40        1        0",
    ]


def test_the_table_of_nothing_has_a_total() -> None:
    assert RunSummary().table()[1].split() == ["total", *"00000"]
