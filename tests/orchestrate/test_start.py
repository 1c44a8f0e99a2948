"""``make orchestrate``: what it ends at Ctrl-C."""

from __future__ import annotations

import subprocess
import time

import pytest

from orchestrate.dagster.__main__ import end

PROCESSES = ("/bin/sh", "-c", "ps -A -o pid=,stat=")


@pytest.mark.parametrize("seconds", [30.0, 0.3])
def test_nothing_that_it_started_is_left(seconds: float) -> None:
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
    deadline = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert process.poll() is not None


def is_running(process: int) -> bool:
    """Tell whether a process goes on: it is there, and not only its exit code."""
    states = subprocess.run(PROCESSES, capture_output=True, text=True, check=True).stdout
    state = dict(line.split() for line in states.splitlines()).get(str(process), "Z")
    return not state.startswith("Z")
