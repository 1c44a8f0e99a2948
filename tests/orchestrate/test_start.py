"""``make orchestrate``: what it starts with, and what it ends at Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from orchestrate.dagster.__main__ import end, main
from tests.orchestrate.conftest import ACCOUNTS, ROOT, is_running, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrate.run_account import Places


@pytest.mark.parametrize("seconds", [30.0, 0.3])
def test_nothing_that_it_started_is_left(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    # As once the terminal has been closed.
    monkeypatch.setattr("builtins.print", Mock(side_effect=OSError))
    # A shell that ends at once, and its child, which goes on: for a moment, or for ever.
    life = 0.2 if seconds > 1 else 300
    with subprocess.Popen(
        ["/bin/sh", "-c", f"trap 'exit 0' INT; sleep {life} & echo $!; wait"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        end(process, seconds)
    wait_for(lambda: not is_running(child))
    assert process.poll() is not None


def test_a_further_signal_does_not_stop_the_end() -> None:
    # A terminal that is closed sends it twice.
    script = (
        "import signal, os; from orchestrate.dagster.__main__ import SIGNALS, _leave\n"
        "for one in SIGNALS: signal.signal(one, _leave)\n"
        "try: os.kill(os.getpid(), signal.SIGHUP)\n"
        "finally:\n"
        "    for one in SIGNALS: os.kill(os.getpid(), one)\n"
        "    print('ended', flush=True)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGHUP, "ended\n")


def test_in_the_background_it_can_still_be_ended_and_with_nohup_it_outlives_its_terminal() -> None:
    script = (
        "import signal; from orchestrate.dagster.__main__ import main\n"
        "for one in (signal.SIGINT, signal.SIGHUP): signal.signal(one, signal.SIG_IGN)\n"
        "main()\n"
        "print(signal.getsignal(signal.SIGINT).__name__, signal.getsignal(signal.SIGHUP).name)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "ACTON_DAGSTER_PORT": "none"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.stdout == "_leave SIG_IGN\n"


def test_a_named_file_that_is_not_there_is_refused_and_starts_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTON_ACCOUNTS", str(tmp_path / "acounts.yml"))
    monkeypatch.setenv("ACTON_WORK_FOLDER", str(tmp_path))
    monkeypatch.setenv("ACTON_DAGSTER_PORT", "64999")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main() == 1
    assert "acounts.yml" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "\u0663\u0660\u0660\u0660", ""])
def test_a_port_that_is_none_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    monkeypatch.setenv("ACTON_DAGSTER_PORT", port)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main() == 1
    printed = capsys.readouterr()
    assert printed.err == "ACTON_DAGSTER_PORT is a number from 1 to 65535: correct it.\n"
    assert printed.out == ""


def test_a_variable_that_is_not_set_is_said_before_anything_starts(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = places.project / "accounts.yml"
    path.write_text(ACCOUNTS)
    (places.project / ".meltano" / "loaders" / "target-duckdb").mkdir(parents=True)
    monkeypatch.setenv("ACTON_ACCOUNTS", str(path))
    monkeypatch.setenv("ACTON_PROJECT", str(places.project))
    monkeypatch.setenv("ACTON_WORK_FOLDER", str(places.work))
    monkeypatch.setenv("ACTON_DAGSTER_PORT", "64999")
    monkeypatch.delenv("SOUTH_TOKEN")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main() == 1
    assert "south: set SOUTH_TOKEN, which accounts.yml names" in capsys.readouterr().err
    # The folder is held until the process ends.
    assert main() == 1
    assert f"make orchestrate runs already with {places.work}" in capsys.readouterr().err


def test_a_target_that_is_not_installed_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(ACCOUNTS)
    monkeypatch.setenv("ACTON_ACCOUNTS", str(path))
    monkeypatch.setenv("ACTON_PROJECT", str(tmp_path))
    monkeypatch.setenv("ACTON_WORK_FOLDER", str(tmp_path))
    monkeypatch.setenv("ACTON_DAGSTER_PORT", "64999")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main() == 1
    assert capsys.readouterr().err == (
        "target-duckdb is not installed: run .venv-meltano/bin/meltano install target-duckdb.\n"
    )
