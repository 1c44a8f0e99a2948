"""Runs queries on a DuckDB file; a script for the Python of the loader, which has DuckDB.

Usage: ``run_queries.py FILE``. Takes a JSON object of queries by name on standard input, and
prints one of their rows by name. Moments are texts, exact to the millisecond.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import duckdb


def main() -> None:
    """Run the queries, and print the rows."""
    queries = json.load(sys.stdin)
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        rows = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    json.dump(rows, sys.stdout, default=text)


def text(value: Any) -> str:
    """Write what JSON has no type for.

    Args:
        value: The value.

    Returns:
        Its text.

    Raises:
        TypeError: The value is not a moment.
    """
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(f"no text for {value!r}")


if __name__ == "__main__":
    main()
