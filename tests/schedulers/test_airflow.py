"""Airflow 3 loads the DAGs, and the task ends as its exit code says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from orchestrate.accounts import read_accounts
from tests.schedulers.accounts import KEYS, PROJECT, environment

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = PROJECT / ".venv-schedulers" / "bin" / "python"
PAGE = PROJECT / "docs" / "airflow.md"
SCRIPT = PROJECT / "tests" / "schedulers" / "read_dags.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """What Airflow makes of the line in the page, and how the task of some accounts ends."""
    (line,) = re.findall(r"```python\n(.*)\n```", PAGE.read_text(encoding="utf-8"))
    dags = folder / "dags"
    dags.mkdir()
    (dags / "act_on.py").write_text(f"{line}\n", encoding="utf-8")
    ended = subprocess.run(
        [PYTHON, SCRIPT, dags, "good", "failing", "paused", "stopped"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "AIRFLOW_HOME": str(folder / "home"),
            "ACTON_AIRFLOW_POOL": "act_on",
            **environment(folder),
        },
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=170,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "password-of" not in ended.stdout + ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result


@pytest.mark.timeout(200)
def test_each_account_and_each_shard_has_a_dag(found: dict[str, Any]) -> None:
    assert found["errors"] == {}
    keys = {*KEYS, "shared.1-of-2", "shared.2-of-2"}
    assert found["dags"].keys() == {f"acton_{key}" for key in keys}
    for key in keys:
        dag = found["dags"][f"acton_{key}"]
        assert dag["tasks"] == {"read": {"pool": "act_on", "retries": 2, "key": [key]}}
        # One run of an account at a time, and none for a night that was missed.
        assert (dag["max_active_runs"], dag["catchup"]) == (1, False)


@pytest.mark.timeout(200)
def test_the_runs_are_spread_over_the_night(found: dict[str, Any], folder: Path) -> None:
    night = read_accounts(folder / "accounts.yml").night
    minutes = set()
    for dag in found["dags"].values():
        minute, hour, *rest = dag["cron"].split()
        assert rest == ["*", "*", "*"]
        assert dag["zone"] == night.zone
        after = (int(hour) * 60 + int(minute) - night.begins) % (24 * 60)
        assert after < night.hours * 60
        minutes.add(after)
    assert len(minutes) == len(found["dags"])


@pytest.mark.timeout(200)
def test_a_run_that_is_complete_or_failed_ends_its_task(found: dict[str, Any]) -> None:
    ended = found["ended"]
    assert ended["good"]["class"] == ""
    # Airflow does not try again after this one.
    assert ended["failing"]["class"] == "AirflowFailException"
    assert ended["failing"]["sentence"] == "failing failed with exit code 1: Not complete: lists."
    # After any other one it does.
    assert ended["stopped"]["class"] == "RuntimeError"


@pytest.mark.timeout(200)
def test_a_used_up_allowance_is_no_failure_and_goes_on_when_the_tap_says(
    found: dict[str, Any],
) -> None:
    paused = found["ended"]["paused"]
    assert paused["class"] == "AirflowRescheduleException"
    assert paused["seconds"] == pytest.approx(95 * 60, abs=60)
