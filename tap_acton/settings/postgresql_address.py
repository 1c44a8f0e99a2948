"""The address of a PostgreSQL server, and whether tokens may be sent there.

The rules are those of ``api_url``: outside of this machine the server has to prove its
identity by TLS. Options that could get around that are refused, such as a second host.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("postgresql", "postgres")
DEFAULT_PORT = 5432

SECURE_MODES = ("require", "verify-ca", "verify-full")
"""The values of ``sslmode`` that request TLS; the certificate is verified with each."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostgresqlAddress:
    """Where a server is, and how to log in.

    Attributes:
        user: None for the server's own default.
        password: None where there is none, or where libpq finds it elsewhere.
        is_secure: Whether to use TLS, with the certificate verified.
        ca_file: The certificate authorities to trust; None for those of ``requests``.
    """

    host: str
    port: int
    database: str
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    is_secure: bool
    ca_file: str | None

    def __str__(self) -> str:
        return f"PostgreSQL server {self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> PostgresqlAddress:
        """Parse an address such as ``postgresql://user:password@host:5432/database``.

        Raises:
            ValueError: If it is not one, has an unknown option, or would send tokens
                unprotected.
        """
        parts = urlsplit(text)
        host, database = parts.hostname or "", unquote(parts.path.removeprefix("/"))
        if parts.scheme not in SCHEMES or parts.fragment or not _HOST.fullmatch(host):
            raise ValueError
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        ca_file = options.pop("sslrootcert", None)
        mode = options.pop("sslmode", None)
        is_secure = not is_loopback(host) if mode is None else mode in SECURE_MODES
        if options or not database or not (is_secure or is_loopback(host)):
            raise ValueError
        return cls(
            host=host,
            port=parts.port or DEFAULT_PORT,
            database=database,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_secure=is_secure,
            ca_file=ca_file,
        )


def is_address(text: str) -> bool:
    """Return whether a text is meant as an address, right or wrong, and not as a folder."""
    return "://" in text


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
