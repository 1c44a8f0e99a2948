"""Hard bounces, spam complaints and opt-outs (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import DataRoute, page_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.answers import Answer, Call
    from acton_sandbox.entities import Suppression


def hard_bounces(call: Call) -> Answer:
    """Answer with a page of the addresses that bounced for good."""
    return _page(call, call.view.account.hard_bounces)


def spam_complaints(call: Call) -> Answer:
    """Answer with a page of the addresses that complained."""
    return _page(call, call.view.account.spam_complaints)


def opt_outs(call: Call) -> Answer:
    """Answer with a page of the addresses that opted out of everything."""
    return _page(call, call.view.account.opt_outs)


def _page(call: Call, rows: Sequence[Suppression]) -> Answer:
    choices = call.view.choices
    unit = choices.suppression_unit_ms
    after = call.number("createdafter", -1)
    before = call.number("createdbefore", -1)
    if after >= 0:
        # A second's worth of milliseconds counts as that second.
        rows = [r for r in rows if r.at // unit > after - choices.after_is_inclusive]
    if before >= 0:
        rows = [r for r in rows if r.at // unit < before]
    offset, page = call.page(rows)
    return page_answer(
        offset,
        [{"email": row.email, "timestamp": row.at, "origin": row.origin} for row in page],
        # Always -1 on these lists, however many rows there are.
        -1,
    )


ROUTES = [
    DataRoute("/api/1/list/hardbounce", hard_bounces),
    DataRoute("/api/1/list/spamcomplaint", spam_complaints),
    DataRoute("/api/1/list/optout", opt_outs),
]
