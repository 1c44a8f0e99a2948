"""What can go wrong between the tap and Act-On, and what is to be done about it.

Every failure of a call ends as one of the exceptions below. Each stands for one
thing to do, and the text of each is one sentence that can be shown to a person as
it is: it never holds a token, a password, an e-mail address or a piece of an answer.

:func:`classify` turns an HTTP answer into one of them by the tables of this module.
"""

from __future__ import annotations

import enum
import errno
import json
from codecs import BOM_UTF8
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_ROOM = (
    "The disk is full, or a quota on it, where the output or a temporary file goes: make room and "
    "run again; the state is kept."
)

MACHINE_FAILURES: Mapping[int | None, str] = {
    errno.EPIPE: "The output was closed before the run was complete: see the target's log.",
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
}
"""What to say of the failures of the machine that can be foreseen, by their number."""

EXIT_FAILED = 1
EXIT_ALLOWANCE_SPENT = 3
EXIT_SIGNAL_BASE = 128


class ActOnError(Exception):
    """A failure that ends a run, or a stream of it, with one sentence.

    Args:
        sentence: What failed, where, and what to do about it.
    """

    exit_code = EXIT_FAILED

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SettingsError(ActOnError):
    """A setting is wrong: nothing has been asked of Act-On yet."""


class CredentialsError(ActOnError):
    """Act-On refuses the credentials: asking again could lock the user out."""


class UnreachableError(ActOnError):
    """Act-On cannot be reached at all."""


class AllowanceSpentError(ActOnError):
    """The calls that the account, or the setting, allows are used up for now.

    Attributes:
        subject: What was to be asked next, if it was a query of a stream.
    """

    exit_code = EXIT_ALLOWANCE_SPENT
    subject = ""


class OutputError(ActOnError):
    """The output cannot be written: the target has ended, or the disk is full."""


@contextmanager
def output_failures_told() -> Iterator[None]:
    """Tell a failure to write the output: click would end the run without a word.

    Yields:
        Once, for the writing.

    Raises:
        OutputError: If the target has ended, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in MACHINE_FAILURES:
            raise
        raise OutputError(MACHINE_FAILURES[error.errno]) from None


class StreamFailedError(ActOnError):
    """One stream cannot be read to its end; the others can."""


class RunOverError(ActOnError):
    """A call was about to be made after the run's end; nobody waits for its answer."""

    def __init__(self) -> None:
        super().__init__("The run is over.")


class InterruptedRunError(ActOnError):
    """The run was told to stop by a signal.

    Args:
        signal_number: The signal, for example 15 for SIGTERM.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"The run was stopped by signal {signal_number}; the next run goes on.")
        self.exit_code = EXIT_SIGNAL_BASE + signal_number


class CallError(ActOnError):
    """One call was answered with a failure that concerns this call alone."""


class GoneError(CallError):
    """What the call asks about was deleted: skip it."""


class NotAvailableError(CallError):
    """The account or the host does not offer this endpoint: switch the stream off."""


class NotRoutedError(NotAvailableError):
    """The host does not know the path at all; it may know an older one for the same."""


class RejectedCallError(CallError):
    """Act-On understood the call and refused it; repeating it is of no use."""


class NotFoundError(RejectedCallError):
    """Act-On knows the path, but not what is asked for, and gives no reason."""


class RepeatableError(CallError):
    """The call failed for a passing reason: repeat it after a while."""


class TokenRefusedError(RepeatableError):
    """The access token is no longer accepted: renew it, then repeat the call."""


class ThrottledError(RepeatableError):
    """Act-On asks for fewer calls.

    Args:
        sentence: What failed.
        retry_after: Seconds to wait, where the answer says so.
        is_bare_refusal: Whether the answer is a 403 without a word, which on the paths of
            the Audience Center may also stand for missing rights.
    """

    def __init__(
        self,
        sentence: str,
        retry_after: float | None = None,
        *,
        is_bare_refusal: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.is_bare_refusal = is_bare_refusal


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
