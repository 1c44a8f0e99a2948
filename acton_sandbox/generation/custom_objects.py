"""Custom objects: what kinds there are, and the rows of their datasets day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acton_sandbox.custom_objects import (
    CustomObject,
    Dataset,
    DatasetPlan,
    ObjectField,
    ObjectRow,
    Relationship,
)
from acton_sandbox.dice import Dice
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, SECOND, START, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acton_sandbox.generation.people import People
    from acton_sandbox.generation.words import Words

ORDERS = CustomObject(
    id="co-9f31",
    name="Order",
    description="What was bought, “online” & in shops",
    data_type="PROFILE",
    fields=(
        ObjectField("f-1", "orderNumber", "STRING", "Order no."),
        ObjectField("f-2", "email", "STRING", "E-mail"),
        ObjectField("f-3", "amount", "CURRENCY", "Amount", {"currencyCode": "EUR"}),
        ObjectField("f-4", "orderedOn", "DATE", "Ordered", {"format": "dd/MM/yyyy"}),
        ObjectField(
            "f-5",
            "shippedAt",
            "DATETIME",
            "Shipped",
            {"format": "dd.MM.yyyy HH:mm:ss", "timezone": "Europe/Berlin"},
        ),
        ObjectField("f-6", "tags", "STRING_ARRAY", "Tags", {"CSVSeparator": "semicolon"}),
        ObjectField(
            "f-7",
            "status",
            "ENUM",
            "Status",
            {"enumName": "status", "enumValues": "OPEN,PAID,Zurück", "enumValuesCaseSensitive": ""},
        ),
        ObjectField("f-8", "cart", "JSON", "Cart", {"format": "json"}),
        ObjectField("f-9", "place", "GEO_POINT", "Größe / Ort"),
    ),
    unique_field_set=("orderNumber",),
    required_fields=("orderNumber", "email"),
    primary_email_field="email",
    relationships=(Relationship("buyer", "MANY_TO_ONE", "email", "contact", "email"),),
)
VISITS = CustomObject(
    id="co-9f32",
    name="Besuch / Visit",
    description="",
    data_type="EVENT",
    fields=(
        ObjectField("f-1", "visitor", "STRING", "Visitor"),
        ObjectField("f-2", "email", "STRING", "Mail"),
        # The same name as a field of the orders, but of another type.
        ObjectField("f-3", "amount", "STRING", "How much"),
        ObjectField("f-4", "seenAt", "DATETIME", "Seen", {"timezone": "US/Pacific"}),
        ObjectField("f-5", "tags", "STRING_ARRAY", "Tags", {"CSVSeparator": "comma"}),
        ObjectField("f-6", "raw", "JSON", "Raw", {"format": "base64"}),
    ),
    unique_field_set=("visitor", "seenAt"),
    event_timestamp_field="seenAt",
)
NOTES = CustomObject(
    id="co-9f30",
    name="Note",
    description="Nothing tells one from another",
    data_type="PROFILE",
    fields=(ObjectField("f-1", "text", "STRING", "Text"),),
)
OBJECTS = (ORDERS, VISITS, NOTES)
"""The kinds of things, in the order in which they are listed."""

ORDER_STATES = ("OPEN", "PAID", "Zurück")
TAGS = ("new", "R&D", "semi; colon", "comma, too", 'said "go"', "größer", "")


DATASETS = (
    DatasetPlan("ds-02", ORDERS.id, "Web", 30, "The shop", is_default=True),
    DatasetPlan("ds-01", ORDERS.id, "Läden / shops", 12),
    DatasetPlan("ds-09", ORDERS.id, "Deleted a moment ago", 3, gone=True),
    DatasetPlan("ds-04", VISITS.id, "Default", 21, is_default=True),
    DatasetPlan("ds-03", NOTES.id, "Default", 5, is_default=True, changes=False),
    DatasetPlan("ds-05", NOTES.id, "Empty", 0, changes=False),
)
"""The datasets, in the order in which they are listed."""

_CHANGED_EVERY_DAYS = 3


class CustomData:
    """The datasets at any time."""

    def __init__(self, seed: int, words: Words, people: People) -> None:
        self._seed = seed
        self._words = words
        self._people = people

    def at(self, now: int) -> list[Dataset]:
        """Return the datasets as they were at a time, in the order of the listing."""
        return [
            Dataset(
                id=plan.id,
                object_id=plan.object_id,
                name=plan.name,
                description=plan.description,
                is_default=plan.is_default,
                gone=plan.gone,
                rows=tuple(self._rows(plan, now)),
            )
            for plan in self._words.datasets
        ]

    def _rows(self, plan: DatasetPlan, now: int) -> Iterator[ObjectRow]:
        """Play the days of a dataset: rows come, change and go."""
        held = {number: self._new(plan, number) for number in range(1, plan.rows + 1)}
        day = START + timedelta(days=1)
        while plan.changes and day <= day_of(now):
            dice = Dice(self._seed, "custom rows", plan.id, day)
            timestamp = midnight(day) + dice.below(20 * HOUR)
            if timestamp <= now:
                number = max(held) + 1
                held[number] = self._new(plan, number, timestamp)
                changed = dice.pick(sorted(held))
                held[changed] = self._changed(plan, changed, held[changed], timestamp + MINUTE)
                # As many go as come, so that the account stays as large as it is.
                del held[dice.pick(sorted(held)[:-1])]
            day += timedelta(days=_CHANGED_EVERY_DAYS)
        # Stored in an order of its own, so that sorting shows.
        yield from sorted(held.values(), key=lambda row: row.id[::-1])

    def _new(self, plan: DatasetPlan, number: int, timestamp: int | None = None) -> ObjectRow:
        dice = Dice(self._seed, "custom row", plan.id, number)
        created_at = midnight(START) + dice.below(DAY) if timestamp is None else timestamp
        return ObjectRow(
            id=f"r-{plan.id[-2:]}{number:05x}{dice.below(4096):03x}",
            created_at=created_at,
            updated_at=created_at,
            values=self._values(plan, number, created_at, dice),
        )

    def _changed(self, plan: DatasetPlan, number: int, row: ObjectRow, timestamp: int) -> ObjectRow:
        dice = Dice(self._seed, "custom row", plan.id, number, timestamp)
        values = self._values(plan, number, row.created_at, dice)
        return replace(row, updated_at=timestamp, values=values)

    def _values(
        self, plan: DatasetPlan, number: int, created_at: int, dice: Dice
    ) -> Mapping[str, Any]:
        match plan.object_id:
            case ORDERS.id:
                return self._order(plan, number, created_at, dice)
            case VISITS.id:
                return self._visit(number, created_at, dice)
        return {"text": f"{number}: {self._words.notes[number % len(self._words.notes)]}"}

    def _order(
        self, plan: DatasetPlan, number: int, created_at: int, dice: Dice
    ) -> Mapping[str, Any]:
        values: dict[str, Any] = {
            "orderNumber": f"{plan.id[-2:]}-{number:06d}",
            "email": self._people[dice.below(60)].email,
            "amount": "n/a" if dice.chance(0.1) else dice.below(1_000_000) / 100,
            "orderedOn": day_of(created_at).isoformat(),
            "shippedAt": created_at // SECOND * SECOND + dice.below(3 * DAY // SECOND) * SECOND,
            "tags": self._tags(dice, 4),
            "status": dice.pick(self._words.order_states),
            "cart": {"items": dice.below(9), "note": dice.pick(self._words.order_notes)},
            "place": f"{dice.between(40, 60)}.{dice.below(90)}, {dice.between(1, 20)}.5",
        }
        for name in ("amount", "shippedAt", "tags", "cart"):
            if dice.chance(0.1):
                values[name] = None
            elif dice.chance(0.1):
                del values[name]
        return values

    def _tags(self, dice: Dice, limit: int) -> list[str]:
        known = self._words.object_tags
        return [known[place] for place in dice.distinct(len(known), dice.below(limit))]

    def _visit(self, number: int, created_at: int, dice: Dice) -> Mapping[str, Any]:
        person = self._people[number % 40]
        return {
            "visitor": f"{person.name} {number % 7}",
            "email": person.email,
            "amount": dice.pick(self._words.visit_amounts),
            "seenAt": created_at - number * MINUTE,
            "tags": self._tags(dice, 3),
            "raw": {
                "agent": dice.pick(self._words.browsers),
                self._words.visit_detail: dice.below(9),
            },
        }
