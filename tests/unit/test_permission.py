"""A refusal of one item, and what it says of the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_acton.errors import (
    ForbiddenError,
    GivenUpError,
    GoneError,
    NotRoutedError,
    RejectedCallError,
)
from tap_acton.streams.base.permission import ENOUGH, MOST_GIVEN_UP, Permission
from tap_acton.sync.evidence import Evidence
from tap_acton.sync.query import Outcome, Query

if TYPE_CHECKING:
    from tap_acton.errors import CallError

FORBIDDEN = ForbiddenError("x")
GONE = GoneError("x")


def noted(problems: list[CallError | None], at_least: int = 2) -> Permission:
    permission = Permission(at_least)
    for problem in problems:
        evidence = Evidence.ONE_ANSWER if problem is None else None
        permission.note(Outcome(Query("/path"), evidence=evidence, problem=problem))
    return permission


@pytest.mark.parametrize(
    ("problems", "is_denied", "is_hopeless"),
    [
        ([], False, False),
        ([FORBIDDEN], False, False),
        ([FORBIDDEN] * 2, True, False),
        ([FORBIDDEN] * (ENOUGH - 1), True, False),
        ([FORBIDDEN] * ENOUGH, True, True),
        ([NotRoutedError("x")], False, True),
        ([GONE, FORBIDDEN, GONE, FORBIDDEN], True, False),
        *(
            (order, False, False)
            for other in (None, RejectedCallError("x"), GivenUpError("x"))
            for order in ([other, *[FORBIDDEN] * ENOUGH], [*[FORBIDDEN] * ENOUGH, other])
        ),
        ([None, NotRoutedError("x")], False, False),
    ],
)
def test_an_endpoint_is_not_offered_only_if_no_item_is_accepted(
    problems: list[CallError | None], *, is_denied: bool, is_hopeless: bool
) -> None:
    permission = noted(problems)

    assert (permission.is_denied, permission.is_hopeless) == (is_denied, is_hopeless)


@pytest.mark.parametrize(
    ("problems", "is_broken"),
    [
        ([GivenUpError("x")] * (MOST_GIVEN_UP - 1), False),
        ([GivenUpError("x")] * MOST_GIVEN_UP, True),
        ([None, *[GivenUpError("x")] * MOST_GIVEN_UP], False),
        ([*[GivenUpError("x")] * MOST_GIVEN_UP, None], False),
    ],
)
def test_an_endpoint_does_not_work_if_none_of_many_items_came(
    problems: list[CallError | None], *, is_broken: bool
) -> None:
    assert noted(problems).is_broken == is_broken


def test_of_parts_a_single_one_is_enough() -> None:
    assert noted([FORBIDDEN], at_least=1).is_denied
