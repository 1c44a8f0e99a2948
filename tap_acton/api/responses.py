"""What a response of Act-On means: one exception that says what to do, or none."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
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

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The parts of an HTTP response that decide what it means.

    Attributes:
        headers: Looked up without regard to case.
        body: The whole body, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an error response says of itself, whichever of Act-On's shapes it has.

    Attributes:
        code: The numeric ``errorCode`` of ``/api/1``, if there is one.
        is_gateway: Whether the gateway in front of the API wrote the response.
        named_status: The HTTP status that the envelope names, which may differ from the
            response's own.
        words: The beginning of the response in lower case, to look for known phrases in.
            Never shown, since it may quote what was sent.
    """

    code: int | None = None
    is_gateway: bool = False
    named_status: int | None = None
    words: str = ""


CODES: Mapping[int | None, tuple[type[CallError], str]] = {
    10004: (GoneError, "the list does not exist or is only a folder"),
    10008: (GoneError, "the contact does not exist"),
    10010: (RejectedCallError, "a column does not exist"),
    10012: (GoneError, "the form does not exist"),
    10013: (GoneError, "the landing page does not exist"),
    10017: (GoneError, "the job does not exist or has expired"),
    10030: (GoneError, "the message was deleted"),
    10054: (GoneError, "the ID does not exist"),
    10089: (NotAvailableError, "events of this kind are not offered"),
    10160: (GoneError, "the month is not offered"),
    90004: (RejectedCallError, "the URL is empty or malformed"),
    900904: (TokenRefusedError, "the access token has expired or was revoked"),
}
"""The numeric codes of ``/api/1`` that a read can meet (Act-On reference, 2024 edition)."""

EXPLANATIONS = ("error", "httpMessage", "moreInformation")
"""The fields in which a response of status 200 may ask for fewer calls."""

THROTTLE_WORDS = ("rate limit", "limit exceeded", "throttl", "quota", "too many")
WORDS_LENGTH = 2000
"""How much of a response is searched for known phrases, in bytes."""

LARGEST_ENVELOPE = 2**20
"""The largest error response that is looked into, in bytes; of a larger one, only the words are."""

LONGEST_RETRY_AFTER_DIGITS = 9

NOT_ROUTED_WORDS = "no resources match requested uri"
API_ACCESS_OFF_WORDS = "public_api_feature_not_enabled"

# A refusal by a proxy must not pass for one by Act-On.
_MAY_PASS: Mapping[int, str] = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: ": a proxy in front of it refuses the call",
    HTTPStatus.REQUEST_TIMEOUT: "",
}
_MAYBE_THROTTLED = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def envelope_of(body: bytes) -> Envelope:
    """Read the error envelope of a response.

    The shapes are those of the Act-On reference, 2024 edition; the gateway's is publicly
    reported. Anything but a JSON object is taken as plain text.
    """
    body = without_stray_braces(body)
    words = body[:WORDS_LENGTH].decode("utf-8", "replace").lower()
    payload = json_object(body)
    if not payload:
        return Envelope(words=words)
    return Envelope(
        code=_number(payload.get("errorCode")),
        is_gateway="httpCode" in payload,
        named_status=_named_status(payload),
        words=words,
    )


def without_stray_braces(body: bytes) -> bytes:
    """Strip a body of blanks around it and of a stray ``{}`` before it.

    Some printed samples have the braces (Act-On reference, 2024 edition).
    """
    body = body.strip()
    return body[2:].lstrip() if body.startswith(b"{}") and len(body) > len(b"{}") else body


