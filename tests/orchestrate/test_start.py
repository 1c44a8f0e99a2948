"""``make orchestrate``: what it ends at Ctrl-C."""

from __future__ import annotations

import subprocess

import pytest

from orchestrate.dagster.__main__ import end
from tests.orchestrate.conftest import is_running, wait_for


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
    wait_for(lambda: not is_running(child))
    assert process.poll() is not None
