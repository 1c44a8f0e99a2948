"""Tokens and call counts in a PostgreSQL database, for runs on several machines.

Both locks are transaction-level advisory locks: they end with their transaction, and with the
connection of a run that dies. The server notices within half a minute that a machine is down,
since each session asks for TCP keepalives. Calls are counted by the clock of the server, since
the clocks of machines differ.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from tap_acton.errors import RunOverError, SettingsError
from tap_acton.stores.call_counts import HOUR_MS, MINUTE_MS, CountStore
from tap_acton.stores.tokens import Token, TokenStore, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyrate_limiter import Rate

    from tap_acton.settings.postgresql_address import PostgresqlAddress
    from tap_acton.stores.call_counts import CallCount, Clock

logger = logging.getLogger("tap-acton")

TIMEOUT_SECONDS = 10
"""How long the server may take for anything."""

WRITE_PAUSES = (0.0, *(1.0,) * 10)
"""Seconds between attempts to write a token: losing one may cost the chain."""

_FULL = ("too many clients", "too many connections", "connection slots", "no more connections")
"""What servers and poolers say when all connections are in use."""

_SESSION = f"""
SET statement_timeout = '{TIMEOUT_SECONDS}s';
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SET search_path = pg_catalog, pg_temp
"""

# In a schema that others can create in, one of them could put a trigger beside the tokens.
_IS_PRIVATE = """
SELECT pg_has_role(nspowner, 'MEMBER') AND NOT EXISTS (
  SELECT FROM aclexplode(nspacl)
  WHERE privilege_type = 'CREATE' AND grantee <> nspowner
) FROM pg_namespace WHERE nspname = 'tap_acton'
"""
_HAS_TABLES = "SELECT to_regclass('tap_acton.tokens') IS NOT NULL"
_HAS_SCHEMA = "SELECT to_regnamespace('tap_acton') IS NOT NULL"
_TABLES = """
CREATE TABLE IF NOT EXISTS tap_acton.calls (
  account text, kind text, number bigint, moment bigint NOT NULL,
  PRIMARY KEY (account, kind, number)
);
CREATE INDEX IF NOT EXISTS calls_by_moment ON tap_acton.calls (account, kind, moment);
CREATE TABLE IF NOT EXISTS tap_acton.tokens (account text PRIMARY KEY, token text NOT NULL)
"""

# The time has to be read under the lock: a call that waited would otherwise be counted too early.
_LOCK = """
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM pg_advisory_xact_lock(%s)
"""
_OURS = "account = %(account)s AND kind = %(kind)s"
_LATEST = f"(SELECT max(number) FROM tap_acton.calls WHERE {_OURS})"  # noqa: S608 - of constants
# A timestamp in the future was written before the server's clock was set back.
_COUNTS = f"{_OURS} AND moment BETWEEN %(now)s - %(interval)s AND %(now)s + {MINUTE_MS}"
# The call that blocks the next one is the oldest of as many as are allowed: since calls are
# numbered, it is found without counting.
_WAIT = f"""
SELECT moment + %(interval)s + 1 - %(now)s FROM tap_acton.calls
WHERE {_COUNTS} AND number = {_LATEST} - %(limit)s + 1
"""  # noqa: S608 - of constants
_ADD = f"""
WITH blocking AS ({_WAIT}), deleted AS (
  DELETE FROM tap_acton.calls WHERE {_OURS} AND moment < %(now)s - %(kept)s
), added AS (
  INSERT INTO tap_acton.calls
  SELECT %(account)s, %(kind)s, coalesce({_LATEST}, 0) + 1, %(now)s
  WHERE NOT EXISTS (SELECT FROM blocking)
)
SELECT * FROM blocking
"""  # noqa: S608 - of constants
_TAKEN = f"SELECT count(*) FROM tap_acton.calls WHERE {_COUNTS}"  # noqa: S608 - of constants

_FETCH = "SELECT token FROM tap_acton.tokens WHERE account = %s"
# Changes nothing, but needs all that writing needs.
_PREPARE = """
INSERT INTO tap_acton.tokens (account, token) VALUES (%s, '')
ON CONFLICT (account) DO UPDATE SET account = excluded.account
"""
# A second attempt may find what the first has written.
_SWAP = """
INSERT INTO tap_acton.tokens AS kept (account, token) VALUES (%(account)s, %(new)s)
ON CONFLICT (account) DO UPDATE SET token = excluded.token
WHERE kept.token IN (%(present)s, '', %(new)s)
"""


def connect(address: PostgresqlAddress) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect, and create the tables if there are none.

    Returns:
        The connection, outside of a transaction.

    Raises:
        psycopg.Error: If the server cannot be used.
    """
    connection = psycopg.connect(
        host=address.host,
        # Whatever the name is said to be elsewhere.
        hostaddr="127.0.0.1" if address.host == "localhost" else None,
        port=address.port,
        dbname=address.database,
        user=address.user,
        password=address.password,
        connect_timeout=TIMEOUT_SECONDS,
        tcp_user_timeout=TIMEOUT_SECONDS * 1000,
        application_name="tap-acton",
        # Prepared statements would tie this to one session of a pooler.
        prepare_threshold=None,
        sslmode="verify-full" if address.is_secure else "prefer",
        sslrootcert=(address.ca_file or DEFAULT_CA_BUNDLE_PATH) if address.is_secure else None,
    )
    try:
        connection.execute(_SESSION)
        connection.commit()
        if connection.execute(_HAS_TABLES).fetchone() != (True,):
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_lock_number("tables"),))
            if connection.execute(_HAS_SCHEMA).fetchone() != (True,):
                connection.execute("CREATE SCHEMA tap_acton")
            connection.execute(_TABLES)
        if connection.execute(_IS_PRIVATE).fetchone() != (True,):
            raise _OpenSchemaError
        connection.commit()
    except psycopg.Error:
        connection.close()
        raise
    return connection


