"""How many records are read per CPU second, and how much memory that takes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import SUBJECTS
from benchmarks.processes import Cost, measure, own_folder, server
from benchmarks.tables import MEGABYTE, spread, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.contenders import Contender, Subject
    from benchmarks.processes import RunningServer

ROUNDS = {10_000: 3, 100_000: 2, 1_000_000: 1}
"""How many times each size is measured."""

STARTS = 3
"""How many times the start is."""


@dataclass(frozen=True)
class Speed:
    """What the contenders needed for so many records, round by round.

    Attributes:
        title: What was read.
        records: How many records.
        costs: Each contender's rounds.
        start: Each contender's rounds with next to nothing to read.
    """

    title: str
    records: int
    costs: dict[str, list[Cost]]
    start: dict[str, list[Cost]]

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Return the rows of the table, one per contender."""
        first = next(iter(self.costs.values()))
        for name, costs in self.costs.items():
            processor = statistics.median(cost.processor for cost in costs)
            start = statistics.median(cost.processor for cost in self.start[name])
            yield (
                name,
                f"{self.records / processor:,.0f}",
                # The difference of two nearly equal figures means nothing.
                f"{self.records / (processor - start):,.0f}" if processor > 2 * start else "",
                spread(
                    [
                        cost.processor / own.processor
                        for cost, own in zip(costs, first, strict=True)
                    ],
                    ".2f",
                ),
                f"{self.records / statistics.median(cost.wall for cost in costs):,.0f}",
                f"{max(cost.memory for cost in costs) / MEGABYTE:,.0f}",
            )

    def table(self) -> str:
        """Return the results as a table."""
        head = (
            f"{self.title}: {self.records:,}",
            "records per processor second",
            "without startup",
            "processor time relative to the first line",
            "records per second",
            "MB",
        )
        return table(head, self.lines())


def speeds(sizes: Iterable[int], rounds: int | None = None, only: str = "") -> Iterator[Speed]:
    """Measure all contenders whose environment is installed, for each stream and size.

    Args:
        sizes: Numbers of records.
        rounds: How many times; by default fewer for more records.
        only: Only contenders whose names contain this.
    """
    for subject in SUBJECTS:
        contenders = [
            each for each in subject.contenders if each.is_installed and only in each.name
        ]
        start = _rounds(subject, contenders, 1, STARTS)
        for records in sizes:
            able = [each for each in contenders if records <= (each.most_records or records)]
            measured = _rounds(subject, able, records, rounds or ROUNDS.get(records, 1))
            yield Speed(subject.title, subject.size(records)[0], measured, start)


def _rounds(
    subject: Subject, contenders: Sequence[Contender], records: int, times: int
) -> dict[str, list[Cost]]:
    """Measure the contenders one after another, round by round."""
    costs: dict[str, list[Cost]] = {each.name: [] for each in contenders}
    expected, size = subject.size(records)
    with server(**size) as running:
        for _ in range(times):
            for each in contenders:
                costs[each.name].append(_measured(each, running, expected))
    return costs


def _measured(contender: Contender, running: RunningServer, expected: int) -> Cost:
    """Measure a contender once, and check that it read every record."""
    with own_folder() as folder:
        output = folder / "output"
        command: list[str | Path] = [contender.python, *contender.command(running.url, folder)]
        cost = measure(command, folder, output)
        files = folder.glob(contender.written) if contender.written else [output]
        found = sum(_count(file, contender.mark) for file in files)
    if found != expected:
        raise RuntimeError(f"{contender.name} read {found:,} of {expected:,} records.")
    return cost


def _count(file: Path, mark: bytes) -> int:
    with file.open("rb") as lines:
        return sum(mark in line for line in lines)
