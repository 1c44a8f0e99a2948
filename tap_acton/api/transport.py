"""The connection to Act-On: the session, and what it means when no response comes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from tap_acton.api.connections import Connections
from tap_acton.api.decoding import in_utf8
from tap_acton.errors import ActOnError, NoAnswerError, RejectedCallError, UnreachableError
from tap_acton.settings.postgresql_address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from urllib3.connectionpool import ConnectionPool

CONNECT_SECONDS = 10.0

PIECE_LENGTH = 2**16
"""How much of a response is read from the connection at once, in bytes, still packed."""

LARGEST_RESPONSE = 2**25
"""The largest response that is read into memory, in bytes, unpacked.

A page of a thousand rows takes a few million. What is written to a file has no such limit.
"""

MAX_THROTTLES = 6
"""How often a throttled call is retried before the allowance counts as spent."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait for Act-On, and how often to retry.

    Attributes:
        timeout: Seconds to wait for a response.
        max_retries: How often a call is retried that failed for a reason that may pass.
        max_throttles: How often a throttled call is retried before the allowance counts as
            spent.
        repeats_login: Whether a login that failed for a reason that may pass is tried again.
    """

    timeout: float
    max_retries: int
    max_throttles: int = MAX_THROTTLES
    repeats_login: bool = True

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to wait for a connection, and for a response."""
        return min(CONNECT_SECONDS, self.timeout), self.timeout


class Route:
    """Sends calls to one host, and works out only once what is the same for all of them.

    For every call, ``requests`` looks for proxies and certificates in the environment and
    takes the URL apart, which costs more time than the call itself.

    Args:
        session: The session to send with.
        base_url: Scheme and host, without a trailing slash.
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
        """Send a call; a redirect is not followed.

        Args:
            target: The path and the query, both escaped.
            token: The access token.
            body: What to send as JSON, by POST; None for a GET.
            timeouts: Seconds to wait for a connection, and for a response.

        Returns:
            The response; the caller reads its body.

        Raises:
            RequestException: If no response comes.
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
        # The session would only look for redirects and cookies.
        return self._adapter.send(request, timeout=timeouts, **self._environment)

    @cached_property
    def _adapter(self) -> BaseAdapter:
        return self._session.get_adapter(self._base_url)

    @cached_property
    def _headers(self) -> CaseInsensitiveDict[str]:
        """The headers of a GET, except for the token."""
        return self._session.prepare_request(
            requests.Request("GET", self._base_url, auth=without_netrc)
        ).headers

    @cached_property
    def _environment(self) -> dict[str, Any]:
        """The proxies and certificates that the environment names."""
        found = self._session.merge_environment_settings(self._base_url, {}, None, None, None)
        return {**found, "stream": True}


