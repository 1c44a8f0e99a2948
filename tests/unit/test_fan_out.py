"""The order, the width and the bounds of concurrent work.

Most tests run it on a pool without threads, in which a test decides what is answered
when; so every order of answers can be tried, and tried again. A few use threads, which
wait for one another by events and barriers, never by the clock.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tap_acton.sync import fan_out
from tap_acton.sync.fan_out import RESULTS_WAITING_PER_WORKER, WEIGHT_WAITING, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_acton.sync.fan_out import Task, TaskOutcome

LONGEST_WAIT = 20.0
"""Seconds after which a test that waits for a thread has failed."""


@dataclass
class ManualPool:
    """A pool that begins what it is given at once, and ends it when it is told to."""

    running: list[tuple[Future[Any], Callable[[], Any]]] = field(default_factory=list)
    most_running: int = 0
    width: int = 0
    is_shut_down: bool = False

    def __call__(self, width: int) -> ManualPool:
        self.width = width
        return self

    def submit(self, task: Callable[[], Any]) -> Future[Any]:
        assert not self.is_shut_down
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self.running.append((future, task))
        self.most_running = max(self.most_running, len(self.running))
        return future

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        assert wait is False
        assert cancel_futures is True
        self.is_shut_down = True

    def answer(self, position: int) -> None:
        """End the task at that position among those that are running."""
        future, task = self.running.pop(position % len(self.running))
        try:
            result = task()
        except Exception as error:  # noqa: BLE001 - as a pool does
            future.set_exception(error)
        else:
            future.set_result(result)


@contextmanager
def manual_pool() -> Iterator[ManualPool]:
    pool = ManualPool()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fan_out, "ThreadPoolExecutor", pool)
        patch.setattr(fan_out, "CHECKPOINT_SECONDS", 0)
        yield pool


@dataclass(frozen=True)
class Tree:
    """A task that leads to others."""

    children: tuple[Tree, ...] = ()

    def tasks(self, *path: int) -> list[Task[tuple[int, ...]]]:
        return [
            partial(child.run, (*path, position)) for position, child in enumerate(self.children)
        ]

    def run(self, path: tuple[int, ...]) -> TaskOutcome[tuple[int, ...]]:
        return path, self.tasks(*path)

    def paths(self, *path: int) -> Iterator[tuple[int, ...]]:
        """Give the paths depth first: each node, then what is below it."""
        for position, child in enumerate(self.children):
            yield (*path, position)
            yield from child.paths(*path, position)


TREES = st.recursive(
    st.just(Tree()),
    lambda inner: st.lists(inner, max_size=6).map(lambda children: Tree(tuple(children))),
    max_leaves=40,
)
CHOICES = st.lists(st.integers(0, 9), min_size=1, max_size=50)


def answering(pool: ManualPool, choices: list[int]) -> Callable[[], None]:
    """Answer one call whenever the work waits, picked by the choices in turn."""
    turns = count()
    return lambda: pool.answer(choices[next(turns) % len(choices)])


def leaf(result: int) -> Task[int]:
    return lambda: (result, ())


def leaves(results: Iterable[int]) -> Iterator[Task[int]]:
    return map(leaf, results)


def failing(error: Exception) -> Task[Any]:
    def fail() -> TaskOutcome[Any]:
        raise error

    return fail


class TestOrder:
    @given(tree=TREES, width=st.integers(1, 6), choices=CHOICES)
    def test_results_come_depth_first_whatever_is_answered_first(
        self, tree: Tree, width: int, choices: list[int]
    ) -> None:
        with manual_pool() as pool:
            results = list(in_order(tree.tasks(), width=width, checkpoint=answering(pool, choices)))

        assert results == list(tree.paths())
        assert pool.width == width
        assert pool.most_running <= width
        assert pool.is_shut_down

    @pytest.mark.parametrize("width", [1, 3, 8])
    def test_results_come_depth_first_on_real_threads_too(self, width: int) -> None:
        tree = Tree((Tree((Tree(), Tree((Tree(),)))), Tree(), Tree((Tree(),) * 5)) * 4)

        assert list(in_order(tree.tasks(), width=width)) == list(tree.paths())

    def test_a_task_that_is_answered_last_comes_first_if_it_is_first(self) -> None:
        is_third_done = threading.Event()

        def first() -> TaskOutcome[str]:
            assert is_third_done.wait(LONGEST_WAIT)
            return "first", ()

        def third() -> TaskOutcome[str]:
            is_third_done.set()
            return "third", ()

        tasks: list[Task[str]] = [first, lambda: ("second", ()), third]

        assert list(in_order(tasks, width=2)) == ["first", "second", "third"]

    def test_without_tasks_there_are_no_results(self) -> None:
        assert list(in_order([], width=3)) == []

    def test_a_result_may_be_anything_even_nothing(self) -> None:
        tasks: list[Task[None]] = [lambda: (None, ())] * 3

        assert list(in_order(tasks, width=2)) == [None] * 3

    def test_what_a_task_leads_to_may_come_from_any_iterable(self) -> None:
        tasks: list[Task[int]] = [lambda: (0, leaves(range(1, 4))), leaf(4)]

        assert list(in_order(tasks, width=2)) == [0, 1, 2, 3, 4]

    def test_a_chain_of_tasks_is_followed_to_its_end(self) -> None:
        def link(number: int) -> TaskOutcome[int]:
            return number, [partial(link, number + 1)] if number < 999 else []

        assert list(in_order([partial(link, 0)], width=4)) == list(range(1000))


class TestBounds:
    @given(tree=TREES, width=st.integers(1, 5), choices=CHOICES, taken=st.integers(0, 60))
    def test_no_more_than_a_few_results_per_worker_are_held(
        self, tree: Tree, width: int, choices: list[int], taken: int
    ) -> None:
        begun = yielded = most_ahead = 0

        def counted(task: Task[Any]) -> Task[Any]:
            def run() -> TaskOutcome[Any]:
                result, further = task()
                return result, [counted(other) for other in further]

            return run

        with manual_pool() as pool:
            submit = pool.submit

            def begin(task: Callable[[], Any]) -> Future[Any]:
                nonlocal begun, most_ahead
                begun += 1
                most_ahead = max(most_ahead, begun - yielded)
                return submit(task)

            pool.submit = begin  # type: ignore[method-assign]
            work = in_order(
                map(counted, tree.tasks()), width=width, checkpoint=answering(pool, choices)
            )
            for _ in range(taken):
                if next(work, None) is not None:
                    yielded += 1
            work.close()

        assert most_ahead <= width * RESULTS_WAITING_PER_WORKER

    @pytest.mark.parametrize("weight", [0, WEIGHT_WAITING])
    @pytest.mark.parametrize("width", [1, 2, 5])
    def test_the_work_is_as_wide_as_it_may_be_while_there_is_something_to_do(
        self, width: int, weight: int
    ) -> None:
        with manual_pool() as pool:
            widths = []

            def answer_the_first() -> None:
                widths.append(len(pool.running))
                pool.answer(0)

            results = list(
                in_order(
                    leaves(range(50)),
                    width=width,
                    checkpoint=answer_the_first,
                    weigh=lambda number: weight + number,
                )
            )

        assert results == list(range(50))
        assert widths[: 50 - width] == [width] * (50 - width)
        assert pool.most_running == width

    @pytest.mark.parametrize("width", [2, 4])
    def test_so_many_threads_work_at_once(self, width: int) -> None:
        # Passes only if all that the width allows are under way together.
        meeting = threading.Barrier(width, timeout=LONGEST_WAIT)
        under_way = Counter[str]()
        lock = threading.Lock()
        most = 0

        def meet(number: int) -> TaskOutcome[int]:
            nonlocal most
            with lock:
                under_way["now"] += 1
                most = max(most, under_way["now"])
            meeting.wait()
            with lock:
                under_way["now"] -= 1
            return number, ()

        tasks = (partial(meet, number) for number in range(width * 5))

        assert list(in_order(tasks, width=width)) == list(range(width * 5))
        assert most == width

    @pytest.mark.parametrize(("weight", "width"), [(WEIGHT_WAITING - 1, 3), (WEIGHT_WAITING, 2)])
    def test_others_begin_until_too_much_waits(self, weight: int, width: int) -> None:
        with manual_pool() as pool:
            widths = []

            def answer_the_second_before_the_others() -> None:
                widths.append(len(pool.running))
                pool.answer(1 if len(widths) == 1 else 0)

            list(
                in_order(
                    leaves(range(5)),
                    width=3,
                    checkpoint=answer_the_second_before_the_others,
                    weigh=lambda _: weight,
                )
            )

        assert widths[:2] == [3, width]

    def test_calls_that_end_while_results_are_taken_make_room_for_others(self) -> None:
        with manual_pool() as pool:
            work = in_order(leaves(range(99)), width=2, checkpoint=lambda: pool.answer(-1))
            # As many as may wait have come before the first, and new ones have begun since.
            assert [next(work) for _ in range(3)] == [0, 1, 2]
            assert len(pool.running) == 2
            pool.answer(0)
            pool.answer(0)

            assert next(work) == 3
            assert len(pool.running) == 1
            work.close()

    def test_a_slow_first_task_holds_up_only_a_bounded_number_of_others(self) -> None:
        taken = 0

        def source() -> Iterator[Task[int]]:
            nonlocal taken
            for number in count():
                taken += 1
                yield leaf(number)

        with manual_pool() as pool:
            idle = 0

            def answer_all_but_the_first() -> None:
                nonlocal idle
                if len(pool.running) > 1:
                    pool.answer(1)
                elif idle < 3:
                    idle += 1
                else:
                    pool.answer(0)

            work = in_order(source(), width=3, checkpoint=answer_all_but_the_first)
            assert next(work) == 0
            assert taken == 3 * RESULTS_WAITING_PER_WORKER
            work.close()

    @pytest.mark.parametrize("width", [2, 3])
    def test_as_many_results_are_held_as_may_be_from_the_first_to_the_last(
        self, width: int
    ) -> None:
        begun: list[int] = []

        def task(number: int) -> TaskOutcome[int]:
            return number, [partial(task, number + part) for part in range(1, 40) if not number]

        with manual_pool() as pool:
            submit = pool.submit

            def begin(task: Callable[[], Any]) -> Future[Any]:
                begun.append(yielded)
                return submit(task)

            pool.submit = begin  # type: ignore[method-assign]
            work = in_order(
                [partial(task, number) for number in (0, *range(40, 80))],
                width=width,
                checkpoint=lambda: pool.answer(-1),
            )
            yielded = 0
            for yielded, number in enumerate(work, 1):
                assert number == yielded - 1

        held = [number + 1 - yielded for number, yielded in enumerate(begun)]
        assert max(held[:40]) == max(held[40:]) == width * RESULTS_WAITING_PER_WORKER

    def test_a_task_whose_turn_it_is_begins_though_no_more_results_may_be_held(self) -> None:
        room = 2 * RESULTS_WAITING_PER_WORKER
        with manual_pool() as pool:

            def answer_the_first_last() -> None:
                pool.answer(-1 if len(pool.running) > 1 else 0)

            tasks: list[Task[int]] = [
                lambda: (0, leaves([1, 2, 3])),
                *leaves(range(4, 4 + 3 * room)),
            ]
            results = list(in_order(tasks, width=2, checkpoint=answer_the_first_last))

        assert results == list(range(4 + 3 * room))

    @given(tree=TREES, width=st.integers(2, 6), choices=CHOICES)
    def test_of_large_results_no_more_than_may_wait_are_asked_for_before_their_turn(
        self, tree: Tree, width: int, choices: list[int]
    ) -> None:
        begun = yielded = 0

        def counted(task: Task[Any]) -> Task[Any]:
            def run() -> TaskOutcome[Any]:
                nonlocal begun
                begun += 1
                result, further = task()
                return result, map(counted, further)

            return run

        with manual_pool() as pool:
            for yielded, _ in enumerate(
                in_order(
                    map(counted, tree.tasks()),
                    width=width,
                    checkpoint=answering(pool, choices),
                    weigh=lambda _: WEIGHT_WAITING // 2,
                ),
                1,
            ):
                # Two may wait, those under way come on top, and so does the next in turn.
                assert begun - yielded <= 2 + width
        assert yielded == len(list(tree.paths()))

    def test_a_result_is_given_up_once_it_has_been_taken(self) -> None:
        class Result:
            """A result that can be watched."""

        watched: list[weakref.ref[Result]] = []

        def task() -> TaskOutcome[Result]:
            result = Result()
            watched.append(weakref.ref(result))
            return result, ()

        gc.disable()
        try:
            for _ in in_order(repeat(task, 50), width=2):
                pass
        finally:
            gc.enable()

        assert sum(result() is not None for result in watched) <= 1

    def test_an_endless_source_is_taken_from_only_as_far_as_needed(self) -> None:
        numbers = count()
        work = in_order(leaves(numbers), width=3)

        assert [next(work) for _ in range(200)] == list(range(200))
        work.close()

        assert next(numbers) <= 200 + 3 * RESULTS_WAITING_PER_WORKER + 1

    def test_a_source_that_is_never_asked_begins_nothing(self) -> None:
        numbers = count()

        in_order(leaves(numbers), width=3).close()

        assert next(numbers) == 0


class TestThreads:
    def test_the_source_is_driven_in_the_driving_thread_alone(self) -> None:
        drivers = set()
        workers = set()

        def work(number: int) -> TaskOutcome[int]:
            workers.add(threading.get_ident())
            return number, (further(number) if number % 3 == 0 else ())

        def further(number: int) -> Iterator[Task[int]]:
            drivers.add(threading.get_ident())
            yield partial(work, number + 1)

        def source() -> Iterator[Task[int]]:
            for number in range(0, 60, 3):
                drivers.add(threading.get_ident())
                yield partial(work, number)

        list(in_order(source(), width=4))

        assert drivers == {threading.get_ident()}
        assert threading.get_ident() not in workers

    def test_the_driver_may_be_any_thread(self) -> None:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.extend(in_order(leaves(range(9)), width=2)))

        thread.start()
        thread.join(LONGEST_WAIT)

        assert found == list(range(9))

    def test_two_works_side_by_side_do_not_mix(self) -> None:
        evens = in_order(leaves(range(0, 40, 2)), width=2)
        odds = in_order(leaves(range(1, 40, 2)), width=3)

        assert [number for pair in zip(evens, odds, strict=True) for number in pair] == list(
            range(40)
        )

    def test_one_work_may_be_driven_within_the_source_of_another(self) -> None:
        def source() -> Iterator[Task[int]]:
            for number in in_order(leaves(range(5)), width=2):
                yield leaf(number * 10)

        assert list(in_order(source(), width=2)) == [0, 10, 20, 30, 40]


class TestFailures:
    @given(tree=TREES, width=st.integers(1, 5), choices=CHOICES, place=st.integers(0, 60))
    def test_an_exception_comes_at_its_place_after_all_results_before_it(
        self, tree: Tree, width: int, choices: list[int], place: int
    ) -> None:
        expected = list(tree.paths())
        assume(expected)
        broken = expected[place % len(expected)]

        def breakable(path: tuple[int, ...], node: Tree) -> TaskOutcome[tuple[int, ...]]:
            if path == broken:
                raise LookupError(*path)
            return path, [
                partial(breakable, (*path, position), child)
                for position, child in enumerate(node.children)
            ]

        tasks = [
            partial(breakable, (position,), child) for position, child in enumerate(tree.children)
        ]
        results: list[tuple[int, ...]] = []
        with manual_pool() as pool:
            work = in_order(tasks, width=width, checkpoint=answering(pool, choices))
            with pytest.raises(LookupError) as raised:
                results.extend(work)

        assert raised.value.args == broken
        assert results == expected[: expected.index(broken)]
        assert pool.is_shut_down

    def test_nothing_comes_after_an_exception(self) -> None:
        work = in_order([failing(KeyError("x")), leaf(1)], width=2)

        with pytest.raises(KeyError):
            next(work)
        assert list(work) == []

    def test_of_two_exceptions_the_first_in_order_is_raised(self) -> None:
        with manual_pool() as pool:
            tasks = [leaf(0), failing(KeyError("first")), failing(KeyError("second"))]
            work = in_order(tasks, width=3, checkpoint=lambda: pool.answer(-1))

            assert next(work) == 0
            with pytest.raises(KeyError, match="first"):
                next(work)

    @pytest.mark.parametrize("width", [1, 2, 8])
    def test_an_exception_of_the_source_comes_after_the_results_of_what_it_gave(
        self, width: int
    ) -> None:
        def source() -> Iterator[Task[int]]:
            yield from leaves(range(5))
            raise KeyError("parents")

        results: list[int] = []
        with pytest.raises(KeyError, match="parents"):
            results.extend(in_order(source(), width=width))
        assert results == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize("error", [SystemExit(143), KeyboardInterrupt()])
    def test_a_command_to_exit_does_not_wait_for_its_turn(self, error: BaseException) -> None:
        def source() -> Iterator[Task[int]]:
            yield from leaves(range(5))
            raise error

        with manual_pool() as pool:
            work = in_order(source(), width=8, checkpoint=lambda: pool.answer(0))
            with pytest.raises(type(error)):
                next(work)


class TestClosing:
    def test_calls_under_way_are_not_waited_for_and_tasks_that_have_not_begun_are_dropped(
        self,
    ) -> None:
        begun: list[int] = []
        is_stuck, may_end = threading.Event(), threading.Event()
        workers: set[threading.Thread] = set()

        def task(number: int) -> TaskOutcome[int]:
            begun.append(number)
            workers.add(threading.current_thread())
            if number == 1:
                is_stuck.set()
                assert may_end.wait(LONGEST_WAIT)
            return number, [partial(task, 100)] if number == 0 else []

        work = in_order([partial(task, number) for number in range(9)], width=1)
        assert next(work) == 0
        assert next(work) == 100
        assert is_stuck.wait(LONGEST_WAIT)

        work.close()
        may_end.set()
        for worker in workers:
            worker.join(LONGEST_WAIT)

        assert begun == [0, 100, 1]
        assert list(work) == []

    def test_the_pool_is_shut_down_and_begins_nothing_more(self) -> None:
        with manual_pool() as pool:
            work = in_order(leaves(range(100)), width=2, checkpoint=lambda: pool.answer(0))
            next(work)
            begun = len(pool.running)

            work.close()

            assert pool.is_shut_down
            assert len(pool.running) == begun <= 2

    def test_a_pool_that_was_read_to_its_end_leaves_no_thread_behind(self) -> None:
        workers: set[threading.Thread] = set()

        def task() -> TaskOutcome[None]:
            workers.add(threading.current_thread())
            return None, ()

        list(in_order([task] * 20, width=3))
        for worker in workers:
            worker.join(LONGEST_WAIT)

        assert workers
        assert not any(worker.is_alive() for worker in workers)


class TestCheckpoint:
    @pytest.fixture(autouse=True)
    def often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fan_out, "CHECKPOINT_SECONDS", 0.001)

    def test_it_is_called_in_the_driving_thread_while_the_work_waits(self) -> None:
        callers = []
        may_end = threading.Event()

        def stuck() -> TaskOutcome[str]:
            assert may_end.wait(LONGEST_WAIT)
            return "answered", ()

        def checkpoint() -> None:
            callers.append(threading.get_ident())
            if len(callers) == 3:
                may_end.set()

        assert list(in_order([stuck], width=1, checkpoint=checkpoint)) == ["answered"]
        assert set(callers) == {threading.get_ident()}

    def test_what_it_raises_ends_the_work_though_a_call_is_stuck(self) -> None:
        may_end = threading.Event()

        def stuck() -> TaskOutcome[int]:
            may_end.wait(LONGEST_WAIT)
            return 0, ()

        def checkpoint() -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            list(in_order([stuck, leaf(1)], width=1, checkpoint=checkpoint))
        may_end.set()

    def test_it_is_not_needed(self) -> None:
        assert list(in_order(leaves(range(3)), width=1)) == [0, 1, 2]

    def test_it_is_called_several_times_a_second(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()

        assert 0 < fan_out.CHECKPOINT_SECONDS <= 0.5
