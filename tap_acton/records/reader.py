"""The record reader: it makes a record as the schema promises it of a row as Act-On sends it.

One generic path for all streams, driven by the JSON schema:

- A property takes its value from the API fields in its ``x-acton-names`` (the first that has a
  value wins), or else from the field that has the property's name in another spelling.
  ``opened/0`` names the first element of an array.
- A value that the property's type cannot hold becomes null, and its raw value, like every field
  that no property names, goes to ``extra_fields``.
- A property that is an array of objects takes an object with free keys as pairs of key and
  value. If its items have ``extra_fields``, it takes an array of objects, each like a row.
- A number whose ``x-acton-unit`` is ``minutes`` may come as a text such as ``1:02:30``.
- The schema's ``x-acton-ignored`` lists fields left out on purpose, each with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from tap_acton.records.epoch_units import EpochUnits
from tap_acton.records.timestamps import day, timestamp, timestamps
from tap_acton.records.values import (
    Unconvertible,
    are_texts,
    boolean,
    identifier,
    identifiers,
    integer,
    minutes,
    number,
    snake_case,
    text,
    texts,
)

if TYPE_CHECKING:
    from datetime import tzinfo

Item = TypeVar("Item")
Record: TypeAlias = dict[str, Any]
Row: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]
ConvertColumn: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]

NAMES = "x-acton-names"
UNIT = "x-acton-unit"
IGNORED = "x-acton-ignored"
EXTRA_FIELDS = "extra_fields"

_UNKNOWN_DAY = "1970-01-01"
UNKNOWN_TIMESTAMP = f"{_UNKNOWN_DAY}T00:00:00.000Z"
"""A timestamp that Act-On does not give, in a key column, which cannot be null."""


def is_unknown(timestamp: str) -> bool:
    """Return whether a timestamp or a day stands for none: it is on or before that day."""
    return timestamp[:10] <= _UNKNOWN_DAY


UNKNOWN = {"date-time": UNKNOWN_TIMESTAMP, "date": _UNKNOWN_DAY}


class _Target(NamedTuple):
    """The column that a field, or an element of its array, goes to.

    Attributes:
        rank: The field's position among the names of the column; the lowest wins.
        element: The position in the field's array; None for the field as a whole.
    """

    column: str
    convert: Convert
    rank: int
    element: int | None


class _Plan(NamedTuple):
    """How rows with the same fields become records, as long as all values fit.

    Attributes:
        columns: Each field that has a column, the column, and the conversion of all its
            values; of several fields for a column the one that wins comes first.
        unnamed: The fields that go to ``extra_fields``.
    """

    columns: tuple[tuple[str, str, ConvertColumn], ...]
    unnamed: tuple[str, ...]


MOST_PLANS = 100
"""The number of combinations of fields that have a plan; rows with others take longer."""

BATCH_SIZE = 100
"""Rows that become records together; more of them would not fit into the processor's cache."""


