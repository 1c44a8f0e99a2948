"""The marts of webinars, worked out from the rows of the streams."""

from __future__ import annotations

from collections import defaultdict
from statistics import mean
from typing import TYPE_CHECKING

from tests.models.loaded import rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

COLUMNS = (
    *("on24_client_id", "email", "company", "job_function", "lead_source", "status"),
    *("registered_at", "attended_at", "engagement_score", "poll_responses", "questions_asked"),
    *("surveys_submitted", "resources_viewed"),
)


def webinar_attendance(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__webinar_attendance``."""
    names = {row["id"]: row["name"] for row in loaded.records["lists"]}
    for row in loaded.records["webinar_registrants"]:
        yield {
            "webinar_id": row["list_id"],
            "webinar_name": names.get(row["list_id"]),
            "list_contact_id": row["contact_id"],
            **{column: row[column] for column in COLUMNS},
            "registered_on": row["registered_at"] and loaded.day(row["registered_at"]),
            "has_attended": row["status"] in {"Attended", "attended"} or bool(row["attended_at"]),
            "live_minutes": row["live_duration"],
            "archive_minutes": row["archive_duration"],
        }


def webinars(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__webinars``."""
    registrants = defaultdict(list)
    for row in webinar_attendance(loaded):
        registrants[row["webinar_id"]].append(row)
    folders = {row["on24_client_id"] for row in loaded.records["webinar_registrants"]}
    for item in loaded.records["lists"]:
        if item["folder_name"] not in folders:
            continue
        rows = registrants[item["id"]]
        attendees = [row for row in rows if row["has_attended"]]
        minutes = [row["live_minutes"] for row in attendees if row["live_minutes"] is not None]
        times = [row["registered_at"] for row in rows if row["registered_at"]]
        yield {
            "webinar_id": item["id"],
            "webinar_name": item["name"],
            "on24_client_id": item["folder_name"],
            "registrants": len(rows),
            "attendees": len(attendees),
            "attendance_rate": rate(len(attendees), len(rows)),
            "average_live_minutes": mean(minutes) if minutes else None,
            "first_registered_at": min(times, default=None),
            "last_registered_at": max(times, default=None),
        }
