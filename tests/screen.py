"""A terminal for tests: a pair of file descriptors, and what a person would see."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SEQUENCE = re.compile(r"\x1b(?:[78]|\[([0-9;]*)([A-Za-z]))")


class Screen:
    """What stands on a terminal after what was written to it.

    It knows the control sequences that the tap uses, and fails at any other.

    Attributes:
        lines: The lines, from the top.
        region: The first line and the last one of those that scroll.
        scrolled: The lines that have left the screen at the top.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.lines = [""] * rows
        self.scrolled: list[str] = []
        self.region = (0, rows - 1)
        self._columns = columns
        self._row = self._column = 0
        self._saved = (0, 0)
        self._rest = ""

    @property
    def everything(self) -> list[str]:
        """All lines that were ever written, as a person could scroll back to them."""
        return [line.rstrip() for line in (*self.scrolled, *self.lines)]

    def write(self, data: bytes) -> None:
        """Take what a program has written; a sequence may come in two parts."""
        text = self._rest + data.decode()
        self._rest = ""
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                found = _SEQUENCE.match(text, place)
                if found is None:
                    assert len(text) - place < 12, f"unknown: {text[place : place + 12]!r}"
                    self._rest = text[place:]
                    return
                self._control(found)
                place = found.end()
            else:
                self._put(text[place])
                place += 1

    def _control(self, found: re.Match[str]) -> None:
        numbers = [int(number) for number in (found[1] or "").split(";") if number]
        match found[2] or found[0][1]:
            case "7":
                self._saved = (self._row, self._column)
            case "8":
                self._row, self._column = self._saved
            case "r":
                first, last = numbers or (1, len(self.lines))
                self.region = (first - 1, last - 1)
                self._row = self._column = 0
            case "H":
                self._row, self._column = numbers[0] - 1, numbers[1] - 1
            case "K":
                self.lines[self._row] = ""
            case "A":
                self._row = max(0, self._row - numbers[0])
            case other:
                raise AssertionError(other)

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._next_line()
        else:
            if self._column == self._columns:
                self._column = 0
                self._next_line()
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1

    def _next_line(self) -> None:
        first, last = self.region
        if self._row == last:
            self.scrolled.append(self.lines.pop(first))
            self.lines.insert(last, "")
        else:
            self._row = min(self._row + 1, len(self.lines) - 1)


class Terminal:
    """A terminal of its own.

    Attributes:
        descriptor: What a program writes to.
        screen: What stands on it, as far as it was read.
    """

    def __init__(self, reading: int, descriptor: int, rows: int, columns: int) -> None:
        self.descriptor = descriptor
        self.screen = Screen(rows, columns)
        self._reading, self._is_there = reading, True
        self.resize(rows, columns)

    def resize(self, rows: int, columns: int) -> None:
        """Give programs another size; the screen stays as it is."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Go away: whatever is written from now on fails."""
        if self._is_there:
            os.close(self._reading)
        self._is_there = False

    def read(self, seconds: float = 0.0) -> Screen:
        """Read what has been written, or is within some seconds; return the screen."""
        while select.select([self._reading], [], [], seconds)[0]:
            self.screen.write(os.read(self._reading, 65_536))
            seconds = 0.0
        return self.screen

    def read_until(self, is_there: Callable[[Screen], bool]) -> Screen:
        """Read until the screen shows something; fail after half a minute."""
        give_up = time.monotonic() + 30
        while not is_there(self.read(0.05)):
            assert time.monotonic() < give_up, "\n".join(self.screen.everything)
        return self.screen


@contextmanager
def terminal(rows: int = 24, columns: int = 100) -> Iterator[Terminal]:
    """Open a terminal, and close it at the end of the block."""
    reading, descriptor = os.openpty()
    opened = Terminal(reading, descriptor, rows, columns)
    try:
        yield opened
    finally:
        os.close(descriptor)
        opened.hang_up()
