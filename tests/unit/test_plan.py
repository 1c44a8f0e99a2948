"""The arithmetic of a plan, and how it reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tap_acton.api.rate_limits import seconds_for
from tap_acton.plan import Plan, StreamPlan
from tap_acton.sync.forecast import pages_of

PAGE = Path(__file__).parents[2] / "docs" / "allowance.md"


def plan_of(*calls: int, left: int = 30_000, limit: int = 30_000) -> Plan:
    """Make a plan of streams with so many calls each."""
    streams = [
        StreamPlan(f"stream_{number}", of_stream, reason="forms: 3")
        for number, of_stream in enumerate(calls)
    ]
    return Plan(streams, 5, limit, left, 12)


def test_a_sum_is_exact_only_where_its_parts_are() -> None:
    parts = [StreamPlan("one", 1), StreamPlan("other", 2, is_exact=False)]
    assert Plan(parts[:1], 5, 100, 100, 1).is_exact
    plan = Plan(parts, 5, 100, 100, 1)
    assert (plan.data()["certainty"], plan.calls) == ("about", 3)
    assert re.search(r"^other +about +2$", plan.text(), re.MULTILINE)
    assert re.search(r"^total +about +3$", plan.text(), re.MULTILINE)


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_even_no_rows_take_a_page(rows: int, pages: int) -> None:
    assert pages_of(rows, 1000) == pages


@pytest.mark.parametrize("pace", [5, 0.5, 1, 40, 100_000])
def test_the_calls_take_as_long_as_the_pace_allows(pace: float) -> None:
    seconds = seconds_for(3_000, pace)
    assert 3_000 / pace <= seconds <= 1.2 * 3_000 / pace + 1


@pytest.mark.parametrize(
    ("calls", "left", "days"),
    [(0, 0, 1), (100, 100, 1), (101, 100, 2), (1_100, 100, 2), (1_101, 100, 3), (5, 0, 2)],
)
def test_the_calls_spread_over_days(calls: int, left: int, days: int) -> None:
    plan = plan_of(calls, left=left, limit=1_000)
    assert plan.days == days
    assert plan.data()["fits_today"] is (days == 1)


def test_the_text_has_a_line_per_stream_and_says_whether_it_fits() -> None:
    text = plan_of(18_000, 7, left=29_000).text()
    lines = text.splitlines()
    assert lines[0].split() == ["stream", "calls", "made", "of"]
    assert lines[1].split() == ["stream_0", "18,000", "forms:", "3"]
    assert lines[3].split() == ["total", "18,007"]
    assert "At 5 calls a second this takes 1:01:" in text
    assert (
        "Of the 30,000 calls in 24 hours 1,000 are used and 29,000 left,\nso the run fits" in text
    )
    assert text.endswith("This plan took 12 calls.")
    assert "so the run takes 2 days" in plan_of(40_000).text()


def test_the_data_is_json_and_says_the_same() -> None:
    plan = plan_of(18_000, 7, left=29_000)
    data = json.loads(json.dumps(plan.data()))
    assert data["calls"] == sum(one["calls"] for one in data["streams"]) == 18_007
    assert data["certainty"] == "exact"
    assert data["calls_used"] + data["calls_left"] == data["daily_request_limit"]
    assert data["seconds"] == pytest.approx(18_007 / 5, rel=0.05)
    assert data["streams"][0] == {
        "stream": "stream_0",
        "calls": 18_000,
        "certainty": "exact",
        "reason": "forms: 3",
    }


def test_the_documentation_names_every_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    chapter = text.partition("\n## What a run will take\n")[2].partition("\n## ")[0]
    data = plan_of(1).data()
    named = set(re.findall(r"`([a-z_ ]+)`", chapter))
    assert {*data, *data["streams"][0], "exact", "about"} <= named
