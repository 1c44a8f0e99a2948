"""The settings of the SDK that change records: ``stream_maps`` and flattening.

Only streams that are selected are mapped. An expression may fail in any way, and say so in words
that show the record; so each failure becomes a sentence that shows nothing of it.
"""

from __future__ import annotations

import fnmatch
import logging
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import ConfigValidationError, StreamMapConfigError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib import Schema

from tap_acton.errors import ActOnError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from singer_sdk.mapper import StreamMap
    from singer_sdk.streams import Stream


class _Settings(msgspec.Struct):
    stream_maps: dict[str, dict[str, str | list[str] | None] | str | None] | None = None
    stream_map_config: dict[str, Any] | None = None
    faker_config: dict[str, Any] | None = None
    flattening_enabled: bool | None = None
    flattening_max_depth: int | None = None
    flattening_max_key_length: int | None = None
    flattening_separator: str | None = None


class StreamMaps:
    """What maps and flattens the records of the selected streams.

    Args:
        config: The configuration.
        logger: The tap's logger.

    Raises:
        SettingsError: If a setting does not have its form.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        try:
            settings = msgspec.convert(dict(config), _Settings)
        except msgspec.ValidationError as error:
            # Names the setting and the types, never a value.
            raise SettingsError(f"A setting has the wrong type: {error}.") from None
        given = {
            name: held
            for name, held in msgspec.structs.asdict(settings).items()
            if held is not None
        }
        self._settings = settings
        # It logs expressions, and a filter may name an address.
        logging.getLogger("singer_sdk.mapper").setLevel(logging.WARNING)
        with as_settings_error("stream_maps"):
            # The mapper takes out what it has understood.
            self._mapper = PluginMapper(deepcopy(given), logger)

    def of(self, stream: Stream) -> list[StreamMap]:
        """Return what maps a stream, whose selection counts as it is now.

        Raises:
            SettingsError: If an expression is not one, or the result would lack the key.
        """
        # As in the catalog: without keywords of the tap's own.
        schema = Schema.from_dict(stream.effective_schema).to_dict()
        schema = get_selected_schema(stream.name, schema, stream.mask)
        with as_settings_error(f"stream_maps, stream {stream.name}"):
            self._mapper.register_raw_stream_schema(stream.name, schema, stream.primary_keys)
        maps = self._mapper.stream_maps[stream.name]
        for each in maps:
            if each.flattening_enabled:
                # Where the SDK flattens a record, it looks up a column among the keywords of the
                # schema too, and fails on a column `description` if the description of the schema
                # contains the word type.
                each.transformed_schema.pop("description", None)
        return maps

    def matching_nothing(self, streams: Collection[str]) -> list[str]:
        """Return the entries that are for no stream: what they were to mask is not masked."""
        sources = {
            name: entry.get("__source__") if isinstance(entry, dict) else None
            for name, entry in (self._settings.stream_maps or {}).items()
            if name != "__else__"
        }
        return [
            name
            for name, source in sources.items()
            if not any(fnmatch.fnmatch(stream, str(source or name)) for stream in streams)
        ]


@contextmanager
def as_settings_error(what: str) -> Iterator[None]:
    """Turn whatever goes wrong with an expression into a sentence without any value.

    Raises:
        SettingsError: Naming what was mapped.
    """
    try:
        yield
    except ActOnError:
        raise
    except ConfigValidationError as error:
        raise SettingsError(f"A setting is missing: {error.errors[0]}.") from None
    except StreamMapConfigError as error:
        raise SettingsError(f"The setting {what}: {str(error).rstrip('.')}.") from None
    except Exception as error:  # noqa: BLE001 - what an expression does is up to its user
        raise SettingsError(
            f"The setting {what}: an expression cannot be evaluated ({type(error).__name__}). "
            "Correct it; if it fails on some records only, let it allow for null."
        ) from None
