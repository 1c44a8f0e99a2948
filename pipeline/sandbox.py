"""The bundled sandbox, in a process that runs for as long as the pipeline does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

ACCOUNT = "account.json"

START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
POLL_INTERVAL = 0.05


def renew(folder: Path, arguments: Sequence[str]) -> bool:
    """Start a new account, unless the previous run had the same arguments.

    An account is generated from the sandbox's arguments and its current time. The time of the
    first run is saved, so the account stays the same until the folder is removed.

    Args:
        folder: Where the sandbox keeps its files between runs.
        arguments: Arguments for the sandbox.

    Returns:
        Whether the account is new.
    """
    kept = folder / ACCOUNT
    if kept.exists() and json.loads(kept.read_text())[2:] == list(arguments):
        return False
    folder.mkdir(exist_ok=True)
    kept.write_text(json.dumps(["--now", datetime.now(UTC).isoformat(), *arguments]))
    return True


@contextmanager
def running(folder: Path, python: str | Path = sys.executable) -> Iterator[str]:
    """Run the sandbox with the account in the folder, and give its URL.

    Args:
        folder: Where the sandbox keeps its files between runs.
        python: That of an environment with the sandbox.
    """
    ready, log = folder / "ready", folder / "server.log"
    ready.unlink(missing_ok=True)
    account: list[str] = json.loads((folder / ACCOUNT).read_text())
    command = [python, "-m", "acton_sandbox", "--port", "0", "--no-limits"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--ready-file", ready, *account],
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the run, which needs the sandbox until it has ended.
            start_new_session=True,
        )
    try:
        yield _wait_until_ready(process, ready, log)
    finally:
        _stop(process)


def settings(folder: Path, url: str, given: Collection[str] = ()) -> dict[str, str]:
    """Return the tap's settings for the sandbox, as environment variables.

    Args:
        folder: Where the sandbox keeps its files between runs.
        url: The sandbox's address.
        given: The variables that the environment and ``.env`` have set; they count, except for what
            leads to an account.
    """
    return {
        **{name: value for name, value in _defaults(folder).items() if name not in given},
        "TAP_ACTON_API_URL": url,
        "TAP_ACTON_CLIENT_ID": "sandbox-client",
        "TAP_ACTON_CLIENT_SECRET": "sandbox-secret",
        "TAP_ACTON_USERNAME": "reader@example.com",
        "TAP_ACTON_PASSWORD": "sandbox-password",
        "TAP_ACTON_TOKEN_STORE": str((folder / "tokens").resolve()),
    }


def _defaults(folder: Path) -> dict[str, str]:
    # The limits are out of reach: a server on the same machine needs none.
    limits = {
        "TAP_ACTON_REQUESTS_PER_SECOND": "10000",
        "TAP_ACTON_DAILY_REQUEST_LIMIT": "100000000",
    }
    kept = folder / ACCOUNT
    arguments: list[str] = json.loads(kept.read_text()) if kept.exists() else []
    if any(argument.startswith("--size") for argument in arguments):
        return limits
    # A folder and lists that only the demo account has.
    return {
        **limits,
        "TAP_ACTON_ON24_CLIENT_IDS": '["300112233"]',
        "TAP_ACTON_LIST_STREAMS": '["Customers", "Prospects"]',
    }


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if ready.exists():
            url: str = json.loads(ready.read_text())["url"]
            return url
        time.sleep(POLL_INTERVAL)
    raise SystemExit(f"The sandbox did not start:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
