"""Stretches of time: one query for a great many rows, cut into several that a day can read.

The rows of a stretch are known by the timestamp of their last change. A row that changes while
the earlier stretches are read moves to a later one, and is read there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_acton.records.timestamps import is_timestamp, milliseconds_of, timestamp_of
from tap_acton.sync.answers import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

SUBJECT = "changed from "
"""What the subject of a stretch begins with; its first timestamp follows."""

DAY_SECONDS = 86_400

DISPLAYED_SECONDS = 60
"""Some spellings of a date tell no seconds, so what they tell may be as much too early."""


@dataclass(frozen=True, slots=True)
class Window(Query):
    """A query for what changed within a stretch of time.

    Attributes:
        begin: The first second of the stretch, since the epoch; None for an open beginning.
        end: The second behind it; None for an open end.
        is_piece: Whether it was cut out of a longer one.
        is_whole: Whether it is to be read as it is, however much it holds.
    """

    begin: int | None = None
    end: int | None = None
    is_piece: bool = False
    is_whole: bool = False

    def cut(self, at: int) -> tuple[Window, Window]:
        """Cut the stretch in two.

        Whether a filter includes the second that it names, and whether it compares anything
        finer, is not documented. So the second before the cut may be in both.

        Args:
            at: The first second of the later part.

        Returns:
            The earlier part and the later one.
        """
        return (
            replace(self, parameters=within(self.begin, at), end=at, is_piece=True),
            replace(
                self,
                parameters=within(at, self.end),
                begin=at,
                is_piece=True,
                subject=SUBJECT + timestamp_of(datetime.fromtimestamp(at, UTC)),
            ),
        )

    def middle(self, now: int) -> int | None:
        """Give the second at which the stretch is cut, whatever it holds.

        Args:
            now: The present second, up to which an open end is taken to reach.

        Returns:
            The second: the middle; with an open beginning as long ago again as the end is,
            and a day at least. None where the stretch is too short to be cut.
        """
        end = now + 1 if self.end is None else self.end
        if self.begin is None:
            at = end - max(now - end, DAY_SECONDS)
            return at if at > 0 else None
        return (self.begin + end) // 2 if end - self.begin > 1 else None


def within(begin: int | None, end: int | None) -> dict[str, str | int]:
    """Give the filters for a stretch (Act-On reference, 2024 edition).

    Args:
        begin: The first second; None for an open beginning.
        end: The second behind the last one; None for an open end.

    Returns:
        The query parameters.
    """
    parameters: dict[str, str | int] = {}
    if begin is not None:
        parameters["updatedAfter"] = begin - 1
    if end is not None:
        parameters["updatedBefore"] = end
    return parameters


def begin_of(subject: str) -> int | None:
    """Read from the subject of a stretch where it begins.

    Args:
        subject: The subject, as the state may keep it.

    Returns:
        The first second; None where the subject is another one.
    """
    written = subject.removeprefix(SUBJECT)
    if written == subject or not is_timestamp(written):
        return None
    return milliseconds_of(written) // 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """What one page shows of a stretch.

    Attributes:
        seconds: When each of its rows last changed; None where a row does not tell it.
        total: How many rows there are in the stretch, where that is told.
    """

    seconds: Sequence[int | None]
    total: int | None

    def cut_at(self, window: Window, now: int) -> int | None:
        """Find where to cut, with rows of the page on both sides.

        Args:
            window: The stretch.
            now: The present second.

        Returns:
            The second; None where a row does not tell when it changed, so that no stretch
            may hold it, and where the stretch cannot be cut.
        """
        told = sorted(second for second in self.seconds if second is not None)
        if not told or len(told) < len(self.seconds):
            return None
        at = told[len(told) // 2]
        first, end = window.begin or 0, now + 1 if window.end is None else window.end
        return at if first < at < end else window.middle(now)


def is_heeded(at: int, whole: Sample, earlier: Sample, later: Sample) -> bool:
    """Tell whether the two parts of a stretch prove to hold it all, each its own rows.

    Args:
        at: Where the stretch was cut.
        whole: A page of all of it.
        earlier: The first page of the earlier part.
        later: The first page of the later part.

    Returns:
        Whether rows came and none is in the wrong part, and whether the totals of the parts
        make up that of the whole; where they are not told, whether the pages differ.
    """
    for second in earlier.seconds:
        if second is None or second > at:
            return False
    for second in later.seconds:
        if second is None or second + DISPLAYED_SECONDS < at - 1:
            return False
    if whole.total is None or earlier.total is None or later.total is None:
        return earlier.seconds != later.seconds
    return min(earlier.total, later.total) < whole.total and not is_torn(whole, earlier, later)


def is_torn(whole: Sample, earlier: Sample, later: Sample) -> bool:
    """Tell whether the parts are told to hold fewer rows than the whole.

    Args:
        whole: A page of all of it.
        earlier: The first page of the earlier part.
        later: The first page of the later part.

    Returns:
        Whether rows are in neither, as where some moved meanwhile.
    """
    if whole.total is None or earlier.total is None or later.total is None:
        return False
    return earlier.total + later.total < whole.total
