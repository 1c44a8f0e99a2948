"""Whatever goes wrong at whatever call: the tables are right, or the exit code says otherwise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import seeds
from tests.contract.conftest import bench_of
from tests.contract.disturbances import RandomFaults
from tests.contract.expected import by_key, expected_records
from tests.contract.harness import SECRETS, Output, union

if TYPE_CHECKING:
    from pathlib import Path

    from acton_sandbox import Account
    from tests.contract.harness import Bench

SEEDS = 16


def assert_tables(outputs: list[Output], account: Account) -> None:
    """Make sure that a warehouse holds every row of the account as it is now."""
    held = union(outputs)
    for stream, records in expected_records(account).items():
        expected = by_key(stream, records)
        wrong = {k: held[stream].get(k) for k in expected if held[stream].get(k) != expected[k]}
        assert wrong == {}, f"{stream}: {len(wrong)} of {len(expected)}"


def assert_nothing_invented(output: Output, account: Account) -> None:
    """Make sure that each row of a run is one of the account, whole and unchanged."""
    expected = expected_records(account)
    for stream, records in output.records.items():
        known = by_key(stream, expected[stream])
        invented = {k: v for k, v in by_key(stream, records).items() if known.get(k) != v}
        assert invented == {}, stream


def check(seed: int, account: Account, before: Output, folder: Path) -> None:
    """Disturb a run, and repair what it could not do by one that is not disturbed.

    Args:
        seed: Decides about everything.
        account: The account.
        before: An undisturbed run over it.
        folder: Where tokens are kept.
    """
    dice = random.Random(seed)  # noqa: S311 - the same run for the same seed
    settings: dict[str, Any] = {
        "page_size": dice.choice((20, 1_000)),
        "max_concurrency": dice.choice((1, 4, 8)),
        "token_store": dice.choice(("memory", str(folder / f"store-{seed}"))),
    }
    disturbances = RandomFaults(seed)
    with bench_of(account) as bench:
        outputs = []
        if dice.choice((True, False)):
            bench.next_day()
            outputs.append(before)
        try:
            disturbed(bench, disturbances, outputs, settings)
        except Exception as error:
            error.add_note(f"TAP_ACTON_SEED={seed}, {settings}, {disturbances.rules}")
            raise


def disturbed(
    bench: Bench, disturbances: RandomFaults, outputs: list[Output], settings: dict[str, Any]
) -> None:
    """Run with disturbances, then without, and make sure of the tables."""
    state = outputs[-1].state if outputs else None
    with disturbances.of(bench.sandbox):
        found = bench.run(state, **settings)
    account = bench.sandbox.account
    assert not any(secret in found.log for secret in (*SECRETS, "@"))
    assert_nothing_invented(found, account)
    outputs.append(found)
    if found.failure is None:
        assert_tables(outputs, account)
    else:
        assert found.failure.exit_code > 0
        state = found.state if found.of_type("STATE") else state
    # Logins are counted by the hour.
    bench.let_pass(2 * 3600)
    repaired = bench.run(state, **settings)
    assert repaired.failure is None
    outputs.append(repaired)
    assert_tables(outputs, account)


@pytest.mark.parametrize("seed", seeds.given(SEEDS))
def test_a_disturbed_run_is_right_or_says_so_and_the_next_one_repairs_it(
    account: Account, complete_run: Output, tmp_path: Path, seed: int
) -> None:
    check(seed, account, complete_run, tmp_path)


@pytest.mark.timeout(0)
@seeds.only_when_soaking
def test_so_is_a_run_with_new_seeds(account: Account, complete_run: Output, tmp_path: Path) -> None:
    seeds.soak(lambda seed: check(seed, account, complete_run, tmp_path))
