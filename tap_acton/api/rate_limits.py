"""The allowance: how many calls a second, how many a day, how many logins an hour.

Act-On allows 5 calls a second, 30,000 a day at most, and 5 logins an hour (Act-On
reference, 2024 edition). How it refuses a call too many, and when its day begins, is
not documented, so the tap counts for itself, over rolling windows. All threads of a run
share one :class:`Limits`; all runs on a machine share the counts behind it, which are
kept in a file beside the token. Several machines share them on a server: see
``stores``.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import platformdirs
from filelock import FileLock
from pyrate_limiter import InMemoryBucket, Rate, RateItem, SQLiteBucket, SQLiteQueries

from tap_acton.errors import AllowanceSpentError, RunOverError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("tap-acton")

LOGINS_PER_HOUR = 5

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

# A server counts by its own seconds, and not every call takes equally long to get there:
# at exactly the allowed pace it sees a call too many now and then.
PACE_MARGIN = 1.02

# From here on calls share a window: one of a few milliseconds would be rounded too much.
WINDOWS_PER_SECOND = 20

Clock = Callable[[], int]
"""Tells the milliseconds since 1970."""

Bucket = InMemoryBucket | SQLiteBucket
"""The timestamps of calls, as the library keeps them."""


def system_clock() -> int:
    """Tell the time of this machine, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def state_folder(setting: str | None) -> Path | None:
    """Find, or make, the folder in which runs leave things for one another.

    Args:
        setting: The setting ``token_store``: a folder, ``memory``, or None for the cache
            folder of the user.

    Returns:
        The folder, or None where everything is to stay in memory.

    Raises:
        SettingsError: If the folder cannot be made.
    """
    if setting == "memory":
        return None
    folder = Path(setting).expanduser() if setting else platformdirs.user_cache_path("tap-acton")
    try:
        # A folder that exists keeps its mode: others may have a right to it, as to /tmp.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_folder(folder, error) from None
    return folder


def unusable_folder(folder: Path, error: Exception) -> SettingsError:
    """Say that nothing can be kept in a folder, and why.

    Args:
        folder: The folder.
        error: What came of the attempt.

    Returns:
        The exception to raise.
    """
    return SettingsError(
        f"The folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}): "
        "set token_store to a folder that this user can write to, or to memory."
    )


def open_private(path: Path, flags: int) -> int:
    """Open a file, made private to the user; a symbolic link is refused.

    Args:
        path: The file.
        flags: As for :func:`os.open`.

    Returns:
        The file descriptor.

    Raises:
        OSError: If the file cannot be opened or is a symbolic link.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if os.fstat(descriptor).st_mode & 0o077:
        path.chmod(0o600)
    return descriptor


class CallCount(Protocol):
    """The calls that count against one limit at present."""

    def add(self) -> int:
        """Count a call and return 0, or return in how many milliseconds it fits."""

    def wait(self) -> int:
        """Tell in how many milliseconds a call fits, without counting one."""

    def taken(self) -> int:
        """Tell how many calls count at present."""


class BucketCount:
    """Counts calls by the clock of this machine.

    Args:
        bucket: The timestamps of the calls.
        clock: Tells the milliseconds since 1970.
    """

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._rate = bucket.rates[0]
        self._clock = clock
        bucket.leak(clock())

    def add(self) -> int:
        """Count a call and return 0, or return in how many milliseconds it fits."""
        item = RateItem("call", self._clock())
        if self._bucket.put(item):
            return 0
        wait = cast("int", self._bucket.waiting(item))
        if wait > self._rate.interval + MINUTE_MS:
            # Only timestamps of the future make a wait longer than the window.
            logger.warning("The clock was set back: the calls are counted from zero again.")
            self._bucket.flush()
            self._bucket.put(item)
            return 0
        return wait

    def wait(self) -> int:
        """Tell in how many milliseconds a call fits, without counting one."""
        now = self._clock()
        self._bucket.leak(now)
        oldest = self._bucket.peek(self._rate.limit - 1)
        wait = oldest.timestamp + self._rate.interval - now + 1 if oldest else 0
        return wait if 0 < wait <= self._rate.interval + MINUTE_MS else 0

    def taken(self) -> int:
        """Tell how many calls count at present."""
        self._bucket.leak(self._clock())
        return self._bucket.count()


class LimitStorage:
    """Keeps the counts in memory, for this run alone."""

    def __init__(self) -> None:
        self._thread_lock = threading.Lock()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others who share the counts away from them for a timestamp."""
        with self._thread_lock:
            yield

    def count(self, name: str, rate: Rate, clock: Clock) -> CallCount:  # noqa: ARG002 - see below
        """Open a count; to be called, and the count to be used, under the lock.

        Args:
            name: A word that tells the count from the others, where they are kept together.
            rate: The limit.
            clock: Tells the milliseconds since 1970, where no server does.

        Returns:
            The count, as far as it is known.
        """
        return BucketCount(InMemoryBucket([rate]), clock)

    def close(self) -> None:
        """Close what is open."""


