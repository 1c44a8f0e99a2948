"""The answers to questions that no account of the sandbox gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_acton.check.questions.messages import pairs
from tap_acton.check.samples import SampledPage
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
