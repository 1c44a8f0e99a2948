"""What the stores on servers have in common, whatever the server is."""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING

from tap_acton.api.auth import Token, TokenStore
from tap_acton.errors import SettingsError

if TYPE_CHECKING:
    from tap_acton.settings.postgresql_address import PostgresqlAddress

logger = logging.getLogger("tap-acton")

ANSWER_SECONDS = 10
"""How long a server may take for anything."""

NO_CONNECTION = "no connection"
BAD_CERTIFICATE = "its certificate cannot be verified"
"""Why a server cannot be used, before it has said a word."""


def unusable_server(address: PostgresqlAddress, reason: str) -> SettingsError:
    """Say that nothing can be kept on a server, and why.

    Args:
        address: The server.
        reason: What came of the attempt, in a few words.

    Returns:
        The exception to raise.
    """
    return SettingsError(
        f"The {address} of token_store cannot be used ({reason}): see that it runs, and that "
        "address, user and password are right; the next run goes on from here."
    )


class ServerTokenStore(TokenStore):
    """Keeps the chain on a server, for all runs of all machines.

    A machine can lose the lock without knowing, as when it sleeps in the middle of a login.
    So a token takes the place only of the one that was read under the same lock.

    Args:
        address: Where the server is, for messages.
    """

    def __init__(self, address: PostgresqlAddress) -> None:
        super().__init__()
        self._address = address
        self._present = ""

    def read(self) -> Token | None:
        """Return the last token written, or None; what is none is reported.

        Raises:
            SettingsError: If the server cannot be used.
        """
        self._present = self._fetch()
        if not self._present:
            return None
        try:
            return Token.from_json(self._present)
        except (ValueError, RecursionError):
            logger.warning("The %s holds no token that can be read: it is replaced.", self._address)
            return None

    def write(self, token: Token) -> None:
        """Keep a token, unless another machine has written one meanwhile.

        Args:
            token: The token.

        Raises:
            SettingsError: If the server cannot be used.
        """
        if not self._swap(self._present, json.dumps(asdict(token))):
            logger.warning("Another machine has logged in at the same time: its login is kept.")

    @abstractmethod
    def _fetch(self) -> str:
        """Return what is kept, or an empty text."""

    @abstractmethod
    def _swap(self, present: str, new: str) -> bool:
        """Put a text in the place of what was read, and tell whether that was still there."""
