"""The wish to stop, and that every wait heeds it."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.errors import InterruptedRunError
from tap_acton.sync.stop import StopSignal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LONGEST_WAIT = 20.0


def outcome_in_thread(work: Callable[[], None]) -> tuple[threading.Thread, list[BaseException]]:
    """Run work in a thread that may stay stuck, and keep what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - to be looked at by the test
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def test_without_a_wish_to_stop_the_run_goes_on() -> None:
    stop = StopSignal()

    stop.check()
    stop.pause(0)

    assert not stop.is_requested


@pytest.mark.parametrize(("number", "exit_code"), [(2, 130), (15, 143)])
def test_a_wish_to_stop_is_met_at_the_next_check(number: int, exit_code: int) -> None:
    stop = StopSignal()

    stop.request(number)

    assert stop.is_requested
    with pytest.raises(InterruptedRunError, match=f"signal {number}") as raised:
        stop.check()
    assert raised.value.exit_code == exit_code


def test_it_stays_a_wish_to_stop() -> None:
    stop = StopSignal()
    stop.request(15)

    for _ in range(3):
        with pytest.raises(InterruptedRunError):
            stop.check()


def test_a_pause_does_not_begin_once_the_run_is_to_stop() -> None:
    stop = StopSignal()
    stop.request(15)

    with pytest.raises(InterruptedRunError):
        stop.pause(3600)


# The last one is longer than Python can wait for at once.
@pytest.mark.parametrize("seconds", [LONGEST_WAIT, 86_400, 2 * threading.TIMEOUT_MAX])
def test_a_wish_to_stop_ends_the_pauses_of_all_threads(seconds: float) -> None:
    stop = StopSignal()
    outcomes = [outcome_in_thread(lambda: stop.pause(seconds)) for _ in range(3)]

    stop.request(15)
    for thread, _ in outcomes:
        thread.join(LONGEST_WAIT)

    assert not any(thread.is_alive() for thread, _ in outcomes)
    assert [[type(error) for error in raised] for _, raised in outcomes] == [
        [InterruptedRunError]
    ] * 3


def test_a_pause_ends_by_itself_without_a_wish_to_stop() -> None:
    stop = StopSignal()

    stop.pause(0.001)

    assert not stop.is_requested


def test_a_signal_may_come_at_any_timestamp_of_a_pause() -> None:
    """A handler runs between any two steps of the main thread, wherever that is just then."""
    stuck_at = []
    for step in range(40):
        stop = StopSignal()
        thread, raised = outcome_in_thread(lambda stop=stop, step=step: pause_with(stop, step))  # type: ignore[misc]
        thread.join(1)
        if thread.is_alive():
            stuck_at.append(step)
            break
        assert [type(error) for error in raised] == [InterruptedRunError]

    assert stuck_at == []


def pause_with(stop: StopSignal, step: int) -> None:
    """Pause, and let a handler ask for the end before that step of the pause."""
    steps = iter(range(step + 1))

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if event in ("line", "return") and next(steps, None) == step:
            sys.settrace(None)
            frame.f_trace = None
            stop.request(15)
            return None
        return trace

    sys.settrace(trace)
    try:
        stop.pause(0.0001)
    finally:
        sys.settrace(None)
    # The pause had fewer steps than that, so it ended by itself.
    stop.request(15)
    stop.check()
