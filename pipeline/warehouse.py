"""Counts the rows in the warehouse."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

LOADER_PYTHON = Path(".meltano", "loaders", "target-duckdb", "venv", "bin", "python")


class RowCount(NamedTuple):
    """The rows of a table.

    Attributes:
        rows: All rows.
        arrived: Rows that this run wrote.
    """

    rows: int
    arrived: int


def count_rows(database: Path, since: datetime) -> dict[str, RowCount]:
    """Count the rows of every table, and those written since the run began.

    The loader's own Python does it, because its version of DuckDB fits the file.
    """
    script = Path(__file__).with_name("count_rows.py")
    # The loader writes timestamps in UTC without a zone.
    timestamp = since.astimezone(UTC).replace(tzinfo=None).isoformat()
    answer = subprocess.run(
        [LOADER_PYTHON, script, database, timestamp], check=True, stdout=subprocess.PIPE, text=True
    )
    return {table: RowCount(*counts) for table, counts in json.loads(answer.stdout).items()}
