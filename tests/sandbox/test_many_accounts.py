"""A sandbox of many accounts: each user has an account, limits, faults and a journal."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from acton_sandbox import Account, Limits, ManyAccounts
from tests.sandbox.conftest import NO_CERTIFICATES, Api

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (f"user-00{number}@example.com" for number in (1, 2, 3))


class Users:
    """A sandbox of three accounts, and who logs in there."""

    def __init__(self, opened: ExitStack) -> None:
        self.generated: list[int] = []
        limits = Limits(requests_per_second=None, requests_per_day=4)
        self.sandbox = opened.enter_context(ManyAccounts(3, self._generate, limits=limits))
        self._opened = opened
        plain = httpx.Client(base_url=self.sandbox.url, verify=NO_CERTIFICATES)
        self.http = opened.enter_context(closing(plain))

    def _generate(self, number: int) -> Account:
        self.generated.append(number)
        return Account.generate(seed=number, size="small", now=NOW)

    def login(self, user: str) -> Api:
        """Log in as a user."""
        self.sandbox.credentials = replace(self.sandbox.credentials, username=user)
        api = Api(self.sandbox)
        self._opened.enter_context(closing(api.http))
        return api

    def counts(self, user: str) -> tuple[int, int, dict[str, int]]:
        """Give the calls, the logins and the statuses that an account has counted."""
        listed = self.http.get("/_sandbox/accounts").json()
        (found,) = [one for one in listed if one["user"] == user]
        return found["calls"], found["logins"], found["statuses"]


@pytest.fixture
def users() -> Iterator[Users]:
    """The users of a sandbox of their own."""
    with ExitStack() as opened:
        yield Users(opened)


def test_the_user_decides_the_account(users: Users) -> None:
    for user, number in ((THIRD, 3), (SECOND, 2)):
        account = users.login(user).json("/account")
        assert account["user_email"] == user
        assert account["account_id"] == 70123 + number - 1
    # Each is generated when its user logs in.
    assert users.generated == [3, 2]
    messages = [users.sandbox.service(user).account.messages for user in (SECOND, THIRD)]
    assert messages[0] != messages[1]


def test_each_account_has_its_own_allowance_and_chain_of_tokens(users: Users) -> None:
    one, two = users.login(FIRST), users.login(SECOND)
    assert [one.get("/list").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert two.get("/list").status_code == 200
    users.sandbox.service(SECOND).revoke_tokens()
    assert two.get("/list").status_code == 401
    # A token that no longer works still belongs to its account.
    assert users.counts(FIRST) == (5, 1, {"200": 4, "429": 1})
    assert users.counts(SECOND) == (3, 1, {"200": 2, "401": 1})
    assert users.counts(THIRD) == (0, 0, {})


def test_a_refresh_token_leads_back_to_its_account(users: Users) -> None:
    users.login(FIRST)
    api = users.login(SECOND)
    renewed = api.refresh().json()
    assert api.get("/list").status_code == 401
    api.http.headers["Authorization"] = f"Bearer {renewed['access_token']}"
    assert api.json("/account")["user_email"] == SECOND
    assert users.counts(FIRST) == (1, 1, {"200": 1})


@pytest.mark.parametrize("user", [FIRST, "user-004@example.com", ""])
def test_nobody_gets_in_with_a_wrong_password_or_name(users: Users, user: str) -> None:
    form = {
        "grant_type": "password",
        "username": user,
        "password": "guessed",
        "client_id": users.sandbox.credentials.client_id,
        "client_secret": users.sandbox.credentials.client_secret,
    }
    assert users.http.post("/token", data=form).json() == {
        "error": "invalid_grant",
        "error_description": "Wrong email or password.",
    }
    for header in ("Bearer", "Bearer guessed", "Bearer dXNlci0wMDFAZXhhbXBsZS5jb20.guessed"):
        answer = users.http.get("/api/1/list", headers={"Authorization": header})
        assert answer.status_code == 401


def test_every_control_is_there_for_each_account(users: Users) -> None:
    controls = f"/_sandbox/accounts/{SECOND}"
    users.http.post(f"{controls}/faults", json={"kind": "status", "path_pattern": "/api/1/list"})
    one, two = users.login(FIRST), users.login(SECOND)
    assert one.get("/list").status_code == 200
    assert two.get("/list").status_code == 503
    assert users.http.post(f"{controls}/next-day").json() == {"now": "2025-02-02T12:00:00+00:00"}
    assert users.sandbox.service(FIRST).account.now == NOW
    paths = [seen["path"] for seen in users.http.get(f"{controls}/requests").json()]
    assert paths == ["/token", "/api/1/list"]


@pytest.mark.parametrize("path", ["accounts/user-004@example.com/state", "state"])
def test_what_belongs_to_no_account_is_not_found(users: Users, path: str) -> None:
    assert users.http.get(f"/_sandbox/{path}").status_code == 404


def test_its_own_pages_are_guarded(users: Users) -> None:
    other = {"Origin": "http://example.org"}
    for path in ("/_sandbox/accounts", f"/_sandbox/accounts/{FIRST}/state"):
        assert users.http.get(path, headers=other).status_code == 403
        assert users.http.get(path, headers={"Host": "example.org"}).status_code == 400
    assert users.http.get("/").headers["Location"] == "/_sandbox/accounts"
