"""Campaigns and search keywords; they do not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.marketing import Campaign, Keyword
from acton_sandbox.timestamps import DAY, HOUR, START, midnight

if TYPE_CHECKING:
    from acton_sandbox.generation.words import Words

_CAMPAIGNS = 9
_KEYWORDS = 12
_STATES = ("ACTIVE", "FINISHED", "PLANNED")
KEYWORD_PAGES = (
    "https://www.example.com/",
    "https://www.example.com/trial?from=search&id=7",
    "https://www.example.com/größe",
)


def campaigns_of(seed: int, words: Words) -> list[Campaign]:
    """Return the campaigns of an account."""
    return [_campaign(seed, number, words) for number in range(1, _CAMPAIGNS + 1)]


def keywords_of(seed: int, words: Words) -> list[Keyword]:
    """Return the keywords of an account; a keyword stands once per page."""
    found = []
    for number in range(_KEYWORDS):
        dice = Dice(seed, "keyword", number)
        topic = words.keywords[number % len(words.keywords)]
        found.append(
            Keyword(
                id=str(400 + number),
                text=words.longer_keyword.format(keyword=topic) if dice.chance(0.3) else topic,
                url=words.keyword_pages[number % len(words.keyword_pages)],
                engine=dice.pick(("google", "bing", "")),
            )
        )
    return found


def _campaign(seed: int, number: int, words: Words) -> Campaign:
    dice = Dice(seed, "campaign", number)
    created_at = midnight(START) + dice.below(DAY // HOUR) * HOUR + number
    return Campaign(
        id=f"c-{number:04x}",
        name=words.named(words.campaign_names, dice, number),
        description=dice.pick(words.campaign_descriptions),
        folder_name=dice.pick(words.campaign_folders),
        status=dice.pick(_STATES),
        owner=dice.pick(words.campaign_owners),
        created_at=created_at,
        modified_at=created_at + dice.below(DAY),
        gone=number == _CAMPAIGNS // 2,
    )
