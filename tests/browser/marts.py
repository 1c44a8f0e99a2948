"""Marts that a test fills itself: tables with the columns that the models describe."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]
"""Rows by mart; what a row leaves out is null."""

MODELS = Path(__file__).parents[2] / "transform" / "models"
TEXTS = {
    *("source_relation", "subject", "message_type", "sender_email", "description", "url", "kind"),
    *("email", "company", "job_function", "lead_source", "status", "engagement", "domain"),
    *("reason", "last_origin", "step", "source", "target_url", "last_outcome", "key", "crm_object"),
    *("example_type", "time_zone", "crm_id_15"),
}
"""The columns of text whose names do not end like one."""
ENDS = {
    "_name": "VARCHAR",
    "_id": "VARCHAR",
    "_ids": "JSON",
    "_at": "TIMESTAMP",
    "_on": "DATE",
    "_day": "DATE",
    "_week": "DATE",
    "_month": "DATE",
    "_rate": "DOUBLE",
    "_minutes": "DOUBLE",
    "_minutes_to_open": "DOUBLE",
    "hours_since": "DOUBLE",
    "score": "DOUBLE",
    "share": "DOUBLE",
    "share_of_first": "DOUBLE",
    "share_of_previous": "DOUBLE",
    "alarm": "BOOLEAN",
}
"""The type of a column by the end of its name; what is in neither is a count."""


def write(file: Path, rows: Mapping[str, Sequence[Row]], schema: str = "marts") -> None:
    """Write marts into a new DuckDB file.

    Args:
        file: The file.
        rows: The rows of each mart that there is; one may have none.
        schema: The schema of the marts.
    """
    with duckdb.connect(str(file)) as database:
        database.execute(f'CREATE SCHEMA "{schema}"')
        for mart, of_mart in rows.items():
            types = {column: type_of(column) for column in columns_of()[mart]}
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            table = f'"{schema}"."{mart}"'
            database.execute(f"CREATE TABLE {table} ({columns})")
            source = file.with_suffix(".json")
            source.write_text(json.dumps([*of_mart], default=str), encoding="utf-8")
            database.execute(
                f"INSERT INTO {table} BY NAME SELECT * FROM read_json(?, columns = {types})",  # noqa: S608 - names of our own
                [str(source)],
            )


def query(file: Path, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Ask a DuckDB file, with the marts found without the name of their schema."""
    return _opened(file).execute(sql, [*values]).fetchall()


@cache
def _opened(file: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(str(file), read_only=True)
    return database.execute("SET search_path = 'marts'")


@cache
def columns_of() -> dict[str, list[str]]:
    """Read which columns each mart has, from the descriptions of the models."""
    described: list[dict[str, Any]] = [
        model
        for file in sorted(MODELS.glob("marts/*/*.yml"))
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ())
    ]
    return {model["name"]: [column["name"] for column in model["columns"]] for model in described}


@cache
def marts_of_report() -> list[str]:
    """Read which marts the report is made of, from the models' exposures."""
    exposures = yaml.safe_load((MODELS / "exposures.yml").read_text(encoding="utf-8"))["exposures"]
    (report,) = (one for one in exposures if one["name"] == "acton_report")
    return [reference.split("'")[1] for reference in report["depends_on"]]


def type_of(column: str) -> str:
    """Give the type of a column of any mart, which its name says."""
    if column in TEXTS:
        return "VARCHAR"
    if column.startswith(("is_", "has_", "was_")):
        return "BOOLEAN"
    return next((kind for end, kind in ENDS.items() if column.endswith(end)), "BIGINT")
