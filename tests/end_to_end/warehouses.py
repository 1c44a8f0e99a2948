"""Warehouses that tests load: by the loaders of the project, as ``meltano.yml`` sets them up."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.servers import Postgres

Row: TypeAlias = tuple[Any, ...]

ROOT = Path(__file__).parents[2]
LOADERS = ROOT / ".meltano" / "loaders"

_COLUMNS = """
SELECT table_name, column_name, {type} FROM information_schema.columns
WHERE table_schema = '{schema}' ORDER BY table_name, ordinal_position
"""

_ROWS = 'SELECT * FROM "{schema}"."{table}"'
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "date-time": "TIMESTAMP",
    "date": "VARCHAR",
    "integer": "HUGEINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "object": "JSON",
    "array of string": "JSON",
    "array of object": "JSON",
}
POSTGRES_TYPES = {
    "string": "text",
    "date-time": "timestamp",
    "date": "date",
    "integer": "int8",
    "number": "numeric",
    "boolean": "bool",
    "object": "jsonb",
    "array of string": "_text",
    "array of object": "_jsonb",
}

SNOWFLAKE_TYPES = {
    "string": "VARCHAR",
    "date-time": "TIMESTAMP_NTZ",
    "date": "DATE",
    "integer": "DECIMAL",
    "number": "FLOAT",
    "boolean": "BOOLEAN",
    "object": "VARIANT",
    "array of string": "VARIANT",
    "array of object": "VARIANT",
}


@dataclass(frozen=True)
class Table:
    """What a table of a warehouse holds.

    Attributes:
        types: The type of each column.
        rows: The rows by column.
    """

    types: dict[str, str]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Warehouse:
    """A warehouse with the tables of one schema.

    Attributes:
        loader: The name of its loader in ``meltano.yml``.
        module: The module of the loader's Python that connects to it.
        address: What the module connects to.
        schema: The schema that gets the tables.
        settings: The settings of the loader that name the warehouse.
        type_of_column: Where ``information_schema`` tells a column's type.
        types: The type of a column by the kind of its values.
        json_null: The condition by which a column of JSON has no value.
    """

    loader: str
    module: str
    address: str
    schema: str
    settings: Mapping[str, Any]
    type_of_column: str
    types: Mapping[str, str]
    json_null: str

    def load(
        self, messages: bytes, folder: Path, *, largest_file: int | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Let the loader write messages into the warehouse.

        Args:
            messages: What the tap has written.
            folder: Where the loader's configuration goes.
            largest_file: Units of 512 bytes above which no file can grow, as on a full disk.

        Returns:
            How the loader ended.
        """
        settings = {"default_target_schema": self.schema, **self.settings}
        return load(self.loader, settings, messages, folder, largest_file=largest_file)

    def query(self, queries: Mapping[str, str]) -> dict[str, list[Row]]:
        """Ask the warehouse.

        Args:
            queries: The queries by name.

        Returns:
            Their rows by name.
        """
        script = Path(__file__).with_name("run_queries.py")
        answer = subprocess.run(
            [_program(self.loader, "python"), script, self.module, self.address],
            input=json.dumps(queries),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
        return {name: [*map(tuple, rows)] for name, rows in json.loads(answer.stdout).items()}

    def tables(self) -> dict[str, Table]:
        """Read every table.

        Returns:
            The tables by name.
        """
        types: dict[str, dict[str, str]] = {}
        of_schema = _COLUMNS.format(type=self.type_of_column, schema=self.schema)
        for table, column, kind in self.query({"columns": of_schema})["columns"]:
            types.setdefault(table, {})[column] = kind
        everything = {table: _ROWS.format(schema=self.schema, table=table) for table in types}
        return {
            table: Table(types[table], [dict(zip(types[table], row, strict=True)) for row in rows])
            for table, rows in self.query(everything).items()
        }

    def as_loaded(self, table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
        """Give a record as the loader has to write it.

        Args:
            table: The table that it goes to.
            record: The record.

        Returns:
            The same; target-duckdb writes an empty text as none.
        """
        if self.module != "duckdb":
            return dict(record)
        return {
            column: value or None if table.types.get(column) == "VARCHAR" else value
            for column, value in record.items()
        }

    def as_read(self, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row as the tap would write it, without the loader's own columns.

        Args:
            table: The table that it is from.
            row: The row.

        Returns:
            The record.
        """
        return {
            column: None if value is None else _READ.get(table.types[column], _as_it_is)(value)
            for column, value in row.items()
            if not column.startswith("_sdc_")
        }


def load(
    loader: str,
    settings: Mapping[str, Any],
    messages: bytes,
    folder: Path,
    *,
    largest_file: int | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Let a loader write messages.

    Args:
        loader: Its name in ``meltano.yml``.
        settings: Its settings, besides those that ``meltano.yml`` gives it.
        messages: What the tap has written.
        folder: Where the loader's configuration goes.
        largest_file: Units of 512 bytes above which no file can grow, as on a full disk.

    Returns:
        How the loader ended.
    """
    plugin = _plugin(loader)
    presets = {one["name"]: one["value"] for one in plugin["settings"] if "value" in one}
    config = folder / f"{loader}.json"
    config.write_text(json.dumps({**presets, **settings}))
    limited = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(largest_file)]
    return subprocess.run(
        [
            *(limited if largest_file else []),
            _program(loader, plugin["executable"]),
            *("--config", config),
        ],
        input=messages,
        env={**os.environ, **plugin.get("env", {})},
        capture_output=True,
        check=False,
    )


def duckdb(file: Path) -> Warehouse:
    """Give the warehouse in a DuckDB file.

    Args:
        file: The file, which need not exist.

    Returns:
        The warehouse.
    """
    return Warehouse(
        loader="target-duckdb",
        module="duckdb",
        address=str(file),
        schema="main",
        settings={"filepath": str(file)},
        type_of_column="data_type",
        types=DUCKDB_TYPES,
        json_null="IS NULL",
    )


def postgresql(server: Postgres, schema: str) -> Warehouse:
    """Give the warehouse in a schema of a PostgreSQL server.

    Args:
        server: The server.
        schema: The schema, which need not exist.

    Returns:
        The warehouse.
    """
    return Warehouse(
        loader="target-postgres",
        module="psycopg",
        address=f"{server.conninfo} options='-c search_path={schema}'",
        schema=schema,
        settings={
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "database": server.database,
        },
        # Of an array, data_type does not tell what it holds.
        type_of_column="udt_name",
        types=POSTGRES_TYPES,
        json_null="= 'null'",
    )


def kind_of(schema: Mapping[str, Any]) -> str:
    """Give the kind of a column.

    Args:
        schema: The schema of its values.

    Returns:
        Its format or its type, and for an array also that of what is in it.
    """
    (kind,) = {schema["type"]} if isinstance(schema["type"], str) else {*schema["type"]} - {"null"}
    if kind == "array":
        return f"array of {kind_of(schema['items'])}"
    return schema.get("format", kind) if kind == "string" else kind


def _as_it_is(value: Any) -> Any:
    return value


def _utc(value: str) -> str:
    return f"{value}Z"


_READ: dict[str, Callable[[Any], Any]] = {
    "JSON": json.loads,
    "TIMESTAMP": _utc,
    "timestamp": _utc,
}
"""How a value is read, by the type of its column."""


def _program(loader: str, name: str) -> Path:
    return LOADERS / loader / "venv" / "bin" / name


@cache
def _plugin(name: str) -> dict[str, Any]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = (one for one in project["plugins"]["loaders"] if one["name"] == name)
    found: dict[str, Any] = plugin
    return found
