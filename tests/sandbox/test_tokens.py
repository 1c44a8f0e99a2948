"""The token endpoint: grants, the one live chain, expiry, and every documented refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Choices

if TYPE_CHECKING:
    from acton_sandbox import Sandbox
    from tests.sandbox.conftest import Api

WRONG_CLIENT = (401, {"error": "access_denied", "error_description": "Unauthorized"})
WRONG_PASSWORD = (
    403,
    {"error": "invalid_grant", "error_description": "Wrong email or password."},
)
WRONG_TOKEN = (
    403,
    {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."},
)


def test_the_answer_to_a_login(client: Api) -> None:
    types = {key: type(value) for key, value in client.tokens.items()}
    assert types == {
        "access_token": str,
        "refresh_token": str,
        "scope": str,
        "token_type": str,
        "expires_in": int,
    }
    assert client.tokens["expires_in"] == 3600


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("client_id", WRONG_CLIENT),
        ("client_secret", WRONG_CLIENT),
        ("username", WRONG_PASSWORD),
        ("password", WRONG_PASSWORD),
    ],
)
def test_wrong_credentials(client: Api, field: str, expected: tuple[int, object]) -> None:
    response = client.http.post("/token", data={**client.form, field: "wrong"})
    assert (response.status_code, response.json()) == expected
    assert client.get("/account").status_code == 200, "a failed login ends nothing"


def test_secrets_are_taken_from_a_form_only(client: Api, sandbox: Sandbox) -> None:
    by_query = client.http.post("/token", params=client.form)
    as_json = client.http.post("/token", json=client.form)
    assert (by_query.status_code, by_query.json()) == WRONG_CLIENT
    assert (as_json.status_code, as_json.json()) == WRONG_CLIENT
    assert sandbox.requests[0].query["password"] == "***"


def test_the_token_endpoint_takes_posts_only(client: Api) -> None:
    assert client.http.get("/token").status_code == 404


def test_a_refresh_token_is_good_once(client: Api) -> None:
    first = client.refresh()
    again = client.refresh()
    assert first.status_code == 200
    assert first.json()["refresh_token"] != client.tokens["refresh_token"]
    assert (again.status_code, again.json()) == WRONG_TOKEN
    assert client.refresh(first.json()["refresh_token"]).status_code == 200


def test_any_grant_ends_the_tokens_before_it(client: Api) -> None:
    client.http.post("/token", data=client.form)
    response = client.get("/account")
    assert response.status_code == 401
    assert set(response.json()) == {"httpCode", "httpMessage", "moreInformation"}
    assert response.json()["httpCode"] == "401"
    assert client.refresh().status_code == 403


def test_an_access_token_expires_by_the_clock(client: Api, sandbox: Sandbox) -> None:
    sandbox.clock.advance(3599)
    assert client.get("/account").status_code == 200
    sandbox.clock.advance(1)
    assert client.get("/account").status_code == 401
    assert client.refresh().status_code == 200


def test_a_refresh_token_ends_after_thirty_days(client: Api, sandbox: Sandbox) -> None:
    sandbox.clock.advance(30 * 24 * 3600)
    assert client.refresh().status_code == 403


def test_tokens_can_be_revoked_and_expired(client: Api, sandbox: Sandbox) -> None:
    sandbox.tokens.expire()
    assert client.get("/account").status_code == 401
    refreshed = client.refresh()
    assert refreshed.status_code == 200
    sandbox.revoke_tokens()
    assert client.refresh(refreshed.json()["refresh_token"]).status_code == 403


def test_a_code_is_never_known(client: Api) -> None:
    form = {**client.form, "grant_type": "authorization_code", "code": "x"}
    response = client.http.post("/token", data=form)
    assert (response.status_code, response.json()["error"]) == (403, "invalid_grant")


def test_a_grant_that_does_not_exist(client: Api) -> None:
    response = client.http.post("/token", data={**client.form, "grant_type": "implicit"})
    assert (response.status_code, response.json()["error"]) == (400, "unsupported_grant_type")


def test_the_api_can_be_switched_off(client: Api, sandbox: Sandbox) -> None:
    sandbox.choices = Choices(api_enabled=False)
    assert "PUBLIC_API_FEATURE_NOT_ENABLED" in client.http.post("/token", data=client.form).text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_data_needs_the_live_token(client: Api, header: str) -> None:
    value = header.format(token=client.tokens["access_token"])
    response = client.http.get("/api/1/account", headers={"Authorization": value})
    assert response.status_code == 401
