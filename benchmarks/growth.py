"""How calls and CPU time grow with an account's messages, in a first run and in a nightly run."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import PROJECT
from benchmarks.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIZES = (100, 1_000, 10_000)
CALLS_PER_SECOND = 4.9
"""What the tap achieves of the five calls per second that are allowed."""


@dataclass(frozen=True)
class Growth:
    """What the two runs cost.

    Attributes:
        messages: The messages of the account.
        first_calls: Calls of the first run.
        first_seconds: Its CPU seconds.
        nightly_calls: Calls of the run one day later.
        nightly_seconds: Its CPU seconds.
        state: The size of the state between them, in bytes.
    """

    messages: int
    first_calls: int
    first_seconds: float
    nightly_calls: int
    nightly_seconds: float
    state: int


def growth(sizes: Iterable[int]) -> list[Growth]:
    """Measure accounts with so many messages, each in its own process."""
    return [
        Growth(
            **json.loads(
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.two_runs", str(size)],
                    cwd=PROJECT,
                    check=True,
                    stdout=subprocess.PIPE,
                ).stdout
            )
        )
        for size in sizes
    ]


def table_of(grown: Sequence[Growth]) -> str:
    """Return the results as a table."""
    head = (
        "messages",
        "calls, first run",
        "at the allowed pace",
        "processor seconds",
        "calls, nightly run",
        "at the allowed pace",
        "processor seconds",
        "state, kB",
    )
    return table(
        head,
        [
            (
                f"{each.messages:,}",
                f"{each.first_calls:,}",
                _clock(each.first_calls),
                f"{each.first_seconds:.1f}",
                f"{each.nightly_calls:,}",
                _clock(each.nightly_calls),
                f"{each.nightly_seconds:.1f}",
                f"{each.state / 1000:,.0f}",
            )
            for each in grown
        ],
    )


def _clock(calls: int) -> str:
    """Return how long calls take at the allowed rate, as a clock shows it."""
    return str(timedelta(seconds=round(calls / CALLS_PER_SECOND)))


WIDTH, HEIGHT, MARGIN = 640, 380, 60


def draw(grown: Sequence[Growth], file: str) -> None:
    """Plot calls against messages as SVG, both axes logarithmic."""
    most = math.ceil(math.log10(max(each.first_calls for each in grown)))
    columns = range(int(math.log10(grown[0].messages)), int(math.log10(grown[-1].messages)) + 1)

    def x(messages: int) -> float:
        share = (math.log10(messages) - columns[0]) / max(1, len(columns) - 1)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def y(calls: int) -> float:
        return HEIGHT - MARGIN - math.log10(calls) / most * (HEIGHT - 2 * MARGIN)

    def line(name: str, color: str, calls: Sequence[int]) -> str:
        places = [(x(each.messages), y(number)) for each, number in zip(grown, calls, strict=True)]
        path = " ".join(f"{left:.0f},{top:.0f}" for left, top in places)
        left, top = places[-1]
        dots = "".join(f'<circle cx="{a:.0f}" cy="{b:.0f}" r="4"/>' for a, b in places)
        return (
            f'<g fill="{color}"><polyline points="{path}" fill="none" stroke="{color}" '
            f'stroke-width="2"/>{dots}<text x="{left - 8:.0f}" y="{top - 10:.0f}" '
            f'text-anchor="end">{name}</text></g>'
        )

    rules = "".join(
        f'<path d="M{MARGIN} {y(10**power):.0f}H{WIDTH - MARGIN}" stroke="#ddd"/>'
        f'<text x="{MARGIN - 8}" y="{y(10**power) + 5:.0f}" text-anchor="end">{10**power:,}</text>'
        for power in range(most + 1)
    )
    marks = "".join(
        f'<text x="{x(10**power):.0f}" y="{HEIGHT - MARGIN + 22}" text-anchor="middle">'
        f"{10**power:,}</text>"
        for power in columns
    )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13" fill="#444">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{MARGIN}" y="30">calls per run, by messages of the account</text>'
        f"{rules}{marks}"
        f"{line('first run', '#1f5f99', [each.first_calls for each in grown])}"
        f"{line('nightly run', '#b3541e', [each.nightly_calls for each in grown])}</svg>\n"
    )
    Path(file).write_text(drawing, encoding="utf-8")
