"""The database that machines share, as tests look into it from outside."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Postgres


class SharedDatabase:
    """A database on a PostgreSQL server that is a token store.

    Attributes:
        url: The setting ``token_store``.
    """

    def __init__(self, server: Postgres, database: str) -> None:
        user, password = quote(server.user, safe=""), quote(server.password, safe="")
        self._conninfo = server.conninfo
        self._database = database
        self.url = f"postgresql://{user}:{password}@{server.host}:{server.port}/{database}"

    def timestamps(self, identity: str, count: str) -> list[int]:
        """Give what is counted, in milliseconds since 1970, the earliest first."""
        rows = self._ask(
            "SELECT moment FROM tap_acton.calls WHERE account = %s AND kind = %s ORDER BY moment",
            identity,
            count,
        )
        return [timestamp for (timestamp,) in rows]

    def let_pass(self, identity: str, milliseconds: int) -> None:
        """Make what is counted older; the clock of a server cannot be set."""
        self._ask(
            "UPDATE tap_acton.calls SET moment = moment - %s WHERE account = %s RETURNING 1",
            milliseconds,
            identity,
        )

    def put_token(self, identity: str, text: str) -> None:
        """Write something in the place of a token."""
        self._ask(
            "INSERT INTO tap_acton.tokens VALUES (%s, %s)"
            " ON CONFLICT (account) DO UPDATE SET token = excluded.token RETURNING 1",
            identity,
            text,
        )

    def drop_connections(self) -> None:
        """End all connections of the tap, as a server does that starts again."""
        self._ask(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'tap-acton' AND datname = current_database()"
        )

    def drop(self) -> None:
        """Drop the database, whoever is at it."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            name = sql.Identifier(self._database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _ask(self, query: Any, *values: object) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values or None).fetchall()


@contextmanager
def postgresql_database(server: Postgres) -> Iterator[SharedDatabase]:
    """Make a database, and drop it at the end.

    Args:
        server: The server.

    Yields:
        The database.
    """
    name = f"tap_acton_{uuid.uuid4().hex}"
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    database = SharedDatabase(server, name)
    try:
        yield database
    finally:
        database.drop()
