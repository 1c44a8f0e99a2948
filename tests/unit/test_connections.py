"""No host holds a call for longer than it takes, and a stop holds for nobody."""

from __future__ import annotations

import io
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest
import requests

from tap_acton.api.connections import SLOWEST_RATE, TimelyReader
from tap_acton.api.transport import connections_of, new_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

TIMEOUT = 60.0


class Host(io.RawIOBase):
    """Sends pieces, each within some seconds of a clock that stands still otherwise."""

    def __init__(self, piece: int, seconds: float, length: int) -> None:
        self.now = 0.0
        self.timeout: float | None = TIMEOUT
        self.timeouts: list[float] = []
        self._piece, self._seconds, self._left = piece, seconds, length

    def readinto(self, buffer: Buffer) -> int:
        number = min(self._piece, self._left, len(memoryview(buffer)))
        self.now += self._seconds * number / self._piece
        self._left -= number
        return number

    def gettimeout(self) -> float | None:
        return self.timeout

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def read_whole(self) -> int:
        reader = TimelyReader(
            self, cast("socket.socket", self), on_close=lambda _: None, clock=lambda: self.now
        )
        return len(io.BufferedReader(reader).read())


@pytest.mark.parametrize(
    ("piece", "seconds"), [(1, 59), (1, 1), (100, 30), (SLOWEST_RATE - 1, 2), (2**16, 90)]
)
def test_a_host_that_drips_is_given_up(piece: int, seconds: float) -> None:
    host = Host(piece, seconds, length=2**24)
    with pytest.raises(TimeoutError):
        host.read_whole()
    # What came at the slowest rate counts, and the last piece may be late.
    assert host.now < TIMEOUT + 2 * 90 + 200


@pytest.mark.parametrize(("piece", "seconds"), [(2**16, 6), (SLOWEST_RATE, 1), (2**16, 0)])
def test_a_file_has_as_long_as_it_keeps_coming(piece: int, seconds: float) -> None:
    host = Host(piece, seconds, length=2**24)
    assert host.read_whole() == 2**24
    assert min(host.timeouts) > 0
    assert max(host.timeouts) <= TIMEOUT


def test_without_a_timeout_there_is_no_deadline() -> None:
    host = Host(1, 3600, length=100)
    host.timeout = None
    assert host.read_whole() == 100
    assert host.timeouts == []


BEGINNINGS = {
    "nothing": b"",
    "half the headers": b"HTTP/1.1 200 OK\r\nContent-",
    "half the body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    "half of one that closes": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc",
}


@pytest.fixture(params=[*BEGINNINGS.values()], ids=[*BEGINNINGS])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a host that begins to answer and says no more."""
    accepted: list[socket.socket] = []

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                accepted.append(connection)
                connection.recv(2**16)
                connection.sendall(request.param)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        # It may be about to accept one more.
        thread.join(timeout=10)
    for connection in accepted:
        connection.close()


def test_a_stop_ends_the_wait_for_an_answer_at_once(url: str) -> None:
    session = new_session("test", 1)
    waits = threading.Event()

    def wait_for_answer() -> None:
        with (
            suppress(requests.RequestException),
            session.get(url, timeout=30, stream=True) as response,
        ):
            response.content  # noqa: B018 - reads it

    thread = threading.Thread(target=wait_for_answer)
    connections = connections_of(session)
    add = connections.add

    def noted(sock: socket.socket) -> None:
        add(sock)
        waits.set()

    connections.add = noted  # type: ignore[method-assign] # to count
    thread.start()
    assert waits.wait(20)
    connections.abort()
    thread.join(20)
    assert not thread.is_alive()

    # A call that begins only now does not wait either.
    again = threading.Thread(target=wait_for_answer)
    again.start()
    again.join(20)
    assert not again.is_alive()
