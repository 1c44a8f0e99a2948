"""Nights in which many accounts are read side by side: each by a command, all of one sandbox.

The runs share a token store on PostgreSQL. Some accounts have something the matter with them, the
same in every night.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import psycopg

from acton_sandbox import Account, Fault, Limits, ManyAccounts
from tap_acton.api.auth import Credentials
from tap_acton.stores.call_counts import DAY_MS
from tests.contract.harness import PROJECT, Output, catalog, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from acton_sandbox import SeenRequest
    from acton_sandbox.service import Service
    from tests.shared_servers import SharedDatabase

FIRST_NIGHT = datetime(2025, 2, 10, 2, tzinfo=UTC)
"""Soon after the accounts' first day, so that they are quickly generated."""

CALLS_IN_FLIGHT = 8
"""The tap's default of max_concurrency."""

DAILY_LIMIT = 25
HUGE = 12
"""The number of the account that has very many rows."""


@dataclass(frozen=True)
class Case:
    """What is the matter with an account.

    Attributes:
        name: Its name.
        exit_code: How a run ends.
        sentence: What its log says then.
        fault: What the sandbox does wrong.
        settings: Settings of the runs that differ.
        logins: The statuses of the requests for a token, in the first night.
        streams: Those that are not complete; None for all.
        change: What else is done to the account.
    """

    name: str
    exit_code: int = 0
    sentence: str = ""
    fault: Fault | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    logins: tuple[int, ...] = (200,)
    streams: Collection[str] | None = ()
    change: Callable[[Service], None] | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether its runs are as if the account was the only one."""
        return self.fault is None and self.exit_code == 0


def _switch_api_off(service: Service) -> None:
    service.choices = replace(service.choices, api_enabled=False)


HEALTHY = Case("healthy")
CASES = (
    HEALTHY,
    Case(
        "a wrong password",
        exit_code=1,
        sentence="rejected the user: check username and password",
        settings={"password": "sandbox-password-of-last-year"},
        logins=(403,),
        streams=None,
    ),
    Case(
        "tokens revoked in mid-run",
        fault=Fault("revoke", after=12),
        # The refresh token is dead too, so the user logs in again.
        logins=(200, 403, 200),
    ),
    Case(
        "an endpoint that answers 500",
        exit_code=1,
        sentence="Not complete: list_members.",
        fault=Fault("status", status=500, path_pattern="/api/1/list/l-*", times=None),
        settings={"max_retries": 0},
        streams=("list_members",),
    ),
    Case(
        "a daily limit that is reached",
        exit_code=3,
        sentence=f"The {DAILY_LIMIT} calls per 24 hours of daily_request_limit are used up",
        settings={"daily_request_limit": DAILY_LIMIT},
        streams=None,
    ),
    Case(
        "an endpoint that never answers",
        exit_code=1,
        sentence="did not respond in time",
        fault=Fault("delay", path_pattern="/api/1/message/{id}/report", times=None, delay=60),
        settings={"max_retries": 0, "request_timeout": 3},
        streams=("message_reports", "message_events"),
    ),
    Case(
        "answers that are not JSON",
        exit_code=1,
        sentence="Not complete: lists, list_members.",
        fault=Fault("garbage", path_pattern="/api/1/list", times=None),
        settings={"max_retries": 0},
        streams=("lists", "list_members"),
    ),
    HEALTHY,
    Case(
        "API access that is off",
        exit_code=1,
        sentence="API access is not enabled for this Act-On account",
        logins=(403,),
        streams=None,
        change=_switch_api_off,
    ),
    Case("slow answers", fault=Fault("delay", path_pattern="/*", times=None, delay=0.3)),
    Case("connections that are reset", fault=Fault("reset", after=5, times=3)),
    *[HEALTHY] * 9,
)
"""What is the matter with the first account, the second and so on; then it begins again."""


@dataclass(frozen=True)
class Run:
    """A run of a night.

    Attributes:
        user: Whose account it read.
        exit_code: How it ended.
        output: What it wrote, and the calls that the sandbox saw.
        counted: The timestamps of its calls in the token store, in milliseconds.
        seconds: How long it took.
        processor_seconds: How much of a processor that was.
    """

    user: str
    exit_code: int
    output: Output
    counted: list[int]
    seconds: float
    processor_seconds: float

    @property
    def logins(self) -> tuple[int, ...]:
        """The statuses of the requests for a token."""
        return tuple(seen.status for seen in self.output.requests if seen.path == "/token")


@dataclass(frozen=True)
class Night:
    """All runs of a night.

    Attributes:
        runs: The runs.
        seconds: How long it took.
        most_connections: The most connections to the token store at a time.
        memory: The most that each run held, in MB.
    """

    runs: list[Run]
    seconds: float
    most_connections: int
    memory: list[int]

    @cached_property
    def calls(self) -> int:
        """How many calls the sandbox has seen."""
        return sum(len(run.output.requests) for run in self.runs)

    def late(self, calls_per_second: int) -> int:
        """Give how many calls were too many by the sandbox's clock, which a busy machine delays."""
        return sum(
            later.at - earlier.at < 1
            for run in self.runs
            for earlier, later in zip(
                run.output.requests, run.output.requests[calls_per_second:], strict=False
            )
        )

    def report(self, calls_per_second: int) -> str:
        """Give the numbers of the night, at the pace that it had."""
        runs = self.runs
        memory = sorted(self.memory)
        throttled = sum(seen.status == 429 for run in runs for seen in run.output.requests)
        records = sum(len(rows) for run in runs for rows in run.output.records.values())
        return (
            f"{len(runs)} runs in {self.seconds:.0f} s, {self.calls:,} calls, "
            f"{throttled} throttled, {self.late(calls_per_second)} late, {records:,} records, "
            f"{sum(run.processor_seconds for run in runs):.0f} processor seconds, "
            f"{memory[len(memory) // 2]} MB per run ({memory[0]} to {memory[-1]}), "
            f"at most {self.most_connections} connections"
        )


