"""The entries of the asset listing that are neither contact lists nor messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import Asset
from acton_sandbox.timestamps import DAY, HOUR, START, midnight

if TYPE_CHECKING:
    from acton_sandbox.generation.words import Words

_KINDS = {
    "header": ("{number}", 3),
    "footer": ("{index}", 2),
    "sender": ("518{number:02d}", 3),
    "media": ("f-a41b7c20-0d3e-4c0a-8f55-{number:012x}", 4),
    "pages": ("p-{number:04x}", 3),
    "landing_page": ("p-{number:04x}", 3),
    "custom_events": ("3ac9{number:04x}", 2),
    "test_message": ("s-d{number:03x}-2501", 2),
}
LISTED_MESSAGES = {
    "template_message": "TEMPLATE",
    "draft_message": "DRAFT",
    "sent_message": "SENT",
    "triggered_message": "TRIGGERED",
    "failed_message": "FAILED",
    "scheduled_message": "SCHEDULED",
}
"""Listing types whose entries are the account's messages of a type."""
LISTING_TYPES = ("contact_list", *_KINDS, *LISTED_MESSAGES)


def assets_of(seed: int, words: Words) -> list[Asset]:
    """Return the assets of an account; they do not change."""
    found: list[Asset] = []
    for kind, (pattern, count) in _KINDS.items():
        dice = Dice(seed, "assets", kind)
        found.extend(
            Asset(
                id=pattern.format(index=index, number=index + 1),
                listing_type=kind,
                name=words.asset_name.format(
                    audience=dice.pick(words.audiences),
                    kind=kind.replace("_", " "),
                    number=index,
                ),
                folder_name=dice.pick(words.asset_folders),
                modified_at=midnight(START) + dice.below(DAY // HOUR) * HOUR,
            )
            for index in range(count)
        )
    return found
