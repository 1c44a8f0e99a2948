"""Marts for the tests of the report: by hand, or as tables of a warehouse."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from report.database import EPOCH
from report.marts import QUERIES, Marts, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DAY = (date(2026, 11, 30) - EPOCH).days
"""The last day of the data."""


def message(day: int, sent: int, **others: Any) -> dict[str, Any]:
    """A message that went out so many days before the last one."""
    bounced = others.get("bounced", 0)
    return {
        "account": 0,
        "type": "SENT",
        "day": DAY - day,
        "name": f"message of day {day}",
        "sent": sent,
        "delivered": sent - bounced,
        **dict.fromkeys(("bounced", "opened", "clicked", "opted_out", "complained"), 0),
        **others,
    }


def marts(accounts: Sequence[str] = ("acton",), **tables: Sequence[Mapping[str, Any]]) -> Marts:
    """Marts with these rows; what a row leaves out is null."""
    return Marts(
        {
            name: Table(
                {
                    column: [
                        row.get(column, len(tables[name]) if column == "among" else None)
                        for row in tables.get(name, ())
                    ]
                    for column in query.columns
                }
            )
            for name, query in QUERIES.items()
        },
        list(accounts),
    )


def type_of(column: str) -> str:
    """The type of a mart's column, which its name shows."""
    if column.endswith("_at"):
        return "timestamp"
    if column.endswith("_on") or column in {"date_day", "cohort_month"}:
        return "date"
    if column.startswith(("is_", "has_")):
        return "boolean"
    texts = ("_name", "_relation", "_type", "_id", "domain", "engagement", "reason", "source")
    if column.endswith((*texts, "subject", "kind", "key", "outcome")):
        return "varchar"
    return "double precision" if column.endswith(("_rate", "_minutes", "_open")) else "bigint"


def statements(
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    without: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
) -> list[str]:
    """The SQL that makes all marts that the report reads, with these rows.

    Args:
        rows: The rows of marts.
        without: Marts, and columns of marts, that were not built.
        types: Types of columns, where they are not those that the models make.
    """
    columns: dict[str, dict[str, None]] = {}
    for query in QUERIES.values():
        for mart, names in query.reads.items():
            columns.setdefault(mart, {}).update(dict.fromkeys(names))
    made = ["CREATE SCHEMA marts"]
    for mart in columns.keys() - {*without}:
        names = [name for name in columns[mart] if f"{mart}.{name}" not in without]
        typed = (f'"{name}" {(types or {}).get(name, type_of(name))}' for name in names)
        made.append(f"CREATE TABLE marts.{mart} ({', '.join(typed)})")
        for row in rows.get(mart, ()):
            values = ", ".join(literal(row.get(name)) for name in names)
            made.append(f"INSERT INTO marts.{mart} VALUES ({values})")  # noqa: S608 - rows of a test
    return made


def literal(value: Any) -> str:
    """A value as SQL has it."""
    if value is None:
        return "NULL"
    text = str(value).replace("'", "''")
    return text if isinstance(value, bool | int | float) else f"'{text}'"


def duckdb_file(
    folder: Path,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    without: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
) -> str:
    """A DuckDB file with the marts."""
    path = str(folder / "account.duckdb")
    with duckdb.connect(path) as connection:
        for statement in statements(rows, without=without, types=types):
            connection.execute(statement)
    return path
