"""The streams that a catalog has; and of a given one, its shape, and what a run needs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.errors import SettingsError
from tap_acton.records.ids import shown, without_addresses
from tap_acton.settings.parser import Configuration, nearest, no_effect
from tap_acton.streams import STREAM_TYPES
from tap_acton.sync.summary import NAMES_SHOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk.streams import Stream

    from tap_acton.streams.base.stream import ActOnStream

OPTIONAL = tuple(kind.name for kind in STREAM_TYPES if kind.is_optional)
"""The streams that a catalog has only where the setting ``optional_streams`` names them."""

ALL = "*"
"""Names all of them."""

_Text = str | None
_Names = list[str] | None


class _Metadata(msgspec.Struct, rename="kebab"):
    """What the metadata of a stream or column may say that a run goes by."""

    selected: bool | None = None
    selected_by_default: bool | None = None
    inclusion: _Text = None
    replication_key: _Text = None
    forced_replication_method: _Text = None
    table_key_properties: _Names = None
    # Where discovery keeps what it found (see records/dynamic_columns.py).
    identity: str = msgspec.field(name="tap-acton.identity", default="")
    source: str = msgspec.field(name="tap-acton.source", default="")


class _Item(msgspec.Struct):
    breadcrumb: list[str]
    metadata: _Metadata


class _Schema(msgspec.Struct):
    properties: dict[str, dict[str, Any]] = {}


class _Entry(msgspec.Struct):
    tap_stream_id: str
    stream: _Text = None
    schema: _Schema = msgspec.field(default_factory=_Schema)
    metadata: list[_Item] = []
    key_properties: _Names = None
    replication_key: _Text = None
    replication_method: _Text = None


class _Catalog(msgspec.Struct):
    streams: list[_Entry]


def wanted_streams(config: Mapping[str, Any]) -> Collection[str]:
    """Return the optional streams that the setting ``optional_streams`` names.

    Raises:
        SettingsError: If it names one that does not exist.
    """
    given = Configuration(config)
    names = given.texts("optional_streams")
    for name in names:
        if name not in {ALL, *OPTIONAL}:
            meant = nearest(name.lower(), OPTIONAL)
            given.mistakes.append(
                f"The setting optional_streams names {without_addresses(name)}, which is no "
                f"optional stream{f'; did you mean {meant}? All' if meant else ': all'} of them "
                f"are {', '.join(OPTIONAL)}."
            )
    if given.mistakes:
        raise SettingsError(" ".join(given.mistakes))
    return OPTIONAL if ALL in names else names


def offered_types(
    config: Mapping[str, Any], catalog: Mapping[str, Any] | None
) -> list[type[ActOnStream]]:
    """Return the types of streams that the tap has: not all of them, where some are optional.

    Args:
        config: The configuration.
        catalog: The catalog that is given; a stream in it is offered, whatever the settings say.

    Raises:
        SettingsError: If the setting ``optional_streams`` is wrong.
    """
    listed = {entry["tap_stream_id"] for entry in catalog["streams"]} if catalog else set()
    offered = {*wanted_streams(config), *listed}
    return [kind for kind in STREAM_TYPES if not kind.is_optional or kind.name in offered]


def without_effect(config: Mapping[str, Any], streams: Mapping[str, bool]) -> Iterator[str]:
    """Yield a sentence for each setting that only other streams heed than those that are read.

    Args:
        config: The configuration.
        streams: The streams on offer, and whether each is read.
    """
    given = Configuration(config)
    for setting, names in _heeded_by().items():
        offered = [name for name in names if name in streams]
        if given.value(setting) is None or any(streams[name] for name in offered):
            continue
        if offered:
            yield (
                f"The setting {setting} has no effect: no stream that uses it is selected "
                f"({', '.join(offered)})."
            )
        else:
            yield (
                f"The setting {setting} has no effect: no stream that uses it is in "
                f"optional_streams ({', '.join(names)})."
            )


def _heeded_by() -> Mapping[str, list[str]]:
    """Return the streams that heed each of the settings which not all streams heed.

    What narrows a listing narrows the streams below it.
    """
    kinds = {kind.name: kind for kind in STREAM_TYPES}
    names: dict[str, list[str]] = {}
    for kind in STREAM_TYPES:
        above = kinds[kind.listing].chosen_by if kind.listing else ()
        for setting in dict.fromkeys((*kind.chosen_by, *kind.inputs, *above)):
            names.setdefault(setting, []).append(kind.name)
    return names


def check_shape(catalog: Mapping[str, Any]) -> None:
    """Make sure that a catalog has the shape of one.

    Raises:
        SettingsError: If it does not.
    """
    try:
        msgspec.convert(catalog, _Catalog)
    except msgspec.ValidationError as error:
        # Names the place and the types, never a value.
        raise SettingsError(
            f"The catalog was not written by tap-acton: {error}. Pass what tap-acton --discover "
            "writes."
        ) from None


def unknown_in(
    catalog: Mapping[str, Any], streams: Mapping[str, ActOnStream | Any]
) -> Iterator[str]:
    """Yield a sentence for each stream of a catalog that this tap does not have as it stands there.

    Args:
        catalog: The catalog that is given.
        streams: The streams of the tap by name, with the catalog applied.
    """
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        items = {tuple(item["breadcrumb"]): item["metadata"] for item in entry.get("metadata", ())}
        if name not in streams:
            if items.get((), {}).get("selected") is not False:
                meant = nearest(name, streams)
                yield no_effect(f"stream {shown(name)} of the catalog", meant)
        elif streams[name].selected:
            listed = dict.fromkeys(entry.get("schema", {}).get("properties", {}))
            named = [place[1] for place in items if place[:1] == ("properties",) and place[1:]]
            differences = [
                *_unknown_columns([*listed, *named], streams[name].schema["properties"]),
                *_other_keys(streams[name]),
            ]
            if differences:
                yield (
                    f"The catalog has for {name} {', '.join(differences)}: correct the catalog, or "
                    "discover again."
                )


def _unknown_columns(columns: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Yield words for the columns that a stream does not have, if there are any."""
    unknown = [column for column in columns if column not in known]
    words = []
    for name in unknown[:NAMES_SHOWN]:
        meant = nearest(name, known)
        words.append(f"{shown(name)} ({meant}?)" if meant else shown(name))
    if more := unknown[NAMES_SHOWN:]:
        words.append(f"and {len(more):,} more")
    if words:
        yield f"the unknown columns {', '.join(words)}, which no row fills"


