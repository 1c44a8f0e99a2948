"""A first load above the day's allowance: it takes several runs and asks nothing twice."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.errors import AllowanceSpentError
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query
from tests.contract.expected import KEYS, by_key, expected_records
from tests.contract.harness import union

if TYPE_CHECKING:
    from pathlib import Path

    from acton_sandbox import SeenRequest
    from tests.contract.harness import Bench, Output

A_DAY = 24 * 3_600 + 60
MOST_RUNS = 40

LISTINGS = {
    "/api/1/account",
    "/api/1/message",
    "/api/1/list",
    "/api/1/header",
    "/api/1/footer",
    "/api/1/image",
    "/api/1/media/",
    "/api/1/form",
    "/api/1/page",
    "/api/1/campaigns",
    "/api/1/subscription/category",
    "/ucl/v2/70123/schema/",
    "/ucl/v2/70123/segment/",
    "/custom-objects/v1/70123/schema/all",
    "/custom-objects/v1/70123/data/all",
}
"""What each run has to ask again, to know what there is."""


def is_asked_once(seen: SeenRequest) -> bool:
    """Tell whether a load asks a call only once.

    The report of a message is asked for its own sake, and once more right before its events
    where these come in a later run: up to its counters they are then known.
    """
    return seen.path not in {"/token", *LISTINGS} and not seen.path.endswith("/report")


def load(bench: Bench, store: Path, limit: int, **settings: Any) -> list[Output]:
    """Run day after day until everything has been read."""
    catalog = bench.discover(token_store=str(store))
    outputs: list[Output] = []
    while not outputs or outputs[-1].failure:
        assert len(outputs) < MOST_RUNS, "the load does not end"
        bench.let_pass(A_DAY)
        state = outputs[-1].state if outputs and outputs[-1].of_type("STATE") else None
        outputs.append(
            bench.run(
                state,
                streams=[*KEYS],
                discovered=catalog,
                token_store=str(store),
                daily_request_limit=limit,
                **settings,
            )
        )
        failure = outputs[-1].failure
        assert failure is None or isinstance(failure, AllowanceSpentError)
        assert len(outputs[-1].requests) <= limit
    return outputs


@pytest.mark.parametrize("limit", [70, 85])
def test_it_asks_nothing_twice_but_what_there_is(
    bench: Bench, complete_run: Output, tmp_path: Path, limit: int
) -> None:
    outputs = load(bench, tmp_path, limit, max_concurrency=1)
    assert len(outputs) > 3
    asked = Counter(
        (seen.path, str(sorted(seen.query.items())), seen.body)
        for output in outputs
        for seen in output.requests
        if is_asked_once(seen)
    )
    twice = {path.split("/report/")[0] for (path, *_), times in asked.items() if times > 1}
    # A message that was being read is begun anew.
    assert all(path.startswith("/api/1/message/") for path in twice)
    assert len(twice) < len(outputs)
    held = union(outputs)
    for stream in KEYS:
        assert held[stream] == by_key(stream, complete_run.records[stream]), stream
    emitted = sum(len(output.records[stream]) for output in outputs for stream in KEYS)
    assert emitted <= 1.02 * sum(len(complete_run.records[stream]) for stream in KEYS)


@pytest.fixture
def changing_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever a message says of a query differ from one moment to the next."""
    numbers = count()
    words = property(lambda _: f"sentence {next(numbers)}", lambda *_: None)
    monkeypatch.setattr(Query, "subject", words)
    monkeypatch.setattr(ActOnStream, "subject", lambda *_: f"sentence {next(numbers)}")


@pytest.mark.usefixtures("changing_words")
def test_a_load_resumes_by_ids_and_not_by_the_words_of_the_log(
    bench: Bench, complete_run: Output, tmp_path: Path
) -> None:
    outputs = load(bench, tmp_path, 85, max_concurrency=1)
    assert "sentence" in outputs[0].log
    assert "sentence" not in "".join(str(output.state) for output in outputs)
    asked = Counter(
        (seen.path, str(sorted(seen.query.items())), seen.body)
        for output in outputs
        for seen in output.requests
        if is_asked_once(seen)
    )
    twice = {path for (path, *_), times in asked.items() if times > 1}
    assert all(path.startswith("/api/1/message/") for path in twice)
    held = union(outputs)
    for stream in KEYS:
        assert held[stream] == by_key(stream, complete_run.records[stream]), stream


def test_calls_side_by_side_repeat_no_more_than_were_under_way(
    bench: Bench, complete_run: Output, tmp_path: Path
) -> None:
    outputs = load(bench, tmp_path, 110, max_concurrency=4)
    asked = sum(is_asked_once(seen) for output in outputs for seen in output.requests)
    once = sum(map(is_asked_once, complete_run.requests))
    assert once <= asked <= once + 4 * 4 * len(outputs)
    held = union(outputs)
    for stream in KEYS:
        assert held[stream] == by_key(stream, complete_run.records[stream]), stream


