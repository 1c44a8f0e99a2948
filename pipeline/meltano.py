"""Runs the tap and the loader through Meltano, and reads the tap's summary of the run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FOLDER = Path(".meltano")
MELTANO = str(Path(".venv-meltano", "bin", "meltano"))
TAP, TARGET = "tap-acton", "target-duckdb"
JOB = "acton"
"""Reads Act-On into DuckDB, and builds the models on top of the rows."""

SUMMARY = "Run summary: "
DISCOVERY = re.compile(r"Discovery took ([\d,]+) calls \(logins: (\d+)\)")
FAILURE = re.compile(rf"\[error +\] {TAP} +(.*)")
COLORS = re.compile(r"\x1b\[[\d;]*m")
"""What Meltano puts around words of a line where FORCE_COLOR is set."""

PROCESSES = ("ps", "-A", "-ww", "-o", "pid=,ppid=,args=")
"""Lists all processes with their parents and all arguments, however narrow the screen is."""

SECONDS_TO_START = 60.0
"""Within which a plugin has read the configuration that Meltano wrote for it."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        exit_code: Meltano's exit code; 128 plus the signal's number if one ended the run.
        summary: The tap's summary: total calls, and rows and calls per stream; under ``discovery``
            the calls and logins before the run. None without one.
        failure: Why the tap's run is not complete, in its own words; empty if it does not say.
    """

    exit_code: int
    summary: dict[str, Any] | None
    failure: str = ""


def clear_state(environment: str) -> int:
    """Clear the saved state, so that the next run reads everything; return Meltano's exit code."""
    meltano = [MELTANO, f"--environment={environment}", "--log-level=warning"]
    state_id = f"{environment}:{TAP}-to-{TARGET}"
    return subprocess.run([*meltano, "state", "clear", "--force", state_id], check=False).returncode


def remove_configurations(folder: Path = FOLDER) -> None:
    """Remove the copies of the settings, password included, that a killed run left behind.

    Those of a run that is just starting are kept.

    Args:
        folder: The folder of Meltano.
    """
    started_before = time.time() - SECONDS_TO_START
    for file in folder.glob("run/**/*.config.json"):
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < started_before:
                file.unlink()


def run(environment: str, settings: Mapping[str, str]) -> Outcome:
    """Read, load and build the models, with these environment variables for the tap."""
    remove_configurations()
    # Plugins may need a Python that is not on the path; make sure that this one is found.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), f"{sys.base_prefix}/bin"])
    process = subprocess.Popen(
        [MELTANO, f"--environment={environment}", "run", JOB],
        env={**os.environ, **settings, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        # So that signals reach Meltano only through this process, and once.
        start_new_session=True,
    )
    with process, _passing_on_signals(process) as received:
        summary, failure = follow(process.stdout or ())
    exit_code = 128 + received[0] if received else process.returncode
    return Outcome(exit_code, summary, failure)


@contextmanager
def _passing_on_signals(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    # To the tap alone, which then ends in order: the loader writes what it has got, and Meltano
    # saves the state. Meltano itself would end the loader, too, and the state would be lost.
    received: list[int] = []

    def pass_on(signum: int, _frame: object) -> None:
        received.append(signum)
        tap = tap_of(process.pid) if len(received) == 1 else None
        with suppress(ProcessLookupError):
            os.kill(process.pid if tap is None else tap, signal.SIGTERM if tap is None else signum)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tap_of(meltano: int) -> int | None:
    """Find the tap among the processes that Meltano has started; None where there is none yet.

    Args:
        meltano: The process of Meltano.
    """
    with suppress(OSError, subprocess.CalledProcessError):
        lines = subprocess.run(PROCESSES, check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            process, parent, *arguments = line.split()
            if parent == f"{meltano}" and TAP in [Path(one).name for one in arguments]:
                return int(process)
    return None


def follow(lines: Iterable[str]) -> tuple[dict[str, Any] | None, str]:
    """Pass on the lines of a run, all but the tap's summary.

    Returns:
        The summary, and why the tap's run is not complete.
    """
    summary: dict[str, Any] | None = None
    discovery: dict[str, int] = {}
    failure = ""
    for line in lines:
        _, found, text = line.partition(SUMMARY)
        if found:
            # Meltano may append fields of its own to the line.
            summary, _ = json.JSONDecoder().raw_decode(text)
            continue
        print(line, end="", flush=True)
        plain = COLORS.sub("", line)
        if counts := DISCOVERY.search(plain):
            calls, logins = (int(number.replace(",", "")) for number in counts.groups())
            discovery = {"calls": calls, "logins": logins}
        if words := FAILURE.search(plain):
            failure = words[1].strip()
    return summary and {**summary, "discovery": discovery}, failure
