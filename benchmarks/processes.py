"""Processes: the server, and what is measured."""

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
    """What a process took, together with those that it started.

    Attributes:
        processor: Seconds of the processor, the system's for it included.
        wall: Seconds on the clock.
        memory: The most bytes that were resident at once.
    """

    processor: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Counts:
    """What a server was asked.

    Attributes:
        calls: The calls, logins and refused ones included.
        refused: Those that came too early.
        seconds: From the first of them to the last.
    """

    calls: int
    refused: int
    seconds: float


@dataclass(frozen=True)
class RunningServer:
    """A server that listens.

    Attributes:
        url: Where.
    """

    url: str

    def counts(self) -> Counts:
        """Ask what came since the last time."""
        with urlopen(f"{self.url}{COUNTS_PATH}", timeout=60) as answer:  # noqa: S310 - loopback
            return Counts(**json.load(answer))


@contextmanager
def server(
    *,
    rows: int = 0,
    messages: int = 0,
    recipients: int = FEW_RECIPIENTS,
    latency: float = 0,
    rate: int = 0,
) -> Iterator[RunningServer]:
    """Run a server in a process of its own.

    Args:
        rows: The rows of its list.
        messages: Its messages.
        recipients: How many each of them has gone out to.
        latency: Seconds that a call takes.
        rate: The calls allowed in any second; 0 for all.

    Yields:
        The server.
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
    """Make a folder that is gone afterwards.

    Yields:
        The folder.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        yield Path(name)


def measure(command: Sequence[str | Path], folder: Path, output: Path) -> Cost:
    """Run a command, and tell what it took.

    The memory of a process counts from when it was made, as a copy of this one; so this one
    must stay small.

    Args:
        command: The command.
        folder: Where its log goes.
        output: Where its standard output goes.

    Returns:
        What it took.

    Raises:
        RuntimeError: If it fails.
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
    # macOS counts bytes, others kilobytes.
    unit = 1 if sys.platform == "darwin" else KILOBYTE
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit)
