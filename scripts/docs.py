"""Writes the parts of the documentation that follow from the code.

``python -m scripts.docs`` rewrites the pages of the stream families in ``docs/streams``, those of
the models in ``docs/models`` and, in the other pages, whatever stands between
``<!-- generated: ... -->`` and ``<!-- end -->``. A test fails while a page is not current.
``docs/streams/notes.toml`` holds what the code does not say about a stream.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from acton_sandbox.faults import KINDS
from scripts.model_pages import MODEL_PAGES, metrics_table, model_pages
from scripts.tables import cell, codes, table
from tap_acton.records.reader import EXTRA_FIELDS, IGNORED, NAMES
from tap_acton.settings.schema import CONFIG_SCHEMA
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.lists.list_streams import ListStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_acton.streams.base.stream import ActOnStream

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
STREAM_PAGES = DOCS / "streams"
NOTES = STREAM_PAGES / "notes.toml"
SCHEMAS = ROOT / "tap_acton" / "schemas"

LIST_STREAM = "list_stream"
"""Stands for the streams of single lists, which exist only after discovery."""

TYPES: dict[str, type[ActOnStream]] = {
    **{kind.name: kind for kind in STREAM_TYPES},
    LIST_STREAM: ListStream,
}

GENERATED = re.compile(r"(<!-- generated: ([^>]*) -->\n).*?(<!-- end -->)", re.DOTALL)

HEAD = """\
<!-- This page is generated: run .venv/bin/python -m scripts.docs -->

# Streams: {family}

