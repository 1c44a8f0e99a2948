"""What a paused account could still read today, as ``tap-acton-plan`` says."""

from __future__ import annotations

import json
import os
import subprocess
from tempfile import NamedTemporaryFile
from threading import Timer
from typing import TYPE_CHECKING

from orchestrate import run_account
from pipeline.meltano import TAP, remove_configurations

if TYPE_CHECKING:
    from orchestrate.accounts import Account, Accounts
    from orchestrate.run_account import Places

SECONDS_TO_ANSWER = 75.0
"""For the state, and for the plan. With the end of a plan that hangs, they fit in the five minutes
that a sensor has."""


def calls_left(account: Account, accounts: Accounts, places: Places) -> int:
    """Return how many calls are left to go on with; 0 also where the plan cannot be made."""
    environment = run_account.ENVIRONMENT
    meltano = [str(places.meltano), f"--environment={environment}", "--log-level=warning"]
    try:
        variables = run_account.environment(account, accounts, places, os.environ)
        run_account.prepare(account, places)
        state = _output(
            [*meltano, "state", "get", run_account.state_id(account, accounts)], variables, places
        )
        with NamedTemporaryFile(dir=places.system(account), prefix="state-") as file:
            file.write(state)
            file.flush()
            # A first run has none.
            given = [f"--state={file.name}"] if state.strip() else []
            plan = _output(
                [*meltano, "invoke", run_account.NO_INSTALL, f"{TAP}:plan-json", *given],
                variables,
                places,
            )
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
    finally:
        remove_configurations(places.system(account))
    return left


def _output(arguments: list[str], variables: dict[str, str], places: Places) -> bytes:
    process = run_account.start(arguments, variables, places.project, subprocess.DEVNULL)
    # Meltano would leave the tap behind if it alone were killed; the supervisor ends both.
    end = Timer(SECONDS_TO_ANSWER, process.stdin.close if process.stdin else process.kill)
    with process:
        end.start()
        try:
            output = process.stdout.read() if process.stdout else b""
        finally:
            end.cancel()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments[0])
    return output
