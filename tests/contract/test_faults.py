"""Whatever goes wrong once on the way, the rows are those of an undisturbed run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Fault
from tests.contract.conftest import bench_of
from tests.contract.disturbances import ANSWERED, KINDS, UNANSWERED, SingleFaults
from tests.contract.expected import KEYS, by_key, expected_records
from tests.contract.harness import data_without_times, union

if TYPE_CHECKING:
    from pathlib import Path

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output

BUT_PAGES = "/api/1/[!p]*"
"""The paths but those of landing pages, which may be HTML, and of programs."""

ENDING = {"away for ten minutes"}
"""Kinds that no repetition helps against."""


EVERYWHERE = (
    *("503", "403 that throttles", "revoked tokens", "another shape", "200 of a proxy"),
    *("nothing", "half of the JSON", "reset", "read timeout"),
)
"""One kind of those that the client treats alike, to be met by every stream."""

FEW = (
    "messages",
    "message_reports",
    "list_members",
    "opt_outs",
    "segments",
    "custom_object_records",
)
"""Streams of each family of paths that the client treats differently, to meet every kind."""


@pytest.fixture(scope="module")
def few_run(account: Account) -> Output:
    """A run of a few streams without faults."""
    with bench_of(account) as bench:
        return bench.run(streams=FEW)


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_fault_once_at_the_first_middle_and_last_call_of_each_path_makes_no_difference(
    bench: Bench, complete_run: Output, kind: str
) -> None:
    faults = SingleFaults.among(kind, [seen.path for seen in complete_run.requests])
    with faults.of(bench.sandbox):
        found = bench.run()
    assert found.failure is None
    assert faults.left == set()
    assert data_without_times(found) == data_without_times(complete_run)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {*ENDING, *EVERYWHERE}])
def test_no_kind_of_fault_makes_a_difference(
    served_bench: Bench, few_run: Output, kind: str
) -> None:
    faults = SingleFaults.among(kind, [seen.path for seen in few_run.requests])
    with faults.of(served_bench.sandbox):
        found = served_bench.run(streams=FEW)
    assert found.failure is None
    assert faults.left == set()
    assert data_without_times(found) == data_without_times(few_run)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_the_login_makes_no_difference_or_ends_the_run(
    served_bench: Bench, account: Account, tmp_path: Path, kind: str
) -> None:
    faults = SingleFaults(kind, {("/token", 0)})
    with faults.of(served_bench.sandbox):
        found = served_bench.run(streams=["messages", "opt_outs"], token_store=str(tmp_path))
    assert faults.left == set()
    if kind in {"408", "500", "502", "503", *UNANSWERED, "reset", "half an answer", "stray braces"}:
        assert found.failure is None
    if found.failure is not None:
        assert found.failure.exit_code > 0
        served_bench.let_pass(3600)
        found = served_bench.run(streams=["messages", "opt_outs"], token_store=str(tmp_path))
    assert found.failure is None
    for stream in ("messages", "opt_outs"):
        assert by_key(stream, found.records[stream]) == by_key(
            stream, expected_records(account)[stream]
        )


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_calls_does_not_pass_for_an_account_without_the_endpoint(
    bench: Bench, account: Account, status: int
) -> None:
    streams = ["opt_outs", "messages", "custom_object_schemas", "segments"]
    page = replace(ANSWERED["407 of a proxy"], status=status)
    for path in ("/api/1/list/optout", "/custom-objects/*", "/ucl/*"):
        bench.sandbox.faults.add(replace(page, path_pattern=path, times=None))
    broken = bench.run(streams=streams)
    assert broken.failure is not None
    assert all(name in broken.failure.sentence for name in streams if name != "messages")
    assert "proxy" in broken.log
    bench.sandbox.faults.clear()
    repaired = bench.run(broken.state, streams=streams)
    assert repaired.failure is None
    held = union([broken, repaired])
    for stream in streams:
        assert held[stream] == by_key(stream, expected_records(account)[stream])


@pytest.mark.parametrize("kind", ["status", "html", "truncated"])
def test_faults_here_and_there_make_no_difference(
    bench: Bench, complete_run: Output, kind: str
) -> None:
    paths = BUT_PAGES if kind == "html" else "/api/*"
    bench.sandbox.faults.add(Fault(kind, paths, times=None, probability=0.15, seed=3))
    found = bench.run()
    assert found.failure is None
    assert sum(seen.fault != "" for seen in found.requests) > 10
    assert data_without_times(found) == data_without_times(complete_run)


@pytest.mark.parametrize("kind", ["page_shift", "duplicate_row"])
def test_rows_that_come_twice_make_no_difference_or_the_next_run_repairs_it(
    bench: Bench, complete_run: Output, kind: str
) -> None:
    # Rows that may be alike are numbered: one that comes twice is one more.
    numbered = {"message_events", "media_messages", "media_views", "landing_page_urls"}
    streams = [*KEYS.keys() - numbered]
    discovered = bench.discover()
    bench.sandbox.faults.add(Fault(kind, times=None))
    found = bench.run(streams=streams, discovered=discovered, page_size=20)
    assert any(seen.fault for seen in found.requests)
    outputs = [found]
    if found.failure is not None:
        # A last page that never holds its last row alone is no evidence.
        bench.sandbox.faults.clear()
        outputs.append(bench.run(found.state, streams=streams, discovered=discovered))
        assert outputs[-1].failure is None
    # Within a reading each comes out once; a query that is read again sends its rows again.
    held, expected = union(outputs), union([complete_run])
    for stream in streams:
        assert held[stream] == expected[stream], stream


def test_an_event_shifted_over_a_page_border_is_given_once(
    bench: Bench, complete_run: Output
) -> None:
    bench.sandbox.faults.add(Fault("page_shift", "/api/1/message/*/report/*", times=None))
    found = bench.run(streams=["message_events"], page_size=5)
    assert any(seen.fault for seen in found.requests)
    assert found.records["message_events"] == complete_run.records["message_events"]


@pytest.mark.parametrize(
    ("stream", "path", "field", "column"),
    [
        ("messages", "/api/1/message", "senderEmail", "sender_email"),
        ("messages", "/api/1/message", "timeStamp", "sent_at"),
        ("message_reports", "/api/1/message/*/report", "opened", "opened_total"),
        ("message_reports", "/api/1/message/*/report", "lastOpenTS", "last_opened_at"),
        ("message_events", "/api/1/message/*/report/*", "linkURI", "link_url"),
        ("lists", "/api/1/list", "sourceSize", "size"),
        ("message_daily_stats", "/api/1/message/report", "optedOut", "opted_out"),
        ("subscription_categories", "/api/1/subscription/category", "headerid", "header_id"),
    ],
)
def test_a_field_that_is_missing_is_null(
    bench: Bench, complete_run: Output, stream: str, path: str, field: str, column: str
) -> None:
    bench.sandbox.faults.add(Fault("missing_fields", path, times=None, fields=(field,)))
    found = bench.run(streams=[stream])
    assert found.failure is None
    assert len(found.records[stream]) == len(complete_run.records[stream])
    others = [row[column] for row in found.records[stream]]
    if column == "sent_at":
        # The text beside it has no year, so it cannot stand in.
        assert all(row["extra_fields"]["timeWhen"] for row in found.records[stream])
    assert others == [None] * len(others)


@pytest.mark.parametrize(
    ("stream", "path", "field", "column"),
    [
        ("messages", "/api/1/message", "isTextOnly", "is_text_only"),
        ("messages", "/api/1/message", "timeStamp", "sent_at"),
        ("message_reports", "/api/1/message/*/report", "sent", "sent"),
        ("message_reports", "/api/1/message/*/report", "opened", "opened_unique"),
        ("message_reports", "/api/1/message/*/report", "sentto", "sent_to"),
        ("message_events", "/api/1/message/*/report/SENT", "data", "data"),
        ("message_daily_stats", "/api/1/message/report", "clicked", "clicked"),
        ("lists", "/api/1/list", "tsLastModified", "modified_at"),
        ("hard_bounces", "/api/1/list/hardbounce", "origin", "origin"),
    ],
)
def test_a_value_of_the_wrong_type_is_null_and_kept(
    bench: Bench, complete_run: Output, stream: str, path: str, field: str, column: str
) -> None:
    wrong = {"no": "such value"}
    bench.sandbox.faults.add(Fault("wrong_type", path, times=None, fields=(field,), value=wrong))
    found = bench.run(streams=[stream])
    assert found.failure is None
    rows = [row for row in found.records[stream] if row.get("event_type", "SENT") == "SENT"]
    assert rows
    assert len(found.records[stream]) == len(complete_run.records[stream])
    assert {row[column] for row in rows} == {None}
    assert all(row["extra_fields"][field] == wrong for row in rows)


def test_a_bounce_without_a_timestamp_still_has_its_key(bench: Bench, complete_run: Output) -> None:
    bench.sandbox.faults.add(
        Fault("missing_fields", "/api/1/list/hardbounce", fields=("timestamp",), row=0)
    )
    first = bench.run(streams=["hard_bounces"])
    assert first.failure is None
    assert len(first.records["hard_bounces"]) == len(complete_run.records["hard_bounces"])
    assert len([row for row in first.records["hard_bounces"] if row["bounced_at"] < "1971"]) == 1


def test_a_page_that_repeats_for_ever_ends_the_stream(bench: Bench) -> None:
    row = '{"email": "a@example.com", "timestamp": 1773871905000, "origin": ""}'
    page = f'{{"offset": 0, "count": 2, "totalCount": -1, "result": [{row}, {row}]}}'
    bench.sandbox.faults.add(Fault("garbage", "/api/1/list/optout", times=None, body=page))
    found = bench.run(streams=["opt_outs", "lists"], page_size=2)
    assert found.failure is not None
    # Each of three readings notices it in three calls.
    assert found.paths["/api/1/list/optout"] <= 3 * 3
    assert found.records["lists"]


def test_a_stream_without_rights_is_switched_off_and_the_run_is_good(
    bench: Bench, complete_run: Output
) -> None:
    body = '{"errorCode": 10999, "message": "No rights"}'
    bench.sandbox.faults.add(
        Fault("status", "/api/1/list/spamcomplaint", times=None, status=403, body=body)
    )
    found = bench.run()
    assert found.failure is None
    assert found.records == {
        stream: rows for stream, rows in complete_run.records.items() if stream != "spam_complaints"
    }
    assert len([line for line in found.lines("WARNING") if "switched off" in line]) == 1
    assert "replication_key_value" not in found.bookmarks["spam_complaints"]


def test_no_secret_and_no_address_is_logged_whatever_goes_wrong(bench: Bench) -> None:
    body = '{"errorCode": 10999, "message": "reader@example.com sandbox-password"}'
    for path in ("/api/1/list/spamcomplaint", "/api/1/message/*/report/SENT"):
        bench.sandbox.faults.add(Fault("status", path, times=None, status=500, body=body))
    bench.sandbox.faults.add(
        Fault("wrong_type", times=None, fields=("email",), value=["a@b.example"])
    )
    found = bench.run()
    assert found.failure is not None
    assert "@" not in found.log
    assert "sandbox-" not in found.log
