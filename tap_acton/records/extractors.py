"""Extractors: they find the rows in a decoded response.

A stream names the extractor that fits its endpoint. :class:`OneRow`, :class:`RowsAt` and
:class:`Folders` are strict, for shapes that Act-On documents: any other shape is an error.
:class:`Undocumented` accepts every shape that Act-On's listings are known to have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from tap_acton.records.list_table import distinct_names
from tap_acton.records.reader import names_any
from tap_acton.records.values import Unconvertible, integer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_acton.records.reader import Row

ROWS_AT = (
    "result",
    "results",
    "data",
    "content",
    "items",
    "rows",
    "entries",
    "urls",
    "contacts",
    "segments",
    "source",
    "folders",
)
"""Names that rows may stand under.

The v1 API has some of them in its samples (Act-On reference, all editions); for the Audience
Center they are guesses.
"""

PAGINATION = "pagination"
"""An object inside the envelope that may hold the total and the token of the next page."""

ENVELOPE_FIELDS = frozenset(
    {
        "count",
        "offset",
        "totalCount",
        "total",
        "totalElements",
        "totalPages",
        "page",
        "pageSize",
        "pageNumber",
        "hasNextPage",
        "nextPageToken",
        PAGINATION,
    }
)
"""Fields around the rows; all but the first three are guesses."""

TOTALS = ("totalCount", "totalElements", "total")
"""Fields that may report the number of rows over all pages; only the first is documented."""

FOLDER_ROWS_AT = ("entries", "programs")
FOLDER_NAMES = ("folder", "name")
FOLDER_FIELDS = frozenset({"id", *FOLDER_NAMES})
FOLDER_MARKS = frozenset({"folder", *FOLDER_ROWS_AT})

ALL_FORMS = "All Forms"
"""The folder that lists every form a second time."""

NO_FOLDER = -1
"""The id of the folder that holds the programs without a folder."""

MOST_NESTED = 10
"""In so many objects, one in the other, rows are looked for."""

MOST_SCALARS = 100_000
"""So many texts and numbers may stand in place of rows, each of which makes an object."""

MOST_CELLS = 3_000_000
"""So many cells a table may have, those included that are missing in short rows."""

FIELDS_SHOWN = 12

API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
"""What the names of Act-On's own fields look like."""

_NOTHING: Row = MappingProxyType({})


class Extracted(NamedTuple):
    """Rows found in a response.

    Attributes:
        rows: The rows.
        total: The number of rows over all pages as the response reports it; None if it is
            missing, -1 (which means unknown) or unreadable.
        envelope: The fields around the rows, if any; where objects are nested, those of all
            of them.
        shape: The shape in words, without any value or name; only for undocumented responses.
        is_object: Whether the only row is an object that stands in no array.
        under: The name of what is around the rows, where the shape ends with it.
    """

    rows: Sequence[Row]
    total: int | None = None
    envelope: Row = _NOTHING
    shape: str = ""
    is_object: bool = False
    under: str | None = None


class Extractor(Protocol):
    """Finds the rows in a decoded response; raises :class:`UnknownShapeError` if it cannot."""

    def __call__(self, payload: Any) -> Extracted:
        """Return the rows."""


class UnknownShapeError(ValueError):
    """A response has none of the shapes that its extractor expects."""


@dataclass(frozen=True, slots=True)
class OneRow:
    """The whole response is one row."""

    def __call__(self, payload: Any) -> Extracted:
        """Return the response as a row."""
        if not isinstance(payload, dict):
            raise UnknownShapeError
        return Extracted([payload], is_object=True)


@dataclass(frozen=True, slots=True)
class RowsAt:
    """The rows stand under a name; ``null`` there means that there are none.

    Attributes:
        name: The name; empty if the response itself is the array of rows.
    """

    name: str

    def __call__(self, payload: Any) -> Extracted:
        """Return the rows, and the total that stands beside them."""
        if not self.name:
            return Extracted(_only_objects(payload))
        rows = _only_objects(_held_at(self.name, payload))
        return Extracted(rows, total_of(payload), payload)


