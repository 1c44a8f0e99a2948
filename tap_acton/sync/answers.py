"""What is asked and what comes of it: queries, answers, and rows that come twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from tap_acton.errors import CallError, RejectedCallError
from tap_acton.records.values import Unconvertible, fingerprint, integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.run import Parent


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked about one parent, over as many pages as it takes.

    Attributes:
        path: The path behind the host.
        subject: The parent, for messages; never anything personal.
        parameters: The query parameters, those of the paging aside.
        given: Columns that every row of the answer gets: the ids of the parents.
        parent: The parent; rows of one parent come out together.
        since: The replication value from which rows are emitted; None for all.
        again: How often it was read before, as rows moved meanwhile.
        rows_before: How many of its rows an earlier run has read.
    """

    path: str
    subject: str = ""
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    given: Row = field(default_factory=dict)
    parent: Parent | None = None
    since: str | None = None
    again: int = 0
    rows_before: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    Attributes:
        query: What was asked.
        rows: The rows of the page.
        total: The number of rows that Act-On says there are, over all pages.
        gone: Why there are none, where Act-On does not know the parent, or refuses it.
        has_moved: Whether the page does not begin where the one before it ended.
    """

    query: Query
    rows: Sequence[Row] = ()
    total: int | None = None
    gone: CallError | None = None
    has_moved: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether Act-On refused the call for a reason that may pass."""
        return isinstance(self.gone, RejectedCallError)


class SeenKeys:
    """Tells rows that come twice because rows moved between pages while being read.

    Args:
        key: The key columns.
        forgets: Whether to keep only the keys of two pages, as memory must stay flat
            where a stream is large; else all keys are kept.
    """

    def __init__(self, key: Sequence[str], *, forgets: bool) -> None:
        self._key_of = itemgetter(*key)
        self._forgets = forgets
        self._before: set[Any] = set()
        self._now: set[Any] = set()

    def turn_page(self) -> None:
        """Begin a new page."""
        if self._forgets:
            self._before, self._now = self._now, set()

    def new_of(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out records of which the key has been met, and keep the keys of the others.

        Args:
            records: The records.

        Returns:
            The first one with each key.
        """
        keys = list(map(self._key_of, records))
        fresh = set(keys) - self._now - self._before
        self._now |= fresh
        if len(fresh) == len(keys):
            return records
        new = []
        for key, record in zip(keys, records, strict=True):
            if key in fresh:
                fresh.remove(key)
                new.append(record)
        return new


class RunningNumbers:
    """Makes ids of rows that have none, and tells rows apart that are truly identical.

    The numbers begin anew with each parent, so memory stays flat; the parent has to be part
    of the identity. They also do so where a parent is read again.
    """

    def __init__(self) -> None:
        self._within: object = None
        self._counts: dict[tuple[str | None, ...], int] = {}

    def identify(self, within: object, *identity: str | None) -> str:
        """Make the id of a row.

        Args:
            within: The parent whose rows are being numbered, and how often it was read before.
            identity: What identifies the row, its parent included.

        Returns:
            The fingerprint of the identity and of the number of rows like it so far.
        """
        if within != self._within:
            self._within = within
            self._counts.clear()
        number = self._counts[identity] = self._counts.get(identity, 0) + 1
        return fingerprint(*identity, number)


def without_shifted(before: Answer | None, answer: Answer) -> Sequence[Row]:
    """Leave out rows that the page before has held already.

    Rows that are added while a list is read push others over the border of a page. The
    total tells how many they can be.

    Args:
        before: The answer before; None for the first.
        answer: The answer.

    Returns:
        The rows of the answer that are new.
    """
    if before is None or before.query is not answer.query:
        return answer.rows
    added = (answer.total or 0) - (before.total or 0)
    for count in range(min(added, len(answer.rows), len(before.rows)), 0, -1):
        if before.rows[-count:] == answer.rows[:count]:
            return answer.rows[count:]
    return answer.rows


def with_border(page: Page, rows: Sequence[Row]) -> Page:
    """Let a page know the rows that it is to begin with.

    Args:
        page: The page.
        rows: The rows of the page before it.

    Returns:
        The page, with a digest of them where it overlaps.
    """
    return replace(page, border=digest_of(rows[-page.overlap :])) if page.overlap else page


def behind_border(page: Page, rows: Sequence[Row]) -> Sequence[Row] | None:
    """Leave out the rows that a page has of the page before.

    Args:
        page: The page.
        rows: Its rows.

    Returns:
        The others; None where it has none of that page, so that some may be in neither. Rows
        that were added in front only push the border back.
    """
    if not page.border:
        return rows
    for end in range(page.overlap, len(rows) + 1):
        if digest_of(rows[end - page.overlap : end]) == page.border:
            return rows[end:]
    return None


def total_of(payload: Any, names: Sequence[str] = ("totalCount",)) -> int | None:
    """Read how many rows there are.

    Args:
        payload: The decoded answer.
        names: The fields that may tell it.

    Returns:
        The total; None where it is -1, which stands for unknown, or unreadable.
    """
    if not isinstance(payload, dict):
        return None
    told = next((payload[name] for name in names if payload.get(name) is not None), None)
    try:
        total = integer(told)
    except Unconvertible:
        return None
    return None if total is None or total < 0 else total


def digest_of(rows: Sequence[Row]) -> bytes:
    """Make a digest of rows, to tell whether a page is the one before it.

    Args:
        rows: The rows.

    Returns:
        The digest.
    """
    return blake2b(msgspec.json.encode(list(rows)), digest_size=16).digest()
