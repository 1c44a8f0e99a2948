"""What is measured: the tap, and other tools that read the same from the same server."""

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
"""The most records for a tap that writes a state of all messages after each of them."""

UNLIMITED: Mapping[str, Any] = {
    "requests_per_second": 100_000,
    "daily_request_limit": 100_000_000,
    "token_store": "memory",
}
"""Settings that leave the processor as the only limit."""


@dataclass(frozen=True)
class Contender:
    """A way to read a stream.

    Attributes:
        name: Its name in the tables.
        environment: The virtual environment that it needs; empty for the current one.
        command: Takes the server's URL and a folder, writes the files needed into the folder,
            and returns the arguments for the interpreter.
        mark: What every line of output that is a record contains.
        written: A pattern for the files in the folder that hold the records; empty if they go
            to standard output.
        most_records: It is left out above this number; None for no limit.
    """

    name: str
    environment: str
    command: Callable[[str, Path], list[str]]
    mark: bytes
    written: str = ""
    most_records: int | None = None

    @property
    def python(self) -> Path:
        """The Python interpreter that runs it."""
        if not self.environment:
            return Path(sys.executable)
        return PROJECT / f".venv-bench-{self.environment}" / "bin" / "python"

    @property
    def is_installed(self) -> bool:
        """Whether its environment is installed."""
        return self.python.exists()


@dataclass(frozen=True)
class Subject:
    """What is read.

    Attributes:
        title: Its name in the tables.
        contenders: The ways to read it.
        recipients: Recipients of each message; 0 if a list is read.
    """

    title: str
    contenders: tuple[Contender, ...]
    recipients: int = 0

    def size(self, records: int) -> tuple[int, dict[str, int]]:
        """Return the exact number of records for about so many, and the server's options."""
        if not self.recipients:
            return records, {"rows": records}
        per_message = sum(events_of(self.recipients).values())
        messages = max(1, records // per_message)
        return messages * per_message, {"messages": messages, "recipients": self.recipients}


def tap(name: str, stream: str, **settings: Any) -> Contender:
    """Return a run of the tap, with settings besides those of the login."""

    def command(url: str, folder: Path) -> list[str]:
        config, catalog = tap_files(url, folder, (stream,), **settings)
        return ["-m", "tap_acton", "--config", str(config), "--catalog", str(catalog)]

    return Contender(name, "", command, b'{"type":"RECORD"')


def tap_files(
    url: str, folder: Path, streams: tuple[str, ...], **settings: Any
) -> tuple[Path, Path]:
    """Write the tap's configuration and a catalog that selects the streams into the folder."""
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
    """Return a plain tap of the Singer SDK.

    Args:
        stream: The stream that is read.
        has_partitions: Whether the state has an entry for each message, the SDK's default. It
            grows with the messages, and is written after each of them.
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
    """Return a declarative source of Airbyte's CDK."""
    return Contender(
        "Airbyte CDK, declarative",
        "airbyte",
        lambda url, folder: [_program("airbyte"), url, stream, str(folder)],
        b'{"type":"RECORD"',
    )


def dlt(stream: str) -> Contender:
    """Return dlt's REST source."""
    return Contender(
        "dlt, REST source",
        "dlt",
        lambda url, folder: [_program("dlt_rest"), url, stream, str(folder)],
        b"{",
        f"written/acton/{stream}/*.jsonl",
    )


def bare(stream: str, way: str, name: str) -> Contender:
    """Return a bare loop that decodes and encodes in a way: json, msgspec or csv."""
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
"""What is compared; the first contender of each is the baseline."""