def batched(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Return the items in lists of up to :data:`BATCH_SIZE`, each taken as it is needed."""
    left = iter(items)
    return iter(lambda: list(islice(left, BATCH_SIZE)), [])


class RecordReader:
    """Makes typed records of one stream.

    Args:
        schema: The JSON schema of the stream.
        key: The key columns, which are never null in a record.
        zone: The account's time zone, for timestamps without one.
        on_unnamed: Called once for each API field that the schema does not name.
        deselected: Columns whose values must not be in ``extra_fields`` either.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        *,
        key: Sequence[str] = (),
        zone: tzinfo | None = None,
        on_unnamed: Callable[[str], object] = str,
        deselected: Collection[str] = (),
    ) -> None:
        self._deselected = deselected
        properties: Mapping[str, Any] = schema["properties"]
        self._names = tuple(properties)
        self._key_defaults = {
            column: UNKNOWN.get(properties[column].get("format"), "")
            for column in key
            if "string" in properties[column]["type"]
        }
        self._timestamps = {column for column, held in properties.items() if "format" in held}
        self._units = EpochUnits()
        self._on_unnamed = on_unnamed
        self._targets: dict[str, tuple[_Target, ...] | None] = dict.fromkeys(
            schema.get(IGNORED, {}), ()
        )
        self._plans: dict[tuple[str, ...], _Plan | None] = {}
        self._by_column: dict[str, _Target] = {}
        for column, definition in properties.items():
            convert = converter(column, definition, zone)
            names: Sequence[str] = definition.get(NAMES, ())
            self._by_column[column] = _Target(column, convert, rank=len(names), element=None)
            for rank, name in enumerate(names):
                field, element = _field_and_element(name)
                target = _Target(column, convert, rank, element)
                self._targets[field] = (*(self._targets.get(field) or ()), target)

    def learn(self, rows: Sequence[Row]) -> None:
        """Find out the units of timestamps from all rows of a response, before it is read."""
        if not self._timestamps:
            return
        values: dict[str, list[Any]] = {
            field: []
            for field in sorted(set().union(*rows))
            for target in self._targets.get(field) or (self._by_column.get(snake_case(field)),)
            if target and target.column in self._timestamps
        }
        for row in rows:
            for field in values.keys() & row.keys():
                values[field].append(row[field])
        for field, held in values.items():
            self._units.in_milliseconds(field, held)

    def record(self, row: Row, given: Row | None = None) -> Record:
        """Make a record, with every column of the schema, in its order.

        Args:
            row: The row as decoded JSON.
            given: Columns known from elsewhere, such as the id of the message or list. A value
                of the row's own has precedence.
        """
        return next(self.records([row], given))

    def records(self, rows: Iterable[Row], given: Row | None = None) -> Iterator[Record]:
        """Make a record of each row, column by column where successive rows have the same fields.

        The arguments are those of :meth:`record`.
        """
        for _, alike in groupby(rows, tuple):
            for batch in batched(alike):
                yield from self._records_of(batch, given or {})

    def _records_of(self, rows: list[Row], given: Row) -> list[Record]:
        """Make records of rows with the same fields: together, in halves, or one by one."""
        fields = tuple(rows[0])
        if self._plan_of(fields) is None:
            return [self._field_by_field(row, given) for row in rows]
        try:
            columns = dict(zip(fields, _transposed([row.values() for row in rows]), strict=True))
            return records_of_columns(self.typed(columns, len(rows), given))
        except Unconvertible:
            if len(rows) == 1:
                return [self._field_by_field(rows[0], given)]
            middle = len(rows) // 2
            return [
                *self._records_of(rows[:middle], given),
                *self._records_of(rows[middle:], given),
            ]

    def typed(
        self, columns: Mapping[str, Sequence[Any]], count: int, given: Row
    ) -> dict[str, Sequence[Any]]:
        """Type the values of rows with the same fields, column by column.

        Args:
            columns: The values of each field, as decoded JSON.
            count: The number of rows.
            given: As for :meth:`record`.

        Returns:
            The values of each column of the schema, in its order.

        Raises:
            Unconvertible: If a row needs :meth:`record`: a value does not fit its column, or
                an array has to be taken apart.
        """
        plan = self._plan_of(tuple(columns))
        if plan is None:
            raise Unconvertible
        typed: dict[str, Sequence[Any]] = {}
        for field, column, convert in plan.columns:
            values = columns[field]
            if column in self._timestamps:
                values = self._units.in_milliseconds(field, values)
            if column not in typed:
                typed[column] = convert(values)
            elif not self._is_redundant(column, typed[column], values):
                typed[column] = self._merged(column, typed[column], convert(values))
        if plan.unnamed:
            unnamed = {field: columns[field] for field in plan.unnamed}
            typed[EXTRA_FIELDS] = records_of_columns(unnamed)
        nothing = (None,) * count
        for defaults in (given, self._key_defaults):
            for column, default in defaults.items():
                values = typed.get(column, nothing)
                typed[column] = [default if value is None else value for value in values]
        return {name: typed.get(name, nothing) for name in self._names}

    def _is_redundant(self, column: str, typed: Sequence[Any], values: Sequence[Any]) -> bool:
        """Return whether the values only spell timestamps that are all known in another way."""
        return column in self._timestamps and None not in typed and are_texts(values)

    def _merged(self, column: str, first: Sequence[Any], second: Sequence[Any]) -> Sequence[Any]:
        """Fill the gaps that one field leaves in a column with another field for it.

        Raises:
            Unconvertible: If the two disagree.
        """
        pairs = list(_transposed([first, second]))
        if any(one is not None and self._differs(column, other, one) for one, other in pairs):
            raise Unconvertible
        return [other if one is None else one for one, other in pairs]

    def _plan_of(self, fields: tuple[str, ...]) -> _Plan | None:
        """Return the plan for rows with these fields; None if there is none."""
        if fields not in self._plans and len(self._plans) < MOST_PLANS:
            self._plans[fields] = self._plan(fields)
        return self._plans.get(fields)

    def _plan(self, fields: Sequence[str]) -> _Plan | None:
        """Make the plan for rows with these fields; None if one of them is taken apart."""
        found = {field: self._targets_of(field) for field in fields}
        named = [(target, field) for field, targets in found.items() for target in targets or ()]
        if any(target.element is not None for target, _ in named):
            return None
        named.sort(key=lambda place: place[0].rank)
        return _Plan(
            tuple((field, target.column, _of_column(target.convert)) for target, field in named),
            tuple(field for field, targets in found.items() if targets is None),
        )

    def _field_by_field(self, row: Row, given: Row) -> Record:
        """Make a record of a row with fields that are taken apart, or do not fit their columns."""
        record: Record = dict.fromkeys(self._names)
        ranks: dict[str, int] = {}
        extra: dict[str, Any] = {}
        unconverted: list[tuple[str, str]] = []
        found: list[tuple[str, _Target, Any]] = []
        for field, value in row.items():
            targets = self._targets_of(field)
            if targets is None or _has_more_elements(value, targets):
                extra[field] = value
            if targets is None or value is None:
                continue
            for target in targets:
                column, _, rank, _ = target
                try:
                    converted = self._converted(field, value, target)
                except Unconvertible:
                    unconverted.append((column, field))
                    continue
                if converted is None:
                    continue
                found.append((field, target, converted))
                if rank < ranks.get(column, math.inf):
                    record[column] = converted
                    ranks[column] = rank
        # Texts such as "2 days ago" are of no interest if the timestamp itself is known.
        extra |= {
            field: row[field]
            for column, field in unconverted
            if record[column] is None
            or column not in self._timestamps
            or not isinstance(row[field], str)
        }
        kept = {
            (field, target.element)
            for field, target, converted in found
            if not self._differs(target.column, converted, record[target.column])
        }
        extra |= {
            field: row[field] for field, target, _ in found if (field, target.element) not in kept
        }
        if self._deselected:
            extra = {field: held for field, held in extra.items() if not self._is_deselected(field)}
        if extra:
            record[EXTRA_FIELDS] = extra
        _fill(record, given)
        _fill(record, self._key_defaults)
        return record

    def _converted(self, field: str, value: Any, target: _Target) -> Any:
        """Convert the value of a field, or an element of it; raises Unconvertible."""
        held = value if target.element is None else _element(value, target.element)
        if target.column in self._timestamps:
            (held,) = self._units.in_milliseconds(field, [held])
        return target.convert(held)

    def _is_deselected(self, field: str) -> bool:
        """Return whether a field has columns, and all of them are deselected."""
        targets = self._targets_of(field)
        return bool(targets) and all(target.column in self._deselected for target in targets or ())

    def _differs(self, column: str, value: Any, held: Any) -> bool:
        """Return whether a value says something else than the one in its column.

        The spellings of a timestamp differ only in their precision.
        """
        return value is not None and value != held and column not in self._timestamps

    def _targets_of(self, field: str) -> tuple[_Target, ...] | None:
        """Return where a field goes; None if it has no column."""
        return self._targets[field] if field in self._targets else self._find(field)

    def _find(self, field: str) -> tuple[_Target, ...] | None:
        """Find the column of a new field, and remember it."""
        target = self._by_column.get(snake_case(field))
        targets = None if target is None or target.column == EXTRA_FIELDS else (target,)
        self._targets[field] = targets
        if targets is None:
            self._on_unnamed(field)
        return targets


