"""From a row as Act-On sends it to a record as the schema promises it.

One generic path for all streams, driven by the JSON schema. A property takes its value
from the API fields named in its ``x-acton-names`` (the first that has one wins), or
else from the field whose name is the property's in another spelling; ``opened/0`` names
the first element of an array, and an array of objects takes an object with free keys as
pairs of key and value, unless its items have ``extra_fields`` like rows: then it takes an
array of objects. What the property's type cannot hold becomes null, and
its raw value, like every field that no property names, goes to ``extra_fields``. Numbers
of which the ``x-acton-unit`` is ``minutes`` may come as a text such as ``1:02:30``. The
schema's own ``x-acton-ignored`` lists fields left out on purpose, each with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tap_acton.moments import day, moment
from tap_acton.values import (
    Unconvertible,
    boolean,
    identifier,
    integer,
    minutes,
    number,
    snake_case,
    text,
)

if TYPE_CHECKING:
    from datetime import tzinfo

Record: TypeAlias = dict[str, Any]
Row: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]

NAMES = "x-acton-names"
UNIT = "x-acton-unit"
IGNORED = "x-acton-ignored"
EXTRA_FIELDS = "extra_fields"

UNKNOWN_MOMENT = "1970-01-01T00:00:00.000Z"
"""Stands in a key, which cannot be null, for a moment that Act-On does not give."""

NO_TEXT = "(none)"
"""Stands in a key for a text that Act-On gives as empty, or not at all.

Some loaders take an empty text for null, which a key cannot be.
"""

UNKNOWN = {"date-time": UNKNOWN_MOMENT, "date": UNKNOWN_MOMENT[:10]}


class _Target(NamedTuple):
    """Where a field, or an element of it, goes.

    Attributes:
        column: The column.
        convert: Makes the column's type of the field's value.
        rank: The field's place among the names of the column; the lowest wins.
        element: The position in the field's array; None for the field as a whole.
    """

    column: str
    convert: Convert
    rank: int
    element: int | None


class RecordReader:
    """Makes typed records of one stream.

    Args:
        schema: The JSON schema of the stream.
        key: The names of the key columns, which never come out as null.
        zone: The account's zone, for texts that tell a moment without one.
        on_unnamed: Called once for each API field that the schema does not name.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        *,
        key: Sequence[str] = (),
        zone: tzinfo | None = None,
        on_unnamed: Callable[[str], object] = str,
    ) -> None:
        properties: Mapping[str, Any] = schema["properties"]
        self._blank: Record = dict.fromkeys(properties)
        self._key_defaults = {
            column: UNKNOWN.get(properties[column].get("format"), "")
            for column in key
            if "string" in properties[column]["type"]
        }
        self._on_unnamed = on_unnamed
        self._targets: dict[str, tuple[_Target, ...] | None] = dict.fromkeys(
            schema.get(IGNORED, {}), ()
        )
        self._by_column: dict[str, _Target] = {}
        for column, definition in properties.items():
            convert = converter(column, definition, zone)
            self._by_column[column] = _Target(column, convert, rank=0, element=None)
            for rank, name in enumerate(definition.get(NAMES, ())):
                field, element = _place(name)
                target = _Target(column, convert, rank, element)
                self._targets[field] = (*(self._targets.get(field) or ()), target)

    def record(self, row: Row, given: Row | None = None) -> Record:
        """Make a record of a row.

        Args:
            row: The row as decoded JSON.
            given: Columns known from elsewhere, such as the ids of the parents. They
                yield to a value of the row's own.

        Returns:
            The record: every column of the schema, in the schema's order.
        """
        record = self._blank.copy()
        ranks: dict[str, int] = {}
        extra: dict[str, Any] = {}
        unconverted: list[tuple[str, str]] = []
        for field, value in row.items():
            targets = self._targets[field] if field in self._targets else self._find(field)
            if targets is None or _has_more_elements(value, targets):
                extra[field] = value
            for column, convert, rank, element in targets or ():
                if value is None or (record[column] is not None and rank >= ranks[column]):
                    continue
                try:
                    converted = convert(value if element is None else _element(value, element))
                except Unconvertible:
                    unconverted.append((column, field))
                    continue
                if converted is not None:
                    record[column] = converted
                    ranks[column] = rank
        # A spelling that cannot be read is of no interest when another one could be.
        extra |= {field: row[field] for column, field in unconverted if record[column] is None}
        if extra:
            record[EXTRA_FIELDS] = extra
        _fill(record, given or {})
        _fill(record, self._key_defaults)
        return record

    def _find(self, field: str) -> tuple[_Target, ...] | None:
        """Find the column of a field met for the first time, and remember it."""
        target = self._by_column.get(snake_case(field))
        targets = None if target is None or target.column == EXTRA_FIELDS else (target,)
        self._targets[field] = targets
        if targets is None:
            self._on_unnamed(field)
        return targets


