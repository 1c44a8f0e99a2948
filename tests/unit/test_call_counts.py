"""The file that keeps the counts of calls and logins between runs."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tap_acton.errors import RunOverError, SettingsError
from tap_acton.stores import call_counts
from tap_acton.stores.call_counts import DAY_MS, FileCountStore, system_clock
from tests.unit.test_rate_limits import NOON, FakeTime, call_times, limits_with

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")


def test_counts_outlive_the_run(tmp_path: Path) -> None:
    fake_time = FakeTime()
    for calls_left in (9, 8):
        store = FileCountStore(tmp_path / "limits.sqlite")
        limits = limits_with(fake_time, store, daily_request_limit=10)
        limits.wait_for_call()
        limits.count_login()
        assert limits.calls_left_today() == calls_left
        limits.close()

    assert fake_time.now - NOON == 204


def test_counts_of_two_accounts_are_apart(tmp_path: Path) -> None:
    fake_time = FakeTime()
    for identity in ("one", "other"):
        limits = limits_with(fake_time, FileCountStore(tmp_path / f"{identity}.sqlite"))
        assert limits.wait_for_call() == 0
        limits.close()


def test_what_no_longer_counts_is_forgotten(tmp_path: Path) -> None:
    fake_time = FakeTime()
    path = tmp_path / "limits.sqlite"
    for _ in range(2):
        limits = limits_with(fake_time, FileCountStore(path))
        limits.wait_for_call()
        limits.count_login()
        limits.close()
        fake_time.now += 2 * DAY_MS

    connection = sqlite3.connect(path)
    for table in ("pace", "day", "logins"):
        assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (1,)  # noqa: S608 - a literal
    connection.close()


@posix_only
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    store = FileCountStore(tmp_path / "limits.sqlite")
    limits_with(FakeTime(), store).wait_for_call()

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(
        (f"limits.sqlite{suffix}" for suffix in ("", ".lock", "-wal", "-shm")), 0o600
    )
    store.close()


@pytest.mark.parametrize("damage", [b"not a database" * 100, None])
def test_a_damaged_file_is_begun_afresh(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None
) -> None:
    path = tmp_path / "limits.sqlite"
    limits = limits_with(FakeTime(), FileCountStore(path))
    call_times(FakeTime(), limits, [0])
    limits.close()
    content = path.read_bytes()
    path.write_bytes(damage or content[:4096] + b"\xff" * (len(content) - 4096))

    fresh = limits_with(FakeTime(), FileCountStore(path))

    assert fresh.calls_left_today() == 30_000
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages == [f"{path} is damaged: the call counts start over at zero."]
    fresh.close()


def test_a_damaged_file_goes_with_all_that_belongs_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_run = limits_with(FakeTime(), FileCountStore(tmp_path / "limits.sqlite"))
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"limits.sqlite{suffix}").write_bytes(b"not a database" * 100)
    sizes: list[dict[str, int]] = []

    def connect(*arguments: object, **options: object) -> sqlite3.Connection:
        sizes.append({path.name: path.stat().st_size for path in tmp_path.iterdir()})
        return opened(*arguments, **options)  # type: ignore[call-overload, no-any-return] # whatever is passed

    opened = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    FileCountStore(tmp_path / "limits.sqlite").close()

    assert sizes[1] == {"limits.sqlite": 0, "limits.sqlite.lock": 0}
    another_run.close()


def test_a_call_after_the_end_of_the_run_is_not_let_through(tmp_path: Path) -> None:
    limits = limits_with(FakeTime(), FileCountStore(tmp_path / "limits.sqlite"))
    limits.close()

    with pytest.raises(RunOverError):
        limits.wait_for_call()


def test_what_still_counts_is_found_without_reading_all(tmp_path: Path) -> None:
    limits = limits_with(FakeTime(), FileCountStore(tmp_path / "limits.sqlite"))

    connection = sqlite3.connect(tmp_path / "limits.sqlite")
    indexed = {
        table
        for (table,) in connection.execute(
            "SELECT tbl_name FROM sqlite_master WHERE type = 'index'"
        )
    }
    connection.close()
    limits.close()
    assert indexed == {"pace", "day", "logins"}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / "limits.sqlite").symlink_to(target)

    with pytest.raises(SettingsError, match="token_store"):
        FileCountStore(tmp_path / "limits.sqlite")
    assert not target.exists()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_nor_is_one_in_place_of_what_belongs_to_the_file(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "elsewhere"
    target.touch()
    (tmp_path / f"limits.sqlite{suffix}").symlink_to(target)

    with pytest.raises(SettingsError, match="not a plain file of this user"):
        FileCountStore(tmp_path / "limits.sqlite")
    assert not target.stat().st_size


def test_counts_that_others_never_let_go_of_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_counts, "LOCK_SECONDS", 0.01)
    path = tmp_path / "limits.sqlite"

    with FileLock(f"{path}.lock"), pytest.raises(SettingsError, match="token_store"):
        FileCountStore(path)


def test_a_file_that_fails_later_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    limits = limits_with(FakeTime(), FileCountStore(path))
    other = sqlite3.connect(path)
    other.execute("DROP TABLE day")
    other.close()

    with pytest.raises(SettingsError, match=rf"folder {tmp_path} .*\(no such table: day\)"):
        limits.wait_for_call()
    limits.close()


def test_two_processes_share_pace_and_day(tmp_path: Path) -> None:
    script = f"""
import time
from tap_acton.errors import AllowanceSpentError
from tap_acton.api.rate_limits import RateLimits
from tap_acton.stores.opening import open_stores
limits = RateLimits(
    store=open_stores({str(tmp_path)!r}, "key").counts,
    requests_per_second=20, daily_request_limit=6, pause=time.sleep,
)
calls = 0
try:
    while True:
        limits.wait_for_call()
        calls += 1
except AllowanceSpentError:
    print(calls)
"""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    calls = [int(run.communicate()[0]) for run in runs]

    connection = sqlite3.connect(tmp_path / "limits-key.sqlite")
    times = [time for (time,) in connection.execute("SELECT item_timestamp FROM pace")]
    connection.close()
    assert sum(calls) == 6
    assert all(later - time >= 51 for time, later in pairwise(times))


def test_the_clock_of_the_machine_counts_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_720_000_000_123_999_999)

    assert system_clock() == 1_720_000_000_123
