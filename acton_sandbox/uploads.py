"""Uploads whose outcome can be queried; they are the same in every account."""

from __future__ import annotations

LIST_UPLOADS = {
    "1048": {
        "status": "ok",
        "listId": "l-0a41",
        "appendCount": 3,
        "updateCount": 0,
        "failedCount": 0,
        "rejectedCount": 2,
    },
    "1049": None,
}
"""What became of uploads to lists; None for one that is still running."""

CUSTOM_EVENTS = {
    "2201": {"status": "ok", "customEventsId": "3ac9107e", "appendCount": 4, "rejectedCount": 0}
}
"""What became of uploads of custom events."""

CONTACT_IMPORTS = {
    "imp-example-1": {
        "importId": "imp-example-1",
        "importDefinitionId": 5512,
        "importStatus": "COMPLETED",
        "errorMessage": None,
        "submittedCount": 40,
        "unsubmittedCount": 0,
        "createdCount": 31,
        "updatedCount": 8,
        "failedCount": 0,
        "rejectedCount": 1,
    }
}
"""What became of imports of contacts."""

CUSTOM_OBJECTS = {"co-17": {"jobId": "co-17", "status": "FAILED", "report": "data/report/co-17"}}
"""What became of uploads to custom objects."""

REJECTED_RECORDS = {
    "rejected-1048.csv": (
        ("E-mail Address", "Reason", "Reason"),
        (("nobody", "no address", "größer"), ("nobody", "no address", "größer")),
    )
}
"""The headers and rows of the files of rejected rows."""
