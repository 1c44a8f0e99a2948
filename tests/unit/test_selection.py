"""Records have the columns that their SCHEMA message has; what is deselected is nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.records.list_table import Table
from tap_acton.records.reader import EXTRA_FIELDS, IGNORED, NAMES, RecordReader
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.audience_center.custom_fields import CustomFields, custom_columns
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.custom_objects.fields import ObjectFields, columns_of_schemas
from tap_acton.streams.lists.webinars import WebinarRegistrants
from tests.unit.test_catalog_given import catalog, tap_with
from tests.unit.test_tap import signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "jane@example.com"


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    with signals_kept():
        yield


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
@pytest.mark.parametrize("keeps_extra", [True, False])
def test_records_follow_the_schema_message(kind: type[Any], *, keeps_extra: bool) -> None:
    given = catalog(kind.name)
    (entry,) = given["streams"]
    properties = entry["schema"]["properties"]
    needed = {*kind.primary_keys, kind.replication_key, EXTRA_FIELDS if keeps_extra else None}
    free = [name for name in properties if name not in needed]
    missing, deselected = {*free[::2]}, {*free[1::2]}
    for name in missing:
        del properties[name]
    for item in entry["metadata"]:
        if not item["breadcrumb"]:
            item["metadata"]["selected"] = True
        elif item["breadcrumb"][-1] in deselected:
            item["metadata"]["selected"] = False

    stream = tap_with(given).stream(kind.name)
    record: dict[str, Any] = dict.fromkeys(SCHEMAS.get_schema(kind.name)["properties"], "a value")
    record[EXTRA_FIELDS] = None
    (written,) = stream.selection.apply([record])
    (each,) = stream.stream_maps
    assert written.keys() == each.transformed_schema["properties"].keys()
    extra = written.pop(EXTRA_FIELDS, None)
    lost = missing - {EXTRA_FIELDS}
    assert extra == (dict.fromkeys(lost, "a value") or None if keeps_extra else None)


def test_fields_without_a_column_stay_beside_columns_that_the_catalog_lacks() -> None:
    given = catalog("opt_outs")
    del given["streams"][0]["schema"]["properties"]["origin"]
    selection = tap_with(given).stream("opt_outs").selection
    rows: list[dict[str, Any]] = [
        {"origin": "a", EXTRA_FIELDS: {"new": 1}},
        {"origin": None, EXTRA_FIELDS: {"new": 1}},
        {"origin": "a", EXTRA_FIELDS: {"origin": 1}},
    ]
    assert [row[EXTRA_FIELDS] for row in selection.apply(rows)] == [
        {"new": 1, "origin": "a"},
        {"new": 1},
        {"origin": 1},
    ]


def names_of(schema: Any, column: str) -> Iterator[str]:
    """Give the fields of the API that go to a column."""
    yield column
    for name in schema["properties"][column].get(NAMES, ()):
        field, _, element = name.rpartition("/")
        yield field if element.isdecimal() else name


@pytest.mark.parametrize("kind", STREAM_TYPES, ids=lambda kind: kind.name)
def test_what_does_not_fit_a_deselected_column_is_nowhere(kind: type[Any]) -> None:
    schema = SCHEMAS.get_schema(kind.name)
    columns = [name for name in schema["properties"] if name not in kind.primary_keys]
    names = {column: {*names_of(schema, column)} for column in schema["properties"]}
    of_keys = {name for column in kind.primary_keys for name in names[column]}
    fields = {name for column in columns for name in names[column]} - of_keys
    reader = RecordReader(schema, key=kind.primary_keys, deselected=columns)
    for name in fields - {*schema.get(IGNORED, ()), EXTRA_FIELDS}:
        for value in ({"a": SECRET}, [[SECRET]], SECRET, [1, 2, SECRET]):
            extra = reader.record({name: value, "unnamed": 1})[EXTRA_FIELDS]
            assert SECRET not in json.dumps(extra)


def test_of_two_values_for_a_deselected_column_none_is_kept() -> None:
    columns = {"name": {"type": ["string", "null"], NAMES: ["name", "title"]}}
    schema = {"properties": {**columns, EXTRA_FIELDS: {"type": ["object", "null"]}}}
    row = {"name": "Jane", "title": SECRET}
    assert RecordReader(schema).record(row)[EXTRA_FIELDS] == {"title": SECRET}
    assert RecordReader(schema, deselected=["name"]).record(row)[EXTRA_FIELDS] is None


@pytest.mark.parametrize("cells", [["l-1:2", SECRET, "a", "b"], ["l-1:2", SECRET, "a", "b", "c"]])
def test_a_deselected_address_is_not_among_the_columns_of_a_list(cells: list[str]) -> None:
    headers = ["_contact_id_", "E-mail", "E-mail", "City"]
    table = Table(headers, 1, "l-1", hides_email=True)
    row = dict(table.row(cells))
    assert row.pop("email") == SECRET
    assert row["fields"] == {"E-mail (2)": "a", "City": "b"}
    assert SECRET not in str(row)
    columns = table.columns([cells[:4]])
    assert columns is not None
    assert columns.own == {"E-mail (2)": ("a",), "City": ("b",)}


FIELDS = [
    {"fieldId": 1, "columnIndex": 7, "name": "Mobile", "type": "TEXT"},
    {"fieldId": 2, "columnIndex": 8, "name": "Shoe size", "type": "NUMBER"},
    {"fieldId": 3, "columnIndex": 9, "name": "Mail", "standardFieldMapping": "EMAIL"},
]


@pytest.mark.parametrize(
    "row",
    [
        {"customFields": {"7": SECRET, "8": "41"}},
        {"customFields": {"Mobile": SECRET, "Shoe size": "41"}},
        {"Mobile": SECRET, "Shoe size": "41"},
        {"Mobile": SECRET, "Mail": SECRET, "customFields": {"7": SECRET, "8": "41"}},
        {"customFields": {"8": "41", "9": SECRET}},
    ],
)
def test_a_deselected_custom_field_is_in_no_other_column(row: dict[str, Any]) -> None:
    own = SCHEMAS.get_schema("contacts")["properties"]
    columns = custom_columns(FIELDS, {}, own)
    properties = {**own, **{name: dict(found.definition) for name, found in columns.items()}}
    names = {found.identity: name for name, found in columns.items()}
    fields = CustomFields(FIELDS, names, properties, None, deselected={"mobile", "email"})
    reader = RecordReader({"properties": properties}, key=("id",))
    plain, values = fields.part({"id": "1", **row})
    record = reader.record(plain)
    fields.fill(record, values)
    del record["mobile"], record["email"]
    assert record["shoe_size"] == 41
    assert "41" in (record["custom_fields"] or {"8": "41"}).values()
    assert SECRET not in json.dumps(record)


def test_a_deselected_field_of_a_custom_object_is_in_no_other_column() -> None:
    schema = {
        "id": "o-1",
        "fields": [
            {"id": "f1", "name": "mail", "type": "STRING"},
            {"id": "f2", "name": "size", "type": "NUMBER"},
        ],
    }
    columns = columns_of_schemas([schema], {}, ())
    names = {found.identity: name for name, found in columns.items()}
    fields = ObjectFields(schema, names, ())
    for row in ({"mail": SECRET, "size": 4, "new": 1}, {"f1": SECRET, "f2": 4, "new": 1}):
        shown = fields.without(row, {"mail"})
        assert sorted(map(str, shown.values())) == ["1", "4"]


def test_a_deselected_column_of_a_webinar_is_in_no_other_column() -> None:
    given = catalog("webinar_registrants")
    (entry,) = given["streams"]
    for item in entry["metadata"]:
        if not item["breadcrumb"]:
            item["metadata"]["selected"] = True
        elif item["breadcrumb"][-1] in {"email", "company", "registered_at"}:
            item["metadata"]["selected"] = False
    stream = tap_with(given).stream("webinar_registrants")
    assert isinstance(stream, WebinarRegistrants)
    stream.__dict__["reader"] = RecordReader(stream.schema, key=stream.primary_keys)
    fields = {
        "Email": SECRET,
        "Company": SECRET,
        "Registration Date/Time": SECRET,
        "Shoe size": "41",
    }
    row = {"_contact_id_": "l-1:1", "email": "other@example.com", "fields": fields}
    (written,) = stream.selection.apply(stream.records_of([row], {"list_id": "l-1"}))
    assert written["extra_fields"] == {"Shoe size": "41"}
    assert "@" not in json.dumps(written)
