"""What is optional costs nothing unless it is named, whoever makes the selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_acton.catalog import OPTIONAL
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from tests.contract.harness import Bench


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """An account that responds in this process."""
    with bench_in_process(account) as bench:
        yield bench


def test_a_run_costs_the_same_when_all_that_the_catalog_holds_is_selected(bench: Bench) -> None:
    """As Meltano selects it."""
    defaults = bench.run()
    everything = bench.run(discovered=bench.discover(optional_streams=[]))
    # Without a catalog, the run looks up the fields of the account as it begins.
    assert everything.paths <= defaults.paths
    assert everything.records == defaults.records
    assert not {*OPTIONAL} & everything.records.keys()


def test_a_run_without_a_catalog_reads_a_stream_that_is_named(bench: Bench) -> None:
    found = bench.run(optional_streams=["contact_scores"])
    assert found.failure is None
    assert {*OPTIONAL} & found.records.keys() == {"contact_scores"}
