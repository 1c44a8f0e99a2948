"""One request cycle for every call of the tap: rate limit, token, response, retry.

It does not build on the SDK's ``RESTStream``, which belongs to one stream and one thread,
has no rate limit, no ``Retry-After`` and no token renewal, logs several lines per call, and
puts whole responses into its messages. This one is shared by all streams and threads of a
run.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import backoff

from tap_acton.api.decoding import NO_TEXT_BEGINNINGS, decode_json, in_utf8
from tap_acton.api.exchange import Exchange
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
    CallError,
    CredentialsError,
    GivenUpError,
    NoAnswerError,
    NoContentError,
    NotAvailableError,
    RejectedCallError,
    RepeatableError,
    ThrottledError,
    TokenRefusedError,
    UnreachableError,
    without_frames,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    import requests

    from tap_acton.api.auth import TokenChain
    from tap_acton.api.rate_limits import RateLimits

Read = TypeVar("Read")

LONGEST_THROTTLE_SECONDS = 300.0
"""A throttle response that asks for a longer wait than this ends the run."""

FIRST_CONTACT_TRIES = 2
"""How often a host that has never responded is tried: most likely its name is wrong."""

LONGEST_WAIT_SECONDS = 60.0

FEW_GIVEN_UP = 3
"""After so many calls of a stream that were given up, most likely retries do not help there."""

DOUBTFUL_TRIES = 2
"""How often a call of such a stream is made; once a retry helps, all retries are made again."""

CONFIRM_SECONDS = 1.0
"""How long to wait before a refusal of one path is believed, the first one of each stream."""

PROBES: Sequence[tuple[str, Mapping[str, str | int]]] = (
    ("/api/1/account", {}),
    ("/api/1/list", {"listingtype": "CONTACT_LIST", "count": 1, "offset": 0}),
)
"""Cheap calls that every account should answer: they show whether the host answers, and whether
it accepts the token."""

SAFE_IN_PATH = ":!$&'()*+,=@~"
"""Characters that stay as they are in a part of a path: ids are documented unencoded."""

LONGEST_TARGET = 8_000
"""Characters of a path with its parameters; servers refuse longer ones."""

_SEPARATORS = re.compile(r"[/\\]")
_LAYERS = 5
"""So many times a path is unescaped to see where it leads: more often than any proxy does."""


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

    def count_received(self, stream: str, length: int) -> None:
        """Count the bytes of a response that was read into memory for a stream."""

    def count_response(self, stream: str, path: str, status: int) -> None:
        """Count a response by its endpoint and its HTTP status."""

    def note_retry(self, seconds: float) -> None:
        """Take note that a call that has failed is made again after some seconds."""


def path_part(identifier: str) -> str:
    """Escape an id for use as one part of a path.

    Act-On documents ids unencoded, colons included (Act-On reference, 2024 edition), so only
    what would change the meaning of the URL is escaped, such as ``/``, ``?`` and ``%``.
    """
    return quote(identifier, safe=SAFE_IN_PATH)


def leads_elsewhere(path: str) -> bool:
    """Return whether a part of a path may be folded away, so that another path is called.

    That is a part that is empty or, up to a semicolon, ``.`` or ``..``, however it is escaped.
    """
    for _ in range(_LAYERS):
        _, *between, last = _SEPARATORS.split(path)
        parts = [part.partition(";")[0].strip() for part in (*between, last)]
        # Behind a slash at the end there is nothing.
        if not {".", ".."}.isdisjoint(parts) or "" in parts[: len(between) + bool(last)]:
            return True
        path = unquote(path)
    return False


@dataclass(slots=True)
class _Cycle:
    """One call, and what became of it so far.

    Attributes:
        last_answer: The last answer to any call before its latest try.
        waits: The seconds to wait before each retry.
    """

    call: Call
    token: str
    most_tries: int | None
    last_answer: object
    waits: Generator[float, None, None] = field(init=False)
    failures: int = 0
    throttles: int = 0
    was_renewed: bool = False
    was_refused: bool = False

    def __post_init__(self) -> None:
        self.waits = backoff.expo(base=2, factor=1, max_value=LONGEST_WAIT_SECONDS)
        self.waits.send(None)


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
        recorder: Gets every answer that arrives whole, before anything is made of it.
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
        recorder: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._route = Route(session, base_url)
        self._host = urlsplit(base_url).netloc
        self._tokens = tokens
        self._limits = limits
        self._counter = counter
        self._pause = pause
        self._retry_policy = retry_policy
        self._recorder = recorder
        self._last_answer: object = None  # another object with each response
        self._given_up: Counter[str] = Counter()  # by stream
        self._refused_alone: set[str] = set()  # the streams of which a path proved to be refused

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
            NoContentError: If Act-On says that there is nothing.
            NotAvailableError: If the endpoint is not offered to this account.
            RejectedCallError: If Act-On refuses the call for good.
            GivenUpError: If the call still fails after all retries.
            UnreachableError: If Act-On responds to no call at all.
            AllowanceSpentError: If Act-On keeps asking for fewer calls.
            CredentialsError: If a renewed token is not accepted, by any path.
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
        token = self._tokens.access_token()
        try:
            return interpret(self._payload(call, token, decode))
        except RepeatableError as failure:
            error = self._among_others(failure, call, token)
            if isinstance(error, NotAvailableError):
                raise error from None
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
        self, call: Call, attempt: Callable[[str], Read], most_tries: int | None
    ) -> Read:
        """Attempt a call with a token until it gets a good response."""
        cycle = _Cycle(call, self._tokens.access_token(), most_tries, self._last_answer)
        while True:
            try:
                result = attempt(cycle.token)
            except RepeatableError as failure:
                without_frames(failure)
                # A pause of no time ends a run that is to end.
                self._pause(0)
                error = self._among_others(failure, call, cycle.token)
            else:
                if cycle.failures:
                    self._given_up[call.stream] = 0
                return result
            match error:
                case TokenRefusedError():
                    self._renew_token(cycle, error)
                case ThrottledError():
                    self._slow_down(cycle, error)
                case RepeatableError():
                    self._try_again(cycle, error)
                case _:
                    self._confirm(cycle, error)

    def _renew_token(self, cycle: _Cycle, error: TokenRefusedError) -> None:
        if cycle.was_renewed:
            raise CredentialsError(
                f"{error.sentence} A renewed token was refused too: another program may be logging "
                "in with the same client_id and user; give this tap its own."
            )
        cycle.was_renewed = True
        cycle.token = self._tokens.replace(cycle.token)

    def _slow_down(self, cycle: _Cycle, error: ThrottledError) -> None:
        cycle.throttles += 1
        wait = error.retry_after or _with_jitter(2 * next(cycle.waits))
        most = 1 if self._is_doubtful(cycle.call) else self._retry_policy.max_throttles
        if cycle.throttles > most or wait > LONGEST_THROTTLE_SECONDS:
            if self._others_go_well(cycle.call, cycle.token):
                raise self._given_up_on(cycle, error, cycle.throttles)
            raise allowance_spent(error)
        self._limits.hold_back(wait)

    def _try_again(self, cycle: _Cycle, error: RepeatableError) -> None:
        cycle.failures += 1
        if cycle.failures >= self._most_tries(cycle, error):
            if isinstance(error, NoAnswerError):
                self._make_sure_of_host(cycle, error)
            raise self._given_up_on(cycle, error, cycle.failures)
        wait = _with_jitter(next(cycle.waits))
        self._counter.note_retry(wait)
        self._pause(wait)
        cycle.last_answer = self._last_answer

    def _confirm(self, cycle: _Cycle, error: CallError) -> None:
        """Try once more what one path alone refuses, unless that helped nothing before."""
        stream = cycle.call.stream
        if cycle.was_refused or stream in self._refused_alone:
            self._refused_alone.add(stream)
            raise error
        cycle.was_refused = True
        self._pause(_with_jitter(CONFIRM_SECONDS))

    def _among_others(self, failure: RepeatableError, call: Call, token: str) -> CallError:
        """Return what a failure means, which may depend on whether other calls go well now."""
        otherwise = failure.otherwise
        return otherwise if otherwise and self._others_go_well(call, token) else failure

    def _others_go_well(self, call: Call, token: str) -> bool:
        """Find out by a cheap call, or two, whether other paths answer well with a token."""
        for path, parameters in PROBES:
            if path != call.path:
                with suppress(CallError):
                    probe = Call(path, call.subject, call.stream, parameters)
                    self._payload(probe, token, decode_json)
                    return True
        return False

    def _payload(self, call: Call, token: str, decode: Callable[[bytes, str], Any]) -> Any:
        """Make the call once and decode its response."""
        with self._open(call, token) as (sent, pieces):
            body = whole(pieces)
        self._counter.count_received(call.stream, len(body))
        if sent.status_code == HTTPStatus.NO_CONTENT:
            raise NoContentError(f"{call.subject}: Act-On returned HTTP 204, without a response.")
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
        with self._open(call, token) as (sent, body_pieces):
            pieces = iter(body_pieces)
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
    def _open(self, call: Call, token: str) -> Iterator[tuple[requests.Response, Iterable[bytes]]]:
        """Make the call once; its body, in pieces, is to be read before the end."""
        # A plus sign in a name must not arrive as a space.
        query = urlencode(call.parameters, quote_via=quote)
        target = f"{call.path}?{query}" if query else call.path
        if len(target) > LONGEST_TARGET or leads_elsewhere(call.path):
            raise RejectedCallError(f"{call.subject}: the ID cannot be part of a path.")
        self._counter.count_call(call.stream, self._limits.wait_for_call())
        with failures_named(call.subject, self._host):
            response = self._route.send(
                target, token, call.body, timeouts=self._retry_policy.timeouts
            )
            self._last_answer = object()
            self._counter.count_response(call.stream, call.path, response.status_code)
            with response:
                yield response, self._pieces_of(call, response)

    def _pieces_of(self, call: Call, response: requests.Response) -> Iterable[bytes]:
        """Return the body as it comes; where answers are recorded, once all of it is here."""
        if self._recorder is None:
            return pieces_of(response)
        content = whole(response.iter_content(PIECE_LENGTH))
        self._recorder(_exchange(call, response, content))
        return in_utf8([content], response.headers.get("Content-Type"))

    def _most_tries(self, cycle: _Cycle, error: RepeatableError) -> int:
        """Return how often a call is made at most, by how it has failed last."""
        tries = [self._retry_policy.max_retries + 1]
        if cycle.most_tries is not None:
            tries.append(cycle.most_tries)
        if self._is_doubtful(cycle.call):
            tries.append(DOUBTFUL_TRIES)
        has_contact = self._last_answer is not None or self._tokens.has_answer
        if isinstance(error, NoAnswerError) and not has_contact:
            tries.append(FIRST_CONTACT_TRIES)
        return min(tries)

    def _is_doubtful(self, call: Call) -> bool:
        return self._given_up[call.stream] >= FEW_GIVEN_UP

    def _make_sure_of_host(self, cycle: _Cycle, error: NoAnswerError) -> None:
        """End the run if no call was answered during the last try, and others are not either.

        Raises:
            UnreachableError: If the host does not respond at all.
        """
        if self._last_answer is cycle.last_answer:
            self._others_go_well(cycle.call, cycle.token)
        if self._last_answer is cycle.last_answer:
            raise UnreachableError(
                f"{error.sentence} Tried {_times(cycle.failures)}: check the network, region and "
                "api_url."
            )

    def _given_up_on(self, cycle: _Cycle, error: CallError, tries: int) -> GivenUpError:
        """Return the error of a call that is given up, and count it for its stream."""
        # What is tried less often than usual has another form, which may do better.
        self._given_up[cycle.call.stream] += cycle.most_tries is None
        return GivenUpError(
            f"{error.sentence} Tried {_times(tries)}; run again later, the state is kept."
        )


def _exchange(call: Call, response: requests.Response, content: bytes) -> Exchange:
    return Exchange(
        stream=call.stream,
        method="GET" if call.body is None else "POST",
        path=call.path,
        parameters=dict(call.parameters),
        body=call.body,
        status=response.status_code,
        headers=dict(response.headers),
        content=content,
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _with_jitter(seconds: float) -> float:
    """Spread waits, so that threads and machines do not all come back at once."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
