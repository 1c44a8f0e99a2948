"""The server that everything is measured with: as cheap as possible, in its own process.

It follows the Act-On reference, 2024 edition: logins, the listing and the download of a list in
JSON and CSV, messages, their reports and drilldowns. It can be slow, and it can limit the calls
per second, counted by its own clock: calls above the limit get status 429.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from benchmarks import account
from benchmarks.account import LIST_ID, Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COUNTS_PATH = "/counts"
"""Reports the calls since the previous report; not counted itself."""

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Server:
    """Answers calls.

    Args:
        data: The account.
        latency: Seconds per round trip.
        rate: Calls allowed in any second; 0 for no limit.
    """

    def __init__(self, data: Account, latency: float = 0, rate: int = 0) -> None:
        self._data = data
        self._latency = latency
        self._rate = rate
        self._allowed: deque[float] = deque(maxlen=rate or 1)
        self._counts: Counter[str] = Counter()
        self._times: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until it is closed."""
        try:
            while True:
                head = await reader.readuntil(_HEAD_END)
                if (at := head.lower().find(_LENGTH)) >= 0:
                    await reader.readexactly(int(head[at + len(_LENGTH) :].split(b"\r", 1)[0]))
                path, _, query = head.split(b" ", 2)[1].decode("ascii").partition("?")
                for piece in await self._answer(path, dict(parse_qsl(query))):
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, query: Mapping[str, str]) -> Iterator[bytes]:
        if path == COUNTS_PATH:
            return iter((_whole(200, self._report()),))
        if self._latency:
            await asyncio.sleep(self._latency / 2)
        is_allowed = self._count(time.monotonic())
        if self._latency:
            await asyncio.sleep(self._latency / 2)
        if not is_allowed:
            return iter((_whole(429, account.failure(429, "Too many calls")),))
        if path == f"/api/1/list/{LIST_ID}" and query.get("responseformat") == "CSV":
            return _chunked(self._data.list_csv())
        body = self._body(path.strip("/").split("/"), query)
        if body is None:
            return iter((_whole(404, account.failure(10004, "Unknown")),))
        return iter((_whole(200, body),))

    def _body(self, path: list[str], query: Mapping[str, str]) -> bytes | None:
        offset, count = int(query.get("offset", 0)), int(query.get("count", account.PAGE))
        data = self._data
        match path:
            case ["token"]:
                body = account.token()
            case ["api", "1", "account"]:
                body = account.account()
            case ["api", "1", "list"]:
                body = data.listing()
            case ["api", "1", "list", list_id] if list_id == LIST_ID:
                body = data.list_page(offset, count)
            case ["api", "1", "message"]:
                body = data.message_page(query.get("type", "SENT"), offset, count)
            case ["api", "1", "message", message, "report"]:
                body = data.report(account.message_number(message))
            case ["api", "1", "message", message, "report", kind] if kind in account.SHARES:
                body = data.drilldown(account.message_number(message), kind, offset)
            case _:
                return None
        return body

    def _count(self, now: float) -> bool:
        """Count a call; return whether it is allowed."""
        self._counts["calls"] += 1
        self._times.append(now)
        if self._rate:
            if len(self._allowed) == self._rate and now - self._allowed[0] < 1:
                self._counts["refused"] += 1
                return False
            self._allowed.append(now)
        return True

    def _report(self) -> bytes:
        seconds = self._times[-1] - self._times[0] if self._times else 0
        report = {"calls": self._counts["calls"], "refused": self._counts["refused"]}
        self._counts.clear()
        self._times.clear()
        return json.dumps({**report, "seconds": seconds}).encode()


def _whole(status: int, body: bytes) -> bytes:
    """Assemble a response."""
    head = (
        f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


def _chunked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Assemble a response of unknown length."""
    yield b"HTTP/1.1 200 -\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


async def _run(server: Server) -> None:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


def main() -> None:
    """Serve until the process ends; the port is the only line of output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=0, help="rows of the list")
    parser.add_argument("--messages", type=int, default=0, help="sent messages")
    parser.add_argument(
        "--recipients", type=int, default=account.FEW_RECIPIENTS, help="of each message"
    )
    parser.add_argument("--latency", type=float, default=0, help="seconds that a call takes")
    parser.add_argument(
        "--rate", type=int, default=0, help="calls allowed per second; 0 for no limit"
    )
    options = parser.parse_args()
    data = Account(options.rows, options.messages, options.recipients)
    asyncio.run(_run(Server(data, options.latency, options.rate)))


if __name__ == "__main__":
    main()
