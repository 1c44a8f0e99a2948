"""The lists that Act-On keeps itself, of whose date filter the unit is not certain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acton_sandbox import Fault
from acton_sandbox.view import Choices
from tap_acton.records.timestamps import milliseconds_of
from tap_acton.streams.suppression.system_lists import TRUSTED_FOR
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import REPLICATION_KEYS, by_key, expected_records

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output

PATHS = {
    "hard_bounces": "/api/1/list/hardbounce",
    "spam_complaints": "/api/1/list/spamcomplaint",
    "opt_outs": "/api/1/list/optout",
}
PAGE_SIZE = 50
"""So few that each list takes several pages, and so many that those of a month take one."""

DAY = 24 * 3_600_000

PROVEN = {
    "seconds": Choices(),
    "milliseconds": Choices(suppression_filter="milliseconds"),
    "inclusive": Choices(after_is_inclusive=True),
    "inclusive milliseconds": Choices(suppression_filter="milliseconds", after_is_inclusive=True),
    "listing": Choices(suppression_filter_by="listing"),
    "listing in milliseconds": Choices(
        suppression_filter="milliseconds", suppression_filter_by="listing"
    ),
}
"""Filters that let through at least what is wanted."""

OF_NO_USE = {
    "ignored": Choices(suppression_filter="ignored"),
    "refused": Choices(suppression_filter="refused"),
    "contact": Choices(suppression_filter_by="contact"),
    "contact in milliseconds": Choices(
        suppression_filter="milliseconds", suppression_filter_by="contact"
    ),
}
"""Filters that save nothing, or hide rows."""

CHOICES = PROVEN | OF_NO_USE


def read(bench: Bench, state: dict[str, Any] | None = None, **changes: Any) -> Output:
    """Run the three streams, or those named."""
    return bench.run(state, **{"streams": list(PATHS), "page_size": PAGE_SIZE, **changes})


def assert_held(outputs: Sequence[Output], account: Account, *streams: str) -> None:
    """Make sure that what a warehouse got holds every row of the account as it is now."""
    for stream in streams or PATHS:
        column = REPLICATION_KEYS[stream]
        held = {
            (row["email"], milliseconds_of(row[column]), row["origin"])
            for output in outputs
            for row in output.records[stream]
        }
        expected = {(row.email, row.at, row.origin) for row in getattr(account, stream)}
        assert expected == held & expected, stream


def pages_of(account: Account, stream: str) -> int:
    """Count the calls for a whole list.

    Each page begins with the last row of the one before, and the last page holds that row alone.
    """
    return -(-(len(getattr(account, stream)) - 1) // (PAGE_SIZE - 1)) + 1


def calls(output: Output) -> list[int]:
    """Count the calls for each list."""
    return [output.paths[path] for path in PATHS.values()]


def whole(account: Account, more: int = 0) -> list[int]:
    """Count the calls for each whole list, and some more."""
    return [pages_of(account, stream) + more for stream in PATHS]


def filter_of(output: Output, stream: str) -> dict[str, Any]:
    """Give all that the state says of the filter of a list."""
    (progress,) = output.bookmarks[stream].get("progress", [{}])
    found: dict[str, Any] = progress.get("filter", {})
    return found


def unit_of(output: Output, stream: str = "opt_outs") -> str | None:
    """Give what the state says of the filter of a list."""
    unit: str | None = filter_of(output, stream).get("unit")
    return unit


def units(output: Output) -> set[str | None]:
    """Give what the state says of the filters."""
    return {unit_of(output, stream) for stream in PATHS}


def summary_of(output: Output) -> dict[str, Any]:
    """Give what the run counted."""
    (line,) = [line for line in output.log.splitlines() if "Run summary: " in line]
    summary: dict[str, Any] = json.loads(line.partition("Run summary: ")[2])
    return summary


def without(account: Account, emails: Collection[str]) -> Account:
    """Take addresses off the list of opt-outs."""
    shorter = account.at(account.now)
    vars(shorter)["opt_outs"] = [row for row in account.opt_outs if row.email not in emails]
    return shorter


def with_memory(state: dict[str, Any], **memory: str) -> dict[str, Any]:
    """Change what the state says of the filter of the opt-outs."""
    changed: dict[str, Any] = json.loads(json.dumps(state))
    (progress,) = changed["bookmarks"]["opt_outs"].get("progress", [{}])
    if "filter" in progress:
        progress["filter"].update(memory)
    return changed


@pytest.mark.parametrize("choice", CHOICES)
def test_whatever_the_filter_takes_no_row_is_lost(bench: Bench, choice: str) -> None:
    bench.sandbox.choices = CHOICES[choice]
    outputs = [read(bench)]
    for pause in (1, 9, 33):
        bench.next_day(pause)
        outputs.append(read(bench, outputs[-1].state))
        assert outputs[-1].failure is None
        assert_held(outputs, bench.sandbox.account)
    late = [
        row
        for stream in PATHS
        for row in getattr(bench.sandbox.account, stream)
        if row.visible_at > row.at + DAY and row.visible_at > NOW.timestamp() * 1_000
    ]
    assert len(late) > 3


@pytest.mark.parametrize("choice", PROVEN)
def test_a_proven_filter_makes_a_nightly_run_cost_one_call(bench: Bench, choice: str) -> None:
    bench.sandbox.choices = CHOICES[choice]
    unit = "milliseconds" if "milliseconds" in choice else "seconds"
    first = read(bench)
    # Seconds are tried first.
    assert calls(first) == whole(bench.sandbox.account, 1 if unit == "seconds" else 2)
    assert units(first) == {unit}
    second = read(bench, first.state)
    assert calls(second) == [2, 2, 2]
    assert second.state == first.state
    bench.next_day()
    third = read(bench, second.state)
    assert calls(third) == [2, 2, 2]
    assert units(third) == {unit}
    for stream, saved in zip(PATHS, whole(bench.sandbox.account, -2), strict=True):
        assert summary_of(third)["streams"][stream]["saved"] == {"known": saved}


@pytest.mark.parametrize("choice", OF_NO_USE)
def test_a_filter_of_no_use_is_tried_once(bench: Bench, choice: str) -> None:
    bench.sandbox.choices = CHOICES[choice]
    first = read(bench)
    assert calls(first) == whole(bench.sandbox.account, 2)
    assert units(first) == {"none"}
    second = read(bench, first.state)
    assert calls(second) == whole(bench.sandbox.account)
    assert not any("createdafter" in seen.query for seen in second.requests)
    assert second.state == first.state
    bench.next_day()
    assert calls(read(bench, second.state)) == whole(bench.sandbox.account)


def test_a_list_of_one_page_is_read_whole(bench: Bench) -> None:
    first = read(bench, page_size=1_000)
    second = read(bench, first.state, page_size=1_000)
    assert calls(first) == calls(second) == [2, 2, 2]
    assert units(first) == units(second) == {None}
    assert not any("createdafter" in seen.query for seen in first.requests + second.requests)


def test_the_state_holds_the_unit_and_no_address(bench: Bench) -> None:
    found = read(bench)
    for stream in PATHS:
        assert filter_of(found, stream) == {
            "unit": "seconds",
            "found_at": "2026-03-20T12:00:00.000Z",
            "pages": pages_of(bench.sandbox.account, stream),
            "latest": found.bookmarks[stream]["replication_key_value"],
        }
    assert "@" not in json.dumps(found.state)
    assert {f"| INFO | tap-acton.{stream}" for stream in PATHS} == {
        line.rpartition(" |")[0]
        for line in found.log.splitlines()
        if "date filter takes seconds" in line
    }


@pytest.mark.parametrize(
    ("choice", "believed"),
    [
        ("seconds", "milliseconds"),
        ("seconds", "none"),
        ("milliseconds", "seconds"),
        ("milliseconds", "none"),
        ("listing", "milliseconds"),
        ("ignored", "seconds"),
        ("ignored", "milliseconds"),
        ("refused", "seconds"),
        ("contact", "seconds"),
        ("contact", "milliseconds"),
        ("contact in milliseconds", "milliseconds"),
    ],
)
def test_a_wrong_memory_costs_calls_and_no_rows(bench: Bench, choice: str, believed: str) -> None:
    bench.sandbox.choices = CHOICES[choice]
    outputs = [read(bench, streams=["opt_outs"])]
    true_unit = unit_of(outputs[0])
    assert true_unit != believed
    state = with_memory(outputs[0].state, unit=believed)
    for _ in range(3):
        bench.next_day()
        outputs.append(read(bench, state, streams=["opt_outs"]))
        assert outputs[-1].failure is None
        assert_held(outputs, bench.sandbox.account, "opt_outs")
        state = outputs[-1].state
    if believed == "none":
        # It does no harm, so it is left until it is due.
        assert unit_of(outputs[-1]) == "none"
        bench.next_day(TRUSTED_FOR.days)
        outputs.append(read(bench, state, streams=["opt_outs"]))
    assert unit_of(outputs[-1]) == true_unit


def test_an_answer_without_the_row_that_is_known_is_not_relied_on(bench: Bench) -> None:
    """Here it is an empty one: seconds are expected, and milliseconds are asked."""
    bench.sandbox.choices = CHOICES["milliseconds"]
    first = read(bench)
    bench.sandbox.choices = CHOICES["seconds"]
    bench.next_day()
    second = read(bench, first.state)
    # An empty answer, believed the second time, then all of the list, and the proof.
    assert calls(second) == whole(bench.sandbox.account, 3)
    assert units(second) == {"seconds"}
    for stream in PATHS:
        assert filter_of(second, stream)["pages"] == pages_of(bench.sandbox.account, stream)
    assert_held([first, second], bench.sandbox.account)
    assert (
        len([line for line in second.log.splitlines() if "cannot be relied on today" in line]) == 3
    )


def test_a_filter_that_stops_to_filter_is_tried_anew_by_the_next_run(bench: Bench) -> None:
    first = read(bench)
    bench.sandbox.choices = CHOICES["milliseconds"]
    bench.next_day()
    second = read(bench, first.state)
    assert calls(second) == whole(bench.sandbox.account)
    third = read(bench, second.state)
    assert units(third) == {"milliseconds"}
    assert calls(read(bench, third.state)) == [2, 2, 2]


def test_the_latest_row_may_be_taken_off_its_list(bench: Bench) -> None:
    account = bench.sandbox.account
    first = read(bench)
    bench.sandbox.account = without(account, {account.opt_outs[-1].email})
    second = read(bench, first.state)
    assert calls(second) == [2, 2, pages_of(bench.sandbox.account, "opt_outs") + 3]
    assert calls(read(bench, second.state)) == [2, 2, 2]


def test_what_was_found_out_is_checked_against_the_whole_list_in_time(bench: Bench) -> None:
    last = read(bench)
    for pause in (5, TRUSTED_FOR.days - 6):
        bench.next_day(pause)
        last = read(bench, last.state)
        assert calls(last) == [2, 2, 2]
    bench.next_day()
    last = read(bench, last.state)
    assert calls(last) == whole(bench.sandbox.account, 1)
    assert calls(read(bench, last.state)) == [2, 2, 2]


def test_what_the_filter_should_not_have_kept_back_comes_with_the_whole_list(bench: Bench) -> None:
    """A filter can prove right and be wrong about later rows."""
    streams = ["opt_outs"]
    outputs = [read(bench, streams=streams)]
    bench.next_day()
    hidden = {row.email for row in bench.sandbox.account.opt_outs if row.at > NOW.timestamp() * 1e3}
    for pause in (4, 8):
        bench.next_day(pause)
        true_account = bench.sandbox.account
        bench.sandbox.account = without(true_account, hidden)
        outputs.append(read(bench, outputs[-1].state, streams=streams))
        bench.sandbox.account = true_account
    assert [calls(output)[2] for output in outputs[1:]] == [2, 2]
    assert not hidden & {row["email"] for run in outputs for row in run.records["opt_outs"]}
    bench.next_day()
    last = read(bench, outputs[-1].state, streams=streams)
    assert hidden
    assert hidden <= {row["email"] for row in last.records["opt_outs"]}


@pytest.mark.parametrize(
    ("choice", "unit"), [("milliseconds", "milliseconds"), ("ignored", "none")]
)
def test_a_list_may_begin_with_its_latest_row(bench: Bench, choice: str, unit: str) -> None:
    """Then the first page holds the latest rows whether the filter works or not."""
    account = without(bench.sandbox.account, ())
    account.opt_outs.reverse()
    bench.sandbox.account = account
    bench.sandbox.choices = CHOICES[choice]
    first = read(bench, streams=["opt_outs"])
    assert unit_of(first) == unit
    assert_held([first], account, "opt_outs")
    second = read(bench, first.state, streams=["opt_outs"])
    assert second.failure is None
    assert second.state == first.state


def test_a_list_of_which_a_row_has_no_timestamp_is_read_whole(bench: Bench) -> None:
    """The filter could not tell such a row."""
    account = bench.sandbox.account.at(bench.sandbox.account.now)
    bounces = account.hard_bounces
    vars(account)["hard_bounces"] = [replace(bounces[0], at=0), *bounces[1:]]
    bench.sandbox.account = account
    first = read(bench)
    assert unit_of(first, "hard_bounces") is None
    assert first.paths[PATHS["hard_bounces"]] == pages_of(bench.sandbox.account, "hard_bounces")
    assert unit_of(first) == "seconds"


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_proof_that_fails_fails_no_stream(bench: Bench, status: int) -> None:
    pages = pages_of(bench.sandbox.account, "opt_outs")
    bench.sandbox.faults.add(
        Fault("status", PATHS["opt_outs"], times=None, after=pages, status=status, body="No")
    )
    first = read(bench)
    assert first.failure is None
    assert unit_of(first) == "none"
    assert_held([first], bench.sandbox.account)


def test_a_filter_that_is_answered_with_errors_is_left_out_by_the_next_run(bench: Bench) -> None:
    first = read(bench)
    bench.next_day()
    bench.sandbox.faults.add(Fault("status", PATHS["opt_outs"], times=None, status=500))
    second = read(bench, first.state)
    assert second.failure is not None
    assert second.bookmarks["opt_outs"] == {**first.bookmarks["opt_outs"], "progress": [{}]}
    bench.sandbox.faults.clear()
    third = read(bench, second.state)
    assert third.failure is None
    assert not any(
        "createdafter" in seen.query
        for seen in [seen for seen in third.requests if seen.path == PATHS["opt_outs"]][:-1]
    )
    assert_held([first, second, third], bench.sandbox.account)


def test_an_allowance_that_ends_before_the_proof_leaves_the_run_complete(bench: Bench) -> None:
    streams = ["opt_outs"]
    before = read(bench, streams=streams, page_size=1_000)
    pages = pages_of(bench.sandbox.account, "opt_outs")
    # All calls but those of the list itself, then the pages of the list.
    limit = len(before.requests) - 2 + pages
    first = read(bench, streams=streams, daily_request_limit=limit)
    assert first.failure is None
    assert first.paths[PATHS["opt_outs"]] == pages
    assert unit_of(first) is None
    second = read(bench, first.state, streams=streams)
    assert second.paths[PATHS["opt_outs"]] == pages + 1
    assert unit_of(second) == "seconds"


@pytest.mark.parametrize("window", [{}, {"start_date": "2025-06-01"}], ids=str)
def test_a_list_that_is_to_be_read_whole_is_asked_without_the_filter(
    bench: Bench, window: dict[str, Any]
) -> None:
    first = read(bench, **window)
    second = read(bench, first.state, full_table=list(PATHS), **window)
    assert calls(second) == whole(bench.sandbox.account)
    assert not any("createdafter" in seen.query for seen in second.requests)
    assert second.records == first.records


def test_a_start_date_behind_what_was_read_is_no_doubt(bench: Bench) -> None:
    first = read(bench)
    bench.next_day(4)
    start = NOW + timedelta(days=2)
    second = read(bench, first.state, start_date=start.isoformat())
    assert calls(second) == [2, 2, 2]
    for stream in PATHS:
        column = REPLICATION_KEYS[stream]
        wanted = [
            row
            for row in expected_records(bench.sandbox.account)[stream]
            if datetime.fromisoformat(row[column]) >= start
        ]
        assert by_key(stream, second.records[stream]) == by_key(stream, wanted)


def test_a_row_from_the_future_does_not_switch_the_filter_off(bench: Bench) -> None:
    account = bench.sandbox.account.at(NOW)
    rows = account.opt_outs
    future = int((NOW + timedelta(days=2_000)).timestamp() * 1_000)
    vars(account)["opt_outs"] = [*rows[:-1], replace(rows[-1], at=future)]
    bench.sandbox.account = account
    first = read(bench)
    second = read(bench, first.state)
    assert calls(second) == [2, 2, 2]
    assert first.bookmarks["opt_outs"]["replication_key_value"] == "2026-03-20T12:00:00.000Z"


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.sampled_from([*PROVEN, "ignored", "refused"]),
            st.sampled_from(["keep", "seconds", "milliseconds", "none"]),
            st.integers(0, 3),
            st.sampled_from([0, 0, 1, 3, 8]),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_random_days_lose_nothing(
    account: Account, days: list[tuple[int, str, str, int, int]]
) -> None:
    """Days pass, the server changes its mind, memories are wrong, rows go, runs break off."""
    streams = ["opt_outs"]
    with bench_of(account) as bench:
        outputs = [read(bench, streams=streams)]
        for pause, choice, believed, removed, calls_before in days:
            bench.next_day(pause)
            bench.sandbox.choices = CHOICES[choice]
            true_account = bench.sandbox.account
            latest = [row.email for row in reversed(true_account.opt_outs)]
            bench.sandbox.account = without(true_account, latest[:removed])
            state = outputs[-1].state
            if believed != "keep":
                state = with_memory(state, unit=believed)
            if calls_before:
                fault = Fault("status", PATHS["opt_outs"], None, calls_before, status=500)
                bench.sandbox.faults.add(fault)
                outputs.append(read(bench, state, streams=streams, max_retries=1))
                bench.sandbox.faults.clear()
                state = outputs[-1].state
            outputs.append(read(bench, state, streams=streams))
            assert outputs[-1].failure is None
            assert_held(outputs, bench.sandbox.account, "opt_outs")
            bench.sandbox.account = true_account
