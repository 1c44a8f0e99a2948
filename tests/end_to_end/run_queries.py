"""Runs queries on a warehouse; a script for the Python of its loader, which has what it needs.

Usage: ``run_queries.py MODULE ADDRESS``, where the module is ``duckdb`` or ``psycopg``. Takes a
JSON object of queries by name on standard input, and prints their rows by name. Timestamps are
texts, exact to the millisecond.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def main() -> None:
    """Run the queries, and print the rows."""
    module, address = sys.argv[1:]
    queries = json.load(sys.stdin)
    # Only readers may share a file of DuckDB, and tests that read one run at the same time.
    reads = all(query.lstrip().upper().startswith(("SELECT", "WITH")) for query in queries.values())
    options = {"read_only": True} if module == "duckdb" and reads else {}
    with importlib.import_module(module).connect(address, **options) as connection:
        rows = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    json.dump(rows, sys.stdout, default=plain)


def plain(value: Any) -> str | float:
    """Write what JSON has no type for.

    Args:
        value: The value.

    Returns:
        Its text, or a number.

    Raises:
        TypeError: The value is neither a timestamp nor a number.
    """
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"no text for {value!r}")


if __name__ == "__main__":
    main()
