"""How many calls the reading of a stream takes, as far as that shows before it is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Certainty(StrEnum):
    """How far a number of calls can be relied on."""

    EXACT = "exact"
    """If Act-On answers as documented and no call has to be repeated."""

    ABOUT = "about"
    """It may be more or fewer."""

    AT_LEAST = "at least"
    """It may be more: how many pages there are shows only as they are read."""

    AT_MOST = "at most"
    """It may be fewer: what has not changed shows only as the run goes on."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many calls something takes.

    Attributes:
        calls: The number.
        certainty: How far it can be relied on.
        reason: What it is made of.
    """

    calls: int
    certainty: Certainty = Certainty.EXACT
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many calls the reading of a stream takes.

    Attributes:
        calls: The number.
        is_exact: Whether it holds if Act-On answers as documented; else it is about that many.
        reason: What it is made of.
    """

    calls: int
    is_exact: bool = True
    reason: str = ""


def certainty_of_sum(certainties: Iterable[Certainty]) -> Certainty:
    """Tell how far a sum can be relied on.

    Args:
        certainties: Those of its parts.

    Returns:
        That of the sum: the only one beside exact ones, else ``about``.
    """
    found = set(certainties) - {Certainty.EXACT}
    if not found:
        return Certainty.EXACT
    return found.pop() if len(found) == 1 else Certainty.ABOUT


def pages_of(rows: int, page_size: int) -> int:
    """Tell how many pages rows take.

    Args:
        rows: The number of rows.
        page_size: How many of them are asked for at once.

    Returns:
        The number of pages; one for no rows, since it takes a call to see that.
    """
    return max(1, -(-rows // page_size))


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What the first page of several shows of the others.

    Attributes:
        rows: The number of rows that it holds.
        total: The number of rows that Act-On says there are; None where it does not.
        further: How many pages are known to follow.
    """

    rows: int
    total: int | None
    further: int

    @property
    def tells_all(self) -> bool:
        """Whether it shows how many pages follow, and not only that there are some."""
        return self.total is not None or not self.further

    @property
    def known_rows(self) -> int:
        """The rows that are known to be there."""
        return self.rows if self.total is None else self.total
