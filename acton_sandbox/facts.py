"""What is known of a contact, as plain records. Every `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """Something that contacts do, or that is sent to them."""

    verb: str
    what: str
    object_id: str
    object_type: str
    bin: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that a contact did, or that was sent to it."""

    verb: str
    at: int
    what: str
    object_id: str
    object_type: str
    bin: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Score:
    """An entry of a score sheet."""

    object_id: str
    object_type: str
    is_specific: bool
    is_profile: bool
    action: str
    points: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The history and the score of a contact."""

    activities: tuple[Activity, ...]
    scores: tuple[Score, ...]

    @property
    def score(self) -> int:
        """The sum of the score sheet."""
        return sum(entry.points for entry in self.scores)
