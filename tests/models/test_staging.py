"""The staging models are those of the streams, and take what any loader has made of them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scripts import erd, models
from tap_acton.streams import STREAM_TYPES
from tests.end_to_end.warehouses import duckdb
from tests.models.conftest import HALF, OWN_COLUMNS
from tests.models.project import Step, duckdb_environment, run_dbt

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

COLUMNS = """
SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()
WHERE schema_name IN ('staging', 'marts')
"""
TABLES = "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'marts'"
COUNT = "SELECT count(*) FROM {}"
LOADED = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = '_sdc_batched_at'"
WITHOUT_MARKS = """
CREATE OR REPLACE TABLE main.list_members AS
SELECT * EXCLUDE (_sdc_deleted_at) FROM main.list_members
"""
READ = """
CREATE SCHEMA {0}; CREATE TABLE {0}.senders AS SELECT TIMESTAMP '{1:%F %T}' AS _sdc_extracted_at
"""
ADDRESSES = ("hard_bounces", "opt_outs", "spam_complaints", "subscription_opt_outs")
RESPELL = "INSERT INTO {0} SELECT * REPLACE (' ' || upper(email) || ' ' AS email) FROM {0}"
EMAILS = "SELECT DISTINCT email FROM staging.stg_acton__{} ORDER BY email"
REPORTS = {
    "messages": "UPDATE message_reports SET sent = 2, delivered = 1, opened_unique = 2",
    "forms": "UPDATE form_reports SET views = 1, submits = 2",
}
"""Numbers of Act-On's own that do not fit together."""
REPORTED = (
    *("acton__messages", "acton__programs", "acton__program_messages"),
    *("acton__forms", "acton__form_sources"),
)
ADD_COLUMN = "ALTER TABLE main.contacts ADD COLUMN \"Lead Source\" VARCHAR DEFAULT 'Fair'"
CONTACTS = """
SELECT DISTINCT "lead source", misspelled, region_2 IS NULL FROM marts.acton__contacts ORDER BY ALL
"""
OWN = "SELECT count(region_2) FROM staging.stg_acton__contacts"
GROWTH = "SELECT * FROM marts.acton__list_growth_daily ORDER BY ALL"
TYPES = {
    "boolean": "BOOLEAN",
    "date": "DATE",
    "email": "VARCHAR",
    "integer": "BIGINT",
    "json": "JSON",
    "number": "DOUBLE",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
}


def test_generated_files_are_current() -> None:
    current = dict(models.files())
    stale = [path.name for path, text in current.items() if path.read_text() != text]
    assert not stale, "run .venv/bin/python -m scripts.models"
    assert {*models.STAGING.glob("stg_acton__*.sql")} <= {*current}


def test_the_diagrams_are_current_and_lead_nowhere_else() -> None:
    stale = [path.name for path, text in erd.files().items() if path.read_text() != text]
    assert not stale, "run .venv/bin/python -m scripts.erd"
    for families in (erd.streams(), erd.marts()):
        tables = {table.name: table for listed in families.values() for table in listed}
        assert all(table.keys for table in tables.values())
        targets = {target for table in tables.values() for target in table.references.values()}
        assert targets <= tables.keys()


def test_every_column_is_typed_and_described_whether_it_was_loaded_or_not(
    first_run: Built, half: Built
) -> None:
    expected = {
        (f"stg_acton__{kind.name}", column.name): TYPES[column.kind]
        for kind in STREAM_TYPES
        for column in models.columns_of(kind.name)
    }
    own = {("stg_acton__contacts", name): TYPES["text"] for name in OWN_COLUMNS}
    for built in (first_run, half):
        rows = duckdb(built.warehouse).query({"columns": COLUMNS})["columns"]
        found = {
            (table, column): kind for schema, table, column, kind, _ in rows if schema == "staging"
        }
        added = {(table, column) for table, column in found if column in models.ADDED}
        assert {one: kind for one, kind in found.items() if one not in added} == expected | own
        assert len(added) == len(STREAM_TYPES) * len(models.ADDED)
        # What only an account has, nobody here can describe.
        assert [row for row in rows if not row[-1] and row[2] not in OWN_COLUMNS] == []
        assert {table for schema, table, *_ in rows if schema == "marts"} == built.marts.keys()


def test_every_mart_has_a_comment(first_run: Built) -> None:
    rows = duckdb(first_run.warehouse).query({"tables": TABLES})["tables"]
    assert {name for name, _ in rows} == first_run.marts.keys()
    assert all(comment for _, comment in rows)


