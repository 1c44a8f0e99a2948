"""A run of an account, with a program in the place of Meltano: what comes of each ending."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from orchestrate import run_account
from orchestrate.dagster import assets
from orchestrate.dagster.assets import PAUSED_UNTIL, key_of
from tests.orchestrate.conftest import ROOT, SECRETS, counts, end, is_running, of_tap, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrate.accounts import Accounts
    from orchestrate.run_account import Places
    from tests.orchestrate.conftest import FakeMeltano

SPENT = "The 60 calls per 24 hours of daily_request_limit are used up: run again in 1,437 minutes."


@pytest.fixture
def materialize(
    accounts: Accounts, places: Places, instance: dg.DagsterInstance
) -> Callable[..., dg.ExecuteInProcessResult]:
    """Runs the assets of one account."""
    definition = assets.read_act_on(accounts, places)

    def run(account: str = "north", *streams: str) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [definition],
            selection=[key_of(name) for name in streams] or None,
            partition_key=account,
            instance=instance,
            raise_on_error=False,
        )

    return run


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Return the metadata of what a run has materialized, by stream."""
    return {
        event.asset_key.path[-1]: {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Return the sentence with which a run failed."""
    (event,) = [one for one in result.all_events if one.is_step_failure]
    return str(event.step_failure_data.error.message)


def test_what_is_complete_is_materialized_with_what_it_took(
    meltano: FakeMeltano, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    meltano.obeys(
        {
            "account": counts("not selected", calls=1),
            "messages": counts(rows=37, calls=7),
            "message_reports": counts(rows=31, calls=34),
            "contacts": counts("switched off"),
            "list_salesforce": counts(rows=5),
        }
    )
    result = materialize()
    assert result.success
    assert materialized(result) == {
        name: {
            "dagster/row_count": rows,
            "rows": rows,
            "calls": calls,
            "calls_saved": 5,
            "skipped": 1,
            "refused": 0,
            "seconds_waited": 1.5,
            "full_refresh": False,
            "outcome": "complete",
        }
        for name, rows, calls in [
            ("messages", 37, 7),
            ("message_reports", 31, 34),
            ("list_salesforce", 5, 0),
        ]
    }
    partitions = {event.partition for event in result.get_asset_materialization_events()}
    assert partitions == {"north"}


def test_meltano_gets_the_account_and_nothing_of_others(
    meltano: FakeMeltano, places: Places, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    meltano.obeys({})
    materialize("south")
    assert meltano.arguments == [
        "--environment=production",
        "--log-format=json",
        "run",
        "--no-install",
        "--state-id-suffix=south",
        "tap-acton",
        "target-duckdb",
    ]
    found = meltano.environment
    assert {name: value for name, value in found.items() if name.startswith("TAP_ACTON_")} == {
        "TAP_ACTON_CLIENT_ID": SECRETS["SOUTH_ID"],
        "TAP_ACTON_CLIENT_SECRET": SECRETS["SOUTH_SECRET"],
        "TAP_ACTON_REFRESH_TOKEN": SECRETS["SOUTH_TOKEN"],
        "TAP_ACTON_REGION": "eu",
        "TAP_ACTON_DAILY_REQUEST_LIMIT": "500",
        "TAP_ACTON_OPTIONAL_STREAMS": '["sync_runs"]',
        "TAP_ACTON_START_DATE": "2026-01-01",
        "TAP_ACTON_TOKEN_STORE": str(places.work / "tokens"),
        "TAP_ACTON__SELECT": '["message*.*", "lists.*", "!message_contents.*"]',
    }
    assert found["TARGET_DUCKDB_FILEPATH"] == str(places.warehouse / "acton-south.duckdb")
    assert found["TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA"] == "south"
    assert found["TARGET_POSTGRES_PASSWORD"] == SECRETS["TARGET_POSTGRES_PASSWORD"]
    assert found["OTEL_RESOURCE_ATTRIBUTES"] == "tap_acton.account=south"
    assert "PYTHONPATH" not in found
    others = {value for name, value in SECRETS.items() if name.startswith("NORTH_")}
    assert not others & set(found.values())
    # Two runs at once have different folders for what Meltano writes, and the same plugins.
    system = places.work / "meltano" / "south"
    assert found["MELTANO_SYS_DIR_ROOT"] == str(system)
    assert (system / "extractors").readlink() == places.project / ".meltano" / "extractors"


def test_a_run_reads_what_is_asked_for_within_the_selection_of_the_account(
    meltano: FakeMeltano, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    meltano.obeys({"messages": counts(), "lists": counts()})
    result = materialize("south", "messages", "message_contents", "contacts")
    assert json.loads(meltano.environment["TAP_ACTON__SELECT"]) == [
        "messages.*",
        "message_contents.*",
        "!message_contents.*",
    ]
    assert set(materialized(result)) == {"messages"}


def test_a_run_for_nothing_that_the_account_reads_fails_before_it_starts(
    meltano: FakeMeltano, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    result = materialize("south", "contacts")
    assert "south reads none of contacts: see select in accounts.yml." in failure(result)
    assert not (meltano.folder / "environment.json").exists()


def test_a_run_without_its_variable_fails_before_it_starts(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NORTH_PASSWORD")
    sentence = "north: set NORTH_PASSWORD, which accounts.yml names, where its runs start."
    assert sentence in failure(materialize())
    assert not (meltano.folder / "environment.json").exists()


def test_settings_that_would_count_for_every_account_are_refused(
    places: Places, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    (places.project / ".env").write_bytes(
        b"# caf\xe9\nTAP_ACTON_REFRESH_TOKEN=of-another-account\n"
    )
    result = materialize()
    assert ".env has settings of the tap, which would count for every account" in failure(result)


@pytest.mark.parametrize("change", ["schema", "file"])
def test_a_state_of_rows_that_are_elsewhere_is_refused(
    meltano: FakeMeltano, accounts: Accounts, places: Places, change: str
) -> None:
    def read() -> run_account.Outcome:
        return run_account.read(north, accounts, places, os.environ, print)

    north = accounts.partitions["north"]
    # A first run may fail before there is a row, or a file.
    meltano.obeys({"messages": counts("failed")}, {"extractors": 1})
    read()
    meltano.obeys({"messages": counts(rows=3)})
    assert read().exit_code == 0
    places.database(north).touch()
    if change == "schema":
        north = replace(north, schema="north_2")
    else:
        places.database(north).unlink()
    with pytest.raises(run_account.NotStartedError, match="would leave out what was read") as it:
        read()
    shutil.rmtree(str(it.value).partition("Remove ")[2].partition(" to read")[0])
    assert read().exit_code == 0


def test_a_run_that_was_canceled_leaves_rows_too(
    meltano: FakeMeltano, accounts: Accounts, places: Places
) -> None:
    def cancel(_: str) -> None:
        raise dg.DagsterExecutionInterruptedError

    north = accounts.partitions["north"]
    meltano.obeys({}, lines=(of_tap("Reading."),))
    with pytest.raises(dg.DagsterExecutionInterruptedError):
        run_account.read(north, accounts, places, os.environ, cancel)
    with pytest.raises(run_account.NotStartedError, match=r"acton-north\.duckdb is gone"):
        run_account.read(north, accounts, places, os.environ, print)


def test_another_target_and_a_state_that_is_kept_elsewhere_are_not_refused(
    meltano: FakeMeltano,
    accounts: Accounts,
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    north = accounts.partitions["north"]
    meltano.obeys({"messages": counts(rows=3)})
    for changed in (
        accounts,
        replace(accounts, target="target-postgres"),
        replace(accounts, variables=("MELTANO_DATABASE_URI",)),
    ):
        monkeypatch.setenv("MELTANO_DATABASE_URI", "postgresql://db.example.com/meltano")
        assert run_account.read(north, changed, places, os.environ, print).exit_code == 0


def test_used_up_calls_pause_the_account_until_the_tap_says(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
) -> None:
    meltano.obeys(
        {"messages": counts(rows=37), "message_events": counts("", rows=9)},
        {"extractors": 3},
        (of_tap(SPENT, "error"),),
    )
    before = datetime.now(UTC)
    result = materialize()
    assert "north is paused, and nothing is lost: The 60 calls per 24 hours" in failure(result)
    assert set(materialized(result)) == {"messages"}
    assert not [one for one in result.all_events if one.is_step_up_for_retry]
    (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE
    until = datetime.fromisoformat(assets.paused_until(run) or "")
    assert timedelta(minutes=1436) < until - before < timedelta(minutes=1439)


def test_without_minutes_the_pause_is_an_hour() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert run_account.paused_until(["The logins are used up."], now) == now + timedelta(hours=1)


def test_a_failure_has_the_last_lines_about_it(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
) -> None:
    meltano.obeys(
        {"messages": counts(rows=37), "lists": counts("failed")},
        {"extractors": 1},
        (of_tap("lists cannot be read: try later.", "error"), "a line of no JSON"),
    )
    result = materialize()
    sentence = "north failed with exit code 1: lists cannot be read: try later."
    assert sentence in failure(result)
    assert set(materialized(result)) == {"messages"}
    (run,) = instance.get_runs()
    assert PAUSED_UNTIL not in run.tags
    assert not [one for one in result.all_events if one.is_step_up_for_retry]


@pytest.mark.parametrize("codes", [{"loaders": 1}, {"extractors": 3, "loaders": 1}])
def test_nothing_is_materialized_if_the_target_failed(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
    codes: dict[str, int],
) -> None:
    meltano.obeys(
        {"messages": counts(rows=37)},
        codes,
        ({"string_id": "target-duckdb", "event": "The disk is full.", "level": "info"},),
    )
    result = materialize()
    assert materialized(result) == {}
    assert "north failed with exit code 1: target-duckdb: The disk is full." in failure(result)
    (run,) = instance.get_runs()
    assert PAUSED_UNTIL not in run.tags


def test_nothing_is_materialized_if_meltano_broke_off(
    meltano: FakeMeltano, materialize: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    (meltano.folder / "orders.json").write_text(
        json.dumps({"lines": ["Meltano cannot open its database."], "code": 1})
    )
    result = materialize()
    assert materialized(result) == {}
    assert "meltano: Meltano cannot open its database." in failure(result)


def test_a_tap_that_a_signal_stopped_is_a_canceled_run(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
) -> None:
    meltano.obeys(
        {"messages": counts(rows=37)},
        {"extractors": 143},
        (of_tap("The run was stopped by signal 15 (SIGTERM); run again to resume.", "error"),),
    )
    assert "north was stopped by signal 15" in failure(materialize())
    (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.CANCELED


@pytest.mark.parametrize("code", [-signal.SIGKILL, 128 + signal.SIGSEGV])
def test_a_tap_that_was_killed_or_crashed_is_a_failed_run(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
    code: int,
) -> None:
    meltano.obeys({}, {"extractors": code}, (of_tap("Reading."),))
    assert f"north failed with exit code {128 + abs(code) % 128}: " in failure(materialize())
    (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE


def test_no_secret_is_in_what_dagster_keeps(
    meltano: FakeMeltano,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    instance: dg.DagsterInstance,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # A line that shows them all, as no line should.
    shown = " ".join(SECRETS.values())
    meltano.obeys({"messages": counts()}, {"extractors": 1}, (of_tap(shown, "error"), shown))
    result = materialize()
    (run,) = instance.get_runs()
    kept = [
        *(
            repr(record.event_log_entry)
            for record in instance.get_records_for_run(run.run_id).records
        ),
        repr(run),
        *map(repr, result.all_events),
        *capfd.readouterr(),
    ]
    of_account = [
        value for name, value in SECRETS.items() if name.startswith(("NORTH_", "TARGET_"))
    ]
    assert not [value for value in of_account for text in kept if value in text]
    assert any("***" in text for text in kept)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        *(
            (of_tap(f"Run summary: {text}"),)
            for text in ["{", "[]", "{}", '{"calls": 1, "streams": {"messages": {}}}']
        ),
    ],
    ids=["none", "cut", "list", "empty", "of nothing"],
)
def test_a_run_without_a_summary_has_failed(
    meltano: FakeMeltano, materialize: Callable[..., dg.ExecuteInProcessResult], lines: Any
) -> None:
    meltano.obeys(lines=lines)
    result = materialize()
    assert "north failed with exit code 1: The log has no summary" in failure(result)
    assert materialized(result) == {}


def test_no_value_of_a_variable_changes_what_is_read_from_the_log() -> None:
    streams = {"messages": counts(rows=5432)}
    summary = json.dumps({"calls": 5432, "streams": streams})
    values = ["loader", "loaders", "messages", "complete", "event", "5432", "Run summary: "]
    log = run_account.Log(print, values)
    for line in (of_tap(f"Run summary: {summary}"), end({"loaders": 1})):
        log.read(json.dumps(line))
    outcome = log.outcome(1)
    assert outcome.summary == {"calls": 5432, "streams": streams}
    assert (outcome.exit_code, outcome.is_loaded) == (1, False)


@pytest.mark.parametrize("secret", ["acme-secret", 'pa"ss\\word', "pässword"])
def test_a_secret_is_hidden_however_a_log_spells_it(
    meltano: FakeMeltano, places: Places, secret: str
) -> None:
    meltano.obeys({}, lines=(of_tap(f"acme, {secret}", "error"), f"acme, {secret}"))
    lines: list[str] = []
    outcome = run_account.run(
        [str(meltano.program)], {}, places.project, lines.append, ["acme", secret]
    )
    assert lines[:2] == ["tap-acton: ***, ***", "meltano: ***, ***"]
    assert outcome.errors == ("***, ***",)


def test_a_program_that_is_not_there_is_a_sentence(places: Places) -> None:
    outcome = run_account.run(["/nowhere/meltano"], {}, places.project, print)
    assert outcome.errors == (
        "meltano: /nowhere/meltano cannot be started: No such file or directory.",
    )
    assert outcome.exit_code == 127


def test_a_traceback_of_a_target_is_left_out_but_for_its_end(
    meltano: FakeMeltano, places: Places
) -> None:
    trace = ["Traceback (most recent call last):", '  File "a.py", line 1, in b', "    c()"]
    said = [{"string_id": "target-duckdb", "event": one} for one in [*trace, "It is locked."]]
    meltano.obeys({}, {"loaders": 1}, tuple(said))
    outcome = run_account.run([str(meltano.program)], {}, places.project, print)
    assert "target-duckdb: It is locked." in outcome.errors
    assert not [one for one in outcome.errors if "a.py" in one]


def test_a_line_in_any_encoding_fails_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", output)
    assets.print_line("tap-acton: \u2192 \u0141\u00f3d\u017a")
    output.flush()
    assert output.buffer.getvalue() == b"tap-acton: \\u2192 \\u0141\\xf3d\\u017a\n"


def test_a_run_without_a_partition_is_a_sentence(
    accounts: Accounts, places: Places, instance: dg.DagsterInstance
) -> None:
    definition = assets.read_act_on(accounts, places)
    result = dg.materialize([definition], instance=instance, raise_on_error=False)
    assert "A run is of one account: start it from a job, with a partition." in failure(result)


def test_a_canceled_run_stops_meltano_in_order(meltano: FakeMeltano, places: Places) -> None:
    meltano.obeys({}, lines=(of_tap("Reading."),), waits=True)
    waiting = meltano.folder / "waiting"

    def log(line: str) -> None:
        # Where the interruption of a run arrives: between two lines of the log.
        if line == "tap-acton: Reading.":
            wait_for(waiting.exists)
            raise dg.DagsterExecutionInterruptedError

    with pytest.raises(dg.DagsterExecutionInterruptedError):
        run_account.run([str(meltano.program)], {}, places.project, log)
    assert (meltano.folder / "stopped").read_text() == str(int(signal.SIGTERM))
    assert not is_running(int(waiting.read_text()))


def test_nothing_is_left_behind_by_a_process_that_was_killed(
    meltano: FakeMeltano, places: Places
) -> None:
    meltano.obeys({}, waits=True)
    script = (
        "import sys; from pathlib import Path; from orchestrate import run_account as r;"
        f"r.run([{str(meltano.program)!r}], {{}}, Path({str(places.project)!r}), print)"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    waiting = meltano.folder / "waiting"
    wait_for(waiting.exists)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_for(lambda: not is_running(int(waiting.read_text() or 0)))
    assert (meltano.folder / "stopped").read_text() == str(int(signal.SIGTERM))


def test_the_folder_of_a_run_is_for_its_user_alone(accounts: Accounts, places: Places) -> None:
    north = accounts.partitions["north"]
    run_account.prepare(north, places)
    assert places.system(north).stat().st_mode & 0o077 == 0


def test_what_a_run_writes_is_for_its_user_alone_and_no_child_outlives_it(
    tmp_path: Path,
) -> None:
    script = "sleep 300 >/dev/null 2>&1 & echo $! > child"
    with run_account.start(["/bin/sh", "-c", script], {}, tmp_path) as process:
        assert process.wait(30) == 0
    assert (tmp_path / "child").stat().st_mode & 0o077 == 0
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: not is_running(child))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_nothing_is_left_behind_by_a_supervisor_that_was_killed(
    meltano: FakeMeltano, places: Places
) -> None:
    meltano.obeys({}, waits=True)
    waiting = meltano.folder / "waiting"
    with run_account.start([str(meltano.program)], {}, places.project) as supervisor:
        wait_for(lambda: waiting.exists() and bool(waiting.read_text()))
        supervisor.kill()
        supervisor.wait()
        wait_for(lambda: not is_running(int(waiting.read_text())))
    assert (meltano.folder / "stopped").read_text() == str(int(signal.SIGTERM))
