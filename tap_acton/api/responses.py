"""What a response of Act-On means, by the tables of this module."""

from __future__ import annotations

import enum
import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from tap_acton.errors import (
    ActOnError,
    CredentialsError,
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
class Envelope:
    """What an error answer says of itself, whichever of Act-On's shapes it has.

    Attributes:
        code: The numeric ``errorCode`` of ``/api/1``, if there is one.
        is_gateway: Whether the gateway in front of the API wrote the answer.
        named_status: The HTTP status that the envelope names, which need not be the
            answer's own.
        words: The beginning of the answer in lower case: to look for known phrases
            in, never to be shown, since it may quote what was sent.
    """

    code: int | None = None
    is_gateway: bool = False
    named_status: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an HTTP answer that decide what it means.

    Attributes:
        status: The HTTP status.
        headers: The HTTP headers, looked up without regard to case.
        body: The body as it came.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Remedy(enum.Enum):
    """What to do about a numeric error code."""

    SKIP = GoneError
    SWITCH_OFF = NotAvailableError
    GIVE_UP = RejectedCallError
    RENEW_TOKEN = TokenRefusedError


CODES: Mapping[int, tuple[Remedy, str]] = {
    10004: (Remedy.SKIP, "the list does not exist or is only a folder"),
    10008: (Remedy.SKIP, "the contact does not exist"),
    10010: (Remedy.GIVE_UP, "a column does not exist"),
    10012: (Remedy.SKIP, "the form does not exist"),
    10013: (Remedy.SKIP, "the landing page does not exist"),
    10017: (Remedy.SKIP, "the job does not exist or has expired"),
    10030: (Remedy.SKIP, "the message was deleted"),
    10054: (Remedy.SKIP, "the id does not exist"),
    10089: (Remedy.SWITCH_OFF, "this kind of drilldown is not offered"),
    10160: (Remedy.SKIP, "the month is not offered"),
    90004: (Remedy.GIVE_UP, "the URL is empty or malformed"),
    900904: (Remedy.RENEW_TOKEN, "the access token has expired or was revoked"),
}
"""The numeric codes of ``/api/1`` that a read can meet (Act-On reference, 2024 edition)."""

EXPLANATIONS = ("error", "httpMessage", "moreInformation")
"""The fields in which an answer that is otherwise good may ask for fewer calls."""

THROTTLE_WORDS = ("rate limit", "limit exceeded", "throttl", "quota", "too many")
WORDS_LENGTH = 2000
"""How much of an answer is searched for known phrases, in bytes."""

LONGEST_RETRY_AFTER_DIGITS = 9

NOT_ROUTED_WORDS = "no resources match requested uri"
API_ACCESS_OFF_WORDS = "public_api_feature_not_enabled"

_OK = 200
_NO_REDIRECT_YET = 300
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
# What a proxy says must not pass for a refusal of what was asked.
_PASSING = {407: ": a proxy in front of it refuses the call", 408: ""}
_MAYBE_THROTTLED = frozenset({_FORBIDDEN, 502, 503, 504})


def envelope_of(body: bytes) -> Envelope:
    """Read the error envelope of an answer.

    The shapes are tried in the order numeric code, gateway, OAuth, then any other
    object; anything else is taken as plain text. (Act-On reference, 2024 edition; the
    gateway's shape is publicly reported.)

    Args:
        body: The body of the answer.

    Returns:
        What the answer says of itself.
    """
    body = without_stray_braces(body)
    words = body[:WORDS_LENGTH].decode("utf-8", "replace").lower()
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return Envelope(words=words)
    return Envelope(
        code=_number(payload.get("errorCode")),
        is_gateway="httpCode" in payload,
        named_status=_named_status(payload),
        words=words,
    )


def without_stray_braces(body: bytes) -> bytes:
    """Skip a stray ``{}`` before a body, as some printed samples have it.

    Args:
        body: The body of an answer.

    Returns:
        The body without it, and without blanks around it.
    """
    body = body.strip()
    return body[2:].lstrip() if body.startswith(b"{}") and len(body) > len(b"{}") else body


def is_error_object(payload: Any) -> bool:
    """Tell whether a decoded answer of status 200 is an error in disguise.

    Args:
        payload: The decoded answer.

    Returns:
        Whether it is one of Act-On's error envelopes.
    """
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


def failure_of(answer: Answer, subject: str) -> ActOnError | None:
    """Decide what an answer means.

    Args:
        answer: The answer; one of status 200 is taken as a failure only when its
            body is an error envelope, which the caller has found out.
        subject: What was asked about, for the sentence: stream and parent.

    Returns:
        The exception that stands for what is to be done, or None where the answer's
        status says that all is well.
    """
    status = answer.status
    if _OK <= status < _NO_REDIRECT_YET:
        return None
    return _failure(status, envelope_of(answer.body), answer, subject)


def disguised_failure_of(answer: Answer, subject: str) -> ActOnError:
    """Decide what an error envelope under status 200 means.

    Args:
        answer: The answer.
        subject: What was asked about, for the sentence.

    Returns:
        The exception that stands for what is to be done.
    """
    envelope = envelope_of(answer.body)
    return _failure(envelope.named_status or _BAD_REQUEST, envelope, answer, subject)


def _failure(  # noqa: PLR0911 - the order in which an answer is read, one line each
    status: int, envelope: Envelope, answer: Answer, subject: str
) -> ActOnError:
    said = f"{subject}: Act-On answered HTTP {answer.status}"
    if API_ACCESS_OFF_WORDS in envelope.words:
        return CredentialsError(
            "API access is not enabled for this Act-On account: ask Act-On to switch it on."
        )
    if envelope.code is not None and envelope.code in CODES:
        remedy, meaning = CODES[envelope.code]
        kind: type[ActOnError] = remedy.value
        return kind(f"{said}, code {envelope.code}: {meaning}.")
    if status == _UNAUTHORIZED:
        return TokenRefusedError(f"{said}: the access token is not accepted.")
    if _is_throttle(status, envelope, answer.body):
        return ThrottledError(
            f"{said}: too many calls.",
            _retry_after(answer.headers),
            is_bare_refusal=status == _FORBIDDEN and not answer.body.strip(),
        )
    if status == _NOT_FOUND and NOT_ROUTED_WORDS in envelope.words:
        return NotRoutedError(f"{said}: the endpoint is not offered on this host.")
    if status == _FORBIDDEN:
        return _refusal(said, answer.body)
    if status in _PASSING or status >= _SERVER_ERROR:
        return RepeatableError(f"{said}{_PASSING.get(status, '')}.")
    if envelope.code is not None:
        return RejectedCallError(f"{said}, code {envelope.code}.")
    if status == _NOT_FOUND:
        return NotFoundError(f"{said}.")
    return RejectedCallError(f"{said}.")


def _refusal(said: str, body: bytes) -> ActOnError:
    """Tell what Act-On refuses from what something in front of it does, which sends a page."""
    if body.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        return RepeatableError(f"{said} and a page: a proxy or firewall may refuse the call.")
    return NotAvailableError(f"{said}: the user has no right to read this.")


def _is_throttle(status: int, envelope: Envelope, body: bytes) -> bool:
    """Tell a request to slow down from other failures; its shape is undocumented."""
    has_words = _has_throttle_words(envelope.words)
    if _TOO_MANY_REQUESTS in {status, envelope.named_status}:
        return True
    if status in _MAYBE_THROTTLED:
        return envelope.code is None and (not body.strip() or envelope.is_gateway or has_words)
    return status == _BAD_REQUEST and envelope.code is None and has_words


def _has_throttle_words(words: str) -> bool:
    return any(word in words for word in THROTTLE_WORDS)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or an HTTP date as seconds from the answer's own date."""
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
