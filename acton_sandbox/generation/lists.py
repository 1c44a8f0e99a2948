"""Contact lists: the rows they start with and the changes of each day since."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import ContactList, ListRow, Recipient
from acton_sandbox.generation.columns import HEADER_SETS, MOVING, draw, email_column
from acton_sandbox.generation.seasons import share_of_week
from acton_sandbox.generation.webinars import registration
from acton_sandbox.size import ListPlan
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, START, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from acton_sandbox.entities import Person
    from acton_sandbox.generation.people import People
    from acton_sandbox.size import Size

_FIRST_LIST = 0x0A41
_FIRST_DAILY_LIST = 0x2000
_FIRST_ADDED_PERSON = 100_000
_IMPORTED_AT = 16 * HOUR
_REGISTRATION_DAYS = 42
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

    def __init__(self, seed: int, size: Size, people: People, anchor: int) -> None:
        self._seed = seed
        self._size = size
        self._people = people
        self._anchor = anchor
        self._lock = Lock()
        self._came: dict[int, list[int]] = {}
        self._came_until: dict[int, date] = {}
        self._registered: dict[int, list[int]] = {}

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
        opened = {
            position: self._open(position, now)
            for position in range(len(self._size.lists))
            if midnight(self.begins_on(position)) <= now
        }
        self._play(opened, now)
        lasting = [_finished(_list_id(position), item) for position, item in opened.items()]
        return lasting + self._daily_lists(now)

    def position(self, name: str) -> int:
        """Return the position of the list with a name."""
        return next(i for i, plan in enumerate(self._size.lists) if plan.name == name)

    def list_id(self, position: int) -> str:
        """Return the id of the list at a position."""
        return _list_id(position)

    def webinar_on(self, day: date) -> int | None:
        """Return the position of the list whose webinar is on a day, if there is one."""
        return self._webinars.get(day)

    def title(self, position: int) -> str:
        """Return the title of the webinar whose registrants a list has."""
        return self._size.lists[position].name.partition(": ")[2]

    def begins_on(self, position: int) -> date:
        """Return the day on which a list comes into being."""
        plan = self._size.lists[position]
        if plan.webinar_on is not None:
            return plan.webinar_on - timedelta(days=_REGISTRATION_DAYS)
        if plan.imported_weeks_ago is None:
            return START
        present = day_of(self._anchor)
        monday = present - timedelta(days=present.weekday())
        return max(monday + timedelta(days=1) - timedelta(weeks=plan.imported_weeks_ago), START)

    def came(self, position: int, until: int) -> list[int]:
        """Return when the rows of a list came, up to a time, the row with number 1 first."""
        with self._lock:
            found = self._came.setdefault(position, self._first_ones(position))
            day = self._came_until.get(position, START)
            while day < day_of(until):
                day += timedelta(days=1)
                found.extend(self.joins(position, day))
            self._came_until[position] = day
            return found[: bisect_right(found, until)]

    def joins(self, position: int, day: date) -> list[int]:
        """Return when somebody joined a list on a day, apart from its first rows."""
        plan = self._size.lists[position]
        if not plan.joins_per_week:
            return []
        dice = Dice(self._seed, "joins", position, day)
        usual = plan.joins_per_week * share_of_week(day)
        count = int(usual * (0.4 + 1.2 * dice.fraction()) + dice.fraction())
        return sorted(midnight(day) + 15 * HOUR + dice.below(8 * HOUR) for _ in range(count))

    def members(self, position: int, until: int) -> list[Recipient]:
        """Return the recipients that stand in a list as of a time, the first row first."""
        list_id = _list_id(position)
        people = (
            self._member(position, number + 1) for number in range(len(self.came(position, until)))
        )
        return [
            Recipient(list_id, f"{list_id}:{number:x}", person.email, person.name)
            for number, person in enumerate(people, start=1)
        ]

    @cached_property
    def _webinars(self) -> dict[date, int]:
        plans = enumerate(self._size.lists)
        return {plan.webinar_on: position for position, plan in plans if plan.webinar_on}

    def _first_ones(self, position: int) -> list[int]:
        plan = self._size.lists[position]
        begin = midnight(self.begins_on(position))
        if plan.webinar_on is None:
            return [begin + (0 if plan.imported_weeks_ago is None else _IMPORTED_AT)] * plan.rows
        dice = Dice(self._seed, "registrations", position)
        span = _REGISTRATION_DAYS * DAY
        # Most people register late.
        return sorted(
            begin + 16 * HOUR + span - int(dice.fraction() ** 1.5 * span) for _ in range(plan.rows)
        )

    def _registrants(self, position: int) -> list[int]:
        """Return the numbers of the people who register for a webinar."""
        if position not in self._registered:
            known = len(self.came(0, midnight(self.begins_on(position))))
            dice = Dice(self._seed, "registrants", position)
            found = dice.distinct(known, self._size.lists[position].rows)
            self._registered[position] = [number + 1 for number in found]
        return self._registered[position]

    def _member(self, position: int, number: int) -> Person:
        plan = self._size.lists[position]
        if plan.webinar_on is not None:
            return self._people[self._registrants(position)[number - 1]]
        # Neighbouring lists overlap, so that people stand in several of them.
        first = position * 37 + 1 if plan.first_person is None else plan.first_person
        return self._people[(first + number - 1) % self._size.people]

    def _row(self, plan: ListPlan, person: Person, dice: Dice, at: int) -> _Row:
        columns = HEADER_SETS[plan.header_set]
        cells = [draw(kind, person, dice, at) for _, kind in columns]
        shape = dice.below(25)
        if not self._size.is_odd:
            pass
        elif shape == 0:
            del cells[-1:]
        elif shape == 1:
            cells.append("beyond the headers")
        return _Row(person, cells, created_at=at, modified_at=at)

    def _open(self, position: int, now: int) -> _OpenList:
        plan = self._size.lists[position]
        dice = Dice(self._seed, "list", position)
        start = midnight(self.begins_on(position))
        if plan.webinar_on is not None:
            return self._open_webinar(position, plan.webinar_on, now)
        span = 12 * HOUR
        if plan.imported_weeks_ago is not None:
            start, span = start + _IMPORTED_AT, MINUTE
        rows = {
            number: self._row(plan, self._member(position, number), dice, start + dice.below(span))
            for number in range(1, plan.rows + 1)
        }
        return _OpenList(plan, rows, next_number=plan.rows + 1, modified_at=start + span)

    def _open_webinar(self, position: int, day: date, now: int) -> _OpenList:
        """Return the list of a webinar: rows come before it, and change once it is over."""
        plan = self._size.lists[position]
        held_at = midnight(day) + 18 * HOUR
        over_at = held_at + 3 * HOUR
        came = self.came(position, now)
        rows = {}
        for number, registered_at in enumerate(came, start=1):
            person = self._member(position, number)
            dice = Dice(self._seed, "registrant", position, number)
            is_over = over_at <= now
            cells = registration(person, registered_at, held_at, dice, is_over=is_over)
            rows[number] = _Row(person, cells, registered_at, over_at if is_over else registered_at)
        latest = max((row.modified_at for row in rows.values()), default=midnight(day))
        return _OpenList(plan, rows, len(rows) + 1, modified_at=latest)

    def _play(self, opened: Mapping[int, _OpenList], now: int) -> None:
        growing = [item for item in opened.values() if item.plan.grows]
        # What has come later must not change what was drawn before.
        filled = [item for position, item in opened.items() if self._was_filled(position)]
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
                    break
                kind = kinds[(position + first) % len(kinds)]
                if kind == _ADD:
                    added += 1
                    self._add(dice.pick(growing), self._people[added], dice, timestamp)
                elif kind == _DELETE:
                    _delete(dice.pick(growing), dice, timestamp)
                else:
                    _change(dice.pick(filled), dice, timestamp)
            self._join(opened, day, now)
            day += timedelta(days=1)

    def _was_filled(self, position: int) -> bool:
        """Tell whether a list has had rows since the first day."""
        return bool(self._size.lists[position].rows) and self.begins_on(position) == START

    def _join(self, opened: Mapping[int, _OpenList], day: date, now: int) -> None:
        for position, item in opened.items():
            for timestamp in self.joins(position, day):
                if timestamp <= now:
                    dice = Dice(self._seed, "joined", position, item.next_number)
                    person = self._member(position, item.next_number)
                    self._add(item, person, dice, timestamp)

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
        description=plan.description
        or (f"{plan.name} \u2013 maintained by hand" if plan.grows else ""),
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
        is_salesforce=plan.header_set.startswith("salesforce"),
    )
