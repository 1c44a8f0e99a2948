"""Rows that are deleted while a query's pages are read pull others over the border of a page."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

PAGED = {
    "messages": "/api/1/message",
    "lists": "/api/1/list",
    "message_events": "/api/1/message/*/report/*",
    "list_members": "/api/1/list/l-*",
    "subscription_opt_outs": "/api/1/subscription/optout",
    # These tell no total.
    "hard_bounces": "/api/1/list/hardbounce",
    "spam_complaints": "/api/1/list/spamcomplaint",
    "opt_outs": "/api/1/list/optout",
}
"""Streams that are read in pages, and their paths."""

PAGE_SIZES = {"hard_bounces": 50, "lists": 2}


@pytest.mark.parametrize("stream", PAGED)
def test_a_query_of_which_rows_went_is_read_again(
    bench: Bench, complete_run: Output, stream: str
) -> None:
    settings: dict[str, Any] = {
        "streams": [stream],
        "page_size": PAGE_SIZES.get(stream, 5),
        "bulk_format": "json",
        "max_concurrency": 1,
    }
    if stream == "messages":
        # One query: how the calls of several follow each other is left to chance.
        settings["message_types"] = ["SENT"]
    whole = bench.run(**settings)
    asked = [seen for seen in whole.requests if fnmatch(seen.path, PAGED[stream])]
    second = next(seen for seen in asked if int(seen.query.get("offset", 0)))
    of_path = [seen for seen in asked if seen.path == second.path]
    fault = Fault("page_gap", second.path, times=1, after=of_path.index(second))
    bench.sandbox.faults.add(fault)
    found = bench.run(**settings)
    assert [seen.query["offset"] != "0" for seen in found.requests if seen.fault] == [True]
    assert found.failure is None
    rows = {json.dumps(row) for row in found.records[stream]}
    assert rows == {json.dumps(row) for row in whole.records[stream]}
    assert rows <= {json.dumps(row) for row in complete_run.records[stream]}


@pytest.mark.parametrize("stream", ["messages", "list_members", "opt_outs"])
def test_rows_that_never_rest_leave_the_stream_incomplete(bench: Bench, stream: str) -> None:
    bench.sandbox.faults.add(Fault("page_gap", PAGED[stream], times=None))
    found = bench.run(streams=[stream], page_size=PAGE_SIZES.get(stream, 5), bulk_format="json")
    assert found.failure is not None
    assert "while they were read" in found.log
    assert max(found.paths.values()) < 400


@pytest.mark.parametrize("gone", [slice(3), slice(8, 10), slice(30)])
def test_where_no_total_is_told_the_border_is_looked_for(bench: Bench, gone: slice) -> None:
    def delete_some() -> None:
        account = bench.sandbox.account
        shorter = account.at(account.now)
        rows = list(account.opt_outs)
        del rows[gone]
        vars(shorter)["opt_outs"] = rows
        bench.sandbox.account = shorter

    number = len(bench.run(streams=["opt_outs"], page_size=1000).requests)
    asked = len(bench.sandbox.requests)
    # What is asked about the account comes before the first two pages of ten.
    with bench.at_call(asked + number + 1, delete_some):
        found = bench.run(streams=["opt_outs"], page_size=10, max_concurrency=1)
    assert found.failure is None
    emails = {row["email"] for row in found.records["opt_outs"]}
    assert emails >= {row.email for row in bench.sandbox.account.opt_outs}
