"""What a check says of each deviation of the catalogue: a table, by stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_acton.check.command import Checker
from tests.contract.deviations import DEVIATIONS, ENDPOINTS, Scope
from tests.contract.harness import signals_kept
from tests.contract.in_process import bench_in_process
from tests.contract.test_deviations import small_account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.contract.deviations import Deviation, Endpoint
    from tests.contract.harness import Bench

CUT_TO_2 = "differs: A page is cut: 2 rows came in place of 4."
CUT_TO_3 = "differs: A page is cut: 3 rows came in place of 4."
SAME_PAGE = "differs: The second page holds the same rows as the first: its place is ignored."
MOVED = "differs: The second page does not begin where the first ends: rows may have moved."
AGAIN = "differs: Rows of the first page come again on the second."
TOO_MANY = "differs: A page has more rows than requested: "
TOO_SMALL = "differs: The total is smaller than the number of rows that came."
OTHER_TOTAL = "differs: The total is another one on the second page."
NOTHING_BEHIND = "differs: The total counts more rows than come."
UNREADABLE = "differs: The tap cannot read the answer: it is "
NO_KEY = "differs: Rows come without their key; one is made of their values."
NO_KEYS = "differs: No row of the answer has its key."
UNKNOWN = "differs: New fields are kept in extra_fields alone: "
UNFIT = "differs: Values that do not fit their column are kept in extra_fields: "
NO_ROWS = "empty: no rows came"

REFUSALS: Mapping[str, Sequence[str]] = {
    "differs: Act-On refuses the call: HTTP 400, code 99999.": ["status: 400"],
    "not offered: HTTP 401": ["status: 401"],
    "not offered: HTTP 403": ["status: 403", "status: 403 without a body"],
    "failed: ": [
        "status: 500",
        "status: 503",
        "call: reset",
        "call: half an answer",
        "body: badly packed",
    ],
    "differs: Act-On refuses the call: HTTP 200, code 99999.": ["status: 200 with an error"],
    "differs: Act-On refuses the call: HTTP 302.": ["status: redirected"],
    f"{UNREADABLE}a page of HTML.": ["call: HTML"],
    f"{UNREADABLE}an empty body.": ["body: nothing"],
    f"{UNREADABLE}nothing but null.": ["body: null"],
    f"{UNREADABLE}nothing but a text.": ["body: a text"],
    f"{UNREADABLE}a body that is not JSON.": [
        "body: half",
        "body: more behind",
        "body: half a pack",
    ],
}
"""What is said of each stream whose endpoint is refused, or sends no JSON."""

MISSING = ["status: 404", "status: 404 without a body"]

SAYS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "messages": {
        **REFUSALS,
        CUT_TO_2: ["pages: capped"],
        CUT_TO_3: ["pages: one short", "pages: filtered"],
        SAME_PAGE: ["pages: without offset", "pages: all at once", "pages: last page again"],
        MOVED: ["pages: behind the start", "pages: other order", "pages: back and forth"],
        TOO_SMALL: ["pages: twice", "total: zero", "total: too small", "total: shrinking"],
        OTHER_TOTAL: ["total: of the page", "total: growing"],
        NOTHING_BEHIND: ["total: too large"],
        "not offered: HTTP 404": MISSING,
        f"{UNREADABLE}an empty body.": ["body: nothing", "body: no content"],
        f"{UNREADABLE}an empty object without rows.": ["body: an empty object", "body: null data"],
        f"{UNREADABLE}an array without rows.": ["body: an empty array"],
        f"{UNREADABLE}an object around data": ["body: in data"],
        f"{UNREADABLE}an object around a field": ["body: in a response"],
        NO_KEY: [
            *("key of all rows: missing", "key of all rows: null"),
            *("key of one row: missing", "key of one row: null"),
        ],
        f"{UNKNOWN}1 other.": ["key of all rows: renamed", "key of one row: renamed"],
        f"{UNFIT}msgId.": ["key of all rows: an object", "key of one row: an object"],
        f"{UNFIT}timeWhen.": ["timestamps: zero"],
        f"{UNFIT}timeStamp, timeWhen.": ["timestamps: not available"],
        NO_ROWS: ["no rows"],
        f"{TOO_MANY}5 in place of 4.": ["the last row twice"],
    },
    "message_events": {
        **REFUSALS,
        CUT_TO_2: ["pages: capped"],
        CUT_TO_3: ["pages: one short", "pages: filtered"],
        SAME_PAGE: ["pages: without offset", "pages: all at once", "pages: last page again"],
        MOVED: ["pages: behind the start", "pages: other order", "pages: back and forth"],
        TOO_SMALL: ["total: zero", "total: too small"],
        OTHER_TOTAL: ["total: of the page", "total: growing", "total: shrinking"],
        NOTHING_BEHIND: ["total: too large"],
        "differs: Act-On refuses the call: HTTP 404.": MISSING,
        f"{UNREADABLE}an empty body.": ["body: nothing", "body: no content"],
        f"{UNREADABLE}an empty object without rows.": ["body: an empty object", "body: null data"],
        f"{UNREADABLE}an array without rows.": ["body: an empty array"],
        f"{UNREADABLE}an object around data": ["body: in data"],
        f"{UNREADABLE}an object around a field": ["body: in a response"],
        NO_ROWS: ["no rows"],
    },
    "contacts": {
        **REFUSALS,
        f"{UNKNOWN}1 other. A page is cut: 2 rows came": ["pages: capped"],
        f"{UNKNOWN}1 other. A page is cut: 3 rows came": ["pages: one short", "pages: filtered"],
        f"{UNKNOWN}1 other. {SAME_PAGE[9:]}": ["pages: without offset"],
        f"{UNKNOWN}1 other. {TOO_MANY[9:]}6": ["pages: all at once"],
        f"{UNKNOWN}1 other. {AGAIN[9:]}": [
            *("pages: behind the start", "pages: other order", "pages: back and forth"),
            "pages: last page again",
        ],
        f"{UNKNOWN}1 other. {TOO_SMALL[9:]}": ["pages: twice", "total: zero", "total: too small"],
        f"{UNKNOWN}1 other. {OTHER_TOTAL[9:]}": [
            *("total: of the page", "total: growing", "total: shrinking"),
        ],
        "not offered: HTTP 404": MISSING,
        NO_ROWS: [
            *("body: no content", "body: an empty object", "body: an empty array"),
            *("body: null data", "no rows"),
        ],
        f"{UNKNOWN}1 other. {NO_KEY[9:]}": [
            *("key of all rows: missing", "key of all rows: null"),
            *("key of one row: missing", "key of one row: null"),
        ],
        f"{UNKNOWN}2 others.": ["key of all rows: renamed", "key of one row: renamed"],
        f"{UNKNOWN}1 other. {UNFIT[9:]}id.": [
            *("key of all rows: an object", "key of one row: an object"),
        ],
    },
    "media": {
        **REFUSALS,
        "not offered: HTTP 404": MISSING,
        NO_ROWS: ["body: no content", "body: an empty array", "no rows"],
        f"{UNREADABLE}an empty object without rows.": ["body: an empty object", "body: null data"],
        f"{UNREADABLE}an object with data": ["body: in data"],
        f"{UNREADABLE}an object around a field": ["body: in a response"],
        NO_KEYS: [f"key of all rows: {one}" for one in ("missing", "null", "renamed", "an object")],
        NO_KEY: ["key of one row: missing", "key of one row: null"],
        f"{UNKNOWN}1 other.": ["key of one row: renamed"],
        f"{UNFIT}id.": ["key of one row: an object"],
        f"{UNFIT}creation_time, last_modified.": ["timestamps: not available"],
    },
    "media_reports": {
        **REFUSALS,
        "differs: Act-On refuses the call: HTTP 404.": MISSING,
        NO_ROWS: ["body: no content"],
        f"{UNREADABLE}an empty object without rows.": ["body: an empty object", "body: null data"],
        f"{UNREADABLE}an array without rows.": ["body: an empty array"],
        f"{UNREADABLE}an object around data": ["body: in data"],
        f"{UNREADABLE}an object around a field": ["body: in a response"],
    },
}
"""By stream what is said, or how that begins, and the deviations of which it is.

