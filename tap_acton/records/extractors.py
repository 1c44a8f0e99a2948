"""Finds the rows of answers whose shape Act-On does not document, or documents as folders.

Act-On's listings come in a handful of shapes. Where the documentation does not say which
one an endpoint has, all of them are taken for possible, and nothing is presumed of the
fields of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_acton.records.list_table import distinct_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_acton.records.reader import Row

ROWS_AT = ("result", "results", "data", "content", "items", "rows", "urls", "entries", "source")
"""Names under which Act-On's envelopes hold their rows (Act-On reference, all editions)."""

AUDIENCE_ROWS_AT = (
    "data",
    "content",
    "items",
    "results",
    "result",
    "contacts",
    "segments",
    "rows",
    "source",
)
"""Names under which answers of the Audience Center may hold their rows; none is documented."""

FOLDER_ROWS_AT = ("entries", "programs")
FOLDER_NAMES = ("folder", "name")
ALL_FORMS = "All Forms"
"""The folder in which each form stands again, beside its own."""

NO_FOLDER = -1
"""The id of the folder of programs that stand in none."""

ENVELOPE_FIELDS = frozenset({"count", "offset", "totalCount"})
PAGE_FIELDS = ENVELOPE_FIELDS | {
    "total",
    "totalElements",
    "totalPages",
    "page",
    "pageSize",
    "pageNumber",
    "hasNextPage",
    "nextPageToken",
    "pagination",
}
"""Fields of an envelope that are no row; those of the Audience Center are guesses."""

FIELDS_SHOWN = 12


class Found(NamedTuple):
    """The rows of an answer, and how it held them.

    Attributes:
        rows: The rows.
        shape: The shape in words, for a person to report.
        envelope: The object that holds the rows; None where none does.
    """

    rows: Sequence[Row]
    shape: str
    envelope: Row | None = None


def find_rows(payload: Any, scalar: str) -> Found | None:
    """Find the rows of an answer, whatever its shape.

    Args:
        payload: The decoded answer.
        scalar: The field that a row has where the answer holds plain texts or numbers
            in place of objects.

    Returns:
        The rows; None where the answer is neither an array nor an object.
    """
    if isinstance(payload, list):
        if is_folders(payload):
            return Found(folder_rows(payload), "an array of folders")
        return Found(_objects(payload, scalar), "an array")
    return _find_in_object(payload, scalar) if isinstance(payload, dict) else None


def find_audience_rows(payload: Any, scalar: str, rows_at: Sequence[str] = ()) -> Found | None:
    """Find the rows of an answer of the Audience Center, whose envelope is not documented.

    Args:
        payload: The decoded answer.
        scalar: The field that a row has where the answer holds plain texts or numbers
            in place of objects.
        rows_at: Names under which the rows may stand, before the usual ones.

    Returns:
        The rows, whether they stand in an array, under one of the usual names, in a table
        with headers, or alone; None where the answer is neither an array nor an object.
    """
    if isinstance(payload, list):
        return Found(_objects(payload, scalar), "an array")
    if not isinstance(payload, dict):
        return None
    names = (*rows_at, *AUDIENCE_ROWS_AT)
    found = _find_in_envelope(payload, scalar, names)
    if found is not None:
        return found
    for name in names:
        held = payload.get(name)
        if isinstance(held, dict):
            inner = _find_in_envelope(held, scalar, names)
            rows, envelope = (inner.rows, inner.envelope) if inner else ((held,), payload)
            return Found(rows, f"an object around {name}", envelope)
    if payload.keys() <= PAGE_FIELDS:
        return Found((), "an empty object", payload)
    return Found((payload,), "a bare object")


def _find_in_envelope(
    payload: Mapping[str, Any], scalar: str, names: Sequence[str]
) -> Found | None:
    match payload:
        case {"headers": list(headers), "data": list(lines)}:
            return Found(_table_rows(headers, lines), "a table", payload)
    arrays = [name for name in names if isinstance(payload.get(name), list)]
    others = payload.keys() - PAGE_FIELDS
    if not arrays and len(others) == 1:
        (name,) = others
        if isinstance(payload[name], list):
            arrays = [name]
    if not arrays:
        return None
    # An array that is empty may stand beside the one that is meant.
    name = next((name for name in arrays if payload[name]), arrays[0])
    return Found(_objects(payload[name], scalar), f"an object with {name:.40}", payload)


