"""What of a state a run goes on from, whatever wrote it and whoever edited it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.errors import SettingsError
from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.old_format import VERSION, bookmarks_in, with_version
from tap_acton.tap import TapActOn

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
THEN = "2026-03-19T10:00:00.000Z"
LATER = "2026-03-22T10:00:00.000Z"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


def of_version_1(bookmark: Any) -> dict[str, Any]:
    """Bring the bookmark of a stream up to date, which must be sound."""

    def fail(stream: str, part: str) -> None:
        pytest.fail(f"{stream}: {part}")

    return bookmarks_in({"bookmarks": {"a": bookmark}}, NOW, fail)["a"]


def damaged_parts(bookmark: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Give what is left of a bookmark, and what is wrong with it."""
    told: list[str] = []
    state = {"version": VERSION, "bookmarks": {"a": bookmark}}
    left = bookmarks_in(state, NOW, lambda _, part: told.append(part))
    return left["a"], told


# Versions


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        (None, {}),
        (
            {"read_until": THEN, "read_at": "2026-03-19T11:00:00.000Z"},
            {
                "read_until": THEN,
                "newest": "2026-03-19T11:00:00.000Z",
                "rechecked_at": "2026-03-19T11:00:00.000Z",
            },
        ),
        ({"read_until": THEN}, {"read_until": THEN, "newest": THEN, "rechecked_at": THEN}),
        (
            {"read_until": THEN, "newest": "2026-03-18T10:00:00.000Z"},
            {
                "read_until": THEN,
                "newest": "2026-03-18T10:00:00.000Z",
                "rechecked_at": "2026-03-18T10:00:00.000Z",
            },
        ),
        ({"partitions": [{"context": {"list_id": "l-1"}, "replication_key_value": THEN}]}, {}),
        (
            {
                "replication_key": "event_at",
                "replication_key_value": THEN,
                "progress_markers": {"Note": "Progress is not resumable if interrupted."},
                "replication_key_signpost": LATER,
                "starting_replication_value": THEN,
            },
            {"replication_key": "event_at", "replication_key_value": THEN},
        ),
    ],
)
def test_bookmarks_without_a_version_are_brought_up_to_date(before: Any, after: Any) -> None:
    assert of_version_1(before) == after
    assert of_version_1(after) == after


def test_a_bookmark_of_this_version_stays_as_it_is() -> None:
    kept = {"read_until": THEN, "round": {"started_at": THEN}, "something": {"new": [1, 2]}}
    assert damaged_parts(kept) == (kept, [])


def test_a_part_that_is_null_is_not_there() -> None:
    assert damaged_parts({"resume": None, "read_until": THEN}) == ({"read_until": THEN}, [])


def test_a_state_is_written_with_its_version_first() -> None:
    written = with_version({"bookmarks": {}})
    assert json.dumps(written) == f'{{"version": {VERSION}, "bookmarks": {{}}}}'
    assert with_version(written) == written


def test_a_state_of_a_later_version_is_told_so() -> None:
    with pytest.raises(SettingsError, match=rf"version {VERSION + 1}, .* up to version {VERSION}"):
        TapActOn(config={}, state={"version": VERSION + 1, "bookmarks": {}}, validate_config=False)


@pytest.mark.parametrize(
    "state",
    [
        {"version": "2"},
        {"version": 0},
        {"version": True},
        {"version": None},
        {"bookmarks": ["message_events"]},
        {"bookmarks": "message_events"},
        {"bookmarks": {"message_events": "2026-03-19"}},
        {"bookmarks": {"message_events": []}},
    ],
    ids=str,
)
def test_what_is_no_state_is_told_so(state: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="none that tap-acton writes"):
        TapActOn(config={}, state=state, validate_config=False)


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": None}, {"version": 1}])
def test_an_empty_state_is_one(state: dict[str, Any]) -> None:
    assert TapActOn(config={}, state=state, validate_config=False).state == {}


# Damage


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("replication_key", 5),
        ("replication_key_value", 5),
        ("replication_key_value", "yesterday"),
        ("replication_key_value", LATER),
        ("replication_key_value", "2026-03-22"),
        ("read_until", 5),
        ("read_until", LATER),
        ("newest", ""),
        ("newest", "2026-03-19"),
        ("rechecked_at", "2026-03-19T10:00:00.000"),
        ("contacts", []),
        ("lists", {"l-1": 5}),
        ("lists", {"l-1": LATER}),
        ("lists", [THEN]),
        ("counters", {"s-1": 5}),
        ("covers", 7),
        ("covers", {"shard": "1/1"}),
        ("ask_again", "s-1"),
        ("not_offered", [5]),
        ("resting", {}),
        ("read", ["abc"]),
    ],
)
def test_a_stream_of_which_a_part_is_wrong_is_read_from_its_beginning(
    part: str, value: Any
) -> None:
    names = {"columns": {"Name": "name"}, "source": "l-1"}
    sound = {"replication_key": "event_at", "ask_again": ["s-1"], **names}
    assert damaged_parts({**sound, part: value}) == (names, [part])


@pytest.mark.parametrize(
    "bookmark",
    [
        {"replication_key_value": "2026-03-20"},
        {"replication_key_value": timestamp_of(NOW + timedelta(hours=23))},
        {"read_until": ""},
    ],
)
def test_what_the_tap_itself_writes_is_relied_on(bookmark: dict[str, Any]) -> None:
    assert damaged_parts(bookmark) == (bookmark, [])


@given(JSON, st.dictionaries(st.sampled_from(["a", "b"]), JSON))
def test_nothing_but_a_sentence_comes_of_a_strange_state(version: Any, bookmarks: Any) -> None:
    state = {"version": version, "bookmarks": bookmarks}
    try:
        found = bookmarks_in(state, NOW, lambda _, part: part)
    except SettingsError:
        return
    assert found.keys() == bookmarks.keys()
