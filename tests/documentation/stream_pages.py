"""What the documentation says of the streams: a page per family, and the tables of all of them."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_acton.records.reader import EXTRA_FIELDS, IGNORED, NAMES
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.streams.lists.list_streams import SCHEMA as LIST_STREAM
from tap_acton.streams.lists.list_streams import ListStream
from tests.documentation.markdown import cell, codes, table
from tests.documentation.reference import (
    ADDED,
    FAMILIES,
    LIST_STREAM_NOTE,
    LIST_STREAM_RULES,
    LIST_STREAMS_TITLE,
    STREAMS,
    UNVERIFIED,
    StreamNote,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_acton.streams.base.old_stream import ActOnStream

SCHEMAS = Path(__file__).parents[2] / "tap_acton" / "schemas"

HEAD = """\
<!-- This page is generated: run .venv/bin/python -m tests.documentation.generate -->

# {title}

[All streams](README.md) · [How columns come about](README.md#how-columns-come-about)
"""

NOT_DOCUMENTED = (
    "Act-On documents the path of this endpoint, but not its answer. The rows are found whatever "
    "its shape; the columns are what is likely, and whatever else comes is in `extra_fields`."
)


def schema_of(stream: str) -> dict[str, Any]:
    """Read the JSON schema of a stream.

    Args:
        stream: The name of the stream.

    Returns:
        The schema as it stands in its file, descriptions and Act-On's names included.
    """
    path = SCHEMAS / f"{stream}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def family_of(kind: type[ActOnStream]) -> str:
    """Give the title of a stream's family.

    Args:
        kind: The stream.

    Returns:
        The title that the stream's module has, or its package.
    """
    module = kind.__module__.removeprefix("tap_acton.streams.")
    return FAMILIES.get(module) or FAMILIES[module.partition(".")[0]]


def page_of(kind: type[ActOnStream]) -> str:
    """Give the page that describes a stream.

    Args:
        kind: The stream.

    Returns:
        The name of the page in ``docs/streams``.
    """
    return f"{family_of(kind).lower().replace(' ', '-')}.md"


def families() -> dict[str, list[type[ActOnStream]]]:
    """Sort the streams by family.

    Returns:
        The streams per title, in the order of :data:`FAMILIES`.
    """
    titles = list(dict.fromkeys(FAMILIES.values()))
    ordered = sorted(STREAM_TYPES, key=lambda kind: titles.index(family_of(kind)))
    return {title: list(kinds) for title, kinds in groupby(ordered, family_of)}


def pages() -> dict[str, str]:
    """Make the page of every family.

    Returns:
        The texts by the name of the page in ``docs/streams``.
    """
    texts = {
        page_of(kinds[0]): "\n".join([HEAD.format(title=title), *map(_section, kinds)])
        for title, kinds in families().items()
    }
    own = _described(ListStream, LIST_STREAMS_TITLE, LIST_STREAM, LIST_STREAM_NOTE)
    texts[page_of(ListStream)] += f"\n{own}\n{LIST_STREAM_RULES}"
    return texts


def index() -> str:
    """Make the table of contents of the pages.

    Returns:
        Markdown: a heading and a table per family.
    """
    parts = []
    for title, kinds in families().items():
        rows = [
            (link(kind), cell(schema_of(kind.name)["description"]), marks(kind)) for kind in kinds
        ]
        parts.append(f"### {title}\n\n{table(('stream', 'what it holds', ''), rows)}\n")
    return "\n".join(parts)


def overview(folder: str) -> str:
    """Make the table of all streams.

    Args:
        folder: Where the pages are, seen from the table.

    Returns:
        Markdown: a row per stream.
    """
    rows = [
        (
            link(kind, folder),
            f"`{STREAMS[kind.name].endpoint}`",
            codes(kind.primary_keys),
            _replication(kind),
            STREAMS[kind.name].cost,
            marks(kind),
        )
        for kind in STREAM_TYPES
    ]
    head = ("stream", "endpoint", "key", "replication", "calls in a first run", "")
    return table(head, rows)


def link(kind: type[ActOnStream], folder: str = "") -> str:
    """Link to the description of a stream.

    Args:
        kind: The stream.
        folder: Where the pages are, seen from the link.

    Returns:
        The link, with the stream's name as its text.
    """
    return f"[{kind.name}]({folder}{page_of(kind)}#{kind.name})"


def is_unverified(kind: type[ActOnStream]) -> bool:
    """Say whether the answer of a stream's endpoint is not documented.

    Args:
        kind: The stream.

    Returns:
        Whether the stream is made for such answers, or is named as one in the reference.
    """
    return issubclass(kind, UnverifiedStream) or kind.name in UNVERIFIED


def marks(kind: type[ActOnStream]) -> str:
    """Mark what is unlike most streams.

    Args:
        kind: The stream.

    Returns:
        Words for the last cell of a table's row; empty for most streams.
    """
    words = {"opt-in": not kind.selected_by_default, "unverified": is_unverified(kind)}
    return ", ".join(word for word, holds in words.items() if holds)


def _section(kind: type[ActOnStream]) -> str:
    return _described(kind, kind.name, kind.name, STREAMS[kind.name])


def _described(kind: type[ActOnStream], title: str, schema_name: str, note: StreamNote) -> str:
    schema = schema_of(schema_name)
    facts = {
        "Endpoint": f"`{note.endpoint}`",
        "Key": codes(kind.primary_keys),
        "Replication": _replication(kind),
        "Cost": note.cost,
        "In later runs": note.later,
        "Opt-in": note.opt_in,
        "Unverified": NOT_DOCUMENTED if is_unverified(kind) else "",
    }
    rows = [
        (
            f"**{column}**" if column in kind.primary_keys else column,
            _type(definition),
            _source(schema_name, column, definition),
            cell(definition["description"]),
        )
        for column, definition in schema["properties"].items()
        if column != EXTRA_FIELDS
    ]
    parts = [
        f"## {title}",
        schema["description"],
        "\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact),
        table(("column", "type", "Act-On's field", "description"), rows),
    ]
    if IGNORED in schema:
        reasons: dict[str, list[str]] = {}
        for field, reason in schema[IGNORED].items():
            reasons.setdefault(reason, []).append(field)
        left_out = (f"{codes(fields)} ({reason})" for reason, fields in reasons.items())
        parts.append(f"Left out on purpose: {'; '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


def _replication(kind: type[ActOnStream]) -> str:
    key = kind.replication_key
    return f"incremental on `{key}`" if key else "full table"


def _type(definition: Mapping[str, Any]) -> str:
    names = [name for name in definition["type"] if name != "null"]
    text = definition.get("format") or names[0]
    return str(text) if "null" in definition["type"] else f"{text}, never null"


def _source(stream: str, column: str, definition: Mapping[str, Any]) -> str:
    return "*tap*" if (stream, column) in ADDED else codes(definition.get(NAMES, ()))
