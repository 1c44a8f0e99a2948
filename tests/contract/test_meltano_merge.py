"""What Meltano's merge of states does, and what a state must therefore not hold."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.meltano_merge import merged


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
