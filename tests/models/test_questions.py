"""The queries of docs/models.md run on what dbt has built, and answer what they say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.warehouses import duckdb
from tests.models.conftest import WEBINARS
from tests.models.expected_messages import messages
from tests.models.expected_webinars import webinar_attendance
from tests.models.loaded import Loaded, rate, total
from tests.models.project import ROOT, TRANSFORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.contract.expected import Record
    from tests.end_to_end.warehouses import Row
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
MARTS = sorted(path.stem for path in TRANSFORM.glob("models/marts/*/*.sql"))
LEAST = 5
"""From how many e-mails on the page compares subject lines."""


def questions() -> Iterator[tuple[str, str]]:
    """Give the questions of the page, each with the SQL below it."""
    yield from re.findall(r"^\*([^*\n]+\?)\*\n\n```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


QUESTIONS = dict(questions())


@pytest.fixture(scope="module")
def answers(built: dict[str, Built]) -> dict[str, list[Row]]:
    """The rows of every query, by the question."""
    return duckdb(built["first run"].warehouse).query(QUESTIONS)


@pytest.fixture(scope="module")
def loaded(built: dict[str, Built]) -> Loaded:
    """What the warehouse holds."""
    return Loaded.of(built["first run"].accounts["acton"], [WEBINARS])


def test_every_query_has_a_question() -> None:
    assert PAGE.count("```sql") == len(QUESTIONS)


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_has_a_question(mart: str) -> None:
    _, _, section = PAGE.partition(f"\n### {mart}\n")
    assert re.search(rf"\bmarts\.{mart}\b", section.partition("\n#")[0])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_an_answer(answers: dict[str, list[Row]], question: str) -> None:
    assert answers[question]


def test_open_rate_of_campaigns_by_month(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    campaigns = defaultdict(list)
    for row in messages(loaded):
        campaigns[row["sent_on"][:7], row["message_name"]].append(row)
    found = {
        (month[:7], name): (sent, share)
        for month, name, sent, share in answers["What is the open rate of each campaign, by month?"]
    }
    assert found == {
        group: (total(row["sent"] for row in rows), pytest.approx(open_rate(rows)))
        for group, rows in campaigns.items()
    }


def test_best_subject_lines(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    subjects = defaultdict(list)
    for row in messages(loaded):
        if row["message_type"] == "SENT":
            subjects[row["subject"]].append(row)
    shares = [
        share
        for rows in subjects.values()
        if (total(row["delivered"] for row in rows) or 0) >= LEAST
        and (share := open_rate(rows)) is not None
    ]
    found = answers["Which subject lines are opened most?"]
    assert [share for *_, share in found] == pytest.approx(sorted(shares, reverse=True)[:10])


def open_rate(rows: Sequence[Record]) -> float | None:
    """Work out the open rate of some messages together."""
    opened, delivered = (
        total(row[column] for row in rows) for column in ("opened_unique", "delivered")
    )
    return rate(opened or 0, delivered or 0)


def test_who_clicked_and_later_opted_out(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    first_clicks: dict[str, str] = {}
    for event in loaded.records["message_events"]:
        if event["event_type"] == "CLICKED":
            email, at = event["email"], event["event_at"]
            first_clicks[email] = min(at, first_clicks.get(email, at))
    expected = {
        (row["email"], first_clicks[row["email"]], row["opted_out_at"])
        for row in loaded.records["opt_outs"]
        if first_clicks.get(row["email"], "9") < row["opted_out_at"]
    }
    assert {*answers["Who clicked, and later opted out?"]} == expected


def test_growth_of_lists(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    names = {row["id"]: row["name"] for row in loaded.records["lists"]}
    expected = Counter(
        (names[row["list_id"]], loaded.day(row["created_at"])[:7])
        for row in loaded.records["list_members"]
    )
    found = {
        (name, month[:7]): (added, deleted)
        for name, month, added, deleted in answers["How has each list grown, by month?"]
    }
    assert found == {group: (added, 0) for group, added in expected.items()}


def test_conversion_of_forms_by_source(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    sources: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in loaded.records["form_reports"]:
        sources[row["source"]][0] += row["submits"]
        sources[row["source"]][1] += row["views"]
    found = {source: share for source, *_, share in answers["How do forms convert by source?"]}
    assert found == pytest.approx({name: rate(*numbers) for name, numbers in sources.items()})


def test_attendance_by_lead_source(answers: dict[str, list[Row]], loaded: Loaded) -> None:
    sources: dict[str | None, list[bool]] = defaultdict(list)
    for row in webinar_attendance(loaded):
        sources[row["lead_source"]].append(row["has_attended"])
    found = {
        source: (count, share)
        for source, count, share in answers["Which lead sources bring people who come?"]
    }
    assert found.keys() == sources.keys()
    for source, attended in sources.items():
        assert found[source] == pytest.approx((len(attended), sum(attended) / len(attended)))
