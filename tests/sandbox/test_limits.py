"""The allowance: sliding windows by a clock that stands still, and the shapes of a refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Clock, Limits, Refusal
from acton_sandbox.limits import Allowance

if TYPE_CHECKING:
    from acton_sandbox import Sandbox
    from tests.sandbox.conftest import Api


@pytest.fixture
def clock() -> Clock:
    """A clock that moves only when told to."""
    return Clock(datetime(2026, 3, 20, tzinfo=UTC), frozen=True)


def _allowed(allowance: Allowance, calls: int, grant_type: str | None = None) -> int:
    return sum(allowance.refusal(grant_type) is None for _ in range(calls))


def test_calls_per_second(clock: Clock) -> None:
    allowance = Allowance(Limits(), clock)
    assert _allowed(allowance, 10) == 5
    clock.advance(0.999)
    assert _allowed(allowance, 1) == 0
    clock.advance(0.001)
    assert _allowed(allowance, 10) == 5


def test_the_second_slides(clock: Clock) -> None:
    allowance = Allowance(Limits(requests_per_second=2), clock)
    assert _allowed(allowance, 1) == 1
    clock.advance(0.6)
    assert _allowed(allowance, 2) == 1
    clock.advance(0.5)
    assert _allowed(allowance, 2) == 1, "the call of half a second ago still counts"


def test_calls_per_day(clock: Clock) -> None:
    allowance = Allowance(Limits(requests_per_second=None, requests_per_day=3), clock)
    assert _allowed(allowance, 5) == 3
    clock.advance(86_399)
    assert _allowed(allowance, 1) == 0
    clock.advance(1)
    assert _allowed(allowance, 5) == 3


def test_logins_per_hour(clock: Clock) -> None:
    allowance = Allowance(Limits(requests_per_second=None), clock)
    assert _allowed(allowance, 3, "password") == 3
    assert _allowed(allowance, 3, "refresh_token") == 2
    assert _allowed(allowance, 3) == 3, "data calls are no logins"
    clock.advance(3600)
    assert _allowed(allowance, 9, "password") == 5


def test_whether_a_refresh_is_a_login_can_be_chosen(clock: Clock) -> None:
    limits = Limits(requests_per_second=None, refreshes_are_logins=False)
    allowance = Allowance(limits, clock)
    assert _allowed(allowance, 9, "refresh_token") == 9
    assert _allowed(allowance, 9, "password") == 5


def test_refused_calls_are_not_counted(clock: Clock) -> None:
    allowance = Allowance(Limits(requests_per_second=1, requests_per_day=5), clock)
    for _ in range(10):
        allowance.refusal()
    assert allowance.used == {
        "requests_per_second": 1,
        "requests_per_day": 1,
        "logins_per_hour": 0,
    }


@pytest.mark.parametrize(
    ("refusal", "body"),
    [
        (Refusal(), '"httpCode":"429"'),
        (Refusal(status=403, style="empty"), ""),
        (Refusal(status=503, style="text", retry_after="7"), "Rate limit"),
    ],
)
def test_the_shape_of_a_refusal(client: Api, sandbox: Sandbox, refusal: Refusal, body: str) -> None:
    sandbox.limits = Limits(requests_per_second=1, refusal=refusal)
    assert client.get("/account").status_code == 200
    response = client.get("/account")
    assert response.status_code == refusal.status
    assert body in response.text
    assert bool(response.text) == bool(body)
    assert response.headers.get("retry-after", "") == refusal.retry_after


def test_too_many_logins_are_refused(client: Api, sandbox: Sandbox) -> None:
    sandbox.limits = Limits(requests_per_second=None, logins_per_hour=2)
    answers = [client.http.post("/token", data=client.form).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_the_sandboxs_own_pages_are_never_counted(client: Api, sandbox: Sandbox) -> None:
    sandbox.limits = Limits(requests_per_second=1)
    for path in ("/", "/_sandbox/requests", "/_sandbox/state", "/"):
        assert client.http.get(path).status_code == 200
    assert client.get("/account").status_code == 200
    assert [request.path for request in sandbox.requests] == ["/api/1/account"]