Of all other deviations it is said what is said without any: they are read as if they were none.
"""

CLEAN: Mapping[str, str] = dict.fromkeys(SAYS, "right: ") | {"contacts": f"{UNKNOWN}1 other."}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """A sandbox with a few rows of everything."""
    with bench_in_process(small_account()) as made:
        yield made


def endpoint_of(stream: str) -> Endpoint:
    """Give the endpoint of a stream."""
    return next(one for one in ENDPOINTS if stream in one.streams)


def deviations_of(stream: str) -> dict[str, Deviation]:
    """Give the deviations that all calls of an endpoint may meet, by their names."""
    endpoint = endpoint_of(stream)
    return {
        one.name: one
        for one in DEVIATIONS
        # A check reads no CSV in the place of pages.
        if one.scope is Scope.ENDPOINT and one.suits(endpoint) and not one.name.startswith("csv: ")
    }


def said_of(bench: Bench, stream: str) -> str:
    """Check a stream; return the word for it, and the reason or the differences."""
    with signals_kept(), bench._pauses_skipped():
        report = Checker(config=bench.config(page_size=4), wanted=(stream,)).check()
    assert report.problem is None
    (found,) = report.findings
    return f"{found.verdict}: {' '.join(found.differences) or found.reason}"


@pytest.mark.parametrize("stream", SAYS)
def test_of_each_deviation_the_check_says_what_it_is(bench: Bench, stream: str) -> None:
    expected = {name: words for words, names in SAYS[stream].items() for name in names}
    found, deviations = {}, deviations_of(stream)
    for name, deviation in deviations.items():
        bench.sandbox.faults.clear()
        bench.sandbox.faults.add(deviation.fault_of(endpoint_of(stream)))
        found[name] = said_of(bench, stream)
    bench.sandbox.faults.clear()
    assert said_of(bench, stream) == CLEAN[stream]
    assert {*expected} <= {*deviations}
    wrong = {
        name: said
        for name, said in found.items()
        if not said.startswith(expected.get(name, CLEAN[stream]))
    }
    assert wrong == {}
