"""Ordered, bounded, concurrent work: many calls at once, their results in a fixed order.

A task makes a call and returns its result together with the tasks that the answer
leads to: the further pages of a list, the drilldowns that a report says are not empty.
Results come out depth first, a task's own before those of the tasks that it led to,
these before the next task's, whichever call happens to be answered first. So the
output is the same on every run, and when a result comes out, everything before it is
complete.
"""

from __future__ import annotations

import heapq
import math
import queue
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic, NoReturn, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Result = TypeVar("Result")
Task: TypeAlias = "Callable[[], Outcome[Result]]"
Outcome: TypeAlias = "tuple[Result, Iterable[Task[Result]]]"

RESULTS_WAITING_PER_WORKER = 4
CHECKPOINT_SECONDS = 0.2


@dataclass(order=True, slots=True)
class _Place(Generic[Result]):
    """A task and its place in the order: the path of positions that leads to it."""

    path: tuple[float, ...]
    task: Task[Result] = field(compare=False)
    future: Future[Outcome[Result]] = field(default_factory=Future, compare=False)
    is_done: bool = field(default=False, compare=False)


def in_order(
    tasks: Iterable[Task[Result]],
    *,
    width: int,
    checkpoint: Callable[[], None] = lambda: None,
) -> Generator[Result, None, None]:
    """Run tasks side by side and yield their results in order.

    Tasks are taken from the iterable only as room comes up, so it may be endless, and
    no more than a few results per worker wait for their turn, so memory stays flat.
    An exception of a task is raised when its turn comes, after all results before it.
    When the generator is closed, tasks that have not begun are dropped.

    Args:
        tasks: The tasks in order; taken in the thread that drives the generator.
        width: How many tasks run at once.
        checkpoint: Called in the driving thread several times a second while it
            waits; what it raises ends the work.

    Yields:
        The result of each task.
    """
    pool = ThreadPoolExecutor(width, thread_name_prefix="call")
    try:
        yield from _FanOut(tasks, pool, width).results(checkpoint)
    finally:
        # Not waiting: a call that is under way may be in the middle of its retries.
        pool.shutdown(wait=False, cancel_futures=True)


class _FanOut(Generic[Result]):
    """The bookkeeping of :func:`in_order`; used by the driving thread alone."""

    def __init__(self, tasks: Iterable[Task[Result]], pool: ThreadPoolExecutor, width: int) -> None:
        self._source = enumerate(tasks)
        self._pool = pool
        self._width = width
        self._room = width * RESULTS_WAITING_PER_WORKER
        self._running = 0
        self._held = 0
        self._unstarted: list[_Place[Result]] = []
        self._outstanding: list[_Place[Result]] = []
        self._finished: queue.SimpleQueue[_Place[Result]] = queue.SimpleQueue()

    def results(self, checkpoint: Callable[[], None]) -> Generator[Result, None, None]:
        """Yield the results in order, starting tasks as room comes up."""
        while True:
            while not self._finished.empty():
                self._finish(self._finished.get())
            self._start()
            if not self._outstanding:
                return
            if self._outstanding[0].is_done:
                place = heapq.heappop(self._outstanding)
                self._held -= 1
                yield place.future.result()[0]
                continue
            try:
                self._finish(self._finished.get(timeout=CHECKPOINT_SECONDS))
            except queue.Empty:
                checkpoint()

    def _start(self) -> None:
        while self._running < self._width:
            if not self._unstarted and self._held < self._room:
                self._take()
            if not self._unstarted or self._held >= self._room:
                return
            place = heapq.heappop(self._unstarted)
            place.future = self._pool.submit(place.task)
            place.future.add_done_callback(partial(self._announce, place))
            self._running += 1
            self._held += 1

    def _take(self) -> None:
        """Take the next task; where there is none for a failure, that has its place too."""
        try:
            position, task = next(self._source)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - raised again when its turn comes
            self._add(_Place((math.inf,), partial(_fail, error)))
        else:
            self._add(_Place((position,), task))

    def _announce(self, place: _Place[Result], _: Future[Outcome[Result]]) -> None:
        self._finished.put(place)

    def _finish(self, place: _Place[Result]) -> None:
        self._running -= 1
        place.is_done = True
        if place.future.exception() is None:
            for position, task in enumerate(place.future.result()[1]):
                self._add(_Place((*place.path, position), task))

    def _add(self, place: _Place[Result]) -> None:
        heapq.heappush(self._unstarted, place)
        heapq.heappush(self._outstanding, place)


def _fail(error: Exception) -> NoReturn:
    raise error
