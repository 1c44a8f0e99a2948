"""What Meltano's merge of states does, and what a state must therefore not hold."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tap_acton.state.format import as_written, bookmarks_of
from tests.meltano_merge import merged

SAMPLES = sorted((Path(__file__).parents[1] / "unit/states").glob("*.json"))
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def fail(stream: str, problem: str) -> None:
    pytest.fail(f"{stream}: {problem}")


def of_stream(**parts: Any) -> dict[str, Any]:
    return {"bookmarks": {"messages": parts}}


@pytest.mark.parametrize(
    ("earlier", "later", "together"),
    [
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="what is left out comes back"),
        pytest.param({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}, id="deeply"),
        pytest.param({"a": {"x": 1}}, {"a": {}}, {"a": {"x": 1}}, id="empty objects too"),
        pytest.param({"a": {"x": 1}}, {"a": None}, {"a": None}, id="null replaces an object"),
        pytest.param({"a": {"x": 1}}, {"a": []}, {"a": []}, id="so does an array"),
        pytest.param(
            {"a": [{"x": 1}, {"y": 2}]},
            {"a": [{"y": 3}]},
            {"a": [{"y": 3}]},
            id="arrays are replaced whole",
        ),
    ],
)
def test_a_later_state_is_merged_key_by_key(
    earlier: dict[str, Any], later: dict[str, Any], together: dict[str, Any]
) -> None:
    before = deepcopy((earlier, later))
    assert merged(of_stream(**earlier), of_stream(**later)) == of_stream(**together)
    assert (earlier, later) == before


@pytest.mark.parametrize("known", [None, 1, "text", [], [{"x": 1}]])
def test_an_object_cannot_follow_anything_but_an_object(known: object) -> None:
    with pytest.raises(TypeError):
        merged(of_stream(a=known), of_stream(a={"x": 1}))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_state_that_follows_one_of_an_older_version_counts_as_it_is(path: Path) -> None:
    """Whatever the older one has set to null, or keeps in another place."""
    old = json.loads(path.read_text(encoding="utf-8"))
    later = as_written({"bookmarks": bookmarks_of(old, NOW, fail)})
    together = merged(old, later)
    assert together["version"] == later["version"]
    assert bookmarks_of(together, NOW, fail) == later["bookmarks"]


def test_what_a_bookmark_sets_to_null_can_be_set_again() -> None:
    first = {"replication_key_value": "2026-03-20", "progress": [{"checkpoint": {"rows": 1}}]}
    forgotten: dict[str, Any] = {"replication_key_value": None, "progress": [{}]}
    again = merged(merged(of_stream(**first), of_stream(**forgotten)), of_stream(**first))
    assert again == of_stream(**first)
