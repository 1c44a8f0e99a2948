"""The outcome of uploads, for the jobs of the settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault, uploads
from tests.contract.conftest import bench_of

if TYPE_CHECKING:
    from tests.contract.harness import Bench

STREAM = "upload_jobs"
JOBS = [
    {"job_type": "list_upload", "id": "1048"},
    {"job_type": "list_upload", "id": "1049"},
    {"job_type": "rejected_records", "id": "rejected-1048.csv"},
    {"job_type": "custom_events", "id": "2201"},
    {"job_type": "contact_import", "id": "imp-example-1"},
    {"job_type": "custom_object", "id": "co-17"},
]
REJECTED = {"E-mail Address": "nobody", "Reason": "no address", "Reason (2)": "größer"}


def expected(account: Account) -> list[dict[str, Any]]:
    """Work out the records of all jobs."""
    account_id = {"accountId": str(account.account_id)}
    outcomes = [
        ("success", uploads.LIST_UPLOADS["1048"]),
        ("The job is running", None),
        (None, {"1": REJECTED, "2": REJECTED}),
        ("success", uploads.CUSTOM_EVENTS["2201"]),
        ("COMPLETED", {**account_id, **uploads.CONTACT_IMPORTS["imp-example-1"]}),
        ("FAILED", uploads.CUSTOM_OBJECTS["co-17"]),
    ]
    return [
        {**job, "status": status, "details": details, "extra_fields": None}
        for job, (status, details) in zip(JOBS, outcomes, strict=True)
    ]


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_exactly_the_outcome_of_each_job(account: Account, edition: str) -> None:
    with bench_of(account, edition=edition) as bench:
        found = bench.run(streams=[STREAM], job_ids=[*JOBS, JOBS[0]])
    assert found.failure is None
    assert found.records[STREAM] == expected(account)


def test_no_job_is_asked_about_by_default(bench: Bench) -> None:
    found = bench.run(job_ids=JOBS)
    assert not [path for path in found.paths if path.endswith("status")]


def test_a_job_that_has_expired_is_skipped(account: Account, bench: Bench) -> None:
    expired = {"job_type": "list_upload", "id": "99"}
    found = bench.run(streams=[STREAM], job_ids=[expired, *JOBS])
    assert found.failure is None
    assert found.records[STREAM] == expected(account)
    assert any("list_upload 99" in line for line in found.lines("WARNING"))


@pytest.mark.parametrize("job_type", ["contact_import", "custom_object"])
def test_a_job_that_is_refused_leaves_the_others(
    account: Account, bench: Bench, job_type: str
) -> None:
    found = bench.run(streams=[STREAM], job_ids=[{"job_type": job_type, "id": "x"}, *JOBS])
    assert found.failure is not None
    assert found.records[STREAM] == expected(account)


def test_the_account_is_told_by_the_setting_where_the_host_does_not(account: Account) -> None:
    with bench_of(account, choices=Choices(account_endpoint=False)) as bench:
        found = bench.run(streams=[STREAM], job_ids=JOBS[4:], account_id=str(account.account_id))
        without = bench.run(streams=[STREAM], job_ids=JOBS[4:])
    assert found.records[STREAM] == expected(account)[4:]
    assert any("set account_id" in line for line in without.lines("ERROR"))


def test_details_that_come_as_text_alone_are_read(bench: Bench) -> None:
    body = json.dumps({"status": "success", "jobDetails": '{"appendCount": 3}'})
    bench.sandbox.faults.add(Fault("status", "/api/1/list/1/status", status=200, body=body))
    found = bench.run(streams=[STREAM], job_ids=[{"job_type": "list_upload", "id": "1"}])
    assert found.records[STREAM][0]["details"] == {"appendCount": 3}