class FileLimitStorage(LimitStorage):
    """Keeps the counts in a file, for all runs on this machine.

    Args:
        path: An SQLite file; begun afresh where it is damaged.

    Raises:
        SettingsError: If the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._is_closed = False
        self._path = path
        # The library's own file lock covers a single step. The time has to be read under
        # the lock too: a call that waited for the lock would otherwise count too early.
        self._file_lock = FileLock(f"{path}.lock", mode=0o600, poll_interval=0.005)
        with self.lock():
            self._connection = self._connect()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep the other threads and the other runs away from the counts for a timestamp.

        Raises:
            SettingsError: If the file cannot be used, or no longer.
        """
        try:
            with self._thread_lock, self._file_lock:
                if self._is_closed:
                    # A call of a thread that nobody waits for any more.
                    raise RunOverError
                yield
        except (OSError, NotImplementedError, sqlite3.Error) as error:
            raise unusable_folder(self._path.parent, error) from None

    def count(self, name: str, rate: Rate, clock: Clock) -> CallCount:
        """Open a count, with what other runs have counted."""
        for statement in (
            SQLiteQueries.CREATE_BUCKET_TABLE.format(table=name),
            SQLiteQueries.CREATE_INDEX_ON_TIMESTAMP.format(
                index_name=f"{name}_by_time", table_name=name
            ),
        ):
            self._connection.execute(statement)
        return BucketCount(SQLiteBucket([rate], self._connection, name), clock)

    def close(self) -> None:
        """Close the file, when no thread is at it."""
        with self.lock():
            self._is_closed = True
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._connect_once()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            logger.warning("%s is damaged: the calls are counted from zero again.", self._path)
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            return self._connect_once()

    def _connect_once(self) -> sqlite3.Connection:
        os.close(open_private(self._path, os.O_RDWR | os.O_CREAT))
        connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def open_limit_storage(setting: str | None, identity: str) -> LimitStorage:
    """Open the counts of one account.

    Args:
        setting: The setting ``token_store``, as for :func:`state_folder`.
        identity: The key of the account, for the name of the file.

    Returns:
        The storage.

    Raises:
        SettingsError: If the folder cannot be used.
    """
    folder = state_folder(setting)
    if folder is None:
        return LimitStorage()
    return FileLimitStorage(folder / f"limits-{identity}.sqlite")


