"""Whatever an answer has otherwise than documented: the tables are right, or the run says so.

The catalogue is in `tests.contract.deviations`. One oracle judges all of it: after the run either
the tables equal the account, or the exit code is not 0 and, with the deviation gone, the next run
makes them equal; and nothing else was kept from being read.
"""

from __future__ import annotations

import gc
import json
import random
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account
from acton_sandbox.edits import with_column, without_column
from acton_sandbox.size import ListPlan
from acton_sandbox.timestamps import START
from tests.contract import deviations, seeds
from tests.contract.deviations import (
    DEVIATIONS,
    ENDPOINTS,
    GROUPS,
    OPTIONAL,
    SWITCHED_OFF,
    Outcome,
    Scope,
    above,
    below,
    users,
)
from tests.contract.expected import KEYS, expected_records
from tests.contract.expected_audience_center import REPORT_KEYS, report_records
from tests.contract.expected_facts import expected_facts
from tests.contract.expected_webinars import expected_registrants
from tests.contract.harness import Output
from tests.contract.in_process import bench_in_process
from tests.contract.test_list_streams import COLUMNS, expected_rows
from tests.contract.test_marketing import PAIRS, expected_reports
from tests.contract.test_message_contents import expected as expected_contents
from tests.contract.test_message_contents import of_any_contact
from tests.contract.test_upload_jobs import JOBS
from tests.contract.test_upload_jobs import expected as expected_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from acton_sandbox import Fault
    from acton_sandbox.edits import Edit
    from acton_sandbox.entities import ContactList
    from tests.contract.deviations import Deviation, Endpoint
    from tests.contract.expected import Record
    from tests.contract.harness import Bench

ALL_KEYS: Mapping[str, tuple[str, ...]] = {
    **KEYS,
    **REPORT_KEYS,
    "webinar_registrants": ("list_id", "contact_id"),
    "contact_facts": ("list_id", "contact_id"),
    "contact_activities": ("id",),
    "contact_score_details": ("id",),
    "list_customers": ("contact_id",),
    "list_webinar": ("contact_id",),
    "message_contents": ("message_id",),
    "seo_reports": ("url", "keyword"),
    "upload_jobs": ("job_type", "id"),
}
WEBINARS = "300112233"
LIST_STREAMS = {
    "Customers": ("list_customers", COLUMNS["list_customers"]),
    "Webinar": ("list_webinar", COLUMNS["list_webinar_r_d_live"]),
}
"""By the name of a list its stream, and the columns of its own."""
SETTINGS: Mapping[str, Any] = {
    "page_size": 4,
    "max_retries": 1,
    "max_concurrency": 1,
    "on24_client_ids": [WEBINARS],
    "list_streams": [*LIST_STREAMS],
    "seo_reports": PAIRS,
    "job_ids": JOBS,
    "optional_streams": ["*"],
}
ONCE_IN_A_WHILE = {"account", "contact_activities", "contact_score_details"}
"""Streams that make the same calls as others, and are read only where they deviate."""
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d\.\d{3}Z")
NO_TIMESTAMP = "1970-01-01T00:00"
"""What stands in a key for a timestamp that is not there."""
AS_IT_CAME = {"extra_fields", "custom_fields", "fields"}
"""Columns that hold what Act-On sends, whatever it is."""

Table = dict[tuple[Any, ...], "Record"]
Problems = dict[str, str]


@dataclass(frozen=True)
class Yardstick:
    """A small account behind a sandbox, and what a run without deviations does.

    Attributes:
        bench: The sandbox.
        expected: The records of the account by stream.
        discovered: The catalog.
        clean: What such a run wrote.
    """

    bench: Bench
    expected: Mapping[str, Sequence[Record]]
    discovered: Mapping[str, Any]
    clean: Output = field(default_factory=lambda: Output(b"", ""))

    def run(self, state: Mapping[str, Any] | None, streams: Iterable[str], **more: Any) -> Output:
        """Run the tap for some streams."""
        chosen = set(streams)
        streams_found = [
            one for one in self.discovered["streams"] if one["tap_stream_id"] in chosen
        ]
        return self.bench.run(
            state,
            streams=chosen,
            discovered={**self.discovered, "streams": streams_found},
            **{**SETTINGS, **more},
        )


