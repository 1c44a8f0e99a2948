"""Days as they may come: an account that changes, runs that break off, and what a target holds.

All is drawn from one seed, so that a seed alone tells what went wrong.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from acton_sandbox import Account, Choices
from acton_sandbox.edits import (
    deleted,
    emptied,
    gone,
    renamed,
    touched,
    with_column,
    with_repeated_event,
    without_column,
    without_rows,
)
from acton_sandbox.entities import REPORTED_TYPES
from acton_sandbox.size import ListPlan
from tap_acton.errors import AllowanceSpentError, InterruptedRunError
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import Record, expected_records
from tests.contract.expected_audience_center import report_records
from tests.contract.expected_facts import expected_facts
from tests.contract.expected_webinars import expected_registrants
from tests.contract.test_list_streams import expected_rows
from tests.contract.test_message_contents import expected as expected_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from tests.contract.harness import Bench, Output

Key = tuple[Any, ...]

WEBINARS = "300445566"
"""The folder of the account's webinars."""

A_DAY = 24 * 3_600
MOST_DAYS = 5
MOST_CALLS = 400
"""About as many as a first run of the account takes."""

AT_REST = {"message_reports", "message_events"}
"""The streams in which a change may show only when the turn of a message has come."""

ENDS = ("complete", "complete", "overtaken", "allowance", "signal", "killed", "killed")
"""How runs end; one is overtaken where a day passes in the account in the middle of it."""


@dataclass(frozen=True)
class Habits:
    """How an account is read, day after day.

    Attributes:
        edition: The edition that the account's API follows.
        choices: What the documents leave open.
        settings: The settings of the tap.
        shards: Into how many shards the work is cut, each a tap with a state of its own.
        recheck_days: The days in which everything that rests has its turn.
    """

    edition: str
    choices: Choices
    settings: Mapping[str, Any]
    shards: int
    recheck_days: int

    @classmethod
    def drawn(cls, dice: Random) -> Habits:
        """Draw habits.

        Args:
            dice: Where to draw from.

        Returns:
            The habits.
        """
        recheck_days = dice.randint(1, 3)
        return cls(
            edition=dice.choice(["2024", "2024", "2019"]),
            choices=Choices(
                suppression_filter=dice.choice(["seconds", "milliseconds", "ignored", "refused"]),
                after_is_inclusive=dice.random() < 0.5,
                csv_columns=dice.choice(["same", "reversed", "renamed"]),
                ids_in_csv=dice.random() < 0.7,
                contact_id_column=dice.choice(["", "first", "last"]),
                sorting_is_offered=dice.random() < 0.7,
            ),
            settings={
                "page_size": dice.choice([3, 7, 20, 1_000]),
                "max_concurrency": dice.choice([1, 2, 5]),
                "bulk_format": dice.choice(["json", "csv", "auto"]),
                "engagement_window": dice.choice(["P1D", "P4D", "P90D"]),
                "recheck_period": f"P{recheck_days}D",
                "lookback_window": "P14D",
                "on24_client_ids": [WEBINARS],
                "list_streams": ["*"],
            },
            shards=dice.choice([1, 1, 1, 2]),
            recheck_days=recheck_days,
        )


