"""The marts of forms, landing pages and media, worked out from the rows of the streams."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.models.loaded import rate, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

COUNTS = ("views", "unique_visitors", "submits")
DATES = ("created_at", "modified_at")
VIEWS = (
    *("total_known_views", "total_unknown_views", "unique_known_views", "unique_unknown_views"),
    *("total_messages", "total_from_messages"),
)


def forms(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__forms``."""
    reports = _grouped(loaded.records["form_reports"], "form_id")
    for form in loaded.records["forms"]:
        sums = {name: total(row[name] for row in reports[form["id"]]) for name in COUNTS}
        yield {
            "form_id": form["id"],
            "form_name": form["name"],
            **_some(form, "folder_name", "description", "url", *DATES),
            **sums,
            "conversion_rate": rate(sums["submits"] or 0, sums["views"] or 0),
        }


def form_sources(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__form_sources``."""
    listed = {form["id"]: form for form in loaded.records["forms"]}
    for form_id, rows in _grouped(loaded.records["form_reports"], "form_id").items():
        for row in rows:
            yield {
                "form_id": form_id,
                "form_name": listed[form_id]["name"],
                "form_created_on": loaded.day(listed[form_id]["created_at"]),
                **_some(row, "source", *COUNTS),
                "conversion_rate": rate(row["submits"], row["views"]),
                "share": rate(row["views"], sum(one["views"] for one in rows)),
            }


def landing_pages(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__landing_pages``."""
    reports = {row["landing_page_id"]: row for row in loaded.records["landing_page_reports"]}
    for page in loaded.records["landing_pages"]:
        report = reports.get(page["id"], {})
        yield {
            "landing_page_id": page["id"],
            "landing_page_name": page["name"],
            **_some(page, "folder_name", "url", *DATES),
            "created_on": loaded.day(page["created_at"]),
            "visits": report.get("total_visits"),
            "unique_unknown_visitors": report.get("unique_unknown_visits"),
        }


def landing_page_sources(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__landing_page_sources``."""
    names = {page["id"]: page["name"] for page in loaded.records["landing_pages"]}
    for report in loaded.records["landing_page_reports"]:
        for traffic in report["incoming_traffic"]:
            yield {
                "landing_page_id": report["landing_page_id"],
                "landing_page_name": names.get(report["landing_page_id"]),
                "source": traffic["source"] or "(none)",
                "visits": traffic["visits"],
                "share": rate(traffic["visits"], report["total_visits"]),
            }


def media(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__media``."""
    reports = {row["media_id"]: row for row in loaded.records["media_reports"]}
    views = _grouped(loaded.records["media_views"], "media_id")
    for item in loaded.records["media"]:
        report = reports.get(item["id"])
        times = [row["viewed_at"] for row in views[item["id"]]]
        yield {
            "media_id": item["id"],
            "media_name": item["name"],
            "kind": "link" if item["target_url"] else "file",
            **_some(item, "folder_name", "url", "target_url", "size", *DATES),
            "total_views": report and report["total_known_views"] + report["total_unknown_views"],
            **{name: report and report[name] for name in VIEWS},
            "first_viewed_at": min(times, default=None),
            "last_viewed_at": max(times, default=None),
        }


def _grouped(rows: Sequence[Record], column: str) -> defaultdict[str, list[Record]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _some(row: Record, *columns: str) -> Record:
    return {column: row[column] for column in columns}
