"""Tokens and counts in a real PostgreSQL database, as two machines see them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tap_acton.api.rate_limits import RateLimits, pace
from tap_acton.errors import (
    AllowanceSpentError,
    InterruptedRunError,
    RunOverError,
    SettingsError,
)
from tap_acton.settings.postgresql_address import PostgresqlAddress
from tap_acton.stores import opening as stores
from tap_acton.stores.call_counts import DAY_MS, HOUR_MS, MINUTE_MS
from tap_acton.stores.tokens import Token
from tests.servers import free_port
from tests.shared_servers import SharedDatabase, postgresql_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_acton.stores.call_counts import CountStore
    from tap_acton.stores.tokens import TokenStore
    from tests.servers import Postgres

PROJECT = Path(__file__).parents[2]
TOKEN = Token("access-1", "refresh-1", 1_800_000_000.0, 1_799_999_700.0)
NEXT_TOKEN = Token("access-2", "refresh-2", 1_800_003_600.0, 1_800_003_300.0)


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Iterator[SharedDatabase]:
    """A database for the tests here."""
    with postgresql_database(postgres) as database:
        yield database


class Machines:
    """Machines that share a database, each with connections of its own.

    Args:
        database: The database.
        identity: The key of the account.
    """

    def __init__(self, database: SharedDatabase, identity: str) -> None:
        self.database = database
        self.identity = identity
        self._opened: list[CountStore] = []

    def stores(
        self, identity: str = "", pause: Callable[[float], None] = time.sleep
    ) -> stores.Stores:
        """Open the stores as a machine does."""
        address = PostgresqlAddress.parse(self.database.url)
        opened = stores.open_stores(address, identity or self.identity, pause)
        self._opened.append(opened.counts)
        return opened

    def limits(
        self,
        identity: str = "",
        *,
        requests_per_second: float = 1e6,
        daily_request_limit: int = 100,
        hours_fast: int = 0,
    ) -> RateLimits:
        """Open the counts as a machine does, by a clock that may be wrong."""
        return RateLimits(
            store=self.stores(identity).counts,
            requests_per_second=requests_per_second,
            daily_request_limit=daily_request_limit,
            pause=time.sleep,
            clock=lambda: time.time_ns() // 1_000_000 + hours_fast * HOUR_MS,
        )

    def tokens(self, identity: str = "", pause: Callable[[float], None] = time.sleep) -> TokenStore:
        """Open the chain as a machine does."""
        return self.stores(identity, pause).tokens

    def timestamps(self, count: str) -> list[int]:
        """Give what the server counts."""
        return self.database.timestamps(self.identity, count)

    def let_pass(self, milliseconds: int) -> None:
        """Make what is counted older."""
        self.database.let_pass(self.identity, milliseconds)

    def close(self) -> None:
        """Close all connections."""
        for store in self._opened:
            store.close()


@pytest.fixture
def machines(database: SharedDatabase) -> Iterator[Machines]:
    """Machines that read an account which no other test has."""
    machines = Machines(database, uuid.uuid4().hex)
    yield machines
    machines.close()


def test_machines_whose_clocks_differ_keep_one_pace(machines: Machines) -> None:
    three = [machines.limits(requests_per_second=19, hours_fast=hours) for hours in (0, 7, -7)]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: three[number % 3].wait_for_call(), range(12)))

    timestamps = machines.timestamps("pace")
    assert len(timestamps) == 12
    between = pace(19).interval + 1
    assert all(later - earlier >= between for earlier, later in pairwise(timestamps))
    assert [machine.calls_left_today() for machine in three] == [88] * 3


def test_the_calls_of_a_day_are_those_of_all_machines(machines: Machines) -> None:
    one, other = (machines.limits(daily_request_limit=3) for _ in range(2))
    for machine in (one, other, one):
        machine.wait_for_call()

    with pytest.raises(AllowanceSpentError, match="1440 minutes"):
        other.wait_for_call()
    machines.let_pass(DAY_MS - MINUTE_MS // 2)
    with pytest.raises(AllowanceSpentError, match="in 1 minutes"):
        one.wait_for_call()
    machines.let_pass(MINUTE_MS // 2)
    other.wait_for_call()

    assert len(machines.timestamps("day")) == 1
    assert one.calls_left_today() == 2


def test_the_logins_of_an_hour_are_those_of_all_machines(machines: Machines) -> None:
    five = [machines.limits() for _ in range(5)]
    for machine in five:
        machine.check_login()
        machine.count_login()

    with pytest.raises(AllowanceSpentError, match="in 60 minutes"):
        five[0].check_login()
    machines.let_pass(HOUR_MS)
    five[1].check_login()


def test_calls_of_the_future_do_not_count(machines: Machines) -> None:
    limits = machines.limits(daily_request_limit=1)
    limits.wait_for_call()
    machines.let_pass(-2 * HOUR_MS)

    limits.wait_for_call()

    assert limits.calls_left_today() == 0


def test_accounts_are_counted_apart(machines: Machines) -> None:
    machines.limits(daily_request_limit=1).wait_for_call()

    assert machines.limits("another", daily_request_limit=1).calls_left_today() == 1


def test_a_call_after_the_end_of_the_run_is_not_let_through(machines: Machines) -> None:
    limits = machines.limits()
    limits.close()

    with pytest.raises(RunOverError):
        limits.wait_for_call()


def test_a_token_is_kept_for_all_machines(machines: Machines) -> None:
    for token in (TOKEN, NEXT_TOKEN):
        store = machines.tokens()
        with store.lock():
            store.read()
            store.prepare()
            store.write(token)
        other = machines.tokens()
        with other.lock():
            assert other.read() == token
    stranger = machines.tokens("another")
    with stranger.lock():
        assert stranger.read() is None


def test_room_that_was_prepared_and_not_used_holds_no_token(machines: Machines) -> None:
    store = machines.tokens()
    with store.lock():
        store.prepare()

    with store.lock():
        assert store.read() is None


def test_what_is_no_token_is_replaced(machines: Machines, caplog: pytest.LogCaptureFixture) -> None:
    tokens = machines.tokens()
    with tokens.lock():
        pass
    machines.database.put_token(machines.identity, '{"access_token": 1}')

    with tokens.lock():
        assert tokens.read() is None
        tokens.prepare()
        tokens.write(TOKEN)

    with tokens.lock():
        assert tokens.read() == TOKEN
    assert [line.endswith("the next one replaces it.") for line in caplog.messages] == [True]


def test_the_locks_of_two_accounts_are_not_one(machines: Machines) -> None:
    with machines.tokens().lock(), machines.tokens("another").lock():
        pass


def test_a_machine_that_waits_for_the_lock_can_be_stopped(machines: Machines) -> None:
    def pause(seconds: float) -> None:
        assert seconds < 1
        raise InterruptedRunError(15)

    with machines.tokens().lock():
        waiting = machines.tokens(pause=pause)
        with pytest.raises(InterruptedRunError), waiting.lock():
            pass
    with waiting.lock():
        pass


HOLDER = """
import sys, time
from tap_acton.settings.postgresql_address import PostgresqlAddress
from tap_acton.stores.opening import open_stores
with open_stores(PostgresqlAddress.parse(sys.argv[1]), sys.argv[2]).tokens.lock():
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_machine_that_dies_with_the_lock_holds_no_other_up(machines: Machines) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, machines.database.url, machines.identity],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        waits: list[float] = []

        def pause(seconds: float) -> None:
            if not waits:
                holder.kill()
            waits.append(seconds)
            time.sleep(seconds)

        with machines.tokens(pause=pause).lock():
            holder.kill()
        assert waits


