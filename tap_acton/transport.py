"""The connection to Act-On: the session, and what it means when no answer comes."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tap_acton.errors import ActOnError, RepeatableError, UnreachableError

CONNECT_SECONDS = 10.0

MAX_THROTTLES = 6
"""How often a call is repeated for a throttle answer before the allowance counts as spent."""


@dataclass(slots=True)
class Patience:
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


class NoAnswerError(RepeatableError):
    """The call was not answered at all."""


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
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
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
