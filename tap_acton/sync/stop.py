"""The wish to stop: set by a signal, heeded by every wait of every thread."""

from __future__ import annotations

import time

from tap_acton.errors import InterruptedRunError

SLICE_SECONDS = 0.2
"""How long a wait goes on at most after the wish to stop."""


class StopSignal:
    """Tells all threads of a run that it is to end now.

    It holds no lock: a signal handler runs in the middle of whatever the main thread is
    doing, and would wait for ever for a lock that this thread holds.
    """

    def __init__(self) -> None:
        self._signal_number: int | None = None

    @property
    def is_requested(self) -> bool:
        """Whether the run has been asked to end."""
        return self._signal_number is not None

    def request(self, signal_number: int) -> None:
        """Ask the run to end; safe to call from a signal handler.

        Args:
            signal_number: The signal that asks for it, for example 15 for SIGTERM.
        """
        self._signal_number = signal_number

    def check(self) -> None:
        """Go on, unless the run is to end.

        Raises:
            InterruptedRunError: If the run is to end.
        """
        if self._signal_number is not None:
            raise InterruptedRunError(self._signal_number)

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is to end.

        Args:
            seconds: How long to wait.

        Raises:
            InterruptedRunError: If the run is to end, within a fifth of a second.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, SLICE_SECONDS))
        self.check()
