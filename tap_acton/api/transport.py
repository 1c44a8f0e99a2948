"""The connection to Act-On: the session, and what it means when no answer comes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tap_acton.errors import ActOnError, RepeatableError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from urllib3.connectionpool import ConnectionPool

CONNECT_SECONDS = 10.0

PIECE_LENGTH = 2**16
"""How much of an answer is taken from the connection at once, in bytes as they are sent."""

LARGEST_ANSWER = 2**26
"""The size up to which an answer is taken into the memory, in bytes, once it is unpacked.

A page of a thousand rows takes a few million. What is written to a file has no such limit.
"""

MAX_THROTTLES = 6
"""How often a call is repeated for a throttle answer before the allowance counts as spent."""


@dataclass(slots=True)
class RetryPolicy:
    """How long Act-On is waited for; a run changes it while it goes.

    Attributes:
        timeout: Seconds to wait for an answer.
        max_retries: How often a call that failed for a passing reason is repeated.
        max_throttles: How often a call is repeated for a throttle answer, before the
            allowance counts as spent.
        repeats_login: Whether a login that failed for a passing reason is tried once more.
    """

    timeout: float
    max_retries: int
    max_throttles: int = MAX_THROTTLES
    repeats_login: bool = True

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to wait for a connection, and for an answer."""
        return min(CONNECT_SECONDS, self.timeout), self.timeout


class Route:
    """The way to a host: what is the same for all calls is found out once.

    For every call of its own ``requests`` looks for proxies and certificates in the environment
    and takes the URL apart, which takes longer than the call itself.

    Args:
        session: The session to send with.
        base_url: Scheme and host, without a slash at the end.
    """

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self._session = session
        self._base_url = base_url

    def send(
        self,
        target: str,
        token: str,
        body: Any,
        *,
        timeouts: tuple[float, float],
    ) -> requests.Response:
        """Send a call.

        Args:
            target: The path behind the host, with the query, both escaped.
            token: The access token.
            body: What to send as JSON; a call with it is a POST.
            timeouts: Seconds to wait for a connection, and for an answer.

        Returns:
            The answer, of which the caller reads the body as it comes; a redirection is not
            followed.

        Raises:
            RequestException: If no answer comes.
        """
        url = f"{self._base_url}{target}"
        if body is None:
            request = requests.PreparedRequest()
            request.method, request.url, request.headers = "GET", url, self._headers
        else:
            request = self._session.prepare_request(
                requests.Request("POST", url, json=body, auth=without_netrc)
            )
        request.headers = CaseInsensitiveDict(request.headers, Authorization=f"Bearer {token}")
        # The session would only look for redirections and cookies.
        return self._adapter.send(request, timeout=timeouts, **self._environment)

    @cached_property
    def _adapter(self) -> BaseAdapter:
        return self._session.get_adapter(self._base_url)

    @cached_property
    def _headers(self) -> CaseInsensitiveDict[str]:
        """The headers of a call without a body, but for the token."""
        return self._session.prepare_request(
            requests.Request("GET", self._base_url, auth=without_netrc)
        ).headers

    @cached_property
    def _environment(self) -> dict[str, Any]:
        """The proxies and certificates that the environment names."""
        found = self._session.merge_environment_settings(self._base_url, {}, None, None, None)
        return {**found, "stream": True}


def without_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send a call as it is, since ``requests`` adds the credentials of a ``.netrc`` file to others.

    Args:
        request: The call.

    Returns:
        The same.
    """
    return request


class NoAnswerError(RepeatableError):
    """The call was not answered at all."""


class TooLargeError(ValueError):
    """An answer is larger than what is taken into the memory."""


def pieces_of(response: requests.Response) -> Iterable[bytes]:
    """Give the body of an answer as it comes, unpacked.

    Args:
        response: The answer, of which nothing has been read.

    Returns:
        The pieces.
    """
    return response.iter_content(PIECE_LENGTH)


def whole(pieces: Iterable[bytes]) -> bytes:
    """Put a body together.

    Args:
        pieces: Its pieces as they come.

    Returns:
        The body.

    Raises:
        TooLargeError: If it is larger than :data:`LARGEST_ANSWER`; no more of it is read.
    """
    body: list[bytes] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LARGEST_ANSWER:
            raise TooLargeError
        body.append(piece)
    return b"".join(body)


class OneHostAdapter(HTTPAdapter):
    """Keeps the connections of the first host that is called at hand.

    ``requests`` looks them up for every call, by a dozen properties of it, which takes a fifth
    of the time of a short call.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._beginning = ""
        self._pool: ConnectionPool | None = None
        self._prefix: str | None = None

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *options: Any, **more: Any
    ) -> ConnectionPool:
        """Give the connections to the host of a call.

        Args:
            request: The call.
            options: How to verify the host, and the proxies; the same for all calls of a run.
            more: The same.

        Returns:
            The connections.
        """
        url = request.url or ""
        if self._pool is not None and url.startswith(self._beginning):
            return self._pool
        pool = super().get_connection_with_tls_context(request, *options, **more)
        if self._pool is None:
            # With the slash, so that no longer name of a host begins alike.
            self._beginning = "/".join([*url.split("/")[:3], ""])
            self._pool = pool
        return pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Give what stands in the first line of a call: with most proxies it is the whole URL.

        Args:
            request: The call.
            proxies: The proxies; the same for all calls of a run.

        Returns:
            The path with the query, behind what goes before it.
        """
        url = request.url or ""
        target = url[len(self._beginning) - 1 :]
        if self._pool is None or not url.startswith(self._beginning):
            return super().request_url(request, proxies)
        if self._prefix is None:
            asked = super().request_url(request, proxies)
            if not asked.endswith(target):
                return asked
            self._prefix = asked.removesuffix(target)
        return f"{self._prefix}{target}"

    def close(self) -> None:
        """Close all connections."""
        self._pool = self._prefix = None
        super().close()


def new_session(user_agent: str, connections: int) -> requests.Session:
    """Open a session that verifies TLS, keeps connections, and keeps no cookies.

    Args:
        user_agent: The name that the tap gives itself.
        connections: How many connections are used at once.

    Returns:
        The session.
    """
    session = requests.Session()
    session.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = OneHostAdapter(pool_connections=1, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def no_answer(error: requests.RequestException, subject: str, host: str) -> ActOnError:
    """Say that a call was not answered.

    Args:
        error: What went wrong.
        subject: What was asked about.
        host: The host that was asked.

    Returns:
        The failure: passing, except where the host cannot be trusted.
    """
    if isinstance(error, requests.exceptions.SSLError):
        return UnreachableError(
            f"The TLS certificate of {host} cannot be verified: check api_url, the clock and the "
            "certificates of this machine."
        )
    reason = "no answer in time" if isinstance(error, requests.Timeout) else "no connection"
    return NoAnswerError(f"{subject}: {reason} from {host}.")


def never_left(error: requests.RequestException) -> bool:
    """Tell whether a call failed before anything was sent, so that nobody has counted it.

    Args:
        error: What went wrong.

    Returns:
        Whether no connection came about.
    """
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.SSLError) or isinstance(
        cause, (NewConnectionError, ConnectTimeoutError)
    )
