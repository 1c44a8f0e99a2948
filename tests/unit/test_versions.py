"""When a full read is due, and which rows prove to be all there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap_acton.streams.base.versions import VERSION_STATE, TableVersion, Tally
from tap_acton.sync.answers import Answer, Query

BEGIN = datetime(2026, 3, 20, 2, tzinfo=UTC)
NUMBER = int(BEGIN.timestamp())
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("later", "is_due"),
    [
        (timedelta(), False),
        (timedelta(days=6), False),
        (timedelta(days=6, hours=22), False),
        # The run of a week later that begins a few minutes earlier in the night.
        (timedelta(days=6, hours=23, minutes=55), True),
        (WEEK, True),
        (timedelta(days=400), True),
        (timedelta(days=-1), False),
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_the_next_one_is_due_when_the_period_has_passed(
    later: timedelta,
    is_due: bool,  # noqa: FBT001 - the data
    is_open: bool,  # noqa: FBT001 - the data
) -> None:
    version = TableVersion(NUMBER, is_open=is_open)
    assert version.is_over(BEGIN + later, WEEK) is is_due


@pytest.mark.parametrize(
    "version",
    [
        TableVersion(NUMBER),
        TableVersion(NUMBER, is_open=True),
        TableVersion(NUMBER, is_open=True, has_gap=True),
    ],
)
def test_a_state_keeps_a_version_as_it_is(version: TableVersion) -> None:
    # What an earlier state says must not come back where the two are merged.
    state: dict[str, Any] = {}
    TableVersion(1, is_open=True, has_gap=True).keep(state)
    earlier = state[VERSION_STATE]
    version.keep(state)
    assert {**earlier, **state[VERSION_STATE]} == state[VERSION_STATE]
    assert TableVersion.of_state(state) == version


@pytest.mark.parametrize(
    "kept", [None, 3, "full", [], {}, {"version": "1"}, {"version": 0}, {"is_open": True}]
)
def test_what_is_no_version_is_none(kept: object) -> None:
    assert TableVersion.of_state({VERSION_STATE: kept}) is None


def answers(*pages: tuple[str, int, int | None]) -> list[Answer]:
    return [
        Answer(Query("/path", subject=subject), [{}] * rows, total)
        for subject, rows, total in pages
    ]


@pytest.mark.parametrize(
    ("pages", "is_short"),
    [
        ([], False),
        ([("a", 2, 3), ("a", 1, 3)], False),
        ([("a", 2, 3), ("a", 0, 3)], True),
        ([("a", 2, 3), ("b", 1, 1)], True),
        ([("b", 1, 1), ("a", 2, 3)], True),
        # A row was deleted between the pages, and drew another one over their border.
        ([("a", 2, 4), ("a", 1, 3)], True),
        # One was added, and comes twice.
        ([("a", 2, 3), ("a", 2, 4)], False),
        # A file, of which nothing tells a total; an answer that is asked for again.
        ([("a", 2, None), ("a", 2, None)], False),
        ([("a", 0, None), ("a", 2, 2)], False),
    ],
)
def test_fewer_rows_than_there_are_show(
    pages: list[tuple[str, int, int | None]],
    is_short: bool,  # noqa: FBT001 - the data
) -> None:
    tally = Tally()
    for answer in answers(*pages):
        tally.add(answer)
    tally.close()
    assert tally.is_short is is_short
