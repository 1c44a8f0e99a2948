"""The request to stop: set by a signal, checked in every wait of every thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tap_acton.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable

SLICE_SECONDS = 0.2
"""How long a wait may continue after the request to stop."""


class StopSignal:
    """What makes all threads of a run end now.

    It has no lock: a signal handler runs in the middle of whatever the main thread is doing, and
    would wait forever for a lock that this thread holds.
    """

    def __init__(self) -> None:
        self._signal_number: int | None = None
        self._actions: list[Callable[[], None]] = []

    def at_request(self, action: Callable[[], None]) -> None:
        """Do something as soon as the run is to end; it must be safe in a signal handler."""
        self._actions.append(action)

    @property
    def is_requested(self) -> bool:
        """Whether the run is to end."""
        return self._signal_number is not None

    def request(self, signal_number: int) -> None:
        """End the run because of a signal such as 15, SIGTERM; safe in a signal handler."""
        self._signal_number = signal_number
        for action in self._actions:
            action()

    def check(self) -> None:
        """Do nothing, unless the run is to end.

        Raises:
            InterruptedRunError: If the run is to end.
        """
        if self._signal_number is not None:
            raise InterruptedRunError(self._signal_number)

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is to end.

        Raises:
            InterruptedRunError: If the run is to end, within a fifth of a second.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, SLICE_SECONDS))
        self.check()
