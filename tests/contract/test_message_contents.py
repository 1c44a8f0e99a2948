"""The pages of the messages, each as its first recipient sees it."""

from __future__ import annotations

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
    return [
        _record(message)
        for message in account.messages
        if not message.gone and (edition == "2019" or _has_recipient(message))
    ]


def _has_recipient(message: Message) -> bool:
    return message.type in REPORTED_TYPES and len(message.events["SENT"]) > 0


def _record(message: Message) -> dict[str, Any]:
    recipient = message.events["SENT"][0].recipient if _has_recipient(message) else None
    name = escape(recipient.name if recipient and recipient.name else "reader")
    text = f"Dear {name}, größer ist besser."
    return {
        "message_id": message.id,
        "contact_id": recipient.contact_id if recipient else None,
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
    assert found.records[STREAM] == expected(account, "2024")


def test_an_endpoint_that_is_not_offered_switches_the_stream_off(bench: Bench) -> None:
    body = '{"httpCode": "404", "moreInformation": "No resources match requested URI"}'
    fault = Fault("status", "/api/1/message/*/l-*", times=None, status=404, body=body)
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert any("switched off" in line for line in found.lines("WARNING"))
