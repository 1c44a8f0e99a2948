"""The last lines of a terminal, which show how far a run has come.

They stand below a scroll region, as those of apt do. So whatever else is written to the terminal,
be it by the log or by a target in a process of its own, scrolls above them. What redraws lines by
moving the cursor up, as progress bars usually do, would overwrite it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tap_acton.progress.model import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.progress.model import Standing

LINES = 3

LEAST_ROWS, LEAST_COLUMNS = 10, 50
"""On a smaller terminal there is no room for it."""

LEAST_BAR, MOST_BAR = 5, 30
"""How many characters the bar takes."""

SAVE, RESTORE = "\x1b7", "\x1b8"
CLEAR_LINE = "\x1b[2K"
WHOLE_SCREEN = "\x1b[r"
"""Ends the scroll region."""


def has_room(setting: str, descriptor: int) -> bool:
    """Return whether a terminal is there to draw on.

    Args:
        setting: The setting ``progress``.
        descriptor: The file descriptor of the terminal.
    """
    environment = os.environ
    is_wanted = setting == "bar" or (setting == "auto" and not environment.get("CI"))
    # The console of Windows takes no control sequences unless it is asked to.
    is_able = sys.platform != "win32" and environment.get("TERM", "dumb") != "dumb"
    return is_wanted and is_able and os.isatty(descriptor) and _size_of(descriptor) is not None


def _size_of(descriptor: int) -> os.terminal_size | None:
    """Return the size of a terminal; None where it has too little room, or is gone."""
    with suppress(OSError):
        size = os.get_terminal_size(descriptor)
        if size.lines >= LEAST_ROWS and size.columns >= LEAST_COLUMNS:
            return size
    return None


def lines_of(standing: Standing, columns: int) -> list[str]:
    """Say in three lines how far a run has come: the stream, all streams, and what it waits for.

    Args:
        standing: How far it has come.
        columns: How wide a line may be; the bar takes what the rest leaves.
    """
    head, tail = f"{standing.stream}: {standing.of_stream}", f"{standing.pace:.1f} calls/s"
    if standing.seconds is not None and standing.fits_today:
        tail += f"  {_short(standing.seconds)} left"
    first = f"{head}  {tail}"
    if standing.share is not None:
        tail = f"{standing.share * 100:.0f} %  {tail}"
        first = f"{head}  {tail}"
        width = min(MOST_BAR, columns - len(first) - len("[]  "))
        if width >= LEAST_BAR:
            done = round(standing.share * width)
            first = f"{head}  [{'#' * done}{'.' * (width - done)}]  {tail}"
    second = [f"all streams: {standing.calls:,} calls"]
    if standing.to_go is not None:
        second[0] += f" of about {standing.calls + standing.to_go:,}"
    if standing.left is not None:
        second.append(f"{standing.left:,} left today")
    if not standing.fits_today:
        second.append("the run stops there, and the next one resumes")
    return [
        first,
        "  ".join(second),
        f"waiting: {standing.waiting}" * bool(standing.waiting),
    ]


class Bar:
    """Draws on the last lines of a terminal.

    Args:
        descriptor: The file descriptor of the terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_shown = False
        self._size: os.terminal_size | None = None  # None while nothing is drawn

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the last lines free; at the end of the block the terminal is as it was."""
        self._is_shown = True
        try:
            self._begin()
            yield
        finally:
            self.end()

    def draw(self, standing: Standing) -> None:
        """Draw how far a run has come; the terminal may have another size than before."""
        if self._is_shown and standing.stream:
            if _size_of(self._descriptor) != self._size:
                self._clear()
                self._begin()
            if self._size is not None:
                self._write(self._at_bottom(lines_of(standing, self._size.columns - 1)))

    def end(self) -> None:
        """Clear the last lines, and let the whole terminal scroll again; may be called twice."""
        self._is_shown = False
        self._clear()

    def _clear(self) -> None:
        if self._size is not None:
            cleared = self._at_bottom([""] * LINES)
            self._size = None
            self._write(f"{cleared}{SAVE}{WHOLE_SCREEN}{RESTORE}")

    def _begin(self) -> None:
        self._size = size = _size_of(self._descriptor)
        if size is None:
            return
        # What stands on the last lines moves up, and the cursor with it.
        room = "\n" * LINES + f"\x1b[{LINES}A"
        self._write(f"{room}{SAVE}\x1b[1;{size.lines - LINES}r{RESTORE}")

    def _at_bottom(self, lines: Sequence[str]) -> str:
        size = self._size or os.terminal_size((LEAST_COLUMNS, LEAST_ROWS))
        top = size.lines - LINES + 1
        drawn = (
            f"\x1b[{top + number};1H{CLEAR_LINE}{line[: size.columns - 1]}"
            for number, line in enumerate(lines)
        )
        return f"{SAVE}{''.join(drawn)}{RESTORE}"

    def _write(self, text: str) -> None:
        # In one piece, so that nothing of others comes between. A terminal may be gone.
        with suppress(OSError):
            os.write(self._descriptor, text.encode())


def _short(seconds: float) -> str:
    """Return a duration in few characters."""
    if seconds < MINUTE:
        return "<1 min"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.0f} h"