def _table_rows(headers: Sequence[Any], lines: Sequence[Any]) -> list[Row]:
    """Name the cells of a table; those beyond its headers go by their place."""
    names = distinct_names(headers)
    return [
        {
            names[place] if place < len(names) else str(place): cell
            for place, cell in enumerate(line if isinstance(line, list) else [line])
        }
        for line in lines
        if line is not None
    ]


def _find_in_object(payload: Mapping[str, Any], scalar: str) -> Found:
    if is_folders(payload.get("folders")) or payload.get("folders") == []:
        return Found(folder_rows(payload["folders"]), "an object with folders")
    for name in ROWS_AT:
        if isinstance(payload.get(name), list):
            return Found(_objects(payload[name], scalar), f"an object with {name}")
    if payload.keys() <= ENVELOPE_FIELDS:
        return Found((), "an empty object")
    name, *others = payload.keys() - ENVELOPE_FIELDS
    match payload[name]:
        case list(items) if not others:
            return Found(_objects(items, scalar), f"an object with {name:.40}")
        case dict(row) if not others:
            return Found((row,) if row else (), f"an object around {name:.40}")
    return Found((payload,), "a bare object")


def folder_rows(folders: Sequence[Any]) -> list[Row]:
    """Take the rows out of their folders, each with the name of its folder.

    Forms stand in their folder and again under a folder of all; the row with the real
    folder comes first, so that it is the one that is kept.

    Args:
        folders: The folders.

    Returns:
        The rows, with ``folderName`` where the folder is a real one with a name, and with
        ``folderId`` where it has an id.
    """
    real: list[Row] = []
    again: list[Row] = []
    for folder in folders:
        name = next((folder[key] for key in FOLDER_NAMES if folder.get(key)), None)
        rows: list[Row] = [
            row
            for key in FOLDER_ROWS_AT
            if isinstance(folder.get(key), list)
            for row in folder[key]
        ]
        if name == ALL_FORMS:
            again.extend(rows)
        else:
            given = {"folderName": name, **_folder_id(folder)}
            real.extend({**given, **row} for row in rows)
    return real + again


def described(found: Found) -> str:
    """Describe a shape in one line that a person can report; no value is in it.

    Args:
        found: The rows and how they were held.

    Returns:
        The shape, and the names of the fields of the first row.
    """
    fields = list(found.rows[0]) if found.rows else []
    shown = ", ".join(f"{name:.40}" for name in fields[:FIELDS_SHOWN])
    more = ", ..." if len(fields) > FIELDS_SHOWN else ""
    return f"{found.shape} of rows with the fields {shown}{more}" if fields else found.shape


def is_folders(payload: Any) -> bool:
    """Tell whether an answer is an array of folders, and not an empty one.

    Args:
        payload: The decoded answer.

    Returns:
        Whether each of its elements holds rows.
    """
    return (
        isinstance(payload, list)
        and bool(payload)
        and all(
            isinstance(folder, dict)
            and any(isinstance(folder.get(name), list) for name in FOLDER_ROWS_AT)
            and all(
                isinstance(row, dict)
                for name in FOLDER_ROWS_AT
                if isinstance(folder.get(name), list)
                for row in folder[name]
            )
            for folder in payload
        )
    )


def _folder_id(folder: Mapping[str, Any]) -> Mapping[str, Any]:
    folder_id = folder.get("id")
    return {} if folder_id in (None, NO_FOLDER, str(NO_FOLDER)) else {"folderId": folder_id}


def _objects(items: Sequence[Any], scalar: str) -> list[Mapping[str, Any]]:
    return [item if isinstance(item, dict) else {scalar: item} for item in items if item != {}]
