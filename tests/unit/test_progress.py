"""What is said of how far a run has come, and when."""

from __future__ import annotations

import logging
import os
import signal
import threading
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from tap_acton.progress.model import Progress, Standing, duration
from tap_acton.progress.watch import ProgressLog, Watch
from tap_acton.sync.summary import RunSummary

STANDING = Standing(
    stream="message_events",
    done=1_204,
    due=2_130,
    noun="messages",
    calls=8_520,
    to_go=14_994,
    pace=4.9,
    left=21_480,
)


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A run that stands as it is told to, and what is logged of it."""

    def __init__(self, caplog: pytest.LogCaptureFixture, **keywords: Any) -> None:
        caplog.set_level(logging.INFO, "tap-acton")
        self.caplog = caplog
        self.clock = Clock()
        self.progress = Mock(forecast="Forecast: much.")
        self.progress.beginning.return_value = "Reading 3 streams."
        self.progress.standing.return_value = STANDING
        self.metrics = Mock()
        self.log = ProgressLog(self.progress, self.metrics, self.clock, **keywords)

    def look(self, at: float, *, is_asked: bool = False, **standing: Any) -> list[str]:
        self.clock.now = at
        self.progress.standing.return_value = replace(STANDING, **standing)
        self.caplog.clear()
        self.log.look(is_asked=is_asked)
        return self.caplog.messages


def test_the_sentence_says_how_far_the_run_has_come() -> None:
    assert STANDING.sentence == (
        "Progress: message_events 1,204 of about 2,130 messages (57 %), 8,520 calls made, 4.9 a "
        "second, 21,480 left today; about 51 minutes to go."
    )


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"to_go": None}, "8,520 calls made, 4.9 a second, 21,480 left today; how long it takes"),
        ({"left": None}, "8,520 calls made, 4.9 a second; about 51 minutes to go."),
        ({"pace": 0.0}, "; how long it takes is not known yet."),
        ({"due": 0, "done": 38_900, "noun": "rows"}, "message_events 38,900 rows, "),
        ({"left": 10}, "; about 14,994 calls to go, more than today allows: the run stops at"),
    ],
)
def test_the_sentence_leaves_out_what_is_not_known(standing: dict[str, Any], words: str) -> None:
    assert words in replace(STANDING, **standing).sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (61, "about a minute"),
        (98, "about 2 minutes"),
        (3_100, "about 52 minutes"),
        (7_300, "about 2 hours"),
        (100_000, "about 28 hours"),
    ],
)
def test_a_duration_reads_like_a_sentence(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_sentence_comes_each_minute_and_the_forecast_before_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = Run(caplog)
    assert run.look(1) == []
    assert run.look(60) == ["Forecast: much.", STANDING.sentence]
    assert run.look(119) == []
    assert run.look(120) == [STANDING.sentence]


def test_a_sentence_comes_at_each_tenth_but_not_at_once_after_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = Run(caplog)
    run.look(60)
    tenth: dict[str, Any] = {"calls": 40_000, "to_go": 10_000}
    assert run.look(65, **tenth) == []
    assert len(run.look(70, **tenth)) == 1
    assert run.look(81, **tenth) == []


def test_next_to_a_bar_it_speaks_only_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    run = Run(caplog, has_bar=True)
    assert run.look(600, waiting="no response from Act-On for 99 seconds", silent=99) == []
    assert run.look(601, is_asked=True)[1:] == [STANDING.sentence]


@pytest.mark.parametrize("has_bar", [True, False])
def test_the_numbers_are_measured_as_often_as_a_sentence_is_due(
    caplog: pytest.LogCaptureFixture, *, has_bar: bool
) -> None:
    run = Run(caplog, has_bar=has_bar)
    measured = []
    for at, is_asked in ((1, False), (60, False), (61, False), (62, True), (122, False)):
        run.look(at, is_asked=is_asked)
        measured.append(run.metrics.log.call_count)
    assert measured == [0, 1, 1, 2, 3]
    run.log.end()
    assert run.metrics.log.call_count == 4


@pytest.mark.parametrize(
    ("stream", "has_bar", "begins"),
    [
        ("message_events", False, "message_events waits: "),
        # While the tap logs in. A bar shows nothing then.
        ("", False, "The tap waits: "),
        ("", True, "The tap waits: "),
    ],
)
def test_a_minute_without_a_response_is_a_line_and_so_is_each_further_one(
    caplog: pytest.LogCaptureFixture, *, stream: str, has_bar: bool, begins: str
) -> None:
    run = Run(caplog, has_bar=has_bar)
    said, told = [], []
    for second in range(250):
        # The last response came after twelve seconds, the next one after 190.
        silent = max(0.0, second - 12) if second < 190 else 0.0
        waiting = "no response" * (silent >= 10)
        lines = run.look(second, stream=stream, silent=silent, waiting=waiting)
        said += [second for line in lines if line == f"{begins}no response."]
        told += [second for line in lines if line.startswith("Progress: ")]
    assert said == [72, 132]
    # Meanwhile there is no progress to tell of.
    assert told == ([10, 70, 190] if stream else [])


@pytest.mark.parametrize(
    ("called", "answered", "retry", "held", "stream", "waits"),
    [
        (95, 96, 0, 0, "lists", ""),
        (60, 30, 0, 0, "lists", "no response from Act-On for 70 seconds"),
        (60, 61, 140, 0, "lists", "a call has failed and is retried in 40 seconds"),
        (60, 61, 62, 0, "lists", "no call for 39 seconds; the target may be slow"),
        (20, 20, 0, 0, "", "no call for 80 seconds; another run may be logging in"),
        (99, 99, 0, 17, "lists", "Act-On asks for fewer calls: no call for 17 more seconds"),
    ],
)
def test_what_the_run_waits_for_is_named(
    *, called: int, answered: int, retry: int, held: int, stream: str, waits: str
) -> None:
    summary, clock = RunSummary(), Clock()
    summary.called_at, summary.answered_at, summary.retry_at = called, answered, retry
    run = Mock(summary=summary, held_back=held, calls_left_today=10)
    run.settings.requests_per_second = 5
    progress = Progress(run, [], clock)
    progress.begin(stream)
    clock.now = 100
    standing = progress.standing()
    assert (standing.waiting, standing.silent) == (waits, 100 - answered)


def test_no_progress_is_told_before_the_first_stream(caplog: pytest.LogCaptureFixture) -> None:
    assert Run(caplog).look(600, is_asked=True, stream="") == []


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the platform has no such signal")
def test_the_signal_asks_for_a_look_at_once_and_is_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    is_answered = threading.Event()

    def look(*, is_asked: bool) -> None:
        if is_asked:
            is_answered.set()

    with Watch(look).watching():
        os.kill(os.getpid(), signal.SIGUSR1)
        assert is_answered.wait(20)
    assert signal.getsignal(signal.SIGUSR1) is before
    assert "progress" not in [thread.name for thread in threading.enumerate()]