@dataclass(frozen=True, slots=True)
class Folders:
    """The rows stand in folders; each gets ``folderName``, and ``folderId`` if there is one.

    Attributes:
        name: The name that the array of folders stands under; empty if the response itself
            is that array.
    """

    name: str = ""

    def __call__(self, payload: Any) -> Extracted:
        """Return the rows of all folders, as :func:`folder_rows` does."""
        folders = _only_objects(_held_at(self.name, payload) if self.name else payload)
        if not all(map(_is_folder, folders)):
            raise UnknownShapeError
        return Extracted(folder_rows(folders), envelope=payload if self.name else _NOTHING)


@dataclass(frozen=True, slots=True)
class Undocumented:
    """The rows of a response that Act-On does not document, whatever its shape.

    In this order: an array of rows or of folders; in an object, folders, a table with headers,
    an array under a known name, an only array, the same inside an inner object, an inner object
    that is the row; last, the object itself as the row. A text is decoded as JSON first.

    Attributes:
        scalar: The field for a text or a number that stands in place of a row.
        names: Names that the rows may stand under besides :data:`ROWS_AT`; they come first.
    """

    scalar: str = "value"
    names: tuple[str, ...] = ()

    def __call__(self, payload: Any) -> Extracted:
        """Return the rows and the shape in which they came."""
        if isinstance(payload, str):
            payload = _decoded(payload)
        if isinstance(payload, list):
            shape = "an array of folders" if is_folders(payload) else "an array"
            return Extracted(self._objects(payload), shape=shape)
        if isinstance(payload, dict):
            return self._in_object(payload)
        raise UnknownShapeError

    def _in_object(self, payload: Row) -> Extracted:
        if found := self._in_envelope(payload):
            rows, shape, under = found
            return Extracted(rows, *_around(payload), shape, under=under)
        if inner_name := self._inner_name(payload):
            inner = payload[inner_name]
            shape = "an object around"
            if found := self._in_envelope(inner):
                return Extracted(found[0], *_around(payload, inner), shape, under=inner_name)
            rows = [inner] if inner else []
            return Extracted(rows, *_around(payload), shape, bool(inner), under=inner_name)
        if all(value is None or name in ENVELOPE_FIELDS for name, value in payload.items()):
            return Extracted((), *_around(payload), "an empty object")
        return Extracted([payload], shape="a bare object", is_object=True)

    def _in_envelope(self, payload: Row) -> tuple[list[Row], str, str | None] | None:
        if is_folders(payload.get("folders")):
            return folder_rows(payload["folders"]), "an object with", "folders"
        match payload:
            case {"headers": list(headers), "data": list(lines)} if not _are_objects(lines):
                return _table_rows(headers, lines), "a table", None
        names = self._candidates(payload)
        arrays = [name for name in names if isinstance(payload[name], list)]
        if not arrays:
            return None
        # An empty array may stand beside the one with the rows.
        name = next((name for name in arrays if payload[name]), arrays[0])
        return self._objects(payload[name]), "an object with", name

    def _inner_name(self, payload: Row) -> str:
        if payload.get("id") is not None:
            # It is the row itself; what is inside is one of its fields.
            return ""
        names = self._candidates(payload)
        return next((name for name in names if isinstance(payload[name], dict)), "")

    def _candidates(self, payload: Row) -> list[str]:
        """Return the known names that the object has; without a known array, also an only name."""
        names = [name for name in (*self.names, *ROWS_AT) if name in payload]
        if any(isinstance(payload[name], list) for name in names):
            return names
        others = payload.keys() - ENVELOPE_FIELDS or {
            name
            for name in payload
            if name != PAGINATION and isinstance(payload[name], list | dict)
        }
        return [*names, *others] if len(others) == 1 else names

    def _objects(self, items: list[Any]) -> list[Row]:
        if is_folders(items):
            return folder_rows(items)
        if len(items) > MOST_SCALARS and not _are_objects(items):
            raise UnknownShapeError
        return [
            item if isinstance(item, dict) else {self.scalar: item}
            for item in items
            if item not in (None, {}, "")
        ]


