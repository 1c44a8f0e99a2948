"""However a run is ended, it ends soon, says how, and the next one repairs everything."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from acton_sandbox import Account, Fault, Sandbox
from tap_acton.api.auth import Credentials
from tests.contract import seeds
from tests.contract.conftest import NOW
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import (
    PROJECT,
    Output,
    command,
    command_line,
    config_of,
    environment,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 1_900
"""About how many lines a complete run writes."""

PROMPT_SECONDS = 4.0
"""What an end may take on a busy machine, where nothing is waited for."""

WAYS = ("kill", "terminate", "interrupt", "terminate twice", "close")
SIGNALS = {
    "kill": (signal.SIGKILL,),
    "terminate": (signal.SIGTERM,),
    "interrupt": (signal.SIGINT,),
    "terminate twice": (signal.SIGTERM, signal.SIGTERM),
}


@pytest.fixture(scope="module")
def account() -> Account:
    """The account that all tests here read."""
    return Account.generate(seed=7, size="small", now=NOW)


@pytest.fixture
def sandbox(account: Account) -> Iterator[Sandbox]:
    """A sandbox of a test's own."""
    with Sandbox(account=account) as sandbox:
        yield sandbox


def config_file(folder: Path, sandbox: Sandbox, **settings: Any) -> Path:
    """Write a configuration for the sandbox, with a token store of its own."""
    path = folder / "config.json"
    store = {"token_store": str(folder / "store")}
    path.write_text(json.dumps({**config_of(sandbox), **store, **settings}), encoding="utf-8")
    return path