@dataclass
class Warehouse:
    """What a target holds: rows by key, of the version that was activated last.

    Attributes:
        keys: By stream the columns of its key.
        tables: By stream the records by key, each with its version.
    """

    keys: Mapping[str, Sequence[str]]
    tables: dict[str, dict[Key, tuple[Record, int | None]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    @classmethod
    def of_catalog(cls, catalog: Mapping[str, Any]) -> Warehouse:
        """Make an empty one.

        Args:
            catalog: The catalog of what will be loaded.

        Returns:
            The warehouse.
        """
        streams = catalog["streams"]
        return cls({each["tap_stream_id"]: each["key_properties"] for each in streams})

    def hold(self, records: Mapping[str, Iterable[Record]]) -> None:
        """Hold what was loaded long ago.

        Args:
            records: The records by stream.
        """
        for stream, rows in records.items():
            self.tables[stream].update((self.key_of(stream, row), (row, None)) for row in rows)

    def load(self, messages: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Take what a tap has written.

        Args:
            messages: Its messages.

        Returns:
            The last state; None where there was none.
        """
        state = None
        for message in messages:
            match message["type"]:
                case "RECORD":
                    stream, record = message["stream"], message["record"]
                    row = record, message.get("version")
                    self.tables[stream][self.key_of(stream, record)] = row
                case "ACTIVATE_VERSION":
                    held = self.tables[message["stream"]]
                    for key, (_, version) in list(held.items()):
                        if version is None or version < message["version"]:
                            del held[key]
                case "STATE":
                    state = message["value"]
        return state

    def key_of(self, stream: str, record: Record) -> Key:
        """Give the key of a record.

        Args:
            stream: Its stream.
            record: The record.

        Returns:
            The key.
        """
        return tuple(record[column] for column in self.keys[stream])

    def assert_holds(self, expected: Mapping[str, Iterable[Record]]) -> None:
        """Make sure that all records are there as they are expected.

        Args:
            expected: The records by stream.
        """
        wrong: list[tuple[str, object, object]] = []
        for stream, records in expected.items():
            held = self.tables[stream]
            for record in records:
                row, _ = held.get(self.key_of(stream, record), ({}, None))
                # Discovery adds columns of the account's own to what is expected here.
                differs = {
                    name: (row.get(name), value)
                    for name, value in record.items()
                    if row.get(name) != value
                }
                if not row:
                    wrong.append((stream, "is missing", record))
                elif differs:
                    wrong.append((stream, self.key_of(stream, record), differs))
        assert not wrong, (len(wrong), sorted({name for name, *_ in wrong}), wrong[:5])

    def assert_nothing_made_up(self, ever: Mapping[str, set[Key]]) -> None:
        """Make sure that all rows stood in the account on one of the days.

        Args:
            ever: The keys by stream.
        """
        made_up = {
            (stream, key)
            for stream, rows in self.tables.items()
            for key in rows.keys() - ever[stream]
        }
        assert not made_up, (len(made_up), sorted(map(str, made_up))[:5])


def small_account(seed: int) -> Account:
    """Make an account that has some of everything.

    Args:
        seed: The seed.

    Returns:
        The account.
    """
    return Account.generate(
        seed=seed,
        size="small",
        now=NOW,
        people=50,
        lists=(
            ListPlan("Customers", 12, folder_name="CRM", grows=True),
            ListPlan("Kunden / Größe & Maß", 9, "german", date_format="zoned"),
            ListPlan("Replay", 8, "on24", WEBINARS, grows=True, date_format="iso"),
            ListPlan("Empty for now", 0),
            ListPlan("Only a folder", 0, readable=False),
        ),
        daily_lifetime_days=8,
        contacts=8,
        images=4,
        forms=2,
        landing_pages=2,
        programs=1,
    )


@dataclass
class Days:
    """The days of a seed.

    Attributes:
        bench: The sandbox and the tap.
        dice: Where all is drawn from.
        habits: How the account is read.
        catalog: What was discovered on the first day.
        warehouse: What the target holds.
        states: The state of each shard.
        ever: By stream the keys of all rows that the account has had.
    """

    bench: Bench
    dice: Random
    habits: Habits
    catalog: Mapping[str, Any]
    warehouse: Warehouse
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    ever: dict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def pass_by(self) -> None:
        """Let the days pass, each with what is done to the account and a run of each shard."""
        for day in range(self.dice.randint(2, MOST_DAYS)):
            if day:
                self.bench.next_day(self.dice.choice([1, 1, 1, 2, 4]))
                self.change_account()
            for shard in self.shards:
                self.run(shard, self.dice.choice(ENDS))
            self.note_rows()

    def rest(self) -> None:
        """Run undisturbed until everything that rests has had its turn.

        The first run may only end a round, of which a part was read days ago.
        """
        for shard in self.shards:
            self.run(shard, "complete")
        self.note_rows()
        self.bench.next_day()
        for turn in range(self.habits.recheck_days + 1):
            for shard in self.shards:
                self.run(shard, "complete")
            self.note_rows()
            expected = self.expected()
            if turn < self.habits.recheck_days:
                expected = {name: expected[name] for name in expected.keys() - AT_REST}
            self.warehouse.assert_holds(expected)
            self.bench.let_pass(A_DAY)
        self.warehouse.assert_nothing_made_up(self.ever)

    @property
    def shards(self) -> Sequence[str]:
        """The shards, as the setting names them."""
        parts = self.habits.shards
        return [f"{part}/{parts}" for part in range(1, parts + 1)]

    def run(self, shard: str, end: str) -> Output:
        """Run the tap for a shard, and load what it writes.

        Args:
            shard: The shard.
            end: How the run ends.

        Returns:
            What it wrote.
        """
        number = self.dice.randint(1, MOST_CALLS)
        if end == "allowance":
            output = self._read(shard, daily_request_limit=number)
            assert isinstance(output.failure, AllowanceSpentError | None)
        elif end == "signal":
            with self._after_calls(number, _stop_this_process):
                output = self._read(shard)
            assert isinstance(output.failure, InterruptedRunError | None)
        elif end == "overtaken":
            with self._after_calls(number, self._next_day):
                output = self._read(shard)
            assert output.failure is None, output.failure
        else:
            output = self._read(shard)
            assert output.failure is None, output.failure
        messages = output.messages
        if end == "killed":
            messages = messages[: self.dice.randint(0, len(messages))]
        state = self.warehouse.load(messages)
        if state is not None:
            self.states[shard] = state
        return output

    def _read(self, shard: str, **settings: Any) -> Output:
        return self.bench.run(
            self.states.get(shard),
            # What a run says of itself differs from run to run.
            streams=[name for name in self.warehouse.keys if name != "sync_runs"],
            discovered=self.catalog,
            **{**self.habits.settings, **settings, "shard": shard},
        )

    def _after_calls(
        self, number: int, action: Callable[[], object]
    ) -> AbstractContextManager[None]:
        return self.bench.at_call(len(self.bench.sandbox.requests) + number, action)

    def _next_day(self) -> None:
        self.note_rows()
        self.bench.next_day()
        self.note_rows()

    def expected(self) -> dict[str, list[Record]]:
        """Work out what the account holds now.

        Returns:
            The records by stream.
        """
        account, edition = self.bench.sandbox.account, self.habits.edition
        return {
            **expected_records(account, edition),
            **expected_facts(account),
            **report_records(account),
            "message_contents": expected_contents(account, edition),
            "webinar_registrants": expected_registrants(account, [WEBINARS]),
            **_rows_of_lists(account, self.catalog),
        }

    def note_rows(self) -> None:
        """Note which rows the account has today."""
        for stream, records in self.expected().items():
            keys = (self.warehouse.key_of(stream, record) for record in records)
            self.ever[stream].update(keys)

    def change_account(self) -> None:
        """Do something to the account."""
        for change in self.dice.sample(CHANGES, self.dice.randint(0, 4)):
            self.bench.sandbox.account = change(self.bench.sandbox.account, self.dice)


def days_of(seed: int, then: Callable[[Days], None]) -> None:
    """Let the days of a seed come.

    Args:
        seed: The seed.
        then: What is done with them.
    """
    dice = Random(seed)  # noqa: S311 - the same days for the same seed
    habits = Habits.drawn(dice)
    account = small_account(dice.randint(1, 50))
    with bench_of(account, edition=habits.edition, choices=habits.choices) as bench:
        catalog = bench.discover(**habits.settings)
        then(Days(bench, dice, habits, catalog, Warehouse.of_catalog(catalog)))


def _stop_this_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _rows_of_lists(account: Account, catalog: Mapping[str, Any]) -> dict[str, list[Record]]:
    """Work out the rows of the lists that have a stream of their own."""
    found = {}
    for stream in catalog["streams"]:
        metadata = next(e["metadata"] for e in stream["metadata"] if not e["breadcrumb"])
        item = account.list_by_id.get(metadata.get("tap-acton.source", ""))
        if item is not None:
            properties = stream["schema"]["properties"]
            columns = {found.get("title"): name for name, found in properties.items()}
            rows = expected_rows(item, [columns.get(header) for header in item.headers])
            found[stream["tap_stream_id"]] = rows
    return found


# What may be done to the account


def _a_list(account: Account, dice: Random) -> str:
    return dice.choice([item.id for item in account.lists if item.readable])


def _a_message(account: Account, dice: Random) -> str:
    sent = [message.id for message in account.messages if message.type in REPORTED_TYPES]
    return dice.choice(sent)


def _delete_rows(account: Account, dice: Random) -> Account:
    list_id = _a_list(account, dice)
    rows = [row.contact_id for row in account.list_by_id[list_id].rows]
    return account.with_list(list_id, without_rows(*dice.sample(rows, len(rows) // 3)))


def _rename_list(account: Account, dice: Random) -> Account:
    return account.with_list(_a_list(account, dice), renamed(f"Renamed {dice.randint(1, 99)}"))


def _change_columns(account: Account, dice: Random) -> Account:
    list_id = _a_list(account, dice)
    headers = account.list_by_id[list_id].headers
    return account.with_list(
        list_id,
        with_column(f"New {dice.randint(1, 99)}"),
        *([without_column(headers[-1])] if len(headers) > 6 else []),
        touched(account.now_ms),
    )


def _empty_list(account: Account, dice: Random) -> Account:
    return account.with_list(_a_list(account, dice), emptied(account.now_ms))


def _delete_list(account: Account, dice: Random) -> Account:
    return account.with_list(_a_list(account, dice), deleted)


def _rename_message(account: Account, dice: Random) -> Account:
    return account.with_message(_a_message(account, dice), renamed(f"Again {dice.randint(1, 99)}"))


def _delete_message(account: Account, dice: Random) -> Account:
    return account.with_message(_a_message(account, dice), dice.choice([deleted, gone]))


def _open_old_message(account: Account, dice: Random) -> Account:
    drilldown = dice.choice(["OPENED", "CLICKED"])
    event = with_repeated_event(drilldown, account.now_ms)
    return account.with_message(_a_message(account, dice), event)


def _rename_field(account: Account, dice: Random) -> Account:
    fields = list(account.contact_fields)
    place = dice.randrange(len(fields))
    fields[place] = replace(fields[place], name=f"Label {dice.randint(1, 99)}")
    return account.with_contact_fields(*fields)


CHANGES: Sequence[Callable[[Account, Random], Account]] = (
    _delete_rows,
    _rename_list,
    _change_columns,
    _empty_list,
    _delete_list,
    _rename_message,
    _delete_message,
    _open_old_message,
    _rename_field,
)
