"""What the loaders make of the tap's output is the account: every row, column, value and type."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import uuid4

import pytest

from acton_sandbox import Account
from acton_sandbox.size import ListPlan
from acton_sandbox.sizes import SMALL
from tests.contract import test_marketing, test_message_contents, test_upload_jobs
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import REPLICATION_KEYS, Record, expected_records
from tests.contract.expected_audience_center import report_records
from tests.contract.expected_facts import expected_facts
from tests.contract.expected_webinars import expected_registrants
from tests.contract.test_list_streams import COLUMNS, expected_rows
from tests.end_to_end.warehouses import duckdb, kind_of, load, postgresql
from tests.unit.catalog import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.contract.harness import Output
    from tests.end_to_end.warehouses import Table, Warehouse
    from tests.servers import Postgres

pytestmark = pytest.mark.timeout(300)

Rows: TypeAlias = "dict[str, list[Record]]"
"""Rows by table."""

ALIAS = "mailings"
KEYS = {name: promise["key"] for name, promise in kept().items()} | {ALIAS: ["id"]}
LIST_KEY = ["list_id", "contact_id"]
LIST_STREAMS = {
    "Customers": "list_customers",
    "Kunden / Größe & Maß": "list_kunden_größe_maß",
    "Twice, or thrice": "list_twice_or_thrice",
}
FOLDERS = ("300112233",)
SETTINGS: dict[str, Any] = {
    "list_streams": [*LIST_STREAMS],
    "on24_client_ids": FOLDERS,
    "job_ids": test_upload_jobs.JOBS,
    "seo_reports": test_marketing.PAIRS,
}
DAILY = (
    *REPLICATION_KEYS,
    *("lists", "messages", "message_reports", "contact_history", "custom_object_records"),
    *("list_customers", "webinar_registrants"),
)
"""Streams that are read again on the next day."""

FEW = ("lists", "list_members", "messages", "message_reports", "opt_outs", "contacts")
"""Streams that have all kinds of columns between them."""

DESELECTED = {
    ("messages", "sent_at"),
    ("list_members", "fields"),
    ("message_reports", "extra_fields"),
    ("opt_outs", "origin"),
    ("contacts", "email"),
}
STREAM_MAPS = {
    "messages": {"__alias__": ALIAS, "sender_email": None, "title": "name"},
    "opt_outs": {"email": "md5(email)"},
    "lists": {"__filter__": "is_list"},
}

NO_EXTRA_FIELDS = "SELECT count(*) FROM messages WHERE extra_fields {}"


class Days(NamedTuple):
    """Two days: what the account holds, and what the run of the day wrote."""

    before: Rows
    first: Output
    after: Rows
    second: Output


@pytest.fixture(scope="module")
def account() -> Account:
    """An account that has rows for every stream."""
    plans = (
        ListPlan("Twice, or thrice", 30, "duplicates", date_format="iso"),
        ListPlan("R&D / live", 20, "on24", FOLDERS[0], grows=True),
    )
    return Account.generate(seed=7, size="small", now=NOW, lists=(*SMALL.lists, *plans))


@pytest.fixture(scope="module")
def days(account: Account) -> Days:
    """A complete run, and one on the day after that goes on from there."""
    with bench_of(account) as bench:
        catalog = bench.discover(**SETTINGS)
        first = bench.run(discovered=catalog, **SETTINGS)
        bench.next_day()
        second = bench.run(first.state, streams=DAILY, discovered=catalog, **SETTINGS)
        runs = {"sync_runs": first.records["sync_runs"]}
        before, after = rows_of(account), rows_of(bench.sandbox.account)
        return Days({**before, **runs}, first, {**after, **runs}, second)


@pytest.fixture(scope="module")
def changed_runs(account: Account) -> dict[str, Output]:
    """Runs of a few streams, each with something that changes what is written."""
    with bench_of(account) as bench:
        catalog = bench.discover()
        maps = {"stream_maps": STREAM_MAPS, "stream_map_config": {}}
        changes: dict[str, dict[str, Any]] = {
            "nothing": {},
            "selection and maps": {"without": DESELECTED, **maps},
            "flattening": {"flattening_enabled": True, "flattening_max_depth": 1},
        }
        return {
            name: bench.run(streams=FEW, discovered=catalog, **change)
            for name, change in changes.items()
        }


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty warehouse."""
    if request.param == "duckdb":
        return duckdb(tmp_path / "acton.duckdb")
    server: Postgres = request.getfixturevalue("postgres")
    return postgresql(server, f"acton_{uuid4().hex}")