def test_a_token_does_not_take_the_place_of_one_that_came_meanwhile(
    machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    late, other = machines.tokens(), machines.tokens()
    with late.lock():
        late.read()
        machines.database.drop_connections()
        machines.database.put_token(machines.identity, "what another machine has written")
        late.write(TOKEN)

    with other.lock():
        assert other.read() is None
    assert "Another machine logged in at the same time" in caplog.messages[0]


def test_a_connection_that_is_lost_during_the_login_does_not_cost_the_chain(
    machines: Machines,
) -> None:
    store = machines.tokens()
    with store.lock():
        store.read()
        store.prepare()
        machines.database.drop_connections()
        store.write(TOKEN)

    with store.lock():
        assert store.read() == TOKEN


def test_a_connection_that_is_lost_between_calls_is_made_again(machines: Machines) -> None:
    limits = machines.limits()
    limits.wait_for_call()
    machines.database.drop_connections()

    limits.wait_for_call()

    assert limits.calls_left_today() == 98


def look_at(url: str) -> None:
    """Look at the counts and at the chain of a server."""
    opened = stores.open_stores(PostgresqlAddress.parse(url), "key")
    with opened.counts.lock():
        opened.counts.count("day", pace(5), lambda: 0).taken()


def test_a_server_that_does_not_answer_is_told_of_in_one_sentence() -> None:
    with pytest.raises(SettingsError) as refused:
        look_at(f"postgresql://pat:pass-word@127.0.0.1:{free_port()}/work")

    sentence = refused.value.sentence
    assert "in token_store cannot be used (no connection)" in sentence
    assert "pass-word" not in sentence
    assert "pat" not in sentence.split()
    assert refused.value.exit_code == 1


def test_a_server_that_refuses_the_password_is_told_of(database: SharedDatabase) -> None:
    with pytest.raises(SettingsError) as refused:
        look_at(f"postgresql://pat:pass-word@{database.url.rpartition('@')[2]}")

    assert "cannot be used" in refused.value.sentence
    assert "pass-word" not in refused.value.sentence
    assert refused.value.__suppress_context__


def test_a_server_without_a_connection_left_is_told_of(
    postgres: Postgres, database: SharedDatabase
) -> None:
    user = f"few_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'pass-word' CONNECTION LIMIT 0")
        connection.execute(create.format(sql.Identifier(user)))
        try:
            with pytest.raises(SettingsError, match="it has no connection left for this run"):
                look_at(f"postgresql://{user}:pass-word@{database.url.rpartition('@')[2]}")
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(user)))