def json_object(body: bytes) -> dict[str, Any]:
    """Decode an error, or the response to a login; empty if it is not a JSON object, or too large.

    It may hold numbers or characters that are not valid.
    """
    if len(body) > LARGEST_ENVELOPE:
        return {}
    try:
        payload = json.loads(without_stray_braces(body))
    except (ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def is_error_object(payload: Any) -> bool:
    """Return whether a decoded response of status 200 is an error in disguise."""
    if not isinstance(payload, dict):
        return False
    return (
        "errorCode" in payload
        or ("httpCode" in payload and "httpMessage" in payload)
        or ("error" in payload and "error_description" in payload)
        or ("errorId" in payload and "errorMessage" in payload)
        or payload.get("isSuccess") is False
        or any(_has_throttle_words(str(payload.get(name, "")).lower()) for name in EXPLANATIONS)
    )


def failure_of(response: HttpResponse, subject: str) -> ActOnError | None:
    """Return the exception that stands for a response, or None where its status is good.

    Args:
        response: The response. A good status may still hide an error: see
            :func:`is_error_object`.
        subject: Stream and item, for the sentence.
    """
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return _failure(response.status, envelope_of(response.body), response, subject)


def disguised_failure_of(response: HttpResponse, subject: str) -> ActOnError:
    """Return the exception that stands for an error envelope under status 200."""
    envelope = envelope_of(response.body)
    status = envelope.named_status or HTTPStatus.BAD_REQUEST
    return _failure(status, envelope, response, subject)


def allowance_spent(throttle: RepeatableError) -> AllowanceSpentError:
    """Return the exception for a throttle response that is not worth waiting for."""
    return AllowanceSpentError(
        f"{throttle.sentence} The account's calls for today are probably used up; the next run "
        "resumes from here."
    )


def logins_spent(throttle: RepeatableError) -> AllowanceSpentError:
    """Return the exception for a throttle response to a login."""
    return AllowanceSpentError(
        f"{throttle.sentence} The logins per hour that Act-On allows, or the account's calls for "
        "today, are probably used up: run again in an hour, and let token_store keep the login."
    )


def api_access_off() -> CredentialsError:
    """Return the exception for an account whose API access is turned off."""
    return CredentialsError(
        "API access is not enabled for this Act-On account: ask Act-On to enable it."
    )


def _failure(  # noqa: PLR0911 - the order in which a response is read, one line each
    status: int, envelope: Envelope, response: HttpResponse, subject: str
) -> ActOnError:
    returned = f"{subject}: Act-On returned HTTP {response.status}"
    forbidden = ForbiddenError(f"{returned}: the user has no permission to read this.")
    if API_ACCESS_OFF_WORDS in envelope.words:
        return api_access_off()
    if envelope.code in CODES:
        kind, meaning = CODES[envelope.code]
        sentence = f"{returned}, code {envelope.code}: {meaning}."
        if kind is RejectedCallError:
            return RejectedCallError(sentence, envelope.code)
        return kind(sentence, forbidden) if kind is TokenRefusedError else kind(sentence)
    if status == HTTPStatus.UNAUTHORIZED:
        return TokenRefusedError(f"{returned}: the access token was not accepted.", forbidden)
    if _is_throttle(status, envelope):
        return ThrottledError(f"{returned}: too many calls.", _retry_after(response.headers))
    if status in _MAYBE_THROTTLED and _is_bare(envelope, response.body):
        otherwise = forbidden if status == HTTPStatus.FORBIDDEN else RepeatableError(f"{returned}.")
        retry_after = _retry_after(response.headers)
        return ThrottledError(f"{returned}: too many calls.", retry_after, otherwise)
    if _is_cut(response.body):
        return RepeatableError(f"{returned} and half a response.")
    if status == HTTPStatus.FORBIDDEN:
        return _by_proxy(returned, response.body) or forbidden
    return _of_status(status, envelope, returned)


def _of_status(status: int, envelope: Envelope, returned: str) -> CallError:
    """Return the exception for a failure that nothing but its status explains."""
    if status == HTTPStatus.NOT_FOUND and NOT_ROUTED_WORDS in envelope.words:
        return NotRoutedError(f"{returned}: the endpoint is not offered on this host.")
    if status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RepeatableError(f"{returned}{_MAY_PASS.get(status, '')}.")
    if envelope.code is not None:
        return RejectedCallError(f"{returned}, code {envelope.code}.", envelope.code)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"{returned}.")
    return RejectedCallError(f"{returned}.")


def _by_proxy(returned: str, body: bytes) -> CallError | None:
    """Tell a refusal by something in front of Act-On, which sends a page."""
    if body.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        return RepeatableError(f"{returned} and a page: a proxy or firewall may block the call.")
    return None


def _is_cut(body: bytes) -> bool:
    """Return whether a response begins as a JSON object and does not end as one."""
    body = body.removeprefix(BOM_UTF8).strip()
    return body.startswith(b"{") and not body.endswith(b"}")


def _is_throttle(status: int, envelope: Envelope) -> bool:
    """Return whether a failure is without doubt a request to slow down."""
    if HTTPStatus.TOO_MANY_REQUESTS in {status, envelope.named_status}:
        return True
    has_words = envelope.code is None and _has_throttle_words(envelope.words)
    return has_words and (status in _MAYBE_THROTTLED or status == HTTPStatus.BAD_REQUEST)


def _is_bare(envelope: Envelope, body: bytes) -> bool:
    """Return whether a failure gives no reason: empty, or an envelope of the gateway."""
    return envelope.code is None and (not body.strip() or envelope.is_gateway)


def _has_throttle_words(words: str) -> bool:
    return any(word in words for word in THROTTLE_WORDS)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` in seconds; a date counts from the response's own ``Date``."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:LONGEST_RETRY_AFTER_DIGITS])
    try:
        now = parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _named_status(payload: Mapping[str, Any]) -> int | None:
    """Read the status that an envelope names: the gateway's, Audience Center's, or another's."""
    # Custom Objects write "429 TOO_MANY_REQUESTS".
    named = payload.get("httpCode") or payload.get("statusCode") or str(payload.get("status"))[:3]
    return _number(named)


def _number(value: Any) -> int | None:
    """Read a number that may be written as text."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
