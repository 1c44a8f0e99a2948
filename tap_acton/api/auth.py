"""The token chain: from credentials to an access token that is valid now.

Act-On keeps one live chain of tokens per client id and user. An access token lives as long
as its ``expires_in`` says; the refresh token that comes with it works once and brings the
next pair (Act-On reference, 2024 edition). Logins are limited, so the chain is stored
between runs, and tokens are requested only under the lock of that store: of all threads and
runs, one makes the request and the others find its result.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeGuard

import requests

from tap_acton.api.rate_limits import LOGINS_PER_HOUR
from tap_acton.api.responses import (
    API_ACCESS_OFF_WORDS,
    HttpResponse,
    api_access_off,
    failure_of,
    json_object,
    logins_spent,
)
from tap_acton.api.transport import (
    RetryPolicy,
    TooLargeError,
    never_left,
    no_answer,
    pieces_of,
    whole,
)
from tap_acton.errors import (
    ActOnError,
    CredentialsError,
    RepeatableError,
    ThrottledError,
    UnreachableError,
)
from tap_acton.stores.call_counts import SECOND_MS, system_clock
from tap_acton.stores.tokens import Token, fits_header

if TYPE_CHECKING:
    from tap_acton.api.rate_limits import RateLimits
    from tap_acton.stores.call_counts import Clock
    from tap_acton.stores.tokens import TokenStore

logger = logging.getLogger("tap-acton")

DEFAULT_LIFETIME_SECONDS = 3600.0
RENEWAL_MARGIN_SECONDS = 300.0
RENEWAL_MARGIN_SHARE = 0.1
"""The share of its lifetime that is the margin of a token too short-lived for the usual one."""

REPEAT_AFTER_SECONDS = 2.0
LONGEST_REPEAT_WAIT_SECONDS = 60.0
"""A throttle response that asks for a longer wait than this ends the run."""

REFUSALS_COUNT = f"Refused logins count toward the {LOGINS_PER_HOUR} per hour that Act-On allows."
"""What whoever corrects credentials has to know, since every try takes one."""

_MAY_PASS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""The statuses below 500 after which a retry may help."""

