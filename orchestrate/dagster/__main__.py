"""Starts Dagster on this machine, as ``make orchestrate`` does: for accounts.yml, or a sandbox.

Without accounts.yml it starts the bundled sandbox, with two accounts. It runs until Ctrl-C, which
ends whatever it has started.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrate.accounts import PROJECT, AccountsError, accounts_path, read_accounts
from orchestrate.dagster import models
from orchestrate.run_account import NotStartedError, environment, places_of
from pipeline import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT, LAST_PORT = 3000, 65535
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_END = 150.0
SECONDS_BETWEEN_LOOKS = 0.1
TIMEOUTS = {
    # A start takes longer on a busy machine than the minute that Dagster allows,
    "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
    # and so does a plan of the sensor.
    "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300",
}
SANDBOX_PYTHON = PROJECT / ".venv" / "bin" / "python"
SANDBOX_KEYS = ("north", "south")
SANDBOX_ACCOUNTS = """\
# The accounts of the bundled sandbox; docs/many-accounts.md describes such a file.
target: target-duckdb
accounts:
"""
SANDBOX_ACCOUNT = """\
- key: {key}
  region: us
  schema: {key}
  daily_request_limit: 1000000
  secrets:
    client_id: SANDBOX_CLIENT_ID
    client_secret: SANDBOX_CLIENT_SECRET
    username: SANDBOX_USERNAME_{name}
    password: SANDBOX_PASSWORD
  settings:
    api_url: {url}
    requests_per_second: 10000
"""


class _NotReadyError(Exception):
    """Dagster cannot start; the sentence says why."""


def main() -> int:
    """Run Dagster until it is stopped.

    Returns:
        0 after Ctrl-C; otherwise the exit code of what failed.
    """
    for number in SIGNALS:
        # With nohup, the end of the terminal is none of this. A shell lets what it starts in the
        # background ignore Ctrl-C, but by that signal Dagster is ended.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    os.umask(0o077)
    path = accounts_path(os.environ)
    try:
        port = _free_port()
        # A named path that leads nowhere is a mistake, and no wish for the sandbox.
        if path.exists() or "ACTON_ACCOUNTS" in os.environ:
            _hold(places_of(os.environ).work)
            return _run(path, dict(os.environ), port)
        print("No accounts.yml: reading two accounts of the bundled sandbox.", flush=True)
        with _two_accounts() as (path, variables):
            return _run(path, {**os.environ, **variables}, port)
    except (AccountsError, NotStartedError, _NotReadyError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("dbt cannot read the models in transform: it says why above.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}: correct its variable, or make room.", file=sys.stderr)
        return 1


def _free_port() -> int:
    text = os.environ.get("ACTON_DAGSTER_PORT", f"{PORT}")
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) <= LAST_PORT:
        raise _NotReadyError(f"ACTON_DAGSTER_PORT is a number from 1 to {LAST_PORT}: correct it.")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(text))) == 0:
            raise _NotReadyError(f"Port {text} is taken: set ACTON_DAGSTER_PORT to another one.")
    return int(text)


def _hold(folder: Path) -> None:
    """Keep the folder of the runs to this process, until it ends.

    Raises:
        _NotReadyError: If another one has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _NotReadyError(
            f"make orchestrate runs already with {folder}: end that one first."
        ) from None


def _run(path: Path, variables: dict[str, str], port: int) -> int:
    accounts, places = read_accounts(path), places_of(variables)
    if not (places.project / ".meltano" / "loaders" / accounts.target).exists():
        raise _NotReadyError(
            f"{accounts.target} is not installed: run .venv-meltano/bin/meltano install "
            f"{accounts.target}."
        )
    for account in accounts.partitions.values():
        # Now, and not in the night.
        environment(account, accounts, places, variables)
    print(f"Reading the models for {accounts.target}.", flush=True)
    models.parse(places, accounts.target)
    home = Path(variables.get("DAGSTER_HOME", places.work / "home"))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copy(Path(__file__).with_name("dagster.yaml"), home)
    print(f"Dagster's page will be at http://127.0.0.1:{port}; Ctrl-C ends it.", flush=True)
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("dagster"),
            "dev",
            "--module-name=orchestrate.dagster.code_location",
            "--host=127.0.0.1",
            f"--port={port}",
        ],
        cwd=PROJECT,
        env={
            **variables,
            "ACTON_ACCOUNTS": str(path),
            "DAGSTER_HOME": str(home),
            **TIMEOUTS,
        },
        # So that Ctrl-C reaches it once, from here.
        start_new_session=True,
    )
    try:
        return process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen[Any], seconds: float = SECONDS_TO_END) -> None:
    """End Dagster, and wait for its code server and its runs, which end somewhat later.

    Args:
        process: Dagster, which leads a group of processes.
        seconds: After these, what is left of the group is killed. The supervisor of a run is not of
            the group, and ends by itself.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        # The terminal may have been closed.
        with suppress(OSError):
            print("Ending Dagster and its runs; this may take two minutes.", flush=True)
    deadline = time.monotonic() + seconds
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            process.poll()
            os.killpg(process.pid, 0)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _two_accounts() -> Iterator[tuple[Path, dict[str, str]]]:
    """Run the sandbox, and give the file of its accounts, with the variables of its runs.

    They have folders of their own, so that nothing mixes with other accounts.
    """
    folder = PROJECT / ".dagster" / "sandbox"
    _hold(folder)
    if sandbox.renew(folder, ["--size", "small", "--accounts", str(len(SANDBOX_KEYS))]):
        for name in ("meltano", "warehouse"):
            shutil.rmtree(folder / name, ignore_errors=True)
    with sandbox.running(folder, SANDBOX_PYTHON) as url:
        path = folder / "accounts.yml"
        accounts = [
            SANDBOX_ACCOUNT.format(key=key, name=key.upper(), url=url) for key in SANDBOX_KEYS
        ]
        path.write_text(SANDBOX_ACCOUNTS + "".join(accounts), encoding="utf-8")
        yield (
            path,
            {
                "ACTON_WORK_FOLDER": str(folder),
                "ACTON_WAREHOUSE_FOLDER": str(folder / "warehouse"),
                "DAGSTER_HOME": str(folder / "home"),
                "SANDBOX_CLIENT_ID": "sandbox-client",
                "SANDBOX_CLIENT_SECRET": "sandbox-secret",
                "SANDBOX_PASSWORD": "sandbox-password",
                **{
                    f"SANDBOX_USERNAME_{key.upper()}": f"user-{number:03}@example.com"
                    for number, key in enumerate(SANDBOX_KEYS, 1)
                },
            },
        )


def _leave(signum: int, _frame: object) -> None:
    # A terminal that is closed sends its signal twice, and a further one must not stop the end.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # As an exception, so that Dagster and the sandbox are stopped on the way out.
    raise SystemExit(0 if signum == signal.SIGINT else 128 + signum)


if __name__ == "__main__":
    sys.exit(main())