@contextmanager
def started(
    *arguments: str | Path, stdout: Any = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Start the tap, and make sure that it does not outlive the test."""
    with subprocess.Popen(
        command_line(*arguments),
        cwd=PROJECT,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_call(
    sandbox: Sandbox, process: subprocess.Popen[str], path: str, calls: int = 1
) -> None:
    """Wait until a run has made some calls."""
    give_up = time.monotonic() + 30
    while sum(seen.path.startswith(path) for seen in sandbox.requests.snapshot()) < calls:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < give_up
        time.sleep(0.01)


def end_after(process: subprocess.Popen[str], lines: int, way: str) -> str:
    """Read some lines, end the run, and give all that it wrote.

    Args:
        process: The run.
        lines: How many lines to read first.
        way: One of ``WAYS``.

    Returns:
        The whole lines of its output.
    """
    assert process.stdout is not None
    written = [process.stdout.readline() for _ in range(lines)]
    if way == "close":
        process.stdout.close()
    else:
        for number in SIGNALS[way]:
            process.send_signal(number)
        written += process.stdout.readlines()
    process.wait(timeout=30)
    return "".join(line for line in written if line.endswith("\n"))


def assert_repaired(sandbox: Sandbox, config: Path, folder: Path, *before: Output) -> None:
    """Run once more from the last state, and make sure that nothing is missing or wrong."""
    states = [output.state for output in before if output.of_type("STATE")]
    state = folder / "state.json"
    state.write_text(json.dumps(states[-1] if states else {}), encoding="utf-8")
    ended = command("--config", config, "--state", state)
    assert ended.returncode == 0, ended.stderr
    held = union([*before, Output(ended.stdout.encode(), ended.stderr)])
    for stream, records in expected_records(sandbox.account).items():
        assert held[stream] == by_key(stream, records), stream


@pytest.mark.parametrize("seed", seeds.given(len(WAYS)))
def test_a_run_that_is_ended_anywhere_is_repaired_by_the_next(
    sandbox: Sandbox, tmp_path: Path, seed: int
) -> None:
    way = WAYS[seed % len(WAYS)]
    lines = random.Random(seed).randrange(1, LINES)  # noqa: S311 - repeatable
    config = config_file(tmp_path, sandbox)
    with started("--config", config) as process:
        written = end_after(process, lines, way)
        assert process.stderr is not None
        log = process.stderr.read()
    expected = {"kill": -9, "terminate": 143, "interrupt": 130, "terminate twice": 143, "close": 1}
    assert process.returncode == expected[way], (seed, lines, log)
    assert "Traceback" not in log
    assert_repaired(sandbox, config, tmp_path, Output(written.encode(), log))


@contextmanager
def lock_of_login(folder: Path, sandbox: Sandbox) -> Iterator[None]:
    """Be another run that asks for a token at present."""
    known = config_of(sandbox)
    credentials = Credentials(
        known["client_id"], known["client_secret"], known["username"], known["password"]
    )
    (folder / "store").mkdir(mode=0o700)
    with FileLock(folder / "store" / f"token-{credentials.identity(sandbox.url)}.json.lock"):
        yield


@pytest.mark.parametrize(
    ("wait", "number", "settings"),
    [
        ("Retry-After", signal.SIGTERM, {}),
        ("the limits", signal.SIGINT, {"requests_per_second": 0.01}),
        ("a retry", signal.SIGINT, {}),
        ("an answer", signal.SIGTERM, {}),
        ("the rest of an answer", signal.SIGTERM, {}),
    ],
)
def test_a_signal_ends_a_run_at_once(
    sandbox: Sandbox, tmp_path: Path, wait: str, number: signal.Signals, settings: dict[str, Any]
) -> None:
    faults = {
        "Retry-After": [Fault("status", times=None, status=429, headers={"Retry-After": "250"})],
        "the limits": [],
        "a retry": [Fault("status", times=None, after=10, status=503)],
        "an answer": [Fault("delay", times=None, after=10, delay=30)],
        "the rest of an answer": [Fault("trickle", times=None, after=10, delay=30)],
    }
    for fault in faults[wait]:
        sandbox.faults.add(fault)
    with started("--config", config_file(tmp_path, sandbox, **settings)) as process:
        path, calls = {
            "Retry-After": ("/api/", 1),
            "the limits": ("/token", 1),
            "a retry": ("/api/", 12),
            "an answer": ("/api/", 9),
            "the rest of an answer": ("/api/", 9),
        }[wait]
        wait_for_call(sandbox, process, path, calls)
        time.sleep(0.3)
        begun = time.monotonic()
        process.send_signal(number)
        _, log = process.communicate(timeout=30)
    assert time.monotonic() - begun < PROMPT_SECONDS
    assert process.returncode == 128 + number
    assert log.count("| ERROR ") == 1
    assert "Traceback" not in log


def test_a_signal_ends_the_wait_for_another_run_that_logs_in(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with (
        lock_of_login(tmp_path, sandbox),
        started("--config", config_file(tmp_path, sandbox)) as process,
    ):
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(1)
        assert process.poll() is None
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert time.monotonic() - begun < PROMPT_SECONDS
    assert process.returncode == 143
    assert sandbox.requests.snapshot() == []
    assert "Traceback" not in log


def test_a_second_signal_does_not_wait_for_a_target_that_takes_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with started("--config", config_file(tmp_path, sandbox)) as process:
        # The pipe holds less than a run writes, so the run stands still before its end.
        seen = -1
        while seen != len(sandbox.requests) or seen < 5:
            seen = len(sandbox.requests)
            time.sleep(0.7)
        for _ in range(2):
            assert process.poll() is None
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        process.wait(timeout=30)
    assert time.monotonic() - begun < PROMPT_SECONDS
    assert process.returncode == 143


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_disk_at_the_output_ends_the_run_in_one_sentence(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_file(tmp_path, sandbox)
    with Path("/dev/full").open("w") as full, started("--config", config, stdout=full) as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode == 1
    assert log.count("| ERROR ") == 1
    assert "The disk is full" in log
    assert "Traceback" not in log
    assert_repaired(sandbox, config, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="limits of files are POSIX's")
def test_a_full_disk_at_the_token_store_ends_the_run_before_the_chain_is_lost(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_file(tmp_path, sandbox)
    line = " ".join(["ulimit", "-f", "0;", *command_line("--config", config)])
    ended = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert "token_store" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert sandbox.requests.snapshot() == []
    assert_repaired(sandbox, config, tmp_path)
