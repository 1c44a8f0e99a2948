"""Logos, headers, footers and images; they are there from the first day on and do not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.content import Block, Image, Logo
from acton_sandbox.dice import Dice
from acton_sandbox.entities import Sender
from acton_sandbox.generation.mailings import SENDERS as MESSAGE_SENDERS
from acton_sandbox.timestamps import DAY, MINUTE, START, midnight

if TYPE_CHECKING:
    from acton_sandbox.generation.words import Words

SENDERS = (*MESSAGE_SENDERS, Sender("51960", "Größe & Maß “live”", "events@example.org"))
"""The senders of the messages, and one who has not sent any."""

LOGOS = (
    Logo(
        id="i-7",
        title="Harbourline blue",
        url="https://assets.example.com/logo7.png",
        alternative_text="Harbourline",
        tool_tip="Home",
        target_url="https://www.example.com/",
    ),
    Logo(
        id="i-8",
        title="お知らせ: Größe & Maß",
        url="https://assets.example.com/größe/logo8.png?a=1&b=2",
        alternative_text="<b>Größe & Maß</b>",
        tool_tip="",
        target_url="",
    ),
)
HEADERS = (
    Block("1", "Default", "<p>Hello {{First Name}}</p>", "Hello {{First Name}}"),
    Block("2", "Product", "<h1>Product &amp; news</h1>\n<hr>", "Product & news\n---"),
    Block("3", "Größe & Maß", "<p>Grüße 🚀 <!-- “intern” --></p>", ""),
    Block("4", "", "", "Only a text"),
    Block("5", "Deleted a moment ago", "", "", gone=True),
)
"""The headers, those of the subscription categories among them."""
FOOTERS = (
    Block("0", "Default", "<p>Example Works, 1 Pier</p>", "Example Works, 1 Pier"),
    Block("1", "フッター", "<p>株式会社サンプル</p>", "株式会社サンプル\r\n東京"),
    Block("2", "Deleted a moment ago", "", "", gone=True),
)
"""The footers; their ids are counted up from 0, which is the default one."""
IMAGE_FOLDERS = ("Spring photos", "Größe & Maß", "", "Nothing in here")
"""The folders of the images; the last one stays empty."""

IMAGE_NAMES = ("pier.jpg", "größe & maß.png", "写真.jpeg", "a;b,c.gif", "logo “new”.svg", "")
_GONE = 3
"""Which of the images has been deleted but is still listed."""


def images_of(seed: int, count: int, words: Words) -> list[Image]:
    """Return the images of an account."""
    return [_image(Dice(seed, "images", number), number, words) for number in range(count)]


def _image(dice: Dice, number: int, words: Words) -> Image:
    tail = f"{dice.below(1 << 48):012x}"
    address = f"https://assets.example.com/f-{number}"
    created_at = midnight(START) - dice.between(1, 900) * DAY + dice.below(DAY)
    version = dice.pick((1, 1, 1, 2, 7))
    return Image(
        id=f"f-{number:08x}-6b1e-4f77-9a60-{tail}",
        name=words.image_names[number % len(words.image_names)] or dice.pick(words.topics),
        folder_name=dice.pick(words.image_folders[:-1]),
        url=f"{address}/image.jpg",
        thumb_url=f"{address}/thumb.jpg",
        size=dice.pick((0, 48_211, dice.below(3_000_000))),
        width=dice.between(1, 4_000),
        height=dice.between(1, 4_000),
        version=version,
        created_at=created_at,
        modified_at=created_at + (version - 1) * dice.below(30 * DAY) + dice.below(MINUTE),
        gone=number == _GONE,
    )
