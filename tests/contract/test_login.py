"""Tokens against the sandbox, which keeps one live chain as Act-On does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import requests

from acton_sandbox import Fault, Limits
from tap_acton.errors import AllowanceSpentError, CredentialsError
from tests.contract.harness import data_without_times

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.harness import Bench, Output

NO_USER: dict[str, Any] = {"username": None, "password": None}


def refresh_token_of(bench: Bench) -> str:
    """Log in beside the tap, and give the refresh token."""
    known = bench.sandbox.credentials
    form = {
        "grant_type": "password",
        "username": known.username,
        "password": known.password,
        "client_id": known.client_id,
        "client_secret": known.client_secret,
    }
    answer = requests.post(f"{bench.sandbox.url}/token", data=form, timeout=10)
    return str(answer.json()["refresh_token"])


def refused(output: Output) -> int:
    """Count the calls whose token was refused."""
    return sum(seen.status == 401 for seen in output.requests)


def test_a_run_logs_in_once(complete_run: Output) -> None:
    assert complete_run.logins == 1
    assert complete_run.requests[0].path == "/token"


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_token_that_expires_early_is_renewed_once(
    bench: Bench, complete_run: Output, concurrency: int
) -> None:
    with bench.at_call(50, bench.sandbox.tokens.expire):
        found = bench.run(max_concurrency=concurrency)
    assert found.failure is None
    assert found.logins == 2
    # Whether the token is the cause, two cheap calls show.
    assert 1 <= refused(found) <= 3 * concurrency
    assert data_without_times(found) == data_without_times(complete_run)


def test_a_token_is_renewed_before_it_expires(bench: Bench, complete_run: Output) -> None:
    with bench.at_call(50, lambda: bench.let_pass(3_400)):
        found = bench.run(max_concurrency=1)
    assert found.failure is None
    assert (found.logins, refused(found)) == (2, 0)
    assert found.records == complete_run.records


@pytest.mark.parametrize("concurrency", [1, 16])
def test_tokens_that_are_revoked_are_replaced_by_the_password(
    bench: Bench, complete_run: Output, concurrency: int
) -> None:
    with bench.at_call(70, bench.sandbox.revoke_tokens):
        found = bench.run(max_concurrency=concurrency)
    assert found.failure is None
    # The login, the refresh token that is refused, and the password.
    assert [seen.status for seen in found.requests if seen.path == "/token"] == [200, 403, 200]
    # Whether the token is the cause, two cheap calls show.
    assert 1 <= refused(found) <= 3 * concurrency
    assert data_without_times(found) == data_without_times(complete_run)


def test_tokens_that_are_revoked_end_a_run_that_has_no_password(bench: Bench) -> None:
    token = refresh_token_of(bench)
    with bench.at_call(40, bench.sandbox.revoke_tokens):
        found = bench.run(**NO_USER, refresh_token=token)
    assert isinstance(found.failure, CredentialsError)
    assert found.state


def test_a_program_that_takes_the_login_over_and_over_ends_the_run(bench: Bench) -> None:
    def take_over() -> None:
        bench.sandbox.revoke_tokens()

    with bench.at_call(30, take_over), bench.at_call(34, take_over), bench.at_call(38, take_over):
        found = bench.run(max_concurrency=1, token_store="memory")
    assert found.logins <= 5
    assert found.failure is None or found.failure.exit_code in {1, 3}


def test_ten_runs_cost_one_login(bench: Bench, tmp_path: Path) -> None:
    runs = [bench.run(streams=["lists"], token_store=str(tmp_path)) for _ in range(10)]
    assert all(run.failure is None for run in runs)
    assert sum(run.logins for run in runs) == 1


@pytest.mark.parametrize(
    ("settings", "logins", "calls_of_discovery"),
    [
        ({}, 2, True),
        ({"custom_field_columns": False}, 1, False),
        ({"custom_field_columns": False, "list_streams": ["*"]}, 2, True),
    ],
    ids=["custom fields", "nothing", "lists"],
)
def test_without_a_store_discovery_and_the_run_log_in_once_each_if_discovery_asks_anything(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    logins: int,
    *,
    calls_of_discovery: bool,
) -> None:
    # As under Meltano, which starts the tap twice.
    caplog.set_level(logging.INFO)
    found = bench.discover(token_store="memory", **settings)
    made = len(bench.sandbox.requests)
    bench.run(discovered=found, streams=["lists"], token_store="memory", **settings)
    assert [seen.path for seen in bench.sandbox.requests].count("/token") == logins
    assert bool(made) is calls_of_discovery
    said = [line for line in caplog.messages if line.startswith("Discovery took")]
    assert said == ([f"Discovery took {made} calls (logins: 1)."] if calls_of_discovery else [])


def test_a_refresh_token_starts_a_chain_that_later_runs_go_on_with(
    bench: Bench, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        **NO_USER,
        "refresh_token": refresh_token_of(bench),
        "token_store": str(tmp_path),
        "streams": ["account"],
    }
    for _ in range(3):
        found = bench.run(**settings)
        assert found.failure is None
        assert found.logins == 1
        bench.let_pass(5_000)
    # The chain lives in the store: without it the setting's token has been used up.
    lost = bench.run(**{**settings, "token_store": "memory"})
    assert isinstance(lost.failure, CredentialsError)
    assert "refresh_token" in lost.failure.sentence


def test_a_chain_that_another_login_ended_is_begun_anew(bench: Bench, tmp_path: Path) -> None:
    first = bench.run(streams=["account"], token_store=str(tmp_path))
    refresh_token_of(bench)
    second = bench.run(streams=["account"], token_store=str(tmp_path))
    assert first.failure is second.failure is None
    assert second.records == first.records


def test_two_accounts_do_not_share_a_chain(bench: Bench, tmp_path: Path) -> None:
    bench.run(streams=["account"], token_store=str(tmp_path))
    other = bench.run(streams=["account"], token_store=str(tmp_path), username="x@example.com")
    assert isinstance(other.failure, CredentialsError)
    again = bench.run(streams=["account"], token_store=str(tmp_path))
    assert again.failure is None
    assert again.logins == 0


def test_no_more_than_five_logins_an_hour_are_tried(bench: Bench, tmp_path: Path) -> None:
    bench.sandbox.limits = Limits(requests_per_second=None, requests_per_day=None)
    outputs = []
    for _ in range(6):
        outputs.append(bench.run(streams=["account"], token_store=str(tmp_path)))
        bench.sandbox.revoke_tokens()
        bench.let_pass(60)
    spent = [output.failure for output in outputs if output.failure]
    assert spent
    assert all(isinstance(failure, AllowanceSpentError) for failure in spent)
    tokens = [seen for output in outputs for seen in output.requests if seen.path == "/token"]
    assert len(tokens) == 5
    assert all(seen.status != 429 for seen in tokens)
    bench.let_pass(3_600)
    assert bench.run(streams=["account"], token_store=str(tmp_path)).failure is None


def test_a_stored_token_can_be_read_by_its_user_alone(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    bench.run(streams=["account"], token_store=str(folder))
    assert folder.stat().st_mode & 0o077 == 0
    files = [path for path in folder.iterdir() if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if "token" in path.name)
    assert not any("example.com" in path.name for path in files)


def test_a_login_that_is_refused_ends_discovery(bench: Bench) -> None:
    with pytest.raises(CredentialsError, match="check username and password"):
        bench.discover(password="wrong")


def test_a_stored_token_does_not_hide_a_wrong_password(bench: Bench, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"streams": ["account"], "token_store": str(tmp_path)}
    assert bench.run(**settings).failure is None
    wrong = bench.run(**settings, password="wrong")
    assert isinstance(wrong.failure, CredentialsError)
    again = bench.run(**settings)
    assert again.failure is None
    assert again.logins == 0


@pytest.mark.parametrize("is_forbidden", [True, False])
def test_a_test_says_which_streams_are_switched_off(
    bench: Bench, caplog: pytest.LogCaptureFixture, *, is_forbidden: bool
) -> None:
    if is_forbidden:
        bench.sandbox.faults.add(Fault("status", "/api/1/campaigns*", None, status=403))
    bench.test()
    (sentence,) = [one for one in caplog.messages if "The test succeeded" in one]
    off = "except campaigns, campaign_details: switched off"
    assert (off in sentence) is is_forbidden
    assert ("except" in sentence) is is_forbidden
