"""Parts of Markdown that the generated pages are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table, without an end of line."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def cell(text: str) -> str:
    """Escape what would end a cell of a table."""
    return text.replace("|", "\\|")


def codes(names: Iterable[str]) -> str:
    """Write names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)
