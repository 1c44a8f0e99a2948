"""The sandbox's own clock, by which tokens expire and limits slide."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch, which tests can freeze and move.

    It is not the account's `now`: letting a token expire does not bring a new day's messages.

    Args:
        start: The time to start at, by default the present.
        frozen: Whether only `advance` moves it.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._frozen = frozen
        self._begun = time.monotonic()
        self._start = (start or datetime.now(UTC)).timestamp()

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._start if self._frozen else self._start + time.monotonic() - self._begun

    def advance(self, seconds: float) -> None:
        """Move on by some seconds at once."""
        self._start += seconds
