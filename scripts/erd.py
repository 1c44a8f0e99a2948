"""Draws how streams, and how marts, refer to one another.

``python -m scripts.erd`` writes ``docs/streams/erd.svg`` and ``docs/models-erd.svg``: a panel per
family, in it each table with its keys and with the columns that refer to other tables. A test fails
while one of them is not current.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from scripts.docs import FAMILIES, LIST_STREAM
from scripts.models import LIST_ROWS, TRANSFORM, schema_of
from tap_acton.streams import STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DOCS = Path(__file__).parents[1] / "docs"

REFERENCES = {
    "contact_id": "contacts",
    "dataset_id": "custom_object_datasets",
    "form_id": "forms",
    "landing_page_id": "landing_pages",
    "legacy_record_id": "list_members",
    "list_id": "lists",
    "media_id": "media",
    "message_id": "messages",
    "object_id": "custom_object_schemas",
    "segment_id": "segments",
    "sender_id": "senders",
    "subscription_category_id": "subscription_categories",
}
"""The streams that columns refer to."""

NOT_CUSTOM_OBJECTS = {"contact_activities", "contact_history", "contact_score_details"}
"""The streams whose ``object_id`` is that of a message, a form or anything else."""

COLUMNS = 4
WIDTH, GAP, ROW, HEAD, PADDING = 300, 24, 17, 22, 12

STYLE = """\
text{font:12px sans-serif;fill:#333}
.family{font-size:14px;font-weight:bold}
.table{font-weight:bold;fill:#fff}
.key{font-weight:bold}
.panel{fill:#f4f5f7}
.box{fill:#fff;stroke:#9aa3ad}
.head{fill:#3d5a80}
.line{fill:none;stroke:#3d5a80}
@media (prefers-color-scheme:dark){text{fill:#ddd}.panel{fill:#22272e}
.box{fill:#2d333b;stroke:#768390}
.head{fill:#4a6fa5}.line{stroke:#8fb3e0}}"""


class Table(NamedTuple):
    """A table of a diagram.

    Attributes:
        name: Its name.
        keys: The columns of its key.
        references: The columns that refer to other tables, with these.
    """

    name: str
    keys: Sequence[str]
    references: Mapping[str, str]

    @property
    def rows(self) -> list[tuple[str, bool, str]]:
        """Each column that is shown, whether it is of the key, and what it refers to."""
        columns = dict.fromkeys([*self.keys, *self.references])
        return [(name, name in self.keys, self.references.get(name, "")) for name in columns]

    @property
    def height(self) -> int:
        """The height of the box."""
        return HEAD + ROW * len(self.rows) + 6


def streams() -> dict[str, list[Table]]:
    """Give the tables of all streams by family."""
    keys = {kind.name: kind.primary_keys for kind in STREAM_TYPES}
    return {
        family: [
            Table(name, keys[name], _references(name)) for name in notes if name != LIST_STREAM
        ]
        for family, notes in FAMILIES.items()
    }


def _references(stream: str) -> dict[str, str]:
    columns = schema_of(stream)["properties"]
    found = {name: REFERENCES[name] for name in columns if name in REFERENCES}
    if stream.endswith("_details") and stream != "contact_score_details":
        # The details of an item have the item's id.
        item = stream.removesuffix("_details")
        names = {kind.name for kind in STREAM_TYPES}
        found["id"] = item if item in names else f"{item}s"
    if stream in LIST_ROWS:
        found["contact_id"] = "list_members"
    if stream in NOT_CUSTOM_OBJECTS:
        found.pop("object_id", None)
    # A row of a list is not a reference to itself.
    return {name: target for name, target in found.items() if target != stream}


def marts() -> dict[str, list[Table]]:
    """Give the marts by family, as their tests have their keys and references."""
    found: dict[str, list[Table]] = {}
    for folder in sorted((TRANSFORM / "models" / "marts").iterdir()):
        for file in sorted(folder.glob("*.yml")):
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            for model in content.get("models", []):
                found.setdefault(folder.name, []).append(_mart(model))
    names = {table.name for tables in found.values() for table in tables}
    return {
        "CRM" if family == "crm" else family.capitalize(): [
            table._replace(
                # Some tests look at staging, which has the items that a mart leaves out.
                references={
                    column: mart
                    for column, target in table.references.items()
                    if (mart := target.removeprefix("stg_")) in names
                }
            )
            for table in tables
        ]
        for family, tables in found.items()
    }


def _mart(model: Mapping[str, Any]) -> Table:
    keys = [
        # A test of a key may name a column in quotes, or with what stands for its nulls.
        re.sub(r'coalesce\((\w+).*|"(\w+)"', r"\1\2", column)
        for test in model.get("data_tests", [])
        if isinstance(test, dict) and "key" in test
        for column in test["key"]["arguments"]["columns"]
        if column != "source_relation"
    ]
    references = {
        column["name"]: test["relationships"]["arguments"]["to"].split("'")[1]
        for column in model["columns"]
        for test in column.get("data_tests", [])
        if isinstance(test, dict) and "relationships" in test
    }
    return Table(model["name"], keys, references)


def diagram(families: Mapping[str, Sequence[Table]]) -> str:
    """Draw the families, each in the column that is shortest so far."""
    heights = [GAP] * COLUMNS
    parts: list[str] = []
    for family, tables in sorted(families.items(), key=lambda one: -_height(one[1])):
        place = heights.index(min(heights))
        parts += _panel(family, tables, GAP + place * (WIDTH + GAP), heights[place])
        heights[place] += _height(tables) + GAP
    width = GAP + COLUMNS * (WIDTH + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {max(heights)}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _height(tables: Sequence[Table]) -> int:
    return 2 * PADDING + ROW + sum(table.height + PADDING for table in tables)


def _panel(family: str, tables: Sequence[Table], left: int, top: int) -> Iterator[str]:
    yield f'<rect class="panel" x="{left}" y="{top}" width="{WIDTH}" height="{_height(tables)}"/>'
    yield _text(left + PADDING, top + PADDING + 6, family, "family")
    tops: dict[str, int] = {}
    y = top + PADDING + ROW + 4
    for table in tables:
        tops[table.name] = y
        y += table.height + PADDING
    # Lines to tables of the panel run on the left, a track for each such table.
    targets = [name for name in tops if any(name in one.references.values() for one in tables)]
    margin = PADDING + 7 * len(targets)
    for table in tables:
        x, y = left + margin, tops[table.name]
        width = WIDTH - margin - PADDING
        yield f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{table.height}"/>'
        yield f'<rect class="head" x="{x}" y="{y}" width="{width}" height="{HEAD}"/>'
        yield _text(x + 6, y + 15, table.name, "table")
        for number, (column, is_key, target) in enumerate(table.rows):
            middle = y + HEAD + ROW * number + 10
            words = f"{column} → {target}" if target and target not in tops else column
            yield _text(x + 6, middle + 4, words, "key" if is_key else "")
            if target in tops:
                track = left + margin - 7 * (targets.index(target) + 1)
                end = tops[target] + HEAD // 2
                yield f'<path class="line" d="M{x} {middle}H{track}V{end}H{x}"/>'


def _text(x: int, y: int, words: str, kind: str) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{attribute}>{escape(words)}</text>'


def files() -> dict[Path, str]:
    """Give both diagrams."""
    return {
        DOCS / "streams" / "erd.svg": diagram(streams()),
        DOCS / "models-erd.svg": diagram(marts()),
    }


def main() -> None:
    """Write both diagrams."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
