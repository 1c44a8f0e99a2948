"""The pace, the daily limit and the logins, by a clock that the tests set."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import stat
import subprocess
import sys
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, cycle, pairwise, repeat
from typing import TYPE_CHECKING

import platformdirs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.api.rate_limits import LOGINS_PER_HOUR, Limits, seconds_for
from tap_acton.errors import (
    AllowanceSpentError,
    InterruptedRunError,
    RunOverError,
    SettingsError,
)
from tap_acton.stores.call_counts import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    FileLimitStorage,
    LimitStorage,
    open_limit_storage,
    system_clock,
)
from tap_acton.stores.files import open_private, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = 1_720_000_000_000

posix_only = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")


class FakeTime:
    """A clock that moves only when it is told to, or when someone waits."""

    def __init__(self) -> None:
        self.now = NOON
        self.pauses: list[float] = []

    def clock(self) -> int:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += round(seconds * SECOND_MS)


class SlowStorage(LimitStorage):
    """Takes its time once a call has been counted.

    Args:
        time: The clock.
        delays: How long it takes each time, in milliseconds.
    """

    def __init__(self, time: FakeTime, delays: Iterator[int]) -> None:
        super().__init__()
        self.time = time
        self.delays = delays

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep the counts, and take the time."""
        with super().lock():
            yield
        self.time.now += next(self.delays)


