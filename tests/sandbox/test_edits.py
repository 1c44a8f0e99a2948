"""What users do to contact lists shows in the API, today and on later days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acton_sandbox.edits import renamed, with_column, without_column

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
