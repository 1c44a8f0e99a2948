"""What is measured: the tap, and other ways to read the same from the same server."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.account import FEW_RECIPIENTS, LIST_ID, MANY_RECIPIENTS, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROJECT = Path(__file__).parents[2]

LIST_MEMBERS = "list_members"
LIST_STREAM = "list_everybody"
MESSAGE_EVENTS = "message_events"

MOST_BY_PARENT = 10_000
"""So many records a tap is to read that writes a state of all parents after each of them."""

UNLIMITED: Mapping[str, Any] = {
    "requests_per_second": 100_000,
    "daily_request_limit": 100_000_000,
    "token_store": "memory",
}
"""Settings with which the processor is the limit."""


@dataclass(frozen=True)
class Contender:
    """A way to read a stream.

    Attributes:
        name: What it is called in the tables.
        environment: The virtual environment that it needs; empty for the one that runs this.
        command: Gives the command behind the interpreter, for the address of the server and a
            folder of its own, after it has put there what it needs.
        mark: What a line of the output that is a record has in it.
        written: Which files below the folder hold the records; empty where these go to the
            standard output.
        most_records: With more than that it takes no part; None for any number.
    """

    name: str
    environment: str
    command: Callable[[str, Path], list[str]]
    mark: bytes
    written: str = ""
    most_records: int | None = None

    @property
    def python(self) -> Path:
        """The interpreter to run it with."""
        if not self.environment:
            return Path(sys.executable)
        return PROJECT / f".venv-bench-{self.environment}" / "bin" / "python"

    @property
    def is_installed(self) -> bool:
        """Whether its environment is there."""
        return self.python.exists()


@dataclass(frozen=True)
class Subject:
    """What is read.

    Attributes:
        title: What it is called in the tables.
        contenders: The ways to read it.
        recipients: How many each message has gone out to; 0 where a list is read.
    """

    title: str
    contenders: tuple[Contender, ...]
    recipients: int = 0

    def size(self, records: int) -> tuple[int, dict[str, int]]:
        """Tell how large the account is.

        Args:
            records: About how many records it is to have.

        Returns:
            How many it has, and what the server has to be told.
        """
        if not self.recipients:
            return records, {"rows": records}
        per_message = sum(events_of(self.recipients).values())
        messages = max(1, records // per_message)
        return messages * per_message, {"messages": messages, "recipients": self.recipients}


def tap(name: str, stream: str, **settings: Any) -> Contender:
    """Describe a run of the tap.

    Args:
        name: What it is called in the tables.
        stream: The stream that is read.
        **settings: Settings besides those of the login.

    Returns:
        The contender.
    """

    def command(url: str, folder: Path) -> list[str]:
        config, catalog = tap_files(url, folder, (stream,), **settings)
        return ["-m", "tap_acton", "--config", str(config), "--catalog", str(catalog)]

    return Contender(name, "", command, b'{"type":"RECORD"')


def tap_files(
    url: str, folder: Path, streams: tuple[str, ...], **settings: Any
) -> tuple[Path, Path]:
    """Write the configuration of a run of the tap, and a catalog with its selection.

    Args:
        url: Where the server listens.
        folder: Where the files go.
        streams: The streams that are read.
        **settings: Settings besides those of the login.

    Returns:
        The two files.
    """
    config, catalog = folder / "config.json", folder / "catalog.json"
    login = {
        "api_url": url,
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "username": "reader@example.com",
        "password": "sandbox-password",
    }
    config.write_text(json.dumps({**login, **settings}), encoding="utf-8")
    discovered = subprocess.run(
        [sys.executable, "-m", "tap_acton", "--config", config, "--discover"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    found = json.loads(discovered.stdout)
    for entry in found["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in streams
    catalog.write_text(json.dumps(found), encoding="utf-8")
    return config, catalog


def plain_sdk(stream: str, *, has_partitions: bool = False) -> Contender:
    """Describe a plain tap of the Singer SDK.

    Args:
        stream: The stream that is read.
        has_partitions: Whether the state has a part for each parent, as it has unless a
            stream says otherwise. It grows with them, and is written after each of them.

    Returns:
        The contender.
    """

    def command(url: str, folder: Path) -> list[str]:
        config = folder / "config.json"
        given = {"api_url": url, "stream": stream, "has_partitions": has_partitions}
        config.write_text(json.dumps(given), encoding="utf-8")
        return [_program("plain_sdk"), "--config", str(config)]

    name = b"events" if stream == MESSAGE_EVENTS else b"contacts"
    mark = b'{"type":"RECORD","stream":"' + name
    if has_partitions:
        return Contender(
            "plain singer-sdk, state by parent", "", command, mark, most_records=MOST_BY_PARENT
        )
    return Contender("plain singer-sdk", "", command, mark)


def airbyte(stream: str) -> Contender:
    """Describe a declarative source of Airbyte's CDK.

    Args:
        stream: The stream that is read.

    Returns:
        The contender.
    """
    return Contender(
        "Airbyte CDK, declarative",
        "airbyte",
        lambda url, folder: [_program("airbyte"), url, stream, str(folder)],
        b'{"type":"RECORD"',
    )


def dlt(stream: str) -> Contender:
    """Describe dlt's REST source.

    Args:
        stream: The stream that is read.

    Returns:
        The contender.
    """
    return Contender(
        "dlt, REST source",
        "dlt",
        lambda url, folder: [_program("dlt_rest"), url, stream, str(folder)],
        b"{",
        f"written/acton/{stream}/*.jsonl",
    )


def bare(stream: str, way: str, name: str) -> Contender:
    """Describe a bare loop.

    Args:
        stream: The stream that is read.
        way: How it decodes and encodes.
        name: What it is called in the tables.

    Returns:
        The contender.
    """
    return Contender(name, "", lambda url, _: [_program("bare"), url, stream, way], b"{")


def _program(name: str) -> str:
    return str(Path(__file__).with_name(f"{name}.py"))


EVENTS = (
    tap("tap-acton, message_events", MESSAGE_EVENTS, **UNLIMITED),
    plain_sdk(MESSAGE_EVENTS),
    plain_sdk(MESSAGE_EVENTS, has_partitions=True),
    airbyte(MESSAGE_EVENTS),
    dlt(MESSAGE_EVENTS),
    bare(MESSAGE_EVENTS, "json", "bare loop, requests and json"),
    bare(MESSAGE_EVENTS, "msgspec", "bare loop, requests and msgspec"),
)

SUBJECTS = (
    Subject(
        "The rows of a list",
        (
            tap("tap-acton, list_members", LIST_MEMBERS, bulk_format="json", **UNLIMITED),
            tap("tap-acton, list_members, CSV", LIST_MEMBERS, bulk_format="csv", **UNLIMITED),
            tap(
                "tap-acton, single-list stream",
                LIST_STREAM,
                bulk_format="json",
                list_streams=[LIST_ID],
                **UNLIMITED,
            ),
            tap(
                "tap-acton, single-list stream, CSV",
                LIST_STREAM,
                bulk_format="csv",
                list_streams=[LIST_ID],
                **UNLIMITED,
            ),
            plain_sdk(LIST_MEMBERS),
            airbyte(LIST_MEMBERS),
            dlt(LIST_MEMBERS),
            bare(LIST_MEMBERS, "json", "bare loop, requests and json"),
            bare(LIST_MEMBERS, "msgspec", "bare loop, requests and msgspec"),
            bare(LIST_MEMBERS, "csv", "bare loop, CSV"),
        ),
    ),
    Subject("The events of messages to 50", EVENTS, FEW_RECIPIENTS),
    Subject("The events of messages to 500", EVENTS, MANY_RECIPIENTS),
)
"""What is compared; the first of each is what the others are compared with."""
