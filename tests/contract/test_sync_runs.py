"""The stream of what a run has read: a row per run and stream, whatever becomes of the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault
from tap_acton.errors import AllowanceSpentError, CredentialsError, SettingsError, StreamFailedError
from tests.contract.harness import SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.harness import Bench, Output

STREAM = "sync_runs"
A_DAY = 24 * 3_600 + 60


def rows_of(output: Output) -> dict[str, dict[str, Any]]:
    """Give the rows by stream; they come behind those of all other streams."""
    rows = output.records[STREAM]
    found = {row["stream"]: row for row in rows}
    assert len(found) == len(rows)
    assert {row["run_id"] for row in rows} == {rows[0]["run_id"]}
    streams = [message["stream"] for message in output.of_type("RECORD")]
    assert streams[-len(rows) :] == [STREAM] * len(rows)
    assert STREAM not in streams[: -len(rows)]
    return found


def summary_of(output: Output) -> dict[str, Any]:
    """Give what the log counts."""
    found: dict[str, Any] = json.loads(output.log.partition("Run summary: ")[2].splitlines()[0])
    return found


def test_each_stream_of_a_run_has_a_row_with_its_counts(bench: Bench) -> None:
    streams = ["message_reports", "lists", STREAM]
    output = bench.run(streams=streams, daily_request_limit=1_000)
    assert output.failure is None
    rows = rows_of(output)
    summary = summary_of(output)["streams"]
    assert rows.keys() == {"account", "lists", "message_reports", "messages"}
    for name, row in rows.items():
        counted = summary[name]
        assert (row["rows"], row["calls"]) == (counted["rows"], counted["calls"])
        assert (row["skipped"], row["refused"]) == (counted["skipped"], counted["refused"])
        assert row["outcome"] == counted["outcome"]
        assert row["calls_left"] == 1_000 - summary_of(output)["calls"]
    assert rows["messages"]["outcome"] == "not selected"
    assert rows["lists"]["started_at"] <= rows["lists"]["ended_at"]
    assert rows["account"]["started_at"] is None
    assert not any(secret in str(rows) for secret in SECRETS)
    assert "@" not in str(rows)


def test_it_makes_no_call_and_is_not_read_unless_selected(bench: Bench) -> None:
    assert STREAM not in bench.run(streams=["lists"]).records
    alone = bench.run(streams=[STREAM])
    assert alone.paths.total() == 0
    assert alone.failure is None


def test_no_two_runs_share_their_id(bench: Bench) -> None:
    ids = {rows_of(bench.run(streams=["lists", STREAM]))["lists"]["run_id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_stream_that_fails_says_so(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("status", "/api/1/form", status=500, times=None))
    output = bench.run(streams=["forms", "lists", STREAM])
    assert isinstance(output.failure, StreamFailedError)
    outcomes = {name: row["outcome"] for name, row in rows_of(output).items()}
    assert (outcomes["forms"], outcomes["lists"]) == ("failed", "complete")


def test_a_run_that_ends_at_the_daily_limit_has_rows_and_so_has_the_next_one(
    bench: Bench, tmp_path: Path
) -> None:
    streams = ["messages", "lists", "image_details", "form_urls", STREAM]
    settings: dict[str, Any] = {"streams": streams, "token_store": str(tmp_path)}
    first = bench.run(daily_request_limit=16, **settings)
    assert isinstance(first.failure, AllowanceSpentError)
    rows = rows_of(first)
    outcomes = {name: row["outcome"] for name, row in rows.items()}
    assert outcomes["messages"] == "complete"
    assert outcomes["image_details"] == "not finished"
    assert outcomes["form_urls"] == "not started"
    assert rows["lists"]["calls_left"] == 0
    assert first.of_type("STATE")
    bench.let_pass(A_DAY)
    second = bench.run(first.state, **settings)
    assert second.failure is None
    rows = rows_of(second)
    assert rows["lists"]["outcome"] == "done before"
    assert rows["form_urls"]["outcome"] == "complete"


def test_the_account_counts_as_begun_only_once_its_stream_has(bench: Bench) -> None:
    number = bench.run(streams=["account"]).records["account"][0]["account_id"]
    streams = ["lists", "account", STREAM]
    output = bench.run(streams=streams, account_id=number, daily_request_limit=2)
    assert isinstance(output.failure, AllowanceSpentError)
    assert rows_of(output)["account"]["outcome"] == "not started"


def test_a_run_that_cannot_log_in_has_rows(bench: Bench) -> None:
    output = bench.run(streams=["lists", STREAM], password="wrong")
    assert isinstance(output.failure, CredentialsError)
    row = rows_of(output)["lists"]
    assert (row["outcome"], row["calls"], row["started_at"]) == ("not started", 0, None)


def test_a_run_that_does_not_have_it_ends_early_as_any_other(bench: Bench) -> None:
    for streams in ([], ["lists"]):
        output = bench.run(streams=streams, password="wrong")
        assert isinstance(output.failure, CredentialsError)
        assert STREAM not in output.records


@pytest.mark.parametrize("settings", [{"stream_maps": {"sync_runs": {"calls_left": None}}}])
def test_it_can_be_mapped_like_any_other(bench: Bench, settings: dict[str, Any]) -> None:
    rows = rows_of(bench.run(streams=["lists", STREAM], **settings))
    assert "calls_left" not in rows["lists"]


def test_the_state_comes_last_though_its_rows_cannot_be_mapped(bench: Bench) -> None:
    output = bench.run(
        streams=["lists", "image_details", STREAM],
        daily_request_limit=5,
        stream_maps={STREAM: {"share": "1 / 0"}},
    )
    assert isinstance(output.failure, SettingsError)
    assert output.messages[-1]["type"] == "STATE"
