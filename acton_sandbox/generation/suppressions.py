"""The system lists: hard bounces, spam complaints, opt-outs, and the subscription categories."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import SubscriptionCategory, Suppression
from acton_sandbox.timestamps import DAY, HOUR, SECOND, START, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from acton_sandbox.entities import Event, Message
    from acton_sandbox.generation.lists import Lists
    from acton_sandbox.generation.people import People
    from acton_sandbox.size import Size

_FIRST_PERSON = 500_000
ORIGINS = ("User: Reader One", "Program: Trial nurture", "Import: “old” system, 2019")
_EVERY_DAYS = {"HARD_BOUNCE": 1, "OPT_OUT": 2, "SPAM": 3}
CATEGORY_HEADERS = (("2", "Product"), ("3", "Größe & Maß"), ("", ""))


class Suppressions:
    """Addresses that must not be written to, at any time."""

    def __init__(self, seed: int, size: Size, people: People, lists: Lists) -> None:
        self._seed = seed
        self._size = size
        self._people = people
        self._lists = lists
        self._imported = {
            "HARD_BOUNCE": size.imported_hard_bounces,
            "OPT_OUT": size.imported_opt_outs,
            "SPAM": size.imported_spam_complaints,
        }

    def at(self, kind: str, messages: Iterable[Message], now: int) -> list[Suppression]:
        """Return one list as of a given time, oldest first, each address once.

        It holds what was imported on the first day, what users and programs added since, and
        what the events of the messages brought.
        """
        sources = (self._imports(kind), self._by_hand(kind, now), _of_messages(kind, messages))
        rows = [row for source in sources for row in source if row.visible_at <= now]
        found: dict[str, Suppression] = {}
        # The first that shows stays: what is recorded late must not take an older row's place.
        for row in sorted(rows, key=lambda row: (row.visible_at, row.at, row.email)):
            found.setdefault(row.email, row)
        return sorted(found.values(), key=lambda row: (row.at, row.email))

    def categories(self, now: int) -> list[SubscriptionCategory]:
        """Return the subscription categories with the addresses that had left them by then."""
        words = self._size.words
        left: list[list[tuple[str, int]]] = [[] for _ in words.categories]
        day = START
        while day <= day_of(now):
            dice = Dice(self._seed, "categories", day)
            is_due = (day - START).days % self._size.category_opt_outs_every_days == 0
            for _ in range(self._size.category_opt_outs_per_day if is_due else 0):
                # The first category is the one that most people leave; nobody leaves the last.
                index = 0 if dice.chance(0.6) else 1 + dice.below(len(left) - 2)
                person = self._people[dice.below(self._known(day))]
                timestamp = midnight(day) + dice.below(DAY // SECOND) * SECOND
                if timestamp <= now and all(email != person.email for email, _ in left[index]):
                    left[index].append((person.email, timestamp))
            day += timedelta(days=1)
        return [
            SubscriptionCategory(str(number), name, description, *header, tuple(rows))
            for number, ((name, description), rows, header) in enumerate(
                zip(words.categories, left, words.category_headers * 3, strict=False), start=3
            )
        ]

    def _known(self, day: date) -> int:
        """Return how many people can leave a category on a day."""
        return self._size.people if self._size.is_odd else len(self._lists.came(0, midnight(day)))

    def _imports(self, kind: str) -> Iterator[Suppression]:
        start = midnight(START) + HOUR
        for number in range(self._imported[kind]):
            email = f"imported{number}@{kind.lower().replace('_', '-')}.example.org"
            yield Suppression(
                email, start + number * 7, self._size.words.origins[-1], start + number * 7
            )

    def _by_hand(self, kind: str, now: int) -> Iterator[Suppression]:
        day = START
        while day <= day_of(now):
            if (day - START).days % _EVERY_DAYS[kind] == 0:
                dice = Dice(self._seed, kind, day)
                for number in range(self._size.suppressions_per_day):
                    person = self._people[_FIRST_PERSON + 4 * (day - START).days + number]
                    timestamp = midnight(day) + dice.below(DAY // SECOND) * SECOND
                    row = Suppression(
                        person.email, timestamp, dice.pick(self._size.words.origins[:2]), timestamp
                    )
                    late = dice.between(1, 6) * DAY if dice.chance(0.1) else 0
                    yield replace(row, visible_at=timestamp + late)
            day += timedelta(days=1)


def _of_messages(kind: str, messages: Iterable[Message]) -> Iterator[Suppression]:
    for message in messages:
        for event in _events(kind, message):
            yield Suppression(event.recipient.email, event.at, message.name, event.visible_at)


def _events(kind: str, message: Message) -> Iterable[Event]:
    if kind == "HARD_BOUNCE":
        return (event for event in message.events["BOUNCED"] if event.data == "HARD")
    return message.events[kind]
