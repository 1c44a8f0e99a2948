"""The pages of the messages, each as its first recipient sees it."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.entities import REPORTED_TYPES
from tests.contract.conftest import bench_of

if TYPE_CHECKING:
    from acton_sandbox.entities import Message
    from tests.contract.harness import Bench

STREAM = "message_contents"


def expected(account: Account, edition: str) -> list[dict[str, Any]]:
    """Work out the records from the account alone."""
    nobody = None if edition == "2019" else any_contact(account)
    return [_record(message, nobody) for message in account.messages if not message.gone]


def any_contact(account: Account) -> str:
    """Give the first contact of the first list that has any."""
    return next(item.rows[0].contact_id for item in account.lists if item.rows)


def _has_recipient(message: Message) -> bool:
    return message.type in REPORTED_TYPES and len(message.events["SENT"]) > 0


def of_any_contact(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Work out by message the records that there are with another first recipient, or contact."""
    anybody = [row.contact_id for item in account.lists for row in item.rows]
    return {
        message.id: [
            _shown_to(message, event.recipient.contact_id, event.recipient.name)
            for event in message.events["SENT"]
        ]
        if _has_recipient(message)
        else [_shown_to(message, contact_id) for contact_id in anybody]
        for message in account.messages
    }


def _record(message: Message, nobody: str | None) -> dict[str, Any]:
    if not _has_recipient(message):
        return _shown_to(message, nobody)
    recipient = message.events["SENT"][0].recipient
    return _shown_to(message, recipient.contact_id, recipient.name)


def _shown_to(message: Message, contact_id: str | None, name: str = "") -> dict[str, Any]:
    text = f"Dear {escape(name or 'reader')}, größer ist besser."
    return {
        "message_id": message.id,
        "contact_id": contact_id,
        "html": (
            f"<!doctype html>\n<title>{escape(message.subject)}</title>\n"
            f"<div>{text}</div>\n<pre>{text}</pre>\n"
        ),
        "extra_fields": None,
    }


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_exactly_the_pages_of_the_account(account: Account, edition: str) -> None:
    with bench_of(account, edition=edition) as bench:
        found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert any(message.gone for message in account.messages)
    assert sorted(found.records[STREAM], key=itemgetter("message_id")) == sorted(
        expected(account, edition), key=itemgetter("message_id")
    )


def test_a_contact_for_drafts_is_looked_for_once(account: Account, bench: Bench) -> None:
    found = bench.run(streams=[STREAM])
    drafts = [message.id for message in account.messages if not _has_recipient(message)]
    assert len(drafts) > 2
    assert sum(found.paths[f"/api/1/message/{draft}"] for draft in drafts) <= 8
    lists = {path: calls for path, calls in found.paths.items() if path.startswith("/api/1/list")}
    assert sum(lists.values()) <= 3


def test_drafts_are_left_out_where_no_contact_is_known(account: Account, bench: Bench) -> None:
    body = '{"headers": ["_contact_id_"], "data": [], "totalCount": 0}'
    bench.sandbox.faults.add(Fault("garbage", "/api/1/list/*", None, body=body))
    found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert {row["message_id"] for row in found.records[STREAM]} == {
        message.id for message in account.messages if not message.gone and _has_recipient(message)
    }


def test_a_draft_that_is_refused_is_named_and_keeps_nothing_else(
    account: Account, bench: Bench
) -> None:
    draft = next(m for m in account.messages if not (_has_recipient(m) or m.gone))
    path = f"/api/1/message/{draft.id}/{any_contact(account)}"
    body = '{"errorCode": 10999, "message": "no"}'
    bench.sandbox.faults.add(Fault("status", path, None, status=400, body=body))
    found = bench.run(streams=[STREAM])
    assert found.failure is not None
    assert any(draft.id in line for line in found.lines("WARNING"))
    assert len(found.records[STREAM]) == len(expected(account, "2024")) - 1


def test_one_recipient_is_asked_for_per_message_and_no_page_by_default(
    account: Account, bench: Bench
) -> None:
    found = bench.run(streams=[STREAM])
    drilldowns = [seen for seen in found.requests if seen.path.endswith("/report/SENT")]
    assert {seen.query["count"] for seen in drilldowns} == {"1"}
    assert len(drilldowns) == len([m for m in account.messages if m.type in REPORTED_TYPES])
    ids = {message.id for message in account.messages}
    by_default = bench.run().paths
    assert not [path for path in by_default if path.split("/")[4:] and path.split("/")[-1] in ids]


@pytest.mark.parametrize("kind", ["status", "empty", "reset", "garbage"])
def test_a_page_is_asked_for_again_where_it_fails(
    account: Account, bench: Bench, kind: str
) -> None:
    message = next(m for m in account.messages if _has_recipient(m) and not m.gone)
    bench.sandbox.faults.add(Fault(kind, f"/api/1/message/{message.id}/l-*"))
    found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert sorted(found.records[STREAM], key=itemgetter("message_id")) == sorted(
        expected(account, "2024"), key=itemgetter("message_id")
    )


def test_an_endpoint_that_is_not_offered_switches_the_stream_off(bench: Bench) -> None:
    body = '{"httpCode": "404", "moreInformation": "No resources match requested URI"}'
    fault = Fault("status", "/api/1/message/*/l-*", times=None, status=404, body=body)
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert any("switched off" in line for line in found.lines("WARNING"))


@pytest.mark.parametrize("status", [403, 404])
def test_a_draft_that_is_refused_keeps_no_other_page_away(
    account: Account, bench: Bench, status: int
) -> None:
    draft = next(one.id for one in account.messages if one.type == "DRAFT" and not one.gone)
    body = '{"message": "no resources match requested uri"}'
    bench.sandbox.faults.add(
        Fault("status", f"/api/1/message/{draft}/*", None, status=status, body=body)
    )
    found = bench.run(streams=[STREAM])
    assert found.failure is not None
    assert {row["message_id"] for row in found.records[STREAM]} == {
        message.id for message in account.messages if not message.gone
    } - {draft}


@pytest.mark.parametrize("path", ["/api/1/list*", "/api/1/list/*"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500),
        Fault("status", status=400),
        Fault("body", value="an empty object"),
        Fault("body", value="a text"),
    ],
    ids=["500", "400", "an empty object", "a text"],
)
def test_drafts_are_requested_again_where_no_contact_could_be_looked_up(
    account: Account, bench: Bench, path: str, fault: Fault
) -> None:
    bench.sandbox.faults.add(replace(fault, path_pattern=path, times=None))
    found = bench.run(streams=[STREAM], max_retries=0)
    assert found.failure is not None
    bench.sandbox.faults.clear()
    again = bench.run(found.state, streams=[STREAM])
    assert again.failure is None
    assert {row["message_id"] for row in again.records[STREAM]} == {
        message.id for message in account.messages if not message.gone
    }