def test_the_state_is_that_of_a_load_in_one_run(bench: Bench, tmp_path: Path) -> None:
    # The media of one day: what is unchanged of them shows only next to their reports.
    outputs = load(bench, tmp_path, 150)
    whole = bench.run(streams=[*KEYS], discovered=bench.discover())
    assert all("checkpoint" in str(output.state) for output in outputs[:-1])
    assert "checkpoint" not in str(outputs[-1].state)
    # But for the time from which the next re-check is counted.
    for output in (outputs[-1], whole):
        progress = [progress_of(kept) for kept in output.bookmarks.values()]
        assert [held for held in progress if held.pop("rechecked_at", "")]
        for kept in output.bookmarks.values():
            if kept.get("progress") == [{}]:
                del kept["progress"]
    assert outputs[-1].bookmarks == whole.bookmarks


def progress_of(bookmark: dict[str, Any]) -> dict[str, Any]:
    """Return what a stream remembers besides its replication key."""
    (progress,) = bookmark.get("progress", [{}])
    assert isinstance(progress, dict)
    return progress


def test_an_account_that_goes_on_meanwhile_is_whole_after_the_next_run(
    bench: Bench, tmp_path: Path
) -> None:
    catalog = bench.discover(token_store=str(tmp_path))
    settings: dict[str, Any] = {
        "streams": [*KEYS],
        "discovered": catalog,
        "token_store": str(tmp_path),
        # Rows of lists that are recorded late need no longer.
        "lookback_window": "P14D",
    }
    outputs: list[Output] = []
    while not outputs or outputs[-1].failure:
        assert len(outputs) < MOST_RUNS, "the load does not end"
        bench.next_day()
        bench.let_pass(60)
        state = outputs[-1].state if outputs and outputs[-1].of_type("STATE") else None
        outputs.append(bench.run(state, daily_request_limit=120, **settings))
    bench.next_day()
    outputs.append(bench.run(outputs[-1].state, **settings))
    assert outputs[-1].failure is None
    held = union(outputs)
    for stream, expected in expected_records(bench.sandbox.account).items():
        there = by_key(stream, expected)
        assert {key: held[stream].get(key) for key in there} == there, stream


def test_a_stream_that_is_through_waits_for_the_others_of_the_load(
    bench: Bench, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "streams": ["images", "image_details", "senders", "form_urls"],
        "token_store": str(tmp_path),
    }
    first = bench.run(daily_request_limit=6, **settings)
    assert progress_of(first.bookmarks["images"])["checkpoint"]["is_done"]
    (image_id,) = progress_of(first.bookmarks["image_details"])["checkpoint"]["behind"]
    assert image_id in {row["id"] for row in first.records["image_details"]}
    bench.let_pass(A_DAY)
    second = bench.run(first.state, **settings)
    assert second.failure is None
    assert "checkpoint" not in str(second.state)
    assert not second.records["images"]
    assert second.records["form_urls"]
    assert "images: read by an earlier run of this load" in second.log


@pytest.mark.parametrize(
    "kept", [{"started_at": "soon", "is_done": True}, {"is_done": True}, "yes", None, []]
)
def test_a_checkpoint_that_makes_no_sense_leaves_nothing_out(bench: Bench, kept: object) -> None:
    bookmarks = {"forms": {"progress": [{"checkpoint": kept}]}}
    found = bench.run({"version": 3, "bookmarks": bookmarks}, streams=["forms"])
    assert found.failure is None
    assert found.records["forms"]
    assert "checkpoint" not in str(found.state)


@pytest.mark.parametrize("before", [{"shard": "1/2"}, {"list_ids": ["l-none"]}])
def test_a_load_that_goes_on_with_wider_settings_leaves_nothing_out(
    bench: Bench, tmp_path: Path, before: dict[str, Any]
) -> None:
    streams = ["media_details", "list_members", "custom_object_records", "lists", "messages"]
    settings: dict[str, Any] = {"streams": streams, "token_store": str(tmp_path)}
    first = bench.run(daily_request_limit=12, **settings, **before)
    assert isinstance(first.failure, AllowanceSpentError)
    assert "checkpoint" in str(first.state)
    bench.let_pass(A_DAY)
    second = bench.run(first.state, **settings)
    assert second.failure is None
    held = union([first, second])
    for stream in streams:
        there = by_key(stream, expected_records(bench.sandbox.account)[stream])
        assert held[stream].keys() == there.keys(), stream


def test_what_is_kept_of_a_stream_that_was_left_out_counts_for_no_later_load(
    bench: Bench, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"token_store": str(tmp_path)}
    first = bench.run(daily_request_limit=5, streams=["images", "image_details"], **settings)
    assert isinstance(first.failure, AllowanceSpentError)
    bench.let_pass(A_DAY)
    second = bench.run(first.state, streams=["forms"], **settings)
    assert second.failure is None
    assert "checkpoint" not in str(second.state)
    third = bench.run(second.state, streams=["images"], **settings)
    assert third.records["images"]
