"""The media library: files and links in folders, and the views of them day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.media import MediaMessage, MediaView, Medium
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, START, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from acton_sandbox.generation.people import People
    from acton_sandbox.generation.words import Words

FOLDERS = {
    "Downloads": ("price-list.pdf", "Größe & Maß.pdf", "カタログ.pdf"),
    "Links / “quoted”": ("Start page", "Trial"),
    "": ("no-folder.png",),
    "Nothing in it": (),
    "Archive": ("deleted a moment ago.docx", "Nobody looks"),
}
"""The folders and what is in them; a name with a dot is a file, any other a link."""

_GONE = "deleted a moment ago.docx"
_NOT_VIEWED = "Nobody looks"
_VIEWED_EVERY_DAYS = 9


class MediaLibrary:
    """The media library at any time."""

    def __init__(self, seed: int, words: Words, people: People) -> None:
        self._seed = seed
        self._words = words
        self._people = people
        self._media = list(self._invent())

    def at(self, now: int) -> list[Medium]:
        """Return what was in the library as of a given time, folder by folder."""
        return [
            replace(medium, views=tuple(self._views(medium, now)))
            for medium in self._media
            if medium.created_at <= now
        ]

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders, empty ones included."""
        return tuple(self._words.media_folders)

    def _invent(self) -> Iterator[Medium]:
        names = [
            (folder, name) for folder, names in self._words.media_folders.items() for name in names
        ]
        for number, (folder, name) in enumerate(names, start=1):
            dice = Dice(self._seed, "media", number)
            is_file = "." in name
            created_at = midnight(START) + dice.below(20 * HOUR)
            yield Medium(
                id=f"{'f' if is_file else 'u'}-5c6d7e8f-1a2b-4c3d-9e0f-{number:012x}",
                name=name,
                folder_name=folder,
                url=f"https://assets.example.com/{number}/" + ("file" if is_file else ""),
                created_at=created_at,
                modified_at=created_at + dice.below(HOUR),
                size=dice.between(0, 5_000_000) if is_file else 0,
                target_url="" if is_file else dice.pick(self._words.links[:3]),
                gone=name == _GONE,
                messages=tuple(
                    MediaMessage(
                        f"s-{number:02x}{index:02x}-2501",
                        self._words.media_message.format(topic=topic, number=number),
                    )
                    for index, topic in enumerate(self._words.topics[: number % 4])
                ),
                views=(),
            )

    def _views(self, medium: Medium, now: int) -> Iterator[MediaView]:
        if medium.gone or medium.name == _NOT_VIEWED:
            return
        day = START + timedelta(days=1)
        while day <= day_of(now):
            yield from (view for view in self._views_on(day, medium) if view.at <= now)
            day += timedelta(days=_VIEWED_EVERY_DAYS)

    def _views_on(self, day: date, medium: Medium) -> Iterator[MediaView]:
        dice = Dice(self._seed, "media views", medium.id, day)
        for number in range(dice.between(0, 2)):
            is_known = dice.chance(0.4)
            person = self._people[dice.below(40)]
            message = dice.pick(medium.messages) if medium.messages and dice.chance(0.6) else None
            view = MediaView(
                # Hours apart, so that no day's views overtake each other.
                at=midnight(day) + number * 8 * HOUR + dice.below(8 * HOUR) // MINUTE * MINUTE,
                is_known=is_known,
                recipient=person.email if is_known else dice.pick(self._words.media_visitors),
                campaign=message.name if message else "",
                action="followed" if medium.is_link else dice.pick(("downloaded", "viewed")),
                total_count=dice.between(1, 4),
                source_id=message.id if message else "",
                contact_id=f"l-0a41:{dice.below(DAY):x}" if is_known else "",
            )
            yield view
            if dice.chance(0.1):
                # Within the same minute the same visitor looks the same twice.
                yield replace(view, total_count=view.total_count + 1)
