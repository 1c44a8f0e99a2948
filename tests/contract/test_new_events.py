"""A kind of events of several pages is read whole, and only new events are sent again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union

if TYPE_CHECKING:
    from tests.contract.expected import Record
    from tests.contract.harness import Bench, Output

STREAM = "message_events"
WAYS = [
    ("oldest", "json"),
    ("oldest", "auto"),
    ("oldest", "csv"),
    ("newest", "json"),
    ("recipients", "json"),
]
KINDS = ["OPENED", "CLICKED"]
PAGE = 8
DAYS = 3

Runs = dict[tuple[str, str], tuple[list["Record"], list["Output"]]]
"""By order and form of rows what differs in the end, and what each run wrote."""


@pytest.fixture(scope="module")
def popular() -> Account:
    """An account whose messages have drilldowns of many pages of eight rows."""
    return Account.generate(
        seed=7,
        size="small",
        now=NOW,
        daily_audience=(50, 60),
        daily_lifetime_days=8,
        kept_every_days=400,
    )


def read(bench: Bench, state: dict[str, Any] | None = None, **settings: Any) -> Output:
    return bench.run(
        state, streams=[STREAM], **{"event_types": KINDS, "page_size": PAGE, **settings}
    )


def differing(bench: Bench, outputs: list[Output]) -> list[Record]:
    """Give the events that have not come, or with other ids than they have in the account."""
    held = union(outputs)[STREAM]
    account = bench.sandbox.account
    there = {
        key: event
        for key, event in by_key(STREAM, expected_records(account)[STREAM]).items()
        if event["event_type"] in KINDS
    }
    lacking = [event for key, event in there.items() if held.get(key) != event]
    told = {message.id for message in account.messages if not message.gone}
    return lacking + [
        event for key, event in held.items() if event["message_id"] in told and key not in there
    ]


@pytest.fixture(scope="module")
def runs(popular: Account) -> Runs:
    """For each order and form of rows what differs after some days, and their runs."""
    found: Runs = {}
    for order, form in WAYS:
        with bench_of(popular, choices=Choices(drilldown_order=order)) as bench:
            outputs = [read(bench, bulk_format=form)]
            for _ in range(DAYS):
                bench.next_day()
                outputs.append(read(bench, outputs[-1].state, bulk_format=form))
            found[order, form] = differing(bench, outputs), outputs
    return found


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_event_arrives_whatever_the_order(runs: Runs, way: tuple[str, str]) -> None:
    assert runs[way][0] == []


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_only_new_events_are_sent_where_none_came_late(runs: Runs, way: tuple[str, str]) -> None:
    outputs = runs[way][1]
    sent: set[str] = set()
    kinds_of_new_events = 0
    for before, after in pairwise(outputs):
        sent |= {row["id"] for row in before.records[STREAM]}
        for message_id, kinds in before.bookmarks[STREAM]["progress"][0]["known"].items():
            for kind, known in kinds.items():
                rows = [
                    row
                    for row in after.records[STREAM]
                    if (row["message_id"], row["event_type"]) == (message_id, kind)
                ]
                new = [row for row in rows if row["id"] not in sent]
                is_late = any(row["event_at"] <= known["latest"] for row in new)
                assert rows == new or is_late
                kinds_of_new_events += bool(rows) and not is_late
    assert kinds_of_new_events > 0


def test_the_state_knows_only_of_several_pages_in_view(runs: Runs) -> None:
    for _, outputs in runs.values():
        (progress,) = outputs[-1].bookmarks[STREAM]["progress"]
        assert progress["known"]
        assert progress["known"].keys() <= progress["counters"].keys()
        kinds = [kind for kinds in progress["known"].values() for kind in kinds.values()]
        assert all(kind["rows"] > PAGE for kind in kinds)


@pytest.mark.parametrize("calls_before", [1, 12, 25])
def test_a_run_that_breaks_off_between_pages_is_resumed(
    popular: Account, calls_before: int
) -> None:
    with bench_of(popular, choices=Choices(drilldown_order="newest")) as bench:
        outputs = [read(bench)]
        bench.next_day(2)
        fault = Fault("status", "/api/1/message/*", times=None, after=calls_before, status=500)
        bench.sandbox.faults.add(fault)
        outputs.append(read(bench, outputs[-1].state))
        assert outputs[-1].failure is not None
        bench.sandbox.faults.clear()
        outputs.append(read(bench, outputs[-1].state))
        assert differing(bench, outputs) == []


@pytest.mark.parametrize("status", [400, 404])
def test_pages_that_are_refused_lead_to_all_of_them(popular: Account, status: int) -> None:
    with bench_of(popular, choices=Choices(drilldown_order="oldest")) as bench:
        first = read(bench)
        bench.next_day()
        fault = Fault("status", "/api/1/message/*/report/*", times=5, status=status)
        bench.sandbox.faults.add(fault)
        second = read(bench, first.state, max_concurrency=1)
        bench.sandbox.faults.clear()
        third = read(bench, second.state)
        assert differing(bench, [first, second, third]) == []
