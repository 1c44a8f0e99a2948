"""The records of custom objects, worked out from the account alone."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tests.contract import expected

if TYPE_CHECKING:
    from acton_sandbox import Account
    from acton_sandbox.custom_objects import (
        CustomObject,
        Dataset,
        ObjectField,
        ObjectRow,
        Relationship,
    )

Record = dict[str, Any]

CUSTOM_OBJECT_KEYS: dict[str, tuple[str, ...]] = {
    "custom_object_schemas": ("id",),
    "custom_object_datasets": ("id",),
    "custom_object_records": ("object_id", "dataset_id", "id"),
}
"""The key columns of each stream."""

COLUMNS = {
    ("orderNumber", "STRING"): "order_number",
    ("email", "STRING"): "email",
    ("amount", "CURRENCY"): "amount",
    ("orderedOn", "DATE"): "ordered_on",
    ("shippedAt", "DATETIME"): "shipped_at",
    ("tags", "STRING_ARRAY"): "tags",
    ("status", "ENUM"): "status",
    ("cart", "JSON"): "cart",
    ("place", "GEO_POINT"): "place",
    ("visitor", "STRING"): "visitor",
    ("amount", "STRING"): "amount_2",
    ("seenAt", "DATETIME"): "seen_at",
    ("raw", "JSON"): "raw_field",
    ("text", "STRING"): "text",
}
"""The columns of the fields, by name and type."""

_SEPARATORS = {"comma": ",", "semicolon": ";"}


def custom_object_records(account: Account, values: str = "typed") -> dict[str, list[Record]]:
    """Work out the records of all three streams.

    Args:
        account: The account.
        values: How Act-On spells the values of records.

    Returns:
        The records by stream.
    """
    kinds = {kind.id: kind for kind in account.custom_objects}
    datasets = sorted(account.datasets, key=lambda dataset: (dataset.object_id, dataset.id))
    return {
        "custom_object_schemas": [_schema(kind) for kind in account.custom_objects],
        "custom_object_datasets": [_dataset(dataset) for dataset in account.datasets],
        "custom_object_records": [
            _record(kinds[dataset.object_id], dataset, row, values)
            for dataset in datasets
            if not dataset.gone
            for row in sorted(dataset.rows, key=lambda row: row.created_at)
        ],
    }


def without_columns(records: list[Record]) -> list[Record]:
    """Leave out the columns that only discovery finds.

    Args:
        records: The records.

    Returns:
        The records of a catalog that was made without the account.
    """
    found = set(COLUMNS.values())
    return [{name: held for name, held in row.items() if name not in found} for row in records]


def _schema(kind: CustomObject) -> Record:
    return {
        "id": kind.id,
        "name": kind.name,
        "description": kind.description,
        "data_type": kind.data_type,
        "fields": [
            {
                "id": field.id,
                "name": field.name,
                "type": field.type,
                "description": "",
                "display_name": field.display_name,
                "properties": dict(field.properties),
                "extra_data": "",
                "extra_fields": None,
            }
            for field in kind.fields
        ],
        "required_fields": list(kind.required_fields),
        "unique_field_set": list(kind.unique_field_set),
        "event_timestamp_field": kind.event_timestamp_field,
        "primary_email_field": kind.primary_email_field,
        "external_id_field": None,
        "object_type_field": None,
        "relationships": [_relationship(one) for one in kind.relationships],
        "extra_fields": {"schemaVersion": 3},
    }


def _relationship(one: Relationship) -> Record:
    return {
        "name": one.name,
        "description": "",
        "type": one.type,
        "field_name": one.field_name,
        "field_value": "",
        "other_object": one.other_object,
        "other_field_name": one.other_field_name,
        "other_field_value": "",
        "properties": {},
        "extra_fields": None,
    }


def _dataset(dataset: Dataset) -> Record:
    return {
        "id": dataset.id,
        "object_id": dataset.object_id,
        "name": dataset.name,
        "description": dataset.description,
        "is_default": dataset.is_default,
        "extra_fields": {"recordCount": len(dataset.rows)},
    }


def _record(kind: CustomObject, dataset: Dataset, row: ObjectRow, values: str) -> Record:
    fields = kind.field_by_name
    spelt = {name: _spelt(fields[name], value, values) for name, value in row.values.items()}
    columns: Record = dict.fromkeys(COLUMNS.values())
    for name, value in row.values.items():
        # An array without texts leaves nothing in a file to tell it from no array.
        is_null = value is None or (values == "uploaded" and value == [])
        columns[COLUMNS[name, fields[name].type]] = None if is_null else _typed(fields[name], value)
    return {
        "object_id": kind.id,
        "dataset_id": dataset.id,
        "id": row.id,
        "created_at": expected.timestamp(row.created_at),
        "updated_at": expected.timestamp(row.updated_at),
        "fields": spelt,
        **columns,
        "extra_fields": None,
    }


def _typed(field: ObjectField, value: Any) -> Any:
    """Give what the column of a field holds."""
    match field.type:
        case "CURRENCY":
            return None if value == "n/a" else value
        case "DATETIME":
            return expected.timestamp(value)
        case "JSON":
            return _json(value)
    return value


def _spelt(field: ObjectField, value: Any, values: str) -> Any:
    """Give a value as Act-On spells it."""
    if value is None:
        return None
    if field.type == "DATETIME" and (values == "typed" or "format" not in field.properties):
        return _timestamp(value).isoformat(timespec="milliseconds")
    return value if values == "typed" else _uploaded(field, value)


def _uploaded(field: ObjectField, value: Any) -> Any:
    match field.type:
        case "DATETIME":
            return _timestamp(value).strftime("%d.%m.%Y %H:%M:%S")
        case "DATE":
            return date.fromisoformat(value).strftime("%d/%m/%Y")
        case "STRING_ARRAY":
            line = io.StringIO()
            separator = _SEPARATORS[field.properties["CSVSeparator"]]
            csv.writer(line, delimiter=separator, lineterminator="").writerow(value)
            return line.getvalue()
        case "JSON":
            is_base64 = field.properties["format"] == "base64"
            return b64encode(_json(value).encode()).decode() if is_base64 else _json(value)
        case "CURRENCY" if value != "n/a":
            return f"{value:.2f}"
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _timestamp(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)
