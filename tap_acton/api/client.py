"""One request cycle for every call of the tap: rate limit, token, response, retry.

It does not build on the SDK's ``RESTStream``, which belongs to one stream and one thread,
has no rate limit, no ``Retry-After`` and no token renewal, logs several lines per call, and
puts whole responses into its messages. This one is shared by all streams and threads of a
run.
"""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import backoff

from tap_acton.api.decoding import NO_TEXT_BEGINNINGS, decode_json
from tap_acton.api.responses import (
    HttpResponse,
    allowance_spent,
    disguised_failure_of,
    failure_of,
    is_error_object,
)
from tap_acton.api.transport import (
    PIECE_LENGTH,
    RetryPolicy,
    Route,
    failures_named,
    pieces_of,
    whole,
)
from tap_acton.errors import (
    CredentialsError,
    NoAnswerError,
    NotAvailableError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
    ThrottledError,
    TokenRefusedError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

    from tap_acton.api.auth import TokenChain
    from tap_acton.api.rate_limits import RateLimits

Read = TypeVar("Read")

LONGEST_THROTTLE_SECONDS = 300.0
"""A throttle response that asks for a longer wait than this ends the run."""

FIRST_CONTACT_TRIES = 2
"""How often a host that has never responded is tried: most likely its name is wrong."""

LONGEST_WAIT_SECONDS = 60.0

SAFE_IN_PATH = ":!$&'()*+,;=@~"
"""Characters that stay as they are in a part of a path: ids are documented unencoded."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make.

    Attributes:
        path: Ids in it are escaped by :func:`path_part`.
        subject: Stream and item, for messages. Never anything personal.
        stream: The stream that the call counts for.
        body: What to send as JSON, by POST. Such a call reads like any other, and is retried
            like any other.
    """

    path: str
    subject: str
    stream: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = None


class CallCounter(Protocol):
    """What counts the calls of a run."""

    def count_call(self, stream: str, seconds_waited: float) -> None:
        """Count a call for a stream, and how long it waited for the rate limits."""


def path_part(identifier: str) -> str:
    """Escape an id for use as one part of a path.

    Act-On documents ids unencoded, colons included (Act-On reference, 2024 edition), so only
    what would change the meaning of the URL is escaped, such as ``/``, ``?`` and ``%``.
    """
    return quote(identifier, safe=SAFE_IN_PATH)


class ActOnClient:
    """Makes calls, each as often as it takes and no more often than is allowed.

    Args:
        base_url: Scheme and host, without a trailing slash.
        session: The session to send with.
        tokens: Where access tokens come from.
        limits: The rate limits.
        counter: Counts every call, retries included.
        pause: Waits some seconds; raises when the run is to end.
        retry_policy: How long to wait, and how often to retry.
    """

    def __init__(  # noqa: PLR0913 - the parts of the cycle, each given once per run
        self,
        *,
        base_url: str,
        session: requests.Session,
        tokens: TokenChain,
        limits: RateLimits,
        counter: CallCounter,
        pause: Callable[[float], None],
        retry_policy: RetryPolicy,
    ) -> None:
        self._route = Route(session, base_url)
        self._host = urlsplit(base_url).netloc
        self._tokens = tokens
        self._limits = limits
        self._counter = counter
        self._pause = pause
        self._retry_policy = retry_policy
        self._has_answered = threading.Event()

    def connect(self) -> None:
        """Make sure that there is a token, so that wrong credentials show up at once.

        Raises:
            CredentialsError: If Act-On refuses the credentials.
            UnreachableError: If the host cannot be reached.
        """
        self._tokens.access_token()

    def read(
        self,
        call: Call,
        interpret: Callable[[Any], Read],
        decode: Callable[[bytes, str], Any] = decode_json,
        tries: int | None = None,
    ) -> Read:
        """Make a call until it gets a good response, and interpret that.

        Args:
            call: The call.
            interpret: Turns the decoded response into what the caller wants. It raises
                :class:`~tap_acton.errors.RepeatableError` where the shape is not the expected
                one, which counts as a broken response.
            decode: Turns the body, and the subject for messages, into what is interpreted.
            tries: How often to make the call at most, where ``max_retries`` allows more.

        Returns:
            What the interpretation returns.

        Raises:
            GoneError: If what the call asks for was deleted.
            NotAvailableError: If the endpoint is not offered to this account.
            RejectedCallError: If Act-On refuses the call for good.
            StreamFailedError: If the call still fails after all retries.
            UnreachableError: If Act-On cannot be reached at all.
            AllowanceSpentError: If Act-On keeps asking for fewer calls.
            CredentialsError: If a renewed token is not accepted either.
        """
        return self._until_answered(
            call, lambda token: interpret(self._payload(call, token, decode)), tries
        )

    def read_once(
        self,
        call: Call,
        interpret: Callable[[Any], Read],
        decode: Callable[[bytes, str], Any] = decode_json,
    ) -> Read:
        """Make a call that has a side effect: once, whatever comes of it.

        The arguments are those of :meth:`read`.

        Returns:
            What the interpretation returns.

        Raises:
            GoneError: If what the call asks for was deleted.
            NotAvailableError: If the endpoint is not offered to this account.
            RejectedCallError: If the call failed for any other reason.
        """
        try:
            return interpret(self._payload(call, self._tokens.access_token(), decode))
        except RepeatableError as error:
            raise RejectedCallError(
                f"{error.sentence} The call is not retried, because it has a side effect."
            ) from None

    def download(self, call: Call, into: IO[bytes], tries: int | None = None) -> None:
        """Make a call until it gets a CSV file, and write that to a file as it comes.

        Args:
            call: The call.
            into: The file; what came of a response that broke off is overwritten.
            tries: How often to make the call at most, where ``max_retries`` allows more.

        Raises:
            OSError: If the file cannot be written.
            GoneError: As for :meth:`read`; so are all others.
        """
        self._until_answered(call, lambda token: self._keep(call, token, into), tries)

    def _until_answered(
        self, call: Call, attempt: Callable[[str], Read], tries: int | None
    ) -> Read:
        """Attempt a call with a token until it gets a good response."""
        token = self._tokens.access_token()
        waits = backoff.expo(base=2, factor=1, max_value=LONGEST_WAIT_SECONDS)
        waits.send(None)
        failures = throttles = 0
        was_renewed = False
        while True:
            try:
                return attempt(token)
            except TokenRefusedError as error:
                if was_renewed:
                    raise CredentialsError(
                        f"{error.sentence} A renewed token was refused too: another program may be "
                        "logging in with the same client_id and user; give this tap its own."
                    ) from None
                was_renewed = True
                token = self._tokens.replace(token)
            except ThrottledError as error:
                throttles += 1
                wait = error.retry_after or _with_jitter(2 * next(waits))
                self._give_up_throttled(call, throttles, wait, error)
                self._limits.hold_back(wait)
            except RepeatableError as error:
                failures += 1
                self._give_up_after(failures, error, tries)
                self._pause(_with_jitter(next(waits)))

    def _payload(self, call: Call, token: str, decode: Callable[[bytes, str], Any]) -> Any:
        """Make the call once and decode its response."""
        with self._open(call, token) as sent:
            body = whole(pieces_of(sent))
        response = HttpResponse(sent.status_code, sent.headers, body)
        failure = failure_of(response, call.subject)
        if failure is None:
            payload = decode(body, call.subject)
            if not is_error_object(payload):
                return payload
            failure = disguised_failure_of(response, call.subject)
        raise failure

    def _keep(self, call: Call, token: str, into: IO[bytes]) -> None:
        """Make the call once and write its response to a file, unless it is not CSV."""
        with self._open(call, token) as sent:
            pieces = iter(pieces_of(sent))
            beginning = b""
            while len(beginning) < PIECE_LENGTH and not beginning.strip():
                beginning += (piece := next(pieces, b""))
                if not piece:
                    break
            is_csv = beginning.lstrip()[:1] not in NO_TEXT_BEGINNINGS
            if sent.status_code == HTTPStatus.OK and is_csv:
                into.seek(0)
                into.truncate()
                into.write(beginning)
                for piece in pieces:
                    # A pause of no time ends a run that is to end.
                    self._pause(0)
                    into.write(piece)
                return
            body = whole(chain((beginning,), pieces))
        response = HttpResponse(sent.status_code, sent.headers, body)
        failure = failure_of(response, call.subject)
        with suppress(RepeatableError):
            if failure is None and is_error_object(decode_json(body, call.subject)):
                failure = disguised_failure_of(response, call.subject)
        raise failure or RepeatableError(f"{call.subject}: Act-On sent no CSV.")

    @contextmanager
    def _open(self, call: Call, token: str) -> Iterator[requests.Response]:
        """Make the call once; its body is to be read before the end."""
        if not {".", ".."}.isdisjoint(call.path.split("/")):
            # However it is escaped, it would be folded away, and another path be called.
            raise RejectedCallError(f"{call.subject}: the ID cannot be part of a path.")
        self._counter.count_call(call.stream, self._limits.wait_for_call())
        # A plus sign in a name must not arrive as a space.
        query = urlencode(call.parameters, quote_via=quote)
        target = f"{call.path}?{query}" if query else call.path
        with failures_named(call.subject, self._host):
            response = self._route.send(
                target, token, call.body, timeouts=self._retry_policy.timeouts
            )
            self._has_answered.set()
            with response:
                yield response

    def _give_up_throttled(
        self, call: Call, throttles: int, wait: float, error: ThrottledError
    ) -> None:
        if throttles <= self._retry_policy.max_throttles and wait <= LONGEST_THROTTLE_SECONDS:
            return
        if error.is_bare_refusal and not call.path.startswith("/api/1/"):
            raise NotAvailableError(
                f"{error.sentence} The user may have no permission to read this."
            ) from None
        raise allowance_spent(error) from None

    def _give_up_after(self, failures: int, error: RepeatableError, most: int | None) -> None:
        has_no_answer = isinstance(error, NoAnswerError)
        tries = self._retry_policy.max_retries + 1
        if most is not None:
            tries = min(tries, most)
        if has_no_answer and not (self._has_answered.is_set() or self._tokens.has_answer):
            tries = min(tries, FIRST_CONTACT_TRIES)
        if failures < tries:
            return
        times = "once" if failures == 1 else f"{failures} times"
        if has_no_answer:
            raise UnreachableError(
                f"{error.sentence} Tried {times}: check the network, region and api_url."
            ) from None
        raise StreamFailedError(
            f"{error.sentence} Tried {times}; run again later, the state is kept."
        ) from None


def _with_jitter(seconds: float) -> float:
    """Spread waits, so that threads and machines do not all come back at once."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
