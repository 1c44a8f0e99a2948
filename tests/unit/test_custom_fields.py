"""The columns of the contacts' custom fields: their names stay, and a new type is a new column."""

from __future__ import annotations

from typing import Any

import pytest

from tap_acton.records.dynamic_columns import FoundStream, KnownNames, annotate, with_known_names
from tap_acton.records.reader import RecordReader
from tap_acton.streams.audience_center.custom_fields import TYPES, CustomFields, custom_columns

TEXT = {"type": ["string", "null"]}
OWN = {"id": TEXT, "custom_fields": {"type": ["object", "null"]}, "extra_fields": TEXT}
KINDS = [*TYPES, "TEXT"]
VALUES = {"BOOLEAN": "true", "DATE": "2026-03-17", "DATETIME": "2026-03-17T10:00:00Z"}


def field(kind: str, label: str = "Region") -> dict[str, Any]:
    return {"fieldId": 2249, "columnIndex": 52, "name": label, "type": kind}


def names(kind: str, known: dict[str, str], label: str = "Region") -> dict[str, str]:
    """Name the columns of a field by their identities."""
    columns = custom_columns([field(kind, label)], known, OWN)
    return {column.identity: name for name, column in columns.items()}


def is_same(one: str, other: str) -> bool:
    return TYPES.get(one, TEXT) == TYPES.get(other, TEXT)


@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("before", KINDS)
def test_another_type_is_another_column_and_the_old_one_comes_back(before: str, after: str) -> None:
    known = names(before, {})
    changed = names(after, known, "Area")
    assert [*known.values()] == ["region"]
    assert [*changed.values()] == ["region" if is_same(before, after) else "area"]
    assert names(before, {**known, **changed}, "Area") == known


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_of_an_older_version_stays_until_the_type_changes(kind: str) -> None:
    older = {"2249": "territory"}
    known = names(kind, older)
    assert [*known.values()] == ["territory"]
    changed = names("TEXT" if kind != "TEXT" else "NUMBER", {**older, **known})
    assert [*changed.values()] == ["region"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_catalog_keeps_a_name_of_an_older_version(kind: str) -> None:
    columns = custom_columns([field(kind)], {}, OWN)
    found = FoundStream("contacts", columns)
    metadata = [{"breadcrumb": ["properties", name], "metadata": {}} for name in columns]
    properties = {name: dict(column.definition) for name, column in columns.items()}
    entry = {"tap_stream_id": "contacts", "schema": {"properties": properties}}
    catalog = annotate({"streams": [{**entry, "metadata": metadata}]}, {"contacts": found})
    state = {"bookmarks": {"contacts": {"columns": {"2249": "territory"}}}}
    (stream,) = with_known_names(catalog, KnownNames.of_state(state))["streams"]
    assert list(stream["schema"]["properties"]) == ["territory"]


@pytest.mark.parametrize("identity", ["2249", None])
@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("before", KINDS)
def test_a_value_goes_to_no_column_of_another_type(
    before: str, after: str, identity: str | None
) -> None:
    (column,) = custom_columns([field(before)], {}, OWN).values()
    properties = {**OWN, "region": dict(column.definition)}
    columns = {identity or column.identity: "region"}
    custom = CustomFields([field(after)], columns, properties, None)
    value = VALUES.get(after, "1")
    plain, found = custom.part({"customFields": {"52": value}})
    record = RecordReader({"properties": properties}).record(plain)
    custom.fill(record, found)
    assert record["custom_fields"] == {"52": value}
    assert (record["region"] is not None) == is_same(before, after)
