"""How far a run has come, and what is likely to be left: from what it knows anyway."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_acton.api.rate_limits import days_for, seconds_for
from tap_acton.errors import ActOnError
from tap_acton.sync.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.run import Run

PACE_SECONDS = 300.0
"""The pace is that of the last minutes: streams of a call at a time are slower than others."""

LEAST_PACE_SECONDS = 10.0
"""Before that much time has passed, the pace is the allowed one."""

REFRESH_SECONDS = 60.0
"""How often the calls that are left today are looked up, which may take a call to a database."""

WAITING_SECONDS = 10.0
"""After so many seconds without a response a run counts as waiting."""

MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run has come.

    Attributes:
        stream: The stream that is read; empty before the first one.
        done: How many of its items are done, or rows.
        due: How many there are; 0 where that is not known yet.
        noun: What these are.
        calls: The calls of the run so far.
        to_go: About how many calls are to go; None where too little is known yet.
        pace: Calls a second.
        left: The calls that are left today; None where that cannot be looked up.
        waiting: What the run waits for; empty where it does not.
        silent: For how many seconds no response has come.
    """

    stream: str = ""
    done: int = 0
    due: int = 0
    noun: str = ""
    calls: int = 0
    to_go: int | None = None
    pace: float = 0.0
    left: int | None = None
    waiting: str = ""
    silent: float = 0.0

    @property
    def share(self) -> float | None:
        """Which share of the stream is done, from 0 to 1; None where it is not known."""
        return min(1.0, self.done / self.due) if self.due else None

    @property
    def fraction(self) -> float:
        """Which share of all calls was made, from 0 to 1."""
        return 0.0 if self.to_go is None else self.calls / max(1, self.calls + self.to_go)

    @property
    def seconds(self) -> float | None:
        """How long the rest takes at this pace; None where that is not known."""
        return None if self.to_go is None or not self.pace else self.to_go / self.pace

    @property
    def fits_today(self) -> bool:
        """Whether the calls that are left today are enough, as far as that is known."""
        return self.to_go is None or self.left is None or self.to_go <= self.left

    @property
    def of_stream(self) -> str:
        """How far the stream has come, such as ``1,204 of 2,130 messages``."""
        of = f" of {self.due:,}" if self.due else ""
        return f"{self.done:,}{of} {self.noun}"

    @property
    def sentence(self) -> str:
        """How far the run has come, in a sentence."""
        of_stream = self.of_stream.replace(" of ", " of about ")
        share = "" if self.share is None else f" ({self.share * 100:.0f} %)"
        parts = [
            f"{self.stream} {of_stream}{share}",
            f"{self.calls:,} calls made",
            f"{self.pace:.1f} a second",
        ]
        if self.left is not None:
            parts.append(f"{self.left:,} left today")
        return f"Progress: {', '.join(parts)}; {self._rest}."

    @property
    def _rest(self) -> str:
        if self.to_go is None or self.seconds is None:
            return "how long it takes is not known yet"
        if not self.fits_today:
            return (
                f"about {self.to_go:,} calls to go, more than today allows: the run stops at the "
                "limit, and the next one resumes"
            )
        return f"{duration(self.seconds)} to go"


