"""Uvicorn in a thread, stopping at once."""

from __future__ import annotations

import asyncio
import socket
from threading import Event as ThreadEvent
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from acton_sandbox.transport import OpenProtocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

_PATIENCE = 10.0
_GRACE = 1.0
_TURNS = 5
_BACKLOG = 512
_IDLE = 75
"""Seconds for which an idle connection is kept, long enough for a client that is busy."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address.

    Raises:
        OSError: The address is taken or is not one of this machine.
    """
    # With the protocol named, asyncio switches Nagle's algorithm off on every connection;
    # otherwise an answer of two writes waits 40 ms for the other end's acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class ThreadedServer:
    """Serves an application on a socket, in a thread of its own."""

    def __init__(self, application: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            http=OpenProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_IDLE,
        )
        self._server = _PromptServer(config)
        self._thread = Thread(
            target=self._server.run, args=([listener],), name="acton-sandbox", daemon=True
        )

    def start(self) -> None:
        """Start serving, and return once requests are answered."""
        self._thread.start()
        if not self._server.serving.wait(_PATIENCE):
            raise RuntimeError("the sandbox did not come up")

    def stop(self) -> None:
        """Stop serving, and return once the thread has ended."""
        self._server.stop()
        self._thread.join(_PATIENCE)


class _PromptServer(uvicorn.Server):
    """A server that stops at once, where Uvicorn's own checks ten times a second.

    Two tenths of a second count when every test has a sandbox of its own.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = ThreadEvent()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        ticks = asyncio.create_task(super().main_loop())
        # The first tick sets the headers of every answer.
        await asyncio.sleep(0)
        self.serving.set()
        await self._stopping.wait()
        ticks.cancel()

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        for listener in sockets or ():
            self._loop.remove_reader(listener)
        # A client that has just been let in becomes a connection in one of the next turns, and
        # asyncio leaves its socket open if the server is closed by then.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=_GRACE)
            self._abort_connections()
            if late:
                await asyncio.wait(late, timeout=_GRACE)
        self._abort_connections()
        # Transports close in the loop's next turn.
        await asyncio.sleep(0)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
