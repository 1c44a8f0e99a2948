"""The pages of the models: what the marts hold, as their descriptions in ``transform/`` say.

``scripts.docs`` writes them, a page per family in ``docs/models``, and the table of the metrics.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from scripts.models import ADDED, columns_of
from scripts.tables import cell, codes, table
from tap_acton.streams import STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


ROOT = Path(__file__).parents[1]
MODELS = ROOT / "transform" / "models"
MODEL_PAGES = ROOT / "docs" / "models"

FAMILIES = {
    "messages": "Messages",
    "people": "People",
    "crm": "CRM",
    "lists": "Lists",
    "suppression": "Suppression",
    "web": "Web",
    "webinars": "Webinars",
    "health": "Data health",
}
"""The title of each family's page by its folder below ``marts``, in the order of docs/models.md."""

HEAD = """\
<!-- This page is generated: run .venv/bin/python -m scripts.docs -->

# Models: {title}

[All models, and how to build them](../models.md)
"""

STAGING = """\
`stg_acton__<stream>` has the columns of [its stream](../streams/README.md) but `extra_fields`,
typed the same in every warehouse. Each view has two more:

{added}

A column is called the same in the stream and in the view, except for these:

{renamed}
"""


def model_pages() -> dict[Path, str]:
    """Return the text of every page."""
    texts = {
        MODEL_PAGES / f"{family}.md": "\n".join(
            [
                HEAD.format(title=title),
                *map(_section, _read(f"marts/{family}/{family}.yml")["models"]),
            ]
        )
        for family, title in FAMILIES.items()
    }
    staging = STAGING.format(
        added=table(("column", "description"), [*ADDED.items()]),
        renamed=table(("view", "column", "in the stream", "description"), _renamed()),
    )
    return texts | {MODEL_PAGES / "staging.md": f"{HEAD.format(title='Staging')}\n{staging}"}


def metrics_table() -> str:
    """Make the table of the metrics, each with what it counts, or what it divides by what."""
    rows = []
    for metric in _read("semantic/metrics.yml")["metrics"]:
        of = metric["type_params"]
        divided = f"`{of['numerator']}` / `{of['denominator']}`" if "numerator" in of else ""
        rows.append((f"`{metric['name']}`", cell(metric["description"]), divided))
    return table(("metric", "what it is", "ratio of"), rows)


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((MODELS / name).read_text(encoding="utf-8"))
    return content


def _section(model: Mapping[str, Any]) -> str:
    name = model["name"]
    (key,) = [test["key"]["arguments"]["columns"] for test in model["data_tests"] if "key" in test]
    rows = [
        (
            f"**{column['name']}**" if column["name"] in key else column["name"],
            column["data_type"],
            cell(column["description"]),
        )
        for column in model["columns"]
    ]
    facts = [
        f"- Key: {codes(key)}",
        f"- What to ask it: [questions and their SQL](../models.md#{name})",
    ]
    parts = [
        f"## {name}",
        model["description"],
        "\n".join(facts),
        table(("column", "type", "description"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def _renamed() -> Iterator[tuple[str, ...]]:
    for kind in STREAM_TYPES:
        yield from (
            (f"`stg_acton__{kind.name}`", column.name, column.loaded, cell(column.description))
            for column in columns_of(kind.name)
            if column.name != column.loaded
        )
