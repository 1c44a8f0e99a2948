"""The cycle of a call: pace, token, answer, repetition; and what goes over the wire."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.client import (
    DOUBTFUL_TRIES,
    FEW_GIVEN_UP,
    FIRST_CONTACT_TRIES,
    PROBES,
    ActOnClient,
    Call,
    leads_elsewhere,
    path_part,
)
from tap_acton.api.transport import MAX_THROTTLES, RetryPolicy, new_session
from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
    CallError,
    CredentialsError,
    ForbiddenError,
    GivenUpError,
    GoneError,
    InterruptedRunError,
    NoContentError,
    NotAvailableError,
    RejectedCallError,
    RepeatableError,
    UnreachableError,
)
from tap_acton.sync.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tap_acton.api.auth import TokenChain
    from tap_acton.api.exchange import Exchange
    from tap_acton.api.rate_limits import RateLimits

HOST = "https://api.example.com"
CALL = Call("/api/1/message", subject="messages", stream="messages")
QUERY_BODY = {"selectFields": ["co.*"], "searchTerm": "Zoë"}
POST = Call("/custom-objects/v1/1/query", "messages", "messages", {"a": 1}, body=QUERY_BODY)
ROWS = {"result": [1, 2], "totalCount": 2}
GOOD = {"json": ROWS}
PROBE_PATHS = [path for path, _ in PROBES]

NO_CONNECTION = {"body": requests.ConnectionError("to api.example.com?email=ann@example.com")}
UNTRUSTED = requests.exceptions.SSLError(SSLCertVerificationError("token-1 ann@example.com"))
NO_ANSWER = {"body": requests.ReadTimeout("Bearer token-1")}
BROKEN = {"body": "<html>ann@example.com</html>"}
UNAVAILABLE = {"status": 503, "body": "<html>ann@example.com</html>"}
THROTTLED = {"status": 429, "body": "ann@example.com"}
EMPTY_403 = {"status": 403, "body": ""}
GATEWAY_403 = {"status": 403, "json": {"httpCode": "403", "httpMessage": "Forbidden"}}
REFUSED_TOKEN = {"status": 401, "json": {"httpCode": "401", "httpMessage": "token-1"}}


@dataclass
class Tokens:
    """A token chain whose tokens are numbered."""

    has_answer = False

    log: list[str]
    refused: list[str] = field(default_factory=list)
    failure: ActOnError | None = None

    def access_token(self) -> str:
        if self.failure:
            raise self.failure
        return f"token-{len(self.refused) + 1}"

    def replace(self, refused: str) -> str:
        self.log.append("renew")
        self.refused.append(refused)
        return self.access_token()


@dataclass
class FakeLimits:
    """Limits that let every call through, and note what is asked of them."""

    log: list[str]
    held_back: list[float] = field(default_factory=list)
    failure: ActOnError | None = None

    def wait_for_call(self) -> float:
        if self.failure:
            raise self.failure
        self.log.append("pace")
        return 0.25

    def hold_back(self, seconds: float) -> None:
        self.log.append("hold back")
        self.held_back.append(seconds)


class Setup:
    """A client among stand-ins, and the answers that it will get."""

    def __init__(self, mock: responses.RequestsMock | None, base_url: str = HOST) -> None:
        self.mock = mock
        self.base_url = base_url
        self.log: list[str] = []
        self.pauses: list[float] = []
        self.tokens = Tokens(self.log)
        self.limits = FakeLimits(self.log)
        self.counts = RunSummary()
        self.client = self.client_with()

    def client_with(
        self,
        *,
        max_retries: int = 3,
        timeout: float = 30,
        pause: Callable[[float], None] | None = None,
        recorder: Callable[[Exchange], None] | None = None,
    ) -> ActOnClient:
        return ActOnClient(
            base_url=self.base_url,
            session=new_session("tap-acton/test", 2),
            tokens=cast("TokenChain", self.tokens),
            limits=cast("RateLimits", self.limits),
            counter=self.counts,
            pause=pause or self.pause,
            retry_policy=RetryPolicy(timeout, max_retries),
            recorder=recorder,
        )

    def pause(self, seconds: float) -> None:
        if seconds:
            self.log.append("pause")
            self.pauses.append(seconds)

    def answers(
        self, *answers: dict[str, Any], path: str = CALL.path, method: str = responses.GET
    ) -> None:
        """Say what comes, answer by answer; the last one comes again and again."""
        assert self.mock is not None
        for answer in answers:
            self.mock.add(method, f"{HOST}{path}", **answer)

    def read(self, call: Call = CALL) -> Any:
        return self.client.read(call, lambda payload: payload)

    def answers_probes(self, *answers: dict[str, Any]) -> None:
        """Say what comes for the cheap calls that show how other paths fare."""
        for path in PROBE_PATHS:
            self.answers(*answers, path=path)

    @property
    def sent(self) -> list[requests.PreparedRequest]:
        """What was sent, without these."""
        return [request for request in self.requests if _path_of(request) not in PROBE_PATHS]

    @property
    def probes(self) -> int:
        """How many of these were sent."""
        return len(self.requests) - len(self.sent)

    @property
    def requests(self) -> list[requests.PreparedRequest]:
        assert self.mock is not None
        return [call.request for call in self.mock.calls]

    @property
    def calls(self) -> int:
        return self.counts.streams["messages"].calls


def _path_of(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).path


@pytest.fixture
def setup() -> Iterator[Setup]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Setup(mock)


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)


class TestRecorder:
    def test_it_gets_every_whole_answer_as_it_came(self, setup: Setup) -> None:
        kept: list[Exchange] = []
        client = setup.client_with(recorder=kept.append)
        latin = {"body": '["Zo\u00eb"]'.encode("latin-1")}
        setup.answers(NO_ANSWER, {**latin, "content_type": "application/json;charset=ISO-8859-1"})

        assert client.read(replace(CALL, parameters={"a": "b c"}), list) == ["Zo\u00eb"]

        (exchange,) = kept
        assert (exchange.stream, exchange.method, exchange.path) == ("messages", "GET", CALL.path)
        assert (exchange.parameters, exchange.body) == ({"a": "b c"}, None)
        assert (exchange.status, exchange.content) == (200, latin["body"])
        assert exchange.headers["Content-Type"] == "application/json;charset=ISO-8859-1"
        assert "token-1" not in repr(exchange)

    def test_it_gets_refusals_files_and_bodies_too(self, setup: Setup) -> None:
        kept: list[Exchange] = []
        client = setup.client_with(recorder=kept.append)
        setup.answers({"status": 400, "json": {"errorCode": 10030}})
        setup.answers({"body": "id\r\n7\r\n", "content_type": "text/csv"}, path="/file")
        setup.answers(GOOD, path=POST.path, method=responses.POST)

        with pytest.raises(GoneError):
            setup.client_with(recorder=kept.append).read(CALL, list)
        client.download(replace(CALL, path="/file"), file := BytesIO())
        client.read(POST, dict)

        assert [one.status for one in kept] == [400, 200, 200]
        assert file.getvalue() == kept[1].content == b"id\r\n7\r\n"
        assert (kept[2].method, kept[2].body) == ("POST", QUERY_BODY)

    def test_it_gets_nothing_that_is_too_large_for_memory(
        self, setup: Setup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept: list[Exchange] = []
        monkeypatch.setattr("tap_acton.api.transport.LARGEST_RESPONSE", 10)
        setup.answers({"body": b"[" + b" " * 20 + b"]"})

        with pytest.raises(RejectedCallError, match="larger than"):
            setup.client_with(recorder=kept.append).read(CALL, list)

        assert kept == []


class TestGoodAnswer:
    def test_it_is_decoded_and_interpreted(self, setup: Setup) -> None:
        setup.answers(GOOD)

        assert setup.client.read(CALL, lambda payload: payload["totalCount"]) == 2

    def test_the_charset_that_it_states_counts_for_json_and_for_csv(self, setup: Setup) -> None:
        body = {"body": '["Zo\u00eb"]'.encode("latin-1")}
        setup.answers(
            {**body, "content_type": "application/json;charset=ISO-8859-1"},
            {**body, "content_type": "text/csv;charset=ISO-8859-1"},
        )
        assert setup.read() == ["Zo\u00eb"]
        file = BytesIO()
        setup.client.download(CALL, file)
        assert file.getvalue().decode() == '["Zo\u00eb"]'

    def test_every_request_waits_for_its_turn_and_is_counted(self, setup: Setup) -> None:
        setup.answers(UNAVAILABLE, THROTTLED, REFUSED_TOKEN, NO_CONNECTION, BROKEN, GOOD)

        setup.client_with(max_retries=5).read(CALL, lambda payload: payload)

        count = setup.counts.streams["messages"]
        assert len(setup.sent) + setup.probes == setup.log.count("pace") == count.calls
        assert len(setup.sent) == 6
        assert count.waited >= 0.25

    def test_a_call_that_is_not_let_through_is_neither_made_nor_counted(self, setup: Setup) -> None:
        setup.answers(GOOD)
        setup.limits.failure = AllowanceSpentError("spent")

        with pytest.raises(AllowanceSpentError, match="spent"):
            setup.read()
        assert (len(setup.sent), setup.calls) == (0, 0)

    def test_it_is_asked_for_as_json_with_the_token_and_the_name_of_the_tap(
        self, setup: Setup
    ) -> None:
        setup.answers(GOOD)

        setup.read()

        headers = setup.sent[0].headers
        assert headers["Authorization"] == "Bearer token-1"
        assert headers["Accept"] == "application/json"
        assert headers["User-Agent"] == "tap-acton/test"

    @pytest.mark.parametrize(("timeout", "expected"), [(30, (10.0, 30)), (4, (4, 4))])
    def test_a_connection_is_waited_for_more_briefly_than_an_answer(
        self, setup: Setup, timeout: float, expected: tuple[float, float]
    ) -> None:
        setup.answers(GOOD)

        setup.client_with(timeout=timeout).read(CALL, lambda payload: payload)

        assert setup.sent[0].req_kwargs["timeout"] == expected  # type: ignore[attr-defined]

    def test_a_token_is_got_before_the_first_call_when_connecting(self, setup: Setup) -> None:
        setup.tokens.failure = CredentialsError("wrong password")

        with pytest.raises(CredentialsError, match="wrong password"):
            setup.client.connect()
        assert setup.sent == []

    @pytest.mark.parametrize("failure", [UNAVAILABLE, THROTTLED, REFUSED_TOKEN, NO_CONNECTION])
    def test_a_call_with_a_body_reads_and_is_repeated_like_any_other(
        self, setup: Setup, failure: dict[str, Any]
    ) -> None:
        setup.answers(failure, GOOD, path=POST.path, method=responses.POST)

        assert setup.read(POST) == ROWS
        assert [request.method for request in setup.sent] == ["POST", "POST"]
        assert [json.loads(request.body or "") for request in setup.sent] == [QUERY_BODY] * 2

    @pytest.mark.parametrize("body", [{}, [], {"a": None}])
    def test_a_body_may_be_empty(self, setup: Setup, body: Any) -> None:
        setup.answers(GOOD, path=POST.path, method=responses.POST)

        setup.read(replace(POST, body=body))

        assert json.loads(setup.sent[0].body or "") == body


class TestFailuresForGood:
    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ({"status": 400, "json": {"errorCode": 10030}}, GoneError),
            ({"status": 404, "json": {"errorCode": "10054"}}, GoneError),
            ({"status": 200, "json": {"errorCode": 10004}}, GoneError),
            ({"status": 200, "body": '{}{"errorCode": 10004}'}, GoneError),
            ({"status": 400, "json": {"errorCode": 10089}}, NotAvailableError),
            ({"status": 403, "json": {"errorCode": 77777}}, NotAvailableError),
            ({"status": 400, "json": {"errorCode": 77777}}, RejectedCallError),
            ({"status": 404, "body": ""}, RejectedCallError),
            ({"status": 400, "body": "PUBLIC_API_FEATURE_NOT_ENABLED"}, CredentialsError),
        ],
    )
    def test_what_does_not_pass_is_not_repeated(
        self, setup: Setup, answer: dict[str, Any], kind: type[ActOnError]
    ) -> None:
        setup.answers(answer)

        with pytest.raises(kind):
            setup.read()
        assert setup.log == ["pace"]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, setup: Setup, status: int) -> None:
        setup.answers({"status": status, "headers": {"Location": f"{HOST}/elsewhere"}})
        setup.answers(GOOD, path="/elsewhere")

        with pytest.raises(RejectedCallError, match=f"HTTP {status}"):
            setup.read()
        assert len(setup.sent) == 1

    def test_an_error_of_the_interpretation_is_no_failure_of_the_call(self, setup: Setup) -> None:
        setup.answers(GOOD)

        with pytest.raises(ZeroDivisionError):
            setup.client.read(CALL, lambda _: 1 // 0)
        assert setup.log == ["pace"]


class TestToken:
    @pytest.mark.parametrize(
        "refusal",
        [
            REFUSED_TOKEN,
            {"status": 401, "body": ""},
            {"status": 403, "json": {"errorCode": 900904}},
            {"status": 200, "json": {"errorCode": "900904"}},
            {"status": 200, "json": {"httpCode": "401", "httpMessage": "Unauthorized"}},
        ],
    )
    def test_it_is_renewed_once_and_the_call_repeated_at_once(
        self, setup: Setup, refusal: dict[str, Any]
    ) -> None:
        setup.answers(refusal, GOOD)
        setup.answers_probes(refusal)

        assert setup.read() == ROWS
        assert setup.log == ["pace", *["pace"] * len(PROBES), "renew", "pace"]
        assert setup.tokens.refused == ["token-1"]
        assert [request.headers["Authorization"] for request in setup.sent] == [
            "Bearer token-1",
            "Bearer token-2",
        ]

    def test_a_renewed_token_that_is_refused_too_ends_the_run(self, setup: Setup) -> None:
        setup.answers(REFUSED_TOKEN)
        setup.answers_probes(REFUSED_TOKEN)

        with pytest.raises(CredentialsError, match="another program may be logging in"):
            setup.read()
        assert len(setup.sent) == 2
        assert setup.tokens.refused == ["token-1"]

    def test_failures_in_between_do_not_allow_another_renewal(self, setup: Setup) -> None:
        setup.answers(REFUSED_TOKEN, UNAVAILABLE, THROTTLED, REFUSED_TOKEN)

        with pytest.raises(CredentialsError):
            setup.read()
        assert setup.tokens.refused == ["token-1"]

    def test_each_call_may_renew_it(self, setup: Setup) -> None:
        setup.answers(REFUSED_TOKEN, GOOD, REFUSED_TOKEN, GOOD)

        assert [setup.read(), setup.read()] == [ROWS, ROWS]
        assert setup.tokens.refused == ["token-1", "token-2"]

    def test_a_renewal_does_not_count_as_a_try(self, setup: Setup) -> None:
        setup.answers(REFUSED_TOKEN, GOOD)

        assert setup.client_with(max_retries=0).read(CALL, lambda payload: payload) == ROWS

    def test_the_failure_of_a_renewal_is_passed_on(
        self, setup: Setup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        setup.answers(REFUSED_TOKEN)
        monkeypatch.setattr(setup.tokens, "replace", lambda _: fail(UnreachableError("no token")))

        with pytest.raises(UnreachableError, match="no token"):
            setup.read()
        assert len(setup.sent) == 1


def fail(error: Exception) -> Any:
    raise error


class TestThrottles:
    def test_the_whole_run_is_held_back_as_long_as_act_on_asks(self, setup: Setup) -> None:
        setup.answers({**THROTTLED, "headers": {"Retry-After": "17"}}, GOOD)

        assert setup.read() == ROWS
        assert setup.limits.held_back == [17]
        assert setup.log == ["pace", "hold back", "pace"]

    @pytest.mark.usefixtures("no_jitter")
    def test_without_a_word_from_act_on_each_wait_is_twice_the_last(self, setup: Setup) -> None:
        setup.answers(*[THROTTLED] * MAX_THROTTLES, GOOD)

        assert setup.read() == ROWS
        assert setup.limits.held_back[:5] == [2, 4, 8, 16, 32]
        assert 60 <= setup.limits.held_back[5] <= 64
        assert setup.pauses == []

    def test_waits_are_spread_so_that_machines_do_not_come_back_together(
        self, setup: Setup
    ) -> None:
        setup.answers(*[THROTTLED] * MAX_THROTTLES, GOOD)

        setup.read()

        for exponent, wait in enumerate(setup.limits.held_back, 1):
            assert 0.5 * 2**exponent <= wait <= 1.5 * 2**exponent
        assert setup.limits.held_back != [2, 4, 8, 16, 32, 64]

    def test_a_wait_of_no_seconds_is_not_taken_at_its_word(self, setup: Setup) -> None:
        setup.answers({**THROTTLED, "headers": {"Retry-After": "0"}}, GOOD)

        setup.read()

        assert setup.limits.held_back[0] > 1

    def test_one_too_many_means_that_the_allowance_is_spent(self, setup: Setup) -> None:
        setup.answers(THROTTLED)

        with pytest.raises(AllowanceSpentError) as raised:
            setup.read()
        assert raised.value.exit_code == 3
        assert len(setup.sent) == MAX_THROTTLES + 1 == len(setup.limits.held_back) + 1

    def test_a_wait_of_hours_is_left_to_the_next_run(self, setup: Setup) -> None:
        setup.answers({**THROTTLED, "headers": {"Retry-After": "36000"}}, GOOD)

        with pytest.raises(AllowanceSpentError):
            setup.read()
        assert len(setup.sent) == 1
        assert setup.limits.held_back == []

    @pytest.mark.parametrize("failure", [EMPTY_403, GATEWAY_403, THROTTLED])
    def test_whatever_all_paths_answer_is_one(self, setup: Setup, failure: dict[str, Any]) -> None:
        setup.answers(failure)
        setup.answers_probes(failure)

        with pytest.raises(AllowanceSpentError):
            setup.read()
        assert len(setup.limits.held_back) == MAX_THROTTLES

    def test_they_do_not_use_up_the_retries(self, setup: Setup) -> None:
        setup.answers(*[THROTTLED] * MAX_THROTTLES, GOOD)

        assert setup.client_with(max_retries=0).read(CALL, lambda payload: payload) == ROWS

    def test_a_gateway_that_says_so_under_status_200_is_heeded(self, setup: Setup) -> None:
        setup.answers({"json": {"error": "Rate limit exceeded"}}, GOOD)

        assert setup.read() == ROWS
        assert len(setup.limits.held_back) == 1


class TestOnePath:
    """A failure of one path, while the host answers others well, concerns this call alone."""

    @pytest.mark.parametrize(
        ("failure", "kind", "most"),
        [
            (EMPTY_403, ForbiddenError, 2),
            (GATEWAY_403, ForbiddenError, 2),
            (REFUSED_TOKEN, ForbiddenError, 2),
            ({"status": 401, "body": ""}, ForbiddenError, 2),
            ({"status": 403, "json": {"errorCode": 900904}}, ForbiddenError, 2),
            ({"status": 403, "json": {"message": "No right"}}, ForbiddenError, 1),
            ({"status": 403, "body": "<html>"}, GivenUpError, 4),
            ({"status": 503, "body": ""}, GivenUpError, 4),
            ({"status": 500, "body": ""}, GivenUpError, 4),
            (THROTTLED, GivenUpError, MAX_THROTTLES + 1),
            ({**THROTTLED, "headers": {"Retry-After": "36000"}}, GivenUpError, 1),
            (NO_CONNECTION, GivenUpError, 4),
            (NO_ANSWER, GivenUpError, 4),
            ({"body": requests.exceptions.ContentDecodingError()}, GivenUpError, 4),
            (BROKEN, GivenUpError, 4),
        ],
    )
    @pytest.mark.parametrize("path", [CALL.path, *PROBE_PATHS])
    def test_it_says_so_and_spends_no_login(
        self, setup: Setup, failure: dict[str, Any], kind: type[ActOnError], most: int, path: str
    ) -> None:
        setup.answers_probes(GOOD) if path == CALL.path else setup.answers(
            GOOD, path=PROBE_PATHS[1 - PROBE_PATHS.index(path)]
        )
        setup.answers(failure, path=path)
        setup.tokens.has_answer = True

        with pytest.raises(kind) as raised:
            setup.read(replace(CALL, path=path))
        assert isinstance(raised.value, CallError)
        assert setup.tokens.refused == []
        tried = [request for request in setup.requests if _path_of(request) == path]
        assert len(tried) == most

    @pytest.mark.parametrize("failure", [EMPTY_403, REFUSED_TOKEN])
    def test_a_refusal_takes_seconds(self, setup: Setup, failure: dict[str, Any]) -> None:
        setup.answers(failure)
        setup.answers_probes(GOOD)

        for _ in range(5):
            with pytest.raises(ForbiddenError):
                setup.read()
        assert setup.limits.held_back == []
        assert sum(setup.pauses) < 2
        # Once it has been confirmed, it is believed.
        assert len(setup.sent) == 2 + 4

    @pytest.mark.parametrize("failure", [EMPTY_403, GATEWAY_403, REFUSED_TOKEN])
    def test_a_refusal_that_passes_is_none(self, setup: Setup, failure: dict[str, Any]) -> None:
        setup.answers(failure, GOOD)
        setup.answers_probes(GOOD)

        assert setup.read() == ROWS
        assert setup.tokens.refused == []

    def test_it_is_found_out_by_the_second_cheap_call_where_the_first_one_is_refused_too(
        self, setup: Setup
    ) -> None:
        setup.answers(REFUSED_TOKEN)
        setup.answers(REFUSED_TOKEN, path=PROBE_PATHS[0])
        setup.answers(GOOD, path=PROBE_PATHS[1])

        with pytest.raises(ForbiddenError):
            setup.read()

    def test_what_has_a_side_effect_is_not_repeated_to_find_that_out(self, setup: Setup) -> None:
        setup.answers(REFUSED_TOKEN)
        setup.answers_probes(GOOD)

        with pytest.raises(ForbiddenError):
            setup.client.read_once(CALL, lambda payload: payload)
        assert len(setup.sent) == 1

    @pytest.mark.parametrize("failure", [UNAVAILABLE, NO_ANSWER, THROTTLED])
    def test_after_a_few_of_a_stream_fewer_retries_are_made(
        self, setup: Setup, failure: dict[str, Any]
    ) -> None:
        setup.answers(failure)
        setup.answers(*[UNAVAILABLE] * 3, GOOD, path="/other")
        setup.answers_probes(GOOD)
        setup.tokens.has_answer = True
        for _ in range(FEW_GIVEN_UP):
            with pytest.raises(GivenUpError):
                setup.read()
        sent = len(setup.sent)

        with pytest.raises(GivenUpError):
            setup.read()
        assert len(setup.sent) == sent + DOUBTFUL_TRIES == sent + 2
        # That of another stream is repeated as ever.
        assert setup.read(Call("/other", "lists", "lists")) == ROWS

    def test_once_a_retry_has_helped_all_of_them_are_made_again(self, setup: Setup) -> None:
        setup.answers(*[UNAVAILABLE] * 4 * FEW_GIVEN_UP, UNAVAILABLE, GOOD)
        setup.answers(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, GOOD, path="/other")
        for _ in range(FEW_GIVEN_UP):
            with pytest.raises(GivenUpError):
                setup.read()
        assert setup.read() == ROWS

        assert setup.read(replace(CALL, path="/other")) == ROWS

    def test_no_content_is_said_at_once(self, setup: Setup) -> None:
        setup.answers({"status": 204})

        with pytest.raises(NoContentError):
            setup.read()
        assert setup.log == ["pace"]


class TestRetries:
    @pytest.mark.parametrize(
        "failure",
        [
            NO_CONNECTION,
            NO_ANSWER,
            BROKEN,
            UNAVAILABLE,
            {"status": 500, "body": ""},
            {"status": 502, "body": "<html>Bad Gateway</html>"},
            {"status": 504, "json": {"message": "upstream"}},
            {"status": 408, "body": ""},
            {"body": ""},
            {"body": "{"},
            {"status": 404, "body": '{"errorCode": 100'},
            {"status": 400, "body": '{"errorCode": 10030, "mess'},
            {"status": 403, "body": '{"message": "No'},
            {"body": requests.exceptions.ChunkedEncodingError()},
            {"body": requests.exceptions.ContentDecodingError()},
        ],
    )
    def test_a_failure_that_may_pass_is_repeated_after_a_pause(
        self, setup: Setup, failure: dict[str, Any]
    ) -> None:
        setup.answers(failure, GOOD)

        assert setup.read() == ROWS
        assert setup.log == ["pace", "pause", "pace"]

    @pytest.mark.usefixtures("no_jitter")
    def test_each_pause_is_twice_the_last_up_to_a_minute(self, setup: Setup) -> None:
        setup.answers(*[UNAVAILABLE] * 9, GOOD)

        assert setup.client_with(max_retries=9).read(CALL, lambda payload: payload) == ROWS
        assert setup.pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        # Whoever looks meanwhile sees why no call is made.
        assert setup.counts.retry_at > time.monotonic() + 50

    @pytest.mark.parametrize(
        ("max_retries", "times"), [(0, "Tried once"), (1, "Tried 2 times"), (4, "Tried 5 times")]
    )
    def test_after_the_last_one_the_call_is_given_up(
        self, setup: Setup, max_retries: int, times: str
    ) -> None:
        setup.answers(UNAVAILABLE)

        with pytest.raises(GivenUpError, match=times):
            setup.client_with(max_retries=max_retries).read(CALL, lambda payload: payload)
        assert len(setup.sent) == max_retries + 1 == len(setup.pauses) + 1
        assert setup.probes == 0

    @pytest.mark.parametrize(("tries", "sent"), [(1, 1), (2, 2), (9, 4)])
    def test_a_call_may_be_given_fewer_tries_but_not_more(
        self, setup: Setup, tries: int, sent: int
    ) -> None:
        setup.answers(UNAVAILABLE)

        with pytest.raises(GivenUpError):
            setup.client_with(max_retries=3).read(CALL, lambda payload: payload, tries=tries)
        assert len(setup.sent) == sent

    def test_an_answer_of_another_shape_than_expected_counts_as_broken(self, setup: Setup) -> None:
        setup.answers(GOOD, GOOD, {"json": {"data": []}})

        def interpret(payload: dict[str, Any]) -> str:
            if "data" not in payload:
                raise RepeatableError("messages: unknown shape.")
            return "understood"

        assert setup.client.read(CALL, interpret) == "understood"
        assert len(setup.pauses) == 2

    def test_a_wish_to_end_the_run_ends_the_pause(self, setup: Setup) -> None:
        setup.answers(UNAVAILABLE)

        with pytest.raises(InterruptedRunError):
            setup.client_with(pause=lambda _: fail(InterruptedRunError(15))).read(
                CALL, lambda payload: payload
            )
        assert len(setup.sent) == 1


class TestUnreachable:
    @pytest.mark.parametrize(
        ("failure", "reason"),
        [
            (NO_CONNECTION, "the connection to api.example.com failed"),
            (NO_ANSWER, "api.example.com did not respond in time"),
        ],
    )
    def test_a_host_that_was_never_reached_is_given_up_soon(
        self, setup: Setup, failure: dict[str, Any], reason: str
    ) -> None:
        setup.answers(failure)

        with pytest.raises(UnreachableError) as raised:
            setup.client_with(max_retries=9).read(CALL, lambda payload: payload)
        assert len(setup.sent) == FIRST_CONTACT_TRIES == 2
        assert raised.value.sentence == (
            f"messages: {reason}. Tried 2 times: check the network, region and api_url."
        )

    def test_a_host_that_has_answered_the_login_is_given_all_retries(self, setup: Setup) -> None:
        setup.answers(*[NO_CONNECTION] * 3, GOOD)
        setup.tokens.has_answer = True

        assert setup.client_with(max_retries=3).read(CALL, lambda payload: payload) == ROWS

    def test_with_no_retries_it_is_tried_once(self, setup: Setup) -> None:
        setup.answers(NO_CONNECTION)

        with pytest.raises(UnreachableError, match="Tried once"):
            setup.client_with(max_retries=0).read(CALL, lambda payload: payload)
        assert len(setup.sent) == 1

    @pytest.mark.parametrize("first", [GOOD, BROKEN, {"status": 404, "json": {}}, UNAVAILABLE])
    def test_a_host_that_has_answered_once_is_given_all_retries(
        self, setup: Setup, first: dict[str, Any]
    ) -> None:
        setup.answers(first, path="/first")
        setup.answers(*[NO_CONNECTION] * 3, GOOD)
        client = setup.client_with(max_retries=3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "_retry_policy", RetryPolicy(30, 0))
            with suppress(RejectedCallError, GivenUpError):
                client.read(Call("/first", "x", "x"), lambda payload: payload)

        assert client.read(CALL, lambda payload: payload) == ROWS

    def test_an_outage_that_does_not_end_is_told_as_one(self, setup: Setup) -> None:
        setup.answers(GOOD, NO_CONNECTION)
        setup.read()

        with pytest.raises(UnreachableError, match="Tried 4 times"):
            setup.read()

    def test_an_outage_that_begins_between_two_tries_is_told_as_one(self, setup: Setup) -> None:
        setup.answers(NO_CONNECTION)
        setup.answers_probes(NO_CONNECTION)
        setup.answers(GOOD, path="/other")
        pauses = 0

        def pause(_: float) -> None:
            nonlocal pauses
            pauses += 1
            if pauses == 1:  # after the first try another call still gets a response
                client.read(Call("/other", "x", "x"), lambda payload: payload)

        client = setup.client_with(pause=pause)
        setup.tokens.has_answer = True
        with pytest.raises(UnreachableError, match="Tried 4 times"):
            client.read(CALL, lambda payload: payload)

    def test_a_certificate_that_cannot_be_verified_is_not_tried_again(self, setup: Setup) -> None:
        setup.answers({"body": UNTRUSTED})

        with pytest.raises(UnreachableError, match=r"TLS certificate of api\.example\.com"):
            setup.read()
        assert setup.log == ["pace"]


SECRETS = ("ann@example.com", "ann%40example.com", "token-1", "token-2", "Bearer")


class TestSecrecy:
    @pytest.mark.parametrize(
        "answer",
        [
            NO_CONNECTION,
            NO_ANSWER,
            BROKEN,
            UNAVAILABLE,
            THROTTLED,
            REFUSED_TOKEN,
            {"body": UNTRUSTED},
            {"status": 302, "headers": {"Location": "https://x.example/?u=ann@example.com"}},
            {"status": 403, "json": {"message": "ann@example.com has no right"}},
            {"status": 400, "json": {"errorCode": 10008, "message": "ann@example.com"}},
            {"status": 400, "json": {"errorCode": "ann@example.com"}},
            {"status": 500, "body": "token-1", "headers": {"X-Request-Id": "ann@example.com"}},
        ],
    )
    def test_no_message_tells_what_was_sent_or_what_came(
        self, setup: Setup, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        setup.answers(answer)
        call = Call(CALL.path, "messages", "messages", {"email": "ann@example.com"})

        with caplog.at_level("INFO"), pytest.raises(ActOnError) as raised:
            setup.read(call)

        shown = f"{raised.value!r} {raised.value} {caplog.text}"
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
        assert [secret for secret in SECRETS if secret in shown] == []


class TestPathPart:
    @pytest.mark.parametrize(
        ("identifier", "expected"),
        [
            ("l-0a41", "l-0a41"),
            ("l-0a41:2b7", "l-0a41:2b7"),
            ("a+b&c=d", "a+b&c=d"),
            ("a@b~c", "a@b~c"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("100%", "100%25"),
            ("%2F", "%252F"),
            ("a b", "a%20b"),
            ("Zoë", "Zo%C3%AB"),
            ("../../token", "..%2F..%2Ftoken"),
            ("a\\b\n", "a%5Cb%0A"),
            ("a;b", "a%3Bb"),
        ],
    )
    def test_only_what_changes_the_meaning_of_a_url_is_escaped(
        self, identifier: str, expected: str
    ) -> None:
        assert path_part(identifier) == expected

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_it_stays_one_part_that_means_the_id(self, identifier: str) -> None:
        escaped = path_part(identifier)

        assert unquote(escaped) == identifier
        assert escaped.isascii()
        assert not set(escaped) & set("/?#; \\")

    @pytest.mark.parametrize(
        "identifier",
        [
            "",
            ".",
            "..",
            "..;",
            "..;a=b",
            " ..",
            "../x",
            "x/../y",
            "..\\x",
            "%2e%2e",
            "%2E%2e;",
            "%252e%252e",
            "..%2fx",
            "/",
            "a//b",
            ";",
            ";a=b",
            "x" * 8_000,
            "é" * 2_000,
        ],
    )
    def test_what_something_on_the_way_may_fold_away_is_refused(self, identifier: str) -> None:
        setup = Setup(None)
        call = Call(f"/api/1/list/{path_part(identifier)}/facts", "lists, list 1", "lists")
        with pytest.raises(RejectedCallError, match="lists, list 1: the ID cannot be part"):
            setup.read(call)
        assert not setup.counts.streams

    @pytest.mark.parametrize(
        "identifier", ["l-0001:2b7", "a;b", "a.b", "...", "..a", "100%", "x/y"]
    )
    def test_other_ids_are_requested(self, identifier: str) -> None:
        assert not leads_elsewhere(f"/api/1/list/{path_part(identifier)}/")

    @pytest.mark.parametrize("path", ["/api/1/media/", "/api/1/list", "/ucl/v2/70123/contact/"])
    def test_so_are_documented_paths(self, path: str) -> None:
        assert not leads_elsewhere(path)

    def test_a_path_that_is_too_long_is_refused_before_it_is_looked_at(self) -> None:
        setup = Setup(None)
        with (
            patch("tap_acton.api.client.leads_elsewhere", side_effect=AssertionError),
            pytest.raises(RejectedCallError),
        ):
            setup.read(Call(f"/api/1/list/{'%' * 3_000_000}", "lists", "lists"))


@dataclass
class WireServer:
    """A server on this machine that keeps what it is sent, byte by byte."""

    url: str
    targets: list[str]
    headers: list[dict[str, str]]
    bodies: list[bytes]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[WireServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.targets.append(self.path)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            body = json.dumps(ROWS).encode()
            self.send_response(200)
            self.send_header("Set-Cookie", "session=1; Path=/")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = WireServer(f"http://127.0.0.1:{http.server_port}", [], [], [])
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield server
        http.shutdown()
        thread.join()


class TestWire:
    def test_an_id_stays_in_its_folder_whatever_it_is(self, wire: WireServer) -> None:
        setup = Setup(None, wire.url)
        identifiers = ["l-0a41:2b7", "a+b&c", "a/b", "a?b", "100%", "Zoë x", "../x", "..", "."]

        for identifier in identifiers:
            path = f"/api/1/list/{path_part(identifier)}"
            try:
                setup.read(Call(path, "lists", "messages"))
            except RejectedCallError:
                # An id that no URL can hold may be refused, but not asked as another.
                wire.targets.append(path)

        assert [target.split("/", 4)[:4] for target in wire.targets] == [
            ["", "api", "1", "list"]
        ] * len(identifiers)
        assert [unquote(target.split("/", 4)[4]) for target in wire.targets] == identifiers

    def test_query_parameters_arrive_as_they_were_given(self, wire: WireServer) -> None:
        parameters: dict[str, str | int] = {
            "category": "News + Offers & more / 100% ü=?#;",
            "email": "ann+test@example.com",
            "count": 1000,
            "empty": "",
        }

        Setup(None, wire.url).read(Call("/api/1/x", "x", "messages", parameters))

        query = wire.targets[0].removeprefix("/api/1/x?")
        assert "+" not in query
        assert dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) == {
            name: str(value) for name, value in parameters.items()
        }

    def test_a_call_without_parameters_has_no_query(self, wire: WireServer) -> None:
        Setup(None, wire.url).read()

        assert wire.targets == ["/api/1/message"]

    def test_a_call_with_a_body_arrives_as_json_and_one_without_has_none(
        self, wire: WireServer
    ) -> None:
        setup = Setup(None, wire.url)

        setup.read(POST)
        setup.read()

        assert wire.targets == [f"{POST.path}?a=1", CALL.path]
        assert wire.headers[0]["content-type"] == "application/json"
        assert "content-type" not in wire.headers[1]
        assert json.loads(wire.bodies[0]) == QUERY_BODY
        assert wire.bodies[1] == b""

    def test_a_cookie_is_not_sent_back(self, wire: WireServer) -> None:
        setup = Setup(None, wire.url)

        setup.read()
        setup.read()

        assert ["cookie" in headers for headers in wire.headers] == [False, False]

    def test_the_token_is_sent_though_the_user_has_a_netrc(
        self, wire: WireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login ann password secret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        requests.get(wire.url, timeout=5)

        Setup(None, wire.url).read()

        assert [headers["authorization"].split()[0] for headers in wire.headers] == [
            "Basic",
            "Bearer",
        ]

    def test_many_threads_may_call_at_once(self, wire: WireServer) -> None:
        setup = Setup(None, wire.url)
        threads = [threading.Thread(target=setup.read) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert setup.calls == len(wire.targets) == 8
