"""The plan of a run: that it says what the run then takes, and asks next to nothing for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault, Sandbox
from tap_acton.errors import EXIT_FAILED
from tap_acton.plan import Planner
from tap_acton.records.timestamps import timestamp_of
from tap_acton.streams import STREAM_TYPES
from tests.contract.conftest import NOW, bench_of
from tests.contract.harness import PROJECT, catalog, config_of, environment, signals_kept

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from tap_acton.plan import Plan
    from tests.contract.harness import Bench, Output

LISTINGS = [
    "/api/1/account",
    "/api/1/header",
    "/api/1/footer",
    "/api/1/image",
    "/api/1/media",
    "/api/1/form",
    "/api/1/page",
    "/api/1/message",
    "/api/1/campaigns",
    "/api/1/list",
    "/api/1/subscription/category",
    "/ucl/v2/*/schema",
    "/ucl/v2/*/segment",
    "/custom-objects/v1/*/schema/all",
    "/custom-objects/v1/*/data/all",
]
"""The paths of what others hang on."""

FIRST_PAGES = [
    "/api/1/list/hardbounce",
    "/api/1/list/spamcomplaint",
    "/api/1/list/optout",
    "/ucl/v2/*/contact",
]
"""The paths of which the first page tells how many there are."""

MORE_TYPES = 5
"""The types of messages beside the first, each of which has a listing."""

PER_CONTACT = 3
"""The streams that look for themselves how many contacts there are."""

PROOFS = 3
"""A page more of messages, lists and segments, which proves that their total is one."""

DONE = {"started_at": timestamp_of(NOW), "is_done": True}
"""The checkpoint of a stream that an earlier run of the load has read to its end."""

ALL = tuple(kind.name for kind in STREAM_TYPES if kind.name != "seo_reports")


OPEN = [
    "contacts",
    "contact_fields",
    "contact_scores",
    "segments",
    "segment_contacts",
    "lists",
    "list_members",
    "opt_outs",
    "custom_object_schemas",
    "custom_object_datasets",
    "custom_object_records",
]
"""Streams of whose endpoints the documents leave much open."""


def plan(
    bench: Bench,
    state: Mapping[str, Any] | None = None,
    *,
    streams: Collection[str] = (),
    **settings: Any,
) -> Plan:
    """Plan a run in this process."""
    with signals_kept(), bench._pauses_skipped():
        return Planner(
            config=bench.config(**settings),
            state=json.loads(json.dumps(state)) if state else None,
            catalog=catalog(streams) if streams else None,
        ).plan()


def calls_of(output: Output) -> dict[str, int]:
    """Give the calls that a run made, by stream."""
    summary = json.loads(output.log.partition("Run summary: ")[2].splitlines()[0])
    return {stream: count["calls"] for stream, count in summary["streams"].items()}


def assert_true(planned: Plan, output: Output) -> None:
    """Make sure that a run took what was planned."""
    made = calls_of(output)
    assert made.keys() == {one.stream for one in planned.streams}
    for one in planned.streams:
        calls = made[one.stream]
        if one.is_exact:
            assert one.calls == calls, one
        else:
            assert calls / 2 - 3 <= one.calls <= 2 * calls + 3, (one, calls)


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_a_run_takes_what_was_planned(account: Account, edition: str) -> None:
    settings: dict[str, Any] = {
        "streams": ALL,
        "job_ids": [{"job_type": "list_upload", "id": "none"}],
    }
    with bench_of(account, edition=edition) as bench:
        state = None
        for _ in range(3):
            planned = plan(bench, state, **settings)
            output = bench.run(state, **settings)
            assert_true(planned, output)
            made = sum(calls_of(output).values())
            assert planned.calls == pytest.approx(made, rel=0.25)
            state = output.state
            bench.next_day()


@pytest.mark.parametrize(
    "choices",
    [
        Choices(audience_center="older"),
        Choices(audience_center="unrouted"),
        Choices(custom_objects="off"),
        Choices(custom_objects="unrouted", datasets_name_object=False),
        Choices(listing_type_case="upper", account_endpoint=False),
        Choices(datasets_name_object=False, suppression_filter="refused"),
        Choices(largest_contact_page=20, larger_contact_page="cut"),
        Choices(largest_contact_page=60, larger_contact_page="refused"),
    ],
    ids=[
        "older",
        "unrouted",
        "no objects",
        "no path of objects",
        "upper case",
        "no filter",
        "cut pages",
        "refused pages",
    ],
)
def test_what_the_documents_leave_open_is_in_the_plan(account: Account, choices: Choices) -> None:
    with bench_of(account, choices=choices) as bench:
        settings: dict[str, Any] = {"streams": OPEN, "account_id": str(account.account_id)}
        state = None
        for _ in range(2):
            planned = plan(bench, state, **settings)
            output = bench.run(state, **settings)
            assert_true(planned, output)
            state = output.state
            bench.next_day()


@pytest.mark.parametrize("bulk_format", ["json", "auto", "csv"])
def test_pages_and_files_are_foreseen(bench: Bench, bulk_format: str) -> None:
    settings: dict[str, Any] = {
        "streams": ["messages", "lists", "list_members", "contacts", "hard_bounces", "opt_outs"],
        "page_size": 10,
        "bulk_format": bulk_format,
    }
    planned = {one.stream: one for one in plan(bench, **settings).streams}
    made = calls_of(bench.run(**settings))
    assert planned["messages"].calls == made["messages"] > 6
    assert planned["contacts"].calls == made["contacts"] > 2
    # These tell only that another page follows.
    assert not planned["hard_bounces"].is_exact
    assert 1 < planned["hard_bounces"].calls <= made["hard_bounces"]
    of_lists = planned["list_members"].calls
    # One page more shows once that a total is one.
    assert made["list_members"] - 1 <= of_lists <= made["list_members"]
    assert of_lists > len({row["id"] for row in bench.run(streams=["lists"]).records["lists"]})


def test_a_list_with_a_stream_of_its_own_is_planned_by_its_size(bench: Bench) -> None:
    found = bench.discover(list_streams=["Cust*"])
    names = [one["tap_stream_id"] for one in found["streams"]]
    name = next(name for name in names if name not in ALL and name.startswith("list_"))
    for streams, has_size in (([name, "lists"], True), ([name], False)):
        with signals_kept(), bench._pauses_skipped():
            planned = Planner(
                config=bench.config(page_size=30, bulk_format="json"),
                catalog=catalog(streams, discovered=found),
            ).plan()
        one = next(one for one in planned.streams if one.stream == name)
        assert not one.is_exact
        output = bench.run(streams=streams, discovered=found, page_size=30, bulk_format="json")
        assert 1 <= one.calls <= calls_of(output)[name]
        assert (one.calls == calls_of(output)[name]) is has_size


def test_a_shard_is_planned_as_one(bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": ["form_reports", "contact_scores"], "shard": "1/3"}
    planned = {one.stream: one for one in plan(bench, **settings).streams}
    made = calls_of(bench.run(**settings))
    assert planned["form_reports"].calls == made["form_reports"]
    assert planned["contact_scores"].calls == pytest.approx(made["contact_scores"], rel=0.5)


# What a plan asks


def paths_of(bench: Bench, **keywords: Any) -> list[str]:
    """Plan a run, and give the paths that were asked for it."""
    before = len(bench.sandbox.requests)
    planned = plan(bench, **keywords)
    paths = [seen.path for seen in bench.sandbox.requests[before:] if seen.path != "/token"]
    assert len(paths) == planned.calls_made - 1
    return [re.sub(r"^(/ucl/v2|/custom-objects/v1)/[^/]+", r"\1/*", path) for path in paths]


def test_a_plan_asks_listings_and_first_pages_alone(bench: Bench) -> None:
    paths = paths_of(bench, streams=ALL)
    assert {path.rstrip("/") for path in paths} == {*LISTINGS, *FIRST_PAGES}, (
        "LISTINGS above has the path of every stream that others are below"
    )
    expected = len(LISTINGS) + MORE_TYPES + len(FIRST_PAGES) + PER_CONTACT + PROOFS
    assert len(paths) == expected, "PROOFS above counts every listing with pages"


def test_a_plan_of_more_parents_asks_no_more(bench: Bench) -> None:
    before = paths_of(bench)
    bench.next_day(20)
    assert len(paths_of(bench)) == len(before)


def test_a_plan_of_one_stream_asks_for_it_alone(bench: Bench) -> None:
    assert paths_of(bench, streams=["programs"]) == ["/api/1/account"]
    assert paths_of(bench, streams=["form_reports"]) == ["/api/1/account", "/api/1/form"]


def test_what_is_needed_but_not_selected_is_counted(bench: Bench) -> None:
    planned = {one.stream: one for one in plan(bench, streams=["form_reports"]).streams}
    assert planned.keys() == {"account", "forms", "form_reports"}
    assert planned["forms"].calls == 1
    assert "needed" in planned["forms"].reason


# What stands in the way


def test_what_the_account_does_not_have_takes_nothing(account: Account) -> None:
    streams = ["contacts", "segments", "segment_contacts", "contact_scores", "forms"]
    with bench_of(account, choices=Choices(audience_center="none")) as bench:
        planned = plan(bench, streams=streams)
        assert_true(planned, bench.run(streams=streams))
    assert planned.failed == []
    assert {one.stream for one in planned.streams if "not offered" in one.reason} == {*streams[:4]}


def test_a_listing_that_fails_leaves_the_rest_of_the_plan(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("garbage", "/api/1/form", times=None))
    planned = plan(bench, streams=["forms", "form_reports", "landing_page_reports"])
    assert planned.failed == ["forms", "form_reports"]
    assert not planned.is_exact
    assert next(one.calls for one in planned.streams if one.stream == "landing_page_reports") == 4


def test_what_an_earlier_run_of_the_round_has_read_takes_nothing(
    bench: Bench, complete_run: Output
) -> None:
    state = json.loads(json.dumps(complete_run.state))
    streams = ["message_reports", "form_reports"]
    for stream in streams:
        bookmark = state["bookmarks"].setdefault(stream, {})
        progress = bookmark.setdefault("progress", [{}])[0]
        progress["checkpoint"] = {**DONE, "covers": progress.get("covers", {})}
    planned = plan(bench, state, streams=streams)
    assert {one.stream: one.calls for one in planned.streams} == {"account": 1} | dict.fromkeys(
        streams, 0
    )


def test_the_calls_of_earlier_runs_are_used_up(bench: Bench, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "streams": ["forms", "form_reports"],
        "token_store": str(tmp_path),
        "daily_request_limit": 30,
    }
    output = bench.run(**settings)
    planned = plan(bench, **settings)
    used = len(output.requests) + planned.calls_made
    assert planned.calls_left == 30 - used
    assert planned.data()["calls_used"] == used
    assert planned.days == (1 if planned.calls <= 30 - used else 2)
    # The token of the run before is good.
    assert planned.calls_made == 2


# The command


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A sandbox that the commands share."""
    return Sandbox(account=Account.generate(seed=7, size="small", now=NOW))


