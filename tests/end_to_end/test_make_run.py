"""`make run`: two runs against the sandbox, through Meltano, into DuckDB."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from pipeline import sandbox, warehouse
from tests.end_to_end.warehouses import duckdb

if TYPE_CHECKING:
    from pathlib import Path

IN_MARTS = "SELECT count(*) FROM marts.acton__messages"
IN_ROWS = "SELECT count(*) FROM messages WHERE message_type IN ('SENT', 'TRIGGERED', 'FAILED')"
COMMAND = [sys.executable, "-m", "pipeline", "--size", "small"]


class Line(NamedTuple):
    """The numbers of a line of the report."""

    rows: int
    emitted: int
    arrived: int
    calls: int
    calls_before: int


def make_run(project: Path, environment: dict[str, str], headline: str) -> dict[str, Line]:
    run = subprocess.run(
        COMMAND, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith(headline)
    return {
        name: Line(*(int(number.replace(",", "")) for number in numbers.split()))
        for name, numbers in re.findall(r"^(\w+)((?: +[\d,]+){5})$", run.stdout, re.MULTILINE)
    }


@pytest.mark.timeout(600)
def test_a_second_run_reads_only_what_can_be_new(
    project_with_models: Path, environment: dict[str, str]
) -> None:
    project = project_with_models
    headline = "No credentials in .env or the environment: reading the bundled sandbox at http://127.0.0.1:"
    first = make_run(project, environment, headline)
    second = make_run(project, environment, headline)

    for report in (first, second):
        assert {"account", "messages", "message_reports", "message_events", "lists"} <= set(report)
        assert all(line.arrived == line.emitted for line in report.values())
    assert all(line.rows == line.emitted for line in first.values())
    assert {name: line.rows for name, line in second.items()} == {
        name: line.rows for name, line in first.items()
    }
    assert second["total"].calls_before == first["total"].calls
    assert second["total"].calls < first["total"].calls
    assert second["message_reports"].calls < first["message_reports"].calls
    assert second["message_events"].calls < first["message_events"].calls / 3

    database = duckdb(project / "output" / "sandbox.duckdb")
    counts = database.query({"marts": IN_MARTS, "rows": IN_ROWS})
    assert counts["marts"] == counts["rows"] != [(0,)]
    page = (project / "output" / "report.html").read_text(encoding="utf-8")
    assert 'data-tile="sent"' in page


@pytest.mark.timeout(180)
def test_a_run_at_the_daily_limit_pauses_with_exit_code_3(
    project: Path, environment: dict[str, str]
) -> None:
    (project / ".env").write_text("TAP_ACTON_DAILY_REQUEST_LIMIT=60\n")
    run = subprocess.run(
        COMMAND, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 3, run.stdout + run.stderr
    last = run.stderr.splitlines()[-1]
    assert last.startswith("The run paused, and nothing is lost: The 60 calls per 24 hours of ")
    lines = dict(re.findall(r"^(\(?\w+\)?) .* (\d+) +\d+$", run.stdout, re.MULTILINE))
    assert int(lines["(discovery)"]) > 1
    assert lines["(logins)"] == "1"
    assert lines["total"] == "60"
    # Of lists that the account of this size does not have, nothing is asked.
    assert "matches no list" not in run.stdout
    assert "hold no lists" not in run.stdout


@pytest.mark.timeout(180)
def test_credentials_in_env_are_for_production_and_nobody_else_reads_the_files_of_the_run(
    project: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    configuration = project / ".meltano/run/tap-acton/tap.of-a-killed-run.config.json"
    configuration.parent.mkdir(parents=True)
    configuration.write_text("{}")
    os.utime(configuration, (0, 0))
    ours = {*project.rglob("*")}
    folder = tmp_path_factory.mktemp("sandbox")
    sandbox.renew(folder, ["--size", "small"])
    with sandbox.running(folder) as url:
        settings = sandbox.settings(folder, url)
        (project / ".env").write_text(
            "".join(f"{key}={value}\n" for key, value in settings.items())
        )
        report = make_run(project, environment, "Credentials found: reading their account.")
    assert report["messages"].arrived == report["messages"].emitted > 0
    assert [file.name for file in project.glob("output/*")] == ["acton.duckdb"]

    assert not configuration.exists()
    written = {*project.rglob("*")} - ours - {project / ".env"}
    modes = {path: path.stat().st_mode for path in written if not path.is_symlink()}
    assert modes
    assert [path for path, mode in modes.items() if mode & 0o077] == []


def interrupted(
    project: Path, environment: dict[str, str], number: signal.Signals, *, behind: str, size: str
) -> str:
    """Send a signal to a run and all its group, as a terminal does; return what it printed."""
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "--size", size],
        cwd=project,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        assert any(behind in line for line in run.stdout)
        os.killpg(run.pid, number)
        printed = run.stdout.read()
    assert run.returncode == 128 + number, printed
    address = urlsplit(first.split()[-1])
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection((address.hostname, address.port)),
    ):
        pass
    return printed


@pytest.mark.timeout(120)
def test_a_signal_before_the_tap_runs_ends_the_run_and_the_sandbox(
    project: Path, environment: dict[str, str]
) -> None:
    interrupted(project, environment, signal.SIGTERM, behind="Running job", size="small")


@pytest.mark.timeout(120)
def test_ctrl_c_keeps_the_rows_and_the_state_that_are_there(
    project: Path, environment: dict[str, str]
) -> None:
    since = datetime.now(UTC)
    printed = interrupted(
        project, environment, signal.SIGINT, behind="messages: complete", size="standard"
    )
    assert "The run was stopped by signal 2" in printed
    rows = warehouse.count_rows(project / "output/sandbox.duckdb", since)
    with closing(sqlite3.connect(project / ".meltano/meltano.db")) as database:
        states = database.execute("SELECT completed_state, partial_state FROM state").fetchall()
    bookmarks = json.loads(max(filter(None, states[0]), key=len))["singer_state"]["bookmarks"]
    assert rows["messages"].arrived > 0
    assert "messages" in bookmarks
