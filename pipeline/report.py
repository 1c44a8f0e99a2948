"""What a run brought, beside what the tap says it emitted: a table in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.warehouse import LOADER_PYTHON, RowCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADINGS = ("table", "rows", "emitted", "arrived", "calls", "calls before")
EXAMPLE = "SELECT subject, sent, opened_unique FROM message_reports ORDER BY sent DESC LIMIT 10"


class Line(NamedTuple):
    """One stream and its table.

    Attributes:
        table: The name of both.
        rows: Rows in the table.
        emitted: Rows that the tap emitted in this run.
        arrived: Rows in the table that this run wrote.
        calls: Calls that this run made for the stream.
        calls_before: The same of the run before.
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
    """Put side by side what the tap and what the warehouse counted.

    Args:
        summary: The tap's summary of this run.
        previous: Its summary of the run before, if there was one.
        counts: The rows in the warehouse.

    Returns:
        A line for every stream and every table, sorted by name, and one for the calls
        that got a token.
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
    logins, logins_before = summary.get("logins", 0), (previous or {}).get("logins", 0)
    return [*lines, Line("(logins)", 0, 0, 0, logins, logins_before)]


def table(lines: Sequence[Line]) -> str:
    """Lay out the lines, with their sum below.

    Args:
        lines: The lines.

    Returns:
        The table: names on the left, numbers aligned on the right.
    """
    total = Line("total", *map(sum, zip(*(line[1:] for line in lines), strict=True)))
    cells = [HEADINGS, *((line.table, *map("{:,}".format, line[1:])) for line in [*lines, total])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(["", rows[0], rule, *rows[1:-1], rule, rows[-1], ""])


def mismatch(lines: Sequence[Line]) -> str | None:
    """Say where the warehouse does not have what the tap emitted.

    Args:
        lines: The lines.

    Returns:
        One sentence, or None where all has arrived.
    """
    wrong = [
        f"{line.table} ({line.arrived:,} of {line.emitted:,})"
        for line in lines
        if line.arrived != line.emitted
    ]
    if not wrong:
        return None
    return f"the warehouse does not have what was emitted: {', '.join(wrong)}."


def where_to_look(database: Path) -> str:
    """Tell where the rows are, and how to begin with them.

    Args:
        database: The DuckDB file.

    Returns:
        The path, and a command with a query.
    """
    return f"""\
All rows are in {database}. The ten largest mailings, for example:

{LOADER_PYTHON} -c "import duckdb
warehouse = duckdb.connect('{database}')
warehouse.sql('{EXAMPLE}').show()"
"""
