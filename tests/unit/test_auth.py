"""The token chain against a token address that behaves as Act-On's is documented."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import ssl
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from tap_acton.api import transport
from tap_acton.api.auth import Credentials, TokenChain
from tap_acton.api.rate_limits import RateLimits
from tap_acton.api.transport import RetryPolicy
from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
    CredentialsError,
    InterruptedRunError,
    SettingsError,
    UnreachableError,
)
from tap_acton.stores.call_counts import SECOND_MS, CountStore
from tap_acton.stores.tokens import (
    TOKEN_LENGTH,
    FileTokenStore,
    Token,
    TokenStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HOST = "api.example.test"
NOON = 1_720_000_000
HOUR = 3600

BOTH = Credentials("client", "client-secret", "ann@example.test", "pass-word", "settings-refresh")
BY_PASSWORD = replace(BOTH, refresh_token=None)
BY_REFRESH = replace(BOTH, username=None, password=None)

CLIENT_REFUSED = (401, {"error": "access_denied", "error_description": "Unauthorized"})
USER_REFUSED = (403, {"error": "invalid_grant", "error_description": "Wrong email or password."})
REFRESH_REFUSED = (
    403,
    {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."},
)
GATEWAY_DOWN = (502, "<html><title>Bad gateway</title></html>")

posix_only = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")


def answer(
    status: int, body: object, headers: Mapping[str, str] | None = None
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO((body if isinstance(body, str) else json.dumps(body)).encode())
    response.headers.update(headers or {})
    return response


@dataclass
class FakeActOn:
    """The token address: one live chain, refresh tokens that can be used once.

    Attributes:
        now: The time, in milliseconds since 1970; moves when someone waits.
        live_refresh_token: The refresh token that would be accepted.
        live_access_token: The access token that data calls would be accepted with.
        next_answers: What the next questions get in place of a proper answer.
        forms: The questions.
        asked_at: When they came, in milliseconds since 1970.
        refresh_tokens_sent_again: How often a refresh token came after it had been used.
        extra: What a good answer says besides the tokens.
    """

    now: int = NOON * SECOND_MS
    live_refresh_token: str = "settings-refresh"
    live_access_token: str = ""
    next_answers: list[tuple[int, object] | Exception] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    asked_at: list[int] = field(default_factory=list)
    refresh_tokens_sent_again: int = 0
    extra: dict[str, object] = field(default_factory=lambda: {"expires_in": HOUR})
    _used: set[str] = field(default_factory=set)

    @property
    def grants(self) -> list[str]:
        return [form["grant_type"] for form in self.forms]

    def clock(self) -> int:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += round(seconds * SECOND_MS)

    pass_time = pause

    def post(self, form: Mapping[str, str]) -> requests.Response:
        self.forms.append(dict(form))
        self.asked_at.append(self.now)
        if self.next_answers:
            planned = self.next_answers.pop(0)
            if isinstance(planned, Exception):
                raise planned
            return answer(*planned)
        if (form["client_id"], form["client_secret"]) != ("client", "client-secret"):
            return answer(*CLIENT_REFUSED)
        if form["grant_type"] == "refresh_token":
            self.refresh_tokens_sent_again += form["refresh_token"] in self._used
            if form["refresh_token"] != self.live_refresh_token:
                return answer(*REFRESH_REFUSED)
            self._used.add(form["refresh_token"])
        elif (form["username"], form["password"]) != ("ann@example.test", "pass-word"):
            return answer(*USER_REFUSED)
        self.renew(str(len(self.forms)))
        return answer(
            200,
            {
                "access_token": self.live_access_token,
                "refresh_token": self.live_refresh_token,
                "token_type": "Bearer",
                **self.extra,
            },
        )

    def renew(self, link: str) -> None:
        """Go on to the next link of the chain, as any login with these credentials does."""
        self.live_access_token = f"access-{link}"
        self.live_refresh_token = f"refresh-{link}"

    def limits(self) -> RateLimits:
        return RateLimits(
            store=CountStore(),
            requests_per_second=5,
            daily_request_limit=1000,
            pause=self.pause,
            clock=self.clock,
        )

    def chain(
        self,
        credentials: Credentials = BY_PASSWORD,
        store: TokenStore | None = None,
        limits: RateLimits | None = None,
        post: Callable[[Mapping[str, str]], requests.Response] | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> TokenChain:
        """Begin a run."""
        return TokenChain(
            credentials=credentials,
            store=store or TokenStore(),
            limits=limits or self.limits(),
            post=post or self.post,
            host=HOST,
            clock=self.clock,
            retry_policy=retry_policy,
        )


@pytest.fixture
def acton() -> FakeActOn:
    return FakeActOn()


class TestGrants:
    def test_password_grant_sends_the_documented_form(self, acton: FakeActOn) -> None:
        assert acton.chain().access_token() == "access-1"
        assert acton.forms == [
            {
                "grant_type": "password",
                "username": "ann@example.test",
                "password": "pass-word",
                "client_id": "client",
                "client_secret": "client-secret",
            }
        ]

    def test_refresh_grant_sends_the_documented_form(self, acton: FakeActOn) -> None:
        assert acton.chain(BY_REFRESH).access_token() == "access-1"
        assert acton.forms == [
            {
                "grant_type": "refresh_token",
                "refresh_token": "settings-refresh",
                "client_id": "client",
                "client_secret": "client-secret",
            }
        ]

    def test_a_token_is_used_until_its_margin_then_refreshed(self, acton: FakeActOn) -> None:
        chain = acton.chain()
        chain.access_token()

        acton.pass_time(HOUR - 301)
        assert chain.access_token() == "access-1"
        acton.pass_time(1)
        assert chain.access_token() == "access-2"
        acton.pass_time(HOUR)
        assert chain.access_token() == "access-3"

        assert acton.grants == ["password", "refresh_token", "refresh_token"]
        assert acton.forms[2]["refresh_token"] == "refresh-2"

    @pytest.mark.parametrize(
        ("extra", "seconds_used"),
        [
            ({"expires_in": 86400}, 86400 - 300),
            ({"expires_in": "7200"}, 7200 - 300),
            ({"expires_in": 600}, 540),
            ({}, HOUR - 300),
            ({"expires_in": None}, HOUR - 300),
            ({"expires_in": "an hour"}, HOUR - 300),
            ({"expires_in": -1}, HOUR - 300),
            ({"expires_in": 0}, HOUR - 300),
            ({"expires_in": 1}, 0.9),
            ({"expires_in": "inf"}, HOUR - 300),
        ],
    )
    def test_the_lifetime_is_read_from_the_answer(
        self, acton: FakeActOn, extra: dict[str, object], seconds_used: float
    ) -> None:
        acton.extra = extra
        chain = acton.chain()
        chain.access_token()

        acton.pass_time(seconds_used - 1)
        assert chain.access_token() == "access-1"
        acton.pass_time(1)
        assert chain.access_token() == "access-2"

    def test_a_refused_refresh_token_is_followed_by_one_password_grant(
        self, acton: FakeActOn, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        acton.live_refresh_token = "another program's"

        assert acton.chain(BOTH).access_token() == "access-2"
        assert acton.grants == ["refresh_token", "password"]
        assert caplog.messages == ["The refresh token is no longer accepted."]

    def test_an_answer_without_refresh_token_ends_in_a_password_grant(
        self, acton: FakeActOn
    ) -> None:
        acton.extra = {"refresh_token": None, "expires_in": HOUR}
        chain = acton.chain()
        chain.access_token()
        acton.pass_time(HOUR)
        chain.access_token()

        assert acton.grants == ["password", "password"]


class TestReplace:
    def test_a_refused_token_is_refreshed_though_it_is_not_over(self, acton: FakeActOn) -> None:
        chain = acton.chain()

        assert chain.replace(chain.access_token()) == "access-2"
        assert acton.grants == ["password", "refresh_token"]

    def test_a_token_replaced_meanwhile_costs_no_call(self, acton: FakeActOn) -> None:
        chain = acton.chain()
        first = chain.access_token()

        assert [chain.replace(first) for _ in range(8)] == ["access-2"] * 8
        assert len(acton.forms) == 2

    def test_the_token_that_another_run_stored_costs_no_call(self, acton: FakeActOn) -> None:
        store = TokenStore()
        chain = acton.chain(store=store)
        first = chain.access_token()
        acton.chain(store=store).replace(first)

        assert chain.replace(first) == "access-2"
        assert len(acton.forms) == 2


class TestSharing:
    def test_eight_threads_ask_once(self, acton: FakeActOn) -> None:
        all_there = threading.Barrier(8)
        chain = acton.chain()

        def ask(_thread: int) -> str:
            all_there.wait()
            return chain.access_token()

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask, range(8))) == {"access-1"}
        assert len(acton.forms) == 1

    def test_eight_threads_with_a_wrong_password_ask_once(self, acton: FakeActOn) -> None:
        all_there = threading.Barrier(8)

        def answer_slowly(form: Mapping[str, str]) -> requests.Response:
            time.sleep(0.02)
            return acton.post(form)

        chain = acton.chain(replace(BY_PASSWORD, password="wrong"), post=answer_slowly)

        def ask(_thread: int) -> str:
            all_there.wait()
            with pytest.raises(CredentialsError) as raised:
                chain.access_token()
            return str(raised.value)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(ask, range(8)))) == 1
        assert len(acton.forms) == 1

    def test_ten_runs_in_an_hour_log_in_once(self, acton: FakeActOn, tmp_path: Path) -> None:
        for _ in range(10):
            store = FileTokenStore(tmp_path / "token.json")
            assert acton.chain(store=store).access_token() == "access-1"
            acton.pass_time(300)

        assert acton.grants == ["password"]

    def test_the_refresh_token_of_the_settings_is_used_by_the_first_run_only(
        self, acton: FakeActOn, tmp_path: Path
    ) -> None:
        for _ in range(3):
            acton.chain(BY_REFRESH, FileTokenStore(tmp_path / "token.json")).access_token()
            acton.pass_time(HOUR)

        sent = [form["refresh_token"] for form in acton.forms]
        assert sent == ["settings-refresh", "refresh-1", "refresh-2"]

    def test_a_token_is_stored_before_it_is_used(self, acton: FakeActOn) -> None:
        class BrokenStore(TokenStore):
            def write(self, token: Token) -> None:
                raise SettingsError(f"{token.expires_at} cannot be kept.")

        chain = acton.chain(store=BrokenStore())

        for _ in range(2):
            with pytest.raises(SettingsError):
                chain.access_token()
        assert len(acton.forms) == 1

    def test_two_processes_log_in_once(self, tmp_path: Path) -> None:
        script = f"""