@pytest.fixture
def loaded(warehouse: Warehouse, tmp_path: Path) -> Callable[[Output], dict[str, Table]]:
    """Loads what a run has written, and gives what the warehouse holds then."""

    def load(output: Output) -> dict[str, Table]:
        assert output.failure is None
        done = warehouse.load(output.data, tmp_path)
        assert done.returncode == 0, done.stderr[-2_000:]
        return warehouse.tables()

    return load


@cache
def rows_of(account: Account) -> Rows:
    """Work out the rows of every stream, those included that settings switch on."""
    lists = {item.name: item for item in account.lists}
    return {
        **expected_records(account),
        **expected_facts(account),
        **report_records(account),
        "webinar_registrants": expected_registrants(account, FOLDERS),
        "message_contents": test_message_contents.expected(account, "2024"),
        "seo_reports": test_marketing.expected_reports(account),
        "upload_jobs": test_upload_jobs.expected(account),
        **{
            stream: expected_rows(lists[name], COLUMNS[stream])
            for name, stream in LIST_STREAMS.items()
        },
    }


def by_key(table: str, rows: list[Record]) -> dict[tuple[Any, ...], Record]:
    """Give rows by their key; of several with one key the last."""
    return {tuple(row[column] for column in KEYS.get(table, LIST_KEY)): row for row in rows}


def differences(
    warehouse: Warehouse, tables: Mapping[str, Table], expected: Rows
) -> list[tuple[Any, ...]]:
    """Tell in what a warehouse differs from the rows that it should hold."""
    found: list[tuple[Any, ...]] = []
    for name in sorted({*tables, *expected}):
        if name not in tables or name not in expected:
            found.append(("only on one side", name))
            continue
        table = tables[name]
        wanted = by_key(name, [warehouse.as_loaded(table, row) for row in expected[name]])
        held = by_key(name, [warehouse.as_read(table, row) for row in table.rows])
        if len(held) != len(table.rows) or held.keys() != wanted.keys():
            found.append(("keys", name, len(table.rows), held.keys() ^ wanted.keys()))
        found += [
            (name, column, key, row.get(column, "no column"), wanted[key].get(column, "no column"))
            for key, row in held.items()
            if key in wanted
            for column in sorted({*row, *wanted[key]})
            if row.get(column, "no column") != wanted[key].get(column, "no column")
        ]
    return found


def wrong_types(
    warehouse: Warehouse, tables: Mapping[str, Table], output: Output
) -> list[tuple[str, ...]]:
    """Tell which columns have another type than their schema says."""
    return [
        (message["stream"], column, warehouse.types[kind_of(schema)], found.get(column, "none"))
        for message in output.of_type("SCHEMA")
        for found in (tables[message["stream"]].types,)
        for column, schema in message["schema"]["properties"].items()
        if found.get(column) != warehouse.types[kind_of(schema)]
    ]


def test_a_full_refresh_and_the_next_day(
    days: Days, warehouse: Warehouse, loaded: Callable[[Output], dict[str, Table]]
) -> None:
    before, first, after, second = days
    assert all(before.values())
    tables = loaded(first)
    assert differences(warehouse, tables, before) == []
    assert wrong_types(warehouse, tables, first) == []
    assert {name: len(table.rows) for name, table in tables.items()} == {
        name: len(first.records[name]) for name in tables
    }
    nulls = NO_EXTRA_FIELDS.format(warehouse.json_null)
    assert warehouse.query({"nulls": nulls})["nulls"] == [(len(before["messages"]),)]

    tables = loaded(second)
    # What is gone from the account stays in the warehouse as it was.
    held = {name: [*before[name], *(after[name] if name in DAILY else ())] for name in before}
    assert differences(warehouse, tables, held) == []
    for names in (gone(before, after), gone(after, before), changed(before, after)):
        assert names >= {"list_members", "contacts"}


