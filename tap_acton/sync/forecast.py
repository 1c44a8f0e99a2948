"""How many calls the reading of a stream takes, as far as that shows before it is read."""

from __future__ import annotations

from dataclasses import dataclass


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


def pages_of(rows: int, page_size: int) -> int:
    """Return how many pages rows take; no rows take one, since it takes a call to see that."""
    return max(1, -(-rows // page_size))
