"""The state over its whole life: older ones, merged and damaged ones, interrupted runs."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault
from tap_acton.errors import AllowanceSpentError, SettingsError
from tap_acton.state.format import NAMES, VERSION
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import KEYS, expected_records
from tests.contract.random_days import Warehouse, days_of
from tests.meltano_merge import merged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output
    from tests.contract.random_days import Days

A_DAY = 24 * 3_600
READ_AT = "2026-03-12T12:00:00.000Z"
BEFORE = NOW - timedelta(days=8)
"""When the older states were written."""

COVERS = {"message_types": ["FAILED", "SENT", "TRIGGERED"], "shard": ["1/1"]}
EVENTS = ["BOUNCED", "CLICKED", "OPENED", "OPT_OUT", "SENT", "SPAM", "SUPPRESSED"]
MESSAGES: dict[str, Any] = {"read_until": "2026-03-11T23:59:59.000Z", "covers": COVERS}
OF_EVENTS = {
    "replication_key": "event_at",
    "replication_key_value": READ_AT,
    "covers": {**COVERS, "event_types": EVENTS},
}
OF_LISTS = {
    "message_daily_stats": {"replication_key": "date", "replication_key_value": "2026-03-12"},
    "hard_bounces": {"replication_key": "bounced_at", "replication_key_value": READ_AT},
    "opt_outs": {"replication_key": "opted_out_at", "replication_key_value": READ_AT},
    "contacts": {"replication_key": "updated_at", "replication_key_value": READ_AT},
    "subscription_opt_outs": {
        "replication_key": "opted_out_at",
        "replication_key_value": READ_AT,
    },
}
OF_MEMBERS = {
    "replication_key": "modified_at",
    "replication_key_value": READ_AT,
    "lists": {"l-0a41": READ_AT, "l-0a44": READ_AT},
}

OLD_STATES: dict[str, dict[str, Any]] = {
    "the first one": {
        "message_reports": {**MESSAGES, "read_at": READ_AT},
        "message_events": {**MESSAGES, **OF_EVENTS, "read_at": READ_AT},
        "list_members": OF_MEMBERS,
        **OF_LISTS,
    },
    "before messages rested": {
        "message_reports": {**MESSAGES, "newest": READ_AT},
        "message_events": {
            **MESSAGES,
            **OF_EVENTS,
            "newest": READ_AT,
            "counters": {"s-0515-2602": "1,0,0,0,0,0,0"},
            "ask_again": ["s-gone"],
        },
        "list_members": OF_MEMBERS,
        "hard_bounces": {
            **OF_LISTS["hard_bounces"],
            "createdafter": {"found_at": READ_AT, "pages": 3, "latest": READ_AT},
        },
        "custom_object_records": {"resume": {"object_id": "co-9f32", "dataset_id": "ds-04"}},
    },
    "broken off": {
        "message_events": {
            **MESSAGES,
            "covers": OF_EVENTS["covers"],
            "progress_markers": {
                "Note": "Progress is not resumable if interrupted.",
                "replication_key": "event_at",
                "replication_key_value": "2026-03-19T00:00:00.000Z",
            },
        },
        "hard_bounces": {
            "progress_markers": {
                "replication_key": "bounced_at",
                "replication_key_value": "2026-03-19T00:00:00.000Z",
            }
        },
        "forms": {"round": {"started_at": READ_AT}},
        "form_reports": {"round": {"started_at": READ_AT, "after": "form 0001"}},
    },
    "of the SDK alone": {
        "message_events": {"replication_key": "event_at", "replication_key_value": READ_AT},
        "list_members": {
            "partitions": [
                {
                    "context": {"list_id": "l-0a41"},
                    "replication_key": "modified_at",
                    "replication_key_value": READ_AT,
                }
            ]
        },
        **OF_LISTS,
    },
}
"""Bookmarks as earlier versions of the tap wrote them, for the small account."""


@pytest.mark.parametrize("name", OLD_STATES)
def test_with_a_state_of_an_older_version_nothing_is_lost(account: Account, name: str) -> None:
    bookmarks = OLD_STATES[name]
    settings: dict[str, Any] = {
        "streams": [*bookmarks],
        "engagement_window": "P3D",
        "recheck_period": "P2D",
        "lookback_window": "P14D",
    }
    outputs: list[Output] = []
    with bench_of(account) as bench:
        catalog = bench.discover()
        for _ in range(3):
            state = outputs[-1].state if outputs else {"bookmarks": bookmarks}
            outputs.append(bench.run(state, discovered=catalog, **settings))
            assert outputs[-1].failure is None
            bench.let_pass(A_DAY)
    warehouse = Warehouse.of_catalog(catalog)
    if name != "broken off":
        # What was broken off had not read anything to its end.
        warehouse.hold(expected_records(account.at(BEFORE)))
    for output in outputs:
        warehouse.load(output.messages)
    expected = expected_records(account)
    warehouse.assert_holds({stream: expected[stream] for stream in bookmarks})
    assert not [line for line in outputs[0].lines("WARNING") if "state" in line]
    assert outputs[0].state["version"] == VERSION


@pytest.mark.parametrize("last", ["forms", "sync_runs"])
@pytest.mark.parametrize("fault", [None, "/api/1/message", "/api/*"])
def test_the_last_message_of_a_run_is_its_state(bench: Bench, last: str, fault: str | None) -> None:
    """Not every target keeps a state that records follow: target-jsonl does not."""
    streams = ["messages", last]
    first = bench.run(streams=streams)
    if fault:
        bench.sandbox.faults.add(Fault("status", fault, status=400, times=None))
    second = bench.run(first.state, streams=streams)
    assert (second.failure is None) is (fault is None)
    for output in (first, second):
        assert output.messages[-1] == output.of_type("STATE")[-1]


def test_a_state_of_a_later_version_ends_the_run_before_it_asks_anything(bench: Bench) -> None:
    found = bench.run({"version": VERSION + 1, "bookmarks": {}})
    assert isinstance(found.failure, SettingsError)
    assert "install the later tap-acton" in found.failure.sentence
    assert not bench.sandbox.requests


# Damage

JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2.5,
    "",
    "x",
    "2026-03-10",
    "2099-01-01T00:00:00Z",
    [],
    [7],
    [[]],
    {},
    {"a": 1},
)


def _damaged(state: Mapping[str, Any], dice: Random) -> dict[str, Any]:
    """Put something else in some places of the bookmarks."""
    found: dict[str, Any] = deepcopy(dict(state))
    for _ in range(dice.randint(1, 25)):
        place: Any = dice.choice(
            [kept for kept in found["bookmarks"].values() if kept.keys() - {*NAMES}]
        )
        while True:
            # Another name is another column, which is nothing wrong.
            parts = range(len(place)) if isinstance(place, list) else place.keys() - {*NAMES}
            part = dice.choice(sorted(parts))
            if not isinstance(place[part], dict | list) or not place[part] or dice.random() < 0.4:
                place[part] = deepcopy(dice.choice(JUNK))
                break
            place = place[part]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_wrong_in_a_state_nothing_is_lost(
    account: Account, complete_run: Output, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - the same damage for the same seed
    with bench_of(account) as bench:
        found = bench.run(_damaged(complete_run.state, dice))
    assert found.failure is None
    warehouse = Warehouse(KEYS)
    warehouse.load(complete_run.messages)
    warehouse.load(found.messages)
    warehouse.assert_holds(expected_records(account))


# Meltano's merge


def test_what_is_over_does_not_come_back_by_a_merge_of_states(bench: Bench, tmp_path: Path) -> None:
    """Else a later run would take it for what it has read itself, and leave that out."""
    streams = ["custom_object_records", "forms", "form_reports", "image_details"]
    settings: dict[str, Any] = {"streams": streams, "token_store": str(tmp_path), "page_size": 7}
    state: dict[str, Any] = {}
    outputs: list[Output] = []
    while not outputs or outputs[-1].failure:
        assert len(outputs) < 30
        outputs.append(bench.run(state, daily_request_limit=12, **settings))
        assert isinstance(outputs[-1].failure, AllowanceSpentError | None)
        for message in outputs[-1].of_type("STATE"):
            state = merged(state, message["value"])
        bench.let_pass(A_DAY + 60)
    assert len(outputs) > 2
    last = bench.run(state, **settings)
    assert len(last.records["forms"]) == len(expected_records(bench.sandbox.account)["forms"])
    whole = bench.run(**settings)
    assert last.records["custom_object_records"] == whole.records["custom_object_records"]
    assert last.records["form_reports"] == whole.records["form_reports"]


# Interruption

COUNTED = {"media_messages", "media_views", "media_timeline"}
"""They remember a file only in a run that has read its report, too: an earlier run of the load may
have done that."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [0, 2])
def test_interrupted_and_repeated_runs_end_as_an_undisturbed_one(seed: int) -> None:
    """On a day of one account: the same rows, and the same state."""
    days_of(seed, _read_one_day)


def _read_one_day(days: Days) -> None:
    for shard in days.shards:
        undisturbed = days.run(shard, "complete").state
        del days.states[shard]
        days.warehouse = Warehouse.of_catalog(days.catalog)
        for end in days.dice.sample(["allowance", "signal", "killed"], 3):
            days.run(shard, end)
        assert days.run(shard, "complete").failure is None
        assert _without_nulls(days.states[shard]) == _without_nulls(undisturbed)
    if len(days.shards) == 1:
        days.warehouse.assert_holds(days.expected())


def _without_nulls(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        stream: {part: kept for part, kept in bookmark.items() if kept not in (None, [{}])}
        for stream, bookmark in state["bookmarks"].items()
        if stream not in COUNTED
    }
