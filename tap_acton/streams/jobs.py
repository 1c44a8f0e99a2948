"""What has become of uploads: of lists, custom events, contacts and custom objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.client import path_part
from tap_acton.api.decoding import decode_json, decode_json_text, decode_text
from tap_acton.records.extractors import Extracted, UnknownShapeError
from tap_acton.records.list_table import distinct_names, read_csv
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_acton.records.reader import Row

REJECTED_RECORDS = "rejected_records"

PATHS = {
    "list_upload": "/api/1/list/{id}/status",
    REJECTED_RECORDS: "/api/1/list/rejectedUploadRecords",
    "custom_events": "/api/1/customevents/{id}/status",
    "contact_import": "/ucl/v2/{account_id}/import/status/{id}",
    "custom_object": "/custom-objects/v1/{account_id}/data/status/{id}",
}
"""Where each type of job is requested (Act-On reference, 2024 edition)."""


class UploadJobs(ActOnStream):
    """The outcome of the upload jobs in the setting ``job_ids``.

    Optional, since only whoever uploaded something knows the job's id: the API
    has no list of jobs. All of them may have expired.
    """

    name = "upload_jobs"
    primary_keys = ("job_type", "id")
    is_optional, inputs = True, ("job_ids",)
    item, about, all_may_be_gone = "job", "jobs", True

    def queries(self) -> Iterator[Query]:
        """Request each job."""
        for job_type, job_id in dict.fromkeys(self.run.settings.job_ids):
            path = PATHS[job_type]
            is_file = job_type == REJECTED_RECORDS
            account_id = self.run.account.number if "{account_id}" in path else ""
            yield Query(
                path.format(id=path_part(job_id), account_id=path_part(account_id)),
                parameters={"filename": job_id} if is_file else {},
                given={"job_type": job_type, "id": job_id},
                subject=f"{job_type} {job_id}",
                item={"job_type": job_type, "id": job_id},
            )

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:
        """Give what decodes a body: rejected records come as CSV, all else as JSON."""
        return decode_text if query.given["job_type"] == REJECTED_RECORDS else decode_json

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the status and the details of a job, wherever its type has them."""
        match query.given["job_type"], payload:
            case "rejected_records", str():
                return Extracted([{"details": _rejected(payload)}])
            case "list_upload" | "custom_events", {"status": _}:
                return Extracted([_with_details(payload)])
            case "contact_import", {"data": {"importStatus": status} as details}:
                return Extracted([{"status": status, "details": details}])
            case "custom_object", dict() if payload:
                return Extracted([{"status": _status_in(payload), "details": payload}])
        raise UnknownShapeError


def _status_in(payload: Row) -> Any:
    """Find the status in whatever envelope it is: of the response only the path is documented."""
    inner: Any = payload
    while isinstance(inner, dict) and "status" not in inner and len(inner) == 1:
        (inner,) = inner.values()
    return inner.get("status") if isinstance(inner, dict) else None


def _rejected(content: str) -> Row:
    """Number the rows of a file, which may be alike.

    Raises:
        UnknownShapeError: If it is not CSV, or ends within a row.
    """
    try:
        headers, lines = read_csv(content)
    except ValueError:
        raise UnknownShapeError from None
    if lines and len(lines[-1]) < len(headers) and not content.endswith(("\n", "\r")):
        raise UnknownShapeError
    names = distinct_names(headers)
    return {
        str(number): {
            **dict(zip(names, cells, strict=False)),
            **{str(place): cell for place, cell in enumerate(cells) if place >= len(names)},
        }
        for number, cells in enumerate(lines, start=1)
    }


def _with_details(payload: Row) -> Row:
    """Read the details from their text where they do not come as an object too."""
    if isinstance(payload.get("details"), dict):
        return payload
    details = decode_json_text(payload.get("jobDetails"))
    return payload if details is None else {**payload, "details": details}
