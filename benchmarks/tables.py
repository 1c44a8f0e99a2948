"""Formats numbers and tables for people."""

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
    """Format a Markdown table that also reads well as plain text, numbers aligned right."""
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
    """Format the median, followed by the range if there are several values."""
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}} to {max(values):{form}})"


def machine() -> str:
    """Describe this machine: cores, system, and versions that matter."""
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
    """Return the processor's name, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({named[0]})" if named else ""