def test_deselected_columns_and_stream_maps(
    account: Account,
    changed_runs: dict[str, Output],
    warehouse: Warehouse,
    loaded: Callable[[Output], dict[str, Table]],
) -> None:
    tables = loaded(changed_runs["selection and maps"])
    expected = {
        name: [
            {column: value for column, value in row.items() if (name, column) not in DESELECTED}
            for row in rows_of(account)[name]
        ]
        for name in FEW
    }
    expected[ALIAS] = [
        {column: value for column, value in row.items() if column != "sender_email"}
        | {"title": row["name"]}
        for row in expected.pop("messages")
    ]
    expected["opt_outs"] = [
        {**row, "email": hashlib.md5(row["email"].encode(), usedforsecurity=False).hexdigest()}
        for row in expected["opt_outs"]
    ]
    expected["lists"] = [row for row in expected["lists"] if row["is_list"]]
    assert len(expected["lists"]) < len(rows_of(account)["lists"])
    assert differences(warehouse, tables, expected) == []
    kept_back = {*DESELECTED, (ALIAS, "sender_email"), (ALIAS, "sent_at")}
    assert not {(name, column) for name in tables for column in tables[name].types} & kept_back


def test_flattening_makes_texts_of_objects(
    account: Account,
    changed_runs: dict[str, Output],
    warehouse: Warehouse,
    loaded: Callable[[Output], dict[str, Table]],
) -> None:
    output = changed_runs["flattening"]
    tables = loaded(output)
    rows = {name: rows_of(account)[name] for name in FEW}
    expected = {
        name: [{column: flat(value) for column, value in row.items()} for row in rows[name]]
        for name in FEW
    }
    assert wrong_types(warehouse, tables, output) == []
    for name, table in tables.items():
        objects = {
            column for row in rows[name] for column in row if flat(row[column]) is not row[column]
        }
        assert objects or name in {"messages", "lists", "opt_outs"}
        for row in table.rows:
            row.update({column: flat(json.loads(row[column])) for column in objects if row[column]})
    assert differences(warehouse, tables, expected) == []


def flat(value: Any) -> Any:
    """Write an object or an array as a text, its keys in order."""
    return json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value


def test_postgresql_is_told_what_is_gone(
    account: Account, postgres: Postgres, tmp_path: Path
) -> None:
    warehouse = postgresql(postgres, f"acton_{uuid4().hex}")
    settings: dict[str, Any] = {"streams": ["contacts"], "full_read_period": "P1D"}
    with bench_of(account) as bench:
        catalog = bench.discover()
        first = bench.run(discovered=catalog, **settings)
        bench.next_day()
        second = bench.run(first.state, discovered=catalog, **settings)
        after = expected_records(bench.sandbox.account)["contacts"]
    for output in (first, second):
        assert warehouse.load(output.data, tmp_path).returncode == 0
    marked = warehouse.tables()["contacts"]
    there = [row for row in marked.rows if row["_sdc_deleted_at"] is None]
    assert len(there) < len(marked.rows)
    assert (
        differences(warehouse, {"contacts": replace(marked, rows=there)}, {"contacts": after}) == []
    )

    dropping = replace(warehouse, settings={**warehouse.settings, "hard_delete": True})
    assert dropping.load(second.data, tmp_path).returncode == 0
    assert differences(warehouse, warehouse.tables(), {"contacts": after}) == []