import io, json, time, requests
from tap_acton.api.auth import Credentials, TokenChain
from tap_acton.api.rate_limits import RateLimits
from tap_acton.stores.opening import open_stores
def post(form):
    with open({str(tmp_path / "asked")!r}, "a") as file:
        file.write(form["grant_type"] + "\\n")
    time.sleep(0.1)
    response = requests.Response()
    response.status_code = 200
    response.raw = io.BytesIO(json.dumps({{"access_token": str(time.time_ns())}}).encode())
    return response
credentials = Credentials("client", "secret", "user", "password")
stores = open_stores({str(tmp_path)!r}, "key")
limits = RateLimits(
    store=stores.counts,
    requests_per_second=5, daily_request_limit=9, pause=time.sleep,
)
chain = TokenChain(
    credentials=credentials, store=stores.tokens, limits=limits, post=post, host="host",
)
print(chain.access_token(), limits.calls_left_today())
"""
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", script],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        outputs = [run.communicate()[0] for run in runs]

        assert (tmp_path / "asked").read_text() == "password\n"
        assert outputs[0] == outputs[1]
        assert outputs[0].endswith(" 8\n")


class TestRepeats:
    @pytest.mark.parametrize(
        "passing",
        [
            requests.ConnectionError(),
            requests.Timeout(),
            requests.exceptions.ChunkedEncodingError(),
            GATEWAY_DOWN,
            (408, {"error": "server_error"}),
            (500, ""),
            (503, ""),
            (429, ""),
        ],
    )
    def test_a_passing_failure_is_asked_once_more_after_a_while(
        self,
        acton: FakeActOn,
        caplog: pytest.LogCaptureFixture,
        passing: tuple[int, object] | Exception,
    ) -> None:
        acton.next_answers = [passing]

        assert acton.chain().access_token() == "access-2"
        assert acton.asked_at[1] - acton.asked_at[0] == 2000
        (message,) = caplog.messages
        assert message.startswith("Login: ")
        assert message.endswith(". Trying once more.")

    def test_who_only_looks_is_told_at_once_and_waits_for_no_second_try(
        self, acton: FakeActOn
    ) -> None:
        acton.next_answers = [GATEWAY_DOWN]
        chain = acton.chain(retry_policy=RetryPolicy(5, max_retries=0, repeats_login=False))

        with pytest.raises(UnreachableError, match=r"^Login: Act-On returned HTTP 502"):
            chain.access_token()
        assert len(acton.forms) == 1

    def test_credentials_that_were_refused_are_not_tried_again(self, acton: FakeActOn) -> None:
        acton.next_answers = [CLIENT_REFUSED]
        chain = acton.chain()

        for _ in range(2):
            with pytest.raises(CredentialsError):
                chain.access_token()
        assert len(acton.forms) == 1

    @pytest.mark.parametrize(
        ("reason", "logins"),
        [(NewConnectionError(None, "refused"), 0), (ProtocolError("reset"), 1)],  # type: ignore[arg-type]
    )
    def test_only_what_may_have_reached_act_on_counts_as_a_login(
        self, acton: FakeActOn, reason: Exception, logins: int
    ) -> None:
        limits = acton.limits()
        acton.next_answers = [requests.ConnectionError(MaxRetryError(None, HOST, reason))]  # type: ignore[arg-type]
        acton.chain(limits=limits).access_token()

        for _ in range(5 - 1 - logins):
            limits.check_login()
            limits.count_login()
        with pytest.raises(AllowanceSpentError):
            limits.check_login()

    @pytest.mark.parametrize(
        ("passing", "sentence"),
        [
            (
                requests.ConnectionError(),
                f"^Login: the connection to {HOST} failed.*region and api_url",
            ),
            (requests.Timeout(), f"^Login: {HOST} did not respond in time.*region and api_url"),
            (GATEWAY_DOWN, "^Login: Act-On returned HTTP 502.*region and api_url"),
        ],
    )
    def test_a_failure_that_stays_is_asked_twice_at_most(
        self, acton: FakeActOn, passing: tuple[int, object] | Exception, sentence: str
    ) -> None:
        acton.next_answers = [passing] * 3
        chain = acton.chain()

        for _ in range(3):
            with pytest.raises(UnreachableError, match=sentence):
                chain.access_token()
        assert len(acton.forms) == 2

    def test_a_refresh_whose_answer_was_lost_ends_in_a_password_grant(
        self, acton: FakeActOn
    ) -> None:
        def lose_first_refresh(form: Mapping[str, str]) -> requests.Response:
            response = acton.post(form)
            if acton.grants == ["password", "refresh_token"]:
                raise requests.Timeout
            return response

        chain = acton.chain(post=lose_first_refresh)
        chain.access_token()
        acton.pass_time(HOUR)

        assert chain.access_token() == "access-4" == acton.live_access_token
        assert acton.grants == ["password", "refresh_token", "refresh_token", "password"]

    def test_an_outage_within_the_margin_is_sat_out_with_the_present_token(
        self, acton: FakeActOn, caplog: pytest.LogCaptureFixture
    ) -> None:
        chain = acton.chain()
        chain.access_token()
        acton.pass_time(HOUR - 100)
        acton.next_answers = [requests.ConnectionError()] * 2

        assert [chain.access_token() for _ in range(8)] == ["access-1"] * 8
        assert len(acton.forms) == 3
        assert caplog.messages[-1] == (
            f"Login: the connection to {HOST} failed. Tried twice: check the network, region and "
            "api_url. The current token is used until it expires."
        )
        acton.pass_time(100)
        assert chain.access_token() == "access-4"

    @pytest.mark.parametrize("seconds_left", [0, 2])
    def test_an_outage_does_not_lengthen_the_life_of_a_token(
        self, acton: FakeActOn, seconds_left: int
    ) -> None:
        chain = acton.chain()
        chain.access_token()
        # Two seconds pass before the second try.
        acton.pass_time(HOUR - seconds_left)
        acton.next_answers = [requests.ConnectionError()] * 2

        with pytest.raises(UnreachableError):
            chain.access_token()

    def test_an_outage_does_not_bring_a_refused_token_back(self, acton: FakeActOn) -> None:
        chain = acton.chain()
        first = chain.access_token()
        acton.next_answers = [requests.ConnectionError()] * 2

        with pytest.raises(UnreachableError):
            chain.replace(first)

    @pytest.mark.parametrize("seconds", [30, 60])
    def test_throttle_waits_as_long_as_the_answer_says(
        self, acton: FakeActOn, seconds: int
    ) -> None:
        def throttle_once(form: Mapping[str, str]) -> requests.Response:
            response = acton.post(form)
            headers = {"Retry-After": str(seconds)}
            return answer(429, "", headers) if len(acton.forms) == 1 else response

        assert acton.chain(post=throttle_once).access_token() == "access-2"
        assert acton.asked_at[1] - acton.asked_at[0] == seconds * SECOND_MS

    @pytest.mark.parametrize(
        ("status", "body", "headers", "questions"),
        [
            (429, "", {}, 2),
            (429, "", {"Retry-After": "3600"}, 1),
            (503, "Quota exceeded", {}, 2),
            (403, "", {}, 1),
            (403, {"httpCode": "403", "httpMessage": "Forbidden"}, {}, 1),
        ],
    )
    def test_throttle_that_stays_ends_the_run_as_allowance_spent(
        self,
        acton: FakeActOn,
        status: int,
        body: object,
        headers: dict[str, str],
        questions: int,
    ) -> None:
        def throttle(form: Mapping[str, str]) -> requests.Response:
            acton.post(form)
            return answer(status, body, headers)

        with pytest.raises(
            AllowanceSpentError,
            match=r"^Login: .+ The logins per hour that Act-On allows, or the account's calls for "
            r"today, are probably used up: run again in an hour, and let token_store keep the "
            r"login\.$",
        ):
            acton.chain(post=throttle).access_token()
        assert len(acton.forms) == questions

    def test_every_question_counts_as_call_and_login(self, acton: FakeActOn) -> None:
        limits = acton.limits()
        chain = acton.chain(limits=limits)
        token = chain.access_token()
        for _ in range(4):
            token = chain.replace(token)

        with pytest.raises(AllowanceSpentError, match="5 logins per hour"):
            chain.replace(token)
        assert len(acton.forms) == 5
        assert limits.calls_left_today() == 1000 - 5


COUNTS = "Refused logins count toward the 5 per hour that Act-On allows."


class TestRefusals:
    @pytest.mark.parametrize("refusal", [CLIENT_REFUSED, USER_REFUSED])
    def test_says_that_it_counts(self, acton: FakeActOn, refusal: tuple[int, object]) -> None:
        acton.next_answers = [refusal]
        with pytest.raises(CredentialsError) as refused:
            acton.chain().access_token()
        assert refused.value.sentence.endswith(f". {COUNTS}")

    def test_says_that_a_refused_refresh_token_counts(self, acton: FakeActOn) -> None:
        acton.live_refresh_token = "another program's"
        with pytest.raises(CredentialsError) as refused:
            acton.chain(BY_REFRESH).access_token()
        assert refused.value.sentence.endswith(f". {COUNTS}")

    @pytest.mark.parametrize(
        ("refusal", "error", "sentence"),
        [
            (CLIENT_REFUSED, CredentialsError, "client_id and client_secret"),
            ((401, ""), CredentialsError, "client_id and client_secret"),
            ((400, {"error": "invalid_client"}), CredentialsError, "client_id and client_secret"),
            (USER_REFUSED, CredentialsError, "username and password"),
            (
                (403, {"errorCode": 1, "message": "PUBLIC_API_FEATURE_NOT_ENABLED"}),
                CredentialsError,
                r"^API access .+: ask Act-On to enable it\.$",
            ),
            (
                (200, {"errors": [{"text": "PUBLIC_API_FEATURE_NOT_ENABLED"}]}),
                CredentialsError,
                "ask Act-On",
            ),
            (
                (404, "<html>not here</html>"),
                UnreachableError,
                r"no token: check region and api_url, and whether a proxy .+ in its place\.$",
            ),
            ((302, ""), UnreachableError, "HTTP 302 .* api_url"),
            ((403, "<html>Access denied by firewall</html>"), UnreachableError, "firewall"),
            ((200, "<html>Welcome to our proxy</html>"), UnreachableError, "no token"),
            ((200, {"access_token": ""}), UnreachableError, "no token"),
            ((200, ["access_token"]), UnreachableError, "no token"),
            ((200, "[" * 100_000), UnreachableError, "no token"),
            (
                requests.exceptions.SSLError(ssl.SSLCertVerificationError()),
                UnreachableError,
                f"TLS certificate of {HOST}",
            ),
        ],
    )
    def test_is_final_and_told_in_one_sentence(
        self,
        acton: FakeActOn,
        refusal: tuple[int, object] | Exception,
        error: type[ActOnError],
        sentence: str,
    ) -> None:
        acton.next_answers = [refusal]
        chain = acton.chain()

        for _ in range(2):
            with pytest.raises(error, match=sentence):
                chain.access_token()
        assert len(acton.forms) == 1

    @pytest.mark.parametrize("status", [200, 403])
    def test_an_answer_too_large_to_read_is_none_of_act_on(
        self, acton: FakeActOn, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        monkeypatch.setattr(transport, "LARGEST_RESPONSE", 99)
        acton.next_answers = [(status, "x" * 100)]

        with pytest.raises(UnreachableError, match=f"HTTP {status} and no token"):
            acton.chain().access_token()

    def test_without_password_a_dead_refresh_token_says_log_in_again(
        self, acton: FakeActOn
    ) -> None:
        acton.live_refresh_token = "another program's"

        for credentials in (BY_REFRESH, replace(BOTH, password=None), replace(BOTH, username=None)):
            with pytest.raises(CredentialsError, match="log in again with username"):
                acton.chain(credentials).access_token()
        assert acton.grants == ["refresh_token"] * 3

    def test_without_password_and_refresh_token_nothing_is_asked(self, acton: FakeActOn) -> None:
        with pytest.raises(CredentialsError, match="log in again"):
            acton.chain(replace(BY_REFRESH, refresh_token=None)).access_token()
        assert acton.forms == []

    def test_tells_whether_the_host_has_answered_at_all(self, acton: FakeActOn) -> None:
        no_answer = requests.ConnectionError()
        acton.next_answers = [no_answer, no_answer, CLIENT_REFUSED]
        unanswered, answered = acton.chain(), acton.chain()

        with pytest.raises(UnreachableError):
            unanswered.access_token()
        assert unanswered.has_answer is False
        with pytest.raises(CredentialsError):
            answered.access_token()
        assert answered.has_answer is True

    def test_a_stop_while_waiting_goes_through(self, acton: FakeActOn) -> None:
        def stop(_form: Mapping[str, str]) -> requests.Response:
            raise InterruptedRunError(15)

        with pytest.raises(InterruptedRunError):
            acton.chain(post=stop).access_token()

    @pytest.mark.parametrize(
        "refusal",
        [
            (400, {"error": "invalid_scope", "error_description": "ann@example.test pass-word"}),
            (403, {"error": "invalid_grant", "error_description": "ann@example.test pass-word"}),
            (502, "ann@example.test pass-word client-secret"),
            (404, "ann@example.test pass-word client-secret settings-refresh"),
            (429, "ann@example.test pass-word client-secret settings-refresh"),
            requests.ConnectionError("ann@example.test pass-word client-secret"),
        ],
    )
    def test_neither_secrets_nor_the_answer_are_told(
        self,
        acton: FakeActOn,
        caplog: pytest.LogCaptureFixture,
        refusal: tuple[int, object] | Exception,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        acton.next_answers = [refusal] * 4

        with pytest.raises(ActOnError) as raised:
            acton.chain(BOTH).access_token()

        told = str(raised.value) + caplog.text
        for secret in ("ann@", "pass-word", "client-secret", "settings-refresh"):
            assert secret not in told


class TestCredentials:
    def test_repr_tells_nothing(self) -> None:
        token = Token("access", "refresh", NOON, NOON)

        told = f"{BOTH!r} {BOTH} {token!r} {token}"
        for secret in ("client", "ann", "pass-word", "settings-refresh", "'access'", "'refresh'"):
            assert secret not in told

    def test_identity_is_hexadecimal_and_stays(self) -> None:
        identity = BOTH.identity(HOST)

        assert len(bytes.fromhex(identity)) == 32
        assert identity == BOTH.identity(HOST)

    def test_identity_never_changes(self) -> None:
        # Another one leaves the stored chain behind, and with it the refresh token that is alive.
        assert BOTH.identity(HOST)[:16] == "3bb9b0ac9021fce1"
        assert BY_REFRESH.identity(HOST)[:16] == "7117d43ef04b6415"

    def test_identity_stays_when_a_secret_of_the_same_user_changes(self) -> None:
        changed = replace(BOTH, client_secret="new", password="new", refresh_token="new")

        assert changed.identity(HOST) == BOTH.identity(HOST)

    def test_identity_tells_accounts_apart(self) -> None:
        identities = [
            BOTH.identity(HOST),
            BOTH.identity("api-eu.example.test"),
            replace(BOTH, client_id="client2").identity(HOST),
            replace(BOTH, username="bob@example.test").identity(HOST),
            BY_REFRESH.identity(HOST),
            replace(BY_REFRESH, refresh_token="other").identity(HOST),
            replace(BY_REFRESH, refresh_token="ann@example.test").identity(HOST),
        ]

        assert len(set(identities)) == len(identities)

    def test_a_user_without_password_is_told_apart_by_the_refresh_token(self) -> None:
        first = replace(BOTH, password=None)

        assert first.identity(HOST) != replace(first, refresh_token="new").identity(HOST)


class TestChangedCredentials:
    """A stored token does not hide that the credentials of the settings are wrong."""

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            (BY_PASSWORD, replace(BY_PASSWORD, password="wrong")),
            (BY_PASSWORD, replace(BY_PASSWORD, client_secret="wrong")),
            (BY_REFRESH, replace(BY_REFRESH, client_secret="wrong")),
        ],
    )
    @pytest.mark.parametrize("seconds", [0, HOUR])
    def test_they_are_tried_before_a_stored_token_is_used(
        self, acton: FakeActOn, right: Credentials, wrong: Credentials, seconds: int
    ) -> None:
        store = TokenStore()
        acton.chain(right, store).access_token()
        acton.pass_time(seconds)
        with pytest.raises(CredentialsError, match="check"):
            acton.chain(wrong, store).access_token()
        assert acton.chain(right, store).access_token()
        assert acton.refresh_tokens_sent_again == 0

    def test_a_token_of_other_credentials_is_not_used_while_the_host_is_down(
        self, acton: FakeActOn
    ) -> None:
        store = TokenStore()
        acton.chain(store=store).access_token()
        acton.next_answers = [GATEWAY_DOWN] * 2
        with pytest.raises(UnreachableError):
            acton.chain(replace(BY_PASSWORD, password="new"), store).access_token()

    def test_a_token_that_was_stored_without_them_proves_no_password(
        self, acton: FakeActOn
    ) -> None:
        store = TokenStore()
        store.write(Token("access", "settings-refresh", NOON + HOUR, NOON + HOUR))
        assert acton.chain(store=store).access_token() == "access-1"
        assert acton.chain(store=store).access_token() == "access-1"
        assert acton.grants == ["password"]

    def test_such_a_token_is_used_where_there_is_no_password_to_try(self, acton: FakeActOn) -> None:
        store = TokenStore()
        store.write(Token("access", "settings-refresh", NOON + HOUR, NOON + HOUR))
        assert acton.chain(BY_REFRESH, store).access_token() == "access"
        assert acton.forms == []

    def test_the_store_does_not_show_them(self, acton: FakeActOn, tmp_path: Path) -> None:
        path = tmp_path / "token.json"
        acton.chain(BOTH, FileTokenStore(path)).access_token()
        acton.chain(BOTH, FileTokenStore(path)).access_token()
        assert len(acton.forms) == 1
        assert not [word for word in ("pass-word", "client-secret") if word in path.read_text()]


class TestChainInAFile:
    TOKEN = Token("access", "refresh", NOON + HOUR, NOON + HOUR - 300)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"null",
            b"[" * 100_000,
            b'{"access_token": "a"}',
            b'{"access_token": null, "refresh_token": "r", "expires_at": 1, "renew_at": 1}',
            b'{"access_token": "a", "refresh_token": "r", "expires_at": "1", "renew_at": 1}',
        ],
    )
    def test_a_damaged_file_is_no_token_and_is_replaced(
        self, acton: FakeActOn, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
    ) -> None:
        path = tmp_path / "token.json"
        path.write_bytes(content)

        assert acton.chain(store=FileTokenStore(path)).access_token() == "access-1"
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert caplog.messages == [f"{path} holds no readable token; the next one replaces it."]
        stored = FileTokenStore(path).read()
        assert stored is not None
        assert stored.access_token == "access-1"

    def test_a_folder_that_cannot_be_locked_names_the_setting_before_any_call(
        self, acton: FakeActOn, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        chain = acton.chain(store=FileTokenStore(tmp_path / "file" / "token.json"))

        with pytest.raises(SettingsError, match=r"token_store .* memory"):
            chain.access_token()
        assert acton.forms == []

    def test_a_failure_under_the_lock_lets_go_of_it(self, acton: FakeActOn, tmp_path: Path) -> None:
        acton.next_answers = [USER_REFUSED]
        path = tmp_path / "token.json"
        failed = FileTokenStore(path)
        with pytest.raises(CredentialsError):
            acton.chain(store=failed).access_token()

        assert acton.chain(store=FileTokenStore(path)).access_token() == "access-2"

    @pytest.mark.parametrize("is_stored", [False, True])
    def test_a_full_disk_shows_before_a_refresh_token_is_used_up(
        self, acton: FakeActOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_stored: bool
    ) -> None:
        store = FileTokenStore(tmp_path / "token.json")
        if is_stored:
            refresh_token = BY_REFRESH.refresh_token
            store.write(replace(self.TOKEN, refresh_token=refresh_token, renew_at=0))

        def fsync(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(SettingsError, match=r"No space left on device.* token_store"):
            acton.chain(BY_REFRESH, store).access_token()
        assert acton.forms == []
        monkeypatch.undo()
        assert acton.chain(BY_REFRESH, store).access_token() == "access-1"

    def test_a_token_takes_the_room_that_was_made_for_it(
        self, acton: FakeActOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lengths: list[int] = []

        def fsync(descriptor: int) -> None:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                lengths.append(status.st_size)

        monkeypatch.setattr(os, "fsync", fsync)
        acton.chain(store=FileTokenStore(tmp_path / "token.json")).access_token()
        assert lengths == [TOKEN_LENGTH, (tmp_path / "token.json").stat().st_size]
        assert lengths[1] < TOKEN_LENGTH


@settings(deadline=None)
@given(
    events=st.lists(
        st.one_of(
            st.integers(0, 2 * HOUR),
            st.sampled_from(["next run", "401", "other program", "outage", "long outage"]),
        ),
        max_size=30,
    )
)
def test_whatever_happens_the_rules_of_the_token_address_are_kept(events: list[int | str]) -> None:
    acton = FakeActOn()
    store, limits = TokenStore(), acton.limits()
    chain = acton.chain(BOTH, store, limits)
    token = ""
    for event in events:
        acton.next_answers = [GATEWAY_DOWN] * {"outage": 1, "long outage": 2}.get(str(event), 0)
        if isinstance(event, int):
            acton.pass_time(event)
        elif event == "other program":
            acton.renew("theirs")
        elif event == "next run":
            chain = acton.chain(BOTH, store, limits)
        try:
            if event == "401":
                token = chain.replace(token)
                assert token == acton.live_access_token
            else:
                token = chain.access_token()
        except (AllowanceSpentError, UnreachableError):
            chain = acton.chain(BOTH, store, limits)

    assert acton.refresh_tokens_sent_again == 0
    for start in acton.asked_at:
        assert sum(start <= asked <= start + HOUR * SECOND_MS for asked in acton.asked_at) <= 5
