"""PostgreSQL makes the same rows of the models as DuckDB does."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.end_to_end.warehouses import postgresql
from tests.models.conftest import OWN_COLUMNS, VARIABLES
from tests.models.project import Step, postgres_environment, rows_in, run_dbt
from tests.models.test_questions import QUESTIONS
from tests.servers import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

COMMENTS = """
SELECT relname, attname, col_description(attrelid, attnum), obj_description(attrelid, 'pg_class')
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'marts'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Postgres]:
    """A database of its own, since the schema of the marts has a fixed name."""
    name = sql.Identifier(f"models_{uuid4().hex}")
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield Postgres(
            postgres.host, postgres.port, postgres.user, postgres.password, name.as_string()[1:-1]
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_every_mart_has_the_rows_that_it_has_on_duckdb(
    first_run: Built, database: Postgres, tmp_path: Path
) -> None:
    done = postgresql(database, "acton").load(first_run.messages.read_bytes(), tmp_path)
    assert done.returncode == 0, done.stderr[-2_000:]
    found = tmp_path / "marts.json"
    environment = postgres_environment(database, "acton")
    run_dbt([Step(["build"], environment, VARIABLES, found)], tmp_path)

    marts = rows_in(found)
    assert marts.keys() == first_run.marts.keys()
    for name, rows in marts.items():
        theirs, ours = map(in_order, (first_run.marts[name], rows))
        assert len(ours) == len(theirs), name
        for one, other in zip(ours, theirs, strict=True):
            differing = {
                column: (value, other[column])
                for column, value in one.items()
                if not same(value, other[column])
            }
            assert not differing, (name, other)

    with psycopg.connect(database.conninfo) as connection:
        comments = connection.execute(COMMENTS).fetchall()
        answers = {
            question: connection.execute(query).fetchall() for question, query in QUESTIONS.items()
        }
    assert {name for name, *_ in comments} == marts.keys()
    assert [row for row in comments if not all(row) and row[1] not in OWN_COLUMNS] == []
    assert all(answers.values())


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows into an order that both databases agree on."""
    return sorted(rows, key=lambda row: [as_text(row[name]) for name in sorted(row)])


def as_text(value: Any) -> str:
    """Write a value in the same way whichever database it is from."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.6f}" if is_number else f"{value}"


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same, but for the last digits of a fraction.

    Of JSON, the module that reads DuckDB gives the text.
    """
    if isinstance(one, list | dict) and isinstance(other, str):
        return bool(one == json.loads(other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
