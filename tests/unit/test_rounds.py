"""What of a round is left to be read, and what a state keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.errors import AllowanceSpentError
from tap_acton.state.rounds import Round, left, noted
from tap_acton.sync.answers import Answer, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTED = "2026-03-20T12:00:00.000Z"

names = st.lists(st.text("abc", min_size=1, max_size=3), unique=True)


@given(names, st.integers(0, 20))
def test_what_was_read_and_what_is_left_are_everything(items: list[str], read: int) -> None:
    after = items[:read][-1] if items[:read] else ""
    assert items[: min(read, len(items))] + list(left(lambda: items, after, str)) == items


@given(names)
def test_everything_is_left_where_the_last_one_is_gone(items: list[str]) -> None:
    assert list(left(lambda: items, "gone", str)) == items


@given(st.integers(0, 50), st.integers(52, 90))
def test_what_is_left_out_is_counted_and_not_held(read: int, number: int) -> None:
    told: list[int] = []
    given_out: list[int] = []

    def items() -> Iterator[str]:
        for each in range(number):
            given_out.append(each)
            yield str(each)

    assert next(left(items, str(read), str, told.append)) == str(read + 1)
    assert told == [read + 1]
    assert given_out == [*range(read + 2)]


@given(st.booleans(), st.text(), st.text())
def test_a_state_gives_back_what_was_kept(is_done: bool, after: str, reached: str) -> None:  # noqa: FBT001
    kept = Round(STARTED, is_done, after, reached)
    state: dict[str, Any] = {"replication_key": "updated_at"}
    kept.keep(state)
    assert Round.of_state(state) == kept


def test_what_is_empty_is_not_kept() -> None:
    state: dict[str, Any] = {}
    Round(STARTED, is_done=True).keep(state)
    assert state == {"round": {"started_at": STARTED, "is_done": True}}


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "done",
        [],
        {},
        {"is_done": True},
        {"started_at": "yesterday", "is_done": True},
        {"started_at": "2026-03-20T12:00:00"},
        {"started_at": 7, "after": "list l-1"},
    ],
)
def test_a_state_that_makes_no_sense_keeps_nothing(kept: object) -> None:
    assert Round.of_state({"round": kept}) is None


@pytest.mark.parametrize("is_done", ["yes", 1, None])
def test_only_what_is_certainly_done_is_left_out(is_done: object) -> None:
    found = Round.of_state({"round": {"started_at": STARTED, "is_done": is_done}})
    assert found is not None
    assert not found.is_done


@pytest.mark.parametrize(
    ("spent", "noted_subjects"), [("b", ["a"]), ("c", ["a", "b"]), ("", ["a", "b"])]
)
def test_a_parent_is_through_unless_the_allowance_ended_within_it(
    spent: str, noted_subjects: list[str]
) -> None:
    def answers() -> Iterator[Answer]:
        for name in "ab":
            yield Answer(Query("/", subject=name, parent={"id": name}))
        error = AllowanceSpentError("Spent.")
        error.subject = spent
        raise error

    found: list[str] = []
    with pytest.raises(AllowanceSpentError):
        list(noted(answers(), lambda query: found.append(query.subject)))
    assert found == noted_subjects
