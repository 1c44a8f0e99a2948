"""Seeded randomness that gives the same values on every machine and Python version."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")


class Dice:
    """A stream of random decisions named by labels.

    Only `Random.random` is used below: it is the one method whose sequence Python promises to
    keep for a given seed. `sample`, `shuffle` and the like have changed between versions.

    Args:
        *labels: What the stream belongs to, for example a seed and a date.
    """

    def __init__(self, *labels: object) -> None:
        self.fraction = Random("/".join(map(str, labels))).random

    def chance(self, probability: float) -> bool:
        """Decide yes with this probability."""
        return self.fraction() < probability

    def below(self, limit: int) -> int:
        """Draw an integer from 0 up to, not including, `limit`."""
        return int(self.fraction() * limit)

    def between(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """Draw one of the items."""
        return items[int(self.fraction() * len(items))]

    def distinct(self, limit: int, count: int) -> list[int]:
        """Draw up to `count` different integers below `limit`, in the order drawn."""
        if count >= limit:
            return list(range(limit))
        drawn: dict[int, None] = {}
        while len(drawn) < count:
            drawn[int(self.fraction() * limit)] = None
        return list(drawn)
