"""Rows are found in every shape that Act-On's listings have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.old_pagination import Page, UnaskedPages
from tap_acton.records.extractors import (
    described,
    find_audience_rows,
    find_rows,
    folder_rows,
    is_folders,
)

ROWS = [{"id": "1", "title": "One"}, {"id": "2", "title": "Two"}]

names = st.sampled_from(["entries", "programs", "folders", "name", "result", "urls"])
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names | st.text(max_size=8), inner, max_size=4)
    ),
)


@pytest.mark.parametrize(
    "payload",
    [
        ROWS,
        {"result": ROWS, "count": 2, "offset": 0, "totalCount": 2},
        {"data": ROWS},
        {"urls": ROWS},
        {"source": ROWS, "isSuccess": True},
    ],
)
def test_rows_are_found_in_an_array_and_in_an_envelope(payload: Any) -> None:
    found = find_rows(payload, "url")
    assert found is not None
    assert found.rows == ROWS
    assert "id, title" in described(found)
    assert "One" not in described(found)


@pytest.mark.parametrize("name", ["folder", "name"])
@pytest.mark.parametrize("rows", ["entries", "programs"])
def test_rows_of_folders_get_the_name_of_their_folder(name: str, rows: str) -> None:
    folders = [{name: "A", rows: [ROWS[0]]}, {name: "", rows: [ROWS[1]]}, {name: "B", rows: []}]
    expected = [{"folderName": "A", **ROWS[0]}, {"folderName": None, **ROWS[1]}]
    for payload in (folders, {"folders": folders, "anyRunning": False}):
        found = find_rows(payload, "url")
        assert found is not None
        assert found.rows == expected


@pytest.mark.parametrize(
    ("folder_id", "given"),
    [(12, {"folderId": 12}), ("x", {"folderId": "x"}), (-1, {}), ("-1", {}), (None, {})],
)
def test_rows_get_the_id_of_their_folder_where_it_has_one(folder_id: Any, given: Any) -> None:
    folders = [{"id": folder_id, "name": "A", "programs": [ROWS[0]]}]
    assert folder_rows(folders) == [{"folderName": "A", **given, **ROWS[0]}]


def test_a_form_that_stands_in_two_folders_comes_from_its_own_first() -> None:
    folders = [
        {"folder": "All Forms", "entries": [ROWS[0], ROWS[1]]},
        {"folder": "Trials", "entries": [ROWS[0]]},
    ]
    assert folder_rows(folders) == [{"folderName": "Trials", **ROWS[0]}, ROWS[0], ROWS[1]]


@pytest.mark.parametrize("payload", [[], {}, {"result": []}, {"count": 0, "totalCount": 0}])
def test_nothing_is_no_row(payload: Any) -> None:
    found = find_rows(payload, "url")
    assert found is not None
    assert not found.rows
    assert described(found) == found.shape


def test_a_bare_object_is_a_row() -> None:
    found = find_rows(ROWS[0], "url")
    assert found is not None
    assert list(found.rows) == [ROWS[0]]


@pytest.mark.parametrize("payload", [{"header": ROWS[0]}, {"headers": ROWS[:1], "totalCount": 1}])
def test_what_stands_alone_in_an_object_holds_the_rows_under_any_name(payload: Any) -> None:
    found = find_rows(payload, "url")
    assert found is not None
    assert list(found.rows) == [ROWS[0]]
    assert "header" in described(found)


@pytest.mark.parametrize("payload", [{"headers": []}, {"data": {}}])
def test_nothing_that_stands_alone_in_an_object_is_no_row(payload: Any) -> None:
    found = find_rows(payload, "url")
    assert found is not None
    assert not found.rows


def test_plain_texts_are_rows_of_one_field() -> None:
    found = find_rows({"urls": ["https://www.example.com/", {}]}, "url")
    assert found is not None
    assert found.rows == [{"url": "https://www.example.com/"}]


@pytest.mark.parametrize("payload", [None, 1, "text", True])
def test_anything_else_has_no_rows(payload: Any) -> None:
    assert find_rows(payload, "url") is None


@given(json)
def test_whatever_comes_rows_are_objects(payload: Any) -> None:
    found = find_rows(payload, "value")
    if found is not None:
        assert all(isinstance(row, dict) for row in found.rows)
        assert described(found)


@pytest.mark.parametrize("payload", [[], [{}], [{"entries": None}], {"entries": []}, "x", [1]])
def test_what_is_not_an_array_of_folders(payload: Any) -> None:
    assert not is_folders(payload)


def test_pages_that_are_not_documented_are_asked_for_only_where_there_are_more_rows() -> None:
    paging = UnaskedPages(100)
    assert paging.parameters(Page()) == {}
    assert paging.following(Page(), 20, None, b"") == []
    assert paging.following(Page(), 20, 20, b"") == []
    assert [page.offset for page in paging.following(Page(), 20, 50, b"")] == [20, 40]
    assert paging.parameters(Page(20, 40)) == {"count": 20, "offset": 20}


class TestAudienceCenter:
    """Envelopes of which nothing is documented but that they are JSON."""

    @pytest.mark.parametrize(
        "name",
        ["data", "content", "items", "results", "result", "contacts", "segments", "rows", "source"],
    )
    def test_rows_are_found_under_every_usual_name(self, name: str) -> None:
        for payload in (
            {name: ROWS},
            {name: ROWS, "totalElements": 2, "somethingElse": {"a": 1}},
            {"data": {name: ROWS, "total": 2}},
        ):
            found = find_audience_rows(payload, "id")
            assert found is not None
            assert found.rows == ROWS

    def test_rows_are_found_without_an_envelope(self) -> None:
        found = find_audience_rows(ROWS, "id")
        assert found is not None
        assert (found.rows, found.envelope) == (ROWS, {})

    def test_an_empty_array_does_not_hide_the_one_beside_it(self) -> None:
        found = find_audience_rows({"data": [], "content": ROWS}, "id")
        assert found is not None
        assert found.rows == ROWS

    def test_an_only_array_may_have_any_name(self) -> None:
        found = find_audience_rows({"scores": ROWS, "totalCount": 2}, "id")
        assert found is not None
        assert found.rows == ROWS

    @pytest.mark.parametrize(
        "row", [{"id": "1", "mappings": [{"a": 1}]}, {"accountId": "7", "columns": ROWS}]
    )
    def test_an_object_with_more_than_an_array_is_a_row(self, row: dict[str, Any]) -> None:
        for payload in (row, {"source": row, "isSuccess": True}, {"data": row}):
            found = find_audience_rows(payload, "id")
            assert found is not None
            assert list(found.rows) == [row]

    @pytest.mark.parametrize(
        "payload", [{}, [], {"data": []}, {"totalCount": 0, "page": 0}, {"content": [], "total": 0}]
    )
    def test_nothing_is_no_row(self, payload: Any) -> None:
        found = find_audience_rows(payload, "id")
        assert found is not None
        assert list(found.rows) == []

    def test_a_table_gives_rows_by_its_headers_and_loses_no_cell(self) -> None:
        payload = {"headers": ["A", "A", "B"], "data": [["1", "2"], ["1", "2", "3", "4"], None]}
        found = find_audience_rows(payload, "id")
        assert found is not None
        assert found.rows == [
            {"A": "1", "A (2)": "2"},
            {"A": "1", "A (2)": "2", "B": "3", "3": "4"},
        ]

    @given(json)
    def test_whatever_comes_is_taken_or_refused(self, payload: Any) -> None:
        found = find_audience_rows(payload, "id")
        assert (found is None) == (not isinstance(payload, list | dict))
        assert found is None or all(isinstance(row, dict) for row in found.rows)
