"""A CSV file that may be larger than the memory: kept on the disk, read block by block."""

from __future__ import annotations

import io
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from tap_acton.records.list_table import csv_rows
from tap_acton.sync.spool import unnamed_file

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 2**16
"""How much is read at once, in bytes."""

LONGEST_LINE = 2**24
"""The length up to which a line is read, in bytes: a longer one is no line of CSV."""


class CsvFile:
    """A CSV file that waits on the disk to be read.

    Attributes:
        content: What it is written to.
    """

    def __init__(self) -> None:
        self.content = unnamed_file(self)

    def rows(self) -> Iterator[list[str]]:
        """Read the file from its beginning, never more of it than a block at once.

        It is read as :func:`~tap_acton.api.client.decode_text` and
        :func:`~tap_acton.records.list_table.read_csv` read a text in memory.

        Returns:
            The headers, then the rows; empty lines are left out. A :class:`ValueError` ends
            them if it is not CSV.
        """
        return csv_rows(chain.from_iterable(self._blocks()))

    def _blocks(self) -> Iterator[io.StringIO]:
        """Give whole lines, with their ends, and without the character NUL."""
        self.content.seek(0)
        rest, encoding = b"", "utf-8-sig"
        for block in iter(partial(self.content.read, BLOCK), b""):
            lines, end, rest = (rest + block).rpartition(b"\n")
            if len(rest) > LONGEST_LINE:
                raise ValueError
            if end:
                yield _text(lines + end, encoding)
                encoding = "utf-8"
        yield _text(rest, encoding)


def _text(lines: bytes, encoding: str) -> io.StringIO:
    return io.StringIO(lines.decode(encoding, "replace").replace("\0", ""), newline="")
