"""How close the tap gets to the allowed calls per second, and whether it is ever throttled."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import MESSAGE_EVENTS, tap_files
from benchmarks.processes import measure, own_folder, server
from benchmarks.tables import table

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = 5
"""Calls per second (Act-On reference, 2024 edition)."""

LATENCIES = (0.05, 0.2, 0.8)


@dataclass(frozen=True)
class Pace:
    """What a run achieved.

    Attributes:
        latency: Seconds per call.
        calls: The number of calls, including the login.
        refused: Calls that came too early.
        between: Seconds from the first call to the last, as the server saw them.
        run: Seconds from the start of the command to its end.
    """

    latency: float
    calls: int
    refused: int
    between: float
    run: float


def table_of(messages: int) -> str:
    """Measure a whole run at each latency, with the tap's default settings.

    Args:
        messages: How many messages are read, at seven calls each.
    """
    with ThreadPoolExecutor(len(LATENCIES)) as pool:
        paces = list(pool.map(lambda latency: pace(latency, messages), LATENCIES))
    head = (
        "latency",
        "calls",
        "throttled",
        "seconds",
        "share of the allowed rate",
        "from first to last call",
    )
    return table(
        head,
        [
            (
                f"{each.latency * 1000:.0f} ms",
                f"{each.calls:,}",
                str(each.refused),
                f"{each.run:.1f}",
                f"{each.calls / each.run / ALLOWED:.1%}",
                f"{(each.calls - 1) / each.between / ALLOWED:.1%}",
            )
            for each in paces
        ],
    )


def pace(latency: float, messages: int) -> Pace:
    """Measure a whole run."""
    with (
        server(messages=messages, latency=latency, rate=ALLOWED) as running,
        own_folder() as folder,
    ):
        config, catalog = tap_files(
            running.url,
            folder,
            (MESSAGE_EVENTS,),
            custom_field_columns=False,
            token_store=str(folder / "store"),
        )
        running.counts()
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tap_acton",
            "--config",
            config,
            "--catalog",
            catalog,
        ]
        cost = measure(command, folder, folder / "output")
        counts = running.counts()
    return Pace(latency, counts.calls, counts.refused, counts.seconds, cost.wall)
