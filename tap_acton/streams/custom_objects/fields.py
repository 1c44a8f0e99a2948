"""The fields of custom objects: their columns, and how their values are read.

An account defines its custom objects itself. Their fields become columns of one stream; fields
that several objects have by the same name and type share a column.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_acton.records.dynamic_columns import Column, assign_names, typed
from tap_acton.records.epoch_units import EpochUnits
from tap_acton.records.ids import fingerprint
from tap_acton.records.java_dates import DateFormat, day_in, timestamp_in
from tap_acton.records.nested_values import json_text, part_of_id, text_or_json, texts_between
from tap_acton.records.reader import Convert, converter
from tap_acton.records.values import Unconvertible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tap_acton.records.reader import Record, Row

PREFIX = "co."
"""Stands before the names of fields in a request, and perhaps in the response.

``aoc.`` stands before those of another object that is joined (Act-On reference, 2024 edition).
"""

OTHER_PREFIX = "aoc."
SYSTEM = "sys"

TYPES: Mapping[str, Mapping[str, Any]] = {
    "DATE": {"type": ["string", "null"], "format": "date"},
    "DATETIME": {"type": ["string", "null"], "format": "date-time"},
    "CURRENCY": {"type": ["number", "null"]},
    "STRING_ARRAY": {"type": ["array", "null"], "items": {"type": ["string"]}},
    # These three are not among the types that the Act-On reference, 2024 edition, names.
    "BOOLEAN": {"type": ["boolean", "null"]},
    "INTEGER": {"type": ["integer", "null"]},
    "NUMBER": {"type": ["number", "null"]},
}
"""JSON schemas by the type of a field; all other types are texts."""

TEXT: Mapping[str, Any] = {"type": ["string", "null"]}

SEPARATORS = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
"""What separates the texts of an array (Act-On reference, 2024 edition)."""


def columns_of_schemas(
    schemas: Iterable[Row],
    known: Mapping[str, str],
    taken: Collection[str],
    *,
    ascii_only: bool = False,
) -> dict[str, Column]:
    """Find the columns for the fields of all custom objects.

    A column stands for a name and a type: fields of several objects that have both in common
    share it, and the same name with another type has its own. So a column depends neither on
    which objects there are nor on the labels of fields.

    Args:
        schemas: As Act-On returns them.
        known: The names assigned before, by identity.
        taken: The columns that the stream always has.
        ascii_only: Whether names are transliterated.

    Returns:
        The columns by name.
    """
    fields: dict[str, Row] = {}
    for schema in sorted(schemas, key=lambda schema: str(schema.get("id"))):
        for field in fields_of(schema):
            fields.setdefault(_identity(field), field)
    labels = {identity: str(field["name"]) for identity, field in fields.items()}
    names = assign_names(labels, known, taken, ascii_only=ascii_only)
    return {
        names[identity]: Column(identity, _definition(field)) for identity, field in fields.items()
    }


def fields_of(schema: Row) -> Iterator[Row]:
    """Yield the fields of a custom object that have a name."""
    fields = schema.get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict) and isinstance(field.get("name"), str):
            yield field


class ObjectFields:
    """Reads the records of one custom object.

    Args:
        schema: The schema of the object; None if Act-On does not return it.
        columns: The names of the columns by identity.
        system: The fields that every record has, whatever its object.
    """

    def __init__(
        self, schema: Row | None, columns: Mapping[str, str], system: Collection[str]
    ) -> None:
        self._targets: dict[str, tuple[str, Convert]] = {}
        self._has_format: dict[str, bool] = {}
        self._units = EpochUnits()
        self._names: set[str] = set()
        self._system = system
        for field in fields_of(schema or {}):
            self._names.add(field["name"])
            if column := columns.get(_identity(field)):
                target = column, _converter(field)
                # Records are expected to name their values by the names of the fields.
                self._targets.setdefault(str(field.get("id")), target)
                self._targets[field["name"]] = target
                if _kind(field) in {"DATE", "DATETIME"}:
                    self._has_format[column] = _format_of(field) is not None
        unique = (schema or {}).get("unique_field_set")
        self.unique: Sequence[str] = unique if isinstance(unique, list) else ()

    def part(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        """Separate the fields that every record has from those of its object.

        Returns:
            The values of both by Act-On's names without a prefix.
        """
        system: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        for name, value in self._flat(row):
            is_own = name in self._names or not (
                name in self._system or name.startswith((f"{SYSTEM}.", OTHER_PREFIX))
            )
            (fields if is_own else system)[name] = value
        return system, fields

    def own_id(self, system: Row, fields: Row) -> str:
        """Make an id for a record without one.

        Returns:
            The fingerprint of the values that are unique by the schema; where there are none,
            of the whole record.
        """
        values = [part_of_id(fields.get(name)) for name in self.unique]
        if any(value is not None for value in values):
            return fingerprint(*values)
        whole = {**system, **fields}
        return fingerprint(
            *[part for name in sorted(whole) for part in (name, part_of_id(whole[name]))]
        )

    def without(self, fields: Row, columns: Collection[str]) -> Row:
        """Leave out the fields that have one of these columns."""
        return {
            name: value
            for name, value in fields.items()
            if name not in self._targets or self._targets[name][0] not in columns
        }

    def learn(self, rows: Iterable[Row]) -> None:
        """Find out the units of timestamps from the fields of all records of a response."""
        values: defaultdict[str, list[Any]] = defaultdict(list)
        for name, value in chain.from_iterable(row.items() for row in rows):
            column = self._targets[name][0] if name in self._targets else ""
            if self._may_be_epoch(column, value):
                values[column].append(value)
        for column, held in values.items():
            self._units.in_milliseconds(column, held)

    def _may_be_epoch(self, column: str, value: Any) -> bool:
        """Tell whether a value may be a number of some unit; digits may be in a format, too."""
        has_format = self._has_format.get(column)
        return has_format is not None and not (has_format and isinstance(value, str))

    def fill(self, record: Record, fields: Row) -> None:
        """Put values into their columns; one that does not fit stays in ``fields`` alone."""
        for name, value in fields.items():
            if name in self._targets and value is not None:
                column, convert = self._targets[name]
                plain = value
                if self._may_be_epoch(column, value):
                    (plain,) = self._units.in_milliseconds(column, [value])
                try:
                    record[column] = convert(plain)
                except Unconvertible:
                    continue

    def _flat(self, row: Row) -> Iterator[tuple[str, Any]]:
        """Yield the values of a record, whether a prefix is part of the name or an object."""
        for name, value in row.items():
            plain = name.removeprefix(PREFIX)
            is_prefix = plain in {SYSTEM, PREFIX.rstrip(".")} and plain not in self._names
            if not is_prefix or not isinstance(value, dict):
                yield plain, value
            elif plain == SYSTEM:
                yield from ((f"{SYSTEM}.{inner}", held) for inner, held in value.items())
            else:
                yield from self._flat(value)


def _kind(field: Row) -> str:
    return str(field.get("type")).upper()


def _identity(field: Row) -> str:
    """Return the identity of a field's column: the field's name and the column's type."""
    return typed(field["name"], TYPES.get(_kind(field), TEXT))


