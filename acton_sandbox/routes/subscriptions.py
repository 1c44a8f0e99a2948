"""Subscription categories and their opt-outs (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, numeric_error, page_answer

if TYPE_CHECKING:
    from acton_sandbox.answers import Call


def categories(call: Call) -> Answer:
    """Answer with all categories, or with those that an address is opted into."""
    found = call.view.account.categories
    email = call.query.get("email")
    if email:
        return Answer.of_json(
            [
                {"id": c.id, "name": c.name, "description": c.description}
                for c in found
                if all(address != email for address, _ in c.opt_outs)
            ]
        )
    return Answer.of_json(
        [
            {
                "id": category.id,
                "name": category.name,
                "description": category.description,
                "headerid": category.header_id,
                "headername": category.header_name,
            }
            for category in found
        ]
    )


def category_opt_outs(call: Call) -> Answer:
    """Answer with a page of the addresses that left the category of this name."""
    name = call.query.get("category")
    if name is None and call.view.is_2019:
        # Required in this edition; the refusal is the documented one of a missing parameter.
        return numeric_error(10121, "Missing parameter - category", 422)
    found = [c for c in call.view.account.categories if name in (None, c.name)]
    opt_outs = [opt_out for category in found for opt_out in category.opt_outs]
    offset, page = call.page(opt_outs)
    rows = [{"email": email, "timestamp": timestamp} for email, timestamp in page]
    return page_answer(offset, rows, len(opt_outs))


ROUTES = [
    DataRoute("/api/1/subscription/category", categories),
    DataRoute("/api/1/subscription/optout", category_opt_outs),
]