def rows_in(payload: Any, extract: Extractor, schema: Mapping[str, Any]) -> Extracted:
    """Find the rows of a response, and take no envelope that is not known for a row.

    An object in place of rows is one if the schema names a field of it; where Act-On documents
    nothing, also if anything in it is neither an object nor an array. Else rows are looked for
    inside it.

    Args:
        payload: The decoded response.
        extract: The extractor of the endpoint.
        schema: What the rows are expected to hold.

    Raises:
        UnknownShapeError: If it has none of the shapes that are expected.
    """
    found = extract(payload)
    is_documented = not isinstance(extract, Undocumented)
    depth = 0
    while found.is_object:
        (row,) = found.rows
        is_named = names_any(schema, row.keys() - ENVELOPE_FIELDS)
        if is_named or not (is_documented or _is_envelope(row)):
            break
        inner = extract(row)
        if depth == MOST_NESTED or any(one is row for one in inner.rows):
            raise UnknownShapeError
        total = found.total if inner.total is None else inner.total
        found = inner._replace(total=total, envelope={**found.envelope, **inner.envelope})
        depth += 1
    return found


def _is_envelope(row: Row) -> bool:
    """Return whether an object holds nothing but objects, arrays, and what stands around rows."""
    return all(
        value is None or isinstance(value, dict | list) or name in ENVELOPE_FIELDS
        for name, value in row.items()
    )


def api_name(field: str) -> str:
    """Return the name of a field where it looks like one of the API; empty for any other text.

    Objects may be keyed by what a user typed: a label, a header, an address.
    """
    return field if API_NAME.fullmatch(field) else ""


def worded(found: Extracted, name_of: Callable[[str], str] = api_name) -> str:
    """Return a shape in words.

    Args:
        found: What has it.
        name_of: Gives a name that may be shown, and an empty text for any other.
    """
    if found.under is None:
        return found.shape
    return f"{found.shape} {name_of(found.under) or 'a field'}"


def described(found: Extracted) -> str:
    """Describe a shape in one line that a user can report.

    Returns:
        The shape and the names of the first row's fields, without any value.
    """
    fields = list(found.rows[0]) if found.rows else []
    shown = ", ".join(api_name(name) or "(another)" for name in fields[:FIELDS_SHOWN])
    more = ", ..." if len(fields) > FIELDS_SHOWN else ""
    shape = worded(found)
    return f"{shape} of rows with the fields {shown}{more}" if fields else shape


def total_of(payload: Any, names: Sequence[str] = ("totalCount",)) -> int | None:
    """Read the number of rows over all pages.

    Args:
        payload: The decoded response.
        names: The fields that may report it; the first that is not null counts.

    Returns:
        The total; None if it is missing, -1 (which means unknown) or unreadable.
    """
    if not isinstance(payload, dict):
        return None
    reported = next((payload[name] for name in names if payload.get(name) is not None), None)
    try:
        total = integer(reported)
    except Unconvertible:
        return None
    return None if total is None or total < 0 else total


def folder_rows(folders: list[Any]) -> list[Row]:
    """Take the rows out of their folders.

    A form stands in its own folder and in the one of all forms. From the latter it is left out if
    both rows are the same; else the one with its own folder comes last, so that it is kept.

    Returns:
        The rows, with ``folderName`` (null if the folder has no name) and, if the folder has
        an id, ``folderId``; neither for the folder of all forms.
    """
    real: list[Row] = []
    known: list[Row] = []
    again: list[Row] = []
    for folder in _given(folders):
        name = next((folder[key] for key in FOLDER_NAMES if folder.get(key)), None)
        rows: list[Row] = [
            row for key in FOLDER_ROWS_AT for row in folder.get(key) or () if row is not None
        ]
        if name == ALL_FORMS:
            again.extend(rows)
        else:
            given = {"folderName": name, **_folder_id(folder)}
            known += rows
            real.extend({**given, **row} for row in rows)
    if not again:
        return real
    written = set(map(_written, known))
    return [*(row for row in again if _written(row) not in written), *real]


