"""A CSV file that may be larger than the memory: kept on the disk, read line by line."""

from __future__ import annotations

import io
import weakref
from functools import partial
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from tap_acton.tables import csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 2**24
"""The length up to which a line is read, in characters: a longer one is no line of CSV."""


class CsvFile:
    """A CSV file in a file that has no name, that nobody else can open, and that goes with it.

    Attributes:
        content: What it is written to.
    """

    def __init__(self) -> None:
        self.content: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self.content.close)

    def rows(self) -> Iterator[list[str]]:
        """Read the file from its beginning, never more of it than a row at once.

        It is read as :func:`~tap_acton.client.decode_text` and
        :func:`~tap_acton.tables.read_csv` read a text in memory.

        Yields:
            The headers, then the rows; empty lines are left out.

        Raises:
            ValueError: If it is not CSV.
        """
        self.content.seek(0)
        text = io.TextIOWrapper(self.content, "utf-8-sig", "replace", newline="")
        try:
            yield from csv_rows(_lines(text))
        finally:
            # Else the file would be closed with its reader.
            text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Give the lines, with their ends, and without the character NUL."""
    for line in iter(partial(text.readline, LONGEST_LINE), ""):
        if len(line) == LONGEST_LINE:
            raise ValueError
        yield line.replace("\0", "")
