"""What became of uploads: five paths, one for each kind (Act-On reference, 2024 edition)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from acton_sandbox import uploads
from acton_sandbox.answers import Answer, DataRoute, numeric_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acton_sandbox.answers import Call


def _job(jobs: Mapping[str, Any], job_id: str) -> Answer:
    """Answer with a job of `/api/1`, whose details come twice."""
    if job_id not in jobs:
        return numeric_error(10017, "Invalid or expired Job Id")
    details = jobs[job_id]
    if details is None:
        return Answer.of_json({"status": "The job is running"})
    text = json.dumps(details, separators=(",", ":"))
    return Answer.of_json({"status": "success", "jobDetails": text, "details": details})


def list_upload(call: Call) -> Answer:
    """Answer with what became of an upload to a list."""
    return _job(uploads.LIST_UPLOADS, call.ids["jobid"])


def custom_events(call: Call) -> Answer:
    """Answer with what became of an upload of custom events."""
    return _job(uploads.CUSTOM_EVENTS, call.ids["id"])


def rejected_records(call: Call) -> Answer:
    """Answer with the file of the rows that an upload did not take."""
    found = uploads.REJECTED_RECORDS.get(call.query.get("filename", ""))
    if found is None:
        return numeric_error(10017, "Invalid or expired Job Id")
    return Answer.of_csv(*found)


def contact_import(call: Call) -> Answer:
    """Answer with what became of an import of contacts."""
    account_id = str(call.view.account.account_id)
    details = uploads.CONTACT_IMPORTS.get(call.ids["id"])
    if details is None or call.ids["account_id"] != account_id:
        return Answer(404, b"", "text/plain")
    return Answer.of_json({"data": {"accountId": account_id, **details}})


def custom_object(call: Call) -> Answer:
    """Answer with what became of an upload to a custom object."""
    details = uploads.CUSTOM_OBJECTS.get(call.ids["id"])
    if details is None or call.ids["account_id"] != str(call.view.account.account_id):
        return Answer.of_json({"errorMessage": "No such job", "status": "404 NOT_FOUND"}, 404)
    return Answer.of_json(details)


ROUTES = [
    DataRoute("/api/1/list/rejectedUploadRecords", rejected_records),
    DataRoute("/api/1/list/{jobid}/status", list_upload),
    DataRoute("/api/1/customevents/{id}/status", custom_events),
    DataRoute("/ucl/v2/{account_id}/import/status/{id}", contact_import),
    DataRoute("/custom-objects/v1/{account_id}/data/status/{id}", custom_object),
]