def names_any(schema: Mapping[str, Any], fields: Iterable[str]) -> bool:
    """Return whether a schema names any of some fields, also to leave it out."""
    properties: Mapping[str, Any] = schema["properties"]
    listed = {name for held in properties.values() for name in held.get(NAMES, ())}
    known = {_field_and_element(name)[0] for name in listed} | schema.get(IGNORED, {}).keys()
    columns = properties.keys() - {EXTRA_FIELDS}
    return any(field in known or snake_case(field) in columns for field in fields)


def _transposed(values: Iterable[Iterable[Any]]) -> Iterator[tuple[Any, ...]]:
    """Turn columns into rows, or rows into columns."""
    return zip(*values, strict=True)


def records_of_columns(columns: Mapping[str, Sequence[Any]]) -> list[Record]:
    """Make records of columns that all have the same number of values."""
    names = tuple(columns)
    # A sixth faster than checking for each row that it has a value per name, which is certain.
    return [dict(zip(names, values, strict=False)) for values in _transposed(columns.values())]


def _fill(record: Record, defaults: Row) -> None:
    """Fill columns that have no value yet."""
    for column, value in defaults.items():
        if record[column] is None:
            record[column] = value


def _of_column(convert: Convert) -> ConvertColumn:
    """Make the conversion of all values of a column of that of one value."""
    if isinstance(convert, partial):
        return partial(_OF_COLUMN[convert.func], **convert.keywords)
    if convert in _OF_COLUMN:
        return _OF_COLUMN[convert]
    return lambda values: [None if value is None else convert(value) for value in values]


