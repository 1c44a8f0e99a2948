"""A run on a terminal, and one into a pipe: what a person sees, and what Ctrl-C ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Account, Sandbox
from tests.contract.conftest import NOW
from tests.contract.harness import PROJECT, command_line, config_of, environment
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.screen import Screen

screen = pytest.importorskip("tests.screen", reason="the platform has no pseudo-terminals")

TARGET = "import sys\nfor line in sys.stdin: print('target took', line[:24], file=sys.stderr)"
"""Writes to the same terminal as the tap."""


@pytest.fixture
def settings() -> Iterator[dict[str, str]]:
    """The environment of a tap that reads a running sandbox for some seconds."""
    account = Account.generate(seed=7, size="small", now=NOW)
    with Sandbox(account=account) as sandbox:
        config = {**config_of(sandbox), "progress": "auto", "requests_per_second": 60}
        yield environment(
            {f"TAP_ACTON_{name.upper()}": str(value) for name, value in config.items()}
            | {"TERM": "xterm", "CI": ""}
        )


def has_bar(shown: Screen) -> bool:
    return shown.lines[-2].startswith("all streams: ") and " of about " in shown.lines[-2]


def test_a_bar_next_to_a_target_goes_at_ctrl_c_and_garbles_nothing(
    settings: dict[str, str],
) -> None:
    with screen.terminal() as terminal:
        tap = subprocess.Popen(
            command_line("--config=ENV"),
            cwd=PROJECT,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=terminal.descriptor,
        )
        target = subprocess.Popen(
            [sys.executable, "-c", TARGET], stdin=tap.stdout, stderr=terminal.descriptor
        )
        with target, tap:
            assert tap.stdout is not None
            tap.stdout.close()
            shown = terminal.read_until(has_bar)
            assert shown.region == (0, 20)
            assert any(line.startswith("target took ") for line in shown.everything)
            tap.send_signal(signal.SIGINT)
            give_up = time.monotonic() + 30
            while target.poll() is None:
                assert time.monotonic() < give_up
                terminal.read(0.05)
        assert tap.returncode == 128 + signal.SIGINT
        shown = terminal.read()
        assert shown.region == (0, 23)
        lines = [line for line in shown.everything if line]
        assert not any(line.startswith("all streams: ") for line in lines)
        # Each line of the log or of the target is whole; long ones go on in the next.
        begins = ("target took ", "2")
        table = lines.index("What was read:")
        assert sum(line.startswith(begins) for line in lines[:table]) > table / 2
        assert "The run was stopped by signal 2 (SIGINT); run" in " ".join(lines)
        assert "Run summary: " not in "".join(lines)
        headings = next(number for number, line in enumerate(lines) if line.startswith("stream  "))
        assert lines[headings - 1] == "What was read:"
        assert any(line.startswith("total ") for line in lines[headings:])
        # A stream that did not begin is not in the table.
        assert not any(line.startswith("webinar_registrants ") for line in lines)


def test_a_terminal_that_goes_away_changes_nothing_of_the_run(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    with screen.terminal() as terminal, bench_in_process(account) as bench:
        stderr = os.fdopen(os.dup(terminal.descriptor), "w", buffering=1)
        monkeypatch.setattr(sys, "__stderr__", stderr)
        monkeypatch.setattr(sys, "stderr", stderr)
        with bench.at_call(3, terminal.hang_up):
            output = bench.run(streams=["lists", "senders", "logos"], progress="auto")
    assert output.failure is None
    with pytest.raises(OSError, match="Input/output"):
        stderr.close()


TARGET_THAT_KEEPS = """
import sys
with open(sys.argv[1], "w") as kept:
    for line in sys.stdin:
        print(line, end="", file=kept)
    print("END", file=kept)
"""


def test_ctrl_c_in_a_pipe_loses_nothing_where_the_target_ignores_it(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """As docs/troubleshooting.md says: a terminal sends it to the whole group."""
    kept, log = tmp_path / "kept.jsonl", tmp_path / "log.txt"
    tap = shlex.join(command_line("--config=ENV"))
    target = shlex.join([sys.executable, "-c", TARGET_THAT_KEEPS, str(kept)])
    with log.open("wb") as stderr:
        shell = subprocess.Popen(
            ["/bin/sh", "-c", f"{tap} | (trap '' INT; {target})"],
            cwd=PROJECT,
            env=settings,
            stderr=stderr,
            start_new_session=True,
        )
    give_up = time.monotonic() + 30
    while "lists: complete" not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    os.killpg(shell.pid, signal.SIGINT)
    shell.wait(30)
    while not (lines := kept.read_text().splitlines()) or lines[-1] != "END":
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert "The run was stopped by signal 2" in log.read_text(encoding="utf-8")
    states = [line for line in lines if line.startswith('{"type":"STATE"')]
    assert "lists" in json.loads(states[-1])["value"]["bookmarks"]


def test_a_pipe_gets_sentences_and_no_control_sequences(
    settings: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            command_line("--config=ENV"),
            cwd=PROJECT,
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as tap,
    ):
        give_up = time.monotonic() + 30
        while "Forecast: " not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < give_up
            time.sleep(0.05)
        if hasattr(signal, "SIGUSR1"):
            tap.send_signal(signal.SIGUSR1)
            while "Progress: " not in log.read_text(encoding="utf-8"):
                assert time.monotonic() < give_up
                assert tap.poll() is None
                time.sleep(0.05)
        os.kill(tap.pid, signal.SIGTERM)
    text = log.read_text(encoding="utf-8")
    assert "\x1b" not in text
    # The table is the last thing, in lines of its own; only why the run ended follows.
    said = [line.split(" | ", 3)[3] for line in text.splitlines()]
    headings = next(number for number, line in enumerate(said) if line.startswith("stream  "))
    assert said[headings - 1] == "What was read:"
    assert said[headings - 2].startswith("Run summary: ")
    assert said[-2].split()[0] == "total"
    assert len({len(line) for line in said[headings:-1]}) == 1
    assert "Reading 46 streams, at most 60 calls a second; " in text
