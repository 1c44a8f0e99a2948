"""Reads one account of accounts.yml: ``python -m orchestrate KEY``.

The exit code is the tap's, so that a scheduler can tell a used up allowance (3) from a failure.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from orchestrate import run_account
from orchestrate.accounts import AccountsError, accounts_path, read_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrate.run_account import Outcome

EXIT_USAGE = 2


def read_account(key: str, given: Mapping[str, str], log: Callable[[str], None]) -> Outcome:
    """Read an account, or a shard of one, to the end of its run.

    Args:
        key: The key of the partition.
        given: The environment: the secrets, and where things are.
        log: Gets the log line by line, without secrets.

    Raises:
        AccountsError: If accounts.yml is wrong, or has no such key.
        NotStartedError: If a variable is not set.
    """
    path = accounts_path(given)
    accounts = read_accounts(path)
    account = accounts.partitions.get(key)
    if account is None:
        raise AccountsError(f"{path.name} has no account {key}: correct the key.")
    places = run_account.places_of(given)
    variables = run_account.environment(account, accounts, places, given)
    run_account.prepare(account, places)
    return run_account.run(
        run_account.command(account, accounts, places),
        variables,
        places.project,
        log,
        run_account.values_of(account, accounts, given),
    )


def main() -> int:
    """Read the account that the command line names; return the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the key
        _say("Usage: python -m orchestrate KEY")
        return EXIT_USAGE
    # Otherwise the first process of a container ignores it. The tap gets it, and ends in order.
    signal.signal(signal.SIGTERM, _end)
    try:
        outcome = read_account(sys.argv[1], os.environ, _say)
    except (AccountsError, run_account.NotStartedError) as error:
        _say(str(error))
        return run_account.EXIT_FAILED
    for sentence in outcome.errors:
        _say(sentence)
    return outcome.exit_code


def _end(number: int, _: Any) -> None:
    sys.exit(run_account.EXIT_SIGNAL_BASE + number)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
