"""What an answer of Act-On means, and that no sentence gives away what it holds."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from tap_acton.api.responses import (
    CODES,
    HttpResponse,
    disguised_failure_of,
    envelope_of,
    failure_of,
    is_error_object,
)
from tap_acton.errors import (
    ActOnError,
    CallError,
    CredentialsError,
    ForbiddenError,
    GoneError,
    NotAvailableError,
    NotFoundError,
    NotRoutedError,
    RejectedCallError,
    RepeatableError,
    ThrottledError,
    TokenRefusedError,
)

SUBJECT = "message_reports, message s-0042-2603"
NOON = "Tue, 17 Mar 2026 12:00:00 GMT"


def answer(status: int, body: Any = b"", **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, CaseInsensitiveDict(named), raw)


def failure(status: int, body: Any = b"", **headers: str) -> ActOnError:
    found = failure_of(answer(status, body, **headers), SUBJECT)
    assert found is not None
    return found


def gateway(code: str, message: str = "Error", more: str = "") -> dict[str, str]:
    return {"httpCode": code, "httpMessage": message, "moreInformation": more}


class TestSuccess:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_a_status_of_success_is_no_failure(self, status: int) -> None:
        assert failure_of(answer(status, {"result": []}), SUBJECT) is None

    @pytest.mark.parametrize("status", [199, 300, 301, 302, 304, 307])
    def test_any_other_status_is_a_failure_that_a_repetition_does_not_mend(
        self, status: int
    ) -> None:
        assert type(failure(status)) is RejectedCallError


class TestNumericCodes:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (10004, GoneError),
            (10008, GoneError),
            (10010, RejectedCallError),
            (10012, GoneError),
            (10013, GoneError),
            (10017, GoneError),
            (10030, GoneError),
            (10054, GoneError),
            (10089, NotAvailableError),
            (10160, GoneError),
            (90004, RejectedCallError),
            (900904, TokenRefusedError),
        ],
    )
    # The same code comes with different statuses, so the code decides.
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 503])
    def test_a_known_code_decides_whatever_the_status(
        self, code: int, kind: type[ActOnError], status: int
    ) -> None:
        found = failure(status, {"errorCode": code, "message": "quota of something"})

        assert type(found) is kind
        assert found.sentence == (
            f"{SUBJECT}: Act-On returned HTTP {status}, code {code}: {CODES[code][1]}."
        )

    def test_every_code_of_the_table_is_tested_above(self) -> None:
        tested = self.test_a_known_code_decides_whatever_the_status.pytestmark[1]  # type: ignore[attr-defined] # pytest's

        assert {code for code, _ in tested.args[1]} == set(CODES)

    @pytest.mark.parametrize("code", [10003, 10025, 10085, 10088, 10121, 77777])
    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_a_code_that_no_read_should_meet_is_named_and_not_repeated(
        self, code: int, status: int
    ) -> None:
        found = failure(status, {"errorCode": code, "message": "Input file missing"})

        assert type(found) is RejectedCallError
        assert found.sentence.endswith(f"HTTP {status}, code {code}.")

    @pytest.mark.parametrize("code", ["10030", " 10030 ", 10030, 10030.0])
    def test_a_code_may_be_spelled_as_text(self, code: object) -> None:
        assert type(failure(400, {"errorCode": code})) is GoneError

    @pytest.mark.parametrize(
        "body",
        [
            b'{"errorCode": null}',
            b'{"errorCode": ""}',
            b'{"errorCode": "E-1"}',
            b'{"errorCode": [10030]}',
            b'{"errorCode": {"errorCode": 10030}}',
            b'{"errorCode": NaN}',
            b'{"errorCode": Infinity}',
            b'{"errorCode": 1e999}',
        ],
    )
    def test_a_code_that_is_no_number_counts_as_none(self, body: bytes) -> None:
        found = failure(400, body)

        assert envelope_of(body).code is None
        assert type(found) is RejectedCallError
        assert found.sentence == f"{SUBJECT}: Act-On returned HTTP 400."


class TestThrottles:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"slow down",
            b"<html>Error</html>",
            gateway("429"),
            {"errorCode": 77777, "message": "no known code"},
            {"anything": "else"},
            [],
        ],
    )
    def test_status_429_always_is_one(self, body: object) -> None:
        assert type(failure(429, body)) is ThrottledError

    @pytest.mark.parametrize("status", [403, 502, 503, 504])
    @pytest.mark.parametrize("body", [b"", b" \r\n\t ", gateway("403", "Forbidden", "n/a")])
    def test_a_refusal_without_words_or_from_the_gateway_is_one(
        self, status: int, body: object
    ) -> None:
        assert type(failure(status, body)) is ThrottledError

    @pytest.mark.parametrize(
        "words",
        [
            "Rate limit reached",
            "LIMIT EXCEEDED",
            "Message throttled out",
            "throttling",
            "Daily Quota used",
            "Too many requests",
        ],
    )
    def test_a_refusal_that_speaks_of_limits_is_one(self, words: str) -> None:
        assert type(failure(403, {"message": words})) is ThrottledError

    @pytest.mark.parametrize("status", [403, 502, 503, 504])
    @pytest.mark.parametrize(
        "body",
        [
            b"Rate limit exceeded",
            b"<html><body>Rate limit exceeded</body></html>",
            {"message": "Rate limit exceeded"},
            {"error": "Rate limit exceeded", "error_description": "x"},
            {"errorMessage": "Rate limit exceeded", "errorList": []},
            # The shape of the gateway's maker, then that of /ucl/v2.
            {"fault": {"message": "x", "description": "Rate limit exceeded"}},
            {"errors": ["x", "Rate limit exceeded"]},
            ["Rate limit exceeded"],
            "Rate limit exceeded",
        ],
        ids=lambda body: (body if isinstance(body, bytes) else json.dumps(body).encode()).decode(),
    )
    def test_the_shape_of_a_refusal_that_speaks_of_limits_is_of_no_account(
        self, status: int, body: object
    ) -> None:
        assert type(failure(status, body)) is ThrottledError

    @pytest.mark.parametrize("key", ["error", "httpMessage", "moreInformation"])
    def test_status_400_is_one_where_it_speaks_of_limits(self, key: str) -> None:
        assert type(failure(400, {key: "Rate Limit exceeded"})) is ThrottledError

    @pytest.mark.parametrize("status", [400, 403, 500, 503])
    def test_the_status_reason_of_custom_objects_is_one(self, status: int) -> None:
        body = {
            "errorId": "7",
            "requestUri": "/custom-objects/v1/1/schema/all",
            "errorMessage": "Refused",
            "errorList": [],
            "status": "429 TOO_MANY_REQUESTS",
        }

        assert type(failure(status, body)) is ThrottledError

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, RejectedCallError),
            (403, ForbiddenError),
            (502, RepeatableError),
            (503, RepeatableError),
            (504, RepeatableError),
        ],
    )
    def test_an_envelope_with_a_numeric_code_is_none_whatever_it_says(
        self, status: int, kind: type[ActOnError]
    ) -> None:
        body = {"errorCode": 77777, "message": "Rate limit exceeded: too many, quota, throttled"}

        assert type(failure(status, body)) is kind

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(404, NotFoundError), (422, RejectedCallError), (500, RepeatableError)],
    )
    def test_no_other_status_is_one_for_its_words_alone(
        self, status: int, kind: type[ActOnError]
    ) -> None:
        assert type(failure(status, {"message": "quota"})) is kind

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (403, ForbiddenError),
            (502, RepeatableError),
            (503, RepeatableError),
            (504, RepeatableError),
        ],
    )
    @pytest.mark.parametrize(
        "body", [b"Forbidden", b"Bad <html> Gateway", {"message": "No"}, b"[]", b"{}"]
    )
    def test_a_refusal_with_other_words_is_none(
        self, status: int, kind: type[ActOnError], body: object
    ) -> None:
        assert type(failure(status, body)) is kind


class TestRetryAfter:
    def waiting_time(self, retry_after: str, date: str | None = NOON) -> float | None:
        headers = {"Retry_After": retry_after} | ({} if date is None else {"Date": date})
        found = failure(429, **headers)
        assert isinstance(found, ThrottledError)
        return found.retry_after

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [("0", 0), ("1", 1), ("120", 120), (" 7 ", 7), ("3600", 3600)],
    )
    def test_it_may_count_seconds(self, value: str, seconds: float) -> None:
        assert self.waiting_time(value) == seconds
        assert self.waiting_time(value, date=None) == seconds

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("Tue, 17 Mar 2026 12:00:30 GMT", 30),
            ("Tue, 17 Mar 2026 13:00:00 GMT", 3600),
            ("Tuesday, 17-Mar-26 12:00:30 GMT", 30),
            (NOON, 0),
            ("Tue, 17 Mar 2026 11:00:00 GMT", 0),
        ],
    )
    def test_it_may_be_a_date_which_is_compared_with_the_clock_of_the_server(
        self, value: str, seconds: float
    ) -> None:
        assert self.waiting_time(value) == seconds

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "soon",
            "-5",
            "1.5",
            "\u00b2",
            "Fri, 13 Nov 99999999999 07:28:00 GMT",
            "Fri, 13 Nov 2026 07:28:00 -99999999999999",
        ],
    )
    def test_what_it_does_not_tell_is_not_known(self, value: str) -> None:
        assert self.waiting_time(value) is None

    @pytest.mark.parametrize("date", [None, "", "yesterday", "Tue, 17 Mar 2026 12:00:00 -0000"])
    def test_a_date_without_the_clock_of_the_server_is_not_known_or_no_less_than_zero(
        self, date: str | None
    ) -> None:
        waiting_time = self.waiting_time("Tue, 17 Mar 2026 12:00:30 GMT", date)

        assert waiting_time is None or waiting_time >= 0

    def test_it_is_found_whatever_the_case_of_its_name(self) -> None:
        found = failure_of(
            HttpResponse(503, CaseInsensitiveDict({"RETRY-AFTER": "9"}), b""), subject=SUBJECT
        )

        assert isinstance(found, ThrottledError)
        assert found.retry_after == 9

    def test_a_throttle_without_it_leaves_the_wait_open(self) -> None:
        found = failure(429)

        assert isinstance(found, ThrottledError)
        assert found.retry_after is None

    @given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
    def test_whatever_the_headers_say_the_wait_is_a_number_of_seconds_or_not_known(
        self, retry_after: str, date: str
    ) -> None:
        waiting_time = self.waiting_time(retry_after, date)

        assert waiting_time is None or 0 <= waiting_time < math.inf

    @pytest.mark.parametrize("digits", [20, 400, 5000])
    def test_no_number_of_seconds_is_infinite(self, digits: int) -> None:
        waiting_time = self.waiting_time("9" * digits)

        assert waiting_time is None or waiting_time < math.inf


class TestOtherFailures:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            gateway("401", "Unauthorized", "Invalid token"),
            {"error": "access_denied", "error_description": "Unauthorized"},
            {"errorCode": 77777},
            b"<html>401</html>",
            b"Too many requests",
        ],
    )
    def test_any_answer_of_status_401_renews_the_token(self, body: object) -> None:
        assert type(failure(401, body)) is TokenRefusedError

    @pytest.mark.parametrize(
        "body",
        [
            gateway("404", "Not Found", "No resources match requested URI"),
            gateway("404", "Not Found", "NO RESOURCES MATCH REQUESTED URI: /api/1/x"),
            b"No resources match requested URI",
        ],
    )
    def test_a_path_that_is_not_routed_switches_off(self, body: object) -> None:
        assert type(failure(404, body)) is NotRoutedError

    @pytest.mark.parametrize("body", [b"", gateway("404", "Not Found", "Nothing here")])
    def test_any_other_answer_of_status_404_does_not_know_what_is_asked_for(
        self, body: object
    ) -> None:
        assert type(failure(404, body)) is NotFoundError

    def test_a_code_that_is_not_known_rejects_the_one_call(self) -> None:
        assert type(failure(404, {"errorCode": 77777})) is RejectedCallError

    @pytest.mark.parametrize(
        "body",
        [
            {"errorCode": 77777, "message": "No rights"},
            {"error": "invalid_grant", "error_description": "Wrong email or password."},
            {"status": "403 FORBIDDEN", "errorMessage": "Access denied"},
            b"Forbidden",
        ],
    )
    def test_a_plain_403_is_a_question_of_rights(self, body: object) -> None:
        found = failure(403, body)

        assert type(found) is ForbiddenError
        assert "permission" in found.sentence

    @pytest.mark.parametrize(
        "body", [b"<html>Blocked</html>", b" \r\n<!DOCTYPE html><p>Denied", b"\xef\xbb\xbf<p>"]
    )
    def test_a_403_with_a_page_is_none_of_act_on(self, body: bytes) -> None:
        found = failure(403, body)

        assert type(found) is RepeatableError
        assert "proxy" in found.sentence

    @pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 520, 599])
    @pytest.mark.parametrize("body", [b"<html>oops</html>", {"status": "500 SERVER", "errors": []}])
    def test_a_failure_of_the_server_may_pass(self, status: int, body: object) -> None:
        assert type(failure(status, body)) is RepeatableError

    @pytest.mark.parametrize("body", [b"", b"<html>Access denied</html>"])
    def test_a_refusal_of_a_proxy_may_pass_and_is_none_of_the_call(self, body: bytes) -> None:
        found = failure(407, body)

        assert type(found) is RepeatableError
        assert "a proxy in front of it" in found.sentence

    @pytest.mark.parametrize("status", [400, 402, 405, 406, 409, 415, 422])
    @pytest.mark.parametrize(
        "body", [b"", b"Bad Request", b"[]", b"null", {"errors": ["Bad field"]}]
    )
    def test_a_fault_of_the_call_does_not_pass(self, status: int, body: object) -> None:
        assert type(failure(status, body)) is RejectedCallError

    @pytest.mark.parametrize("status", [400, 403, 503])
    @pytest.mark.parametrize(
        "body",
        [
            b"PUBLIC_API_FEATURE_NOT_ENABLED",
            b"<html>Public_Api_Feature_Not_Enabled for this account</html>",
            {"error": "PUBLIC_API_FEATURE_NOT_ENABLED", "error_description": "x"},
            {"errorCode": 10030, "message": "PUBLIC_API_FEATURE_NOT_ENABLED"},
            b'"PUBLIC_API_FEATURE_NOT_ENABLED"',
            {"fault": {"message": "PUBLIC_API_FEATURE_NOT_ENABLED"}},
            {"errors": ["PUBLIC_API_FEATURE_NOT_ENABLED"]},
        ],
    )
    def test_api_access_that_is_switched_off_is_said_so_whatever_the_shape(
        self, status: int, body: object
    ) -> None:
        found = failure(status, body)

        assert type(found) is CredentialsError
        assert found.sentence.startswith("API access is not enabled for this Act-On account")


class TestDisguises:
    """Error envelopes under status 200."""

    @pytest.mark.parametrize(
        "payload",
        [
            {"errorCode": 10030, "message": "Invalid or deleted message"},
            {"errorCode": "10030"},
            {"httpCode": "401", "httpMessage": "Unauthorized"},
            gateway("429"),
            {"error": "access_denied", "error_description": "Unauthorized"},
            {"errorId": "1", "requestUri": "/", "errorMessage": "no", "status": "400 BAD_REQUEST"},
        ],
    )
    def test_an_error_envelope_is_recognized(self, payload: object) -> None:
        assert is_error_object(payload)

    @pytest.mark.parametrize("key", ["error", "httpMessage", "moreInformation"])
    def test_an_answer_that_speaks_of_limits_is_recognized(self, key: str) -> None:
        assert is_error_object({key: "Rate limit exceeded"})

    @pytest.mark.parametrize(
        "payload",
        [
            {},
            [],
            None,
            "errorCode",
            10030,
            ["errorCode"],
            {"result": [], "totalCount": 0},
            {"result": [{"errorCode": 10030}]},
            {"error": "a header of a list"},
            {"error": "rates", "errors": 7},
            {"errorMessage": None, "isSuccess": True},
        ],
    )
    def test_data_is_not_mistaken_for_one(self, payload: object) -> None:
        assert not is_error_object(payload)

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ({"errorCode": 10030}, GoneError),
            ({"errorCode": "10004"}, GoneError),
            ({"errorCode": 10089}, NotAvailableError),
            ({"errorCode": 900904}, TokenRefusedError),
            ({"errorCode": 77777}, RejectedCallError),
            ({"error": "Rate limit", "error_description": ""}, ThrottledError),
            (gateway("429", "Too Many Requests"), ThrottledError),
            ({"error": "x", "error_description": "y"}, RejectedCallError),
        ],
    )
    def test_it_means_the_same_as_undisguised(self, body: object, kind: type[ActOnError]) -> None:
        found = disguised_failure_of(answer(200, body), SUBJECT)

        assert type(found) is kind
        assert found.sentence.startswith(f"{SUBJECT}: Act-On returned HTTP 200")

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (gateway("401", "Unauthorized"), TokenRefusedError),
            (gateway("429", "Refused"), ThrottledError),
            (gateway("404", "x", "No resources match requested URI"), NotRoutedError),
            (gateway("500", "Internal Server Error"), RepeatableError),
            ({"isSuccess": False, "statusCode": 404, "source": None}, NotFoundError),
            ({"errorId": "1", "errorMessage": "x", "status": "400 BAD_REQUEST"}, RejectedCallError),
            ({"errorId": "1", "errorMessage": "x", "status": "429 TOO_MANY"}, ThrottledError),
            ({"isSuccess": False, "statusCode": "500 x", "source": None}, RejectedCallError),
            (gateway("503", "Service Unavailable"), ThrottledError),
        ],
    )
    def test_the_status_that_the_gateway_names_counts(
        self, body: object, kind: type[ActOnError]
    ) -> None:
        assert type(disguised_failure_of(answer(200, body), SUBJECT)) is kind

    def test_a_stray_pair_of_braces_before_it_is_skipped(self) -> None:
        body = b'{}\n{"errorCode": 10030, "message": "Invalid or deleted message"}'

        assert type(disguised_failure_of(answer(200, body), SUBJECT)) is GoneError
        assert type(failure(400, body)) is GoneError

    def test_it_gives_the_wait_that_the_headers_ask_for(self) -> None:
        found = disguised_failure_of(
            answer(200, gateway("429", "too many"), Retry_After="4"), SUBJECT
        )

        assert isinstance(found, ThrottledError)
        assert found.retry_after == 4


class TestEnvelope:
    def test_a_body_that_is_no_utf_8_is_read_as_far_as_it_can_be(self) -> None:
        assert "quota" in envelope_of(b"\xff\xfe\x80 Quota \x00").words

    def test_a_byte_order_mark_does_no_harm(self) -> None:
        assert envelope_of(b'\xef\xbb\xbf{"errorCode": 10030}').code == 10030

    def test_an_answer_that_is_nested_without_end_is_taken_as_text(self) -> None:
        assert envelope_of(b'{"a":' * 100_000).code is None

    def test_of_a_long_page_only_the_beginning_is_searched(self) -> None:
        assert len(envelope_of(b"<html>" + b"x" * 1_000_000).words) <= 10_000

    @pytest.mark.parametrize(
        ("body", "is_gateway"),
        [(gateway("403"), True), ({"errorCode": 1}, False), (["httpCode"], False)],
    )
    def test_the_gateway_is_known_by_its_field(self, body: object, *, is_gateway: bool) -> None:
        assert envelope_of(json.dumps(body).encode()).is_gateway is is_gateway


# Words of an answer: no sentence of the tap holds one of them by chance.
SECRET_LETTERS = set("qxzQXZ")
SECRETS = st.text(sorted(SECRET_LETTERS), min_size=6, max_size=12)
BODIES = st.recursive(
    SECRETS | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            SECRETS
            | st.sampled_from(
                [
                    "errorCode",
                    "message",
                    "httpCode",
                    "httpMessage",
                    "moreInformation",
                    "error",
                    "error_description",
                    "errorMessage",
                    "errorList",
                    "errors",
                    "status",
                ]
            ),
            inner | st.sampled_from([10030, "10004", 10089, 900904, "quota", "401"]),
            max_size=5,
        )
    ),
    max_leaves=8,
)


def texts_of(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    if isinstance(body, dict):
        return [text for pair in body.items() for part in pair for text in texts_of(part)]
    if isinstance(body, list):
        return [text for part in body for text in texts_of(part)]
    return []


class TestSecrecy:
    @given(
        status=st.integers(300, 599) | st.sampled_from([400, 401, 403, 404, 429, 503]),
        body=BODIES,
        is_json=st.booleans(),
        retry_after=SECRETS,
    )
    def test_no_sentence_holds_any_piece_of_the_answer(
        self, status: int, body: Any, retry_after: str, *, is_json: bool
    ) -> None:
        secret = [text for text in texts_of(body) if set(text) <= SECRET_LETTERS]
        secret.append(retry_after)
        raw = json.dumps(body) if is_json else " ".join(texts_of(body))
        received = answer(status, raw.encode(), Retry_After=retry_after, X_Request_Id=retry_after)

        for found in (failure_of(received, SUBJECT), disguised_failure_of(received, SUBJECT)):
            assert found is not None
            shown = f"{found} {found!r} {found.sentence} {found.args}"
            assert [piece for piece in secret if piece in shown] == []

    @given(status=st.integers(100, 999), body=st.binary(max_size=64))
    def test_whatever_comes_there_is_one_thing_to_do(self, status: int, body: bytes) -> None:
        found = failure_of(answer(status, body), SUBJECT)

        assert (found is None) == (200 <= status < 300)
        if found is not None:
            assert isinstance(found, CallError | CredentialsError)
            assert isinstance(disguised_failure_of(answer(200, body), SUBJECT), ActOnError)

    @given(status=st.integers(300, 599), body=BODIES)
    def test_every_sentence_is_one_line_that_says_what_was_asked_about(
        self, status: int, body: Any
    ) -> None:
        sentence = failure(status, body).sentence

        assert sentence.startswith(f"{SUBJECT}: Act-On returned HTTP {status}")
        assert sentence.endswith(".")
        assert sentence.isprintable()


def test_every_code_ends_as_the_failure_of_a_call() -> None:
    assert all(issubclass(kind, CallError) for kind, _ in CODES.values())
