"""Streams and columns that discovery finds in an account, and how they keep their names.

The labels of an account's fields and the names of its lists may change; the tables in the
warehouse must not. So everything that is found has an identity that stays (the id of a
field or a list, the text of a header), and a name that was once given to an identity is
kept: in the catalog, as metadata, and in the state.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from tap_acton.records.values import snake_case

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

LONGEST_NAME = 59
"""Bytes of a name without the number that tells it apart: PostgreSQL cuts names at 63."""

IDENTITY = "tap-acton.identity"
"""The metadata of a property that names what its column stands for."""

SOURCE = "tap-acton.source"
"""The metadata of a stream that names the list that it reads."""

COLUMNS_STATE = "columns"
SOURCE_STATE = "source"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that discovery found.

    Attributes:
        identity: What stays when the label changes.
        definition: The JSON schema of the column.
    """

    identity: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What discovery found of one stream.

    Attributes:
        stream: The name of the stream.
        columns: The columns that were found, by name.
        source: The id of the list that the stream reads; empty where it is not about one.
    """

    stream: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    source: str = ""

    @property
    def names(self) -> dict[str, str]:
        """The names of the columns by their identities."""
        return {column.identity: name for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a stream has given before.

    Attributes:
        stream: The name of the stream.
        columns: The names of its columns by their identities.
    """

    stream: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that earlier runs have given.

    Attributes:
        streams: By the name of the stream.
        sources: By the id of the list that the stream reads.
    """

    streams: Mapping[str, Names]
    sources: Mapping[str, Names]

    @classmethod
    def of_state(cls, state: Any) -> KnownNames:
        """Read the names that a state keeps.

        Args:
            state: The state of the tap; anything else holds no names.

        Returns:
            The names.
        """
        bookmarks = state.get("bookmarks") if isinstance(state, dict) else None
        streams, sources = {}, {}
        for stream, bookmark in bookmarks.items() if isinstance(bookmarks, dict) else ():
            if not isinstance(bookmark, dict):
                continue
            columns = bookmark.get(COLUMNS_STATE)
            names = Names(stream, columns if isinstance(columns, dict) else {})
            streams[stream] = names
            if isinstance(source := bookmark.get(SOURCE_STATE), str):
                sources[source] = names
        return cls(streams, sources)

    def columns_of(self, stream: str) -> Mapping[str, str]:
        """Give the names of a stream's columns.

        Args:
            stream: The name of the stream.

        Returns:
            The names by identity; nothing for a stream that has not been read before.
        """
        names = self.streams.get(stream)
        return {} if names is None else names.columns


def allot(
    labels: Mapping[str, str], known: Mapping[str, str], taken: Collection[str] = ()
) -> dict[str, str]:
    """Give a name to everything that was found; names that were given before stay.

    Args:
        labels: The labels by identity, older ones first.
        known: The names that were given before, by identity.
        taken: Names that are not to be given.

    Returns:
        The names by identity: the label in snake case, with a number where it would
        otherwise stand twice.
    """
    names = {
        identity: name
        for identity, name in known.items()
        if identity in labels and name not in taken
    }
    # What is gone for now may come back, and finds its name as it was.
    used = {*taken, *known.values()}
    for identity, label in labels.items():
        if identity not in names:
            names[identity] = next(name for name in _candidates(label) if name not in used)
            used.add(names[identity])
    return {identity: names[identity] for identity in labels}


def _candidates(label: str) -> Iterator[str]:
    """Give names for a label, the nicest first."""
    name = snake_case(label).strip("_")
    name = name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").rstrip("_") or "column"
    name = f"_{name}" if name[0].isdigit() else name
    yield name
    for number in count(2):
        yield f"{name}_{number}"


def with_columns(schema: Mapping[str, Any], shape: Shape, before: str) -> dict[str, Any]:
    """Put the columns that were found into a schema.

    Args:
        schema: The schema of the stream.
        shape: What was found.
        before: The column of the schema that comes behind them.

    Returns:
        The schema with all columns.
    """
    properties: dict[str, Any] = {}
    for name, definition in schema["properties"].items():
        if name == before:
            properties |= {
                found: dict(column.definition) for found, column in shape.columns.items()
            }
        properties[name] = definition
    return {**schema, "properties": properties}


def mark(catalog: dict[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Note in a catalog what its streams and columns stand for.

    Args:
        catalog: The catalog.
        shapes: What was found, by the name of the stream.

    Returns:
        The catalog, with metadata that :func:`shapes_of` reads again.
    """
    for entry in catalog["streams"]:
        shape = shapes.get(entry["tap_stream_id"])
        if shape is None:
            continue
        for item in entry["metadata"]:
            match item["breadcrumb"]:
                case [] if shape.source:
                    item["metadata"][SOURCE] = shape.source
                case ["properties", name] if name in shape.columns:
                    item["metadata"][IDENTITY] = shape.columns[name].identity
    return catalog