class Progress:
    """What a run has done and has to do; looked at from any thread.

    Args:
        run: The run.
        streams: The streams that it reads, in this order.
        clock: Seconds that only go on.
    """

    def __init__(
        self,
        run: Run,
        streams: Sequence[ActOnStream],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._streams = {stream.name: stream for stream in streams}
        self._clock = clock
        self._current = ""
        self._looks: deque[tuple[float, int]] = deque([(clock(), run.summary.calls)])
        self._left: tuple[float, int, int] | None = None  # when, how many, after how many calls

    def begin(self, name: str) -> bool:
        """Note which stream is read from now on, and foresee what the listings allow to.

        To be called by the thread that reads, between two streams.

        Returns:
            Whether the run has read what shows how much there is: only items are left.
        """
        self._current = name
        for stream in self._streams.values():
            if stream.workload.forecast is None and not self._summary(stream).outcome:
                stream.workload.forecast = stream.outlook()
        return name in self._streams and bool(self._streams[name].item)

    def beginning(self, streams: int) -> str:
        """Say what is about to be read, and how many calls are allowed."""
        settings, left = self._run.settings, self._left_today(self._run.summary.calls)
        of_today = "" if left is None else f"; {left:,} calls are left today"
        return (
            f"Reading {streams} stream{'' if streams == 1 else 's'}, at most "
            f"{settings.requests_per_second:,g} calls a second{of_today}."
        )

    @property
    def forecast(self) -> str:
        """What the whole run takes, in a sentence; empty as long as too little is known."""
        standing, settings = self.standing(), self._run.settings
        if standing.to_go is None:
            return ""
        calls, left = standing.to_go, standing.left
        pace = settings.requests_per_second
        takes = duration(seconds_for(calls, pace))
        sentence = (
            f"Forecast: about {calls:,} calls to go, which take {takes} at {pace:,g} a second"
        )
        if left is None:
            return f"{sentence}."
        if standing.fits_today:
            return f"{sentence}; {left:,} are left today, so this run reads everything."
        days = days_for(calls, left, settings.daily_request_limit)
        return (
            f"{sentence}; {left:,} are left today, so the load takes about {days} days: each run "
            "stops at the limit, and the next one resumes."
        )

    def standing(self) -> Standing:
        """Return how far the run has come; this makes no call."""
        made = self._run.summary.calls
        stream = self._streams.get(self._current)
        done, due, noun = (0, 0, "") if stream is None else _of_stream(stream)
        to_go = math.ceil(sum(map(self._to_go, self._streams.values())))
        return Standing(
            stream=self._current,
            done=done,
            due=due,
            noun=noun,
            calls=made,
            to_go=to_go if self._is_known else None,
            pace=self._pace(made),
            left=self._left_today(made),
            waiting=self._waiting(),
            silent=self._clock() - self._run.summary.answered_at,
        )

    @property
    def _is_known(self) -> bool:
        """Whether all that is read item by item is foreseen, or read."""
        return bool(self._current) and all(
            self._summary(stream).outcome or stream.workload.is_known or not stream.item
            for stream in self._streams.values()
        )

    def _to_go(self, stream: ActOnStream) -> float:
        summary = self._summary(stream)
        if summary.outcome:
            return 0
        return stream.workload.calls_to_go(summary.calls, stream.usual_calls)

    def _summary(self, stream: ActOnStream) -> StreamSummary:
        """Return the counts of a stream, of which there are none before it begins."""
        return self._run.summary.streams.get(stream.name) or StreamSummary()

    def _pace(self, made: int) -> float:
        now, looks = self._clock(), self._looks
        if now > looks[-1][0]:
            looks.append((now, made))
        while len(looks) > 1 and looks[1][0] <= now - PACE_SECONDS:
            looks.popleft()
        since, before = looks[0]
        allowed = 1 / seconds_for(1, self._run.settings.requests_per_second)
        passed = now - since
        return allowed if passed < LEAST_PACE_SECONDS else min(allowed, (made - before) / passed)

    def _left_today(self, made: int) -> int | None:
        now = self._clock()
        if self._left is None or now - self._left[0] >= REFRESH_SECONDS:
            try:
                self._left = (now, self._run.calls_left_today, made)
            except ActOnError:
                # The run is over, or the store fails: then a call says so.
                return None
        _, left, before = self._left
        return max(0, left - (made - before))

    def _waiting(self) -> str:
        summary, now = self._run.summary, self._clock()
        if (seconds := self._run.held_back) >= 1:
            return f"Act-On asks for fewer calls: no call for {seconds:,.0f} more seconds"
        if (seconds := now - summary.answered_at) < WAITING_SECONDS:
            return ""
        if summary.called_at > summary.answered_at:
            return f"no response from Act-On for {seconds:,.0f} seconds"
        if (left := summary.retry_at - now) > 0:
            return f"a call has failed and is retried in {left:,.0f} seconds"
        why = "the target may be slow" if self._current else "another run may be logging in"
        return f"no call for {seconds:,.0f} seconds; {why}"


def _of_stream(stream: ActOnStream) -> tuple[int, int, str]:
    """Say how far a stream has come: by its items, or by its rows where it has none."""
    workload, rows = stream.workload, stream.summary.rows
    if workload.forecast is not None and (items := workload.forecast.items):
        return workload.done, items, stream.item if items == 1 else stream.items_are
    due = max(rows, workload.rows) if workload.rows else 0
    return rows, due, "row" if (due or rows) == 1 else "rows"


def duration(seconds: float) -> str:
    """Return a duration in words, such as ``about 51 minutes``."""
    if seconds < MINUTE:
        return "less than a minute"
    if seconds < 1.5 * MINUTE:
        return "about a minute"
    if seconds < 2 * HOUR:
        return f"about {seconds / MINUTE:.0f} minutes"
    return f"about {seconds / HOUR:.0f} hours"