[All streams](README.md) · [How columns are named](README.md#how-columns-are-named)
"""

UNVERIFIED = (
    "Act-On documents the path of this endpoint, but not its response. The rows are found in any "
    "shape, the columns are the likely ones, and everything else is in `extra_fields`."
)


class Note(NamedTuple):
    """What ``notes.toml`` says about a stream.

    Attributes:
        endpoint: The path, as Act-On documents it.
        calls: Calls in a first run, short enough for a table.
        later: What a later run fetches and emits.
        optional: Why the stream is optional; empty where it is not.
        is_unverified: Whether Act-On documents only the path.
        added: Columns that no field of the row holds.
        title: The heading, where it is not the stream's name.
        more: Markdown below the table of columns.
    """

    endpoint: str
    calls: str
    later: str
    optional: str = ""
    is_unverified: bool = False
    added: Sequence[str] = ()
    title: str = ""
    more: str = ""


FAMILIES: dict[str, dict[str, Note]] = {
    family: {stream: Note(**note) for stream, note in streams.items()}
    for family, streams in tomllib.loads(NOTES.read_text(encoding="utf-8")).items()
}
"""The notes on the streams by the title of their page, in the order of the pages."""

STREAMS = {
    stream: note
    for streams in FAMILIES.values()
    for stream, note in streams.items()
    if stream != LIST_STREAM
}


def documents() -> dict[Path, str]:
    """Return the current text of every page that is generated or has generated parts."""
    texts = {
        STREAM_PAGES / page_of(family): "\n".join(
            [HEAD.format(family=family), *(section(name, note) for name, note in streams.items())]
        )
        for family, streams in FAMILIES.items()
    }
    texts |= model_pages()
    for path in sorted([*DOCS.glob("*.md"), STREAM_PAGES / "README.md"]):
        text = path.read_text(encoding="utf-8")
        if GENERATED.search(text):
            texts[path] = GENERATED.sub(_part, text)
    return texts


def _part(match: re.Match[str]) -> str:
    begin, words, end = match.groups()
    name, *arguments = words.split()
    return f"{begin}\n{PARTS[name](arguments)}\n\n{end}"


def settings_table(names: Sequence[str]) -> str:
    """Make a table of settings."""
    properties = CONFIG_SCHEMA["properties"]
    rows = [(f"`{name}`", _default(name), cell(properties[name]["description"])) for name in names]
    return table(("setting", "default", "what it does"), rows)


def _default(name: str) -> str:
    if name in CONFIG_SCHEMA["required"]:
        return "required"
    default = CONFIG_SCHEMA["properties"][name].get("default")
    if default is None or default == []:
        return ""
    if isinstance(default, list):
        return codes(default)
    return f"`{json.dumps(default) if isinstance(default, bool) else default}`"


def faults_table(_: Sequence[str]) -> str:
    """Make the table of the faults that the sandbox can inject."""
    rows = [(f"`{kind}`", cell(effect)) for kind, effect in KINDS.items()]
    return table(("kind", "what it does"), rows)


def stream_tables(_: Sequence[str]) -> str:
    """Make a table of streams per family."""
    head = ("stream", "what it holds", "replication", "calls in a first run", "")
    parts = []
    for family, streams in FAMILIES.items():
        rows = [
            (
                f"[{note.title or name}]({page_of(family)}#{anchor(note.title or name)})",
                cell(schema_of(name)["description"]),
                replication(TYPES[name]),
                note.calls,
                marks(note),
            )
            for name, note in streams.items()
        ]
        parts.append(f"### {family}\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def metrics(_: Sequence[str]) -> str:
    """Make the table of the metrics of the models."""
    return metrics_table()


PARTS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "settings": settings_table,
    "streams": stream_tables,
    "faults": faults_table,
    "metrics": metrics,
}
"""Makes the text of a generated part by the first word of its comment, from the other words."""


def section(name: str, note: Note) -> str:
    """Make the section about a stream: its facts, and a table of its columns."""
    schema, kind = schema_of(name), TYPES[name]
    facts = {
        "Endpoint": f"`{note.endpoint}`",
        "Key": codes(kind.primary_keys),
        "Replication": replication(kind),
        "Calls in a first run": note.calls,
        "Later runs": note.later,
        "Optional": note.optional,
        "Unverified": UNVERIFIED if note.is_unverified else "",
    }
    rows = [
        (
            f"**{column}**" if column in kind.primary_keys else column,
            _type(definition),
            "*tap*" if column in note.added else codes(definition.get(NAMES, ())),
            cell(definition["description"]),
        )
        for column, definition in schema["properties"].items()
        if column != EXTRA_FIELDS
    ]
    parts = [
        f"## {note.title or name}",
        schema["description"],
        "\n".join(f"- {title}: {fact}" for title, fact in facts.items() if fact),
        table(("column", "type", "Act-On's field", "description"), rows),
    ]
    if IGNORED in schema:
        reasons: dict[str, list[str]] = {}
        for field, reason in schema[IGNORED].items():
            reasons.setdefault(reason, []).append(field)
        left_out = "; ".join(f"{codes(fields)} ({reason})" for reason, fields in reasons.items())
        parts.append(f"Left out on purpose: {left_out}.")
    return "\n\n".join([*parts, *filter(None, [note.more.strip()])]) + "\n"


def schema_of(stream: str) -> dict[str, Any]:
    """Read the JSON schema of a stream, descriptions and Act-On's names included."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{stream}.json").read_text(encoding="utf-8"))
    return schema


def page_of(family: str) -> str:
    """Return the file name of a family's page."""
    return f"{family.lower().replace(' ', '-')}.md"


def anchor(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def marks(note: Note) -> str:
    """Return the words for the last cell of a stream's row."""
    words = {"optional": note.optional, "unverified": note.is_unverified}
    return ", ".join(word for word, holds in words.items() if holds)


def replication(kind: type[ActOnStream]) -> str:
    """Say how a stream is replicated."""
    key = kind.replication_key
    return f"incremental on `{key}`" if key else "full table"


def _type(definition: Mapping[str, Any]) -> str:
    names = [name for name in definition["type"] if name != "null"]
    text = definition.get("format") or names[0]
    return str(text) if "null" in definition["type"] else f"{text}, never null"


def main() -> None:
    """Write the generated documentation, and delete the pages of families that no longer exist."""
    texts = documents()
    for path in {*STREAM_PAGES.glob("*.md"), *MODEL_PAGES.glob("*.md")} - set(texts):
        path.unlink()
    MODEL_PAGES.mkdir(exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
