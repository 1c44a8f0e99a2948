"""Two runs at once on one account, on one machine and on two that share a server."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from acton_sandbox import Account, Limits, Sandbox
from tap_acton.api.auth import Credentials
from tap_acton.api.rate_limits import RateLimits
from tap_acton.errors import SettingsError
from tap_acton.settings.postgresql_address import PostgresqlAddress, is_address
from tap_acton.stores.opening import open_stores
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import (
    PROJECT,
    Output,
    catalog,
    command,
    command_line,
    config_of,
    environment,
    union,
)
from tests.servers import free_port
from tests.shared_servers import postgresql_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acton_sandbox import SeenRequest
    from tests.servers import Postgres

STREAMS = ("messages", "message_reports", "lists", "list_members", "opt_outs")
PACE = 30
"""Calls a second, for both together."""

DAY = 100_000


@pytest.fixture(scope="module")
def account() -> Account:
    """The account that all tests here read."""
    return Account.generate(seed=7, size="small", now=NOW)


@pytest.fixture(params=["folder", "PostgreSQL"])
def token_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What two runs share."""
    with ExitStack() as stack:
        match request.param:
            case "folder":
                yield str(tmp_path / "store")
            case "PostgreSQL":
                server = request.getfixturevalue("postgres")
                yield stack.enter_context(postgresql_database(server)).url


