"""Keeps what the catalog promises to those who load it, to compare it with what it is.

``python -m tests.unit.catalog`` writes the present catalog to ``tests/unit/catalog.json``.
Descriptions are left out, since they may change at any time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.catalog import OPTIONAL
from tap_acton.streams import STREAM_TYPES
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SNAPSHOT = Path(__file__).with_name("catalog.json")

Promises: TypeAlias = "dict[str, dict[str, Any]]"
"""What is promised of each stream: by name, and for its columns by theirs."""


def promises() -> Promises:
    """Read the catalog that a tap with all optional streams discovers.

    Returns:
        The promises of each stream, family by family.
    """
    config = {"optional_streams": ["*"]}
    catalog = TapActOn(config=config, validate_config=False, setup_mapper=False).catalog_dict
    found = {stream["tap_stream_id"]: _of_stream(stream) for stream in catalog["streams"]}
    return {kind.name: found.pop(kind.name) for kind in STREAM_TYPES} | found


def kept() -> Promises:
    """Read what was promised when the snapshot was written.

    Returns:
        The promises of each stream.
    """
    read: Promises = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return read


def differences(before: Mapping[str, Any], after: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Tell in what two versions of the promises differ.

    Args:
        before: The promises as they were.
        after: The promises as they are.
        of: What they are about; empty for all streams.

    Yields:
        A line for each difference.
    """
    for name in dict.fromkeys([*before, *after]):
        what = f"{of}.{name}" if of else name
        if name not in after:
            yield f"- {what} is gone"
        elif name not in before:
            yield f"+ {what} is new"
        elif isinstance(before[name], dict) and isinstance(after[name], dict):
            yield from differences(before[name], after[name], what)
        elif before[name] != after[name]:
            yield f"! {what} was {json.dumps(before[name])}, is {json.dumps(after[name])}"


def _of_stream(stream: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": list(stream["key_properties"]),
        "replication_method": stream["replication_method"],
        "replication_key": stream.get("replication_key"),
        "is_optional": stream["tap_stream_id"] in OPTIONAL,
        "columns": _columns(stream["schema"]),
    }


def _columns(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _type(definition) for name, definition in schema["properties"].items()}


def _type(definition: Mapping[str, Any]) -> str | dict[str, Any]:
    """Put the type of a column into a line; an object whose properties are named has several."""
    if "properties" in definition:
        return _columns(definition)
    text = " or ".join(definition["type"])
    if "items" in definition:
        of = _type(definition["items"])
        return f"{text}, of {of if isinstance(of, str) else json.dumps(of)}"
    return f"{text}, {definition['format']}" if "format" in definition else text


def main() -> None:
    """Write the snapshot."""
    SNAPSHOT.write_text(json.dumps(promises(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
