"""A first load above the day's allowance, with items that are refused every day: it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault
from tap_acton.errors import AllowanceSpentError
from tests.contract.harness import Output
from tests.contract.test_deviations import (
    ALL_KEYS,
    Yardstick,
    difference,
    measured,
    table_of,
)
from tests.contract.test_one_bad_item import families_of
from tests.contract.test_several_days import A_DAY, LISTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


LIMIT = 90
LISTS, MESSAGES = "/api/1/list", "/api/1/message"
REFUSED = Fault("status", status=403, body='{"message": "No right"}', times=None)
TYPES = {"listing_types": ["contact_list", "form"]}
NO_ID = Fault("missing_fields", times=None, fields=("id", "msgId"), row=0)

FAULTS = {
    "a type of messages": [replace(REFUSED, path_pattern=MESSAGES, query={"type": "FAILED"})],
    "a type of lists": [
        replace(REFUSED, path_pattern=LISTS, query={"listingtype": spelling})
        for spelling in ("form", "FORM")
    ],
    "ids": [replace(NO_ID, path_pattern=path) for path in (LISTS, MESSAGES, "/api/1/form")],
}


@pytest.fixture(scope="module")
def yardstick() -> Iterator[Yardstick]:
    with measured() as found:
        yield found


@pytest.fixture(params=["items", *FAULTS])
def faults(request: pytest.FixtureRequest, yardstick: Yardstick) -> Iterator[Sequence[Fault]]:
    families = families_of(yardstick.clean.paths)
    found = FAULTS.get(request.param) or [
        replace(REFUSED, path_pattern=paths[len(paths) // 2]) for paths in families
    ]
    for fault in found:
        yardstick.bench.sandbox.faults.add(fault)
    yield found
    yardstick.bench.sandbox.faults.clear()


def test_it_ends_and_requests_no_good_item_twice(
    yardstick: Yardstick, faults: Sequence[Fault], tmp_path: Path
) -> None:
    bench, outputs = yardstick.bench, list[Output]()
    while not outputs or isinstance(outputs[-1].failure, AllowanceSpentError):
        assert len(outputs) < 8, "the load does not end"
        bench.let_pass(A_DAY)
        state = outputs[-1].state if outputs else None
        limits = {"token_store": str(tmp_path), "daily_request_limit": LIMIT}
        outputs.append(yardstick.run(state, ALL_KEYS, **TYPES, **limits))
    assert len(outputs) > 2
    assert outputs[-1].failure is not None

    again = [*LISTINGS, "/token", "/ucl/v2/70123/contact/", *(one.path_pattern for one in faults)]
    asked = Counter(
        (seen.path, str(sorted(seen.query.items())), seen.body)
        for output in outputs
        for seen in output.requests
        if seen.path not in again and not seen.path.endswith("/report")
    )
    # The first page of a list once a day, and what was under way when the allowance ended.
    twice = {path for (path, *_), times in asked.items() if times > 1}
    assert len(twice) <= 2 * len(outputs)

    bench.sandbox.faults.clear()
    bench.let_pass(A_DAY)
    outputs.append(yardstick.run(outputs[-1].state, ALL_KEYS, **TYPES))
    assert outputs[-1].failure is None
    for stream, records in yardstick.expected.items():
        table = table_of(stream, outputs)
        expected = {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}
        # Rows that came without their ids have had ids of their own.
        held = {key: row for key, row in table.items() if key in expected}
        assert difference(held, expected) == "", stream


@pytest.mark.parametrize("part", ["a type of messages", "a type of lists"])
def test_a_part_of_a_listing_that_is_refused_costs_no_first_load_every_night(
    yardstick: Yardstick, part: str
) -> None:
    bench, calls = yardstick.bench, list[int]()
    for faults in ([], FAULTS[part]):
        for fault in faults:
            bench.sandbox.faults.add(fault)
        first = yardstick.run(None, ALL_KEYS, **TYPES)
        second = yardstick.run(first.state, ALL_KEYS, **TYPES)
        bench.sandbox.faults.clear()
        calls.append(len(second.requests))
    assert calls[1] <= calls[0]

    # Once it is listed, nothing of it is missing.
    third = yardstick.run(second.state, ALL_KEYS, **TYPES)
    assert third.failure is None
    for stream, records in yardstick.expected.items():
        expected = {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}
        held = table_of(stream, [first, second, third])
        assert {key: held.get(key) for key in expected} == expected, stream


FACTS = ["contact_facts", "contact_activities", "contact_score_details"]


def nights(
    yardstick: Yardstick, store: Path, streams: Sequence[str], limits: Sequence[int], **more: Any
) -> list[Output]:
    """Run night after night with these allowances, until a run is not short of calls."""
    outputs = list[Output]()
    for limit in limits:
        yardstick.bench.let_pass(A_DAY)
        state = outputs[-1].state if outputs else None
        limits_of_night = {"token_store": str(store), "daily_request_limit": limit}
        outputs.append(yardstick.run(state, streams, **limits_of_night, **more))
        if not isinstance(outputs[-1].failure, AllowanceSpentError):
            break
    return outputs


def missing(yardstick: Yardstick, stream: str, outputs: Sequence[Output]) -> str:
    """Say what the table of a stream lacks."""
    records = yardstick.expected[stream]
    expected = {tuple(row[column] for column in ALL_KEYS[stream]): row for row in records}
    table = table_of(stream, outputs)
    return difference({key: table[key] for key in table.keys() & expected.keys()}, expected)


@pytest.mark.parametrize(
    ("path", "streams"),
    [
        ("/api/1/form", ["form_urls", "form_reports"]),
        ("/api/1/page", ["landing_page_urls"]),
        ("/api/1/campaigns", ["campaign_details"]),
        (LISTS, ["list_members"]),
        (MESSAGES, ["message_reports"]),
    ],
)
def test_items_that_get_their_ids_in_the_middle_of_a_load_are_read(
    yardstick: Yardstick, tmp_path: Path, path: str, streams: list[str]
) -> None:
    sandbox = yardstick.bench.sandbox
    # What comes after them takes more than the night.
    selected = [*streams, "contact_history", "contact_scores"]
    sandbox.faults.add(replace(NO_ID, path_pattern=path))
    outputs = nights(yardstick, tmp_path, selected, [18])
    sandbox.faults.clear()
    assert isinstance(outputs[0].failure, AllowanceSpentError)
    yardstick.bench.let_pass(A_DAY)
    outputs.append(yardstick.run(outputs[0].state, selected))
    assert outputs[-1].failure is None
    assert [missing(yardstick, stream, outputs) for stream in streams] == [""] * len(streams)


def test_facts_end_though_a_type_of_lists_is_refused_every_night(
    yardstick: Yardstick, tmp_path: Path
) -> None:
    for fault in FAULTS["a type of lists"]:
        yardstick.bench.sandbox.faults.add(fault)
    outputs = nights(yardstick, tmp_path, FACTS, [20] * 4, **TYPES)
    yardstick.bench.sandbox.faults.clear()
    assert 1 < len(outputs) < 4
    assert [missing(yardstick, stream, outputs) for stream in FACTS] == ["", "", ""]


def test_a_list_that_was_refused_and_takes_more_than_a_night_is_read_in_several(
    yardstick: Yardstick, tmp_path: Path
) -> None:
    yardstick.bench.sandbox.faults.add(replace(REFUSED, path_pattern=f"{LISTS}/l-0a41"))
    outputs = nights(yardstick, tmp_path, FACTS, [11] * 2, page_size=100)
    yardstick.bench.sandbox.faults.clear()
    store, state = str(tmp_path), outputs[-1].state
    while isinstance(outputs[-1].failure, AllowanceSpentError):
        assert len(outputs) < 10, "the load does not end"
        yardstick.bench.let_pass(A_DAY)
        limits = {"token_store": store, "daily_request_limit": 11, "page_size": 100}
        outputs.append(yardstick.run(state, FACTS, **limits))
        state = outputs[-1].state
    assert outputs[-1].failure is None
    assert [missing(yardstick, stream, outputs) for stream in FACTS] == ["", "", ""]
