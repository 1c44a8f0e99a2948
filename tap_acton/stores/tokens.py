"""The token chain of an account between runs: in memory or in a file."""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from filelock import FileLock, Timeout

from tap_acton.errors import SettingsError
from tap_acton.stores.files import check_own, open_private, sync_folder, unusable_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

logger = logging.getLogger("tap-acton")

LOCK_POLL_SECONDS = 0.1
"""How often a run checks whether another one is still requesting a token."""

LOCK_POLLS_UNTIL_TOLD = 100
LOCK_POLLS_UNTIL_GIVEN_UP = 6000
"""Ten minutes: requesting a token takes two calls, with their timeouts and retries."""

TOKEN_LENGTH = 4096
"""Room for a token on the disk, in bytes; a longer one takes more."""


@dataclass(frozen=True, slots=True)
class Token:
    """A link of the chain.

    Attributes:
        refresh_token: What the next link is requested with, once.
        expires_at: When the access token ends, in seconds since 1970.
        renew_at: When to request the next link, in seconds since 1970.
        made_with: A digest of the credentials that it was requested with; empty where an earlier
            version stored none.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: float
    renew_at: float
    made_with: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Token:
        """Read a token as :meth:`to_json` writes it.

        Raises:
            ValueError: If the text is anything else.
        """
        match json.loads(text):
            case {
                "access_token": str(access_token),
                "refresh_token": str() | None as refresh_token,
                "expires_at": int() | float() as expires_at,
                "renew_at": int() | float() as renew_at,
                **others,
            } if fits_header(access_token) and (not refresh_token or fits_header(refresh_token)):
                made_with = str(others.get("made_with", ""))
                return cls(access_token, refresh_token, expires_at, renew_at, made_with)
        raise ValueError

    def to_json(self) -> str:
        """Write the attributes as JSON."""
        return json.dumps(asdict(self))


def fits_header(token: object) -> TypeGuard[str]:
    """Return whether a token can be sent; a line break in it would start another header."""
    return isinstance(token, str) and token.isascii() and token.isprintable() and bool(token)


def wait_for_lock(is_locked: Callable[[], bool], pause: Callable[[float], None]) -> None:
    """Wait until a lock is taken, with a line in the log if that takes long.

    Args:
        is_locked: Takes the lock if it is free.
        pause: Waits some seconds; raises when the run is to end.

    Raises:
        SettingsError: If another run holds it for longer than a login can take.
    """
    for polls in range(LOCK_POLLS_UNTIL_GIVEN_UP):
        if is_locked():
            return
        if polls == LOCK_POLLS_UNTIL_TOLD:
            logger.warning("Waiting for another run that is requesting a token.")
        pause(LOCK_POLL_SECONDS)
    raise SettingsError(
        "Another run has been requesting a token for ten minutes: end it if it hangs, or set "
        "token_store to a place of this run's own."
    )


class TokenStore:
    """Keeps the chain in memory, for this run alone."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def lock(self) -> AbstractContextManager[None]:
        """Keep other runs from requesting a token in the meantime; here there are none."""
        return nullcontext()

    def read(self) -> Token | None:
        """Return the last token written, or None."""
        return self._token

    def prepare(self) -> None:
        """Make sure that a token can be written, before one is requested."""

    def write(self, token: Token) -> None:
        """Keep a token; once this returns, it is safe."""
        self._token = token


class FileTokenStore(TokenStore):
    """Keeps the chain in a file that only the user can read, for all runs on this machine.

    Args:
        path: The file.
        pause: Waits some seconds; raises when the run is to end.
    """

    def __init__(self, path: Path, pause: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._path = path
        self._new_path = path.with_suffix(".new")
        self._pause = pause
        self._file_lock = FileLock(f"{path}.lock", mode=0o600)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs from requesting a token in the meantime.

        Raises:
            SettingsError: If the folder is not writable, or another run never lets go.
        """
        try:
            wait_for_lock(self._is_locked, self._pause)
        except (OSError, NotImplementedError) as error:
            raise unusable_folder(self._path.parent, error) from None
        try:
            yield
        finally:
            self._file_lock.release()

    def _is_locked(self) -> bool:
        """Take the lock if it is free."""
        try:
            self._file_lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def read(self) -> Token | None:
        """Return the last token written, or None; an unreadable file is reported."""
        try:
            with os.fdopen(open_private(self._path, os.O_RDONLY), "rb") as file:
                return Token.from_json(file.read())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            logger.warning("%s holds no readable token; the next one replaces it.", self._path)
            return None

    def prepare(self) -> None:
        """Make sure that there is room, and that the file can be replaced: else the chain is lost.

        Raises:
            SettingsError: If there is no room, or the file cannot be written or replaced.
        """
        self._write_new(b" " * TOKEN_LENGTH)
        try:
            # In a folder such as /tmp, nobody can replace the file of somebody else.
            check_own(self._path, self._path.lstat())
        except FileNotFoundError:
            pass
        except OSError as error:
            raise unusable_folder(self._path.parent, error) from None

    def write(self, token: Token) -> None:
        """Keep a token; once this returns, it is on the disk.

        Raises:
            SettingsError: If the file cannot be written.
        """
        self._write_new(token.to_json().encode())
        try:
            self._new_path.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise unusable_folder(self._path.parent, error) from None

    def _write_new(self, content: bytes) -> None:
        """Write the file that is to replace the old one, in the room already reserved."""
        try:
            descriptor = open_private(self._new_path, os.O_WRONLY | os.O_CREAT)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unusable_folder(self._path.parent, error) from None
