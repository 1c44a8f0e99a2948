"""What all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Postgres

# The same examples on every run and machine, however slow and busy that is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; who uses it makes a schema of a name that nobody else takes."""
    with postgres_server() as server:
        yield server
