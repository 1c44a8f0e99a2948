"""What users do to contact lists and messages shows in the API, today and on later days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acton_sandbox.edits import (
    deleted,
    emptied,
    gone,
    renamed,
    touched,
    with_column,
    with_repeated_event,
    without_column,
    without_rows,
)

if TYPE_CHECKING:
    from acton_sandbox import Account, Sandbox
    from tests.sandbox.conftest import Api

LIST = "l-0a41"


def test_a_list_can_be_renamed(account: Account, sandbox: Sandbox, client: Api) -> None:
    sandbox.account = account.with_list(LIST, renamed("Clients"))
    sandbox.next_day()
    names = {row["id"]: row["name"] for row in client.json("/list")["result"]}
    assert names[LIST] == "Clients"
    assert account.list_by_id[LIST].name == "Customers"
    others = {item.id: item.name for item in account.next_day().lists if item.id != LIST}
    assert {**others, LIST: "Clients"} == names


@pytest.mark.parametrize("place", [None, 0, 3])
def test_a_list_can_get_a_column(
    account: Account, sandbox: Sandbox, client: Api, place: int | None
) -> None:
    before = client.json(f"/list/{LIST}")
    sandbox.account = account.with_list(LIST, with_column("Phone", place))
    after = client.json(f"/list/{LIST}")
    at = len(before["headers"]) if place is None else place + 1
    assert after["headers"] == [*before["headers"][:at], "Phone", *before["headers"][at:]]
    emails = [[row[answer["emailColumn"]] for row in answer["data"]] for answer in (before, after)]
    assert emails[0] == emails[1]
    for old, new in zip(before["data"], after["data"], strict=True):
        padded = [*old, *[""] * (at - len(old))]
        number = old[0].partition(":")[2]
        assert new == [*padded[:at], f"Phone {number}", *padded[at:]]


def test_a_list_can_lose_a_column(account: Account, sandbox: Sandbox, client: Api) -> None:
    before = client.json(f"/list/{LIST}")
    sandbox.account = account.with_list(LIST, with_column("Score"), without_column("Score"))
    after = client.json(f"/list/{LIST}")
    at = before["headers"].index("Score")
    # Of two columns of one header the first one is taken.
    assert after["headers"] == [*before["headers"][:at], *before["headers"][at + 1 :], "Score"]
    sandbox.account = account.with_list(LIST, without_column("First Name"))
    after = client.json(f"/list/{LIST}")
    assert after["data"] == [[row[0], *row[2:]] for row in before["data"]]
    assert after["emailColumn"] == before["emailColumn"] - 1


def test_what_is_done_to_a_list_that_is_not_there_does_no_harm(account: Account) -> None:
    assert account.with_list("l-gone", renamed("Anything")).lists == account.lists


def test_lists_and_messages_can_be_deleted(account: Account, sandbox: Sandbox, client: Api) -> None:
    message = next(message for message in account.messages if message.events["OPENED"])
    edited = account.with_list(LIST, deleted).with_message(message.id, deleted)
    sandbox.account = edited
    assert LIST not in {row["id"] for row in client.json("/list")["result"]}
    listed = client.json("/message", type="SENT", count=1000)["msgresult"]
    assert [row for row in listed if message.id in row.values()] == []
    assert len(listed) == sum(m.type == "SENT" for m in account.messages) - 1
    assert edited.day_counts == account.day_counts


def test_a_message_can_go_while_it_is_listed(account: Account) -> None:
    message = next(message for message in account.messages if message.type == "SENT")
    edited = account.with_message(message.id, renamed("Other words"), gone).next_day()
    assert edited.message_by_id[message.id].gone
    assert edited.message_by_id[message.id].name == "Other words"


def test_an_event_can_come_to_any_message(account: Account) -> None:
    message = next(message for message in account.messages if message.events["OPENED"])
    edited = account.with_message(message.id, with_repeated_event("OPENED", account.now_ms))
    *before, last = edited.message_by_id[message.id].events["OPENED"]
    assert tuple(before) == message.events["OPENED"]
    assert last.at == account.now_ms
    opened = [sum(day.opened for day in one.day_counts.values()) for one in (account, edited)]
    assert opened[1] == opened[0] + 1
    without = next(m for m in account.messages if not m.events["SPAM"])
    edited = account.with_message(without.id, with_repeated_event("SPAM", account.now_ms))
    assert not edited.message_by_id[without.id].events["SPAM"]


def test_rows_can_be_taken_out_and_modified(account: Account) -> None:
    item = account.list_by_id[LIST]
    first, second, *_ = item.rows
    edited = account.with_list(LIST, without_rows(first.contact_id), touched(account.now_ms))
    rows = edited.list_by_id[LIST].rows
    assert len(rows) == len(item.rows) - 1
    assert rows[0].contact_id == second.contact_id
    assert {row.modified_at for row in rows} == {account.now_ms}
    assert edited.list_by_id[LIST].modified_at == account.now_ms


def test_a_list_that_was_emptied_can_grow_again(account: Account) -> None:
    edited = account.with_list(LIST, emptied(account.now_ms))
    assert edited.list_by_id[LIST].rows == ()
    later = edited
    while not later.list_by_id[LIST].rows:
        later = later.next_day()
    assert all(row.created_at > account.now_ms for row in later.list_by_id[LIST].rows)
