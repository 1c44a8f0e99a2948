"""Rows and ids that wait on the disk, so that memory stays flat."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import msgspec

from tap_acton.errors import StreamFailedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def unnamed_file(owner: object) -> IO[bytes]:
    """Open a file without a name, which nobody else can open; it is closed with its owner."""
    file = TemporaryFile()  # noqa: SIM115 - closed with its owner
    weakref.finalize(owner, _close, file)
    return file


def _close(file: IO[bytes]) -> None:
    # That the disk has no room for the rest was reported when it was written.
    with suppress(OSError):
        file.close()


class Spool:
    """Items that wait on the disk."""

    def __init__(self) -> None:
        self._file = unnamed_file(self)
        self._count = 0

    def add(self, item: Any) -> None:
        """Keep an item, which JSON can hold; raises OSError if the disk has no room for it."""
        self._file.write(msgspec.json.encode(item) + b"\n")
        self._count += 1

    def extend(self, items: Iterable[Any]) -> None:
        """Keep more items behind the others, even between two iterations."""
        self._file.seek(0, os.SEEK_END)
        for item in items:
            self.add(item)

    def flush(self) -> None:
        """Write what is still in the memory; raises OSError if the disk has no room for it."""
        self._file.flush()

    def __len__(self) -> int:
        """The number of items."""
        return self._count

    def __iter__(self) -> Iterator[Any]:
        """The items in order, any number of times; one iteration at a time."""
        self._file.seek(0)
        yield from map(msgspec.json.decode, self._file)

    def __contains__(self, item: object) -> bool:
        """Whether an item is among them."""
        return any(item == each for each in self)


MOST_IN_MEMORY = 10_000
"""So many rows are held in the memory before they wait on the disk."""


class HeldRows:
    """Rows in order, however many there are; many of them wait in one file.

    Rows that are on the disk already, as those of a CSV file, stay where they are.
    """

    def __init__(self) -> None:
        self._parts: list[Collection[Any]] = []
        self._waiting: list[Any] = []
        self._weight = 0  # of those
        self._spool: Spool | None = None  # the last part, if it takes more rows

    def add(self, rows: Collection[Any], weight: int = 0) -> None:
        """Hold rows; raises OSError if the disk has no room for them.

        Args:
            rows: The rows.
            weight: As how many rows of a usual length they count, if they are longer.
        """
        if isinstance(rows, Sequence):
            self._waiting += rows
            self._weight += max(len(rows), weight)
            if self._weight >= MOST_IN_MEMORY:
                self._write()
        elif rows:
            self._write()
            self._parts.append(rows)
            self._spool = None

    def _write(self) -> None:
        if self._waiting and self._spool is None:
            self._spool = Spool()
            self._parts.append(self._spool)
        if self._spool is not None:
            self._spool.extend(self._waiting)
            self._waiting, self._weight = [], 0

    def __len__(self) -> int:
        """The number of rows."""
        return sum(map(len, self._parts)) + len(self._waiting)

    def __iter__(self) -> Iterator[Any]:
        """The rows in the order in which they came."""
        yield from chain.from_iterable([*self._parts, self._waiting])


class Places:
    """Pairs of texts, each once and in order, however many there are.

    The database is a temporary one without a name.
    """

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("CREATE TABLE place (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID")

    def add(self, places: Iterable[tuple[str, str]]) -> None:
        """Add some.

        Raises:
            StreamFailedError: If the disk has no room for them.
        """
        try:
            with self._file:
                self._file.execute("BEGIN")
                self._file.executemany("INSERT OR IGNORE INTO place VALUES (?, ?)", places)
        except sqlite3.OperationalError:
            raise StreamFailedError(
                "The folder for temporary files has no room for the ids of contacts: make room and "
                "run again."
            ) from None

    def __len__(self) -> int:
        """How many there are."""
        (number,) = self._file.execute("SELECT COUNT(*) FROM place").fetchone()
        return int(number)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The places in order."""
        for place in self._file.execute("SELECT a, b FROM place ORDER BY a, b"):  # noqa: UP028 - it
            yield place  # would close the cursor, which fails once the database is closed

    def close(self) -> None:
        """Drop them."""
        self._file.close()
