"""Reads the marts, in a DuckDB file or on a PostgreSQL server."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from report.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

AT = re.compile(r"[@＠﹫]|%(?:25)*40|=40|&(?:\#0*64|\#x0*40|commat);", re.IGNORECASE)  # noqa: RUF001 - at-signs of other keyboards
"""An at-sign: as it is, and as addresses, HTML and the headers of mail encode it."""

DOTS = ".。．｡"  # noqa: RUF001 - dots of other keyboards
LABEL = rf"[^\s@＠﹫{DOTS}<>()\[\]\"',;:/\\?\#&=%|!]+"  # noqa: RUF001 - the same
DOMAIN = rf"(?:{LABEL}(?:[{DOTS}]|%2e))+(?!\d){LABEL}"

ADDRESS = re.compile(
    rf"""
    (?: "(?:[^"\\]|\\.){{1,64}}" | [^\s"<>()\[\],;:/@'][^\s"<>()\[\],;:/@]{{0,63}} )
    (?: \([^()]{{0,64}}\) )?
    (?:
        (?!=) (?:{AT.pattern}){{1,2}}
        (?: \([^()]{{0,64}}\) )?
        (?: \[[^\s\]]{{1,64}}\] | {DOMAIN} | \d+(?:\.\d+){{3}} | [^\W\d_]{LABEL} )
        # "=40" is a number, unless a whole domain comes after it.
        | =40 {DOMAIN}
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""An e-mail address; the name of a message or the header of a list may hold one.

A mention such as @handle has nothing before it, and a price such as 3@1.99 no domain behind.
"""

ONE_AT = re.compile(r"\w+://([^@/]*@)?[^@]*")
"""An address whose only @ ends the password; libpq would take what follows another for a host."""

LAST_PORT = 65535

INVALID = (
    "The address of PostgreSQL is not valid: write it as postgresql://user@host:port/database, "
    "with %40 for an @, %2F for a / and %5B for a [ in it, and the password in PGPASSWORD."
)
"""Without what libpq says of the address, which repeats parts of a password."""

COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = {}"

EPOCH = date(1970, 1, 1)

DUCKDB_MARK = b"DUCK"
"""What a DuckDB file has after its first 8 bytes, a checksum."""


class Database:
    """The marts of one schema.

    Attributes:
        name: What messages call the database.
        columns: The columns of each mart that is there.
    """

    def __init__(
        self, name: str, schema: str, mark: str, fetch: Callable[[Any, Any], Sequence[Any]]
    ) -> None:
        self.name = name
        self._fetch = fetch
        ((database,),) = fetch("SELECT current_database()", None)
        # With the database: DuckDB calls it like its file, which may be called like the schema.
        self._schema = f"{_quoted(database)}.{_quoted(schema)}"
        self.columns: dict[str, set[str]] = {}
        for table, column in fetch(COLUMNS.format(mark), [schema]):
            self.columns.setdefault(table, set()).add(column)
        if not any(table.startswith("acton__") for table in self.columns):
            raise ReportError(
                f"{name} has no marts in its schema {schema}: build the models first, with make "
                "run or dbt, or name another schema with --schema."
            )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in which ``{marts}`` stands for the schema."""
        rows = self._fetch(sql.replace("{marts}", self._schema), None)
        return [tuple(map(_plain, row)) for row in rows]


def is_duckdb(path: Path) -> bool:
    """Tell whether there is a DuckDB file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8 + len(DUCKDB_MARK))[8:] == DUCKDB_MARK


@contextmanager
def opened(address: str, schema: str) -> Iterator[Database]:
    """Open a DuckDB file or a PostgreSQL server, to read only.

    Args:
        address: The path of the file, or ``postgresql://...``, where what is left out comes from
            the variables of libpq, such as PGPASSWORD.
        schema: The schema that has the marts.

    Raises:
        ReportError: If it cannot be opened, or has no marts.
    """
    if address.startswith(("postgresql://", "postgres://")):
        with _postgresql(address, schema) as database:
            yield database
    else:
        with _duckdb(address, schema) as database:
            yield database


@contextmanager
def _duckdb(path: str, schema: str) -> Iterator[Database]:
    try:
        is_there = Path(path).is_file()
    except OSError as error:
        raise ReportError(f"{path} cannot be opened: {error.strerror}.") from None
    if not is_there:
        raise ReportError(
            f"There is no file {path}: load it first with make run, "
            "or name another with --database."
        )
    if not is_duckdb(Path(path)):
        raise ReportError(f"{path} is no DuckDB file: name another with --database.")
    try:
        connection = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        raise ReportError(
            f"DuckDB cannot open {path}: {_first_line(error)} Another program may be using it."
        ) from None
    with connection:
        try:
            yield Database(
                path, schema, "?", lambda sql, given: connection.execute(sql, given).fetchall()
            )
        except duckdb.Error as error:
            raise ReportError(f"A mart in {path} cannot be read: {_first_line(error)}") from None


@contextmanager
def _postgresql(address: str, schema: str) -> Iterator[Database]:
    import psycopg  # noqa: PLC0415 - a report of a DuckDB file does without

    if not _is_valid(address):
        raise ReportError(INVALID)
    # The address may hold a password, so no message repeats it.
    name = "The PostgreSQL database"
    try:
        with psycopg.connect(address) as connection:
            connection.read_only = True
            yield Database(
                name, schema, "%s", lambda sql, given: connection.execute(sql, given).fetchall()
            )
    except psycopg.OperationalError as error:
        raise ReportError(f"PostgreSQL cannot be reached: {_first_line(error)}") from None
    except psycopg.Error as error:
        raise ReportError(f"A mart cannot be read: {_first_line(error)}") from None


def _is_valid(address: str) -> bool:
    """Tell whether libpq finds no part of a password in the other parts of the address."""
    from psycopg import ProgrammingError  # noqa: PLC0415 - as above
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - as above

    try:
        ports = str(conninfo_to_dict(address).get("port") or "").split(",")
    except ProgrammingError:
        return False
    return bool(ONE_AT.fullmatch(address)) and all(
        not port or (port.isdecimal() and int(port) <= LAST_PORT) for port in ports
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return f"{str(error).strip().splitlines()[0].rstrip('.!')}."


def _plain(value: Any) -> Any:
    """Return what JSON can hold: no address, a day since 1970 for a date, a time in UTC."""
    match value:
        case float() | Decimal() if not math.isfinite(value):
            return None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            if value.tzinfo:
                value = value.astimezone(UTC).replace(tzinfo=None)
            return value.isoformat(timespec="seconds")
        case date():
            return (value - EPOCH).days
        case None | int() | float():
            return value
        case _:
            return without_addresses(str(value))


def without_addresses(text: str) -> str:
    """Put a word in place of each e-mail address."""
    # Few texts have an at-sign, and the search for an address is slow.
    return ADDRESS.sub("(address)", text) if AT.search(text) else text
