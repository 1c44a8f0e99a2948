"""Runs the tap: in this process with time that passes at once, or as a command."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tap_acton.errors import ActOnError
from tap_acton.sync.stop import StopSignal
from tap_acton.tap import TapActOn
from tests.contract.expected import KEYS, REGISTER, Record, by_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from time_machine import Traveller

    from acton_sandbox import Sandbox, SeenRequest

PROJECT = Path(__file__).parents[2]
SECRETS = ("sandbox-secret", "sandbox-password", "reader@example.com")
"""What must never be seen in a log."""


@dataclass(frozen=True)
class Output:
    """What a run wrote.

    Attributes:
        data: Standard output as it came.
        log: The lines of the log, or standard error.
        failure: What ended a run within this process before it was complete.
        requests: The calls that it made, by the sandbox's journal.
    """

    data: bytes
    log: str
    failure: ActOnError | None = None
    requests: tuple[SeenRequest, ...] = ()

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The messages; each line must be whole."""
        assert not self.data or self.data.endswith(b"\n")
        return [json.loads(line) for line in self.data.splitlines()]

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        """The records by stream."""
        found: dict[str, list[Record]] = defaultdict(list)
        for message in self.of_type("RECORD"):
            found[message["stream"]].append(message["record"])
        return found

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        state: dict[str, Any] = self.of_type("STATE")[-1]["value"]
        return state

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The last state by stream."""
        bookmarks: dict[str, Any] = self.state["bookmarks"]
        return bookmarks

    @property
    def paths(self) -> Counter[str]:
        """How often each path was asked, logins aside."""
        return Counter(seen.path for seen in self.requests if seen.path != "/token")

    @property
    def logins(self) -> int:
        """How often a token was asked for."""
        return sum(seen.path == "/token" for seen in self.requests)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Give the messages of a type.

        Args:
            kind: The type.

        Returns:
            The messages.
        """
        return [message for message in self.messages if message["type"] == kind]

    def lines(self, level: str) -> list[str]:
        """Give the lines of the log of a level.

        Args:
            level: The level, such as ERROR.

        Returns:
            The lines.
        """
        return [line for line in self.log.splitlines() if f"| {level} " in line]


