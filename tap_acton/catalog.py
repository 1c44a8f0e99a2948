"""The catalog that a run is given: its shape, and what of it a run cannot do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.streams import Stream

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
