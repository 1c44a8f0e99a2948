"""Writes the parts of the documentation that follow from the code.

``python -m tests.documentation.generate`` rewrites the pages of the streams in ``docs/streams``
and, between comments that mark them, the tables in ``README.md``, ``docs/streams/README.md``,
``docs/coverage.md`` and ``docs/sandbox.md``. A test fails while they are not current.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from acton_sandbox.faults import KINDS
from tap_acton.settings.schema import CONFIG_SCHEMA
from tests.documentation import coverage, stream_pages
from tests.documentation.markdown import cell, codes, table, with_part
from tests.documentation.reference import SETTING_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
STREAM_PAGES = ROOT / "docs" / "streams"
STREAM_INDEX = STREAM_PAGES / "README.md"
COVERAGE = ROOT / "docs" / "coverage.md"
SANDBOX = ROOT / "docs" / "sandbox.md"


def documents() -> dict[Path, str]:
    """Make all documents current.

    Returns:
        The text of every file that is generated, or has generated parts.
    """
    texts = {STREAM_PAGES / name: text for name, text in stream_pages.pages().items()}
    for path, parts in PARTS.items():
        text = path.read_text(encoding="utf-8")
        for name, part in parts.items():
            text = with_part(text, name, part())
        texts[path] = text
    return texts


def settings_tables() -> str:
    """Make the tables of the settings.

    Returns:
        Markdown: a table per group.
    """
    properties = CONFIG_SCHEMA["properties"]
    parts = []
    for group, names in SETTING_GROUPS.items():
        rows = [
            (f"`{name}`", _default(name), cell(properties[name]["description"])) for name in names
        ]
        parts.append(f"**{group}**\n\n{table(('setting', 'default', 'what it does'), rows)}")
    return "\n\n".join(parts)


def faults_table() -> str:
    """Make the table of the sandbox's faults.

    Returns:
        Markdown: a row per kind of fault.
    """
    rows = [(f"`{kind}`", cell(effect)) for kind, effect in KINDS.items()]
    return table(("kind", "what it does"), rows)


def _default(name: str) -> str:
    if name in CONFIG_SCHEMA["required"]:
        return "required"
    default = CONFIG_SCHEMA["properties"][name].get("default")
    if default is None or default == []:
        return ""
    if isinstance(default, list):
        return codes(default)
    return f"`{json.dumps(default) if isinstance(default, bool) else default}`"


PARTS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {
        "settings": settings_tables,
        "streams": partial(stream_pages.overview, "docs/streams/"),
    },
    STREAM_INDEX: {"streams": stream_pages.index},
    COVERAGE: {
        "domo": coverage.domo_table,
        "cdata": coverage.cdata_table,
        "beyond": coverage.beyond,
    },
    SANDBOX: {"faults": faults_table},
}
"""The files that are written by hand but for some parts, and what makes these."""


def main() -> None:
    """Write the generated documentation, and remove the pages of families that are gone."""
    texts = documents()
    for path in set(STREAM_PAGES.glob("*.md")) - set(texts):
        path.unlink()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
