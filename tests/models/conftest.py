"""What the tests of the models share: warehouses that are loaded and built once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from acton_sandbox import Account
from acton_sandbox.size import ListPlan
from acton_sandbox.sizes import SMALL
from tests.contract import test_marketing, test_upload_jobs
from tests.contract.conftest import NOW, bench_of
from tests.end_to_end.warehouses import duckdb
from tests.models.project import Built, Step, duckdb_environment, run_dbt

if TYPE_CHECKING:
    from pathlib import Path

WEBINARS = "300112233"
SETTINGS: dict[str, Any] = {
    "on24_client_ids": [WEBINARS],
    "job_ids": test_upload_jobs.JOBS,
    "seo_reports": test_marketing.PAIRS,
}
LISTS = (
    *SMALL.lists,
    ListPlan("Salesforce leads", 40, "salesforce", "CRM", grows=True, date_format="iso"),
    ListPlan("Salesforce campaign", 20, "salesforce", "CRM"),
    ListPlan("First steps", 30, "webinar", WEBINARS, date_format="zoned"),
    ListPlan("R&D / live", 20, "on24", WEBINARS, grows=True),
)
HALF = (
    *("account", "messages", "message_reports", "lists", "list_members", "contacts", "opt_outs"),
    *("forms", "form_reports", "landing_pages", "programs", "webinar_registrants", "sync_runs"),
)
"""The streams of the warehouse that lacks the others."""

OWN_COLUMNS = ("account_type", "region_2")
"""Columns that only the contacts of this account have."""
VARIABLES = {"acton_now": f"{NOW:%F %T}", "acton_contact_columns": [*OWN_COLUMNS]}
"""How the project is set."""
MESSAGE_IDS = {"messages": "id", "message_reports": "message_id", "message_events": "message_id"}
"""By stream of a message the column that says which message it is."""
DELETE = {
    stream: f"UPDATE {stream} SET _sdc_deleted_at = '{{:%F}}' WHERE {column} = '{{}}'"  # noqa: S608 - names of our own tables
    for stream, column in MESSAGE_IDS.items()
}
"""How a loader marks the rows of a message, by stream."""
OTHER_ZONE = "America/New_York"
"""The zone of the days of the other of two accounts."""
SET_ZONE = f"UPDATE south.account SET time_zone = '{OTHER_ZONE}'"  # noqa: S608 - text of our own
DELETE_MEMBER = """
UPDATE list_members SET _sdc_deleted_at = '{:%F}', extra_fields = '{{"of_deleted_rows": 1}}'
WHERE list_id = '{}' AND contact_id = '{}'
"""
"""How it marks a row of a list, which here gets a field that no column holds."""


@pytest.fixture(scope="session")
def account() -> Account:
    """An account that has rows for every mart."""
    return Account.generate(seed=7, size="small", now=NOW, lists=LISTS)


@pytest.fixture(scope="session")
def other_account() -> Account:
    """Another account, with ids that the first one has, too."""
    return Account.generate(seed=8, size="small", now=NOW, lists=LISTS)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of all warehouses, which all processes of the tests share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "models"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def built(folder: Path, account: Account, other_account: Account) -> dict[str, Built]:
    """Every warehouse by what it shows, the models built in each."""
    accounts: dict[str, dict[str, list[Account]]] = {
        "first run": {"acton": [account]},
        "next day": {"acton": [account, account.next_day()]},
        "half of the streams": {"acton": [account]},
        "two accounts": {"north": [account], "south": [other_account]},
    }
    made = {name: Built(one, folder / name) for name, one in accounts.items()}
    with FileLock(folder / "lock"):
        if not made["two accounts"].rows.exists():
            _build(made, folder)
    return made


def _build(made: dict[str, Built], folder: Path) -> None:
    first, following, half, two = made.values()
    with bench_of(first.account) as bench:
        catalog = bench.discover(**SETTINGS)
        outputs = [bench.run(discovered=catalog, **SETTINGS)]
        half_output = bench.run(discovered=catalog, streams=HALF, **SETTINGS)
        bench.next_day()
        outputs.append(bench.run(outputs[0].state, discovered=catalog, **SETTINGS))
    with bench_of(two.accounts["south"][0]) as bench:
        other_output = bench.run(discovered=bench.discover(**SETTINGS), **SETTINGS)
    assert [one.failure for one in (*outputs, half_output, other_output)] == [None] * 4

    def load(one: Built, data: bytes, schema: str = "main") -> None:
        done = replace(duckdb(one.warehouse), schema=schema).load(data, folder)
        assert done.returncode == 0, done.stderr[-2_000:]

    for one in made.values():
        one.folder.mkdir(exist_ok=True)
    load(first, outputs[0].data)
    first.messages.write_bytes(outputs[0].data)
    load(half, half_output.data)
    shutil.copy(first.warehouse, two.warehouse)
    load(two, other_output.data, "south")
    # The sandbox has one zone. It has already been used to read times without a zone.
    duckdb(two.warehouse).query({"account": SET_ZONE})
    sources = {
        "acton_sources": [{"name": "north", "schema": "main"}, {"name": "south", "schema": "south"}]
    }

    def step(one: Built, command: str, variables: dict[str, Any]) -> Step:
        return Step([command], duckdb_environment(one.warehouse), variables, one.rows)

    # The loader goes on with the file in which dbt has built its models.
    run_dbt([step(first, "build", VARIABLES)], folder)
    shutil.copy(first.warehouse, following.warehouse)
    load(following, outputs[1].data)
    member = deleted_member(*following.accounts["acton"])
    duckdb(following.warehouse).query({"list_members": DELETE_MEMBER.format(NOW, *member)})
    gone = deleted_message(first.account)
    duckdb(following.warehouse).query(
        {stream: delete.format(NOW, gone) for stream, delete in DELETE.items()}
    )
    later = {**VARIABLES, "acton_now": f"{NOW + timedelta(days=1):%F %T}"}
    run_dbt(
        [
            step(following, "run", later),
            step(half, "run", VARIABLES),
            step(two, "run", {**VARIABLES, **sources}),
        ],
        folder,
    )


def deleted_member(before: Account, after: Account) -> tuple[str, str]:
    """Give the row of a list that the loader marks as deleted: one that is no longer there."""
    rows = {
        (item.id, row.contact_id)
        for item in before.lists
        if item.id in after.list_by_id
        for row in item.rows
    }
    return min(rows - {(item.id, row.contact_id) for item in after.lists for row in item.rows})


def deleted_message(account: Account) -> str:
    """Give the message that the loader marks as deleted on the next day: that with most clicks."""
    return max(account.messages, key=lambda message: len(message.events["CLICKED"])).id


@pytest.fixture
def first_run(built: dict[str, Built]) -> Built:
    """The marts after a first run."""
    return built["first run"]


@pytest.fixture
def next_day(built: dict[str, Built]) -> Built:
    """The marts after a first run and one on the next day."""
    return built["next day"]


@pytest.fixture
def half(built: dict[str, Built]) -> Built:
    """The marts of a warehouse that lacks half of the streams."""
    return built["half of the streams"]


@pytest.fixture
def two_accounts(built: dict[str, Built]) -> Built:
    """The marts of a warehouse with two accounts."""
    return built["two accounts"]