def pace(requests_per_second: float) -> Rate:
    """Spread the allowed calls evenly, a little more slowly than is allowed.

    Args:
        requests_per_second: Calls a second; may be a fraction. A whole number of them is
            not exceeded in any second, wherever it begins.

    Returns:
        How many calls fit into a window of how many milliseconds.
    """
    calls = max(1, int(requests_per_second // WINDOWS_PER_SECOND))
    windows = requests_per_second if calls == 1 else requests_per_second // calls
    # The library counts a window's first and last millisecond: it is longer by one.
    return Rate(calls, math.ceil(SECOND_MS * PACE_MARGIN / windows) - 1)


def seconds_for(calls: int, requests_per_second: float) -> float:
    """Tell how long calls take at the allowed pace, however fast they are answered.

    Args:
        calls: How many calls.
        requests_per_second: Calls a second; may be a fraction.

    Returns:
        The seconds.
    """
    rate = pace(requests_per_second)
    return calls / rate.limit * (rate.interval + 1) / SECOND_MS


class Limits:
    """Lets calls and logins through while they are allowed.

    Args:
        storage: Where the counts are kept, shared by all runs for the same account.
        requests_per_second: Calls a second over all threads; may be a fraction.
        daily_request_limit: Calls in any 24 hours over all runs.
        pause: Waits the given seconds; raises when the run is to end.
        clock: Tells the milliseconds since 1970.
    """

    def __init__(
        self,
        *,
        storage: LimitStorage,
        requests_per_second: float,
        daily_request_limit: int,
        pause: Callable[[float], None],
        clock: Clock = system_clock,
    ) -> None:
        self._storage = storage
        self._daily_request_limit = daily_request_limit
        self._pause = pause
        self._clock = clock
        self._held_until = 0
        self._turn = threading.Lock()
        rate = pace(requests_per_second)
        # Of calls that share a window, none has to keep away from the one before it.
        self._gap = rate.interval + 1 if rate.limit == 1 else 0
        self._left_at = 0
        with storage.lock():
            self._pace = storage.count("pace", rate, clock)
            self._day = storage.count("day", Rate(daily_request_limit, DAY_MS), clock)
            self._logins = storage.count("logins", Rate(LOGINS_PER_HOUR, HOUR_MS), clock)

    def wait_for_call(self) -> float:
        """Wait until a call may be made, and count it.

        Returns:
            The seconds waited.

        Raises:
            AllowanceSpentError: If the last 24 hours hold as many calls as the daily limit.
        """
        started = self._clock()
        # One thread waits for the next call and the others queue behind it, since only
        # one of them could have it.
        with self._turn:
            while wait := self._admit_call():
                self._pause(wait / SECOND_MS)
            # The one before it may have left later than it counts, after a slow disk.
            early = self._left_at + self._gap - self._clock()
            if 0 < early <= self._gap:
                self._pause(early / SECOND_MS)
            self._left_at = self._clock()
        return (self._clock() - started) / SECOND_MS

    def check_login(self) -> None:
        """Make sure that a login, whichever the grant, may be made; do not count it yet.

        The caller keeps other logins for the account away until it has been counted.

        Raises:
            AllowanceSpentError: If the last hour holds as many as Act-On allows. The wait
                may be as long as that, so it is not done here.
        """
        with self._storage.lock():
            wait = self._logins.wait()
        if wait:
            raise AllowanceSpentError(
                f"The {LOGINS_PER_HOUR} logins an hour that Act-On allows are used up: run again "
                f"in {math.ceil(wait / MINUTE_MS)} minutes."
            )

    def count_login(self) -> None:
        """Count a login that Act-On has heard of, or may have."""
        with self._storage.lock():
            self._logins.add()

    def hold_back(self, seconds: float) -> None:
        """Let no thread make a call for a while, because Act-On asks for fewer.

        Args:
            seconds: How long, from now on.
        """
        with self._storage.lock():
            self._held_until = max(self._held_until, self._clock() + round(seconds * SECOND_MS))

    def calls_left_today(self) -> int:
        """Tell how many calls the daily limit still allows."""
        with self._storage.lock():
            return max(0, self._daily_request_limit - self._day.taken())

    def close(self) -> None:
        """Close the storage."""
        self._storage.close()

    def _admit_call(self) -> int:
        """Count a call and return 0, or return how many milliseconds it has to wait."""
        with self._storage.lock():
            wait = max(0, self._held_until - self._clock()) or self._pace.add()
            if wait:
                return wait
            wait = self._day.add()
        if wait:
            raise AllowanceSpentError(
                f"The {self._daily_request_limit} calls in 24 hours of daily_request_limit are "
                f"used up: run again in {math.ceil(wait / MINUTE_MS)} minutes, to go on from here."
            )
        return 0
