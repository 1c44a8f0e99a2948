"""Rows that are gone from the account, in the warehouses that the project's loaders write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from acton_sandbox import Account
from acton_sandbox.edits import without_rows
from tests.contract.conftest import NOW, bench_of
from tests.end_to_end.warehouses import duckdb, postgresql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.harness import Output
    from tests.end_to_end.warehouses import Warehouse
    from tests.servers import Postgres

CUSTOMERS = "l-0a41"
A_WEEK = 7 * 24 * 3_600


@pytest.fixture(scope="module")
def runs() -> dict[str, list[Output]]:
    """Two full reads of a list that has lost rows between them, and a run in their middle.

    By themselves, and behind a run that knew no full reads.
    """
    account = Account.generate(seed=7, size="small", now=NOW)
    found = {}
    for name, periods in (("from the start", []), ("set later", [None])):
        with bench_of(account) as bench:
            discovered = bench.discover(list_streams=[CUSTOMERS])
            outputs: list[Output] = []
            state = None
            for period in (*periods, "P7D", "P7D", "P7D"):
                if len(outputs) == len(periods) + 1:
                    bench.sandbox.account = account.with_list(CUSTOMERS, without_rows(*gone()))
                if outputs:
                    bench.let_pass(A_WEEK / 2 + 3_600)
                outputs.append(
                    bench.run(
                        state,
                        streams=["list_customers"],
                        discovered=discovered,
                        full_read_period=period,
                    )
                )
                state = outputs[-1].state
        found[name] = outputs
    return found


def gone() -> set[str]:
    account = Account.generate(seed=7, size="small", now=NOW)
    return {row.contact_id for row in account.list_by_id[CUSTOMERS].rows[::3]}


def there() -> set[str]:
    account = Account.generate(seed=7, size="small", now=NOW)
    return {row.contact_id for row in account.list_by_id[CUSTOMERS].rows} - gone()


def loaded(warehouse: Warehouse, outputs: list[Output], folder: Path) -> list[dict[str, Any]]:
    """Load what runs wrote, one behind the other, and give the rows of the list."""
    done = warehouse.load(b"".join(output.data for output in outputs), folder)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    return warehouse.tables()["list_customers"].rows


@pytest.mark.timeout(180)
@pytest.mark.parametrize("began", ["from the start", "set later"])
def test_postgresql_marks_the_rows_that_are_gone(
    postgres: Postgres, runs: dict[str, list[Output]], tmp_path: Path, began: str
) -> None:
    warehouse = postgresql(postgres, f"full_{uuid4().hex}")
    rows = loaded(warehouse, runs[began], tmp_path)
    marked = {row["contact_id"] for row in rows if row["_sdc_deleted_at"] is not None}
    assert marked == gone()
    assert {row["contact_id"] for row in rows} - marked == there()


@pytest.mark.timeout(180)
def test_postgresql_deletes_the_rows_that_are_gone_where_it_is_told_to(
    postgres: Postgres, runs: dict[str, list[Output]], tmp_path: Path
) -> None:
    began = "set later"
    marking = postgresql(postgres, f"full_{uuid4().hex}")
    warehouse = replace(marking, settings={**marking.settings, "hard_delete": True})
    before = loaded(warehouse, runs[began][:-1], tmp_path)
    assert {row["contact_id"] for row in before} == there() | gone()
    rows = loaded(warehouse, runs[began][-1:], tmp_path)
    assert {row["contact_id"] for row in rows} == there()


@pytest.mark.timeout(180)
def test_duckdb_keeps_them_and_tells_them_by_when_they_were_last_read(
    runs: dict[str, list[Output]], tmp_path: Path
) -> None:
    outputs = runs["from the start"]
    rows = loaded(duckdb(tmp_path / "warehouse.duckdb"), outputs, tmp_path)
    assert {row["contact_id"] for row in rows} == there() | gone()
    (activation,) = outputs[-1].of_type("ACTIVATE_VERSION")
    begin = NOW.fromtimestamp(activation["version"], NOW.tzinfo)
    seen = {row["contact_id"] for row in rows if row["_sdc_extracted_at"] >= f"{begin:%F %T}"}
    assert seen == there()
