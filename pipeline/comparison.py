"""Compares the rows that the tap emitted with those that arrived, in a plain-text table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.warehouse import LOADER_PYTHON, RowCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADINGS = ("table", "rows", "sent", "loaded", "calls", "calls before")
EXAMPLE = "SELECT subject, sent, open_rate FROM marts.acton__messages ORDER BY sent DESC LIMIT 10"

ALLOWANCE_WORDS = "used up"
"""In the sentence with which the tap ends at a limit; Meltano does not pass on its exit code."""


class Line(NamedTuple):
    """One stream and its table.

    Attributes:
        table: The name of both.
        rows: All rows in the table.
        emitted: Rows that the tap emitted in this run.
        arrived: Rows in the table that this run wrote.
        calls: Calls that this run made for the stream.
        calls_before: Calls that the previous run made for it.
    """

    table: str
    rows: int
    emitted: int
    arrived: int
    calls: int
    calls_before: int


def compare(
    summary: Mapping[str, Any], previous: Mapping[str, Any] | None, counts: Mapping[str, RowCount]
) -> list[Line]:
    """Compare the tap's counts with the warehouse's.

    Returns:
        A line for every stream and every table, sorted by name, one for Meltano's discovery, and
        one for the logins of both.
    """
    before = (previous or {}).get("streams", {})
    lines = []
    for name in sorted({*summary["streams"], *counts}):
        stream = summary["streams"].get(name, {})
        count = counts.get(name, RowCount(rows=0, arrived=0))
        lines.append(
            Line(
                table=name,
                rows=count.rows,
                emitted=stream.get("rows", 0),
                arrived=count.arrived,
                calls=stream.get("calls", 0),
                calls_before=before.get(name, {}).get("calls", 0),
            )
        )
    for name, now, then in zip(
        ("(discovery)", "(logins)"), _besides(summary), _besides(previous or {}), strict=True
    ):
        lines.append(Line(name, 0, 0, 0, now, then))
    return lines


def _besides(summary: Mapping[str, Any]) -> tuple[int, int]:
    """Return the calls that belong to no stream: of discovery, and for the logins of all."""
    discovery = summary.get("discovery") or {}
    logins = discovery.get("logins", 0)
    return discovery.get("calls", 0) - logins, summary.get("logins", 0) + logins


def table(lines: Sequence[Line]) -> str:
    """Format the lines as a table with a total: names on the left, numbers on the right."""
    total = Line("total", *map(sum, zip(*(line[1:] for line in lines), strict=True)))
    cells = [HEADINGS, *((line.table, *map("{:,}".format, line[1:])) for line in [*lines, total])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(["", rows[0], rule, *rows[1:-1], rule, rows[-1], ""])


def mismatch(lines: Sequence[Line]) -> str | None:
    """Say in one sentence which tables lack rows; None if every row arrived."""
    wrong = [
        f"{line.table} ({line.arrived:,} of {line.emitted:,})"
        for line in lines
        if line.arrived != line.emitted
    ]
    if not wrong:
        return None
    return f"rows loaded differ from rows sent: {', '.join(wrong)}."


def is_paused(failure: str) -> bool:
    """Tell whether a run that is not complete has only used up the calls or logins for now."""
    return ALLOWANCE_WORDS in failure


def first_query(database: Path) -> str:
    """Say where the rows and the models are, with a command that queries them."""
    return f"""\
The rows are in {database}, and the models of docs/models.md in its schema marts.
The ten largest mailings, for example:

{LOADER_PYTHON} -c "import duckdb
warehouse = duckdb.connect('{database}')
warehouse.sql('{EXAMPLE}').show()"
"""
