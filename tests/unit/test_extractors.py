"""The extractors find the rows in every shape that Act-On's responses have."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.extractors import (
    Extracted,
    Folders,
    OneRow,
    RowsAt,
    Undocumented,
    UnknownShapeError,
    described,
    rows_in,
    table_of,
    total_of,
    worded,
)
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.schema import SCHEMAS

if TYPE_CHECKING:
    from tap_acton.records.extractors import Extractor
    from tap_acton.streams.base.stream import ActOnStream

ROWS = [{"id": "1", "title": "One"}, {"id": "2", "title": "Two"}]

URLS = Undocumented("url")
AUDIENCE_CENTER = Undocumented("id")

names = st.sampled_from(["entries", "programs", "folders", "name", "result", "urls"])
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names | st.text(max_size=8), inner, max_size=4)
    ),
)


@given(json)
@pytest.mark.parametrize(
    "extract", [OneRow(), RowsAt(""), RowsAt("result"), Folders(), Folders("folders"), URLS]
)
def test_any_response_gives_objects_or_is_refused(extract: Extractor, payload: Any) -> None:
    try:
        found = extract(payload)
    except UnknownShapeError:
        return
    assert all(isinstance(row, dict) for row in found.rows)


class TestOneRow:
    def test_the_response_is_the_row(self) -> None:
        row = {"id": "1", "totalCount": 7}
        assert OneRow()(row) == Extracted([row], is_object=True)

    @pytest.mark.parametrize("payload", [[], ROWS, None, "x", 1])
    def test_anything_but_an_object_is_an_error(self, payload: Any) -> None:
        with pytest.raises(UnknownShapeError):
            OneRow()(payload)


class TestRowsAt:
    def test_rows_stand_under_a_name_beside_their_total(self) -> None:
        payload = {"result": ROWS, "totalCount": "12", "count": 2}
        assert RowsAt("result")(payload) == Extracted(ROWS, 12, payload)

    def test_the_response_is_the_array(self) -> None:
        assert RowsAt("")(ROWS) == Extracted(ROWS)

    @pytest.mark.parametrize("nothing", [None, []])
    def test_null_is_no_rows(self, nothing: Any) -> None:
        assert RowsAt("result")({"result": nothing}).rows == []

    def test_null_among_the_rows_is_no_row(self) -> None:
        assert RowsAt("result")({"result": [None, ROWS[0], None]}).rows == [ROWS[0]]
        assert RowsAt("")([None, ROWS[0]]).rows == [ROWS[0]]

    @pytest.mark.parametrize(
        "payload", [{}, {"data": ROWS}, ROWS, {"result": ROWS[0]}, {"result": [1]}, None]
    )
    def test_another_shape_is_an_error(self, payload: Any) -> None:
        with pytest.raises(UnknownShapeError):
            RowsAt("result")(payload)

    @pytest.mark.parametrize("payload", [{}, {"": ROWS}, [1], [ROWS], None, "x"])
    def test_another_shape_than_an_array_of_rows_is_an_error(self, payload: Any) -> None:
        with pytest.raises(UnknownShapeError):
            RowsAt("")(payload)


class TestFolders:
    @pytest.mark.parametrize("name", ["folder", "name"])
    @pytest.mark.parametrize("rows", ["entries", "programs"])
    def test_rows_get_the_name_of_their_folder(self, name: str, rows: str) -> None:
        folders = [{name: "A", rows: [ROWS[0]]}, {name: "", rows: [ROWS[1]]}, {name: "B", rows: []}]
        expected = [{"folderName": "A", **ROWS[0]}, {"folderName": None, **ROWS[1]}]
        assert Folders()(folders).rows == expected
        assert Folders("folders")({"folders": folders, "anyRunning": False}).rows == expected

    def test_the_fields_around_the_folders_are_the_envelope(self) -> None:
        payload = {"folders": [], "anyRunning": True}
        assert Folders("folders")(payload) == Extracted([], envelope=payload)

    @pytest.mark.parametrize(
        ("folder_id", "given"),
        [
            (12, {"folderId": 12}),
            ("x", {"folderId": "x"}),
            ([7], {"folderId": [7]}),
            (-1, {}),
            ("-1", {}),
            (None, {}),
        ],
    )
    def test_rows_get_the_id_of_their_folder_if_it_has_one(
        self, folder_id: Any, given: Any
    ) -> None:
        folders = [{"id": folder_id, "name": "A", "programs": [ROWS[0]]}]
        assert Folders()(folders).rows == [{"folderName": "A", **given, **ROWS[0]}]

    def test_a_form_in_two_folders_comes_from_its_own_or_from_that_last(self) -> None:
        changed = {**ROWS[1], "title": "Changed"}
        folders = [
            {"folder": "All Forms", "entries": [*ROWS[:2], {"id": "9"}]},
            {"folder": "Trials", "entries": [ROWS[0], changed]},
        ]
        own = [{"folderName": "Trials", **row} for row in (ROWS[0], changed)]
        expected = [ROWS[1], {"id": "9"}, *own]
        assert Folders()(folders).rows == expected

    @pytest.mark.parametrize(
        "folder", [{"folder": "A", "entries": None}, {"folder": "A"}, {"id": 3, "name": "A"}]
    )
    def test_a_folder_without_entries_is_empty(self, folder: Any) -> None:
        full = {"folder": "B", "entries": [None, ROWS[0]]}
        assert Folders()([folder]).rows == []
        assert Folders()([folder, full]).rows == [{"folderName": "B", **ROWS[0]}]

    def test_no_folders_are_no_rows(self) -> None:
        assert Folders()([]).rows == []
        assert Folders("folders")({"folders": None}).rows == []

    @pytest.mark.parametrize(
        "payload",
        [
            [{}],
            [1],
            ROWS,
            [None, *ROWS],
            [{"folder": "A", "entries": [1]}],
            [{"folder": "A", "entries": {}}],
            {"entries": []},
            {"folders": []},
            "x",
            None,
        ],
    )
    def test_anything_else_is_an_error(self, payload: Any) -> None:
        with pytest.raises(UnknownShapeError):
            Folders()(payload)


class TestUndocumented:
    @pytest.mark.parametrize(
        "payload",
        [
            ROWS,
            [None, *ROWS],
            {"result": ROWS, "count": 2, "offset": 0, "totalCount": 2},
            {"data": ROWS},
            {"urls": ROWS},
            {"source": ROWS, "isSuccess": True},
            {"folders": ROWS},
            json_module.dumps({"data": ROWS}),
        ],
    )
    def test_rows_are_found_in_an_array_and_in_an_envelope(self, payload: Any) -> None:
        found = URLS(payload)
        assert found.rows == ROWS
        assert "id, title" in described(found)
        assert "One" not in described(found)

    @pytest.mark.parametrize("around", ["{}", '{"folders": {}}', '{"data": {"folders": {}}}'])
    def test_rows_are_found_in_folders(self, around: str) -> None:
        folders = [{"folder": "A", "entries": ROWS}, {"folder": "B", "entries": None}]
        payload = json_module.loads(around.replace("{}", json_module.dumps(folders)))
        assert URLS(payload).rows == [{"folderName": "A", **row} for row in ROWS]

    @pytest.mark.parametrize(
        "payload",
        [
            [{}, {"entries": None}],
            [{"entries": [1]}],
            ROWS,
            [{"id": 3, "name": "A", "programs": None}],
            [{"name": "A"}],
        ],
    )
    def test_an_array_without_rows_of_its_own_is_not_taken_for_folders(self, payload: Any) -> None:
        assert URLS(payload).rows == [row for row in payload if row]

    @pytest.mark.parametrize(
        "payload",
        [
            [],
            {},
            {"result": []},
            {"data": []},
            {"data": None, "count": 0},
            {"count": 0, "totalCount": 0},
            {"totalCount": 0, "page": 0},
            {"content": [], "total": 0},
            {"nextPageToken": None},
            {"pagination": {"nextPageToken": None}},
            {"headers": []},
            {"data": {}},
            {"folders": []},
        ],
    )
    def test_nothing_is_no_row(self, payload: Any) -> None:
        found = URLS(payload)
        assert list(found.rows) == []
        assert described(found) == worded(found)

    def test_a_bare_object_is_a_row(self) -> None:
        assert list(URLS(ROWS[0]).rows) == [ROWS[0]]

    @pytest.mark.parametrize(
        "payload", [{"header": ROWS[0]}, {"headers": ROWS[:1], "totalCount": 1}, {"page": ROWS[0]}]
    )
    def test_an_only_field_holds_the_rows_under_any_name(self, payload: Any) -> None:
        found = URLS(payload)
        assert list(found.rows) == [ROWS[0]]
        assert next(iter(payload)) in described(found)

    def test_plain_texts_are_rows_of_one_field(self) -> None:
        found = URLS({"urls": ["https://www.example.com/", {}, None]})
        assert found.rows == [{"url": "https://www.example.com/"}]

    @pytest.mark.parametrize("payload", [None, 1, "text", True, "7", "\ud800"])
    def test_anything_else_is_an_error(self, payload: Any) -> None:
        with pytest.raises(UnknownShapeError):
            URLS(payload)

    def test_a_text_that_nests_too_deep_is_an_error(self) -> None:
        with pytest.raises(UnknownShapeError):
            URLS("[" * 100_000)

    @given(json)
    def test_every_array_and_object_has_a_shape(self, payload: Any) -> None:
        if isinstance(payload, list | dict):
            assert described(URLS(payload))

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
            assert AUDIENCE_CENTER(payload).rows == ROWS

    def test_names_of_an_endpoint_come_before_the_usual_ones(self) -> None:
        payload = {"data": ROWS[:1], "records": ROWS}
        assert Undocumented(names=("records",))(payload).rows == ROWS

    def test_an_array_has_no_envelope(self) -> None:
        assert AUDIENCE_CENTER(ROWS) == Extracted(ROWS, shape="an array")

    def test_an_empty_array_does_not_hide_the_one_beside_it(self) -> None:
        assert AUDIENCE_CENTER({"data": [], "content": ROWS}).rows == ROWS

    def test_an_only_array_may_have_any_name(self) -> None:
        assert AUDIENCE_CENTER({"scores": ROWS, "totalCount": 2}).rows == ROWS
        assert AUDIENCE_CENTER({"scores": ROWS, "page": {"number": 1}}).rows == ROWS

    @pytest.mark.parametrize(
        "row", [{"id": "1", "mappings": [{"a": 1}]}, {"accountId": "7", "columns": ROWS}]
    )
    def test_an_object_with_more_than_an_array_is_a_row(self, row: dict[str, Any]) -> None:
        for payload in (row, {"source": row, "isSuccess": True}, {"data": row}):
            assert list(AUDIENCE_CENTER(payload).rows) == [row]

    def test_an_object_inside_a_row_is_not_taken_for_the_row(self) -> None:
        row = {"id": 0, "name": "A", "content": {"html": "<p>"}}
        assert list(URLS(row).rows) == [row]

    def test_a_table_gives_rows_by_its_headers_and_loses_no_cell(self) -> None:
        payload = {"headers": ["A", "A", "B"], "data": [["1", "2"], ["1", "2", "3", "4"], None]}
        assert AUDIENCE_CENTER(payload).rows == [
            {"A": "1", "A (2)": "2"},
            {"A": "1", "A (2)": "2", "B": "3", "3": "4"},
        ]

    def test_rows_beside_headers_are_no_table(self) -> None:
        assert AUDIENCE_CENTER({"headers": ["A"], "data": ROWS}).rows == ROWS

    @pytest.mark.parametrize(
        ("payload", "total"),
        [
            ({"data": ROWS, "totalCount": 5, "total": 2}, 5),
            ({"data": ROWS, "totalElements": "5"}, 5),
            ({"data": ROWS, "total": -1}, None),
            ({"data": ROWS, "pagination": {"total": 5}}, 5),
            ({"data": {"content": ROWS, "total": 5}, "totalCount": 2}, 5),
            ({"data": {"content": ROWS}, "totalCount": 5}, 5),
            ({"totalCount": 0}, 0),
            ({"id": "1", "total": 5}, None),
            (ROWS, None),
        ],
    )
    def test_the_total_is_read_wherever_it_stands(self, payload: Any, total: int | None) -> None:
        assert AUDIENCE_CENTER(payload).total == total

    def test_the_envelope_has_the_fields_of_all_objects_around_the_rows(self) -> None:
        payload = {
            "a": 1,
            "nextPageToken": "t",
            "data": {"rows": ROWS, "b": 2, "nextPageToken": None},
            "pagination": {"c": 3},
        }
        found = AUDIENCE_CENTER(payload)
        fields = {name: found.envelope[name] for name in ("a", "b", "c", "nextPageToken")}
        assert fields == {"a": 1, "b": 2, "c": 3, "nextPageToken": "t"}

    def test_the_envelope_says_what_is_null_and_what_is_absent(self) -> None:
        assert AUDIENCE_CENTER({"rows": ROWS, "nextPageToken": None}).envelope == {
            "rows": ROWS,
            "nextPageToken": None,
        }
        assert "nextPageToken" not in AUDIENCE_CENTER({"rows": ROWS}).envelope


ONE_ROW = [kind for kind in STREAM_TYPES if isinstance(kind.extract, OneRow) and kind.path]
ANY_SHAPE = [kind for kind in STREAM_TYPES if isinstance(kind.extract, Undocumented)]


def found_by(kind: type[ActOnStream], payload: Any) -> Extracted:
    return rows_in(payload, kind.extract, SCHEMAS.get_schema(kind.name))


def row_of(kind: type[ActOnStream]) -> dict[str, Any]:
    """Give a row of which a stream knows one field alone, and one is new."""
    return {next(iter(SCHEMAS.get_schema(kind.name)["properties"])): "7", "new": {"a": 1}}


@pytest.mark.parametrize("kind", ONE_ROW, ids=lambda kind: kind.name)
class TestNoEnvelopeIsARow:
    def test_an_object_with_a_known_field_is_the_row(self, kind: type[ActOnStream]) -> None:
        assert found_by(kind, row_of(kind)).rows == [row_of(kind)]

    @pytest.mark.parametrize(
        "around",
        [
            lambda _: {},
            lambda _: {"data": None},
            lambda row: {"data": row},
            lambda row: {"response": {"data": row}},
            lambda row: {"wasFine": True, "result": [row]},
        ],
    )
    def test_any_other_has_an_unknown_shape(self, kind: type[ActOnStream], around: Any) -> None:
        with pytest.raises(UnknownShapeError):
            found_by(kind, around(row_of(kind)))


@pytest.mark.parametrize("kind", ANY_SHAPE, ids=lambda kind: kind.name)
class TestEnvelopesThatAreNotKnown:
    @pytest.mark.parametrize(
        "around",
        [
            lambda row: {"response": {"data": row}},
            lambda row: {"response": {"data": [row]}},
            lambda row: {"response": {"data": {"items": [row]}}},
            lambda row: {"totalCount": 1, "response": {"data": {"data": row}}},
            lambda row: {"response": {"page": 1, "data": {"items": [row]}}},
        ],
    )
    def test_rows_are_found_inside(self, kind: type[ActOnStream], around: Any) -> None:
        assert list(found_by(kind, around(row_of(kind))).rows) == [row_of(kind)]

    @pytest.mark.parametrize(
        "payload", [{"response": {"data": None}}, {"response": {"data": {"data": []}}}]
    )
    def test_nothing_inside_is_no_row(self, kind: type[ActOnStream], payload: Any) -> None:
        assert list(found_by(kind, payload).rows) == []

    def test_objects_that_may_be_anything_have_an_unknown_shape(
        self, kind: type[ActOnStream]
    ) -> None:
        with pytest.raises(UnknownShapeError):
            found_by(kind, {"unheard": {"of": 1}, "unseen": [1]})

    def test_a_field_that_no_schema_names_is_kept(self, kind: type[ActOnStream]) -> None:
        row = {"unheard": "of", "unseen": {"a": 1}}
        assert list(found_by(kind, row).rows) == [row]


def test_a_total_around_an_envelope_counts() -> None:
    kind = next(kind for kind in ANY_SHAPE if kind.name == "headers")
    payload = {"totalCount": 5, "response": {"data": {"items": ROWS}}}
    assert found_by(kind, payload).total == 5


NO_FOLDERS: list[list[Any]] = [
    [],
    [None],
    [{"folder": "Empty"}],
    [{"folder": "Empty", "entries": None}, None],
    [{"name": "Empty", "entries": [None]}, {"name": "", "programs": []}],
]
LISTINGS = [kind for kind in STREAM_TYPES if kind.item_columns]


def empty(extract: Extractor) -> list[Any]:
    """Give what stands for no rows in the shapes that an extractor takes."""
    match extract:
        case Folders(name):
            return [{name: folders} for folders in (*NO_FOLDERS, None)] if name else NO_FOLDERS
        case RowsAt(name):
            return [{name: [None]}, {name: []}, {name: None}] if name else [[None], []]
    rows = [[None], [{}], [""], *NO_FOLDERS]
    return [*rows, {"data": None}, *[{name: held} for name in ("data", "folders") for held in rows]]


@pytest.mark.parametrize("kind", LISTINGS, ids=lambda kind: kind.name)
def test_empty_folders_and_null_are_no_items_in_any_listing(kind: type[ActOnStream]) -> None:
    shapes = empty(kind.extract)
    assert [list(kind.extract(shape).rows) for shape in shapes] == [[]] * len(shapes)


@pytest.mark.parametrize("folder", NO_FOLDERS[1:])
@pytest.mark.parametrize("extract", [Folders(), URLS])
def test_empty_folders_and_null_hide_no_rows_beside_them(extract: Extractor, folder: Any) -> None:
    folders = [*folder, {"folder": "A", "entries": [None, ROWS[0], None]}, *folder]
    assert extract(folders).rows == [{"folderName": "A", **ROWS[0]}]


def test_null_is_no_row_of_a_list() -> None:
    assert table_of({"headers": ["A"], "data": [None, ["1"], None]}) == (["A"], [["1"]])
    assert table_of({"headers": ["A"], "data": None}) == (["A"], [])


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"headers": ["A"]}, {"headers": None, "data": []}, {"headers": [], "data": [{}]}],
)
def test_another_shape_than_a_list_is_an_error(payload: Any) -> None:
    with pytest.raises(UnknownShapeError):
        table_of(payload)


@pytest.mark.parametrize(
    ("payload", "total"),
    [
        ({"totalCount": 0}, 0),
        ({"totalCount": "12"}, 12),
        ({"totalCount": -1}, None),
        ({"totalCount": None}, None),
        ({"totalCount": "many"}, None),
        ({"totalCount": 1.5}, None),
        ({"total": 1}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_total_that_is_missing_or_unreadable_is_none(payload: Any, total: int | None) -> None:
    assert total_of(payload) == total