def small_account() -> Account:
    """Make an account with a few rows of everything, whose messages began last month."""
    return Account.generate(
        seed=7,
        now=datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(days=33),
        people=12,
        lists=(
            ListPlan("Customers", 9, folder_name="CRM", grows=True),
            ListPlan("Webinar", 5, "webinar", WEBINARS, date_format="iso"),
            ListPlan("Empty for now", 0),
        ),
        daily_audience=(2, 4),
        kept_audience=(3, 6),
        daily_lifetime_days=2,
        forms=3,
        landing_pages=3,
        programs=2,
        images=3,
        contacts=6,
        contacts_added_per_day=0,
        contacts_deleted_per_day=0,
        rows_added_per_day=0,
        rows_deleted_per_day=0,
        contact_changes_per_day=1,
        row_changes_per_day=0,
        suppressions_per_day=0,
        imported_hard_bounces=9,
        imported_opt_outs=6,
        imported_spam_complaints=5,
    )


def records_of(account: Account) -> Mapping[str, Sequence[Record]]:
    """Work out the records of all streams that the catalogue has."""
    return {
        **expected_records(account),
        **report_records(account),
        **expected_facts(account),
        "webinar_registrants": expected_registrants(account, [WEBINARS]),
        "message_contents": expected_contents(account, "2024"),
        "seo_reports": expected_reports(account),
        "upload_jobs": expected_jobs(account),
        **dict(list_stream_records(account)),
    }


def list_stream_records(account: Account) -> Iterator[tuple[str, Sequence[Record]]]:
    """Work out the records of the streams of single lists, with the columns of the first day."""
    first = {item.id: item.headers for item in replace(account, edits=()).lists}
    for item in account.lists:
        if item.name in LIST_STREAMS:
            stream, columns = LIST_STREAMS[item.name]
            names = dict(zip(first[item.id], columns, strict=True))
            rows = expected_rows(item, [names.get(header) for header in item.headers])
            yield stream, [{**dict.fromkeys(columns), **row} for row in rows]


@contextmanager
def measured() -> Iterator[Yardstick]:
    """Put the small account behind a sandbox, and run once without deviations."""
    account = small_account()
    with bench_in_process(account) as bench:
        made = Yardstick(bench, records_of(account), bench.discover(**SETTINGS))
        yield replace(made, clean=made.run(None, ALL_KEYS))


