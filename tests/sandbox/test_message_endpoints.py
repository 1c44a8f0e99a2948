"""Messages and their reports, against the documented shapes of both editions."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Choices
from acton_sandbox.entities import DRILLDOWNS, MESSAGE_TYPES

if TYPE_CHECKING:
    from acton_sandbox import Account, Sandbox
    from tests.sandbox.conftest import Api

KEYS = {
    "2024": {
        "name",
        "msgId",
        "msgType",
        "timeStamp",
        "timeWhen",
        "senderName",
        "senderId",
        "isTextOnly",
        "senderEmail",
    },
    "2019": {
        "title",
        "msg_id",
        "time_when",
        "sender_name",
        "sender_id",
        "is_text_only",
        "timestamp",
        "sender_email",
    },
}
REPORT_KEYS = {
    "status",
    "sent",
    "delivered",
    "bounced",
    "hardBounced",
    "softBounced",
    "opened",
    "effectiveopened",
    "clicked",
    "notsent",
    "notopened",
    "optout",
    "spam",
    "lastOpen",
    "lastClick",
    "lastOpenTS",
    "lastClickTS",
    "rebroadcast",
    "rebroadcastClick",
    "msgId",
    "subject",
    "title",
    "sentto",
    "suppressedon",
}
CLICK_KEYS = {
    "listid",
    "data",
    "os",
    "ip",
    "browser",
    "name",
    "action",
    "when",
    "recid",
    "email",
    "linkURI",
    "ts",
}


def test_the_account(api: Api) -> None:
    answer = api.json("/account")
    types = {key: type(value) for key, value in answer.items()}
    assert types == {
        "account_id": int,
        "cname": str,
        "user_name": str,
        "user_email": str,
        "account_name": str,
        "user_type": str,
        "isAdmin": bool,
        "login": str,
        "time_zone": str,
    }


@pytest.mark.parametrize("message_type", MESSAGE_TYPES)
def test_the_message_list(api: Api, any_edition: Sandbox, message_type: str) -> None:
    answer = api.json("/message", type=message_type, count=1000)
    truth = [m for m in any_edition.account.messages if m.type == message_type]
    rows: list[dict[str, Any]] = answer.pop("msgresult")
    assert answer == {"count": len(truth), "totalCount": len(truth), "offset": 0, "id": 0}
    assert all(set(row) == KEYS[any_edition.edition] for row in rows)
    if any_edition.edition == "2024":
        assert all(isinstance(value, str) for row in rows for value in row.values())
        assert [int(row["timeStamp"]) for row in rows] == [m.sent_at for m in truth]
    else:
        assert [row["timestamp"] for row in rows] == [m.sent_at for m in truth]
    text_only = "isTextOnly" if any_edition.edition == "2024" else "is_text_only"
    assert {row[text_only] for row in rows} <= {"true", "false"}


def test_the_type_of_messages_may_be_in_lower_case(api: Api) -> None:
    assert api.json("/message", type="sent") == api.json("/message", type="SENT")


def test_the_report(api: Api, any_edition: Sandbox) -> None:
    message = next(m for m in any_edition.account.messages if m.events["CLICKED"])
    answer = api.json(f"/message/{message.id}/report")
    assert set(answer) == REPORT_KEYS
    assert answer["msgId"] == message.id
    assert answer["opened"] == list(message.report.opened)
    assert answer["sent"] == message.report.sent
    assert answer["delivered"] == (0 if any_edition.edition == "2019" else message.report.delivered)
    assert answer["lastClickTS"] == message.report.last_clicked_at


def test_a_message_without_events_has_a_report_of_zeros(api: Api, any_edition: Sandbox) -> None:
    message = next(
        m
        for m in any_edition.account.messages
        if m.type == "SENT" and not m.gone and not m.events["SENT"]
    )
    answer = api.json(f"/message/{message.id}/report")
    assert (answer["sent"], answer["opened"], answer["lastOpenTS"]) == (0, [0, 0], 0)


@pytest.mark.parametrize("drilldown", DRILLDOWNS)
def test_the_drilldowns(api: Api, any_edition: Sandbox, drilldown: str) -> None:
    for message in any_edition.account.messages:
        if message.gone or message.type != "SENT":
            continue
        events = message.events[drilldown]
        answer = api.json(f"/message/{message.id}/report/{drilldown}", count=1000)
        rows = answer.pop("result")
        assert answer == {"offset": 0, "count": len(events), "totalCount": len(events)}
        assert [(row["recid"], row["ts"]) for row in rows] == [
            (event.recipient.contact_id, event.at) for event in events
        ]
        assert all(set(row) <= CLICK_KEYS for row in rows)
        if drilldown == "CLICKED":
            assert all(set(row) == CLICK_KEYS for row in rows)


def test_a_drilldown_as_csv(api: Api, any_edition: Sandbox) -> None:
    message = next(m for m in any_edition.account.messages if m.events["CLICKED"])
    response = api.get(f"/message/{message.id}/report/CLICKED", responseformat="CSV", count=1)
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert response.headers["content-type"].startswith("text/csv")
    assert len(rows) == len(message.events["CLICKED"])
    assert set(rows[0]) == CLICK_KEYS


def test_drilldowns_may_come_in_other_orders(any_edition: Sandbox, api: Api) -> None:
    message = max(
        (m for m in any_edition.account.messages if m.type == "SENT" and not m.gone),
        key=lambda m: len(m.events["OPENED"]),
    )
    orders = {}
    for order in ("recipients", "oldest", "newest"):
        any_edition.choices = Choices(drilldown_order=order)
        path = f"/message/{message.id}/report/OPENED"
        rows = api.json(path, count=1000)["result"]
        again = csv.DictReader(io.StringIO(api.get(path, responseformat="CSV").text))
        assert [row["ts"] for row in again] == [str(row["ts"]) for row in rows]
        orders[order] = [row["ts"] for row in rows]
    any_edition.choices = Choices()
    assert orders["oldest"] == sorted(orders["recipients"]) != orders["recipients"]
    assert orders["newest"] == orders["oldest"][::-1]


def test_an_unknown_drilldown(api: Api, any_edition: Sandbox) -> None:
    message = any_edition.account.messages[0]
    response = api.get(f"/message/{message.id}/report/FORWARDED")
    assert response.status_code == 400
    assert response.json() == {"errorCode": 10089, "message": "Invalid drill-down verb"}


def test_a_message_that_is_gone(api: Api, any_edition: Sandbox) -> None:
    """One number, two statuses: 400 for the report, 404 for its drilldowns."""
    gone = next(message for message in any_edition.account.messages if message.gone)
    body = {"errorCode": 10030, "message": "Invalid or deleted message"}
    for message_id in (gone.id, "s-ffff-2401"):
        report = api.get(f"/message/{message_id}/report")
        drilldown = api.get(f"/message/{message_id}/report/SENT")
        assert (report.status_code, report.json()) == (400, body)
        assert (drilldown.status_code, drilldown.json()) == (404, body)


def test_a_draft_has_no_report(api: Api, any_edition: Sandbox) -> None:
    draft = next(m for m in any_edition.account.messages if m.type == "DRAFT")
    assert api.get(f"/message/{draft.id}/report").status_code == 400


def test_the_month_report(api: Api, account: Account) -> None:
    answer = api.json("/message/report", period="2602")
    assert answer["month"] == "February 2026"
    rows = answer["counts"]
    assert [row["dayOfMonth"] for row in rows] == list(range(1, 29))
    # The first of February 2026 is a Sunday.
    assert [row["dayOfWeek"] for row in rows[:8]] == [1, 2, 3, 4, 5, 6, 7, 1]
    for row in rows:
        counts = account.day_counts[date(2026, 2, row["dayOfMonth"])]
        assert (row["sent"], row["opened"], row["optedOut"]) == (
            counts.sent,
            counts.opened,
            counts.opted_out,
        )


def test_the_month_report_ends_today(api: Api) -> None:
    assert [r["dayOfMonth"] for r in api.json("/message/report", period="2603")["counts"]][-1] == 20
    assert api.json("/message/report", period="2604")["counts"] == []


@pytest.mark.parametrize("period", ["2613", "March", "", "202603"])
def test_a_month_that_is_none(api: Api, period: str) -> None:
    response = api.get("/message/report", period=period)
    assert response.status_code == 400
    assert response.json() == {"errorCode": 10160, "message": "The date period is invalid."}


@pytest.mark.parametrize("path", ["/nowhere", "/message/", "/message/x/y/z/w"])
def test_a_path_that_is_not_routed(api: Api, path: str) -> None:
    response = api.get(path)
    assert response.status_code == 404
    assert response.json()["httpCode"] == "404"
    assert response.json()["moreInformation"] == "No resources match requested URI"
