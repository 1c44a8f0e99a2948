"""What the contract's tests share: accounts, running sandboxes, and two complete runs."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from acton_sandbox import Account, Clock, Sandbox
from tests.contract.harness import Bench, Output
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
"""When the tests take place."""


@contextmanager
def bench_of(
    account: Account,
    *,
    is_time_frozen: bool = True,
    is_served: bool = False,
    **sandbox_settings: Any,
) -> Iterator[Bench]:
    """Run a sandbox at the account's own time.

    Args:
        account: The account.
        is_time_frozen: Whether time passes only where the tap would wait; else waits take
            their time.
        is_served: Whether the sandbox listens on a socket, as it does where time passes: for
            what the answers in this process cannot show.
        **sandbox_settings: What the sandbox takes.

    Yields:
        The bench.
    """
    if is_time_frozen and not is_served:
        with bench_in_process(account, has_threads=True, **sandbox_settings) as bench:
            yield bench
        return
    clock = Clock(account.now, frozen=is_time_frozen)
    with (
        time_machine.travel(account.now, tick=not is_time_frozen) as time,
        Sandbox(account=account, clock=clock, **sandbox_settings) as sandbox,
    ):
        yield Bench(sandbox, time, waits=not is_time_frozen)


@pytest.fixture(scope="session")
def account() -> Account:
    """A small account, the same one in every test."""
    return Account.generate(seed=7, size="small", now=NOW)


@pytest.fixture(scope="session")
def complete_runs(account: Account) -> dict[str, Output]:
    """A complete run over the account for each edition."""
    outputs = {}
    for edition in ("2024", "2019"):
        with bench_of(account, edition=edition) as bench:
            outputs[edition] = bench.run()
    return outputs


@pytest.fixture(scope="session")
def complete_run(complete_runs: dict[str, Output]) -> Output:
    """A complete run over the account, by the 2024 edition."""
    return complete_runs["2024"]


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """A sandbox of its own for a test, with the small account in it."""
    with bench_of(account) as bench:
        yield bench


@pytest.fixture
def served_bench(account: Account) -> Iterator[Bench]:
    """The same with a sandbox on a socket: for slow answers, and for what libraries log."""
    with bench_of(account, is_served=True) as bench:
        yield bench