def limits_with(
    fake_time: FakeTime,
    storage: LimitStorage | None = None,
    *,
    requests_per_second: float = 5,
    daily_request_limit: int = 30_000,
) -> Limits:
    return Limits(
        storage=storage or LimitStorage(),
        requests_per_second=requests_per_second,
        daily_request_limit=daily_request_limit,
        pause=fake_time.pause,
        clock=fake_time.clock,
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def call_times(fake_time: FakeTime, limits: Limits, gaps: list[int]) -> list[int]:
    """Ask for a call after each gap, and return when each was let through."""
    times = []
    for gap in gaps:
        fake_time.now += gap
        limits.wait_for_call()
        times.append(fake_time.now)
    return times


def most_in_a_window(times: list[int], window: int) -> int:
    return max(sum(start <= time < start + window for time in times) for start in times)


class TestPace:
    def test_first_call_does_not_wait(self) -> None:
        fake_time = FakeTime()

        assert limits_with(fake_time).wait_for_call() == 0
        assert fake_time.pauses == []

    def test_five_a_second_are_spread_evenly_with_a_margin(self) -> None:
        fake_time = FakeTime()

        times = call_times(fake_time, limits_with(fake_time), [0] * 6)

        assert [time - NOON for time in times] == [0, 204, 408, 612, 816, 1020]

    def test_tells_how_long_it_waited(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        limits.wait_for_call()
        fake_time.now += 100

        assert limits.wait_for_call() == 0.104

    def test_a_call_that_is_counted_slowly_does_not_bring_the_next_one_close(self) -> None:
        fake_time = FakeTime()
        storage = SlowStorage(fake_time, cycle([0, 340, 0, 0, 90, 10, 0, 1]))
        limits = limits_with(fake_time, storage)
        left = []
        for _ in range(60):
            limits.wait_for_call()
            left.append(fake_time.now)

        assert all(204 <= later - earlier <= 204 + 340 for earlier, later in pairwise(left))
        assert all(later - earlier > 1000 for earlier, later in zip(left, left[5:], strict=False))

    def test_a_millisecond_is_kept_away_too(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, SlowStorage(fake_time, chain([0, 1], repeat(0))))

        assert call_times(fake_time, limits, [0, 0]) == [NOON + 1, NOON + 1 + 204]

    def test_calls_that_share_a_window_need_not_keep_apart(self) -> None:
        fake_time = FakeTime()

        times = call_times(fake_time, limits_with(fake_time, requests_per_second=100), [0] * 5)

        assert [time - NOON for time in times] == [0] * 5

    def test_pace_may_be_a_fraction(self) -> None:
        fake_time = FakeTime()

        times = call_times(fake_time, limits_with(fake_time, requests_per_second=0.5), [0] * 3)

        assert [time - NOON for time in times] == [0, 2040, 4080]

    @settings(deadline=None)
    @given(
        requests_per_second=st.integers(1, 200),
        gaps=st.lists(st.integers(0, 300), min_size=1, max_size=60),
    )
    def test_no_second_has_more_calls_than_allowed(
        self, requests_per_second: int, gaps: list[int]
    ) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, requests_per_second=requests_per_second)

        times = call_times(fake_time, limits, gaps)

        assert most_in_a_window(times, SECOND_MS) <= requests_per_second

    @pytest.mark.parametrize("requests_per_second", [5, 20, 27, 39, 41, 59, 119, 199, 1000])
    def test_no_second_of_steady_calls_has_more_than_allowed(
        self, requests_per_second: int
    ) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, requests_per_second=requests_per_second)

        times = call_times(fake_time, limits, [0] * 2 * requests_per_second)

        assert bisect_left(times, times[0] + SECOND_MS) <= requests_per_second

    @settings(deadline=None)
    @given(requests_per_second=st.floats(0.01, 300))
    def test_steady_calls_come_close_to_the_pace_allowed(self, requests_per_second: float) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, requests_per_second=requests_per_second)

        times = call_times(fake_time, limits, [0] * 200)

        calls_per_second = (len(times) - 1) / (times[-1] - times[0]) * SECOND_MS
        assert 0.85 * requests_per_second < calls_per_second < 1.1 * requests_per_second

    @pytest.mark.parametrize("setting", ["memory", "folder"])
    def test_threads_share_the_pace(self, tmp_path: Path, setting: str) -> None:
        fake_time = FakeTime()
        storage = open_limit_storage(setting if setting == "memory" else str(tmp_path), "key")
        limits = limits_with(fake_time, storage)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: limits.wait_for_call(), range(40)))

        assert fake_time.now - NOON == 39 * 204
        assert limits.calls_left_today() == 30_000 - 40
        limits.close()

    @pytest.mark.parametrize(
        ("calls", "requests_per_second", "seconds"),
        [(1, 5, 0.204), (30_000, 5, 6120), (3, 0.5, 6.12), (50, 1000, 0.051)],
    )
    def test_tells_how_long_calls_take(
        self, calls: int, requests_per_second: float, seconds: float
    ) -> None:
        assert seconds_for(calls, requests_per_second) == pytest.approx(seconds)

    def test_stop_ends_the_wait_and_counts_no_call(self) -> None:
        def stop(_seconds: float) -> None:
            raise InterruptedRunError(15)

        fake_time = FakeTime()
        limits = Limits(
            storage=LimitStorage(),
            requests_per_second=5,
            daily_request_limit=10,
            pause=stop,
            clock=fake_time.clock,
        )
        limits.wait_for_call()

        with pytest.raises(InterruptedRunError):
            limits.wait_for_call()

        assert limits.calls_left_today() == 9

    def test_a_clock_set_back_does_not_stop_the_calls(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        limits.wait_for_call()
        fake_time.now -= DAY_MS

        assert limits.wait_for_call() == 0
        assert limits.wait_for_call() == 0.204
        assert caplog.messages == ["The clock was set back: the calls are counted from zero again."]

    def test_a_clock_set_back_by_less_than_a_minute_is_waited_for(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        limits.wait_for_call()
        fake_time.now -= MINUTE_MS - 1

        assert limits.wait_for_call() == 60.203


class TestHoldBack:
    def test_no_call_until_the_time_is_over(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)

        limits.hold_back(7.5)

        assert limits.wait_for_call() == 7.5
        assert limits.wait_for_call() == 0.204

    def test_a_shorter_one_does_not_shorten_it(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)

        limits.hold_back(10)
        limits.hold_back(1)

        assert limits.wait_for_call() == 10

    def test_it_holds_a_thread_that_is_already_waiting(self) -> None:
        fake_time = FakeTime()

        def pause(seconds: float) -> None:
            if not fake_time.pauses:
                limits.hold_back(3)
            fake_time.pause(seconds)

        limits = Limits(
            storage=LimitStorage(),
            requests_per_second=5,
            daily_request_limit=10,
            pause=pause,
            clock=fake_time.clock,
        )
        limits.wait_for_call()

        assert limits.wait_for_call() == 3


class TestDay:
    def test_spent_day_raises_and_says_when_to_run_again(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, daily_request_limit=2)
        call_times(fake_time, limits, [0, HOUR_MS])
        fake_time.now += HOUR_MS

        with pytest.raises(AllowanceSpentError, match=r"daily_request_limit .* in 1321 minutes"):
            limits.wait_for_call()

        assert fake_time.pauses == []

    @settings(deadline=None)
    @given(
        daily_request_limit=st.integers(1, 6),
        gaps=st.lists(st.integers(1, 30).map(lambda hours: hours * HOUR_MS), max_size=40),
    )
    def test_a_call_passes_exactly_when_the_last_24_hours_have_room(
        self, daily_request_limit: int, gaps: list[int]
    ) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, daily_request_limit=daily_request_limit)
        made: list[int] = []
        for gap in gaps:
            fake_time.now += gap
            recent = sum(time >= fake_time.now - DAY_MS for time in made)
            assert limits.calls_left_today() == daily_request_limit - recent
            if recent < daily_request_limit:
                limits.wait_for_call()
                made.append(fake_time.now)
            else:
                with pytest.raises(AllowanceSpentError):
                    limits.wait_for_call()

    def test_a_limit_made_smaller_leaves_nothing_rather_than_less(self, tmp_path: Path) -> None:
        fake_time = FakeTime()
        storage = FileLimitStorage(tmp_path / "limits.sqlite")
        call_times(fake_time, limits_with(fake_time, storage), [0] * 3)

        assert limits_with(fake_time, storage, daily_request_limit=1).calls_left_today() == 0
        storage.close()


class TestLogins:
    def test_the_sixth_within_an_hour_is_refused_with_the_minutes_to_wait(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        for _ in range(LOGINS_PER_HOUR):
            limits.check_login()
            limits.count_login()
            fake_time.now += MINUTE_MS

        with pytest.raises(AllowanceSpentError, match="in 56 minutes"):
            limits.check_login()

        fake_time.now += 56 * MINUTE_MS
        limits.check_login()
        assert fake_time.pauses == []

    def test_one_counts_to_the_end_of_its_hour(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        for _ in range(LOGINS_PER_HOUR):
            limits.count_login()

        fake_time.now += HOUR_MS - MINUTE_MS + 1
        with pytest.raises(AllowanceSpentError, match="in 1 minutes"):
            limits.check_login()
        fake_time.now = NOON + HOUR_MS
        with pytest.raises(AllowanceSpentError):
            limits.check_login()
        fake_time.now += 1
        limits.check_login()

    def test_a_clock_set_back_by_more_than_a_minute_does_not_stop_them(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        for _ in range(LOGINS_PER_HOUR):
            limits.count_login()

        fake_time.now -= MINUTE_MS - 1
        with pytest.raises(AllowanceSpentError):
            limits.check_login()
        fake_time.now -= 1
        limits.check_login()

    def test_a_refused_one_does_not_count(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time)
        for _ in range(LOGINS_PER_HOUR):
            limits.count_login()
        for _ in range(3):
            fake_time.now += 19 * MINUTE_MS
            with pytest.raises(AllowanceSpentError):
                limits.check_login()

        fake_time.now += 4 * MINUTE_MS
        for _ in range(LOGINS_PER_HOUR):
            limits.check_login()
            limits.count_login()


class TestFile:
    def test_counts_outlive_the_run(self, tmp_path: Path) -> None:
        fake_time = FakeTime()
        for calls_left in (9, 8):
            storage = open_limit_storage(str(tmp_path), "key")
            limits = limits_with(fake_time, storage, daily_request_limit=10)
            limits.wait_for_call()
            limits.count_login()
            assert limits.calls_left_today() == calls_left
            limits.close()

        assert fake_time.now - NOON == 204

    def test_counts_of_two_accounts_are_apart(self, tmp_path: Path) -> None:
        fake_time = FakeTime()
        for identity in ("one", "other"):
            limits = limits_with(fake_time, open_limit_storage(str(tmp_path), identity))
            assert limits.wait_for_call() == 0
            limits.close()

    def test_what_no_longer_counts_is_forgotten(self, tmp_path: Path) -> None:
        fake_time = FakeTime()
        path = tmp_path / "limits.sqlite"
        for _ in range(2):
            limits = limits_with(fake_time, FileLimitStorage(path))
            limits.wait_for_call()
            limits.count_login()
            limits.close()
            fake_time.now += 2 * DAY_MS

        connection = sqlite3.connect(path)
        for table in ("pace", "day", "logins"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (1,)  # noqa: S608
        connection.close()

    @posix_only
    def test_only_the_user_can_read_it(self, tmp_path: Path) -> None:
        folder = tmp_path / "state" / "acton"
        storage = open_limit_storage(str(folder), "key")
        limits_with(FakeTime(), storage).wait_for_call()

        assert mode_of(folder) == 0o700
        assert {path.name: mode_of(path) for path in folder.iterdir()} == dict.fromkeys(
            (f"limits-key.sqlite{suffix}" for suffix in ("", ".lock", "-wal", "-shm")), 0o600
        )
        storage.close()

    @pytest.mark.parametrize("damage", [b"not a database" * 100, None])
    def test_a_damaged_file_is_begun_afresh(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None
    ) -> None:
        path = tmp_path / "limits.sqlite"
        limits = limits_with(FakeTime(), FileLimitStorage(path))
        call_times(FakeTime(), limits, [0])
        limits.close()
        content = path.read_bytes()
        path.write_bytes(damage or content[:4096] + b"\xff" * (len(content) - 4096))

        fresh = limits_with(FakeTime(), FileLimitStorage(path))

        assert fresh.calls_left_today() == 30_000
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert caplog.messages == [f"{path} is damaged: the calls are counted from zero again."]
        fresh.close()

    def test_a_damaged_file_goes_with_all_that_belongs_to_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        another_run = limits_with(FakeTime(), FileLimitStorage(tmp_path / "limits.sqlite"))
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"limits.sqlite{suffix}").write_bytes(b"not a database" * 100)
        sizes: list[dict[str, int]] = []

        def connect(*arguments: object, **options: object) -> sqlite3.Connection:
            sizes.append({path.name: path.stat().st_size for path in tmp_path.iterdir()})
            return opened(*arguments, **options)  # type: ignore[call-overload, no-any-return]

        opened = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", connect)
        FileLimitStorage(tmp_path / "limits.sqlite").close()

        assert sizes[1] == {"limits.sqlite": 0, "limits.sqlite.lock": 0}
        another_run.close()

    def test_a_call_after_the_end_of_the_run_is_not_let_through(self, tmp_path: Path) -> None:
        limits = limits_with(FakeTime(), FileLimitStorage(tmp_path / "limits.sqlite"))
        limits.close()

        with pytest.raises(RunOverError):
            limits.wait_for_call()

    def test_what_still_counts_is_found_without_reading_all(self, tmp_path: Path) -> None:
        limits = limits_with(FakeTime(), FileLimitStorage(tmp_path / "limits.sqlite"))

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

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        target = tmp_path / "elsewhere"
        (tmp_path / "limits.sqlite").symlink_to(target)

        with pytest.raises(SettingsError, match="token_store"):
            FileLimitStorage(tmp_path / "limits.sqlite")
        assert not target.exists()

    def test_a_folder_that_cannot_be_made_names_the_setting(self, tmp_path: Path) -> None:
        folder = tmp_path / "file" / "folder"
        (tmp_path / "file").touch()

        with pytest.raises(SettingsError) as raised:
            open_limit_storage(str(folder), "key")
        assert str(raised.value) == (
            f"The folder {folder} cannot be used ({os.strerror(errno.ENOTDIR)}): "
            "set token_store to a folder that this user can write to, or to memory."
        )

    def test_a_file_that_fails_later_names_the_setting(self, tmp_path: Path) -> None:
        path = tmp_path / "limits.sqlite"
        limits = limits_with(FakeTime(), FileLimitStorage(path))
        other = sqlite3.connect(path)
        other.execute("DROP TABLE day")
        other.close()

        with pytest.raises(SettingsError, match=rf"folder {tmp_path} .*\(no such table: day\)"):
            limits.wait_for_call()
        limits.close()

    def test_two_processes_share_pace_and_day(self, tmp_path: Path) -> None:
        script = f"""
import time
from tap_acton.errors import AllowanceSpentError
from tap_acton.api.rate_limits import Limits
from tap_acton.stores.call_counts import open_limit_storage
limits = Limits(
    storage=open_limit_storage({str(tmp_path)!r}, "key"),
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


class TestStateFolder:
    def test_memory_needs_none(self) -> None:
        assert state_folder("memory") is None
        assert type(open_limit_storage("memory", "key")) is LimitStorage

    def test_without_a_setting_it_is_the_cache_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)

        assert state_folder(None) == tmp_path / "tap-acton"
        assert (tmp_path / "tap-acton").is_dir()

    def test_home_may_be_written_as_a_tilde(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))

        assert state_folder("~/state") == tmp_path / "state"

    @posix_only
    def test_a_folder_that_exists_keeps_its_mode(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)

        state_folder(str(tmp_path))

        assert mode_of(tmp_path) == 0o755

    @posix_only
    def test_a_file_that_others_can_read_is_made_private(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch(0o644)

        os.close(open_private(path, os.O_RDONLY))

        assert mode_of(path) == 0o600

    @posix_only
    def test_a_new_file_is_private_from_its_first_timestamp(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(tmp_path), "chmod", lambda *_: pytest.fail("it was not"))

        os.close(open_private(tmp_path / "file", os.O_WRONLY | os.O_CREAT))

        assert mode_of(tmp_path / "file") == 0o600

    def test_where_a_link_cannot_be_told_a_file_is_opened_all_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_bytes(b"kept")
        monkeypatch.delattr(os, "O_NOFOLLOW", raising=False)

        with os.fdopen(open_private(tmp_path / "file", os.O_RDONLY), "rb") as file:
            assert file.read() == b"kept"


def test_the_clock_of_the_machine_counts_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_720_000_000_123_999_999)

    assert system_clock() == 1_720_000_000_123
