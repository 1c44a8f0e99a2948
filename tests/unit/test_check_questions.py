"""The answers to questions that no account of the sandbox gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_acton.api.pagination import Page
from tap_acton.check.findings import Behavior
from tap_acton.check.questions.base import DateFilter, effect_of, middle_of
from tap_acton.check.questions.messages import pairs
from tap_acton.check.samples import SampledPage
from tap_acton.errors import RejectedCallError
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from tap_acton.check.questions.base import Samples

REPORT = "/api/1/message/s-0001/report"


def events(contacts: list[str], total: int | None = None) -> SampledPage:
    """Make a page of opens, one for each contact that is named."""
    query = Query(f"{REPORT}/OPENED", given={"message_id": "s-0001", "event_type": "OPENED"})
    records = [{"contact_id": contact, "email": None} for contact in contacts]
    total = len(contacts) if total is None else total
    return SampledPage(Response(query, rows=records, total=total), records)


@pytest.mark.parametrize(
    ("opened", "page", "words", "is_assumed"),
    [
        ([2, 3], events(["a", "a", "b"]), "The first counts contacts, the second all", True),
        ([3, 2], events(["a", "a", "b"]), "The first counts all events, the second", False),
        ([2, 3], events(["a", "b"]), "As many events come as the first says", None),
        ([3, 2], events(["a", "b"]), "As many events come as the second says", None),
        ([5, 7], events(["a", "a", "b"]), "Neither matches the events", False),
        ([2, 2], events(["a", "b"]), "This account cannot say", None),
        ([2, 9], events(["a", "b"], total=9), "This account cannot say", None),
        (3, events(["a", "a", "b"]), "This account cannot say", None),
        ([1, 2, 3], events(["a", "a", "b"]), "This account cannot say", None),
    ],
)
def test_the_two_numbers_are_told_apart_by_the_events(
    opened: Any, page: SampledPage, words: str, *, is_assumed: bool | None
) -> None:
    reports = {REPORT: {"opened": opened}}
    samples = SimpleNamespace(
        pages=lambda name: [page] if name == "message_events" else [],
        answer=lambda path, *_: reports.get(path, {}),
    )
    answer = pairs.ask(cast("Samples", samples))
    assert answer.words.startswith(words)
    assert answer.is_assumed is is_assumed


DAYS = [f"2026-03-{day:02}T12:00:00Z" for day in range(1, 6)]
"""The timestamps of the rows of a list."""


def page(*times: str, total: int | None = None, size: int = 100) -> Response:
    """Make a page of rows."""
    return Response(Query("/api/1/list/l-0001"), Page(size=size), [{}] * len(times), total=total)


@pytest.mark.parametrize(
    ("passed", "total", "size", "words", "is_assumed"),
    [
        (DAYS[2:], 3, 100, "It works, in seconds; the total counts the rows that pass.", True),
        (DAYS[2:], 5, 100, "It works, in seconds; the total counts all rows.", True),
        (DAYS[3:], 2, 2, "It works, in seconds; the total counts the rows that pass.", True),
        (DAYS[3:], 2, 100, "It leaves out rows that it should not.", False),
        ([], 0, 100, "It leaves out rows that it should not.", False),
        (DAYS, 5, 100, "It is ignored: earlier rows come, too.", False),
        (["", *DAYS[2:]], 4, 100, "It works, in seconds", True),
    ],
)
def test_the_rows_that_pass_show_what_a_date_filter_does(
    passed: list[str], total: int, size: int, words: str, *, is_assumed: bool
) -> None:
    tried = DateFilter("lists", "seconds", middle=DAYS[2], expected=DAYS[2])
    answer = effect_of(tried, page(*DAYS, total=5), page(*passed, total=total, size=size), passed)
    assert answer.words.startswith(words)
    assert answer.is_assumed is is_assumed
    behavior = Behavior.AS_ASSUMED if is_assumed else Behavior.OTHERWISE
    assert answer.filters == {"lists": behavior}


def test_a_date_filter_may_be_refused() -> None:
    tried = DateFilter("lists", "seconds", middle=DAYS[2], expected=DAYS[2])
    refused = Response(Query("/api/1/list/l-0001"), problem=RejectedCallError("No."))
    answer = effect_of(tried, page(*DAYS), refused, [])
    assert (answer.words, answer.is_assumed) == ("It is refused.", False)


def test_the_middle_is_that_of_different_times() -> None:
    assert middle_of(DAYS) == DAYS[2]
    assert middle_of([DAYS[0], DAYS[0], DAYS[1], None]) is None
