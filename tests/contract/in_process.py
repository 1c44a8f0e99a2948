"""Answers the tap's calls in its own process: no socket, no server, a half of the time.

What the sandbox would do to a connection becomes what ``requests`` makes of it.
"""

from __future__ import annotations

import io
from contextlib import contextmanager, nullcontext, suppress
from email.utils import formatdate
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import requests
import time_machine
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from acton_sandbox import Clock, Sandbox
from acton_sandbox.gateway import Gateway
from acton_sandbox.pages import own_pages
from tap_acton.sync import fan_out
from tests.contract.harness import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acton_sandbox import Account

URL = "http://127.0.0.1:9"
"""Where nobody listens."""


class _Connection:
    """Stands for the connection that the sandbox resets or closes.

    Attributes:
        is_reset: Whether the other end sees no answer.
    """

    def __init__(self) -> None:
        self.is_reset = False

    def get_extra_info(self, _: str) -> _Connection:
        return self

    def setsockopt(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        self.is_reset = True


class _NoThreads:
    """Runs what a pool of threads would run, at once."""

    def __init__(self, _: int) -> None:
        pass

    def submit(self, task: Callable[[], object]) -> None:
        task()

    def shutdown(self, **_: bool) -> None:
        pass


@contextmanager
def answering(sandbox: Sandbox, *, has_threads: bool = False) -> Iterator[None]:
    """Let a sandbox that has not been started answer all calls of this process.

    Args:
        sandbox: The sandbox.
        has_threads: Whether the tap makes its calls in threads, as it does outside of tests; the
            sandbox takes one after the other.

    Yields:
        Once.
    """
    gateway = Gateway(sandbox, own_pages(sandbox, ["*"]))
    one_by_one = Lock()

    def send(
        adapter: HTTPAdapter, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        with one_by_one:
            return _answered(gateway, adapter, request)

    no_threads = patch.object(fan_out, "ThreadPoolExecutor", _NoThreads)
    with (
        patch.object(HTTPAdapter, "send", send),
        nullcontext() if has_threads else no_threads,
        patch.object(sandbox, "url", URL),
    ):
        yield


@contextmanager
def bench_in_process(
    account: Account, *, has_threads: bool = False, **sandbox_settings: Any
) -> Iterator[Bench]:
    """Put an account behind a sandbox that answers in this process, at the account's own time.

    Args:
        account: The account.
        has_threads: Whether the tap makes its calls in threads: slower, but as it does outside.
        **sandbox_settings: What the sandbox takes.

    Yields:
        The bench.
    """
    clock = Clock(account.now, frozen=True)
    sandbox = Sandbox(account=account, clock=clock, **sandbox_settings)
    with (
        time_machine.travel(account.now, tick=False) as time,
        answering(sandbox, has_threads=has_threads),
    ):
        yield Bench(sandbox, time)


def _answered(
    gateway: Gateway, adapter: HTTPAdapter, request: requests.PreparedRequest
) -> requests.Response:
    parts, connection = urlsplit(str(request.url)), _Connection()
    body = request.body or b""
    events: list[dict[str, Any]] = []
    received = iter(({"body": body.encode() if isinstance(body, str) else body},))

    async def receive() -> Any:
        return {"type": "http.request", **next(received, {"type": "http.disconnect"})}

    async def keep(event: Any) -> None:
        events.append(event)

    scope: Any = {
        "type": "http",
        "method": request.method,
        "path": unquote(parts.path),
        "query_string": parts.query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in request.headers.items()],
        "client": ("127.0.0.1", 1),
        "state": {"transport": connection},
    }
    task = gateway(scope, receive, keep)
    with suppress(StopIteration):
        # Nothing is waited for, so one step takes it to its end.
        task.send(None)
    if connection.is_reset or not events:
        raise requests.ConnectionError(
            ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")),
            request=request,
        )
    start, *pieces = events
    raw = HTTPResponse(
        body=io.BytesIO(b"".join(piece["body"] for piece in pieces)),
        headers={
            "Date": formatdate(usegmt=True),
            **{name.decode(): value.decode() for name, value in start["headers"]},
        },
        status=start["status"],
        version=11,
        preload_content=False,
        decode_content=False,
        request_method=request.method,
    )
    return adapter.build_response(request, raw)
