"""Items of which the listing or their report shows that nothing is new are not asked about."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

A_DAY = 24 * 3_600
DETAILS = ["image_details", "media_details", "landing_page_details"]
COUNTED = ["media_messages", "media_views", "media_timeline"]
STREAMS = [*DETAILS, "media_reports", *COUNTED]


def calls_by_stream(output: Output) -> dict[str, int]:
    """Give the calls of each stream, by the summary."""
    (line,) = [line for line in output.log.splitlines() if "Run summary: " in line]
    streams: dict[str, Any] = json.loads(line.split("Run summary: ")[1])["streams"]
    return {name: count["calls"] for name, count in streams.items()}


def test_what_has_not_changed_is_not_asked_again(bench: Bench) -> None:
    first = bench.run(streams=STREAMS, recheck_period="P3650D")
    second = bench.run(first.state, streams=STREAMS, recheck_period="P3650D")
    calls = calls_by_stream(second)
    # What is listed but gone is asked for again, since it may come back.
    gone = {"image_details": 1, "landing_page_details": 1}
    for stream in (*DETAILS, *COUNTED):
        assert calls.get(stream, 0) <= gone.get(stream, 1), stream
        assert not second.records[stream]
    assert calls["media_reports"] == calls_by_stream(first)["media_reports"]
    assert "saved: unchanged" in second.log


def test_the_state_of_an_unchanged_account_stays(bench: Bench) -> None:
    first = bench.run(streams=STREAMS)
    assert bench.run(first.state, streams=STREAMS).state == first.state


@pytest.mark.parametrize("days", [1, 5])
def test_what_changes_arrives(bench: Bench, days: int) -> None:
    outputs = [bench.run(streams=STREAMS)]
    for _ in range(days):
        bench.next_day()
        outputs.append(bench.run(outputs[-1].state, streams=STREAMS))
    held = union(outputs)
    for stream in STREAMS:
        there = by_key(stream, expected_records(bench.sandbox.account)[stream])
        assert {key: held[stream].get(key) for key in there} == there, stream
    assert sum(sum(output.paths.values()) for output in outputs[1:]) < days * sum(
        outputs[0].paths.values()
    )


def test_each_item_has_its_turn_in_the_period_all_the_same(bench: Bench) -> None:
    outputs = [bench.run(streams=["image_details"], recheck_period="P7D")]
    for _ in range(7):
        bench.let_pass(A_DAY)
        outputs.append(
            bench.run(outputs[-1].state, streams=["image_details"], recheck_period="P7D")
        )
    asked = Counter(row["id"] for output in outputs[1:] for row in output.records["image_details"])
    assert asked == Counter({row["id"]: 1 for row in outputs[0].records["image_details"]})


def test_an_item_that_was_refused_is_asked_again(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("status", "/api/1/image/*", status=400, body="{}"))
    first = bench.run(streams=["image_details"], recheck_period="P3650D")
    assert first.failure
    second = bench.run(first.state, streams=["image_details"], recheck_period="P3650D")
    assert second.failure is None
    held = union([first, second])
    there = by_key("image_details", expected_records(bench.sandbox.account)["image_details"])
    assert held["image_details"] == there


def test_an_interrupted_run_does_not_ask_again_what_it_read(bench: Bench) -> None:
    first = bench.run(streams=["image_details"], daily_request_limit=6, max_concurrency=1)
    read = len(first.records["image_details"])
    assert read
    bench.let_pass(A_DAY + 60)
    second = bench.run(first.state, streams=["image_details"])
    third = bench.run(second.state, streams=["image_details"])
    assert len(second.records["image_details"]) + read == len(
        expected_records(bench.sandbox.account)["image_details"]
    )
    assert not third.records["image_details"]


@pytest.mark.parametrize("kept", [None, 7, "abc", {"a": 1}, []])
def test_a_state_that_makes_no_sense_leaves_nothing_out(bench: Bench, kept: object) -> None:
    state = {"bookmarks": {"image_details": {"read": kept, "rechecked_at": kept}}}
    found = bench.run(state, streams=["image_details"])
    expected = expected_records(bench.sandbox.account)["image_details"]
    assert by_key("image_details", found.records["image_details"]) == by_key(
        "image_details", expected
    )


def test_a_list_that_is_untouched_is_not_asked(bench: Bench) -> None:
    streams = ["list_members"]
    first = bench.run(streams=streams, recheck_period="P3650D")
    readable = [item.id for item in bench.sandbox.account.lists if item.readable]
    second = bench.run(first.state, streams=streams, recheck_period="P3650D")
    assert not [path for path in second.paths if path.split("/")[-1] in readable]
    before = {item.id: item.modified_at for item in bench.sandbox.account.lists}
    bench.next_day()
    third = bench.run(second.state, streams=streams, recheck_period="P3650D")
    touched = {
        item.id
        for item in bench.sandbox.account.lists
        if item.readable and before.get(item.id) != item.modified_at
    }
    asked = {path.split("/")[-1] for path in third.paths if "/list/" in path}
    assert touched
    assert asked - touched <= {item.id for item in bench.sandbox.account.lists if not item.readable}
    assert touched <= asked
    held = union([first, second, third])["list_members"]
    there = by_key("list_members", expected_records(bench.sandbox.account)["list_members"])
    assert {key: held.get(key) for key in there} == there


def test_a_list_that_was_cut_is_never_taken_for_read() -> None:
    wide = (ListPlan("Wide", 12, "wide", grows=True),)
    with bench_of(Account.generate(seed=7, size="small", now=NOW, lists=wide)) as bench:
        settings: dict[str, Any] = {
            "streams": ["list_members"],
            "recheck_period": "P3650D",
        }
        outputs = [bench.run(**settings)]
        assert outputs[0].failure is None
        # Until it has been touched.
        for _ in range(3):
            bench.next_day()
        for _ in range(2):
            outputs.append(bench.run(outputs[-1].state, bulk_format="json", **settings))
            assert outputs[-1].failure
            assert "columns are missing" in outputs[-1].log


def test_lists_of_a_stretch_of_time_are_read_whole_later(bench: Bench) -> None:
    narrow = bench.run(streams=["list_members"], end_date="2025-02-01")
    whole = bench.run(narrow.state, streams=["list_members"])
    held = union([narrow, whole])["list_members"]
    there = by_key("list_members", expected_records(bench.sandbox.account)["list_members"])
    assert held == there


def test_without_the_reports_what_they_count_is_always_asked(bench: Bench) -> None:
    first = bench.run(streams=["media_views"])
    second = bench.run(first.state, streams=["media_views"])
    assert second.records["media_views"] == first.records["media_views"]


@pytest.mark.parametrize("body", ["", '{"headers": ["_contact_id_"], "data": [], "totalCount": 0}'])
def test_an_empty_answer_is_not_remembered_of_a_list_that_has_rows(
    account: Account, bench: Bench, body: str
) -> None:
    list_id = next(item.id for item in account.lists if item.readable and item.rows)
    status = 200 if body else 204
    bench.sandbox.faults.add(
        Fault("status", f"/api/1/list/{list_id}", times=None, status=status, body=body)
    )
    first = bench.run(streams=["list_members"], full_read_period="P30D")
    assert not [one for one in first.of_type("ACTIVATE_VERSION") if one["stream"] == "list_members"]
    bench.sandbox.faults.clear()
    second = bench.run(first.state, streams=["list_members"], full_read_period="P30D")
    held = union([first, second])["list_members"]
    assert held.keys() == by_key("list_members", expected_records(account)["list_members"]).keys()


def test_a_report_that_does_not_come_is_requested_again(account: Account, bench: Bench) -> None:
    oldest = min((one for one in account.messages if one.sent_at), key=lambda one: one.sent_at)
    bench.sandbox.faults.add(
        Fault("status", f"/api/1/message/{oldest.id}/report", times=None, status=204, body="")
    )
    first = bench.run(streams=["message_reports"])
    bench.sandbox.faults.clear()
    second = bench.run(first.state, streams=["message_reports"])
    assert oldest.id in {row["message_id"] for row in second.records["message_reports"]}
