"""What the sandbox's tests share: small accounts, running sandboxes, logged-in clients."""

from __future__ import annotations

import signal
import ssl
from contextlib import closing
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from acton_sandbox import Account, Clock, ManyAccounts, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing here is encrypted, and loading the usual certificates takes longer than most tests.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


class Api:
    """A client of a sandbox."""

    def __init__(self, sandbox: Sandbox | ManyAccounts) -> None:
        """Log in to a running sandbox."""
        self.http = httpx.Client(base_url=sandbox.url, verify=NO_CERTIFICATES)
        self.form = {
            "grant_type": "password",
            "username": sandbox.credentials.username,
            "password": sandbox.credentials.password,
            "client_id": sandbox.credentials.client_id,
            "client_secret": sandbox.credentials.client_secret,
        }
        self.tokens = self.http.post("/token", data=self.form).json()
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """Call a path under `/api/1`."""
        return self.http.get(f"/api/1{path}", params=query)

    def json(self, path: str, **query: str | int) -> Any:
        """Call a path under `/api/1` that must answer well."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def refresh(self, token: str | None = None) -> httpx.Response:
        """Trade in a refresh token, by default that of the login."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token or self.tokens["refresh_token"],
            "client_id": self.form["client_id"],
            "client_secret": self.form["client_secret"],
        }
        return self.http.post("/token", data=form)


@pytest.fixture(scope="session")
def account() -> Account:
    """A small account, the same one in every test."""
    return Account.generate(seed=7, size="small", now=NOW)


@pytest.fixture(scope="session")
def standard_account() -> Account:
    """An account of the standard size in the autumn of its second year."""
    return Account.generate(seed=7, size="standard", now=datetime(2026, 11, 20, 12, tzinfo=UTC))


@pytest.fixture(scope="module", params=["2024", "2019"])
def any_edition(request: pytest.FixtureRequest, account: Account) -> Iterator[Sandbox]:
    """A sandbox of each edition, for tests that change nothing."""
    with Sandbox(account, request.param) as running:
        yield running


@pytest.fixture(scope="module")
def api(any_edition: Sandbox) -> Iterator[Api]:
    """A client of a sandbox of each edition."""
    logged_in = Api(any_edition)
    with closing(logged_in.http):
        yield logged_in


@pytest.fixture
def sandbox(account: Account) -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, for tests that turn it."""
    with Sandbox(account, clock=Clock(NOW, frozen=True)) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Api]:
    """A client of the sandbox that tests turn."""
    logged_in = Api(sandbox)
    sandbox.requests.clear()
    with closing(logged_in.http):
        yield logged_in


@pytest.fixture(scope="session")
def standard_api(standard_account: Account) -> Iterator[Api]:
    """A client of a sandbox with the standard account, for tests that change nothing."""
    with Sandbox(standard_account) as running:
        logged_in = Api(running)
        with closing(logged_in.http):
            yield logged_in


@pytest.fixture
def stops_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the command stop as soon as it listens, and give the signals back that it takes."""
    told = Event()
    told.set()
    monkeypatch.setattr("acton_sandbox.__main__.Event", lambda: told)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
