"""Whatever the days bring, and wherever runs break off: the warehouse ends equal to the account.

Which seeds are run, and how one is looked at again, is told in :mod:`tests.contract.seeds`.
"""

from __future__ import annotations

import pytest

from tests.contract.random_days import Days, days_of
from tests.contract.seeds import given, only_when_soaking, soak

SEEDS = 4
"""Each takes about ten seconds of processor time."""


def end_equal(seed: int) -> None:
    """Let the days of a seed come, and compare what the warehouse holds after them."""
    days_of(seed, _days_and_rest)


def _days_and_rest(days: Days) -> None:
    days.pass_by()
    days.rest()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", given(SEEDS))
def test_the_warehouse_ends_equal_to_the_account(seed: int) -> None:
    end_equal(seed)


@pytest.mark.timeout(0)
@only_when_soaking
def test_so_it_does_with_new_seeds() -> None:
    soak(end_equal)
