"""What target-snowflake makes of columns; a script for its Python, which connects to nothing.

Usage: ``snowflake_columns.py``. Takes pairs of a column's name and schema as JSON on standard
input, and prints pairs of its type and its name as they stand in SQL.
"""

from __future__ import annotations

import json
import sys

from snowflake.sqlalchemy.base import SnowflakeIdentifierPreparer
from snowflake.sqlalchemy.snowdialect import SnowflakeDialect
from target_snowflake.connector import DEFAULT_RESERVED_WORDS, SnowflakeConnector


def main() -> None:
    """Print the types and names."""
    dialect = SnowflakeDialect()
    connector = SnowflakeConnector({})
    # What the connector takes from its connection.
    connector.formatter = SnowflakeIdentifierPreparer(dialect)
    connector.formatter.reserved_words |= DEFAULT_RESERVED_WORDS
    columns = [
        (
            connector.to_sql_type(schema).compile(dialect=dialect),
            connector.formatter.format_collation(name),
        )
        for name, schema in json.load(sys.stdin)
    ]
    json.dump(columns, sys.stdout)


if __name__ == "__main__":
    main()