def shapes_of(catalog: Mapping[str, Any]) -> dict[str, Shape]:
    """Read what an earlier discovery has found from its catalog.

    Args:
        catalog: The catalog.

    Returns:
        What was found, by the name of the stream.
    """
    shapes = {}
    for entry in catalog.get("streams", ()):
        stream = entry["tap_stream_id"]
        source, columns = _marks(entry)
        properties = entry.get("schema", {}).get("properties", {})
        found = {
            name: Column(identity, properties[name])
            for name, identity in columns.items()
            if name in properties
        }
        if found or source:
            shapes[stream] = Shape(stream, found, source)
    return shapes


def with_known_names(catalog: Mapping[str, Any], known: KnownNames) -> dict[str, Any]:
    """Give streams and columns of a newer catalog the names that earlier runs gave them.

    A catalog of a new discovery has the labels of the day. What the state knows under
    another name goes on under that one, so that a changed label starts no new column and
    a renamed list no new table.

    Args:
        catalog: The catalog.
        known: The names of earlier runs.

    Returns:
        The catalog with those names.
    """
    renamed = deepcopy(dict(catalog))
    entries = renamed.get("streams", [])
    marks = [_marks(entry) for entry in entries]
    given = {
        source: entry["tap_stream_id"]
        for entry, (source, _) in zip(entries, marks, strict=True)
        if source
    }
    others = [
        entry["tap_stream_id"]
        for entry, (source, _) in zip(entries, marks, strict=True)
        if not source
    ]
    streams = allot(
        given, {source: names.stream for source, names in known.sources.items()}, others
    )
    for entry, (source, columns) in zip(entries, marks, strict=True):
        if source:
            entry["tap_stream_id"] = entry["stream"] = streams[source]
            names = known.sources.get(source)
        else:
            names = known.streams.get(entry["tap_stream_id"])
        if names is not None:
            _rename_columns(entry, columns, names.columns)
    return renamed


def _rename_columns(
    entry: dict[str, Any], columns: Mapping[str, str], known: Mapping[str, str]
) -> None:
    """Give the columns of a catalog's stream the names that are known."""
    properties = entry.get("schema", {}).get("properties", {})
    own = [name for name in properties if name not in columns]
    allotted = allot({identity: name for name, identity in columns.items()}, known, own)
    new = {name: allotted[identity] for name, identity in columns.items()}
    if properties:
        entry["schema"]["properties"] = {
            new.get(name, name): definition for name, definition in properties.items()
        }
    for item in entry.get("metadata", ()):
        match item["breadcrumb"]:
            case ["properties", name]:
                item["breadcrumb"] = ["properties", new.get(name, name)]


def _marks(entry: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Read from a stream's metadata its source and the identities of its columns."""
    source, columns = "", {}
    for item in entry.get("metadata", ()):
        metadata = item.get("metadata", {})
        match item.get("breadcrumb"):
            case []:
                source = metadata.get(SOURCE, "")
            case ["properties", name] if IDENTITY in metadata:
                columns[name] = metadata[IDENTITY]
    return source, columns