@dataclass
class Bench:
    """A sandbox, and a tap that is run against it.

    Attributes:
        sandbox: The sandbox.
        time: This process's time; waits of the tap move it on instead of taking it.
        waits: Whether waits take their time after all.
    """

    sandbox: Sandbox
    time: Traveller
    waits: bool = False

    def run(
        self,
        state: Mapping[str, Any] | None = None,
        *,
        streams: Collection[str] = (),
        without: Collection[tuple[str, str]] = (),
        full_table: Collection[str] = (),
        discovered: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Output:
        """Run the tap in this process.

        Args:
            state: The state to go on from.
            streams: The streams to select; all if none is named.
            without: Columns to deselect, as pairs of stream and column.
            full_table: Incremental streams that the catalog has read whole.
            discovered: The catalog, as :meth:`discover` gave it; by default what is found
                without asking the account.
            **settings: Settings of this run.

        Returns:
            What it wrote.
        """
        before = len(self.sandbox.requests)
        data = io.BytesIO()
        written = io.TextIOWrapper(data, encoding="utf-8")
        failure = None
        with (
            signals_kept(),
            _log_kept() as log,
            redirect_stdout(written),
            self._pauses_skipped(),
        ):
            try:
                TapActOn(
                    config=self.config(**settings),
                    state=json.loads(json.dumps(state)) if state else None,
                    catalog=(
                        catalog(streams, without, full_table, discovered)
                        if streams or without or full_table or discovered
                        else None
                    ),
                ).sync_and_report()
            except ActOnError as error:
                failure = error
            # Nobody waits for the calls of a stream that has failed; the next test does.
            for thread in threading.enumerate():
                if thread.name.startswith("call"):
                    thread.join()
            written.flush()
        return Output(
            data.getvalue(),
            log.getvalue(),
            failure,
            tuple(self.sandbox.requests[before:]),
        )

    def discover(self, **settings: Any) -> dict[str, Any]:
        """Let the tap discover, with the account at hand and all optional streams.

        Args:
            **settings: Settings that differ.

        Returns:
            The catalog.
        """
        with signals_kept(), self._pauses_skipped():
            config = self.config(**{"optional_streams": ["*"], **settings})
            tap = TapActOn(config=config, validate_config=False)
            found: dict[str, Any] = json.loads(tap.catalog_json_text)
            tap.run.close()
        return found

    def test(self) -> None:
        """Let the tap test the connection."""
        nowhere = redirect_stdout(io.TextIOWrapper(io.BytesIO()))
        with signals_kept(), _log_kept(), self._pauses_skipped(), nowhere:
            TapActOn(config=self.config()).test()

    def config(self, **settings: Any) -> dict[str, Any]:
        """Give a configuration for the sandbox.

        Args:
            **settings: Settings that differ.

        Returns:
            The configuration.
        """
        return {**config_of(self.sandbox), **settings}

    def next_day(self, days: int = 1) -> None:
        """Let days pass, for the account and for the tap.

        Args:
            days: How many.
        """
        for _ in range(days):
            self.sandbox.next_day()
            self.let_pass(24 * 3600)

    def let_pass(self, seconds: float) -> None:
        """Let time pass, for tokens and limits too.

        Args:
            seconds: How much.
        """
        self.time.shift(seconds)
        self.sandbox.clock.advance(seconds)

    @contextmanager
    def at_call(self, number: int, action: Callable[[], object]) -> Iterator[None]:
        """Let something happen in the middle of a run.

        Args:
            number: After how many calls, those of earlier runs included.
            action: What happens then.

        Yields:
            Once.
        """
        journal = self.sandbox.requests
        append = journal.append
        not_yet = threading.Lock()

        def append_and_act(request: SeenRequest) -> None:
            append(request)
            # Calls side by side may each find that it is time.
            if len(journal) >= number and not_yet.acquire(blocking=False):
                action()

        with patch.object(journal, "append", append_and_act):
            yield

    def _pauses_skipped(self) -> AbstractContextManager[object]:
        def skip(stop: StopSignal, seconds: float) -> None:
            self.let_pass(seconds)
            stop.check()

        return nullcontext() if self.waits else patch.object(StopSignal, "pause", skip)


def config_of(sandbox: Sandbox) -> dict[str, Any]:
    """Give a configuration that reaches a sandbox, and does not hold itself back.

    Args:
        sandbox: The sandbox.

    Returns:
        The configuration.
    """
    known = sandbox.credentials
    return {
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "username": known.username,
        "password": known.password,
        "api_url": sandbox.url,
        "token_store": "memory",
        "requests_per_second": 100_000,
        "daily_request_limit": 10_000_000,
        # What is logged must not depend on how fast a test is.
        "progress": "off",
    }


def catalog(
    streams: Collection[str] = (),
    without: Collection[tuple[str, str]] = (),
    full_table: Collection[str] = (),
    discovered: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Make a catalog.

    Args:
        streams: The streams to select; all if none is named.
        without: Columns to deselect, as pairs of stream and column.
        full_table: Incremental streams to read whole.
        discovered: The catalog as the tap discovered it; by default without an account.

    Returns:
        The catalog, with the selection made.
    """
    made: dict[str, Any] = json.loads(
        json.dumps(discovered) if discovered else _discovered_catalog()
    )
    # A stream that is not in a catalog is not selected, and takes no time.
    made["streams"] = [
        stream for stream in made["streams"] if not streams or stream["tap_stream_id"] in streams
    ]
    for stream in made["streams"]:
        name = stream["tap_stream_id"]
        if name in full_table:
            stream["replication_method"] = "FULL_TABLE"
        for entry in stream["metadata"]:
            match entry["breadcrumb"]:
                case []:
                    entry["metadata"]["selected"] = True
                case ["properties", column] if (name, column) in without:
                    entry["metadata"]["selected"] = False
    return made


@cache
def _discovered_catalog() -> str:
    with signals_kept():
        return json.dumps(
            TapActOn(config={"optional_streams": ["*"]}, validate_config=False).catalog_dict
        )


def command(
    *arguments: str | Path, env: Mapping[str, str] | None = None, timeout: float = 50
) -> subprocess.CompletedProcess[str]:
    """Run the tap as a command, to its end.

    Args:
        *arguments: Its arguments.
        env: Variables of its environment.
        timeout: Seconds that it may take.

    Returns:
        How it ended, and what it wrote.
    """
    return subprocess.run(
        command_line(*arguments),
        cwd=PROJECT,
        env=environment(env),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def command_line(*arguments: str | Path) -> list[str]:
    """Give the command that runs the tap.

    Args:
        *arguments: Its arguments.

    Returns:
        The command.
    """
    return [sys.executable, "-m", "tap_acton", *map(str, arguments)]


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give an environment without settings of the tap, other than those given.

    Args:
        env: The variables to add.

    Returns:
        The environment.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("TAP_ACTON")}
    return {**own, **(env or {})}


def union(outputs: Iterable[Output]) -> dict[str, dict[tuple[Any, ...], Record]]:
    """Give what a warehouse holds after some runs, each upserted by key.

    Args:
        outputs: What the runs wrote, the earliest first.

    Returns:
        By stream the records by key.
    """
    held: dict[str, dict[tuple[Any, ...], Record]] = {stream: {} for stream in KEYS}
    for output in outputs:
        unknown = output.records.keys() - held.keys()
        assert not unknown, f"{', '.join(sorted(unknown))}: {REGISTER}"
        for stream, records in output.records.items():
            held[stream] |= by_key(stream, records)
    return held


def data_without_times(output: Output) -> bytes:
    """Give the output without the timestamps at which the tap extracted each record.

    Args:
        output: What a run wrote.

    Returns:
        The same lines, each without ``time_extracted``.
    """
    lines = [
        json.dumps({name: value for name, value in message.items() if name != "time_extracted"})
        for message in output.messages
    ]
    return "\n".join(lines).encode()


@contextmanager
def signals_kept() -> Iterator[None]:
    """Put the handlers of signals back that a tap made inside replaces by its own.

    Yields:
        Once.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)


@contextmanager
def _log_kept() -> Iterator[io.StringIO]:
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(logging.Formatter("| %(levelname)s | %(name)s | %(message)s"))
    logger = logging.getLogger("tap-acton")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield kept
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
