"""Small pieces of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table.

    Args:
        head: The headings of the columns.
        rows: The cells of each row.

    Returns:
        The table, without an end of line.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def cell(text: str) -> str:
    """Make a text fit for a cell of a table.

    Args:
        text: The text.

    Returns:
        The text, with nothing in it that ends the cell.
    """
    return text.replace("|", "\\|")


def codes(names: Iterable[str]) -> str:
    """Set names as code.

    Args:
        names: The names.

    Returns:
        The names, with commas between them.
    """
    return ", ".join(f"`{name}`" for name in names)


def with_part(text: str, name: str, part: str) -> str:
    """Replace a generated part of a text.

    Args:
        text: The text; the part stands between two comments that name it.
        name: The name.
        part: What is to stand there.

    Returns:
        The text with the part.

    Raises:
        ValueError: If the text does not have the two comments once.
    """
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    replaced, count = pattern.subn(lambda _: f"{begin}\n\n{part.strip()}\n\n{end}", text)
    if count != 1:
        raise ValueError(name)
    return replaced