def test_nothing_is_said_to_a_server_that_does_not_speak_tls() -> None:
    heard = []

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            heard.append(connection.recv(10_000))
            # The request for TLS is of PostgreSQL's own kind, and N is its refusal.
            connection.sendall(b"N")
            with suppress(ConnectionError):
                while more := connection.recv(10_000):
                    heard.append(more)

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, listening)
        port = listening.getsockname()[1]
        with pytest.raises(SettingsError):
            look_at(f"postgresql://pat:pass-word@localhost:{port}/work?sslmode=require")
        served.result(10)

    assert heard[0].startswith(b"\0\0\0\x08")
    assert b"pass-word" not in b"".join(heard)
    assert len(b"".join(heard[1:])) < 10, "an alert of TLS, at most"


def test_machines_that_begin_at_once_make_the_tables_once(
    postgres: Postgres,
) -> None:
    with postgresql_database(postgres) as database, ThreadPoolExecutor(6) as pool:
        machines = Machines(database, "key")
        limits = list(pool.map(lambda _: machines.limits(), range(6)))
        limits[0].wait_for_call()
        left = {one.calls_left_today() for one in limits}
        machines.close()
    assert left == {99}


@pytest.mark.parametrize(
    ("before", "is_refused"),
    [
        ("CREATE SCHEMA tap_acton", False),
        ("CREATE SCHEMA tap_acton; GRANT USAGE ON SCHEMA tap_acton TO PUBLIC", False),
        ("CREATE SCHEMA tap_acton; GRANT CREATE ON SCHEMA tap_acton TO PUBLIC", True),
        ("CREATE SCHEMA tap_acton; CREATE ROLE {0}; GRANT ALL ON SCHEMA tap_acton TO {0}", True),
    ],
)
def test_a_schema_that_others_can_create_in_is_refused(
    postgres: Postgres,
    before: LiteralString,
    is_refused: bool,  # noqa: FBT001 - what is expected
) -> None:
    other = sql.Identifier(f"other_{uuid.uuid4().hex}")
    with postgresql_database(postgres) as database:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute(sql.SQL(before).format(other))
        machines = Machines(database, "key")
        if is_refused:
            with pytest.raises(SettingsError, match="others can create in it"):
                machines.limits()
        else:
            machines.limits().wait_for_call()
        machines.close()


def test_a_host_that_merely_calls_itself_localhost_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: dict[str, Any] = {}

    def connect(**options: Any) -> Any:
        called.update(options)
        raise psycopg.OperationalError

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(SettingsError):
        look_at("postgresql://pat:pass-word@localhost/work")
    assert called["hostaddr"] == "127.0.0.1"
    with pytest.raises(SettingsError):
        look_at("postgresql://pat:pass-word@db.example.com/work")
    assert called["hostaddr"] is None
