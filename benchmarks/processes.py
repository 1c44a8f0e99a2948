"""Starts the server, and measures other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from benchmarks.account import FEW_RECIPIENTS
from benchmarks.contenders import PROJECT
from benchmarks.server import COUNTS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KILOBYTE = 1024
LOG_LINES = 12


@dataclass(frozen=True)
class Cost:
    """What a process used, including those that it started.

    Attributes:
        processor: CPU seconds, user and system.
        wall: Wall-clock seconds.
        memory: Peak resident memory in bytes.
    """

    processor: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Counts:
    """The calls that a server received.

    Attributes:
        calls: All calls, including logins and refused ones.
        refused: Calls that came too early.
        seconds: Seconds from the first call to the last.
    """

    calls: int
    refused: int
    seconds: float


@dataclass(frozen=True)
class RunningServer:
    """A server that listens at a URL."""

    url: str

    def counts(self) -> Counts:
        """Return the calls since the previous request for counts."""
        with urlopen(f"{self.url}{COUNTS_PATH}", timeout=60) as response:  # noqa: S310 - loopback
            return Counts(**json.load(response))


@contextmanager
def server(
    *,
    rows: int = 0,
    messages: int = 0,
    recipients: int = FEW_RECIPIENTS,
    latency: float = 0,
    rate: int = 0,
) -> Iterator[RunningServer]:
    """Run a server in its own process.

    Args:
        rows: Rows of its list.
        messages: Number of messages.
        recipients: Recipients of each message.
        latency: Seconds that a call takes.
        rate: Calls allowed in any second; 0 for no limit.
    """
    options = {
        "rows": rows,
        "messages": messages,
        "recipients": recipients,
        "latency": latency,
        "rate": rate,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *arguments], cwd=PROJECT, stdout=subprocess.PIPE
    ) as process:
        try:
            if process.stdout is None or not (port := process.stdout.readline()):
                raise RuntimeError("The server did not start.")
            yield RunningServer(f"http://127.0.0.1:{int(port)}")
        finally:
            process.terminate()


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        yield Path(name)


def measure(command: Sequence[str | Path], folder: Path, output: Path) -> Cost:
    """Run a command, and measure what it used.

    A process starts as a copy of this one, and its memory counts from then on; so this one must
    stay small.

    Args:
        command: The command.
        folder: Where its log goes.
        output: Where its standard output goes.

    Raises:
        RuntimeError: The command failed.
    """
    log = folder / "log"
    with output.open("wb") as out, log.open("wb") as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=PROJECT, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        raise RuntimeError("\n".join([f"{command} ended with {process.returncode}:", *last]))
    # macOS counts in bytes, others in kilobytes.
    unit = 1 if sys.platform == "darwin" else KILOBYTE
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit)
