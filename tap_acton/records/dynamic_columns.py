"""Streams and columns that discovery finds in an account, and how they keep their names.

The labels of an account's fields and the names of its lists may change; the tables in the
warehouse must not. So everything found has an identity that stays the same (the id of a
field or a list, the digest of a header), and the name once assigned to an identity is kept: in
the catalog, as metadata, and in the state. Of a header, which may be personal data, both have a
digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from tap_acton.records.ids import (
    has_address,
    header_identity,
    kept_text,
    without_addresses,
)
from tap_acton.records.reserved_names import RESERVED, UNLOADABLE
from tap_acton.records.values import snake_case

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

LONGEST_NAME = 63
"""Bytes of a name; PostgreSQL cuts off what is longer."""

ROOM_FOR_NUMBER = 4
"""Bytes of the number that makes a name unique, usually at most."""

IDENTITY = "tap-acton.identity"
"""The metadata of a property with the identity of its column."""

SOURCE = "tap-acton.source"
"""The metadata of a stream with the id of the list that it reads."""

TYPE_FOLLOWS = ", "

COLUMNS_STATE = "columns"
SOURCE_STATE = "source"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that discovery found.

    Attributes:
        identity: What stays the same when the label changes.
        definition: The JSON schema of the column.
    """

    identity: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundStream:
    """What discovery found in the account for one stream.

    Attributes:
        stream: The name of the stream.
        columns: The columns, by name.
        source: The id of the list that the stream reads; empty if it does not read a list.
    """

    stream: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    source: str = ""

    @property
    def names(self) -> dict[str, str]:
        """The names of the columns by their identities."""
        return {column.identity: name for name, column in self.columns.items()}

    def remember(self, state: dict[str, Any]) -> None:
        """Keep in the stream's state which names discovery has given, so that they stay."""
        if self.columns:
            # What is missing for now may come back, and finds its name as it was.
            known = state.get(COLUMNS_STATE)
            state[COLUMNS_STATE] = {**(known if isinstance(known, dict) else {}), **self.names}
        if self.source:
            state[SOURCE_STATE] = self.source


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a stream and, by their identities, its columns have had before."""

    stream: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that earlier runs assigned.

    Attributes:
        streams: By the name of the stream.
        sources: By the id of the list that the stream reads.
        ascii_only: Whether the setting ``column_names`` allows nothing but ASCII in names, so that
            others that were assigned before are given up.
    """

    streams: Mapping[str, Names]
    sources: Mapping[str, Names]
    ascii_only: bool = False

    @classmethod
    def of_state(cls, state: Any, *, ascii_only: bool = False) -> KnownNames:
        """Read the names in a state of the tap; anything else has none."""
        bookmarks = state.get("bookmarks") if isinstance(state, dict) else None
        streams, sources = {}, {}
        for stream, bookmark in bookmarks.items() if isinstance(bookmarks, dict) else ():
            if not isinstance(bookmark, dict):
                continue
            columns = bookmark.get(COLUMNS_STATE)
            names = Names(stream, columns if isinstance(columns, dict) else {})
            streams[stream] = names
            source = bookmark.get(SOURCE_STATE)
            # A list whose stream got another name with the setting has bookmarks of both.
            is_allowed = not ascii_only or stream.isascii()
            if isinstance(source, str) and (is_allowed or source not in sources):
                sources[source] = names
        return cls(streams, sources, ascii_only)

    def columns_of(self, stream: str) -> Mapping[str, str]:
        """Return the names of a stream's columns by identity; none for a new stream."""
        names = self.streams.get(stream)
        return {} if names is None else names.columns


def typed(identity: str, definition: Mapping[str, Any]) -> str:
    """Return the identity of a column of a field that may get another type.

    With another type it is another column, since a table cannot change the one that it has.

    Args:
        identity: What stays the same of the field.
        definition: The JSON schema of the column.
    """
    return f"{kept_text(identity)}{TYPE_FOLLOWS}{definition.get('format', definition['type'][0])}"


