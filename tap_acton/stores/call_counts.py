"""The counts of calls and logins between runs: in memory or in a file."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from filelock import FileLock
from pyrate_limiter import InMemoryBucket, RateItem, SQLiteBucket, SQLiteQueries

from tap_acton.errors import RunOverError
from tap_acton.stores.files import check_own, open_private, unusable_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrate_limiter import Rate

logger = logging.getLogger("tap-acton")

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

LOCK_SECONDS = 60.0
"""How long the counts may be in use by others, who take milliseconds for each call."""

Clock = Callable[[], int]
"""Returns milliseconds since 1970."""

Bucket = InMemoryBucket | SQLiteBucket
"""The timestamps of calls, as the library keeps them."""


def system_clock() -> int:
    """Return the time of this machine, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class CallCount(Protocol):
    """The calls that count toward one limit at present."""

    def add(self) -> int:
        """Count a call and return 0, or return how many milliseconds it has to wait."""

    def wait(self) -> int:
        """Return how many milliseconds a call would have to wait, without counting one."""

    def taken(self) -> int:
        """Return how many calls count at present."""


class BucketCount:
    """Counts calls by the clock of this machine."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._rate = bucket.rates[0]
        self._clock = clock
        bucket.leak(clock())

    def add(self) -> int:
        """Count a call and return 0, or return how many milliseconds it has to wait."""
        item = RateItem("call", self._clock())
        if self._bucket.put(item):
            return 0
        wait = cast("int", self._bucket.waiting(item))
        if wait > self._rate.interval + MINUTE_MS:
            # Only timestamps in the future make a wait longer than the window.
            logger.warning("The clock was set back: the call counts start over at zero.")
            self._bucket.flush()
            self._bucket.put(item)
            return 0
        return wait

    def wait(self) -> int:
        """Return how many milliseconds a call would have to wait, without counting one."""
        now = self._clock()
        self._bucket.leak(now)
        oldest = self._bucket.peek(self._rate.limit - 1)
        wait = oldest.timestamp + self._rate.interval - now + 1 if oldest else 0
        return wait if 0 < wait <= self._rate.interval + MINUTE_MS else 0

    def taken(self) -> int:
        """Return how many calls count at present."""
        self._bucket.leak(self._clock())
        return self._bucket.count()


class CountStore:
    """Keeps the counts in memory, for this run alone."""

    def __init__(self) -> None:
        self._thread_lock = threading.Lock()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others who share the counts away from them."""
        with self._thread_lock:
            yield

    def count(self, name: str, rate: Rate, clock: Clock) -> CallCount:  # noqa: ARG002 - see below
        """Open a count. Call this, and use the count, under the lock.

        Args:
            name: Tells the count from the others in the same store.
            rate: The limit.
            clock: The clock to count by, unless a server has one.
        """
        return BucketCount(InMemoryBucket([rate]), clock)

    def close(self) -> None:
        """Close what is open."""


class FileCountStore(CountStore):
    """Keeps the counts in a file, for all runs on this machine.

    Args:
        path: An SQLite file; started over if it is damaged.

    Raises:
        SettingsError: If the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._is_closed = False
        self._path = path
        # The library's own file lock covers a single step. The time has to be read under the
        # lock too: a call that waited for the lock would otherwise be counted too early.
        self._file_lock = FileLock(
            f"{path}.lock", mode=0o600, poll_interval=0.005, timeout=LOCK_SECONDS
        )
        with self.lock():
            self._connection = self._connect()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other threads and other runs away from the counts.

        Raises:
            SettingsError: If the file cannot be used, or no longer.
        """
        try:
            with self._thread_lock, self._file_lock:
                if self._is_closed:
                    # A call by a thread that nobody waits for any longer.
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
        """Close the file once no thread is using it."""
        with self.lock():
            self._is_closed = True
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._connect_once()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            logger.warning("%s is damaged: the call counts start over at zero.", self._path)
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            return self._connect_once()

    def _connect_once(self) -> sqlite3.Connection:
        os.close(open_private(self._path, os.O_RDWR | os.O_CREAT))
        for suffix in ("-wal", "-shm"):
            # SQLite opens these too, and follows where they lead.
            with suppress(FileNotFoundError):
                beside = Path(f"{self._path}{suffix}")
                check_own(beside, beside.lstat())
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
