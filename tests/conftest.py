"""What all tests share."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Postgres

# The same examples on every run and machine, however slow and busy that is.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
# A few of them, for `make unit`.
settings.register_profile("quick", settings.get_profile("repeatable"), max_examples=10)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `make unit` can leave it out."""
    for item in items:
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker("server")


@pytest.fixture(autouse=True)
def _log_is_as_before() -> Iterator[None]:
    """Take the filters of a command off pytest's handlers, which all tests share."""
    yield
    for handler in logging.getLogger().handlers:
        handler.filters.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; who uses it makes a schema of a name that nobody else takes."""
    with postgres_server() as server:
        yield server
