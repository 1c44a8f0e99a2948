"""The rate limits: how many calls per second, calls per day and logins per hour.

Act-On allows 5 calls per second, at most 30,000 per day, and 5 logins per hour (Act-On
reference, 2024 edition). How it refuses a call too many, and when its day begins, is not
documented, so the tap counts for itself, over rolling windows. All threads of a run share
one :class:`RateLimits`; all runs for an account share the counts behind it: see ``stores``.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from pyrate_limiter import Rate

from tap_acton.errors import AllowanceSpentError
from tap_acton.stores.call_counts import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, system_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.stores.call_counts import Clock, CountStore

LOGINS_PER_HOUR = 5

# The server counts by seconds of its own, and calls take more or less time to get there: at
# exactly the allowed pace, it would see a call too many now and then.
PACE_MARGIN = 1.02

# Above this rate calls share a window: one of a few milliseconds would be rounded too much.
WINDOWS_PER_SECOND = 20


def pace(requests_per_second: float) -> Rate:
    """Spread the allowed calls evenly, a little slower than allowed.

    Args:
        requests_per_second: May be a fraction. A whole number is not exceeded in any second,
            wherever it begins.

    Returns:
        How many calls fit into a window of how many milliseconds.
    """
    calls = max(1, int(requests_per_second // WINDOWS_PER_SECOND))
    windows = requests_per_second if calls == 1 else requests_per_second // calls
    # The library counts both the first and the last millisecond of a window.
    return Rate(calls, math.ceil(SECOND_MS * PACE_MARGIN / windows) - 1)


def days_for(calls: int, left: int, per_day: int) -> int:
    """Return over how many days calls spread, if so many are left today."""
    return 1 + math.ceil(max(0, calls - left) / per_day)


def seconds_for(calls: int, requests_per_second: float) -> float:
    """Return how many seconds some calls take at the allowed pace, if responses are instant."""
    rate = pace(requests_per_second)
    return calls / rate.limit * (rate.interval + 1) / SECOND_MS


class RateLimits:
    """Lets calls and logins through while they are allowed.

    Args:
        store: Keeps the counts, for all runs for the same account.
        requests_per_second: Over all threads; may be a fraction.
        daily_request_limit: Calls in any 24 hours, over all runs.
        pause: Waits some seconds; raises when the run is to end.
        clock: Returns milliseconds since 1970.
    """

    def __init__(
        self,
        *,
        store: CountStore,
        requests_per_second: float,
        daily_request_limit: int,
        pause: Callable[[float], None],
        clock: Clock = system_clock,
    ) -> None:
        self._store = store
        self._daily_request_limit = daily_request_limit
        self._pause = pause
        self._clock = clock
        self._held_until = 0
        self._turn = threading.Lock()
        rate = pace(requests_per_second)
        # Calls that share a window need no distance from one another.
        self._gap = rate.interval + 1 if rate.limit == 1 else 0
        self._left_at = 0
        with store.lock():
            self._pace = store.count("pace", rate, clock)
            self._day = store.count("day", Rate(daily_request_limit, DAY_MS), clock)
            self._logins = store.count("logins", Rate(LOGINS_PER_HOUR, HOUR_MS), clock)

    def wait_for_call(self) -> float:
        """Wait until a call may be made, and count it.

        Returns:
            The seconds waited.

        Raises:
            AllowanceSpentError: If the last 24 hours hold as many calls as the daily limit.
        """
        started = self._clock()
        # One thread waits for the next call, and the others queue behind it: only one of them
        # could have it.
        with self._turn:
            while wait := self._admit_call():
                self._pause(wait / SECOND_MS)
            # The previous call may have left later than it was counted, after a slow disk.
            early = self._left_at + self._gap - self._clock()
            if 0 < early <= self._gap:
                self._pause(early / SECOND_MS)
            self._left_at = self._clock()
        return (self._clock() - started) / SECOND_MS

    def check_login(self) -> None:
        """Make sure that a login by any grant is allowed, without counting it yet.

        Until it has been counted, the caller must keep other logins for the account away.

        Raises:
            AllowanceSpentError: If the last hour holds as many as Act-On allows. The wait may
                be that long, so it is not done here.
        """
        with self._store.lock():
            wait = self._logins.wait()
        if wait:
            raise AllowanceSpentError(
                f"The {LOGINS_PER_HOUR} logins per hour that Act-On allows are used up: run again "
                f"in {math.ceil(wait / MINUTE_MS)} minutes."
            )

    def count_login(self) -> None:
        """Count a login that has reached Act-On, or may have."""
        with self._store.lock():
            self._logins.add()

    def hold_back(self, seconds: float) -> None:
        """Let no thread make a call for some seconds, because Act-On asks for fewer."""
        with self._store.lock():
            self._held_until = max(self._held_until, self._clock() + round(seconds * SECOND_MS))

    @property
    def held_back(self) -> float:
        """For how many more seconds no thread makes a call."""
        return max(0, self._held_until - self._clock()) / SECOND_MS

    def calls_left_today(self) -> int:
        """Return how many calls the daily limit still allows."""
        with self._store.lock():
            return max(0, self._daily_request_limit - self._day.taken())

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _admit_call(self) -> int:
        """Count a call and return 0, or return how many milliseconds it has to wait."""
        with self._store.lock():
            wait = max(0, self._held_until - self._clock()) or self._pace.add()
            if wait:
                return wait
            wait = self._day.add()
        if wait:
            raise AllowanceSpentError(
                f"The {self._daily_request_limit} calls per 24 hours of daily_request_limit are "
                f"used up: run again in {math.ceil(wait / MINUTE_MS)} minutes to resume."
            )
        return 0
