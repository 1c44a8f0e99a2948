"""Ids that are e-mail addresses: all is read by them, and neither a state nor the log has one."""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from acton_sandbox import Fault
from acton_sandbox.audience_center import ContactField
from acton_sandbox.generation.audience_center import UNNAMED_COLUMN
from tap_acton.errors import AllowanceSpentError
from tap_acton.records.list_table import CONTACT_ID
from tap_acton.streams import STREAM_TYPES
from tests.contract.in_process import bench_in_process
from tests.contract.test_deviations import small_account
from tests.contract.test_secrets import ADDRESS
from tests.contract.test_several_days import A_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output

DOMAIN = "@example.com"
STREAMS = [kind.name for kind in STREAM_TYPES if kind.name != "sync_runs"]  # has none
SETTINGS: dict[str, Any] = {
    "on24_client_ids": ["CRM", "Visitors"],
    "list_names": ["*", f"*{DOMAIN}"],
    "bulk_format": "json",
    "max_retries": 0,
    "max_concurrency": 1,
}


def with_domain(held: Any) -> Any:
    """Make an address of each id in a response."""
    match held:
        case {"headers": list(headers), "data": list(rows)} if CONTACT_ID in headers:
            place = headers.index(CONTACT_ID)
            rows = [[*row[:place], f"{row[place]}{DOMAIN}", *row[place + 1 :]] for row in rows]
            return {**held, "data": rows}
        case dict():
            return {
                name: f"{value}{DOMAIN}"
                if name.lower().endswith("id") and isinstance(value, str | int)
                else with_domain(value)
                for name, value in held.items()
            }
        case list():
            return [with_domain(value) for value in held]
    return held


@contextmanager
def ids_that_are_addresses() -> Iterator[None]:
    """Let all ids of an account be addresses, by which it responds as by its own."""
    send = HTTPAdapter.send

    def sent(
        adapter: HTTPAdapter, request: requests.PreparedRequest, **keywords: Any
    ) -> requests.Response:
        asked = request.copy()
        for escaped in (DOMAIN, DOMAIN.replace("@", "%40")):
            asked.url = str(asked.url).replace(escaped, "")
            if isinstance(asked.body, bytes):
                asked.body = asked.body.replace(escaped.encode(), b"")
        response = send(adapter, asked, **keywords)
        is_own = any(part in str(asked.url) for part in ("/token", "/api/1/account"))
        if is_own or not response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        body = json.dumps(with_domain(json.loads(response.content))).encode()
        headers = {"Content-Type": "application/json"}
        return adapter.build_response(
            request,
            HTTPResponse(io.BytesIO(body), headers, response.status_code, preload_content=False),
        )

    with patch.object(HTTPAdapter, "send", sent):
        yield


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    with bench_in_process(account) as bench, ids_that_are_addresses():
        yield bench


@pytest.fixture(scope="module")
def rows(account: Account) -> dict[str, set[str]]:
    """What a run brings that nothing disturbs."""
    with bench_in_process(account) as bench, ids_that_are_addresses():
        whole = bench.run(streams=STREAMS, **SETTINGS)
    assert whole.failure is None
    assert sum(DOMAIN in json.dumps(records) for records in whole.records.values()) > 20
    return rows_of(whole)


def assert_nothing_told(output: Output, log: pytest.LogCaptureFixture) -> None:
    lines = [json.dumps(message) for message in output.of_type("STATE")]
    # At the level DEBUG, urllib3 tells the paths of calls.
    lines += [one.getMessage() for one in log.records if one.levelno > logging.DEBUG]
    assert [line[:2000] for line in lines if ADDRESS.search(line)] == []


FAILING = (
    "/api/1/message/*/report",
    "/api/1/message/*/report/*",
    "/api/1/list/*/record/*",
    "/ucl/v2/*/contactReport/id/*/activity",
    "/ucl/v2/*/contactReport/id/*/scores",
    "/ucl/v2/*/contactReport/id/*/segments",
    "/custom-objects/v1/*/query/*",
    "/api/1/media/*/report*",
)
"""Calls of these fail, for good, since there are no retries."""


def test_what_failed_is_read_by_the_next_run(
    bench: Bench, caplog: pytest.LogCaptureFixture, rows: dict[str, set[str]]
) -> None:
    for path in FAILING:
        bench.sandbox.faults.add(Fault("status", path, times=2, after=1, status=500))
    faulty = bench.run(streams=STREAMS, **SETTINGS)
    repaired = bench.run(faulty.state, streams=STREAMS, **SETTINGS)
    assert repaired.failure is None
    assert faulty.failure is not None
    for output in (faulty, repaired):
        assert_nothing_told(output, caplog)
    assert rows_of(faulty, repaired) == rows


def test_a_load_of_several_days_ends(
    bench: Bench, caplog: pytest.LogCaptureFixture, rows: dict[str, set[str]]
) -> None:
    runs: list[Output] = []
    while not runs or runs[-1].failure is not None:
        assert len(runs) < 10
        bench.let_pass(24 * 3600)
        state = runs[-1].state if runs else None
        runs.append(bench.run(state, streams=STREAMS, daily_request_limit=400, **SETTINGS))
        assert_nothing_told(runs[-1], caplog)
    assert len(runs) > 1
    assert rows_of(*runs) == rows


def test_neither_the_catalog_nor_its_states_have_one(
    account: Account, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    field = ContactField(2299, UNNAMED_COLUMN, f"Jane{DOMAIN}", "TEXT")
    bench.sandbox.account = account.with_contact_fields(*account.contact_fields, field)
    catalog = bench.discover(list_streams=["*"])
    output = bench.run(discovered=catalog, streams=["contacts", "custom_object_records"])
    assert ADDRESS.search(json.dumps([catalog, output.of_type("SCHEMA")])) is None
    assert_nothing_told(output, caplog)
    assert "unnamed" in output.records["contacts"][0]
    assert "region" in output.records["contacts"][0]


def rows_of(*outputs: Output) -> dict[str, set[str]]:
    """Give the rows of each stream, whichever of some runs brought them."""
    return {
        name: {json.dumps(row) for output in outputs for row in output.records[name]}
        for name in STREAMS
    }


@pytest.mark.parametrize(
    ("streams", "limit"),
    [(["contact_facts"], 15), (["message_events"], 25), (["media_reports", "media_views"], 15)],
)
def test_a_load_of_several_days_resumes_behind_them(
    streams: list[str], limit: int, tmp_path: Path
) -> None:
    outputs: list[Output] = []
    with bench_in_process(small_account()) as bench, ids_that_are_addresses():
        while not outputs or isinstance(outputs[-1].failure, AllowanceSpentError):
            assert len(outputs) < 5, "the load does not end"
            bench.let_pass(A_DAY)
            limits: Any = {"token_store": str(tmp_path), "daily_request_limit": limit}
            state = outputs[-1].state if outputs else None
            outputs.append(bench.run(state, streams=streams, **limits, **SETTINGS))
    assert len(outputs) > 1
    assert DOMAIN not in str([output.state for output in outputs])
