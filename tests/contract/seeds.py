"""Seeds of random tests: a bounded share in the suite, or new ones for as long as is asked for.

A seed alone makes a failure happen again: ``TAP_ACTON_SEED=123`` runs a random test with that one.
"""

from __future__ import annotations

import os
import random
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = os.environ.get("TAP_ACTON_SEED")
"""The only seed to run, if there is one."""

SOAK_SECONDS = float(os.environ.get("TAP_ACTON_SOAK_SECONDS") or 0)
"""For how long to run new seeds; 0 outside ``make soak``."""

only_when_soaking = pytest.mark.skipif(not SOAK_SECONDS, reason="runs by make soak")


def given(number: int) -> Sequence[int]:
    """Give the seeds of the suite's share.

    Args:
        number: How many there are.

    Returns:
        The seeds, the same in every run; only that of the environment if it names one.
    """
    return [int(SEED)] if SEED else range(number)


def soak(check: Callable[[int], None]) -> None:
    """Run new seeds until the time is over, and tell of all that fail.

    Args:
        check: What is run with each seed; raises where it fails.
    """
    dice = random.SystemRandom()
    end = time.monotonic() + SOAK_SECONDS
    failed, number = [], 0
    while time.monotonic() < end:
        seed = dice.randrange(10**9)
        number += 1
        try:
            check(seed)
        except Exception as error:  # noqa: BLE001 - the other seeds are to be run too
            sys.stderr.write(f"TAP_ACTON_SEED={seed}: {type(error).__name__}: {error!s:.500}\n")
            failed.append(seed)
    sys.stderr.write(f"{number} seeds were run.\n")
    assert not failed, f"{len(failed)} of {number} seeds fail: TAP_ACTON_SEED={failed}"
