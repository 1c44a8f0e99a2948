"""The registrants of a webinar, as ON24 writes them into a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.generation.people import eagerness
from acton_sandbox.timestamps import MINUTE, cell

if TYPE_CHECKING:
    from acton_sandbox.dice import Dice
    from acton_sandbox.entities import Person

_MINUTES = 55
_SIZES = ("1-10", "11-50", "51-200", "201-1,000")
_ORIGINS = ("newsletter", "newsletter", "invitation", "invitation", "website", "partner")


def registration(
    person: Person, registered_at: int, held_at: int, dice: Dice, *, is_over: bool
) -> list[str]:
    """Return the cells of a registrant, under the headers `registrants`.

    Args:
        person: Who has registered.
        registered_at: When.
        held_at: When the webinar begins.
        dice: Decides whether the person attends, and what it does there.
        is_over: Whether the webinar has been held.
    """
    known = [
        person.first_name,
        person.last_name,
        person.email,
        person.company,
        dice.pick(_SIZES),
        person.title,
        dice.pick(_ORIGINS),
    ]
    attends = dice.chance(0.3 + 0.45 * eagerness(person.email))
    watched = dice.between(12, _MINUTES)
    if not (is_over and attends):
        watched_later = is_over and dice.chance(0.2)
        later = str(dice.between(5, 40)) if watched_later else "0"
        return [*known, "Registered", cell(registered_at), "", "0", later, "0", "0", "0", "0"]
    score = watched / _MINUTES * 6 + dice.below(40) / 10
    return [
        *known,
        "Attended",
        cell(registered_at),
        cell(held_at + dice.below(12) * MINUTE - 4 * MINUTE),
        str(watched),
        "0",
        f"{score:.1f}",
        str(dice.below(4)),
        str(int(dice.chance(0.2))),
        str(dice.below(4)),
    ]
