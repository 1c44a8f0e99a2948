"""Each report and menu of Domo's connector for Constant Contact, as docs/coverage.md has it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.harness import PROJECT
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from tests.contract.expected import Record
    from tests.contract.harness import Bench

PAGE = (PROJECT / "docs/coverage.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Constant Contact in Domo\n")[2].partition("\n## ")[0]
REPORTS, MENUS = (
    {cells[0]: cells[1] for cells in re.findall(r"^\| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE)}
    for table in SECTION.split("| menu |")
)
STREAMS = {
    report: re.findall(r"\[(\w+)\]", cell)
    for report, cell in REPORTS.items()
    if report not in {"report", "---"}
}
WHO = ["l-unified-contacts:1", "l-unified-contacts:2"]

MENU_SETTINGS: dict[str, dict[str, Any]] = {
    "Contact ID": {"contact_ids": WHO[:1]},
    "Contact Status": json.loads(SECTION.partition("```json")[2].partition("```")[0]),
    "Include Subresource?": {},
    "Tracking Activity Types": {"activity_verbs": ["form signup"]},
    "Updated After Date": {"start_date": "2026-03-15"},
    "Updated Days Back": {"start_date": "7 days ago"},
    "Select Specific Date": {"start_date": "2026-03-19", "end_date": "2026-03-19"},
    "Days Back": {"start_date": "7 days ago"},
    "Start Date, End Date": {"start_date": "2026-03-01", "end_date": "yesterday"},
}
"""What each menu is set to; the account's time is noon of 2026-03-20."""


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """An account that responds in this process."""
    with bench_in_process(account) as bench:
        yield bench


def read(bench: Bench, *streams: str, **settings: Any) -> dict[str, list[Record]]:
    """Read streams, with all columns that the account has."""
    found = bench.run(streams=streams, discovered=bench.discover(), **settings)
    assert found.failure is None
    return found.records


def of_contact(row: Record) -> bool:
    """Tell whether a row is of the contact that the menu names."""
    return bool(row["contact_id"] == WHO[0])


def test_every_report_and_menu_of_the_page_is_tried() -> None:
    assert len(STREAMS) == 5
    assert [*MENU_SETTINGS] == [menu for menu in MENUS if menu not in {"menu", "---", "| menu"}]
    for menu, settings in MENU_SETTINGS.items():
        assert all(f"`{setting}`" in MENUS[menu] for setting in settings)


@pytest.mark.parametrize("report", STREAMS)
def test_a_report_has_its_stream(bench: Bench, report: str) -> None:
    lists_of_ids = ["l-0a44:1"]
    narrowed = {"contact_ids": [*WHO, *lists_of_ids]} if "Act" in report else {}
    records = read(bench, *STREAMS[report], **narrowed)
    assert all(records[stream] for stream in STREAMS[report])


@pytest.mark.parametrize(
    ("menu", "stream", "keeps"),
    [
        ("Contact ID", "contact_history", of_contact),
        ("Contact Status", "contacts", lambda row: row["status"] == "Qualified"),
        ("Tracking Activity Types", "contact_history", lambda row: row["verb"] == "fs"),
        ("Updated After Date", "contacts", lambda row: row["updated_at"] >= "2026-03-15"),
        ("Updated Days Back", "contacts", lambda row: row["updated_at"] >= "2026-03-13T12"),
        (
            "Select Specific Date",
            "contact_history",
            lambda row: row["activity_at"].startswith("2026-03-19"),
        ),
        ("Days Back", "contact_history", lambda row: row["activity_at"] >= "2026-03-13T12"),
        (
            "Start Date, End Date",
            "contact_history",
            lambda row: "2026-03-01" <= row["activity_at"] < "2026-03-20",
        ),
    ],
)
def test_a_menu_has_its_setting(bench: Bench, menu: str, stream: str, keeps: Any) -> None:
    whole = read(bench, stream)[stream]
    kept = [row for row in whole if keeps(row)]
    assert 0 < len(kept) < len(whole)
    found = read(bench, stream, **MENU_SETTINGS[menu])[stream]
    assert sorted(found, key=str) == sorted(kept, key=str)


def test_what_would_be_nested_is_selected(bench: Bench) -> None:
    nested = re.findall(
        r"\[(\w+)\]", SECTION.partition("Include Subresource?")[2].partition("\n")[0]
    )
    assert nested
    assert read(bench, "contacts").keys() == {"contacts"}
    assert read(bench, "contacts", *nested).keys() == {"contacts", *nested}