@pytest.fixture(scope="module", autouse=True)
def _garbage_collected_less_often() -> Iterator[None]:
    """Save a tenth of the time: a run leaves many objects that refer to each other."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture(scope="module")
def yardstick() -> Iterator[Yardstick]:
    with measured() as found:
        yield found


def table_of(stream: str, outputs: Iterable[Output]) -> Table:
    """Give the table of a stream after some runs, each upserted by key."""
    table: Table = {}
    for output in outputs:
        for record in output.records.get(stream, ()):
            table[tuple(record[column] for column in ALL_KEYS[stream])] = record
    return table


def difference(found: Table, expected: Table) -> str:
    """Say how tables differ; empty where they do not."""
    missing = [key for key in expected if key not in found]
    more = [key for key in found if key not in expected]
    other = [key for key in expected if key in found and found[key] != expected[key]]
    if not (missing or more or other):
        return ""
    text = f"{len(missing)} missing, {len(more)} invented, {len(other)} changed of {len(expected)}"
    for key in other[:1]:
        changed = {
            column: (found[key].get(column), value)
            for column, value in expected[key].items()
            if found[key].get(column) != value
        }
        text += f", such as {key}: {str(changed)[:300]}"
    return text


def lacking_rows(found: Iterable[Record], expected: Iterable[Record], keys: Sequence[str]) -> str:
    """Say how many rows are missing, whatever became of their keys."""
    left_out = {*keys, *AS_IT_CAME, "id"}

    def bag(rows: Iterable[Record]) -> Counter[str]:
        kept = ({c: v for c, v in row.items() if c not in left_out} for row in rows)
        # 3 and 3.0 are one number.
        equal = (json.loads(json.dumps(row), parse_int=float) for row in kept)
        return Counter(json.dumps(row, sort_keys=True) for row in equal)

    lost = bag(expected) - bag(found)
    return f"{lost.total()} rows missing, such as {next(iter(lost))[:300]}" if lost else ""


def typed(table: Table) -> Table:
    """Leave out the columns that hold what Act-On sends, whatever it is."""
    return {
        key: {column: value for column, value in row.items() if column not in AS_IT_CAME}
        for key, row in table.items()
    }


def wrong_times(found: Sequence[Record], expected: Sequence[Record]) -> str:
    """Say which timestamps are none of the account."""
    known = set(TIMESTAMP.findall(json.dumps([*expected])))
    told = [{**row, "extra_fields": None} for row in found]
    wrong = set(TIMESTAMP.findall(json.dumps(told))) - known - {NO_TIMESTAMP}
    if wrong:
        return f"invented timestamps: {sorted(wrong)[:3]}"
    if len(found) < len(expected):
        return f"{len(expected) - len(found)} rows missing"
    return ""


def is_shown(account: Account, found: Record, _: Record) -> bool:
    """Tell whether a message is shown as a recipient sees it: nothing says who is the first."""
    return found in of_any_contact(account)[found["message_id"]]


def holds(value: Any, wanted: Any) -> bool:
    """Tell whether an object is there, however deep, with whatever else beside its fields."""
    if isinstance(value, list):
        return any(holds(one, wanted) for one in value)
    if not isinstance(value, dict) or not isinstance(wanted, dict):
        return False
    is_there = all(value.get(name) == held for name, held in wanted.items())
    return is_there or any(holds(one, wanted) for one in value.values())


def is_held_in(column: str) -> Callable[[Account, Record, Record], bool]:
    """Make what tells whether a value is kept as it came, in whatever envelope."""

    def is_held(_: Account, found: Record, expected: Record) -> bool:
        rest = {**found, column: expected[column]}
        return rest == expected and holds(found[column], expected[column])

    return is_held


ALIKE: Mapping[str, Callable[[Account, Record, Record], bool]] = {
    "message_contents": is_shown,
    "seo_reports": is_held_in("extra_fields"),
    "upload_jobs": is_held_in("details"),
}
"""Of streams whose rows may differ and be right, what tells whether two are as good."""


def has_ended_early(output: Output) -> bool:
    """Tell whether something ended a run before all streams had been read."""
    return output.failure is not None and not output.failure.sentence.startswith("Not complete: ")


def says(output: Output, stream: str) -> bool:
    """Tell whether a run says that a stream is not complete."""
    if output.failure is None:
        return False
    named = set(re.findall(r"\w+", output.failure.sentence))
    return has_ended_early(output) or stream in named


class Trial:
    """A deviation that some endpoints have in a run, and what came of it."""

    def __init__(
        self, yardstick: Yardstick, deviation: Deviation, endpoints: Sequence[Endpoint]
    ) -> None:
        self._yardstick = yardstick
        self._deviation = deviation
        self._touched = {stream for endpoint in endpoints for stream in endpoint.streams}
        self._below = below(self._touched)
        self._streams = self._chosen(endpoints)
        self._parents: dict[str, Endpoint] = {}
        self._faults: list[Fault] = []
        for one in endpoints:
            # Of streams that share an endpoint, each has a line for it.
            self._faults += [f for f in self._faults_of(one) if f not in self._faults]

    def problems(self) -> Problems:
        """Run with the deviation and, where that is not enough, without it; say what is wrong."""
        bench = self._yardstick.bench
        bench.sandbox.faults.clear()
        for fault in self._faults:
            bench.sandbox.faults.add(fault)
        settings = dict(self._deviation.settings)
        try:
            found = self._yardstick.run(None, self._streams, **settings)
        except Exception as error:  # noqa: BLE001 - a trace is what is looked for
            bench.sandbox.faults.clear()
            return {"*": f"trace: {type(error).__name__}: {error}"[:300]}
        finally:
            bench.sandbox.faults.clear()
        problems = self._of_others(found)
        if "@" in found.log:
            problems["*"] = "an address in the log"
        wrong = self._of_run(found)
        if self._deviation.is_harmless and found.failure is not None:
            problems["*"] = f"not read: {found.failure.sentence}"
        for stream, text in wrong.items():
            if not (says(found, stream) or self._may_be_silent(found, stream)):
                problems.setdefault(stream, f"SILENT: {text}")
        if found.failure is not None or wrong:
            again = {one for one in self._streams if one in wrong or says(found, one)}
            self._repair(found, again | above(again), problems, settings)
        return problems

    def _may_be_silent(self, found: Output, stream: str) -> bool:
        outcome, name = self._deviation.outcome, self._deviation.name
        is_refusal = stream in OPTIONAL and name.removeprefix("status: ") in SWITCHED_OFF
        own = [line for line in found.log.splitlines() if f"tap-acton.{stream} |" in line]
        if outcome is Outcome.OFF or is_refusal:
            warned = any("switched off" in line for line in found.lines("WARNING"))
            # A draft is shown to a contact of some list; who may read no list knows of none.
            said = ("switched off", "no contact to show it to")
            return warned and any(text in line for line in own for text in said)
        if outcome is Outcome.ROWS:
            # What is requested by a name in place of an id may not be there.
            return any(" cannot be requested" in x or "switched off" in x for x in own)
        return outcome is Outcome.BELIEVED

    def _of_others(self, found: Output) -> Problems:
        """Say what is missing of the streams that have no deviation."""
        if has_ended_early(found):
            return {"*": f"ENDED: {found.failure.sentence if found.failure else ''}"}
        problems = {}
        for stream in self._streams - self._below:
            text = difference(table_of(stream, [found]), self._expected(stream))
            if text:
                problems[stream] = f"BLOCKED: {text}"
        return problems

    def _of_run(self, found: Output) -> Problems:
        wrong = {}
        for stream in sorted(self._streams & self._below):
            text = self._compared(stream, [found])
            if text:
                wrong[stream] = text
        return wrong

    def _compared(self, stream: str, outputs: list[Output]) -> str:
        table, expected = table_of(stream, outputs), self._expected(stream)
        outcome = self._deviation.outcome
        if stream in ALIKE:
            are_alike, account = ALIKE[stream], self._yardstick.bench.sandbox.account
            for key in table.keys() & expected.keys():
                if are_alike(account, table[key], expected[key]):
                    table[key] = expected[key]
        if outcome is Outcome.ROWS:
            return lacking_rows(table.values(), expected.values(), ALL_KEYS[stream])
        if outcome is Outcome.TYPED:
            return difference(*map(typed, (table, expected)))
        if outcome is Outcome.TIMES:
            return wrong_times([*table.values()], [*expected.values()])
        return difference(table, expected)

    def _repair(
        self,
        found: Output,
        streams: set[str],
        problems: Problems,
        settings: Mapping[str, Any],
    ) -> None:
        state = found.state if found.of_type("STATE") else None
        self._yardstick.bench.let_pass(7200)
        try:
            repaired = self._yardstick.run(state, streams, **settings)
        except Exception as error:  # noqa: BLE001 - as above
            problems["*"] = f"trace in the next run: {type(error).__name__}: {error}"[:300]
            return
        if repaired.failure is not None:
            problems["*"] = f"the next run fails: {repaired.failure.sentence}"[:300]
        for stream in sorted(streams & self._streams):
            text = self._compared(stream, [found, repaired])
            if text:
                problems.setdefault(stream, f"NOT REPAIRED: {text}")

    def _expected(self, stream: str) -> Table:
        records = self._yardstick.expected[stream]
        return {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}

    def _chosen(self, endpoints: Sequence[Endpoint]) -> set[str]:
        """Give the streams to select: all, or in the last group those that it takes."""
        is_table = self._deviation.fault.kind == "table"
        if is_table or {one.group for one in endpoints} <= {2, 3}:
            wanted = self._touched | users(self._touched)
            return wanted | above(wanted)
        return {*ALL_KEYS} - (ONCE_IN_A_WHILE - self._touched)

    def _faults_of(self, endpoint: Endpoint) -> Iterator[Fault]:
        deviation, asked = self._deviation, endpoint.asked(self._yardstick.clean.requests)
        if deviation.scope is Scope.ENDPOINT:
            yield deviation.fault_of(endpoint)
        elif deviation.scope is Scope.ONCE:
            for path in dict.fromkeys(seen.path for seen in asked):
                yield deviation.fault_of(endpoint, path_pattern=path, times=1)
        else:
            name = endpoint.parameter
            places = Counter((seen.path, seen.query.get(name, "")) for seen in asked)
            # Of the events another message than of the reports, lest these lead to none.
            ranked = [place for place, _ in places.most_common()]
            path, value = ranked[min(endpoint.group - 1, len(ranked) - 1)]
            query = {name: value} if name else {}
            yield deviation.fault_of(endpoint, path_pattern=path, query=query)


def groups_of(deviation: Deviation) -> Sequence[tuple[int, ...]]:
    """Say which groups meet a deviation in the same run."""
    if deviation.scope is Scope.PARENT:
        return [GROUPS]
    if deviation.scope is Scope.ONCE or deviation.is_harmless:
        return [GROUPS[:-1], GROUPS[-1:]]  # the account leads to most others
    return [(one,) for one in GROUPS]


def trials() -> Iterator[Any]:
    for deviation in DEVIATIONS:
        for group in groups_of(deviation):
            found = [e for e in ENDPOINTS if e.group in group and deviation.suits(e)]
            if found:
                name = f"{deviation.name}, {deviation.scope.name.lower()}"
                number = "".join(map(str, group))
                yield pytest.param(deviation, found, id=f"{name}, {number}")


@pytest.mark.parametrize(("deviation", "endpoints"), [*trials()])
def test_the_tables_are_right_or_the_run_says_so_and_the_next_one_repairs_it(
    yardstick: Yardstick, deviation: Deviation, endpoints: Sequence[Endpoint]
) -> None:
    assert Trial(yardstick, deviation, endpoints).problems() == {}


def test_a_run_without_deviations_is_right(yardstick: Yardstick) -> None:
    assert yardstick.clean.failure is None
    for stream, records in yardstick.expected.items():
        expected = {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}
        assert expected, stream
        assert difference(table_of(stream, [yardstick.clean]), expected) == "", stream


def test_every_stream_has_an_endpoint_in_the_catalogue() -> None:
    assert {*deviations.STREAMS} == {*ALL_KEYS}


SEEDS = 4
BENIGN = [
    one
    for one in DEVIATIONS
    if one.outcome in {Outcome.EQUAL, Outcome.TYPED, Outcome.BELIEVED, Outcome.OFF}
    and not one.settings
]
"""Those after which a table holds nothing that a later run does not put right."""


def check_nights(seed: int) -> None:
    """Run some nights with deviations here and there, and the last one without."""
    dice = random.Random(seed)  # noqa: S311 - the same nights for the same seed
    met, outputs, state = [], [], None
    with bench_in_process(small_account()) as bench:
        made = Yardstick(bench, {}, bench.discover(**SETTINGS))
        for _ in range(dice.choice((1, 2, 3))):
            for _ in range(dice.choice((1, 2, 3))):
                deviation, endpoint = random_deviation(dice)
                fault = deviation.fault_of(
                    endpoint, times=dice.choice((1, 3, None)), after=dice.choice((0, 0, 1, 4))
                )
                bench.sandbox.faults.add(fault)
                met.append((deviation.name, endpoint.path, fault.times, fault.after))
            outputs.append(made.run(state, ALL_KEYS))
            state = outputs[-1].state if outputs[-1].of_type("STATE") else state
            bench.sandbox.faults.clear()
            bench.next_day()
            bench.sandbox.account = with_other_headers(bench.sandbox.account, dice)
        outputs.append(made.run(state, ALL_KEYS))
        wrong = {}
        for stream, records in records_of(bench.sandbox.account).items():
            table = table_of(stream, outputs)
            expected = {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}
            # What was deleted meanwhile stays; some fields without a column change every day.
            held = {key: row for key, row in table.items() if key in expected}
            wrong[stream] = difference(typed(held), typed(expected))
    assert outputs[-1].failure is None, (seed, met, outputs[-1].failure)
    assert not any(wrong.values()), (seed, met, {k: v for k, v in wrong.items() if v})


def with_other_headers(account: Account, dice: random.Random) -> Account:
    """Give a list a column or take one from it, or neither, and change one of its rows."""
    item = next(one for one in account.lists if one.name == "Customers")
    others = [name for place, name in enumerate(item.headers) if place != item.email_column]
    edits: tuple[tuple[Edit, ...], ...] = (
        (),
        (with_column(f"Added {dice.randint(1, 99)}", dice.choice((None, 0, 2))),),
        (without_column(dice.choice(others)),),
    )
    return account.with_list(item.id, *dice.choice(edits), with_changed_row(account.now_ms))


def with_changed_row(at: int) -> Edit:
    """Modify the first row of a list, without which an unchanged list would not be read."""

    def edit(item: ContactList) -> ContactList:
        first, *rest = item.rows
        return replace(item, rows=(replace(first, modified_at=at), *rest), modified_at=at)

    return edit


def random_deviation(dice: random.Random) -> tuple[Deviation, Endpoint]:
    """Choose a deviation and an endpoint for it."""
    deviation = dice.choice(BENIGN)
    return deviation, dice.choice([one for one in ENDPOINTS if deviation.suits(one)])


@pytest.mark.parametrize("seed", seeds.given(SEEDS))
def test_after_nights_with_deviations_one_without_makes_the_tables_right(seed: int) -> None:
    check_nights(seed)


@pytest.mark.timeout(0)
@seeds.only_when_soaking
def test_so_it_does_with_new_seeds() -> None:
    seeds.soak(check_nights)
