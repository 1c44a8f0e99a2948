"""The address of a PostgreSQL server that machines share, and whether secrets may be sent there.

Tokens travel to it, so it is held to the same as the API: outside of this machine the
server has to prove who it is, by TLS. What could get round that is not taken from an
address, such as a second host among its options.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("postgresql", "postgres")
DEFAULT_PORT = 5432

SECURE_MODES = ("require", "verify-ca", "verify-full")
"""The values of ``sslmode`` that ask for TLS; the certificate is verified with each."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is, and how to log in there.

    Attributes:
        host: Its host.
        port: Its port.
        database: The name of the database.
        user: The user, or None for the server's own default.
        password: The password, or None where there is none, or another place has it.
        is_secure: Whether to speak by TLS, with the certificate verified.
        ca_file: The file of the authorities that may vouch for the server; None for those
            that vouch for hosts of the web.
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
    def parse(cls, text: str) -> ServerAddress:
        """Read an address such as ``postgresql://user:password@host:5432/database``.

        Args:
            text: The address.

        Returns:
            The address, taken apart.

        Raises:
            ValueError: If it is none, has an option that is not known, or would have tokens
                travel unprotected.
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


def is_server_address(text: str) -> bool:
    """Tell an address, right or wrong, from the path of a folder.

    Args:
        text: Either.

    Returns:
        Whether it is an address.
    """
    return "://" in text


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself.

    Args:
        host: A name or a number.

    Returns:
        Whether it is.
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
