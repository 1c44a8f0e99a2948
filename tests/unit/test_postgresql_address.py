"""Addresses of PostgreSQL servers: how they parse, and which of them get no tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.settings.postgresql_address import PostgresqlAddress, is_address


def test_an_address_is_taken_apart() -> None:
    found = PostgresqlAddress.parse(
        "postgresql://p%40t:a%2Fb%3Ac@db.example.com:5433/work?sslmode=require&sslrootcert=/ca.pem"
    )

    assert found == PostgresqlAddress(
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
        ("postgres://127.0.0.1/work", 5432, "work", False),
        ("postgresql://[::1]:7000/work", 7000, "work", False),
        ("postgres://127.0.0.1/work?sslmode=prefer", 5432, "work", False),
        ("postgres://127.0.0.1/work?sslmode=verify-full", 5432, "work", True),
        ("postgresql://db.example.com/work", 5432, "work", True),
        ("postgresql://db.example.com/work?sslmode=verify-ca", 5432, "work", True),
    ],
)
def test_what_an_address_leaves_out_is_added(
    text: str, port: int, database: str, *, is_secure: bool
) -> None:
    found = PostgresqlAddress.parse(text)

    assert (found.port, found.database, found.is_secure) == (port, database, is_secure)
    assert (found.user, found.password) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "redis://localhost",
        "rediss://cache.example.com/0",
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
        "postgresql://",
        "postgresql://localhost.example.com/work?sslmode=allow",
        "postgresql://10.0.0.1/work?sslmode=disable",
        "postgresql://db.example.com/work#part",
        "postgresql://db.example.com:99999/work",
        "postgresql://[::1/work",
    ],
)
def test_what_is_no_safe_address_is_refused(text: str) -> None:
    assert is_address(text)
    with pytest.raises(ValueError, match=r".*"):
        PostgresqlAddress.parse(text)


@given(st.text())
def test_any_text_is_an_address_or_refused(rest: str) -> None:
    for scheme in ("postgres", "postgresql"):
        try:
            found = PostgresqlAddress.parse(f"{scheme}://{rest}")
        except ValueError:
            continue
        assert found.is_secure or found.host in {"localhost", "::1"} or found.host[:4] == "127."


def test_a_password_is_never_shown() -> None:
    found = PostgresqlAddress.parse("postgresql://pat:pass-word@db.example.com/work")

    assert str(found) == "PostgreSQL server db.example.com:5432"
    assert "pass-word" not in repr(found)
    assert "pat" not in repr(found)


@pytest.mark.parametrize("text", ["memory", "/var/lib/tap", "~/tokens", "C:\\tokens"])
def test_a_folder_is_no_address(text: str) -> None:
    assert not is_address(text)