def without_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authenticate nothing: otherwise ``requests`` adds the credentials of a ``.netrc`` file."""
    return request


class TooLargeError(ValueError):
    """A response is larger than what is read into memory."""


def pieces_of(response: requests.Response) -> Iterable[bytes]:
    """Read the body of a response as it comes, unpacked and in UTF-8."""
    pieces = response.iter_content(PIECE_LENGTH)
    return in_utf8(pieces, response.headers.get("Content-Type"))


def whole(pieces: Iterable[bytes]) -> bytes:
    """Put a body together.

    Raises:
        TooLargeError: If it is larger than :data:`LARGEST_RESPONSE`; the rest is not read.
    """
    body: list[bytes] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LARGEST_RESPONSE:
            raise TooLargeError
        body.append(piece)
    return b"".join(body)


class OneHostAdapter(HTTPAdapter):
    """Remembers the connection pool of the first host that is called, and watches connections.

    ``requests`` looks the pool up for every call by a dozen properties, which takes a fifth of
    the time of a short call.

    Attributes:
        connections: Those that are open.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.connections = Connections()
        self._beginning = ""
        self._pool: ConnectionPool | None = None
        self._prefix: str | None = None

    def send(
        self, request: requests.PreparedRequest, *options: Any, **more: Any
    ) -> requests.Response:
        """Send a call; one to this machine goes through no proxy, which could read it."""
        if is_loopback(urlsplit(request.url or "").hostname or ""):
            more["proxies"] = {}
        return super().send(request, *options, **more)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *options: Any, **more: Any
    ) -> ConnectionPool:
        """Return the connection pool for the host of a call.

        The options say how to verify the host, and which proxies to use: the same for all
        calls of a run.
        """
        url = request.url or ""
        if self._pool is not None and url.startswith(self._beginning):
            return self._pool
        pool = super().get_connection_with_tls_context(request, *options, **more)
        self.connections.watch(pool)
        if self._pool is None:
            # With the slash, so that no longer host name begins the same way.
            self._beginning = "/".join([*url.split("/")[:3], ""])
            self._pool = pool
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Set up the check of certificates.

        Raises:
            UnreachableError: If the file of certificates is not there.
        """
        try:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        except OSError:
            raise UnreachableError(
                "The file of certificates that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names is not "
                "there: correct the variable, or unset it."
            ) from None

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what the request line names: the path, or with most proxies the whole URL."""
        url = request.url or ""
        target = url[len(self._beginning) - 1 :]
        if self._pool is None or not url.startswith(self._beginning):
            return super().request_url(request, proxies)
        if self._prefix is None:
            found = super().request_url(request, proxies)
            if not found.endswith(target):
                return found
            self._prefix = found.removesuffix(target)
        return f"{self._prefix}{target}"

    def close(self) -> None:
        """Close all connections."""
        self._pool = self._prefix = None
        super().close()


def new_session(user_agent: str, connections: int) -> requests.Session:
    """Open a session that verifies TLS, keeps connections open, and keeps no cookies.

    Args:
        user_agent: How the tap names itself.
        connections: How many connections are used at once.
    """
    session = requests.Session()
    session.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = OneHostAdapter(pool_connections=1, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def connections_of(session: requests.Session) -> Connections:
    """Return the connections of a session that :func:`new_session` has opened."""
    adapter = session.get_adapter("https://")
    return adapter.connections if isinstance(adapter, OneHostAdapter) else Connections()


@contextmanager
def failures_named(subject: str, host: str) -> Iterator[None]:
    """Replace what ``requests`` raises, or a response that is too large, by a sentence.

    Raises:
        ActOnError: In their place.
    """
    try:
        yield
    except requests.RequestException as error:
        raise no_answer(error, subject, host) from None
    except TooLargeError:
        raise RejectedCallError(
            f"{subject}: Act-On's response is larger than {LARGEST_RESPONSE // 2**20} MiB, the "
            "most that the tap reads into memory; where there are pages, a smaller page_size "
            "helps."
        ) from None


def no_answer(error: requests.RequestException, subject: str, host: str) -> ActOnError:
    """Return the failure of a call that got no response; it may pass, unless TLS failed."""
    if _has_cause(error, SSLCertVerificationError):
        return UnreachableError(
            f"The TLS certificate of {host} cannot be verified: check api_url, and the clock and "
            "the certificates of this machine."
        )
    if isinstance(error, requests.Timeout) or _has_cause(error, ReadTimeoutError):
        return NoAnswerError(f"{subject}: {host} did not respond in time.")
    if isinstance(error, _BROKEN):
        return NoAnswerError(f"{subject}: the response of {host} broke off or cannot be unpacked.")
    return NoAnswerError(f"{subject}: the connection to {host} failed.")


_BROKEN = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


def _has_cause(error: BaseException, kind: type[Exception]) -> bool:
    """Return whether what ``requests`` raises stands for an error of a kind, however deep."""
    causes = [*error.args, getattr(error, "reason", None)]
    return isinstance(error, kind) or any(
        _has_cause(cause, kind) for cause in causes if isinstance(cause, Exception)
    )


def never_left(error: requests.RequestException) -> bool:
    """Return whether a call failed before anything was sent, so that nobody has counted it."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.SSLError) or isinstance(
        cause, (NewConnectionError, ConnectTimeoutError)
    )
