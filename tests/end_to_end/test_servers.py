"""A server of one's own can take the place of the one that tests start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers import POSTGRES_URL, Postgres, postgres_server

if TYPE_CHECKING:
    import pytest


def test_the_server_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES_URL, "postgresql://me:a%2Fb@db.example.com:5433/work")
    with postgres_server() as server:
        assert server == Postgres("db.example.com", 5433, "me", "a/b", "work")


def test_what_libpq_connects_with_is_quoted() -> None:
    server = Postgres("localhost", 5432, "me", r"a'b\c d", "work")
    assert r"password='a\'b\\c d'" in server.conninfo