class _OpenSchemaError(psycopg.Error):
    """Others than the user can create something in the schema."""


def _lock_number(*words: str) -> int:
    """Return the 64-bit number by which PostgreSQL knows an advisory lock."""
    digest = sha256(":".join(("tap-acton", *words)).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


@contextmanager
def _failures_named(address: PostgresqlAddress) -> Iterator[None]:
    """Replace what the driver raises by a sentence.

    Raises:
        SettingsError: If the server cannot be used.
    """
    try:
        yield
    except psycopg.Error as error:
        raise SettingsError(
            f"The {address} in token_store cannot be used ({_reason(error)}): check that it is "
            "running, and the address, user and password; the next run resumes from here."
        ) from None


def _reason(error: psycopg.Error) -> str:
    if isinstance(error, _OpenSchemaError):
        return "its schema tap_acton belongs to another user, or others can create in it"
    if error.sqlstate:
        # The text may repeat what was sent.
        return f"error {error.sqlstate}, {type(error).__name__}"
    said = str(error)
    # A refused connection comes with the server's words alone, and no code.
    if any(words in said for words in _FULL):
        return "it has no connection left for this run"
    return "its certificate cannot be verified" if "certificate" in said else "no connection"


class PostgresqlCountStore(CountStore):
    """Keeps the counts in a database, for all runs on all machines.

    Raises:
        SettingsError: If the server cannot be used.
    """

    def __init__(self, address: PostgresqlAddress, identity: str) -> None:
        super().__init__()
        self._address = address
        self._identity = identity
        self._lock_number = _lock_number("calls", identity)
        self._is_closed = False
        self._now = 0
        with _failures_named(address):
            self._connection = connect(address)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other threads and all other runs away from the counts.

        Raises:
            SettingsError: If the server cannot be used, or no longer.
        """
        with self._thread_lock, _failures_named(self._address):
            if self._is_closed:
                # A call by a thread that nobody waits for any longer.
                raise RunOverError
            try:
                self._take_lock()
            except psycopg.OperationalError:
                # An idle connection may be closed by the server, or by anything in between.
                self._connection.close()
                self._connection = connect(self._address)
                self._take_lock()
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def count(self, name: str, rate: Rate, clock: Clock) -> CallCount:  # noqa: ARG002 - the server's
        """Open a count, with what all machines have counted."""
        return _PostgresqlCount(self, name, rate)

    def number(self, query: LiteralString, **values: int | str) -> int:
        """Fetch a number, under the lock; 0 where there is none.

        Args:
            query: The query; it may use ``account`` and ``now``.
            **values: What else it uses.
        """
        known = {"account": self._identity, "now": self._now}
        row = self._connection.execute(query, known | values).fetchone()
        return row[0] if row else 0

    def close(self) -> None:
        """Close the connection once no thread is using it."""
        with self._thread_lock:
            self._is_closed = True
            self._connection.close()

    def _take_lock(self) -> None:
        row = self._connection.execute(_LOCK, (self._lock_number,)).fetchone()
        self._now = row[0] if row else 0


class _PostgresqlCount:
    """Counts calls by the clock of the server, under the lock of the store."""

    def __init__(self, store: PostgresqlCountStore, name: str, rate: Rate) -> None:
        self._store = store
        self._values: dict[str, int | str] = {
            "kind": name,
            "limit": rate.limit,
            "interval": rate.interval,
            # Other runs may count over a longer window than this one.
            "kept": max(rate.interval, HOUR_MS),
        }

    def add(self) -> int:
        """Count a call and return 0, or return how many milliseconds it has to wait."""
        return self._store.number(_ADD, **self._values)

    def wait(self) -> int:
        """Return how many milliseconds a call would have to wait, without counting one."""
        return self._store.number(_WAIT, **self._values)

    def taken(self) -> int:
        """Return how many calls count at present."""
        return self._store.number(_TAKEN, **self._values)


class PostgresqlTokenStore(TokenStore):
    """Keeps the chain in a database; a connection is open only under the lock.

    A machine can lose the lock without knowing, for example when it is suspended during a
    login. So a token replaces only the one that was read under the same lock.

    Args:
        address: Where the server is.
        identity: The key of the account.
        pause: Waits some seconds; raises when the run is to end.
    """

    def __init__(
        self, address: PostgresqlAddress, identity: str, pause: Callable[[float], None]
    ) -> None:
        super().__init__()
        self._address = address
        self._identity = identity
        self._pause = pause
        self._present = ""
        self._connection: psycopg.Connection[tuple[Any, ...]]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all other runs from requesting a token in the meantime.

        Raises:
            SettingsError: If the server cannot be used, or another run never lets go.
        """
        with _failures_named(self._address):
            self._connection = connect(self._address)
        try:
            with _failures_named(self._address):
                wait_for_lock(self._is_locked, self._wait)
            yield
        finally:
            # The server takes a while to notice that a connection was closed.
            with suppress(psycopg.Error):
                self._connection.rollback()
            self._connection.close()

    def read(self) -> Token | None:
        """Return the last token written, or None; an unreadable one is reported.

        Raises:
            SettingsError: If the server cannot be used.
        """
        with _failures_named(self._address):
            row = self._connection.execute(_FETCH, (self._identity,)).fetchone()
        self._present = row[0] if row else ""
        if not self._present:
            return None
        try:
            return Token.from_json(self._present)
        except (ValueError, RecursionError):
            logger.warning(
                "The %s holds no readable token; the next one replaces it.", self._address
            )
            return None

    def prepare(self) -> None:
        """Make sure that a token can be written, before one is requested.

        Raises:
            SettingsError: If it cannot.
        """
        with _failures_named(self._address):
            self._connection.execute(_PREPARE, (self._identity,))

    def write(self, token: Token) -> None:
        """Keep a token, unless another machine has written one in the meantime.

        Raises:
            SettingsError: If the server cannot be used.
        """
        if not self._swap(token.to_json()):
            logger.warning("Another machine logged in at the same time; its token is kept.")

    def _is_locked(self) -> bool:
        """Take the lock if it is free."""
        number = _lock_number("token", self._identity)
        row = self._connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (number,)).fetchone()
        return row == (True,)

    def _wait(self, seconds: float) -> None:
        """Wait, outside of a transaction."""
        self._connection.rollback()
        self._pause(seconds)

    def _swap(self, new: str) -> bool:
        """Replace what was read, and return whether it was still there."""
        with _failures_named(self._address):
            for pause in WRITE_PAUSES:
                try:
                    return self._swap_once(new)
                except psycopg.OperationalError:
                    self._connection.close()
                    time.sleep(pause)
            return self._swap_once(new)

    def _swap_once(self, new: str) -> bool:
        """Try that once, over a new connection if the last one is lost, and with it the lock."""
        if self._connection.closed:
            self._connection = connect(self._address)
        values = {"account": self._identity, "present": self._present, "new": new}
        is_kept = self._connection.execute(_SWAP, values).rowcount == 1
        self._connection.commit()
        return is_kept
