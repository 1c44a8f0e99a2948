"""`meltano run` with a tap that is told to end: the job is a failed one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from acton_sandbox import Account, Fault, Sandbox
from pipeline import sandbox
from pipeline.meltano import MELTANO

PROCESSES = Path("/proc")
CALLS = 30


def reading_tap(meltano: int) -> int | None:
    """Find the tap that a run of Meltano has started, by its parent."""
    for status in PROCESSES.glob("[0-9]*/status"):
        try:
            is_child = f"\nPPid:\t{meltano}\n" in status.read_text()
            arguments = (status.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # It has ended meanwhile.
        if is_child and "--catalog" in arguments and "tap-acton" in " ".join(arguments):
            return int(status.parent.name)
    return None


@pytest.mark.timeout(120)
@pytest.mark.skipif(not PROCESSES.exists(), reason="processes are looked up in /proc")
def test_a_tap_that_is_told_to_end_fails_the_job(
    project: Path, environment: dict[str, str]
) -> None:
    with Sandbox(account=Account.generate(seed=7, size="small")) as server:
        settings = {**sandbox.settings(project, server.url), "TAP_ACTON_LIST_STREAMS": "[]"}
        (project / "output").mkdir()
        log = project / "meltano.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [MELTANO, "--environment=sandbox", "run", "tap-acton", "target-duckdb"],
                cwd=project,
                env={**environment, **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as run,
        ):
            server.faults.add(Fault("delay", times=None, delay=0.1))
            give_up = time.monotonic() + 80
            while (tap := reading_tap(run.pid)) is None or len(server.requests) < CALLS:
                assert run.poll() is None, log.read_text()
                assert time.monotonic() < give_up
                time.sleep(0.05)
            os.kill(tap, signal.SIGTERM)
            run.wait(60)
    assert run.returncode == 1
    assert "The run was stopped by signal 15" in log.read_text()
    with closing(sqlite3.connect(project / ".meltano" / "meltano.db")) as jobs:
        assert jobs.execute("SELECT state FROM runs").fetchall() == [("FAIL",)]
