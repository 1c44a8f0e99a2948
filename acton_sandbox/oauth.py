"""The token endpoint: grants, the one live chain of tokens, and their expiry."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, oauth_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acton_sandbox.clock import Clock

REFRESH_TOKEN_LIFETIME = 30 * 24 * 3600
"""Seconds after which an unused refresh token ends (Act-On reference, 2024 edition)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one client and the one user that the sandbox knows."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105
    username: str = "reader@example.com"
    password: str = "sandbox-password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Tokens:
    """The live end of the chain; everything issued before it is dead."""

    access: str
    refresh: str
    issued_at: float
    expires_at: float


def user_of(token: str) -> str:
    """Return whose token it is or was; an empty text for what no chain has issued."""
    user = token.partition(".")[0]
    try:
        return urlsafe_b64decode(user + "=" * (-len(user) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


class TokenChain:
    """Issues tokens. There is one live pair: any grant kills the pair before it.

    Args:
        clock: The clock by which tokens expire.
        credentials: Who may log in.
        lifetime: Seconds for which an access token is good.
    """

    def __init__(self, clock: Clock, credentials: Credentials, lifetime: int = 3600) -> None:
        self.lifetime = lifetime
        self.api_enabled = True
        self._clock = clock
        self._credentials = credentials
        self._live: Tokens | None = None
        self._issued = 0

    @property
    def live(self) -> Tokens | None:
        """The live pair, if a grant has been made and not been revoked."""
        return self._live

    def accepts(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header carries the live access token."""
        scheme, _, token = authorization.partition(" ")
        live = self._live
        return (
            live is not None
            and scheme.lower() == "bearer"
            and token.strip() == live.access
            and self._clock.now() < live.expires_at
        )

    def revoke(self) -> None:
        """End the live pair, as another login of the same user would."""
        self._live = None

    def expire(self) -> None:
        """End the access token; the refresh token stays good."""
        live = self._live
        if live is not None:
            self._live = Tokens(live.access, live.refresh, live.issued_at, self._clock.now())

    def grant(self, form: Mapping[str, str]) -> Answer:
        """Answer a form sent to the token endpoint."""
        known = self._credentials
        client = (form.get("client_id"), form.get("client_secret"))
        if client != (known.client_id, known.client_secret):
            return oauth_error(401, "access_denied", "Unauthorized")
        if not self.api_enabled:
            return oauth_error(403, "access_denied", "PUBLIC_API_FEATURE_NOT_ENABLED")
        return self._objection(form) or self._issue()

    def _objection(self, form: Mapping[str, str]) -> Answer | None:
        known = self._credentials
        match form.get("grant_type"):
            case "password":
                user = (form.get("username"), form.get("password"))
                if user == (known.username, known.password):
                    return None
                return oauth_error(403, "invalid_grant", "Wrong email or password.")
            case "refresh_token":
                if self._refreshable(form.get("refresh_token", "")):
                    return None
                return oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.")
            case "authorization_code":
                return oauth_error(403, "invalid_grant", "Unknown or invalid code.")
            case _:
                return oauth_error(400, "unsupported_grant_type", "Unknown grant type.")

    def _refreshable(self, token: str) -> bool:
        live = self._live
        return (
            live is not None
            and token == live.refresh
            and self._clock.now() < live.issued_at + REFRESH_TOKEN_LIFETIME
        )

    def _issue(self) -> Answer:
        self._issued += 1
        now = self._clock.now()
        self._live = Tokens(
            access=self._token("access"),
            refresh=self._token("refresh"),
            issued_at=now,
            expires_at=now + self.lifetime,
        )
        return Answer.of_json(
            {
                "access_token": self._live.access,
                "refresh_token": self._live.refresh,
                "scope": "offline-access",
                "token_type": "Bearer",
                "expires_in": self.lifetime,
            }
        )

    def _token(self, kind: str) -> str:
        known = self._credentials
        secret = f"{known.client_secret}:{known.username}:{kind}:{self._issued}"
        parts = known.username.encode(), sha256(secret.encode()).digest()
        return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
