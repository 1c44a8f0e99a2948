"""The marts of health, worked out from the rows of the streams."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

TYPES = {
    bool: "boolean",
    str: "text",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
}


def unnamed_fields(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__unnamed_fields``, of the streams that are never optional."""
    for stream, records in loaded.records.items():
        fields: Counter[str] = Counter()
        types: dict[str, str] = {}
        for record in records:
            for key, value in (record["extra_fields"] or {}).items():
                fields[key] += 1
                if value is not None:
                    types[key] = max(_type(value), types.get(key, ""))
        for key, rows in fields.items():
            yield {
                "table_name": stream,
                "key": key,
                "rows": rows,
                "example_type": types.get(key, "null"),
            }


def _type(value: Any) -> str:
    return TYPES[type(value)]