def _other_keys(stream: ActOnStream | Any) -> Iterator[str]:
    """Yield words for a key or replication key that is not that of the stream itself."""
    own = type(stream)
    key, replication_key = tuple(stream.primary_keys), stream.replication_key
    if {*key} != {*own.primary_keys}:
        had = f"the key {', '.join(key)}" if key else "no key"
        yield f"{had} instead of {', '.join(own.primary_keys)}"
    if replication_key and replication_key != own.replication_key:
        yield (f"the replication key {replication_key} instead of {own.replication_key or 'none'}")


def check_needed_columns(stream: Stream) -> None:
    """Make sure that a selected stream has its key, and what its bookmark is made of.

    Raises:
        SettingsError: If the catalog lacks or deselects one of these columns.
    """
    columns = {*_columns(stream)}
    is_incremental = stream.replication_method == REPLICATION_INCREMENTAL
    needed = [*stream.primary_keys, *([stream.replication_key] if is_incremental else [])]
    for column in needed:
        if column not in columns:
            raise SettingsError(
                f"The catalog lacks or deselects the column {column} of {stream.name}, which is "
                "its key or replication key: select it, or discover again."
            )


def _columns(stream: Stream) -> Iterator[str]:
    """Give the columns that the SCHEMA message of a stream has."""
    properties = stream.effective_schema.get("properties", {})
    return (name for name in properties if stream.mask["properties", name])
