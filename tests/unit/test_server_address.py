"""Addresses of servers: what they come to, and which of them tokens are not sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.settings.server_address import ServerAddress, ServerKind, is_server_address


def test_an_address_is_taken_apart() -> None:
    found = ServerAddress.parse(
        "postgresql://p%40t:a%2Fb%3Ac@db.example.com:5433/work?sslmode=require&sslrootcert=/ca.pem"
    )

    assert found == ServerAddress(
        kind=ServerKind.POSTGRESQL,
        host="db.example.com",
        port=5433,
        database="work",
        user="p@t",
        password="a/b:c",
        is_secure=True,
        ca_file="/ca.pem",
    )


@pytest.mark.parametrize(
    ("text", "port", "database", "is_secure"),
    [
        ("redis://localhost", 6379, "0", False),
        ("redis://[::1]:7000/3", 7000, "3", False),
        ("rediss://cache.example.com", 6379, "0", True),
        ("rediss://cache.example.com?ssl_ca_certs=ca.pem", 6379, "0", True),
        ("postgres://127.0.0.1/work", 5432, "work", False),
        ("postgres://127.0.0.1/work?sslmode=prefer", 5432, "work", False),
        ("postgres://127.0.0.1/work?sslmode=verify-full", 5432, "work", True),
        ("postgresql://db.example.com/work", 5432, "work", True),
        ("postgresql://db.example.com/work?sslmode=verify-ca", 5432, "work", True),
    ],
)
def test_what_an_address_leaves_out_is_added(
    text: str, port: int, database: str, *, is_secure: bool
) -> None:
    found = ServerAddress.parse(text)

    assert (found.port, found.database, found.is_secure) == (port, database, is_secure)
    assert (found.user, found.password) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "redis://cache.example.com",
        "redis://localhost.example.com",
        "redis://10.0.0.1",
        "redis://",
        "rediss://cache.example.com/name",
        "rediss://cache.example.com?ssl_cert_reqs=none",
        "rediss://cache.example.com?ssl_check_hostname=false",
        "rediss://cache.example.com#part",
        "rediss://cache.example.com:99999",
        "rediss://one,two.example.com",
        "redis+sentinel://localhost",
        "unix:///run/redis.sock",
        "mysql://localhost/work",
        "postgresql://db.example.com/work?sslmode=disable",
        "postgresql://db.example.com/work?sslmode=prefer",
        "postgresql://localhost/work?host=db.example.com",
        "postgresql://localhost/work?hostaddr=10.0.0.1",
        "postgresql://localhost/work?service=other",
        "postgresql://localhost/work?sslmode=require&sslmode=disable&sslcert",
        "postgresql://localhost,db.example.com/work",
        "postgresql:///work",
        "postgresql://localhost",
        "postgresql://[::1/work",
    ],
)
def test_what_is_no_safe_address_is_refused(text: str) -> None:
    assert is_server_address(text)
    with pytest.raises(ValueError, match=r".*"):
        ServerAddress.parse(text)


@given(st.text())
def test_any_text_is_an_address_or_refused(rest: str) -> None:
    for scheme in ("redis", "rediss", "postgresql"):
        try:
            found = ServerAddress.parse(f"{scheme}://{rest}")
        except ValueError:
            continue
        assert found.is_secure or found.host in {"localhost", "::1"} or found.host[:4] == "127."


def test_a_password_is_never_shown() -> None:
    found = ServerAddress.parse("rediss://pat:pass-word@cache.example.com")

    assert str(found) == "Redis server cache.example.com:6379"
    assert "pass-word" not in repr(found)
    assert "pat" not in repr(found)


@pytest.mark.parametrize("text", ["memory", "/var/lib/tap", "~/tokens", "C:\\tokens"])
def test_a_folder_is_no_address(text: str) -> None:
    assert not is_server_address(text)
