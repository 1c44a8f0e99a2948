"""What contacts have done: made for each contact on its own, on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.facts import Activity, Facts, Kind, Score
from acton_sandbox.timestamps import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.entities import ListRow


KINDS = (
    Kind("s", "Sent: Größe & Maß digest", "s-0042-2603", "msg", "EMAIL"),
    Kind("os", "Opened: Größe & Maß digest", "s-0042-2603", "msg", "EMAIL"),
    Kind("fs", "Submitted: Trial request", "0b6f2d5e-91c4-4a7b-8d13-5f0e6a7c8b90", "form", "FORM"),
    Kind("l", "Visited: “Trial” landing", "p-000c", "page", "LANDING"),
    Kind("custom", "お知らせ", "3ac9107e", "custom", "CUSTOM"),
    Kind("sv", "", "", "", "WEB"),
    Kind("zz", "A verb that no document explains", "", "", ""),
)
_ACTIONS = ("MESSAGE_SEND", "FORM_SUBMIT", "PAGE_VIEW")


def facts_of(seed: int, row: ListRow, kinds: Sequence[Kind], now: int) -> Facts | None:
    """Return the facts of a contact as of a given time; None for one that has just been deleted."""
    dice = Dice(seed, "facts", row.contact_id)
    if dice.chance(0.03):
        return None
    activities = []
    for _ in range(dice.below(6)):
        kind = dice.pick(kinds)
        activity = Activity(
            verb=kind.verb,
            at=row.created_at + dice.below(40) * DAY + dice.below(24) * HOUR,
            what=kind.what,
            object_id=kind.object_id,
            object_type=kind.object_type,
            bin=kind.bin,
            counts=dice.chance(0.7),
        )
        # A page that is loaded twice leaves two identical entries.
        activities += [activity] * (2 if dice.chance(0.1) else 1)
    scores = tuple(
        Score(
            object_id=kind.object_id,
            object_type=kind.object_type,
            is_specific=dice.chance(0.5),
            is_profile=dice.chance(0.2),
            action=dice.pick(_ACTIONS),
            points=dice.between(-5, 20),
        )
        for kind in (dice.pick(kinds) for _ in range(dice.below(4)))
    )
    seen = [activity for activity in activities if activity.at <= now]
    return Facts(tuple(sorted(seen, key=lambda activity: -activity.at)), scores)
