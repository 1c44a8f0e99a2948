"""Tells whether rows moved away between the pages of a query while these were read.

A row that is deleted pulls those behind it forward, so that one slips over the border of a page
and is never seen. The total that each page tells shows it: it falls, or fewer rows come than it
says. Where no total is told, a page begins with the last row of the page before, and where it
does not, that row is looked for further in front. If that is of no avail, the query is read
again as a whole, since nobody can tell where the gap is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_acton.errors import AllowanceSpentError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from tap_acton.records.reader import Row
    from tap_acton.sync.answers import Answer, Query

MOST_READINGS = 3
"""So often a query is read at most of which rows move while it is read."""

MOST_PAGES_AGAIN = 100
"""A query of more pages is not read again: rows would move while that goes on, too."""


@dataclass(slots=True)
class Reading:
    """Counts the rows of a query, to tell whether some moved away between its pages.

    Attributes:
        query: The query.
        told: How many rows there were at its beginning; None where that is not told.
        pages: How many answers have come.
        has_shrunk: Whether a page told of fewer rows than the one before it, or does not
            begin where that ended.
    """

    query: Query
    told: int | None = None
    pages: int = 0
    has_shrunk: bool = False
    _rows: int = 0
    _print: int = 0
    _latest: int = 0
    _before: frozenset[Hashable] = field(default_factory=frozenset)

    def add(self, answer: Answer) -> None:
        """Count the rows of an answer; those of the page before do not count again.

        Args:
            answer: The answer.
        """
        self.pages += 1
        self.has_shrunk |= answer.has_moved
        if answer.total is not None:
            if self.told is None:
                self.told = answer.total
            self.has_shrunk |= answer.total < self._latest
            self._latest = answer.total
        ids = _ids_of(answer.rows)
        new = ids - self._before
        # Rows without an id cannot be told apart.
        self._rows += len(new) if ids else len(answer.rows)
        self._print ^= hash(new)
        self._before = ids

    @property
    def is_short(self) -> bool:
        """Whether fewer rows came than there were, or some of them went meanwhile."""
        return self.has_shrunk or (self.told is not None and self._rows < self.told)

    def is_as(self, other: Reading) -> bool:
        """Tell whether two readings brought the very same, so that nothing has moved.

        Args:
            other: Another reading of the query.

        Returns:
            Whether they did; what was told to be there is then more than is given.
        """
        return not (self.has_shrunk or other.has_shrunk) and (
            (self.told, self._rows, self._print) == (other.told, other._rows, other._print)
        )


def _ids_of(rows: Sequence[Row]) -> frozenset[Hashable]:
    """Give the ids of rows; none where they have no field for it."""
    if not rows or "id" not in rows[0]:
        return frozenset()
    return frozenset([row["id"] for row in rows if isinstance(row.get("id"), str | int)])


class Readings:
    """Reads the queries of a stream again as long as rows move while they are read.

    Args:
        read: Reads a query.
        renewed: Gives a query as it is to be read again; None where it cannot be.
        give_up: Makes the last answer of a query whose rows never rest.
    """

    def __init__(
        self,
        read: Callable[[Query], Iterable[Answer]],
        renewed: Callable[[Query], Query | None],
        give_up: Callable[[Query], Answer],
    ) -> None:
        self._read = read
        self._renewed = renewed
        self._give_up = give_up
        self._tells_too_many = False

    def settled(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Give answers, and behind those of a query the ones of reading it again.

        Args:
            answers: The answers; those of one query come one behind the other.

        Yields:
            The same answers, and the further ones.

        Raises:
            AllowanceSpentError: If the allowance is spent; its subject is the query that is
                not through.
        """
        reading: Reading | None = None
        try:
            for answer in answers:
                if reading is None or answer.query is not reading.query:
                    if reading is not None:
                        yield from self._until_none_moved(reading)
                    reading = Reading(answer.query)
                reading.add(answer)
                yield answer
        except AllowanceSpentError as error:
            if reading is not None and reading.is_short:
                error.subject = reading.query.subject
            raise
        if reading is not None:
            yield from self._until_none_moved(reading)

    def _until_none_moved(self, reading: Reading) -> Iterator[Answer]:
        """Read a query again as long as fewer rows come than there are.

        Where another reading brings the same, nothing has moved: the total is then of more
        than Act-On gives, there and in the other queries of the stream.
        """
        for number in range(1, MOST_READINGS + 1):
            if not reading.is_short or (self._tells_too_many and not reading.has_shrunk):
                return
            query = self._renewed(reading.query)
            if query is None:
                return
            is_large = reading.has_shrunk and reading.pages > MOST_PAGES_AGAIN
            if is_large or number == MOST_READINGS:
                break
            before, reading = reading, Reading(query)
            for answer in self._read(query):
                reading.add(answer)
                yield answer
            if reading.is_as(before):
                self._tells_too_many = True
                return
        yield self._give_up(reading.query)
