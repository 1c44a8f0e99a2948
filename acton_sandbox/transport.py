"""Access to the socket below a request, which ASGI does not give and real faults need."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from acton_sandbox.answers import Answer

_STATE_KEY = "transport"
_PIECES = 4
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class OpenProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1, with the connection's transport in the state of every request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the transport where the application finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _STATE_KEY: transport}


def _transport(scope: Scope) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["state"][_STATE_KEY])


async def _closed(receive: Receive) -> None:
    """Wait until the server notices that the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def wait(seconds: float, receive: Receive) -> None:
    """Let some time pass, or less if the other end gives up."""
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(_closed(receive), seconds)


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection: the other end sees no answer at all."""
    transport = _transport(scope)
    # Without lingering, closing a socket sends RST instead of an orderly FIN.
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
    )
    transport.abort()
    await _closed(receive)


async def send(answer: Answer, send_event: Send) -> None:
    """Send an answer."""
    await send_event(_start(answer))
    await send_event({"type": "http.response.body", "body": answer.body})


async def send_half(answer: Answer, scope: Scope, receive: Receive, send_event: Send) -> None:
    """Announce the whole answer, send half of it and close the connection."""
    await send_event(_start(answer))
    half = answer.body[: len(answer.body) // 2]
    await send_event({"type": "http.response.body", "body": half, "more_body": True})
    _transport(scope).close()
    await _closed(receive)


async def send_slowly(answer: Answer, delay: float, receive: Receive, send_event: Send) -> None:
    """Send an answer in a few pieces, some time before each."""
    await send_event(_start(answer))
    length = len(answer.body) // _PIECES + 1
    for place in range(0, length * _PIECES, length):
        await wait(delay, receive)
        piece = answer.body[place : place + length]
        await send_event({"type": "http.response.body", "body": piece, "more_body": True})
    await send_event({"type": "http.response.body", "body": b""})


def _start(answer: Answer) -> dict[str, object]:
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode("latin-1")),
    ]
    headers.extend((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers)
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
