"""Rows that one stream has read for others, kept on the disk until it is their turn."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.counts import StreamCount
    from tap_acton.errors import ActOnError
    from tap_acton.records import Record


class FactsSpool:
    """Rows that one stream has read for those that are read after it.

    An account's facts may be larger than the memory, so they wait on the disk, in files
    that have no name and that nobody else can open.

    Args:
        names: The streams that are still to be read.

    Attributes:
        source: What was counted of the stream that reads; None until it is through.
        failure: Why it could not be read to its end, if it could not.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.source: StreamCount | None = None
        self.failure: ActOnError | None = None
        self._names = frozenset(names)
        self._files: dict[str, IO[bytes]] = {
            name: TemporaryFile()  # noqa: SIM115 - closed when its rows have been taken
            for name in names
        }

    def __contains__(self, name: str) -> bool:
        """Whether the rows of a stream are kept here."""
        return name in self._names

    def add(self, name: str, record: Record) -> None:
        """Keep a record.

        Args:
            name: The stream that it belongs to.
            record: The record.
        """
        self._files[name].write(msgspec.json.encode(record) + b"\n")

    def take(self, name: str) -> Iterator[Record]:
        """Give the records of a stream, once.

        Args:
            name: The stream.

        Yields:
            The records in the order in which they were kept.
        """
        with self._files.pop(name) as file:
            file.seek(0)
            yield from map(msgspec.json.decode, file)

    def close(self) -> None:
        """Drop what has not been taken."""
        while self._files:
            self._files.popitem()[1].close()