def _fill(record: Record, defaults: Row) -> None:
    """Give columns that have no value yet the value that is known from elsewhere."""
    for column, value in defaults.items():
        if record[column] is None:
            record[column] = value


def _has_more_elements(value: Any, targets: tuple[_Target, ...]) -> bool:
    """Tell whether an array holds more elements than there are columns for them."""
    return (
        isinstance(value, list)
        and any(target.element is not None for target in targets)
        and len(value) > len(targets)
    )


def _place(name: str) -> tuple[str, int | None]:
    """Split a name of the schema into the field and the position in the field's array."""
    field, _, element = name.rpartition("/")
    return (field, int(element)) if field and element.isdecimal() else (name, None)


def _element(value: Any, position: int) -> Any:
    if isinstance(value, list) and position < len(value):
        return value[position]
    raise Unconvertible(to="an array with such an element")


def converter(column: str, definition: Mapping[str, Any], zone: tzinfo | None) -> Convert:
    """Choose the conversion for a column by its JSON type and format.

    Args:
        column: The name of the column; that of an id makes a text an id.
        definition: The JSON schema of the column.
        zone: The account's zone, for texts that tell a moment without one.

    Returns:
        The conversion, which raises :class:`~tap_acton.values.Unconvertible` where a value
        does not fit.
    """
    types: Iterable[str] = definition["type"]
    if "string" in types:
        match definition.get("format"):
            case "date-time":
                return lambda value: moment(value, zone)
            case "date":
                return day
        return identifier if column == "id" or column.endswith("_id") else text
    if definition.get(UNIT) == "minutes":
        return minutes
    if "array" in types and "object" in definition["items"]["type"]:
        items = definition["items"]
        of_free_keys = EXTRA_FIELDS not in items["properties"]
        return _pairs(items["properties"], zone) if of_free_keys else _objects(items, zone)
    return next(_BY_TYPE[name] for name in types if name in _BY_TYPE)


def _pairs(properties: Mapping[str, Any], zone: tzinfo | None) -> Convert:
    """Make the conversion of an object with free keys to an array of objects.

    Each of these holds a key in its first property and the value in its second.
    """
    (key_name, convert_key), (value_name, convert_value) = (
        (name, converter(name, definition, zone)) for name, definition in properties.items()
    )

    def convert(value: Any) -> Any:
        return [
            {key_name: convert_key(key), value_name: convert_value(held)}
            for key, held in _object(value).items()
        ]

    return convert


def _objects(schema: Mapping[str, Any], zone: tzinfo | None) -> Convert:
    """Make the conversion of an array of objects, each of them as if it were a row."""
    reader = RecordReader(schema, zone=zone)

    def convert(value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [reader.record(item) for item in value]
        raise Unconvertible(to="an array of objects")

    return convert


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise Unconvertible(to="an object")


def _array(value: Any) -> Any:
    if isinstance(value, list):
        return [text(item) for item in value]
    raise Unconvertible(to="an array of texts")


_BY_TYPE: Mapping[str, Convert] = {
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "object": _object,
    "array": _array,
}