def _has_more_elements(value: Any, targets: tuple[_Target, ...]) -> bool:
    """Return whether an array has more elements than there are columns for them."""
    return (
        isinstance(value, list)
        and any(target.element is not None for target in targets)
        and len(value) > len(targets)
    )


def _field_and_element(name: str) -> tuple[str, int | None]:
    """Split a name of the schema into the field and the position in the field's array."""
    field, _, element = name.rpartition("/")
    return (field, int(element)) if field and element.isdecimal() else (name, None)


def _element(value: Any, position: int) -> Any:
    if isinstance(value, list) and position < len(value):
        return value[position]
    raise Unconvertible


def converter(column: str, definition: Mapping[str, Any], zone: tzinfo | None) -> Convert:
    """Choose the conversion for a column by its JSON type and format.

    Args:
        column: The name of the column; texts are ids if it is ``id`` or ends in ``_id``.
        definition: The JSON schema of the column.
        zone: The account's time zone, for timestamps without one.

    Returns:
        The conversion, which raises :class:`~tap_acton.records.values.Unconvertible` if a value
        does not fit.
    """
    types: Iterable[str] = definition["type"]
    if "string" in types:
        match definition.get("format"):
            case "date-time":
                return partial(timestamp, zone=zone)
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

    Each of these has the key in its first property and the value in its second.
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
    """Make the conversion of an array of objects, each of which is read like a row."""
    reader = RecordReader(schema, zone=zone)

    def convert(value: Any) -> Any:
        items = _array(value)
        if all(isinstance(item, dict) for item in items):
            return [reader.record(item) for item in items]
        raise Unconvertible

    return convert


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise Unconvertible


def _array(value: Any) -> list[Any]:
    """Return an array without nulls, which some warehouses do not take there."""
    if isinstance(value, list):
        return [item for item in value if item is not None]
    raise Unconvertible


def _array_of_texts(value: Any) -> list[str | None]:
    return [text(item) for item in _array(value)]


_OF_COLUMN: Mapping[Callable[..., Any], Callable[..., Sequence[Any]]] = {
    text: texts,
    identifier: identifiers,
    timestamp: timestamps,
}

_BY_TYPE: Mapping[str, Convert] = {
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "object": _object,
    "array": _array_of_texts,
}
