"""Writes the parts of the documentation that follow from the code.

``python -m tests.documentation.generate`` rewrites the tables of settings and streams in
``README.md``, the sections of ``docs/streams.md``, and the faults in ``docs/sandbox.md``, which
stand between comments there. A test fails while they are not current.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acton_sandbox.faults import KINDS
from tap_acton.records import EXTRA_FIELDS, IGNORED, NAMES
from tap_acton.settings_schema import CONFIG_SCHEMA
from tap_acton.streams import STREAM_TYPES
from tests.documentation.reference import ADDED, RESERVED, SETTING_GROUPS, STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_acton.stream import ActOnStream

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
STREAM_REFERENCE = ROOT / "docs" / "streams.md"
SANDBOX = ROOT / "docs" / "sandbox.md"


def settings_tables() -> str:
    """Make the tables of the settings.

    Returns:
        Markdown: a table per group, then the settings that do nothing yet.
    """
    properties = CONFIG_SCHEMA["properties"]
    parts = []
    for group, names in SETTING_GROUPS.items():
        rows = [
            (f"`{name}`", _default(name), _cell(properties[name]["description"])) for name in names
        ]
        parts += [f"**{group}**", "", *_table(("setting", "default", "what it does"), rows), ""]
    parts += [
        "**Without effect so far.** They are checked, but what they are for does not exist yet.",
        "",
        *_table(
            ("setting", "default", "for"),
            [(f"`{name}`", _default(name), purpose) for name, purpose in RESERVED.items()],
        ),
    ]
    return "\n".join(parts)


def streams_table() -> str:
    """Make the table of the streams.

    Returns:
        Markdown: a row per stream.
    """
    rows = [
        (
            f"[{kind.name}](docs/streams.md#{kind.name})",
            f"`{STREAMS[kind.name].endpoint}`",
            ", ".join(f"`{column}`" for column in kind.primary_keys),
            _replication(kind),
            STREAMS[kind.name].cost,
        )
        for kind in STREAM_TYPES
    ]
    return "\n".join(
        _table(("stream", "endpoint", "key", "replication", "calls in a first run"), rows)
    )


def stream_reference() -> str:
    """Make the reference of the streams current.

    Returns:
        The text of ``docs/streams.md`` with a current section per stream.
    """
    sections = "\n".join(map(_section, STREAM_TYPES))
    return with_part(STREAM_REFERENCE.read_text(encoding="utf-8"), "streams", sections)


def with_part(text: str, name: str, part: str) -> str:
    """Replace a generated part of a text.

    Args:
        text: The text; the part stands between two comments that name it.
        name: The name.
        part: What is to stand there.

    Returns:
        The text with the part.
    """
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    replaced, count = pattern.subn(lambda _: f"{begin}\n\n{part.strip()}\n\n{end}", text)
    if count != 1:
        raise ValueError(name)
    return replaced


def readme() -> str:
    """Make the README current.

    Returns:
        Its text with current tables.
    """
    text = with_part(README.read_text(encoding="utf-8"), "settings", settings_tables())
    return with_part(text, "streams", streams_table())


def sandbox() -> str:
    """Make the description of the sandbox current.

    Returns:
        Its text with a current table of faults.
    """
    rows = [(f"`{kind}`", _cell(effect)) for kind, effect in KINDS.items()]
    table = "\n".join(_table(("kind", "what it does"), rows))
    return with_part(SANDBOX.read_text(encoding="utf-8"), "faults", table)


def _section(kind: type[ActOnStream]) -> str:
    note = STREAMS[kind.name]
    schema = schema_of(kind.name)
    lines = [
        f"## {kind.name}",
        "",
        schema["description"],
        "",
        f"- Endpoint: `{note.endpoint}`",
        f"- Key: {', '.join(f'`{column}`' for column in kind.primary_keys)}",
        f"- Replication: {_replication(kind)}",
        f"- Cost: {note.cost}",
        f"- In later runs: {note.later}",
        "",
    ]
    rows = [
        (
            f"**{column}**" if column in kind.primary_keys else column,
            _type(definition),
            _source(kind.name, column, definition),
            _cell(definition["description"]),
        )
        for column, definition in schema["properties"].items()
        if column != EXTRA_FIELDS
    ]
    lines += [*_table(("column", "type", "Act-On's field", "description"), rows), ""]
    if IGNORED in schema:
        left_out = (f"`{field}` ({reason})" for field, reason in schema[IGNORED].items())
        lines += [f"Left out on purpose: {'; '.join(left_out)}.", ""]
    return "\n".join(lines)


def schema_of(stream: str) -> dict[str, Any]:
    """Read the JSON schema of a stream.

    Args:
        stream: The name of the stream.

    Returns:
        The schema as it stands in its file, descriptions and Act-On's names included.
    """
    path = ROOT / "tap_acton" / "schemas" / f"{stream}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def _replication(kind: type[ActOnStream]) -> str:
    key = kind.replication_key
    return f"incremental on `{key}`" if key else "full table"


def _type(definition: Mapping[str, Any]) -> str:
    names = [name for name in definition["type"] if name != "null"]
    text = definition.get("format") or names[0]
    return str(text) if "null" in definition["type"] else f"{text}, never null"


def _source(stream: str, column: str, definition: Mapping[str, Any]) -> str:
    if (stream, column) in ADDED:
        return "*tap*"
    return ", ".join(f"`{name}`" for name in definition.get(NAMES, ()))


def _default(name: str) -> str:
    if name in CONFIG_SCHEMA["required"]:
        return "required"
    default = CONFIG_SCHEMA["properties"][name].get("default")
    if default is None or default == []:
        return ""
    if isinstance(default, list):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{json.dumps(default) if isinstance(default, bool) else default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines]


GENERATED = {README: readme, STREAM_REFERENCE: stream_reference, SANDBOX: sandbox}
"""The files that have generated parts, and what makes these current."""


def main() -> None:
    """Write the generated documentation."""
    for path, text in GENERATED.items():
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
