"""The columns of the contacts' custom fields: how they are named and typed, and what goes there."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_acton.records.dynamic_columns import Column, assign_names, typed, with_types
from tap_acton.records.epoch_units import EpochUnits
from tap_acton.records.reader import EXTRA_FIELDS, Convert, converter
from tap_acton.records.values import Unconvertible, integer, snake_case

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import tzinfo

    from tap_acton.records.reader import Record, Row

TYPES: Mapping[str, Mapping[str, Any]] = {
    "BOOLEAN": {"type": ["boolean", "null"]},
    "DATE": {"type": ["string", "null"], "format": "date"},
    "DATETIME": {"type": ["string", "null"], "format": "date-time"},
    "NUMBER": {"type": ["number", "null"]},
    "SCORE": {"type": ["number", "null"]},
}
"""The types of fields that do not hold text (Act-On reference, 2024 edition)."""

CUSTOM_FIELDS = "custom_fields"

TEXT: Mapping[str, Any] = {"type": ["string", "null"]}


class _Target(NamedTuple):
    """Where the value of a field goes.

    Attributes:
        column: Empty if the stream has no column for it.
        convert: Makes the column's type of a value.
        key: The key of the field in ``custom_fields``; empty if it is no custom field.
    """

    column: str
    convert: Convert
    key: str


class CustomFields:
    """Puts what a contact has in the account's fields into their columns.

    Args:
        fields: The fields, as the account's schema lists them.
        columns: The columns of custom fields, by their identities.
        properties: The columns of the stream.
        zone: The account's zone, for timestamps without one.
        deselected: Columns whose values must not be in ``custom_fields`` either.
    """

    def __init__(
        self,
        fields: Sequence[Row],
        columns: Mapping[str, str],
        properties: Mapping[str, Any],
        zone: tzinfo | None,
        deselected: Collection[str] = (),
    ) -> None:
        self._properties = properties
        self._deselected = deselected
        self._dates = {name for name, held in properties.items() if "format" in held}
        self._units = EpochUnits()
        self._by_index: dict[str, _Target] = {}
        self._by_label: dict[str, _Target] = {}
        for field in fields:
            standard = _standard_column(field, properties)
            index = str(field.get("columnIndex"))
            column = standard or _column_of(field, columns, properties)
            convert = converter(column, properties[column], zone) if column else str
            target = _Target(column, convert, "" if standard else index)
            self._by_index[index] = target
            self._by_label.setdefault(_plain(str(field.get("name"))), target)

    def part(self, row: Row) -> tuple[Row, list[tuple[_Target, str, Any]]]:
        """Part what a contact has in fields of the account from the rest.

        Returns:
            What has a name of the API, without empty texts, which stand for null; and the
            values of the account's fields, each with its index or label in the response.
        """
        plain: dict[str, Any] = {}
        found: list[tuple[_Target, str, Any]] = []
        for name, value in row.items():
            target = None
            if snake_case(name) not in self._properties:
                target = self._by_label.get(_plain(name))
            if target is not None:
                if target.column not in self._deselected:
                    found.append((target, name, value))
            elif value != "":
                plain[name] = value
        custom = plain.get("customFields")
        if isinstance(custom, dict):
            targets = {
                index: self._by_index.get(index) or self._by_label.get(_plain(index))
                for index in custom
            }
            plain["customFields"] = {
                index: value
                for index, value in custom.items()
                if (target := targets[index]) is None or target.column not in self._deselected
            }
            for index, value in plain["customFields"].items():
                if (target := targets[index]) is not None:
                    found.append((target, index, value))
        return plain, found

    def learn(self, rows: Sequence[Sequence[tuple[_Target, str, Any]]]) -> None:
        """Find out the units of timestamps from what :meth:`part` found in a whole response."""
        values: defaultdict[str, list[Any]] = defaultdict(list)
        for target, _, value in chain.from_iterable(rows):
            if target.column in self._dates:
                values[target.column].append(value)
        for column, held in values.items():
            self._units.in_milliseconds(column, held)

    def fill(self, record: Record, values: Sequence[tuple[_Target, str, Any]]) -> None:
        """Put values that :meth:`part` found into the columns of a record.

        A column that has a value keeps it. A value that finds no room in a column or in
        ``custom_fields`` goes to ``extra_fields``.
        """
        custom = {**(record[CUSTOM_FIELDS] or {})}
        extra = {**(record[EXTRA_FIELDS] or {})}
        for (column, convert, key), name, value in values:
            has_room = value in ("", None)
            if key:
                has_room |= custom.setdefault(key, value) == value
            if column and value != "":
                plain = value
                if column in self._dates:
                    (plain,) = self._units.in_milliseconds(column, [value])
                converted = _converted(convert, plain)
                if record[column] is None:
                    record[column] = converted
                has_room = has_room or converted == record[column] is not None
            if not has_room:
                extra.setdefault(name, value)
        record[CUSTOM_FIELDS] = custom or record[CUSTOM_FIELDS]
        record[EXTRA_FIELDS] = extra or record[EXTRA_FIELDS]


def custom_columns(
    fields: Sequence[Row],
    known: Mapping[str, str],
    properties: Mapping[str, Any],
    *,
    ascii_only: bool = False,
) -> dict[str, Column]:
    """Return the columns of the custom fields by name.

    Args:
        fields: The fields, as the account's schema lists them.
        known: The names of earlier runs, by identity.
        properties: The columns that the stream has in any case.
        ascii_only: Whether names are transliterated.
    """
    custom = {
        field_identity(field): field
        for field in sorted(fields, key=_age)
        if not _standard_column(field, properties)
    }
    labels = {identity: str(field.get("name")) for identity, field in custom.items()}
    before = with_types(known, labels)
    names = assign_names(labels, before, taken=properties, ascii_only=ascii_only)
    return {
        names[identity]: Column(identity, _definition(field)) for identity, field in custom.items()
    }


def _type(field: Row) -> Mapping[str, Any]:
    return TYPES.get(str(field.get("type")), TEXT)


def _definition(field: Row) -> dict[str, Any]:
    label = str(field.get("name"))
    described = f"Custom field {_number(field)} of the account, of type {field.get('type')}."
    return {**_type(field), "title": label, "description": described}


def _column_of(field: Row, columns: Mapping[str, str], properties: Mapping[str, Any]) -> str:
    """Return the column of a custom field; empty if the catalog has none of its type."""
    column = columns.get(field_identity(field))
    if column is None:
        # A catalog of an older version has no types beside the numbers of fields.
        column = columns.get(_number(field), "")
        if column and typed("", properties[column]) != typed("", _type(field)):
            return ""
    return column


def _standard_column(field: Row, properties: Mapping[str, Any]) -> str:
    """Return the column of the property that a field is mapped to; empty for a custom field."""
    mapping = field.get("standardFieldMapping")
    column = mapping.lower() if isinstance(mapping, str) else ""
    return column if column in properties else ""


def field_identity(field: Row) -> str:
    """Return what stays the same of a field's column while its label changes."""
    return typed(_number(field), _type(field))


def _number(field: Row) -> str:
    field_id = field.get("fieldId")
    return str(field_id) if field_id is not None else f"column {field.get('columnIndex')}"


def _age(field: Row) -> tuple[int, str]:
    """Sort fields by their ids, which count up."""
    try:
        return integer(field.get("fieldId")) or 0, _number(field)
    except Unconvertible:
        return 0, _number(field)


def _plain(label: str) -> str:
    """Return a label without regard to case and blanks."""
    return "".join(label.casefold().split())


def _converted(convert: Convert, value: Any) -> Any:
    """Convert the value of a custom field; what does not fit stays in ``custom_fields`` only."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    try:
        return convert(value)
    except Unconvertible:
        return None
