"""`/api/1/account` (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, unrouted

if TYPE_CHECKING:
    from acton_sandbox.answers import Call


def account(call: Call) -> Answer:
    """Answer with the account behind the token."""
    if not call.view.choices.account_endpoint:
        return unrouted()
    account = call.view.account
    return Answer.of_json(
        {
            "account_id": account.account_id,
            "cname": account.host_name,
            "user_name": account.user_name,
            "user_email": account.user_email,
            "account_name": account.name,
            "user_type": "Marketing",
            "isAdmin": False,
            "login": account.user_email,
            "time_zone": account.time_zone,
        }
    )


ROUTES = [DataRoute("/api/1/account", account)]
