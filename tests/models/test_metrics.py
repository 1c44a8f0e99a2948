"""Metrics, as MetricFlow works them out from the semantic models, are those of the account."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox.entities import REPORTED_TYPES
from tests.models.conftest import WEBINARS
from tests.models.expected_lists import SUPPRESSED, lists
from tests.models.expected_suppression import deliverability_daily
from tests.models.expected_webinars import webinar_attendance
from tests.models.loaded import Loaded, rate
from tests.models.project import PYTHON, ROOT

if TYPE_CHECKING:
    from tests.contract.expected import Record
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

BY_MONTH = "metric_time__month"
BY_SOURCE = "acton_form_source__source"
BY_LEAD_SOURCE = "acton_registrant__lead_source"
BY_FOLDER = "acton_list__folder_name"
GROUPED = {
    "acton_open_rate": BY_MONTH,
    "acton_form_conversion_rate": BY_SOURCE,
    "acton_webinar_attendance_rate": BY_LEAD_SOURCE,
    # The folder is a column of another semantic model.
    "acton_list_members_added": BY_FOLDER,
}


@pytest.fixture(scope="module")
def manifest(built: dict[str, Built]) -> Path:
    """What dbt has written for MetricFlow."""
    return built["first run"].folder.parent / "target" / "semantic_manifest.json"


@pytest.fixture(scope="module")
def names(manifest: Path) -> list[str]:
    """The names of all metrics."""
    return [metric["name"] for metric in json.loads(manifest.read_bytes())["metrics"]]


@pytest.fixture(scope="module")
def answers(built: dict[str, Built], manifest: Path, names: list[str]) -> dict[str, list[Record]]:
    """All metrics as totals, and some of them grouped, after a first run."""
    queries = {
        "totals": {"metrics": names, "group_by": []},
        **{name: {"metrics": [name], "group_by": [group]} for name, group in GROUPED.items()},
    }
    script = Path(__file__).with_name("run_metrics.py")
    done = subprocess.run(
        [PYTHON, script, manifest, built["first run"].warehouse],
        input=json.dumps(queries),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found: dict[str, list[Record]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def loaded(built: dict[str, Built]) -> Loaded:
    """What the warehouse holds after a first run."""
    return Loaded.of(built["first run"].accounts["acton"], [WEBINARS])


def test_the_page_names_every_metric(names: list[str]) -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_totals(answers: dict[str, list[Record]], loaded: Loaded) -> None:
    (found,) = answers["totals"]
    assert found == pytest.approx(totals(loaded))


def test_open_rate_by_month(answers: dict[str, list[Record]], loaded: Loaded) -> None:
    reports = {row["message_id"]: row for row in loaded.records["message_reports"]}
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for message in loaded.records["messages"]:
        if message["message_type"] in REPORTED_TYPES:
            month = months[loaded.day(message["sent_at"])[:7]]
            # A message that has just been deleted has no report.
            if report := reports.get(message["id"]):
                month[0] += report["opened_unique"]
                month[1] += report["sent"] - report["bounced"]
    found = {row[BY_MONTH][:7]: row["acton_open_rate"] for row in answers["acton_open_rate"]}
    assert found == pytest.approx({month: rate(*numbers) for month, numbers in months.items()})


def test_form_conversion_by_source(answers: dict[str, list[Record]], loaded: Loaded) -> None:
    sources: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for report in loaded.records["form_reports"]:
        sources[report["source"]][0] += report["submits"]
        sources[report["source"]][1] += report["views"]
    found = grouped(answers, "acton_form_conversion_rate")
    assert found == pytest.approx({name: rate(*numbers) for name, numbers in sources.items()})


def test_webinar_attendance_by_lead_source(
    answers: dict[str, list[Record]], loaded: Loaded
) -> None:
    sources: dict[str | None, list[bool]] = defaultdict(list)
    for row in webinar_attendance(loaded):
        sources[row["lead_source"]].append(row["has_attended"])
    found = grouped(answers, "acton_webinar_attendance_rate")
    assert len(sources) > 1
    assert found == pytest.approx({name: sum(all_) / len(all_) for name, all_ in sources.items()})


def test_list_members_added_by_folder(answers: dict[str, list[Record]], loaded: Loaded) -> None:
    folders = {row["id"]: row["folder_name"] for row in loaded.records["lists"]}
    added: dict[str | None, int] = defaultdict(int)
    for row in loaded.records["list_members"]:
        added[folders[row["list_id"]]] += 1
    assert grouped(answers, "acton_list_members_added") == added


def grouped(answers: dict[str, list[Record]], metric: str) -> dict[str | None, Any]:
    """Give the values of a metric by its group."""
    return {row[GROUPED[metric]]: row[metric] for row in answers[metric]}


def totals(loaded: Loaded) -> dict[str, float]:
    """Work out every metric over all the time."""
    rows = loaded.records

    def total(stream: str, column: str) -> int:
        return sum(row[column] for row in rows[stream])

    suppressed = {row["email"] for stream in SUPPRESSED for row in rows[stream]}
    domains = [*deliverability_daily(loaded)]
    attended = [row["has_attended"] for row in webinar_attendance(loaded)]
    sends, bounces = total("message_reports", "sent"), total("message_reports", "bounced")
    deliveries = sends - bounces
    opens, clicks = (total("message_reports", f"{kind}_unique") for kind in ("opened", "clicked"))
    opt_outs, complaints = (total("message_reports", name) for name in ("opt_out", "spam"))
    views, submits = total("form_reports", "views"), total("form_reports", "submits")
    domain_sends = sum(row["sent"] for row in domains)
    domain_bounces = sum(row["bounces"] for row in domains)
    return {
        "acton_sends": sends,
        "acton_deliveries": deliveries,
        "acton_bounces": bounces,
        "acton_unique_opens": opens,
        "acton_opens": total("message_reports", "opened_total"),
        "acton_unique_clicks": clicks,
        "acton_clicks": total("message_reports", "clicked_total"),
        "acton_opt_outs": opt_outs,
        "acton_complaints": complaints,
        "acton_messages_sent": sum(
            row["message_type"] in REPORTED_TYPES for row in rows["messages"]
        ),
        "acton_delivery_rate": deliveries / sends,
        "acton_bounce_rate": bounces / sends,
        "acton_open_rate": opens / deliveries,
        "acton_click_rate": clicks / deliveries,
        "acton_click_to_open_rate": clicks / opens,
        "acton_opt_out_rate": opt_outs / deliveries,
        "acton_complaint_rate": complaints / deliveries,
        "acton_new_contacts": len(rows["contacts"]),
        "acton_mailable_contacts": sum(
            row["email"] is not None and row["email"] not in suppressed for row in rows["contacts"]
        ),
        "acton_list_members": total("lists", "size"),
        "acton_mailable_list_members": sum(row["mailable_members"] or 0 for row in lists(loaded)),
        "acton_list_members_added": len(rows["list_members"]),
        "acton_suppressed_addresses": len(suppressed),
        "acton_sends_by_domain": domain_sends,
        "acton_bounces_by_domain": domain_bounces,
        "acton_bounce_rate_by_domain": domain_bounces / domain_sends,
        "acton_form_views": views,
        "acton_form_submits": submits,
        "acton_form_conversion_rate": submits / views,
        "acton_landing_page_visits": total("landing_page_reports", "total_visits"),
        "acton_webinar_registrants": len(attended),
        "acton_webinar_attendees": sum(attended),
        "acton_webinar_attendance_rate": sum(attended) / len(attended),
    }
