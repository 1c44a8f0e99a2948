"""`tap-acton-sandbox`, or `python -m acton_sandbox`: run the sandbox until it is stopped."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from acton_sandbox.account import Account
from acton_sandbox.limits import Limits
from acton_sandbox.many_accounts import ManyAccounts
from acton_sandbox.oauth import Credentials
from acton_sandbox.replay import MOST_ROWS, CaptureError, Replay
from acton_sandbox.sandbox import Sandbox
from acton_sandbox.settings import instructions
from acton_sandbox.size import Size
from acton_sandbox.sizes import SIZES
from acton_sandbox.timestamps import START
from acton_sandbox.truth import counts_of
from acton_sandbox.view import EDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

_LAST_PORT = 65_535
_MOST_ACCOUNTS = 999
_LAST_YEAR = 2100
"""The account's history grows with every day; that of a year far away would fill the memory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if reason := _without_effect(options, parser):
        parser.error(reason)
    try:
        answers = Replay.of_file(options.replay, options.rows) if options.replay else None
    except CaptureError as error:
        sys.stderr.write(f"cannot replay: {error}\n")
        return 1
    # Working the account out can take minutes, and needs no orderly end.
    _on_signals(signal.SIG_DFL)
    sandbox = _sandbox(options, answers)
    if isinstance(sandbox, Sandbox) and answers is None:
        # Counting works everything out now, so that the first answers are as fast as the others.
        counts_of(sandbox.account)
    stopped = Event()
    _on_signals(lambda *_: stopped.set())
    try:
        sandbox.start()
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error}\n")
        return 1
    try:
        if options.ready_file:
            _announce(options.ready_file, sandbox.url)
    except OSError as error:
        sandbox.stop()
        sys.stderr.write(f"cannot write {options.ready_file}: {error.strerror}\n")
        return 1
    if not sandbox.is_private:
        sys.stderr.write(
            "Other machines can reach the sandbox and its controls, without a token.\n"
        )
    first = sandbox if isinstance(sandbox, Sandbox) else sandbox.service(sandbox.users[0])
    sys.stdout.write(instructions(first, sandbox.url))
    if isinstance(sandbox, ManyAccounts):
        sys.stdout.write(
            f"The user decides the account: {sandbox.users[0]} to {sandbox.users[-1]}.\n"
        )
    sys.stdout.flush()
    stopped.wait()
    sandbox.stop()
    return 0


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _sandbox(options: argparse.Namespace, answers: Replay | None) -> Sandbox | ManyAccounts:
    limits = Limits(
        requests_per_second=options.requests_per_second,
        requests_per_day=options.requests_per_day,
        logins_per_hour=options.logins_per_hour,
    )
    now = options.now or datetime.now(UTC)

    def account(number: int = 1) -> Account:
        seed, measures = options.seed + number - 1, dict(options.measure)
        return Account.generate(seed=seed, size=options.size, now=now, **measures)

    served: dict[str, Any] = {
        "edition": options.edition,
        "limits": None if options.no_limits else limits,
        "credentials": Credentials(
            client_id=options.client_id,
            client_secret=options.client_secret,
            username=options.username,
            password=options.password,
        ),
        "host": options.host,
        "port": options.port,
    }
    if options.accounts:
        return ManyAccounts(options.accounts, account, **served)
    return Sandbox(account(), answers=answers, **served)


def _announce(path: Path, url: str) -> None:
    # Renamed into place, so that whoever waits for the file never reads half of it.
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps({"url": url}), encoding="utf-8")
    unfinished.replace(path)


def _parser() -> argparse.ArgumentParser:
    known, limits = Credentials(), Limits()
    parser = argparse.ArgumentParser(
        prog="tap-acton-sandbox",
        description="An Act-On API with a generated account behind it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=_port, default=8321, help="port to listen on, 0 for any free one")
    add("--seed", type=int, default=7, help="another seed is another account")
    add(
        "--accounts",
        type=_accounts,
        default=0,
        metavar="NUMBER",
        help="serve so many accounts, of users user-001@example.com and so on, from the seed on",
    )
    add("--size", choices=SIZES, default="demo", help="how much the account holds")
    add(
        "--measure",
        type=_measure,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="measure of the size to override, such as messages=10000",
    )
    add("--edition", choices=EDITIONS, default="2024", help="documentation edition of the keys")
    add(
        "--now",
        type=_timestamp,
        help="the account's current time, ISO 8601; by default the real one",
    )
    add(
        "--replay",
        type=Path,
        metavar="FILE",
        help="capture of an account to answer as, in place of the generated one",
    )
    add("--rows", type=_rows, default=0, help="rows to answer where a capture has pages")
    add("--ready-file", type=Path, help="file to write the address to, as JSON, when listening")
    add("--no-limits", action="store_true", help="enforce no limits")
    for name in ("requests_per_second", "requests_per_day", "logins_per_hour"):
        flag = f"--{name.replace('_', '-')}"
        add(flag, type=int, default=getattr(limits, name), help="limit to enforce")
    for name in ("client_id", "client_secret", "username", "password"):
        flag = f"--{name.replace('_', '-')}"
        add(flag, default=getattr(known, name), help="what the sandbox accepts")
    return parser


def _without_effect(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return why an option would be ignored, or an empty text if none would be."""
    given = {name for name, held in vars(options).items() if held != parser.get_default(name)}
    if "rows" in given and "replay" not in given:
        return "--rows has no effect without --replay"
    if given >= {"edition", "replay"}:
        return "--edition has no effect with --replay, which has the names of the capture"
    if given >= {"accounts", "replay"}:
        return "--accounts has no effect with --replay, which has one account"
    if given >= {"accounts", "username"}:
        return "--username has no effect with --accounts, which names the users itself"
    return ""


def _measure(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    known = [field.name for field in fields(Size) if "int" in str(field.type).split("[")[0]]
    if name not in known or not number.isdecimal():
        choices = ", ".join(f"{name}=NUMBER" for name in known)
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {choices}")
    return name, int(number)


def _port(text: str) -> int:
    return _number(text, 0, _LAST_PORT)


def _accounts(text: str) -> int:
    return _number(text, 1, _MOST_ACCOUNTS)


def _rows(text: str) -> int:
    return _number(text, 1, MOST_ROWS)


def _number(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
    return int(text)


def _timestamp(text: str) -> datetime:
    timestamp = datetime.fromisoformat(text)
    timestamp = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    is_near = START.year <= timestamp.year <= _LAST_YEAR
    if not is_near or timestamp.astimezone(UTC).date() <= START:
        raise argparse.ArgumentTypeError(f"{text} is not between {START} and {_LAST_YEAR}")
    return timestamp


if __name__ == "__main__":
    sys.exit(main())
