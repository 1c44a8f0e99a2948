"""Watches a run while it reads, and shows how far it has come."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_acton.progress.metrics import ProgressMetrics
    from tap_acton.progress.model import Progress, Standing

logger = logging.getLogger("tap-acton")

LOOK_SECONDS = 0.5
"""How often a run is looked at."""

SENTENCE_SECONDS = 60.0
"""How often a sentence is logged at least."""

LEAST_SECONDS = 10.0
"""Between two sentences at tenths of a run."""


class ProgressLog:
    """Logs a sentence a minute, at each tenth of the run, and at once where it is asked to.

    Args:
        progress: How far the run has come.
        metrics: Logs the numbers, as often as the sentence.
        clock: Seconds that only go on.
        has_bar: Whether a bar shows what else a sentence a minute says.
    """

    def __init__(
        self,
        progress: Progress,
        metrics: ProgressMetrics,
        clock: Callable[[], float] = time.monotonic,
        *,
        has_bar: bool = False,
    ) -> None:
        self._progress = progress
        self._metrics = metrics
        self._has_bar = has_bar
        self._clock = clock
        self._logged_at = clock()
        self._waited_at = -SENTENCE_SECONDS
        self._tenth = 0
        self._has_forecast = False

    def start(self, streams: int) -> None:
        """Log what the run is about to read, and what it may."""
        logger.info(self._progress.beginning(streams))

    def log_forecast(self) -> None:
        """Log once what the whole run is likely to take, as soon as that is known."""
        if not self._has_forecast and (sentence := self._progress.forecast):
            self._has_forecast = True
            logger.info(sentence)

    def look(self, *, is_asked: bool = False) -> None:
        """Log what is worth it by now.

        Args:
            is_asked: Whether somebody wants to know now.
        """
        now, standing = self._clock(), self._progress.standing()
        passed, tenth = now - self._logged_at, int(standing.fraction * 10)
        is_tenth = tenth > self._tenth and passed >= LEAST_SECONDS
        is_time = is_tenth or passed >= SENTENCE_SECONDS
        if standing.stream and (is_asked or is_time):
            self._logged_at, self._tenth = now, max(tenth, self._tenth)
            self._metrics.log(standing)
            # What waits says so instead, below or in the bar.
            is_still = standing.waiting and standing.silent >= SENTENCE_SECONDS
            if is_asked or not (self._has_bar or is_still):
                self.log_forecast()
                logger.info(standing.sentence)
        if not (self._has_bar and standing.stream):
            self._log_waiting(standing, now)

    def end(self) -> None:
        """Log the numbers once more."""
        self._metrics.log(self._progress.standing())

    def _log_waiting(self, standing: Standing, now: float) -> None:
        """Log what the run waits for, once no response came for a minute, and each minute then."""
        is_time = now - self._waited_at >= SENTENCE_SECONDS
        if standing.waiting and standing.silent >= SENTENCE_SECONDS and is_time:
            self._waited_at = now
            logger.warning("%s waits: %s.", standing.stream or "The tap", standing.waiting)


class Watch:
    """Looks at a run from a thread of its own.

    Args:
        look: Called twice a second, with ``is_asked`` after somebody has sent the signal SIGUSR1.
    """

    def __init__(self, look: Callable[..., None]) -> None:
        self._look = look
        # No lock, since a signal handler would wait for it forever.
        self._is_asked = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the run until the end of the block."""
        with self._asked_by_signal():
            self._thread.start()
            try:
                yield
            finally:
                self._over.set()
                # Not for long: it may be looking up what is left today in a database.
                self._thread.join(LOOK_SECONDS)

    @contextmanager
    def _asked_by_signal(self) -> Iterator[None]:
        number = getattr(signal, "SIGUSR1", None)
        if number is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(number, self._ask)
        try:
            yield
        finally:
            signal.signal(number, before)

    def _ask(self, *_: Any) -> None:
        self._is_asked = True

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            is_asked, self._is_asked = self._is_asked, False
            self._look(is_asked=is_asked)
