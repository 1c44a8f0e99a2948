"""``python -m orchestrate``: what a container runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.schedulers.accounts import PROJECT, environment

if TYPE_CHECKING:
    from pathlib import Path


def started(key: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrate", key],
        env={"PATH": os.environ["PATH"], **environment(folder), **variables},
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ("good", 0, "tap-acton: messages: complete"),
        ("failing", 1, "Not complete: lists."),
        ("paused", 3, "run again in 95 minutes"),
        ("shared.2-of-2", 0, "tap-acton: messages: complete"),
        ("unknown", 1, "accounts.yml has no account unknown: correct the key."),
    ],
)
def test_it_exits_with_the_code_of_the_tap_and_shows_no_secret(
    tmp_path: Path, key: str, code: int, words: str
) -> None:
    with started(key, tmp_path) as process:
        _, log = process.communicate(timeout=50)
    assert process.returncode == code, log
    assert words in log
    assert "password-of" not in log
    assert "Traceback" not in log


def test_without_a_secret_it_says_which_one(tmp_path: Path) -> None:
    with started("good", tmp_path, GOOD_PASSWORD="") as process:
        _, log = process.communicate(timeout=50)
    assert process.returncode == 1
    assert log.startswith("good: ")
    assert "GOOD_PASSWORD" in log


def test_a_further_signal_does_not_stop_the_end() -> None:
    script = (
        "import signal, os; from orchestrate.__main__ import SIGNALS, _end\n"
        "for one in SIGNALS: signal.signal(one, _end)\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\n"
        "finally:\n"
        "    for one in SIGNALS: os.kill(os.getpid(), one)\n"
        "    print('ended', flush=True)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert (ended.returncode, ended.stdout) == (130, "ended\n")


def test_sigterm_ends_the_run_in_order(tmp_path: Path) -> None:
    with started("hanging", tmp_path) as process:
        assert process.stderr is not None
        assert any("begun" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
    assert process.returncode == 143, log
    assert "stopped in order" in log
    assert "Traceback" not in log