def untyped(identity: str) -> str:
    """Return what stays the same of the field of a column that :func:`typed` has named."""
    return identity.rpartition(TYPE_FOLLOWS)[0]


def with_types(known: Mapping[str, str], identities: Iterable[str]) -> dict[str, str]:
    """Give names that an older version assigned, whatever the type, to the type of today.

    Args:
        known: The names assigned before, by identity.
        identities: Those of today's columns.
    """
    given = {name for identity, name in known.items() if untyped(identity) in known}
    older = {
        identity: known[untyped(identity)]
        for identity in identities
        if untyped(identity) in known and known[untyped(identity)] not in given
    }
    return {**older, **known}


def assign_names(
    labels: Mapping[str, str],
    known: Mapping[str, str],
    taken: Collection[str] = (),
    *,
    ascii_only: bool = False,
) -> dict[str, str]:
    """Assign a name to everything that was found; names assigned before are kept.

    Args:
        labels: The labels by identity, older ones first.
        known: The names assigned before, by identity.
        taken: Names that cannot be assigned.
        ascii_only: Whether names are transliterated; one assigned before that is not ASCII is
            replaced.

    Returns:
        The names by identity: the label in snake case, with a number if the name is in use. A
        reserved word is not assigned. One that was assigned before stays, unless no table of
        PostgreSQL can have such a column.
    """
    names = {
        identity: name
        for identity, name in known.items()
        if identity in labels
        and name not in taken
        and name not in UNLOADABLE
        and (name.isascii() or not ascii_only)
    }
    # What is missing now may come back, and then has its old name. Many warehouses take names
    # that differ only in case for one.
    used = {name.upper() for name in (*taken, *known.values())}
    # Labels that lead to the same name go on where the one before them has stopped.
    candidates: dict[str, Iterator[str]] = {}
    for identity, label in labels.items():
        if identity not in names:
            name = _first_name(label, ascii_only=ascii_only)
            left = candidates.setdefault(name, _candidates(name))
            names[identity] = next(name for name in left if name.upper() not in used)
            used.add(names[identity].upper())
    return {identity: names[identity] for identity in labels}


def _first_name(label: str, *, ascii_only: bool) -> str:
    """Return the nicest name for a label."""
    shown = "" if has_address(label) else snake_case(label)
    if ascii_only and not shown.isascii():
        # This import takes a while, so only those pay for it who need it.
        from anyascii import anyascii  # noqa: PLC0415

        shown = snake_case(anyascii(shown))
    name = _cut(shown.strip("_"), LONGEST_NAME - ROOM_FOR_NUMBER) or "unnamed"
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_field" if name in RESERVED else name


def _candidates(name: str) -> Iterator[str]:
    """Yield a name, then the same with numbers."""
    yield name
    for number in count(2):
        suffix = f"_{number}"
        yield f"{_cut(name, LONGEST_NAME - len(suffix))}{suffix}"


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode("utf-8", "ignore").rstrip("_")


def with_columns(schema: Mapping[str, Any], found: FoundStream, before: str) -> dict[str, Any]:
    """Return a schema with the columns that were found, in front of one of its own.

    Labels that are addresses are not shown.
    """
    properties: dict[str, Any] = {}
    for name, definition in schema["properties"].items():
        if name == before:
            properties |= {
                new: {
                    key: without_addresses(value) if isinstance(value, str) else value
                    for key, value in column.definition.items()
                }
                for new, column in found.columns.items()
            }
        properties[name] = definition
    return {**schema, "properties": properties}


def annotate(catalog: dict[str, Any], streams: Mapping[str, FoundStream]) -> dict[str, Any]:
    """Add the identities of streams and columns, found by name, to a catalog's metadata."""
    for entry in catalog["streams"]:
        found = streams.get(entry["tap_stream_id"])
        if found is None:
            continue
        for item in entry["metadata"]:
            match item["breadcrumb"]:
                case [] if found.source:
                    item["metadata"][SOURCE] = found.source
                case ["properties", name] if name in found.columns:
                    item["metadata"][IDENTITY] = found.columns[name].identity
    return catalog