def _definition(field: Row) -> dict[str, Any]:
    described = f"Field {field['name']} of custom objects, of type {field.get('type')}."
    return {**TYPES.get(_kind(field), TEXT), "description": described}


def _options_of(field: Row) -> Row:
    options = field.get("properties")
    return options if isinstance(options, dict) else {}


def _format_of(field: Row) -> DateFormat | None:
    return DateFormat.of(_options_of(field).get("format"))


def _converter(field: Row) -> Convert:
    """Choose the conversion of a field's values by its type and the options of that type."""
    options = _options_of(field)
    match _kind(field):
        # The query asks for UTC, which overrides the zone of the field (2024 edition).
        case "DATE":
            date_format = _format_of(field)
            return lambda value: day_in(value, date_format)
        case "DATETIME":
            date_format = _format_of(field)
            return lambda value: timestamp_in(value, date_format)
        case "STRING_ARRAY":
            separator = str(options.get("CSVSeparator") or "comma")
            return lambda value: texts_between(SEPARATORS.get(separator.lower(), separator), value)
        case "JSON":
            is_base64 = str(options.get("format")).lower() == "base64"
            return lambda value: json_text(value, is_base64=is_base64)
        case kind if kind in TYPES:
            return converter("", TYPES[kind], UTC)
    return text_or_json
