"""The dbt project, built in warehouses that the project's loaders have filled."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acton_sandbox import Account
    from tests.servers import Postgres

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]
"""Rows by mart; timestamps in UTC as texts, to the millisecond."""

ROOT = Path(__file__).parents[2]
TRANSFORM = ROOT / "transform"
PYTHON = ROOT / ".venv-dbt" / "bin" / "python"


@dataclass(frozen=True)
class Built:
    """A warehouse with the marts in it.

    Attributes:
        accounts: By ``source_relation`` the account on each day that the tap has read it.
        folder: The folder of the DuckDB file, whose own name is the same in all: it is that of
            the database, which is part of the models.
    """

    accounts: Mapping[str, Sequence[Account]]
    folder: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "acton.duckdb"

    @property
    def rows(self) -> Path:
        """The file with the rows of the marts."""
        return self.folder / "marts.json"

    @property
    def messages(self) -> Path:
        """The file with what the tap wrote in its first run."""
        return self.folder / "messages.jsonl"

    @cached_property
    def marts(self) -> Rows:
        """The rows of each mart."""
        return rows_in(self.rows)

    @property
    def account(self) -> Account:
        """The only account, on the last day."""
        ((*_, last),) = self.accounts.values()
        return last


@dataclass(frozen=True)
class Step:
    """A run of dbt.

    Attributes:
        arguments: What dbt is called with.
        variables: The project's variables that differ.
        environment: Where the warehouse is.
        marts: The file that gets the rows of the marts.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    variables: Mapping[str, Any]
    marts: Path | None = None


def rows_in(file: Path) -> Rows:
    """Read the rows that a step has written."""
    rows: Rows = json.loads(file.read_text(encoding="utf-8"))
    return rows


def duckdb_environment(file: Path) -> dict[str, str]:
    """Name a DuckDB file to the project's profile."""
    return {"ACTON_DUCKDB": str(file), "DBT_PROFILES_DIR": str(TRANSFORM / "profiles" / "duckdb")}


def postgres_environment(server: Postgres, schema: str) -> dict[str, str]:
    """Name a schema of a PostgreSQL server to the project's profile."""
    return {
        "TARGET_POSTGRES_HOST": server.host,
        "TARGET_POSTGRES_PORT": str(server.port),
        "TARGET_POSTGRES_USER": server.user,
        "TARGET_POSTGRES_PASSWORD": server.password,
        "TARGET_POSTGRES_DATABASE": server.database,
        "ACTON_SCHEMA": schema,
        "DBT_PROFILES_DIR": str(TRANSFORM / "profiles" / "postgres"),
    }


def run_dbt(steps: Sequence[Step], folder: Path) -> str:
    """Run dbt once or more, from the project's folder.

    Args:
        steps: The runs, one behind the other.
        folder: What dbt writes goes here.

    Returns:
        What it printed.
    """
    shared = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    orders = [
        {
            "arguments": [*step.arguments, "--vars", json.dumps(step.variables), "--no-use-colors"],
            "environment": {**shared, **step.environment},
            "marts": step.marts and str(step.marts),
        }
        for step in steps
    ]
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("run_dbt.py"), TRANSFORM],
        input=json.dumps(orders),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:]
    return done.stdout