def test_staging_has_the_rows_of_the_tables_that_are_there(first_run: Built, half: Built) -> None:
    for built in (first_run, half):
        warehouse = duckdb(built.warehouse)
        loaded = {table for (table,) in warehouse.query({"tables": LOADED})["tables"]}
        views = {
            kind.name: COUNT.format(f"staging.stg_acton__{kind.name}") for kind in STREAM_TYPES
        }
        tables = {name: COUNT.format(f"main.{name}") for name in views if name in loaded}
        counts, sizes = warehouse.query(views), warehouse.query(tables)
        assert counts == {name: sizes.get(name, [(0,)]) for name in views}
    assert len(loaded) == len(HALF)


def test_the_models_build_whatever_columns_the_loader_adds(
    first_run: Built, tmp_path: Path
) -> None:
    # target-duckdb adds them to every table, other loaders do not.
    file = tmp_path / "acton.duckdb"
    shutil.copy(first_run.warehouse, file)
    loader = Step(["run", "--select", "+acton__list_growth_daily"], duckdb_environment(file), {})
    with_them = duckdb(file).query({"rows": GROWTH})["rows"]
    duckdb(file).query({"replace": WITHOUT_MARKS})
    run_dbt([loader], tmp_path)
    assert duckdb(file).query({"rows": GROWTH})["rows"] == with_them


def test_freshness_is_that_of_the_account_that_was_read_longest_ago(tmp_path: Path) -> None:
    file = tmp_path / "acton.duckdb"
    now = datetime.now(UTC).replace(microsecond=0)
    read_at = {"north": now, "south": now - timedelta(hours=30), "west": now - timedelta(hours=1)}
    duckdb(file).query({name: READ.format(name, at) for name, at in read_at.items()})
    sources = {"acton_sources": [{"name": name, "schema": name} for name in read_at]}
    select = ["--select", "source:acton.senders", "source:acton.forms"]
    run_dbt([Step(["source", "freshness", *select], duckdb_environment(file), sources)], tmp_path)
    found = json.loads((tmp_path / "target" / "sources.json").read_bytes())["results"]
    # That of a table that was not loaded is that of the others.
    assert [datetime.fromisoformat(one["max_loaded_at"]) for one in found] == [read_at["south"]] * 2


def test_what_act_on_may_hold_fails_no_build(first_run: Built, tmp_path: Path) -> None:
    file = tmp_path / "acton.duckdb"
    shutil.copy(first_run.warehouse, file)
    queries = {stream: EMAILS.format(stream) for stream in ADDRESSES}
    before = duckdb(file).query(queries)
    assert all(before.values())
    respelled = {stream: RESPELL.format(stream) for stream in ADDRESSES}
    duckdb(file).query({**respelled, **REPORTS})
    selected = [*(f"stg_acton__{stream}" for stream in ADDRESSES), *REPORTED]
    build = ["build", "--exclude-resource-type", "unit_test", "--select", *selected]
    run_dbt([Step(build, duckdb_environment(file), {})], tmp_path)
    assert duckdb(file).query(queries) == before
    rates = {"open_rate": "SELECT max(open_rate) FROM marts.acton__messages"}
    assert duckdb(file).query(rates) == {"open_rate": [(2,)]}


def test_columns_of_contacts_may_be_named_in_any_way(first_run: Built, tmp_path: Path) -> None:
    file = tmp_path / "acton.duckdb"
    shutil.copy(first_run.warehouse, file)
    duckdb(file).query({"add": ADD_COLUMN})
    run = ["run", "--select", "stg_acton__contacts"]
    named = ["Lead Source", "company", "REGION_2", "region_2", "misspelled"]
    output = run_dbt(
        [
            Step(
                [*run, "acton__contacts"],
                duckdb_environment(file),
                {"acton_contact_columns": named},
            ),
            Step(run, duckdb_environment(file), {"acton_contact_columns": "region_2"}),
        ],
        tmp_path,
    )
    assert output.count("contacts has no column misspelled") == 1
    answers = duckdb(file).query({"contacts": CONTACTS, "own": OWN})
    assert answers["contacts"] == [("Fair", None, False), ("Fair", None, True)]
    ((own,),) = answers["own"]
    assert own > 0


def test_an_account_without_its_tables_stops_the_run(first_run: Built, tmp_path: Path) -> None:
    # An incremental model would lose the account's rows.
    file = tmp_path / "acton.duckdb"
    shutil.copy(first_run.warehouse, file)
    sources = [
        {"name": "acton", "schema": "main"},
        {"name": "south", "schema": "misspelled"},
        {"name": "acton", "schema": "main"},
        {"name": "west"},
    ]
    run = ["run", "--select", "acton__message_recipients"]
    with pytest.raises(AssertionError) as failure:
        run_dbt([Step(run, duckdb_environment(file), {"acton_sources": sources})], tmp_path)
    for fault in (
        "there is no schema misspelled, of the account south",
        "two accounts are named acton",
        "account 4 lacks a name or a schema",
    ):
        assert fault in str(failure.value)