def command(*arguments: str | Path, piped: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command with something at its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "tap_acton.plan", *map(str, arguments)],
        cwd=PROJECT,
        env=environment(),
        input=piped,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )


def written(path: Path, content: Any) -> Path:
    """Write a file of JSON."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_command_writes_the_plan_and_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    streams = ["forms", "form_reports", "message_reports"]
    # As `meltano state get` writes it.
    state = {
        "singer_state": {
            "version": 3,
            "bookmarks": {"form_reports": {"progress": [{"checkpoint": DONE}]}},
        }
    }
    with sandbox:
        options: list[str | Path] = [
            *("--config", written(tmp_path / "config.json", config_of(sandbox))),
            *("--catalog", written(tmp_path / "catalog.json", catalog(streams))),
            *("--state", written(tmp_path / "state.json", state)),
        ]
        as_json = command(*options, "--format", "json")
        as_text = command(*options)
        piped = command(*options[:4], "--state=-", piped=json.dumps(state))
        first = command(*options[:4], "--state=-")
        wrong = {**config_of(sandbox), "password": "wrong"}
        refused = command("--config", written(tmp_path / "wrong.json", wrong))
    assert (as_json.returncode, as_text.returncode) == (0, 0), as_json.stderr
    data = json.loads(as_json.stdout)
    found = {one["stream"]: one["calls"] for one in data["streams"]}
    assert found.keys() == {*streams, "account", "messages"}
    assert found["form_reports"] == 0
    assert (
        piped.stdout.splitlines()[: len(found) + 2] == as_text.stdout.splitlines()[: len(found) + 2]
    )
    assert first.stdout.splitlines()[0] == as_text.stdout.splitlines()[0]
    assert (
        first.stdout.splitlines()[: len(found) + 2] != as_text.stdout.splitlines()[: len(found) + 2]
    )
    says_so = [
        "There is no state: the plan is for a first run." in one.stderr for one in (piped, first)
    ]
    assert says_so == [False, True]
    lines = as_text.stdout.splitlines()
    assert [line.split()[0] for line in lines[1 : len(found) + 2]] == [*found, "total"]
    assert f"{data['calls']}" in lines[len(found) + 1]
    assert refused.returncode == EXIT_FAILED
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
