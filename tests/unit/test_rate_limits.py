"""The pace, the daily limit and the logins, by a clock that the tests set."""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, cycle, pairwise, repeat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.api.rate_limits import LOGINS_PER_HOUR, RateLimits, days_for, seconds_for
from tap_acton.errors import (
    AllowanceSpentError,
    InterruptedRunError,
)
from tap_acton.stores.call_counts import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    CountStore,
    FileCountStore,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = 1_720_000_000_000


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


class SlowStore(CountStore):
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
    store: CountStore | None = None,
    *,
    requests_per_second: float = 5,
    daily_request_limit: int = 30_000,
) -> RateLimits:
    return RateLimits(
        store=store or CountStore(),
        requests_per_second=requests_per_second,
        daily_request_limit=daily_request_limit,
        pause=fake_time.pause,
        clock=fake_time.clock,
    )


def call_times(fake_time: FakeTime, limits: RateLimits, gaps: list[int]) -> list[int]:
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
        store = SlowStore(fake_time, cycle([0, 340, 0, 0, 90, 10, 0, 1]))
        limits = limits_with(fake_time, store)
        left = []
        for _ in range(60):
            limits.wait_for_call()
            left.append(fake_time.now)

        assert all(204 <= later - earlier <= 204 + 340 for earlier, later in pairwise(left))
        assert all(later - earlier > 1000 for earlier, later in zip(left, left[5:], strict=False))

    def test_a_millisecond_is_kept_away_too(self) -> None:
        fake_time = FakeTime()
        limits = limits_with(fake_time, SlowStore(fake_time, chain([0, 1], repeat(0))))

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

    @pytest.mark.parametrize("is_file", [False, True])
    def test_threads_share_the_pace(self, tmp_path: Path, *, is_file: bool) -> None:
        fake_time = FakeTime()
        store = FileCountStore(tmp_path / "limits.sqlite") if is_file else CountStore()
        limits = limits_with(fake_time, store)

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

    @pytest.mark.parametrize(
        ("calls", "left", "days"), [(0, 0, 1), (5, 10, 1), (10, 10, 1), (11, 10, 2), (30, 5, 4)]
    )
    def test_tells_over_how_many_days_calls_spread(self, calls: int, left: int, days: int) -> None:
        assert days_for(calls, left, 10) == days

    def test_stop_ends_the_wait_and_counts_no_call(self) -> None:
        def stop(_seconds: float) -> None:
            raise InterruptedRunError(15)

        fake_time = FakeTime()
        limits = RateLimits(
            store=CountStore(),
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
        assert caplog.messages == ["The clock was set back: the call counts start over at zero."]

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

        limits = RateLimits(
            store=CountStore(),
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
        store = FileCountStore(tmp_path / "limits.sqlite")
        call_times(fake_time, limits_with(fake_time, store), [0] * 3)

        assert limits_with(fake_time, store, daily_request_limit=1).calls_left_today() == 0
        store.close()


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
