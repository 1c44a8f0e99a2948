"""The schemas of the streams: one file each, and the columns that discovery found."""

from __future__ import annotations

from importlib import resources
from typing import Any

from singer_sdk import SchemaDirectory, StreamSchema

from tap_acton import schemas
from tap_acton.records.dynamic_columns import with_columns
from tap_acton.records.reader import EXTRA_FIELDS

SCHEMAS = SchemaDirectory(resources.files(schemas))


class FoundSchema(StreamSchema[str]):
    """The schema in a stream's file, with the columns that discovery found."""

    def get_stream_schema(self, stream: Any, stream_class: Any) -> Any:
        """Return the JSON schema of a stream, or of its class where the stream is None."""
        schema = super().get_stream_schema(stream, stream_class)
        found = getattr(stream, "found", None)
        return schema if found is None else with_columns(schema, found, before=EXTRA_FIELDS)