class Nights:
    """Many accounts, and the runs that read them.

    Args:
        number: How many accounts there are.
        side_by_side: How many runs there are at a time.
        database: The token store.
        folder: Where the files of the runs are.
        calls_per_second: What the tap is set to, for each account.
        streams: The streams to read; by default those of a run without a catalog.
    """

    def __init__(
        self,
        number: int,
        side_by_side: int,
        database: SharedDatabase,
        folder: Path,
        *,
        calls_per_second: int,
        streams: Collection[str] = (),
    ) -> None:
        # On a busy machine all calls in flight may arrive late, together with those of their
        # second. What the runs send off is in the token store.
        limits = Limits(requests_per_second=calls_per_second + CALLS_IN_FLIGHT)
        self.sandbox = ManyAccounts(number, self._account, limits=limits)
        self.cases = {
            user: CASES[place % len(CASES)] for place, user in enumerate(self.sandbox.users)
        }
        self.streams = streams
        self.calls_per_second = calls_per_second
        self.now = FIRST_NIGHT
        self._side_by_side = side_by_side
        self._running: set[int] = set()
        self._database = database
        self._folder = folder
        self._catalog = folder / "catalog.json"
        if streams:
            self._catalog.write_text(json.dumps(catalog(streams)), encoding="utf-8")

    @staticmethod
    def _account(number: int) -> Account:
        measures = {"imported_opt_outs": 50_000} if number == HUGE else {}
        return Account.generate(seed=number, size="small", now=FIRST_NIGHT, **measures)

    def settings(self, user: str) -> dict[str, Any]:
        """Give the settings of the runs for a user."""
        known = self.sandbox.credentials
        return {
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "username": user,
            "password": known.password,
            "api_url": self.sandbox.url,
            "token_store": self._database.url,
            "requests_per_second": self.calls_per_second,
            "progress": "off",
            **self.cases[user].settings,
        }

    def identity(self, user: str) -> str:
        """Give the key of an account in the token store."""
        given = self.settings(user)
        names = ("client_id", "client_secret", "username", "password")
        return Credentials(*(given[name] for name in names)).identity(self.sandbox.url)

    def prepare(self) -> None:
        """Switch on what is the matter with the accounts."""
        for user, case in self.cases.items():
            service = self.sandbox.service(user)
            if case.fault is not None:
                service.faults.add(case.fault)
            if case.change is not None:
                case.change(service)

    def night(self, users: Collection[str] = ()) -> Night:
        """Read the accounts, by default all of them."""
        started = time.monotonic()
        pool = ThreadPoolExecutor(self._side_by_side)
        with self._watched() as (connections, memory), pool:
            runs = list(pool.map(self._run, users or self.sandbox.users))
        seconds = time.monotonic() - started
        return Night(runs, seconds, max(connections), list(memory.values()))

    def next_day(self) -> None:
        """Let a day pass: for the accounts, the tap, the tokens, and the calls in the store."""
        self.now += timedelta(days=1)
        for user in self.sandbox.users:
            service = self.sandbox.service(user)
            service.next_day()
            service.clock.advance(DAY_MS / 1000)
            service.requests.clear()
            self._database.let_pass(self.identity(user), DAY_MS)

    def _run(self, user: str) -> Run:
        own = self._folder / f"{user} {self.now:%d}"
        own.mkdir()
        config, state = own / "config.json", self._folder / f"{user} state.json"
        config.write_text(json.dumps(self.settings(user)), encoding="utf-8")
        arguments = [self.now.isoformat(), "--config", str(config)]
        if self.streams:
            arguments += ["--catalog", str(self._catalog)]
        if state.exists():
            arguments += ["--state", str(state)]
        started = time.monotonic()
        with (
            (own / "out").open("wb") as out,
            (own / "log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "tests.contract.at_time", *arguments],
                cwd=PROJECT,
                env=environment({"HOME": str(own), "XDG_CACHE_HOME": str(own)}),
                stdout=out,
                stderr=log,
            ) as process,
        ):
            self._running.add(process.pid)
            _, status, used = os.wait4(process.pid, 0)
            self._running.remove(process.pid)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        requests: list[SeenRequest] = self.sandbox.service(user).requests.snapshot()
        output = Output(
            (own / "out").read_bytes(), (own / "log").read_text(), None, tuple(requests)
        )
        if output.of_type("STATE"):
            state.write_text(json.dumps(output.state), encoding="utf-8")
        return Run(
            user=user,
            exit_code=process.returncode,
            output=output,
            counted=self._database.timestamps(self.identity(user), "day"),
            seconds=seconds,
            processor_seconds=used.ru_utime + used.ru_stime,
        )

    @contextmanager
    def _watched(self) -> Iterator[tuple[list[int], dict[int, int]]]:
        """Look now and then at the connections, and at the peak memory of each process in MB."""
        connections, memory, is_over = [0], dict[int, int](), Event()
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tap-acton'"

        def watch() -> None:
            with psycopg.connect(self._database.url, autocommit=True) as connection:
                while not is_over.wait(0.25):
                    row = connection.execute(ours).fetchone()
                    connections.append(row[0] if row else 0)
                    for process in list(self._running):
                        memory[process] = _peak_memory(process) or memory.get(process, 0)

        watching = Thread(target=watch)
        watching.start()
        try:
            yield connections, memory
        finally:
            is_over.set()
            watching.join()


def _peak_memory(process: int) -> int:
    """Return the most memory that a process has held, in MB; 0 if it has ended.

    What the system tells of an ended child begins with the memory of its parent.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0
