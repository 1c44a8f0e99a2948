"""The servers that tests start are real ones, and one's own can take their place."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers import POSTGRES_URL, REDIS_URL, Postgres, postgres_server, valkey_server

if TYPE_CHECKING:
    import pytest


def test_valkey_answers_as_redis_does(redis_url: str) -> None:
    address = urlsplit(redis_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"SET test:servers 1 EX 60\r\nGET test:servers\r\n")
        answer = b""
        while answer.count(b"\r\n") < 3:
            answer += connection.recv(100)
    assert answer == b"+OK\r\n$1\r\n1\r\n"


def test_servers_of_the_environment_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES_URL, "postgresql://me:a%2Fb@db.example.com:5433/work")
    monkeypatch.setenv(REDIS_URL, "redis://cache.example.com:6379")
    with postgres_server() as server, valkey_server() as url:
        assert server == Postgres("db.example.com", 5433, "me", "a/b", "work")
        assert url == "redis://cache.example.com:6379"


def test_what_libpq_connects_with_is_quoted() -> None:
    server = Postgres("localhost", 5432, "me", r"a'b\c d", "work")
    assert r"password='a\'b\\c d'" in server.conninfo
