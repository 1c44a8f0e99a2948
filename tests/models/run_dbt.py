"""Runs dbt and reads the marts; a script for the Python in ``.venv-dbt``.

Usage: ``run_dbt.py FOLDER``. Takes a JSON list of steps on standard input and does each in
processes of its own, forked from one that has imported dbt and read the project. A step has
``arguments`` for dbt, ``environment`` for its profile, and ``marts``: the file that gets the rows
of all marts, or null. Ends with the first step that fails, and prints what dbt printed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner

TABLES = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'marts' ORDER BY table_name, ordinal_position
"""


def main() -> None:
    """Do the steps, one behind the other."""
    os.chdir(sys.argv[1])
    context = multiprocessing.get_context("fork")
    steps = json.load(sys.stdin)
    os.environ.update(steps[0]["environment"])
    manifest = dbtRunner().invoke(["parse"]).result
    for step in steps:
        os.environ.update(step["environment"])
        # dbt keeps its connections for as long as its process runs.
        for task in (invoke, write_marts):
            process = context.Process(target=task, args=(step, manifest))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


def invoke(step: dict[str, Any], manifest: Any) -> None:
    """Run dbt with the project as it was read once."""
    reset_adapters()
    is_successful = dbtRunner(manifest=manifest).invoke(step["arguments"]).success
    # The end of a fork closes nothing, and what DuckDB has not moved to its file is beside it.
    DuckDBConnectionManager.close_all_connections()
    if not is_successful:
        sys.exit(1)


def write_marts(step: dict[str, Any], _manifest: Any) -> None:
    """Write the rows of all marts, if the step asks for them."""
    if step["marts"]:
        with closing(connection()) as warehouse, closing(warehouse.cursor()) as cursor:
            rows = marts(cursor)
        Path(step["marts"]).write_text(json.dumps(rows, default=plain), encoding="utf-8")


def connection() -> Any:
    """Connect to the warehouse that the environment names."""
    if file := os.environ.get("ACTON_DUCKDB"):
        return duckdb.connect(file, read_only=True)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "DATABASE"}
    settings = {key: os.environ[f"TARGET_POSTGRES_{name}"] for key, name in names.items()}
    return psycopg2.connect(**settings, password=os.environ["TARGET_POSTGRES_PASSWORD"])


def marts(cursor: Any) -> dict[str, list[dict[str, Any]]]:
    """Read all rows of all marts."""
    tables: dict[str, list[str]] = {}
    cursor.execute(TABLES)
    for table, column in cursor.fetchall():
        tables.setdefault(table, []).append(column)
    rows = {}
    for table, columns in tables.items():
        cursor.execute(f'SELECT * FROM marts."{table}"')  # noqa: S608 - names of our own tables
        rows[table] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return rows


def plain(value: Any) -> str | float:
    """Write what JSON has no type for: timestamps in UTC as texts, to the millisecond."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"no text for {value!r}")


if __name__ == "__main__":
    main()