Post = Callable[[Mapping[str, str]], requests.Response]
"""Sends a form to the token address, once, following no redirect."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who reads: the client, and the user by password or by an earlier login.

    Attributes:
        username: The email address of the user whose account is read.
        refresh_token: What to start with where the store has no token yet.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    @property
    def has_login(self) -> bool:
        """Whether the user can log in by password."""
        return bool(self.username and self.password)

    @property
    def digest(self) -> str:
        """What is the same only for the same secrets: hexadecimal, revealing nothing.

        The client's secret, which is long and random, keeps the password from being guessed.
        """
        key, message = (
            text.encode(errors="surrogatepass")
            for text in (self.client_secret, self.password or "")
        )
        return hmac.digest(key, message, "sha256").hex()

    def identity(self, host: str) -> str:
        """Return the key of the token chain on a host: hexadecimal, revealing nothing.

        It is part of file names and shared by all runs, so it must never change.
        """
        user = ("user", self.username) if self.has_login else ("token", self.refresh_token)
        return hashlib.sha256(json.dumps([host, self.client_id, *user]).encode()).hexdigest()


class TokenChain:
    """Hands out access tokens, and renews them one at a time.

    A failure to get a token is final: every later request meets it again, so that many
    threads with one wrong password do not lock the user out.

    Args:
        credentials: Who reads.
        store: Keeps the chain between runs.
        limits: The rate limits: every request for a token is both a call and a login.
        post: Sends a form to the token address.
        host: The host of the token address, for messages.
        clock: Returns milliseconds since 1970.
        retry_policy: Whether a failed login is tried again; it is by default.

    Attributes:
        has_answer: Whether the host has responded to a login of this run.
    """

    def __init__(  # noqa: PLR0913 - the parts of the chain, each given once per run
        self,
        *,
        credentials: Credentials,
        store: TokenStore,
        limits: RateLimits,
        post: Post,
        host: str,
        clock: Clock = system_clock,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        self._retry_policy = retry_policy
        self._credentials = credentials
        self._digest = credentials.digest
        self._store = store
        self._limits = limits
        self._post = post
        self._host = host
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failure: ActOnError | None = None
        self.has_answer = False

    def access_token(self) -> str:
        """Return an access token that stays valid for a while, renewed first if need be.

        Raises:
            CredentialsError: If Act-On refuses the credentials.
            UnreachableError: If the token address does not respond as one.
            AllowanceSpentError: If no call or no login is left.
            SettingsError: If the token cannot be stored.
        """
        return self._good_token(refused=None)

    def replace(self, refused: str) -> str:
        """Return another access token than the one that a call got a 401 with.

        Raises:
            ActOnError: As :meth:`access_token` does.
        """
        return self._good_token(refused)

    def _good_token(self, refused: str | None) -> str:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            token = self._token
            if not self._is_good(token, refused):
                try:
                    self._token = token = self._renewed(refused)
                except ActOnError as failure:
                    self._failure = failure
                    raise
            return token.access_token

    def _renewed(self, refused: str | None) -> Token:
        """Return the token that another run has stored, or get a new one and store it."""
        with self._store.lock():
            token = self._store.read()
            if self._is_good(token, refused):
                return token
            self._store.prepare()
            try:
                renewed = self._next_token(token)
            except UnreachableError as failure:
                if not token or not self._is_usable(token, refused, token.expires_at):
                    raise
                logger.warning("%s The current token is used until it expires.", failure.sentence)
                return replace(token, renew_at=token.expires_at)
            # Stored before it is used: the refresh token that brought it no longer works.
            self._store.write(renewed)
            return renewed

    def _next_token(self, token: Token | None) -> Token:
        """Get a token by refresh token, or by password where that is refused.

        A refresh token says nothing of a password that has changed since.
        """
        user = self._credentials
        is_ours = token is None or token.made_with == self._digest
        refresh_token = token.refresh_token if token else user.refresh_token
        if refresh_token and (is_ours or not user.has_login):
            try:
                return self._grant(grant_type="refresh_token", refresh_token=refresh_token)
            except _GrantRefusedError:
                # Also the result of a renewal whose response was lost.
                logger.info("The refresh token is no longer accepted.")
        if not (user.username and user.password):
            raise CredentialsError(
                f"There is no refresh token that {self._host} still accepts: log in again with "
                "username and password, or set a new refresh_token that no other program uses. "
                f"{REFUSALS_COUNT}"
            )
        try:
            return self._grant(
                grant_type="password", username=user.username, password=user.password
            )
        except _GrantRefusedError:
            raise CredentialsError(
                f"{self._host} rejected the user: check username and password. {REFUSALS_COUNT}"
            ) from None

    def _grant(self, **form: str) -> Token:
        """Request a token, and once more after a failure that may have passed."""
        form |= {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        try:
            return self._request(form)
        except RepeatableError as failure:
            retry_after = failure.retry_after if isinstance(failure, ThrottledError) else None
            wait = retry_after or REPEAT_AFTER_SECONDS
            if wait > LONGEST_REPEAT_WAIT_SECONDS:
                raise logins_spent(failure) from None
            if self._retry_policy and not self._retry_policy.repeats_login:
                raise UnreachableError(failure.sentence) from None
            logger.warning("%s Trying once more.", failure.sentence)
            self._limits.hold_back(wait)
        try:
            return self._request(form)
        except ThrottledError as failure:
            raise logins_spent(failure) from None
        except RepeatableError as failure:
            raise UnreachableError(
                f"{failure.sentence} Tried twice: check the network, region and api_url."
            ) from None

    def _request(self, form: Mapping[str, str]) -> Token:
        """Request a token once."""
        self._limits.check_login()
        self._limits.wait_for_call()
        try:
            with self._post(form) as sent:
                response = HttpResponse(sent.status_code, sent.headers, _body_of(sent))
        except requests.RequestException as error:
            if not never_left(error):
                self._limits.count_login()
            raise no_answer(error, "Login", self._host) from None
        self._limits.count_login()
        self.has_answer = True
        payload = json_object(response.body)
        if response.status == HTTPStatus.OK and fits_header(payload.get("access_token")):
            return replace(token_from(payload, self._now()), made_with=self._digest)
        raise self._failure_of(response, payload.get("error"))

    def _failure_of(self, response: HttpResponse, error: object) -> Exception:
        """Return the exception that stands for a response without a token."""
        status = response.status
        if API_ACCESS_OFF_WORDS.encode() in response.body.lower():
            return api_access_off()
        if error == "invalid_grant":
            return _GrantRefusedError()
        failure = failure_of(response, "Login")
        if status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if isinstance(failure, RepeatableError):
                return failure
        elif isinstance(failure, ThrottledError):
            return logins_spent(failure)
        if status == HTTPStatus.UNAUTHORIZED or isinstance(error, str):
            return CredentialsError(
                f"{self._host} rejected the client with HTTP {status}: check client_id and "
                f"client_secret. {REFUSALS_COUNT}"
            )
        return UnreachableError(
            f"{self._host} responded to the login with HTTP {status} and no token: check region "
            "and api_url, and whether a proxy or firewall responds in its place."
        )

    def _is_good(self, token: Token | None, refused: str | None) -> TypeGuard[Token]:
        return token is not None and self._is_usable(token, refused, token.renew_at)

    def _is_usable(self, token: Token, refused: str | None, until: float) -> bool:
        is_old = not (token.made_with or self._credentials.has_login)
        is_ours = token.made_with == self._digest or is_old
        return is_ours and token.access_token != refused and self._now() < until

    def _now(self) -> float:
        return self._clock() / SECOND_MS


class _GrantRefusedError(Exception):
    """Act-On does not accept the refresh token, or the user and password."""


def token_from(payload: Mapping[str, Any], now: float) -> Token:
    """Read the token in a good response of the token address.

    Args:
        payload: The decoded response; its ``expires_in`` is in seconds.
        now: Seconds since 1970.
    """
    try:
        lifetime = float(payload["expires_in"])
    except (KeyError, TypeError, ValueError, OverflowError):
        lifetime = math.nan
    if not 0 < lifetime < math.inf:
        lifetime = DEFAULT_LIFETIME_SECONDS
    margin = min(RENEWAL_MARGIN_SECONDS, RENEWAL_MARGIN_SHARE * lifetime)
    refresh_token = payload.get("refresh_token")
    return Token(
        access_token=str(payload["access_token"]),
        refresh_token=str(refresh_token) if fits_header(refresh_token) else None,
        expires_at=now + lifetime,
        renew_at=now + lifetime - margin,
    )


def _body_of(response: requests.Response) -> bytes:
    """Read the body of a response; one that is too large holds no token."""
    try:
        return whole(pieces_of(response))
    except TooLargeError:
        # Not empty: an empty refusal would pass for a sign that no calls are left.
        return b"too large"
