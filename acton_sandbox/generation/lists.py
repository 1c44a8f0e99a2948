"""Contact lists: the rows they start with and the changes of each day since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import ContactList, ListRow, Recipient
from acton_sandbox.generation.columns import HEADER_SETS, MOVING, draw, email_column
from acton_sandbox.size import ListPlan
from acton_sandbox.timestamps import DAY, HOUR, START, day_of, midnight

if TYPE_CHECKING:
    from datetime import date

    from acton_sandbox.entities import Person
    from acton_sandbox.generation.people import People
    from acton_sandbox.size import Size

_FIRST_LIST = 0x0A41
_FIRST_DAILY_LIST = 0x2000
_FIRST_ADDED_PERSON = 100_000
_ADD, _DELETE, _CHANGE = range(3)


@dataclass(slots=True)
class _Row:
    person: Person
    cells: list[str]
    created_at: int
    modified_at: int


@dataclass(slots=True)
class _OpenList:
    """A list while the days are played through; rows are keyed by their number."""

    plan: ListPlan
    rows: dict[int, _Row]
    next_number: int
    modified_at: int


class Lists:
    """All contact lists of an account, at any time; rows are made on first use."""

    def __init__(self, seed: int, size: Size, people: People) -> None:
        self._seed = seed
        self._size = size
        self._people = people

    @cached_property
    def audiences(self) -> list[list[Recipient]]:
        """The recipients that stand in the lists from the first day on, list by list."""
        found = []
        for position, plan in enumerate(self._size.lists):
            list_id = _list_id(position)
            members = (self._member(position, number) for number in range(1, plan.rows + 1))
            found.append(
                [
                    Recipient(list_id, f"{list_id}:{number:x}", person.email, person.name)
                    for number, person in enumerate(members, start=1)
                ]
            )
        return [members for members in found if members]

    def at(self, now: int) -> list[ContactList]:
        """Return the lists as of a given time."""
        opened = [self._open(position) for position in range(len(self._size.lists))]
        self._play(opened, now)
        lasting = [_finished(_list_id(position), item) for position, item in enumerate(opened)]
        return lasting + self._daily_lists(now)

    def _member(self, position: int, number: int) -> Person:
        # Neighbouring lists overlap, so that people stand in several of them.
        return self._people[(position * 37 + number) % self._size.people]

    def _row(self, plan: ListPlan, person: Person, dice: Dice, at: int) -> _Row:
        columns = HEADER_SETS[plan.header_set]
        cells = [draw(kind, person, dice, at) for _, kind in columns]
        shape = dice.below(25)
        if shape == 0:
            del cells[-1:]
        elif shape == 1:
            cells.append("beyond the headers")
        return _Row(person, cells, created_at=at, modified_at=at)

    def _open(self, position: int) -> _OpenList:
        plan = self._size.lists[position]
        dice = Dice(self._seed, "list", position)
        start = midnight(START)
        rows = {
            number: self._row(
                plan, self._member(position, number), dice, start + dice.below(12 * HOUR)
            )
            for number in range(1, plan.rows + 1)
        }
        return _OpenList(plan, rows, next_number=plan.rows + 1, modified_at=start + 12 * HOUR)

    def _play(self, opened: list[_OpenList], now: int) -> None:
        growing = [item for item in opened if item.plan.grows]
        filled = [item for item in opened if item.rows]
        size = self._size
        kinds = (
            [_ADD] * size.rows_added_per_day
            + [_DELETE] * size.rows_deleted_per_day
            + [_CHANGE] * size.row_changes_per_day
        )
        added = _FIRST_ADDED_PERSON
        day = START + timedelta(days=1)
        while growing and midnight(day) <= now:
            dice = Dice(self._seed, "rows", day)
            # Every decision is drawn in the order of time: what happens after `now` must not
            # have touched what happened before it.
            timestamps = sorted(midnight(day) + dice.below(DAY) for _ in kinds)
            first = dice.below(len(kinds))
            for position, timestamp in enumerate(timestamps):
                if timestamp > now:
                    return
                kind = kinds[(position + first) % len(kinds)]
                if kind == _ADD:
                    added += 1
                    self._add(dice.pick(growing), self._people[added], dice, timestamp)
                elif kind == _DELETE:
                    _delete(dice.pick(growing), dice, timestamp)
                else:
                    _change(dice.pick(filled), dice, timestamp)
            day += timedelta(days=1)

    def _add(self, item: _OpenList, person: Person, dice: Dice, timestamp: int) -> None:
        item.rows[item.next_number] = self._row(item.plan, person, dice, timestamp)
        item.next_number += 1
        item.modified_at = timestamp

    def _daily_lists(self, now: int) -> list[ContactList]:
        lifetime = timedelta(days=self._size.daily_list_lifetime_days)
        last = day_of(now)
        days = [last - timedelta(days=back) for back in range(lifetime.days + 1)]
        return [
            self._daily_list(day)
            for day in reversed(days)
            if day > START and midnight(day) + 6 * HOUR <= now < midnight(day + lifetime) + 6 * HOUR
        ]

    def _daily_list(self, day: date) -> ContactList:
        number = (day - START).days
        plan = ListPlan(f"Visitors of {day.isoformat()}", 0, folder_name="Visitors")
        created = midnight(day) + 6 * HOUR
        dice = Dice(self._seed, "daily list", day)
        members = [self._people[index] for index in dice.distinct(self._size.people, 4)]
        rows = {
            position: self._row(plan, person, dice, created)
            for position, person in enumerate(members, start=1)
        }
        list_id = f"l-{_FIRST_DAILY_LIST + number:04x}"
        return _finished(list_id, _OpenList(plan, rows, len(rows) + 1, modified_at=created))


def _list_id(position: int) -> str:
    return f"l-{_FIRST_LIST + 3 * position:04x}"


def _delete(item: _OpenList, dice: Dice, timestamp: int) -> None:
    numbers = list(item.rows)
    # The first row stays, so that a list never runs empty by chance.
    if len(numbers) > 1:
        del item.rows[numbers[1 + dice.below(len(numbers) - 1)]]
        item.modified_at = timestamp


def _change(item: _OpenList, dice: Dice, timestamp: int) -> None:
    numbers = list(item.rows)
    row = item.rows[dice.pick(numbers)]
    for index, (_, kind) in enumerate(HEADER_SETS[item.plan.header_set]):
        if kind in MOVING and index < len(row.cells):
            row.cells[index] = draw(kind, row.person, dice, timestamp)
    row.modified_at = item.modified_at = timestamp


def _finished(list_id: str, item: _OpenList) -> ContactList:
    plan = item.plan
    start = min((row.created_at for row in item.rows.values()), default=midnight(START))
    return ContactList(
        id=list_id,
        name=plan.name,
        folder_name=plan.folder_name,
        description=f"{plan.name} \u2013 maintained by hand" if plan.grows else "",
        headers=tuple(header for header, _ in HEADER_SETS[plan.header_set]),
        email_column=email_column(plan.header_set),
        rows=tuple(
            ListRow(
                contact_id=f"{list_id}:{number:x}",
                email=row.person.email,
                cells=tuple(row.cells),
                created_at=row.created_at,
                modified_at=row.modified_at,
            )
            for number, row in item.rows.items()
        ),
        date_format=plan.date_format,
        created_at=start,
        modified_at=item.modified_at,
        readable=plan.readable,
        is_salesforce=plan.header_set == "salesforce",
    )
