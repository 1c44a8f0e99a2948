"""Reads one account of accounts.yml: ``python -m orchestrate KEY``.

The exit code is the tap's, so that a scheduler can tell a used up allowance (3) from a failure.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from orchestrate import run_account
from orchestrate.accounts import AccountsError

EXIT_USAGE = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Read the account that the command line names; return the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the key
        _say("Usage: python -m orchestrate KEY")
        return EXIT_USAGE
    # Otherwise the first process of a container ignores it. The tap gets it, and ends in order.
    for number in SIGNALS:
        signal.signal(number, _end)
    try:
        outcome = run_account.read_account(sys.argv[1], os.environ, _say)
    except (AccountsError, run_account.NotStartedError) as error:
        _say(str(error))
        return run_account.EXIT_FAILED
    except OSError as error:
        _say(f"{error}: correct ACTON_WORK_FOLDER or ACTON_PROJECT, or make room.")
        return run_account.EXIT_FAILED
    for sentence in outcome.errors:
        _say(sentence)
    return outcome.exit_code


def _end(number: int, _: Any) -> None:
    # A further one must not stop what now ends in order.
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(run_account.EXIT_SIGNAL_BASE + number)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
