"""`meltano run` into PostgreSQL, when the loader fails too."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from acton_sandbox import Account
from pipeline import sandbox
from pipeline.meltano import MELTANO
from tests.contract.expected import expected_records
from tests.end_to_end.test_targets import differences
from tests.end_to_end.warehouses import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.servers import Postgres

STREAMS = ("lists", "list_members", "messages", "message_events", "hard_bounces")
SANDBOX = ["--size", "small", "--seed", "7"]


@pytest.fixture
def account(
    project: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """The account of a running sandbox that the tap reads, some streams of it."""
    folder = tmp_path_factory.mktemp("sandbox")
    sandbox.renew(folder, SANDBOX)
    _, now, *_ = json.loads((folder / sandbox.ACCOUNT).read_text())
    with sandbox.running(folder) as url:
        environment |= {**sandbox.settings(folder, url), "TAP_ACTON_LIST_STREAMS": "[]"}
        environment["TAP_ACTON__SELECT"] = json.dumps([f"{stream}.*" for stream in STREAMS])
        (project / "output").mkdir()
        yield Account.generate(seed=7, size="small", now=datetime.fromisoformat(now))


def run_into(
    loader: str, project: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MELTANO, "--environment=sandbox", "run", "tap-acton", loader],
        cwd=project,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.timeout(300)
def test_postgresql_with_a_wrong_password_and_then_with_the_right_one(
    account: Account, project: Path, environment: dict[str, str], postgres: Postgres
) -> None:
    warehouse = postgresql(postgres, f"meltano_{uuid4().hex}")
    wanted = {**warehouse.settings, "default_target_schema": warehouse.schema}
    environment |= {f"TARGET_POSTGRES_{name.upper()}": str(wanted[name]) for name in wanted}
    refused = run_into("target-postgres", project, {**environment, "TARGET_POSTGRES_PASSWORD": "x"})
    assert refused.returncode == 1
    assert "password authentication failed" in refused.stdout

    # Nothing was loaded, so no state was kept, and this run reads everything.
    loaded = run_into("target-postgres", project, environment)
    assert loaded.returncode == 0, loaded.stdout
    everything = expected_records(account)
    expected = {stream: everything[stream] for stream in STREAMS}
    assert differences(warehouse, warehouse.tables(), expected) == []
