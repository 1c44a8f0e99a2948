"""A night on which Act-On does not report the account's time zone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW
from tests.contract.expected import KEYS, by_key, expected_records
from tests.contract.in_process import bench_in_process
from tests.contract.test_deviations import small_account
from tests.contract.test_fewer_rows import night
from tests.contract.test_new_columns import FOLDER, LIST_STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.harness import Bench, Output

PATH = "/api/1/account"
UNKNOWN = {
    "nothing": Fault("status", PATH, times=None, status=204, body=""),
    "refused": Fault("status", PATH, times=None, status=403),
    "no zone": Fault("missing_fields", PATH, times=None, fields=("time_zone",)),
}


LIST_ID = "l-0a41"
ROWS = f"/api/1/list/{LIST_ID}"
HEADERS = ["_contact_id_", "E-mail Address", "created_date", "modified_date"]
WITHOUT_ZONE = "2026-03-17 07:05:09"
IN_PACIFIC = "2026-03-17T14:05:09.000Z"


@pytest.fixture
def bench() -> Iterator[Bench]:
    lists = (ListPlan("Webinar", 25, "webinar", FOLDER),)
    account = Account.generate(seed=7, size="small", now=NOW, lists=lists)
    with bench_in_process(account) as bench:
        yield bench


def rows_without_zone() -> Fault:
    """Let a list have timestamps without a zone; all of it comes, whatever the date filter."""
    data = [[f"{LIST_ID}:{number}", "", WITHOUT_ZONE, WITHOUT_ZONE] for number in range(25)]
    body = {"headers": HEADERS, "data": data, "emailColumn": 1, "totalCount": 25, "count": 25}
    return Fault("status", ROWS, times=None, status=200, body=json.dumps(body))


def settings_of(bench: Bench, stream: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"streams": [stream, "lists"], **LIST_STREAMS[stream]}
    if "list_streams" in settings:
        settings["discovered"] = bench.discover(list_streams=settings["list_streams"])
    return {**settings, "lookback_window": "P0D", "recheck_period": "P3650D", "page_size": 50}


def modified(output: Output, stream: str) -> set[str | None]:
    rows = output.records[stream]
    return {row["modified_at"] for row in rows if row["contact_id"].startswith(LIST_ID)}


def contacts(output: Output, stream: str) -> set[str]:
    found = {row["contact_id"] for row in output.records[stream]}
    return {one for one in found if one.startswith(LIST_ID)}


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("stream", LIST_STREAMS)
def test_a_list_that_was_read_without_the_zone_is_read_whole_with_it(
    bench: Bench, stream: str, unknown: str
) -> None:
    outputs: list[Output] = []
    settings = settings_of(bench, stream)
    night(bench, outputs, UNKNOWN[unknown], rows_without_zone(), **settings)
    night(bench, outputs, UNKNOWN[unknown], rows_without_zone(), **settings)
    night(bench, outputs, rows_without_zone(), **settings)
    night(bench, outputs, rows_without_zone(), **settings)
    assert [output.failure for output in outputs] == [None] * 4
    assert modified(outputs[0], stream) == {None}
    # As long as the zone is unknown nothing is read again.
    assert [ROWS in output.paths for output in outputs] == [True, False, True, False]
    assert modified(outputs[2], stream) == {IN_PACIFIC}
    assert len(contacts(outputs[2], stream)) == 25


@pytest.mark.parametrize("stream", LIST_STREAMS)
def test_a_list_whose_zone_could_not_be_read_is_refused(bench: Bench, stream: str) -> None:
    outputs: list[Output] = []
    settings = settings_of(bench, stream)
    failure = Fault("status", PATH, times=None, status=500)
    night(bench, outputs, failure, rows_without_zone(), **settings)
    night(bench, outputs, rows_without_zone(), **settings)
    assert outputs[0].failure is not None
    assert stream in outputs[0].failure.sentence
    assert outputs[1].failure is None
    assert modified(outputs[1], stream) == {IN_PACIFIC}


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_views_that_were_read_without_the_zone_are_read_again(unknown: str) -> None:
    outputs: list[Output] = []
    with bench_in_process(small_account()) as bench:
        for fault in ([UNKNOWN[unknown]], [], []):
            night(bench, outputs, *fault, streams=["media_reports", "media_views"])
    assert [bool(output.records["media_views"]) for output in outputs] == [True, True, False]


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_contacts_that_were_read_without_the_zone_are_read_again(unknown: str) -> None:
    outputs: list[Output] = []
    with bench_in_process(small_account()) as bench:
        settings: dict[str, Any] = {"streams": ["contacts"], "account_id": "70123"}
        settings |= {"discovered": bench.discover(), "lookback_window": "P0D"}
        for faults in ([UNKNOWN[unknown]], [UNKNOWN[unknown]], [], []):
            night(bench, outputs, *faults, **settings)
        expected = by_key("contacts", expected_records(bench.sandbox.account)["contacts"])
    assert by_key("contacts", outputs[2].records["contacts"]) == expected
    # As long as the zone is unknown nothing is read again, and once it is known only once.
    assert all(len(outputs[number].records["contacts"]) < len(expected) for number in (1, 3))


def test_a_failure_fails_only_what_has_texts_without_a_zone() -> None:
    """Of the account's days, too, it is the zone that says when they begin."""
    outputs: list[Output] = []
    with bench_in_process(small_account()) as bench:
        discovered = bench.discover()
        fault = Fault("status", PATH, times=None, status=500)
        night(bench, outputs, fault, account_id="70123", streams=[*KEYS], discovered=discovered)
        expected = expected_records(bench.sandbox.account)
    lacking = {
        stream
        for stream, rows in expected.items()
        if by_key(stream, outputs[0].records[stream]) != by_key(stream, rows)
    }
    # Contacts have fields that are dates.
    assert lacking == {"account", "contacts", "media_views", "message_daily_stats"}


@pytest.mark.parametrize("stream", ["contact_history", "contact_scores", "contact_segments"])
def test_reports_of_contacts_that_were_read_without_the_zone_are_read_again(stream: str) -> None:
    outputs: list[Output] = []
    with bench_in_process(small_account()) as bench:
        settings: dict[str, Any] = {"streams": [stream], "account_id": "70123"}
        for faults in ([UNKNOWN["refused"]], [UNKNOWN["refused"]], [], []):
            bench.let_pass(2 * 86_400)
            night(bench, outputs, *faults, **settings)
    calls = [sum("/contactReport/" in path for path in output.paths) for output in outputs]
    assert calls[1] < calls[0] == calls[2] > calls[3]
