"""Reads Act-On into DuckDB through Meltano, and counts the rows that arrived.

With credentials in ``.env`` it reads their account, otherwise the bundled sandbox. A variable that
looks like a misspelled credential ends it. Arguments go to the sandbox, as in
``python -m pipeline --seed 7``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipeline import comparison, meltano, sandbox, warehouse
from tap_acton.command_line import CREDENTIALS, VARIABLES, given_variables, misspelled
from tap_acton.errors import EXIT_ALLOWANCE_SPENT, SettingsError

WAREHOUSES = {"production": Path("output/acton.duckdb"), "sandbox": Path("output/sandbox.duckdb")}
SANDBOX = Path(".sandbox")


def main() -> int:
    """Run the pipeline once, from the project's folder.

    Returns:
        0 if every row that the tap emitted is in the warehouse, and the report is made; 3 if the
        rows are, but the calls of the day are used up; otherwise Meltano's exit code, or 1.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    # Whatever the run writes is for its user alone: rows, state, log, and Meltano's copies of the
    # settings, in which the password is.
    os.umask(0o077)
    try:
        has_credentials = _has_credentials()
    except SettingsError as error:
        print(error.sentence, file=sys.stderr)
        return error.exit_code
    if has_credentials:
        print("Credentials found: reading their account.", flush=True)
        return _run("production", {})
    if sandbox.renew(SANDBOX, sys.argv[1:]):
        # Rows of one account must not mix with those of another.
        WAREHOUSES["sandbox"].unlink(missing_ok=True)
    with sandbox.running(SANDBOX) as url:
        print(
            f"No credentials in .env or the environment: reading the bundled sandbox at {url}",
            flush=True,
        )
        return _run("sandbox", sandbox.settings(SANDBOX, url, given_variables()))


def _run(environment: str, settings: dict[str, str]) -> int:
    database = WAREHOUSES[environment]
    history = Path(".meltano", f"last_run.{environment}.json")
    database.parent.mkdir(exist_ok=True)
    if not database.exists():
        # Bookmarks without their warehouse would skip rows that no longer exist anywhere.
        if exit_code := meltano.clear_state(environment):
            return exit_code
        history.unlink(missing_ok=True)

    started_at = datetime.now(UTC)
    outcome = meltano.run(environment, settings)
    is_paused = outcome.exit_code != 0 and comparison.is_paused(outcome.failure)
    if outcome.exit_code and not is_paused:
        why = outcome.failure or "see the messages above."
        print(f"The run did not complete: {why}", file=sys.stderr)
        return outcome.exit_code
    if outcome.summary is None:
        print("FAIL: the tap printed no run summary; the rows are unchecked.", file=sys.stderr)
        return 1

    previous = json.loads(history.read_text()) if history.exists() else None
    history.write_text(json.dumps(outcome.summary))
    counts = warehouse.count_rows(database, started_at) if database.exists() else {}
    lines = comparison.compare(outcome.summary, previous, counts)
    print(comparison.table(lines))
    if sentence := comparison.mismatch(lines):
        print(f"FAIL: {sentence}", file=sys.stderr)
        return 1
    if is_paused:
        print(
            f"The run paused, and nothing is lost: {outcome.failure} Everything read so far is "
            f"in {database}.",
            file=sys.stderr,
        )
        return EXIT_ALLOWANCE_SPENT
    return _write_report(database)


def _write_report(database: Path) -> int:
    # A process of its own, as DuckDB lets go of the file when one ends.
    command = [sys.executable, "-m", "report", "--database", str(database)]
    written = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if written.returncode:
        print("FAIL: the rows are loaded, but there is no report.", file=sys.stderr)
        return 1
    print(f"The report is in {written.stdout.strip()}: open it in a browser.")
    print(comparison.first_query(database))
    return 0


def _has_credentials() -> bool:
    """Tell whether an account is to be read, though some of its credentials may be missing.

    Raises:
        SettingsError: If a variable looks like a misspelled credential, or ``.env`` cannot be read.
    """
    # Like Meltano: a variable of the shell overrides the one in .env.
    given = given_variables()
    for one in misspelled(given):
        if VARIABLES.get(one.meant) in CREDENTIALS:
            raise SettingsError(f"{one.sentence} Correct or remove it.")
        print(one.sentence, file=sys.stderr)
    return any(VARIABLES.get(name) in CREDENTIALS for name in given)


def _leave(signum: int, _frame: object) -> None:
    # As an exception, so that the sandbox is stopped on the way out.
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
