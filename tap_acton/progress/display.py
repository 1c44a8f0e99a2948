"""Shows how far a run has come: in the log, as metrics, and on a terminal that has room for it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tap_acton.progress.metrics import ProgressMetrics
from tap_acton.progress.model import Progress
from tap_acton.progress.terminal import Bar, has_room
from tap_acton.progress.watch import ProgressLog, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_acton.progress.model import Standing
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.run import Run


class Display:
    """What shows how far a run has come.

    Args:
        run: The run.
        streams: What it reads; if nothing, only a wait is worth a line.
        report: Called as often as the run is looked at, and once more at its end.

    Attributes:
        bar: What draws on the terminal; None where nothing does.
    """

    def __init__(
        self,
        run: Run,
        streams: Sequence[ActOnStream] = (),
        report: Callable[[Standing], None] | None = None,
    ) -> None:
        setting, terminal = run.settings.progress, sys.__stderr__
        descriptor = terminal.fileno() if streams and terminal else None
        has_bar = descriptor is not None and has_room(setting, descriptor)
        self.bar = Bar(descriptor) if descriptor is not None and has_bar else None
        self._run = run
        self._streams = streams
        self._report = report
        self._is_on = setting != "off"
        self._progress = Progress(run, streams)
        self._log = ProgressLog(self._progress, ProgressMetrics(run.summary), has_bar=has_bar)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Log in, and show how far the run has come until the end of the block.

        Raises:
            ActOnError: If Act-On cannot be reached, or refuses the login.
        """
        with ExitStack() as until_end:
            if self.bar is not None:
                until_end.enter_context(self.bar.shown())
            until_end.enter_context(Watch(self._look).watching())
            self._run.connect()
            if self._streams:
                if self._is_on:
                    self._log.start(len(self._streams))
                until_end.callback(self._log.end)
                until_end.callback(self._look_for_report)
            yield

    def begin(self, name: str, *, may_foresee: bool) -> None:
        """Take note of which stream is read from now on.

        Args:
            name: The stream.
            may_foresee: Whether what is read before it shows how much there is.
        """
        if self._streams and self._progress.begin(name) and self._is_on and may_foresee:
            self._log.log_forecast()

    def _look(self, *, is_asked: bool) -> None:
        if is_asked or self._is_on:
            self._log.look(is_asked=is_asked)
        if self.bar is not None:
            self.bar.draw(self._progress.standing())
        self._look_for_report()

    def _look_for_report(self) -> None:
        if self._report is not None:
            self._report(self._progress.standing())
