"""What the tests of the orchestration share: accounts, a Meltano that obeys, and Dagster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrate.accounts import read_accounts
from orchestrate.run_account import Places, places_of

# They run in .venv-dagster alone: `make test-orchestrate`.
collect_ignore_glob = [] if find_spec("dagster") else ["test_*.py"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import dagster as dg

    from orchestrate.accounts import Accounts

ROOT = Path(__file__).parents[2]

PROCESSES = ("/bin/sh", "-c", "ps -A -o pid=,stat=")

ACCOUNTS = """\
target: target-duckdb
variables: [TARGET_POSTGRES_PASSWORD]
accounts:
- key: north
  region: us
  schema: north
  daily_request_limit: 1000
  secrets:
    client_id: NORTH_ID
    client_secret: NORTH_SECRET
    username: NORTH_USER
    password: NORTH_PASSWORD
- key: south
  region: eu
  schema: south
  daily_request_limit: 500
  secrets: {client_id: SOUTH_ID, client_secret: SOUTH_SECRET, refresh_token: SOUTH_TOKEN}
  select: ["message*.*", "lists.*", "!message_contents.*"]
  settings: {optional_streams: [sync_runs], start_date: "2026-01-01"}
"""

SECRETS = {
    "NORTH_ID": "north-id-0001",
    "NORTH_SECRET": "north-secret-0002",
    "NORTH_USER": "north@example.com",
    "NORTH_PASSWORD": "north-password-0003",
    "SOUTH_ID": "south-id-0004",
    "SOUTH_SECRET": "south-secret-0005",
    "SOUTH_TOKEN": "south-token-0006",
    "TARGET_POSTGRES_PASSWORD": "warehouse-password-0007",
}

MELTANO = """\
#!{python}
import json, os, signal, sys, time
from pathlib import Path

folder = Path({folder!r})
(folder / "environment.json").write_text(json.dumps(dict(os.environ)))
(folder / "arguments.json").write_text(json.dumps(sys.argv[1:]))
orders = json.loads((folder / "orders.json").read_text())
for line in orders["lines"]:
    print(line if isinstance(line, str) else json.dumps(line), file=sys.stderr, flush=True)
if orders.get("waits"):
    def end(signum, frame):
        (folder / "stopped").write_text(str(signum))
        sys.exit(1)
    signal.signal(signal.SIGTERM, end)
    (folder / "waiting").write_text(str(os.getpid()))
    while True:
        time.sleep(0.02)
sys.exit(orders["code"])
"""


def counts(outcome: str = "complete", rows: int = 0, calls: int = 0) -> dict[str, Any]:
    """Return what the tap's summary has of a stream."""
    return {
        "rows": rows,
        "calls": calls,
        "skipped": 1,
        "refused": 0,
        "saved": {"empty": 3, "shared": 2},
        "waited": 1.5,
        "full_refresh": False,
        "outcome": outcome,
    }


def of_tap(event: str, level: str = "info") -> dict[str, Any]:
    """Return a line of the tap in Meltano's log."""
    return {"string_id": "tap-acton", "producer": True, "event": event, "level": level}


def end(codes: Mapping[str, int]) -> dict[str, Any]:
    """Return the line with which Meltano ends, which has the exit codes of its plugins."""
    if not codes:
        return {"event": "Block run completed", "success": True, "level": "info"}
    return {
        "event": "Block run completed",
        "success": False,
        "exit_codes": dict(codes),
        "level": "error",
    }


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is the case."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(process: int) -> bool:
    """Tell whether a process goes on: it is there, and not only its exit code."""
    states = subprocess.run(PROCESSES, capture_output=True, text=True, check=True).stdout
    state = dict(line.split() for line in states.splitlines()).get(str(process), "Z")
    return not state.startswith("Z")


class FakeMeltano:
    """A program in the place of Meltano.

    Args:
        folder: Where it is, and writes down how it was called.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "meltano"
        self.program.write_text(MELTANO.format(python=sys.executable, folder=str(folder)))
        self.program.chmod(0o755)
        self.obeys()

    def obeys(
        self,
        streams: Mapping[str, Any] | None = None,
        codes: Mapping[str, int] | None = None,
        lines: tuple[Any, ...] = (),
        **orders: Any,
    ) -> None:
        """Let it print the tap's summary and other lines, and end as a run with these codes."""
        summary = json.dumps({"calls": 7, "logins": 1, "streams": streams or {}})
        said = [*([of_tap(f"Run summary: {summary}")] if streams is not None else []), *lines]
        (self.folder / "orders.json").write_text(
            json.dumps({"lines": [*said, end(codes or {})], "code": 1 if codes else 0, **orders})
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment it was called with."""
        data: dict[str, str] = json.loads((self.folder / "environment.json").read_text())
        return data

    @property
    def arguments(self) -> list[str]:
        """The arguments it was called with."""
        data: list[str] = json.loads((self.folder / "arguments.json").read_text())
        return data


@pytest.fixture
def meltano(tmp_path: Path) -> FakeMeltano:
    """A program in the place of Meltano."""
    return FakeMeltano(tmp_path)


@pytest.fixture
def places(tmp_path: Path, meltano: FakeMeltano) -> Places:
    """Folders of the test."""
    project = tmp_path / "project"
    project.mkdir()
    return Places(project, tmp_path / "work", tmp_path / "warehouse", meltano.program)


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Two accounts."""
    path = tmp_path / "accounts.yml"
    path.write_text(ACCOUNTS)
    return read_accounts(path)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    for name in [one for one in os.environ if one.startswith(("TAP_ACTON_", "ACTON_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's tables in memory, with both partitions."""
    import dagster as dg  # noqa: PLC0415 - not in .venv

    from orchestrate.dagster import assets  # noqa: PLC0415 - the same

    with dg.DagsterInstance.ephemeral() as there:
        there.add_dynamic_partitions(assets.PARTITIONS.name, ["north", "south"])
        yield there


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """What dbt says of the models; parsed again only where they have changed."""
    from orchestrate.dagster import models  # noqa: PLC0415 - not in .venv

    places, target = places_of({}), "target-duckdb"
    path = models.manifest_path(places, target)
    sources = [*(ROOT / "transform").rglob("*.sql"), *(ROOT / "transform").rglob("*.yml")]
    changed = max(source.stat().st_mtime for source in sources)
    if not path.exists() or path.stat().st_mtime < changed:
        models.parse(places, target)
    return models.read_manifest(places, target)
