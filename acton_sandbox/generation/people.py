"""The people of a generated account."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import Person
from acton_sandbox.generation import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable


class People:
    """An endless row of people, each a pure function of the seed and a number."""

    def __init__(self, seed: int, person: Callable[[int, int], Person]) -> None:
        self._seed = seed
        self._person = person
        self._known: dict[int, Person] = {}

    def __getitem__(self, number: int) -> Person:
        """Return the person with this number, the same one every time."""
        person = self._known.get(number)
        if person is None:
            person = self._known[number] = self._person(self._seed, number)
        return person


def awkward_person(seed: int, number: int) -> Person:
    """Return a person with a name that is easily spoiled."""
    dice = Dice(seed, "person", number)
    tag = dice.pick(("", "+news", ".o'neill", "_x"))
    host = dice.pick(("example.com", "example.org", "mail.example.com"))
    return Person(
        first_name=dice.pick(vocabulary.FIRST_NAMES),
        last_name=dice.pick(vocabulary.LAST_NAMES),
        email=f"person{number}{tag}@{host}",
        company=dice.pick(vocabulary.COMPANIES),
        title=dice.pick(vocabulary.TITLES),
    )


@lru_cache(maxsize=100_000)
def eagerness(email: str) -> float:
    """Return how much somebody cares, from 0 to 1: few care much."""
    return Dice("eagerness", email).fraction() ** 2
