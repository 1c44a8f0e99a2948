"""One real run: Dagster, Meltano, the tap, the sandbox, and DuckDB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg
import requests

from orchestrate.dagster import assets
from orchestrate.dagster.assets import PAUSED_UNTIL, key_of
from orchestrate.run_account import places_of
from pipeline import sandbox
from tests.orchestrate.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from orchestrate.accounts import Accounts


def test_a_run_reads_the_sandbox_until_its_calls_are_used_up(
    tmp_path: Path,
    accounts: Accounts,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "sandbox"
    sandbox.renew(folder, ["--size", "small"])
    places = places_of(
        {"ACTON_WORK_FOLDER": str(tmp_path / "work"), "ACTON_WAREHOUSE_FOLDER": str(tmp_path)}
    )
    for name, value in {
        "NORTH_ID": "sandbox-client",
        "NORTH_SECRET": "sandbox-secret",
        "NORTH_USER": "reader@example.com",
        "NORTH_PASSWORD": "sandbox-password",
    }.items():
        monkeypatch.setenv(name, value)
    with sandbox.running(folder, ROOT / ".venv" / "bin" / "python") as url:
        north = replace(
            accounts.partitions["north"],
            # Enough for the messages and the lists, and not for the reports.
            daily_request_limit=25,
            settings={"api_url": url, "requests_per_second": 10000},
        )
        definition = assets.read_act_on(replace(accounts, partitions={"north": north}), places)
        result = dg.materialize(
            [definition],
            selection=[key_of(name) for name in ("lists", "messages", "message_reports")],
            partition_key="north",
            instance=instance,
            raise_on_error=False,
        )
        truth = requests.get(f"{url}/_sandbox/truth", timeout=60).json()
    rows = {
        event.asset_key.path[-1]: event.materialization.metadata["rows"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert rows == {"messages": len(truth["messages"]), "lists": len(truth["lists"])}
    (run,) = instance.get_runs()
    assert PAUSED_UNTIL in run.tags
    assert (tmp_path / "acton-north.duckdb").exists()
