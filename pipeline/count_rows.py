"""Counts the rows of a DuckDB file. A script for the loader's Python, which has DuckDB.

Usage: ``count_rows.py FILE TIMESTAMP``. Prints a JSON object: for every table that the loader
filled, its row count and how many of those rows were written since the timestamp.
"""

from __future__ import annotations

import json
import sys

import duckdb

TABLES = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = '_sdc_batched_at'"
COUNT = 'SELECT count(*), count(*) FILTER (_sdc_batched_at >= CAST(? AS TIMESTAMP)) FROM "{}"'


def main() -> None:
    """Print the counts."""
    database, timestamp = sys.argv[1:]
    with duckdb.connect(database, read_only=True) as connection:
        tables = [table for (table,) in connection.execute(TABLES).fetchall()]
        counts = {
            table: connection.execute(COUNT.format(table), [timestamp]).fetchone()
            for table in tables
        }
    json.dump(counts, sys.stdout)


if __name__ == "__main__":
    main()
