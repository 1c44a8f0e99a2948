"""Campaigns and search keywords; they do not change."""

from __future__ import annotations

from acton_sandbox.dice import Dice
from acton_sandbox.generation import vocabulary
from acton_sandbox.marketing import Campaign, Keyword
from acton_sandbox.timestamps import DAY, HOUR, START, midnight

_CAMPAIGNS = 9
_KEYWORDS = 12
_STATES = ("ACTIVE", "FINISHED", "PLANNED")
_PAGES = (
    "https://www.example.com/",
    "https://www.example.com/trial?from=search&id=7",
    "https://www.example.com/größe",
)


def campaigns_of(seed: int) -> list[Campaign]:
    """Return the campaigns of an account."""
    return [_campaign(seed, number) for number in range(1, _CAMPAIGNS + 1)]


def keywords_of(seed: int) -> list[Keyword]:
    """Return the keywords of an account; a keyword stands once per page."""
    found = []
    for number in range(_KEYWORDS):
        dice = Dice(seed, "keyword", number)
        topic = vocabulary.TOPICS[number % len(vocabulary.TOPICS)]
        found.append(
            Keyword(
                id=str(400 + number),
                text=f"{topic} & more" if dice.chance(0.3) else topic,
                url=_PAGES[number % len(_PAGES)],
                engine=dice.pick(("google", "bing", "")),
            )
        )
    return found


def _campaign(seed: int, number: int) -> Campaign:
    dice = Dice(seed, "campaign", number)
    created_at = midnight(START) + dice.below(DAY // HOUR) * HOUR + number
    return Campaign(
        id=f"c-{number:04x}",
        name=f"{dice.pick(vocabulary.AUDIENCES)} {dice.pick(vocabulary.TOPICS)} {number}",
        description=dice.pick(("", "Zürich & Umgebung", 'said "go"')),
        folder_name=dice.pick(("", "Größe & Maß", "Trials")),
        status=dice.pick(_STATES),
        owner=dice.pick(("Reader One", "山田")),
        created_at=created_at,
        modified_at=created_at + dice.below(DAY),
        gone=number == _CAMPAIGNS // 2,
    )