class TwoRuns:
    """Runs of the command on machines that share nothing but the token store.

    Args:
        sandbox: The account that they read.
        folder: Where their files are.
        token_store: What they share.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, token_store: str) -> None:
        self.sandbox = sandbox
        self.config: dict[str, Any] = {
            **config_of(sandbox),
            "token_store": token_store,
            "requests_per_second": PACE,
            "daily_request_limit": DAY,
        }
        self._folder = folder
        (folder / "catalog.json").write_text(json.dumps(catalog(STREAMS)), encoding="utf-8")

    @contextmanager
    def started(self, machine: str, **settings: Any) -> Iterator[subprocess.Popen[str]]:
        """Start a run on a machine with a home of its own; it does not outlive the test."""
        home = self._folder / machine
        home.mkdir()
        config = home / "config.json"
        config.write_text(json.dumps({**self.config, **settings}), encoding="utf-8")
        files = ("--config", config, "--catalog")
        with subprocess.Popen(
            command_line(*files, self._folder / "catalog.json"),
            cwd=PROJECT,
            env=environment({"HOME": str(home), "XDG_CACHE_HOME": str(home)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def calls_left(self) -> int:
        """Tell what the next run finds that is left of the day."""
        known = self.config
        credentials = Credentials(
            known["client_id"], known["client_secret"], known["username"], known["password"]
        )
        setting = known["token_store"]
        stores = open_stores(
            PostgresqlAddress.parse(setting) if is_address(setting) else setting,
            credentials.identity(self.sandbox.url),
            time.sleep,
        )
        limits = RateLimits(
            store=stores.counts,
            requests_per_second=PACE,
            daily_request_limit=DAY,
            pause=time.sleep,
        )
        left = limits.calls_left_today()
        limits.close()
        return left


def output_of(process: subprocess.Popen[str]) -> Output:
    """Wait for the end of a run, and give what it wrote."""
    written, log = process.communicate(timeout=50)
    assert process.returncode == 0, log
    return Output(written.encode(), log)


def assert_complete(output: Output, account: Account) -> None:
    """Make sure that a run has read the account, each row once."""
    held, expected = union([output]), expected_records(account)
    for stream in STREAMS:
        assert held[stream] == by_key(stream, expected[stream]), stream
        assert len(output.records[stream]) == len(expected[stream]), stream


@contextmanager
def token_ending(sandbox: Sandbox, after: int) -> Iterator[None]:
    """Let the access token end in the middle of the runs."""
    append = sandbox.requests.append
    numbers = count(1)

    def append_and_end(request: SeenRequest) -> None:
        append(request)
        if next(numbers) == after:
            sandbox.tokens.expire()

    with patch.object(sandbox.requests, "append", append_and_end):
        yield


def test_two_runs_share_the_token_and_the_allowance(
    account: Account, token_store: str, tmp_path: Path
) -> None:
    # Less than both would take if neither knew of the other, with room for calls that a busy
    # machine sends off late.
    limits = Limits(requests_per_second=round(1.6 * PACE))
    with Sandbox(account=account, limits=limits) as sandbox:
        two = TwoRuns(sandbox, tmp_path, token_store)
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            stack.enter_context(token_ending(sandbox, after=60))
            runs = [stack.enter_context(two.started(machine)) for machine in ("one", "two")]
            outputs = list(pool.map(output_of, runs))
        seen = sandbox.requests.snapshot()

        for output in outputs:
            assert_complete(output, account)
        # The login and its renewal: no refresh token was sent twice.
        assert [request.status for request in seen if request.path == "/token"] == [200, 200]
        assert not [request for request in seen if request.status == HTTPStatus.TOO_MANY_REQUESTS]
        assert seen[-1].at - seen[0].at >= 0.95 * (len(seen) - 1) / PACE
        assert two.calls_left() == DAY - len(seen)


def test_two_shards_on_two_machines_are_one_load(
    account: Account, postgres: Postgres, tmp_path: Path
) -> None:
    divided = {"message_reports": "message_id", "list_members": "list_id"}
    limits = Limits(requests_per_second=round(1.6 * PACE))
    with (
        postgresql_database(postgres) as database,
        Sandbox(account=account, limits=limits) as sandbox,
        ExitStack() as stack,
        ThreadPoolExecutor(2) as pool,
    ):
        two = TwoRuns(sandbox, tmp_path, database.url)
        shards = [f"{part}/2" for part in (1, 2)]
        runs = [stack.enter_context(two.started(shard[0], shard=shard)) for shard in shards]
        outputs = list(pool.map(output_of, runs))
        seen = sandbox.requests.snapshot()

        expected = expected_records(account)
        for stream in STREAMS:
            rows = [row for output in outputs for row in output.records[stream]]
            assert by_key(stream, rows) == by_key(stream, expected[stream]), stream
            # What is divided comes once; each shard reads everything else.
            assert len(rows) == len(expected[stream]) * (1 if stream in divided else 2), stream
        for stream, column in divided.items():
            first, second = ({row[column] for row in one.records[stream]} for one in outputs)
            assert first
            assert second
            assert not first & second
        assert [request.status for request in seen if request.path == "/token"] == [200]
        assert not [request for request in seen if request.status == HTTPStatus.TOO_MANY_REQUESTS]
        assert two.calls_left() == DAY - len(seen)


def test_a_server_that_goes_away_in_mid_run_ends_it_with_its_state(
    account: Account, postgres: Postgres
) -> None:
    with bench_of(account) as bench, postgresql_database(postgres) as database:
        settings: dict[str, Any] = {"streams": STREAMS, "max_concurrency": 1}
        with bench.at_call(25, database.drop):
            ended = bench.run(token_store=database.url, **settings)
        gone_on = bench.run(ended.state, token_store="memory", **settings)

    assert isinstance(ended.failure, SettingsError)
    assert ended.failure.exit_code == 1
    assert "in token_store cannot be used" in ended.failure.sentence
    assert len(ended.requests) == 25
    assert gone_on.failure is None
    held, expected = union([ended, gone_on]), expected_records(account)
    for stream in STREAMS:
        assert held[stream] == by_key(stream, expected[stream]), stream


def test_the_password_of_a_server_is_not_told(account: Account, tmp_path: Path) -> None:
    store = f"postgresql://pat:pass-word@127.0.0.1:{free_port()}/work"
    with Sandbox(account=account) as sandbox:
        config = {**config_of(sandbox), "token_store": store}
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        ended = command("--config", tmp_path / "config.json", env={"TAP_ACTON_LOGLEVEL": "DEBUG"})

    assert ended.returncode == 1
    assert "in token_store cannot be used (no connection)" in ended.stderr
    assert "pass-word" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
    assert not sandbox.requests
