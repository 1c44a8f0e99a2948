"""Hard bounces, spam complaints and opt-outs (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING
from zlib import crc32

from acton_sandbox.answers import DataRoute, numeric_error, page_answer
from acton_sandbox.timestamps import DAY, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    after = call.number("createdafter", -1)
    before = call.number("createdbefore", -1)
    if choices.suppression_filter == "refused" and max(after, before) >= 0:
        return numeric_error(99999, "The parameter is not known")
    if choices.suppression_filter in _UNITS:
        unit = _UNITS[choices.suppression_filter]
        timestamp_of = _TIMESTAMPS[choices.suppression_filter_by]
        if after >= 0:
            # A second's worth of milliseconds counts as that second.
            least = after - choices.after_is_inclusive
            rows = [row for row in rows if timestamp_of(row) // unit > least]
        if before >= 0:
            rows = [row for row in rows if timestamp_of(row) // unit < before]
    offset, page = call.page(rows)
    return page_answer(
        offset,
        [{"email": row.email, "timestamp": row.at, "origin": row.origin} for row in page],
        # Always -1 on these lists, however many rows there are.
        -1,
    )


def _contact_created_at(row: Suppression) -> int:
    """Say when the contact was created: some hundreds of days before, as its address decides."""
    return row.at - crc32(row.email.encode()) % _OLDEST_CONTACT_DAYS * DAY


_OLDEST_CONTACT_DAYS = 500
_UNITS = {"seconds": SECOND, "milliseconds": 1}
_TIMESTAMPS: Mapping[str, Callable[[Suppression], int]] = {
    "timestamp": attrgetter("at"),
    "listing": attrgetter("visible_at"),
    "contact": _contact_created_at,
}

ROUTES = [
    DataRoute("/api/1/list/hardbounce", hard_bounces),
    DataRoute("/api/1/list/spamcomplaint", spam_complaints),
    DataRoute("/api/1/list/optout", opt_outs),
]
