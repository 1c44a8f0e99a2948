"""Numbers as people read them, and tables of them."""

from __future__ import annotations

import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEGABYTE = 10**6


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table in Markdown, the columns behind the first one flush right.

    Args:
        head: The headings.
        rows: The cells.

    Returns:
        The table, aligned for those who read it as it stands.
    """
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]

    def written(line: Sequence[str]) -> str:
        first, *others = line
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([written(lines[0]), written(rule), *map(written, lines[1:])])


def spread(values: Sequence[float], form: str) -> str:
    """Write the median, and how far the values lie apart.

    Args:
        values: The values.
        form: How to write one.

    Returns:
        The median; the smallest and the largest too where there are several.
    """
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}} to {max(values):{form}})"


def machine() -> str:
    """Describe this machine as far as it matters."""
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("singer-sdk", "requests", "msgspec")
    )
    return (
        f"{_cores()} processor cores{_model()}, {platform.system()} on {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}"
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _model() -> str:
    """Name the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({named[0]})" if named else ""