def test_files_of_json_lines_hold_the_rows_as_they_were_sent(days: Days, tmp_path: Path) -> None:
    before, first, after, second = days
    settings = {"destination_path": str(tmp_path), "do_timestamp_file": False}
    for output in (first, second):
        done = load("target-jsonl", settings, output.data, tmp_path)
        assert done.returncode == 0, done.stderr[-2_000:]
        assert json.loads(done.stdout) == output.state
    for name, rows in first.records.items():
        lines = [*map(json.loads, (tmp_path / f"{name}.jsonl").read_text().splitlines())]
        assert lines == [*rows, *second.records.get(name, ())]
        # The last line of a key is what a table would hold.
        held = [*before[name], *(after[name] if name in DAILY else ())]
        assert by_key(name, lines) == by_key(name, held)


def test_a_csv_file_holds_what_its_run_has_sent(
    changed_runs: dict[str, Output], tmp_path: Path
) -> None:
    output = changed_runs["flattening"]
    settings = {"output_path": str(tmp_path), "file_naming_scheme": "{stream_name}.csv"}
    assert load("target-csv", settings, output.data, tmp_path).returncode == 0
    for message in output.of_type("SCHEMA"):
        name, columns = message["stream"], message["schema"]["properties"]
        rows = [
            {column: of_cell(cell, columns[column]) for column, cell in row.items()}
            for row in csv_rows(tmp_path / f"{name}.csv")
        ]
        expected = [
            # An empty text has the same cell as none.
            {column: None if row[column] == "" else flat(row[column]) for column in columns}
            for row in output.records[name]
        ]
        assert rows == expected, name

    # Without flattening, an object is written as Python writes it.
    assert load("target-csv", settings, changed_runs["nothing"].data, tmp_path).returncode == 0
    fields = csv_rows(tmp_path / "list_members.csv")[0]["fields"]
    assert ast.literal_eval(fields) == changed_runs["nothing"].records["list_members"][0]["fields"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(fields)

    # The next run starts the file over: without the time in its name, what was there is gone.
    without_rows = b"".join(
        line for line in output.data.splitlines(keepends=True) if b'"RECORD"' not in line
    )
    assert load("target-csv", settings, without_rows, tmp_path).returncode == 0
    assert csv_rows(tmp_path / "messages.csv") == []
    del settings["file_naming_scheme"]
    assert load("target-csv", settings, without_rows, tmp_path).returncode == 0
    assert len([*tmp_path.glob("messages-*.csv")]) == 1


def csv_rows(file: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [*csv.DictReader(lines)]


def of_cell(cell: str, schema: Mapping[str, Any]) -> Any:
    """Give the value that a cell of a CSV file stands for."""
    if not cell:
        return None
    match kind_of(schema):
        case "date-time":
            return datetime.fromisoformat(cell).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        case "integer" | "number":
            return float(cell)
        case "boolean":
            return {"True": True, "False": False}[cell]
    return cell


def test_a_full_disk_fails_the_load_and_the_next_one_repairs_it(
    account: Account, changed_runs: dict[str, Output], tmp_path: Path
) -> None:
    warehouse = duckdb(tmp_path / "acton.duckdb")
    messages = changed_runs["nothing"].data
    failed = warehouse.load(messages, tmp_path, largest_file=300)
    assert failed.returncode != 0
    # No state is told, so the next run reads all that this one has read.
    assert failed.stdout == b""

    assert warehouse.load(messages, tmp_path).returncode == 0
    tables = {
        name: table
        for name, table in warehouse.tables().items()
        # target-duckdb leaves its own tables behind where it fails.
        if not name.startswith("tmp_")
    }
    expected = {name: rows_of(account)[name] for name in FEW}
    assert differences(warehouse, tables, expected) == []


def gone(before: Rows, after: Rows) -> set[str]:
    """Give the tables that lost rows."""
    return {
        name for name in before if by_key(name, before[name]).keys() - by_key(name, after[name])
    }


def changed(before: Rows, after: Rows) -> set[str]:
    """Give the tables with rows that changed."""
    return {
        name
        for name in before
        for key, row in by_key(name, before[name]).items()
        if by_key(name, after[name]).get(key, row) != row
    }
