"""What it costs to start the tap, where that needs no network."""

from __future__ import annotations

import sys

from benchmarks.processes import measure, own_folder
from benchmarks.tables import MEGABYTE, spread, table

COMMANDS = ("--version", "--about", "--discover")


def table_of(rounds: int) -> str:
    """Measure the commands so many times, and return the results as a table."""
    lines = []
    with own_folder() as folder:
        for option in COMMANDS:
            command = [sys.executable, "-m", "tap_acton", option]
            costs = [measure(command, folder, folder / "output") for _ in range(rounds)]
            lines.append(
                (
                    f"`tap-acton {option}`",
                    spread([cost.processor for cost in costs], ".2f"),
                    f"{max(cost.memory for cost in costs) / MEGABYTE:,.0f}",
                )
            )
    return table(("start", "processor seconds", "MB"), lines)
