"""The server of the sandbox, on its own."""

from __future__ import annotations

import gc
import socket
import sys
from typing import TYPE_CHECKING

from starlette.responses import Response

from acton_sandbox.server import ThreadedServer, listening_socket

if TYPE_CHECKING:
    import pytest

LARGE = Response(b"x" * 20_000_000)


def test_an_answer_that_nobody_takes_does_not_outlive_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_open: list[object] = []
    listener = listening_socket("127.0.0.1", 0)
    server = ThreadedServer(LARGE, listener)
    server.start()
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(1)
        server.stop()
        monkeypatch.setattr(sys, "unraisablehook", left_open.append)
        gc.collect()

    assert left_open == []