def _written(row: Row) -> bytes:
    """Write a row so that equal ones are written alike."""
    return msgspec.json.encode(row, order="sorted")


def is_folders(payload: Any) -> bool:
    """Return whether this is an array of folders, and not of rows.

    One at least holds an array. Or all are empty: at least one says that it is a folder, and
    none has an id, as a row would.
    """
    if not isinstance(payload, list) or not all(map(_is_folder, folders := _given(payload))):
        return False
    if any(isinstance(folder.get(name), list) for folder in folders for name in FOLDER_ROWS_AT):
        return True
    return any(folder.keys() & FOLDER_MARKS for folder in folders) and not any(
        folder.get("id") for folder in folders
    )


def table_of(payload: Any) -> tuple[list[Any], list[Any]]:
    """Return the headers and the rows of a list, each of which is an array of cells.

    Raises:
        UnknownShapeError: If there is anything else among the rows, which would be lost.
    """
    match payload:
        case {"headers": list(headers), "data": list() | None as data}:
            rows = _given(data or [])
            if all(isinstance(cells, list) for cells in rows) and not _is_mostly_missing(
                headers, rows
            ):
                return headers, rows
        case {"headers": None, "data": None}:
            return [], []
    raise UnknownShapeError


def _is_mostly_missing(headers: Sequence[Any], rows: Sequence[Sequence[Any]]) -> bool:
    """Return whether short rows have so few cells of a table that it would take too long."""
    return len(headers) * len(rows) > MOST_CELLS > sum(map(len, rows))


def _is_folder(folder: Any) -> bool:
    """Return whether this holds an array of rows, or nothing but the name of a folder."""
    if not isinstance(folder, dict):
        return False
    held = [folder[name] for name in FOLDER_ROWS_AT if name in folder]
    if held:
        return all(rows is None or (isinstance(rows, list) and _are_objects(rows)) for rows in held)
    return bool(folder.keys() & set(FOLDER_NAMES)) and folder.keys() <= FOLDER_FIELDS


def _folder_id(folder: Row) -> Row:
    folder_id = folder.get("id")
    return {} if folder_id in (None, NO_FOLDER, str(NO_FOLDER)) else {"folderId": folder_id}


def _held_at(name: str, payload: Any) -> Any:
    if not isinstance(payload, dict) or name not in payload:
        raise UnknownShapeError
    return payload[name] or []


def _only_objects(rows: Any) -> list[Row]:
    """Return the rows without ``null``."""
    if not isinstance(rows, list) or not _are_objects(rows):
        raise UnknownShapeError
    return _given(rows)


def _given(items: list[Any]) -> list[Any]:
    """Return an array without the elements that are null, which stand for nothing."""
    return [item for item in items if item is not None] if None in items else items


def _are_objects(items: Sequence[Any]) -> bool:
    return all(item is None or isinstance(item, dict) for item in items)


def _around(*objects: Row) -> tuple[int | None, Row]:
    """Return the total and the fields of nested objects, the outermost given first.

    What an inner object or a ``pagination`` reports is preferred, unless it is null.
    """
    places = [
        place
        for held in objects
        for place in (held, held.get(PAGINATION))
        if isinstance(place, dict)
    ]
    totals = [total_of(place, TOTALS) for place in reversed(places)]
    nulls = dict.fromkeys(name for place in places for name in place)
    fields = {name: value for place in places for name, value in place.items() if value is not None}
    return next((total for total in totals if total is not None), None), nulls | fields


def _table_rows(headers: Sequence[Any], lines: Sequence[Any]) -> list[Row]:
    """Name the cells of a table; those beyond the headers go by their position."""
    names = distinct_names(headers)
    return [
        {
            names[place] if place < len(names) else str(place): cell
            for place, cell in enumerate(line if isinstance(line, list) else [line])
        }
        for line in lines
        if line is not None
    ]


def _decoded(written: str) -> Any:
    try:
        return msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise UnknownShapeError from None
