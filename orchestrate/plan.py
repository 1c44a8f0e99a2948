"""What a paused account could still read today, as ``tap-acton-plan`` says."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from orchestrate import run_account
from pipeline.meltano import TAP

if TYPE_CHECKING:
    from orchestrate.accounts import Account, Accounts
    from orchestrate.run_account import Places

SECONDS_TO_ANSWER = 150


def calls_left(account: Account, accounts: Accounts, places: Places) -> int:
    """Return how many calls are left to go on with; 0 also where the plan cannot be made."""
    environment = run_account.ENVIRONMENT
    meltano = [str(places.meltano), f"--environment={environment}", "--log-level=warning"]
    state_id = f"{environment}:{TAP}-to-{accounts.target}:{account.key}"
    try:
        variables = run_account.environment(account, accounts, places, os.environ)
        run_account.prepare(account, places)
        state = _output([*meltano, "state", "get", state_id], variables, places, "")
        plan = _output([*meltano, "invoke", f"{TAP}:plan-json"], variables, places, state)
        left: int = json.loads(plan)["calls_left"]
    except (
        run_account.NotStartedError,
        subprocess.SubprocessError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ):
        return 0
    return left


def _output(arguments: list[str], variables: dict[str, str], places: Places, text: str) -> str:
    return subprocess.run(
        arguments,
        env=variables,
        cwd=places.project,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=True,
        timeout=SECONDS_TO_ANSWER,
    ).stdout
