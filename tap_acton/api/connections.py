"""Connections that no host can hold open for longer than it takes, and that a stop closes.

The timeout of a socket begins anew with each byte, so a host that sends one byte a minute would
hold a call for ever. Here all of a response, headers included, has to keep coming.
"""

from __future__ import annotations

import io
import socket
import time
from contextlib import suppress
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer
    from urllib3.connectionpool import ConnectionPool

SLOWEST_RATE = 10_000
"""How many bytes a second a response brings at least, once the timeout has passed.

A page of a thousand rows has minutes, and a CSV file has as long as it needs at that rate.
"""


class Connections:
    """The responses that are under way over the connections of a session."""

    def __init__(self) -> None:
        self._sockets: set[socket.socket] = set()
        self._is_over = False

    def watch(self, pool: ConnectionPool) -> None:
        """Watch the connections that a pool opens from now on."""
        kind: Any = pool.ConnectionCls  # type: ignore[attr-defined] # both kinds of pools have it
        if not hasattr(kind, "connections"):
            response = type("_Response", (TimelyResponse,), {"connections": self})
            watched = type(
                "_Connection", (kind,), {"connections": self, "response_class": response}
            )
            pool.ConnectionCls = watched  # type: ignore[attr-defined] # as above

    def abort(self) -> None:
        """Break all of them, and those that are still to come; safe in a signal handler.

        Whoever waits for one gets an error at once.
        """
        self._is_over = True
        for sock in list(self._sockets):
            _shut(sock)

    def add(self, sock: socket.socket) -> None:
        """Take note that a response is awaited."""
        self._sockets.add(sock)
        if self._is_over:
            _shut(sock)

    def discard(self, sock: socket.socket) -> None:
        """Take note that a response is over."""
        self._sockets.discard(sock)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        # Not the method of a TLS socket, which would break off in the middle of another thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class TimelyResponse(HTTPResponse):
    """A response that has to keep coming.

    Attributes:
        connections: Those that it is one of.
    """

    connections: ClassVar[Connections]

    def __init__(self, sock: socket.socket, *options: Any, **more: Any) -> None:
        super().__init__(sock, *options, **more)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(TimelyReader(raw, sock, self.connections.discard))
        self.connections.add(sock)


class TimelyReader(io.RawIOBase):
    """Reads from a socket until its timeout, and what came at the slowest rate, have passed.

    Args:
        raw: What reads.
        sock: The socket that it reads from.
        on_close: Is called with the socket once nothing more is read.
        clock: Returns seconds.
    """

    def __init__(
        self,
        raw: io.RawIOBase,
        sock: socket.socket,
        on_close: Callable[[socket.socket], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._raw = raw
        self._sock = sock
        self._on_close = on_close
        self._clock = clock
        self._timeout = sock.gettimeout()
        self._begun_at = clock()
        self._received = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        """Read some bytes.

        Raises:
            TimeoutError: If they do not come in time.
        """
        if self._timeout is not None:
            allowed = self._timeout + self._received / SLOWEST_RATE
            left = allowed - (self._clock() - self._begun_at)
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(min(left, self._timeout))
        number: int | None = self._raw.readinto(buffer)
        self._received += number or 0
        return number

    def close(self) -> None:
        """Let go of the socket."""
        self._on_close(self._sock)
        self._raw.close()
        super().close()
