"""Asks the warehouse how many rows it has."""

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
        arrived: Those that the run in question wrote.
    """

    rows: int
    arrived: int


def count_rows(database: Path, since: datetime) -> dict[str, RowCount]:
    """Count the rows of every table.

    The loader's own Python does it: its DuckDB is the one that fits the file, and it need not
    be installed anywhere else.

    Args:
        database: The DuckDB file.
        since: When the run in question began.

    Returns:
        The counts by table.
    """
    script = Path(__file__).with_name("count_rows.py")
    # The loader writes its timestamps in UTC, without saying so.
    timestamp = since.astimezone(UTC).replace(tzinfo=None).isoformat()
    answer = subprocess.run(
        [LOADER_PYTHON, script, database, timestamp], check=True, stdout=subprocess.PIPE, text=True
    )
    return {table: RowCount(*counts) for table, counts in json.loads(answer.stdout).items()}