def found_in(catalog: Mapping[str, Any]) -> dict[str, FoundStream]:
    """Read what an earlier discovery found, by the name of the stream, from its catalog."""
    streams = {}
    for entry in catalog.get("streams", ()):
        stream = entry["tap_stream_id"]
        source, columns = _annotations(entry)
        properties = entry.get("schema", {}).get("properties", {})
        found = {
            name: Column(identity, properties[name])
            for name, identity in columns.items()
            if name in properties
        }
        if found or source:
            streams[stream] = FoundStream(stream, found, source)
    return streams


def with_known_names(catalog: Mapping[str, Any], known: KnownNames) -> dict[str, Any]:
    """Return a catalog with the names that earlier runs assigned to its streams and columns.

    The catalog of a new discovery has today's labels. What the state knows under another name
    keeps that name, so that a changed label starts no new column and a renamed list no new
    table.
    """
    entries = [_copied(entry) for entry in catalog.get("streams", ())]
    annotations = [_annotations(entry) for entry in entries]
    given = {
        source: entry["tap_stream_id"]
        for entry, (source, _) in zip(entries, annotations, strict=True)
        if source
    }
    others = [
        entry["tap_stream_id"]
        for entry, (source, _) in zip(entries, annotations, strict=True)
        if not source
    ]
    streams = assign_names(
        given,
        {source: names.stream for source, names in known.sources.items()},
        others,
        ascii_only=known.ascii_only,
    )
    for entry, (source, columns) in zip(entries, annotations, strict=True):
        if source:
            entry["tap_stream_id"] = entry["stream"] = streams[source]
            names = known.sources.get(source)
        else:
            names = known.streams.get(entry["tap_stream_id"])
        before: Mapping[str, str] = {} if names is None else names.columns
        if not source:
            before = with_types(before, columns.values())
        # The catalog may also be older than the setting.
        is_too_wide = known.ascii_only and not "".join(columns).isascii()
        if names is not None or is_too_wide:
            _rename_columns(entry, columns, before, ascii_only=known.ascii_only)
    return {**catalog, "streams": entries}


def _copied(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Copy what may be renamed in an entry of a catalog; all of it would take long."""
    copied = dict(entry)
    if "schema" in entry:
        copied["schema"] = dict(entry["schema"])
    if "metadata" in entry:
        copied["metadata"] = [dict(item) for item in entry["metadata"]]
    return copied


def _rename_columns(
    entry: dict[str, Any],
    columns: Mapping[str, str],
    known: Mapping[str, str],
    *,
    ascii_only: bool,
) -> None:
    """Rename the columns of a catalog's stream to the names that are known."""
    properties = entry.get("schema", {}).get("properties", {})
    own = [name for name in properties if name not in columns]
    labels = {identity: name for name, identity in columns.items()}
    assigned = assign_names(labels, known, own, ascii_only=ascii_only)
    new = {name: assigned[identity] for name, identity in columns.items()}
    if properties:
        entry["schema"]["properties"] = {
            new.get(name, name): definition for name, definition in properties.items()
        }
    for item in entry.get("metadata", ()):
        match item["breadcrumb"]:
            case ["properties", name]:
                item["breadcrumb"] = ["properties", new.get(name, name)]


def _annotations(entry: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Read the source of a stream and the identities of its columns from its metadata."""
    source, columns = "", {}
    for item in entry.get("metadata", ()):
        metadata = item.get("metadata", {})
        match item.get("breadcrumb"):
            case []:
                source = metadata.get(SOURCE, "")
            case ["properties", name] if IDENTITY in metadata:
                columns[name] = metadata[IDENTITY]
    if source:  # catalogs of earlier versions have the headers themselves
        columns = {name: header_identity(identity) for name, identity in columns.items()}
    return source, columns
