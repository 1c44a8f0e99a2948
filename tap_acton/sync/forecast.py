"""How many calls the reading of a stream takes, as far as that shows before it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_acton.sync.query import Response


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many calls the reading of a stream takes.

    Attributes:
        calls: The number.
        is_exact: Whether it holds if Act-On answers as documented; else it is about that many.
        reason: What it is made of.
        items: How many queries are due; 0 where that is not known.
        units: What is foreseen for each of these queries comes to so many calls.
    """

    calls: int
    is_exact: bool = True
    reason: str = ""
    items: int = 0
    units: int = 0


def pages_of(rows: int, page_size: int) -> int:
    """Return how many pages rows take; no rows take one, since it takes a call to see that."""
    return max(1, -(-rows // page_size))


def forecast_of_first_page(response: Response) -> Forecast:
    """Return the calls behind the first page of a query."""
    rows, size, total = len(response.rows), response.page.size or 1, response.total
    if total is None:
        # Behind a full page there may be any number of others.
        is_full = rows >= size
        more = "more than " if is_full else ""
        return Forecast(1, is_exact=not is_full, reason=f"rows: {more}{rows:,}")
    step = min(rows, size) or 1
    # Behind a full page, or where the total may be that of the page, another is requested.
    is_proven = not rows or (total > rows and total % step)
    return Forecast(pages_of(total, step) - bool(is_proven), reason=f"rows: {total:,}")
