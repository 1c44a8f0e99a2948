"""The facts of the contacts: three streams of one answer, which is asked for once."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tap_acton.errors import AllowanceSpentError
from tap_acton.streams.base.permission import MOST_GIVEN_UP
from tests.contract.conftest import bench_of
from tests.contract.expected_facts import contacts, expected_facts

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

STREAMS = ("contact_facts", "contact_activities", "contact_score_details")
FACTS = "/api/1/list/*/facts"
SOME = [some for length in (1, 2) for some in combinations(STREAMS, length)]


def asked(found: Output) -> list[str]:
    """Give the contacts that were asked about."""
    return [path.split("/")[6] for path in found.paths.elements() if path.endswith("/facts")]


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_exactly_the_facts_of_the_account(account: Account, edition: str) -> None:
    expected = expected_facts(account)
    assert all(expected.values())
    with bench_of(account, edition=edition) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert found.records == expected


@pytest.mark.parametrize("some", SOME, ids="+".join)
def test_each_contact_is_asked_about_once_whatever_is_selected(
    account: Account, bench: Bench, some: tuple[str, ...]
) -> None:
    found = bench.run(streams=some, page_size=7)
    assert found.records == {name: expected_facts(account)[name] for name in some}
    assert sorted(asked(found)) == sorted(row.contact_id for _, row in contacts(account))


def test_nobody_is_asked_about_by_default(bench: Bench) -> None:
    assert asked(bench.run()) == []


def test_the_lists_of_the_settings_narrow_the_contacts(account: Account, bench: Bench) -> None:
    item = next(item for item in account.lists if item.rows)
    found = bench.run(streams=STREAMS, list_ids=[item.id])
    assert set(asked(found)) == {row.contact_id for row in item.rows}


def test_contacts_that_are_gone_are_skipped_and_told_of(account: Account, bench: Bench) -> None:
    found = bench.run(streams=STREAMS)
    gone = [row.contact_id for _, row in contacts(account) if account.facts_of(row) is None]
    assert gone
    told = [line for line in found.lines("WARNING") if "deleted in Act-On" in line]
    assert any(f"contact {gone[0]}" in line for line in told)


def test_all_entries_are_emitted_again_for_a_contact_may_be_new(bench: Bench) -> None:
    first = bench.run(streams=["contact_activities"])
    bookmark = first.bookmarks["contact_activities"]["replication_key_value"]
    latest = max(row["activity_at"] for row in first.records["contact_activities"])
    assert bookmark == latest
    assert bench.run(first.state, streams=["contact_activities"]).records == first.records


def test_only_the_window_is_emitted_whoever_asks(account: Account, bench: Bench) -> None:
    start = "2025-02-01T00:00:00.000Z"
    found = bench.run(streams=STREAMS, start_date=start, end_date="2026-01-01")
    assert found.records["contact_activities"] == [
        row
        for row in expected_facts(account)["contact_activities"]
        if start <= row["activity_at"] < "2026-01-02"
    ]


@pytest.mark.parametrize("place", ["first", "last", "absent"])
def test_contacts_are_found_wherever_the_list_has_their_ids(account: Account, place: str) -> None:
    with bench_of(account, choices=Choices(contact_id_column=place)) as bench:
        found = bench.run(streams=["contact_facts"])
    if place == "absent":
        assert asked(found) == []
        assert any("does not have the ids" in line for line in found.lines("WARNING"))
    else:
        assert found.records["contact_facts"] == expected_facts(account)["contact_facts"]


@pytest.mark.parametrize(("after", "most"), [(0, MOST_GIVEN_UP + 50), (90, 1_000)])
def test_a_failure_of_the_first_is_that_of_the_others(bench: Bench, after: int, most: int) -> None:
    bench.sandbox.faults.add(Fault("garbage", FACTS, times=None, after=after))
    found = bench.run(streams=STREAMS, max_retries=0)
    assert found.failure is not None
    assert len(asked(found)) <= most
    assert all(name in str(found.failure) for name in STREAMS)


def test_a_contact_that_is_refused_leaves_all_three_incomplete(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("status", FACTS, status=400, body='{"errorCode": 1}'))
    found = bench.run(streams=STREAMS)
    assert found.failure is not None
    assert all(name in str(found.failure) for name in STREAMS)


def test_contacts_that_are_all_gone_fail_all_three(bench: Bench) -> None:
    fault = Fault("status", FACTS, times=None, status=400, body='{"errorCode": 10008}')
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=STREAMS)
    assert found.failure is not None
    assert all(name in str(found.failure) for name in STREAMS)


def test_a_list_that_is_refused_leaves_the_contacts_of_the_others(
    account: Account, bench: Bench
) -> None:
    item = next(item for item in account.lists if item.rows)
    fault = Fault("status", f"/api/1/list/{item.id}", status=400, body='{"errorCode": 1}')
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=STREAMS)
    assert found.failure is not None
    assert found.records == {
        stream: [row for row in rows if row["list_id"] != item.id]
        for stream, rows in expected_facts(account).items()
    }
    assert any(f"list {item.id}" in line for line in found.lines("WARNING"))


def test_an_endpoint_that_is_not_offered_switches_all_three_off(bench: Bench) -> None:
    body = json.dumps({"httpCode": "404", "moreInformation": "No resources match requested URI"})
    bench.sandbox.faults.add(Fault("status", FACTS, times=None, status=404, body=body))
    found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert found.records == {}
    told = [line for line in found.log.splitlines() if "switched off for this run" in line]
    assert len(told) == len(STREAMS)
    assert [line for line in told if "WARNING" in line] == told[:1]


ENTRY = {"WhenMillis": 1773765600000, "Verb": "fs", "Surprise": 1, "Responses": [{"a": 1}]}


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ({}, (0, 0, 0)),
        ({"activity": {}, "activitylist": []}, (1, 0, 0)),
        ({"activity": {"ScoreDetails": [{}, {}]}}, (1, 0, 2)),
        ({"activity": None, "activitylist": [ENTRY, ENTRY]}, (1, 2, 0)),
    ],
)
def test_parts_may_be_missing(
    account: Account, bench: Bench, answer: Any, rows: tuple[int, ...]
) -> None:
    body = json.dumps(answer)
    bench.sandbox.faults.add(Fault("status", FACTS, times=None, status=200, body=body))
    found = bench.run(streams=STREAMS)
    number = len(list(contacts(account)))
    assert found.failure is None
    assert [len(found.records[name]) for name in STREAMS] == [count * number for count in rows]


def test_what_no_schema_names_is_kept(bench: Bench) -> None:
    body = json.dumps({"activity": {"more": [1]}, "activitylist": [ENTRY], "segments": ["q-1"]})
    bench.sandbox.faults.add(Fault("status", FACTS, times=None, status=200, body=body))
    found = bench.run(streams=STREAMS)
    assert found.records["contact_facts"][0]["extra_fields"] == {"segments": ["q-1"], "more": [1]}
    assert found.records["contact_activities"][0]["extra_fields"] == {
        "Surprise": 1,
        "Responses": [{"a": 1}],
    }


def test_an_allowance_that_ends_ends_the_run_though_a_later_stream_was_done_before(
    bench: Bench,
) -> None:
    checkpoint = {"started_at": "2026-03-20T10:00:00.000Z", "is_done": True}
    done = {"progress": [{"checkpoint": checkpoint}]}
    found = bench.run(
        {"version": 3, "bookmarks": {"contact_activities": done}},
        streams=["contact_facts", "contact_activities"],
        daily_request_limit=20,
    )
    assert isinstance(found.failure, AllowanceSpentError)
    assert found.bookmarks["contact_activities"] == done
