"""Puts the page together: everything in one file, readable without its script."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from report import vega, words
from report.database import EPOCH
from report.figures import (
    FIGURES,
    INFLATED,
    LONGEST_BY_DAY,
    LONGEST_BY_WEEK,
    MOST_IN_TABLE,
    label,
    rows,
    tabled,
    unit_of_time,
)
from report.listings import LISTINGS, Column
from report.marts import QUERIES
from report.story import (
    BEYOND_CHANCE,
    CHANGES,
    CONFIDENCE,
    ENOUGH_SENT,
    LEAST_CHANGE,
    MOST_BOUNCES,
    MOST_COMPLAINTS,
    STILL_OPENING,
    is_beyond_chance,
    story,
)
from report.totals import (
    PERIODS,
    TILES,
    WITHOUT_A_NAME,
    Choice,
    Number,
    among,
    chosen,
    first_choice,
    has_before,
    left_out,
    name_of,
    span,
    total,
    without_future,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from report.figures import Figure
    from report.listings import Listing
    from report.marts import Marts, Table
    from report.totals import Total

SECTIONS = {
    "overview": "Overview",
    "messages": "Messages",
    "audience": "Audience",
    "deliverability": "Deliverability",
    "web": "Web and forms",
    "webinars": "Webinars",
    "health": "Data health",
}

TYPES = {"SENT": "Sent once", "TRIGGERED": "Triggered", "FAILED": "Failed"}

OF_OPENS = ("open_rate", "click_to_open_rate")
"""Tiles that are marked, since opens are inflated."""

MESSAGE_COLUMNS: Sequence[Column | Number] = (
    Column("name", "Message"),
    Column("type", "Type"),
    Column("day", "Sent on", "day"),
    *(
        replace(tile, label=f"{tile.label} (inflated opens)") if tile.name in OF_OPENS else tile
        for tile in TILES
        if tile.name != "delivery_rate"
    ),
    Number("minutes", "Average time to open", "minutes", "minutes"),
)

FIRST_ROWS = 25
"""Messages before the reader asks for more."""

MOST_LISTED = 10
"""Rows of a plain table before the reader asks for all."""

HOURS_UNTIL_OLD = 24

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cell:
    """What a cell of a table shows.

    Attributes:
        text: Its words.
        is_number: Whether it stands to the right.
        detail: A second line, such as a subject.
        is_short: Whether it stays on one line.
    """

    text: str
    is_number: bool = False
    detail: str = ""
    is_short: bool = False


def page(marts: Marts, made_at: datetime) -> str:
    """Return the page in HTML.

    Args:
        marts: What was read.
        made_at: The time, in UTC.
    """
    # Somewhere it is tomorrow already.
    marts = without_future(marts, (made_at.date() - EPOCH).days + 1)
    period, choice = first_choice(marts)
    known = span(marts)
    everything = Choice(*known) if known else choice
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words)
    return environment.get_template("page.html").render(
        marts=marts,
        sections=SECTIONS,
        period=period,
        periods=PERIODS,
        choice=choice,
        known=known,
        types={name: TYPES.get(name, name) for name in _types(marts)},
        made_at=made_at.isoformat(timespec="seconds"),
        updated=_updated(marts),
        ages=_ages(marts, made_at),
        story=story(marts, choice),
        tiles=[_tile(tile, marts, choice) for tile in TILES],
        figures={
            name: [_figure(one, marts, choice, everything) for one in figures]
            for name, figures in FIGURES.items()
        },
        listings={
            name: [_listing(one, marts) for one in LISTINGS.get(name, ())] for name in SECTIONS
        },
        message_columns=MESSAGE_COLUMNS,
        messages=_messages(marts, choice),
        message_count=len(chosen(marts.tables["messages"], choice)),
        health=_health(marts),
        inflated=INFLATED,
        of_opens=OF_OPENS,
        data=Markup(_json(_data(marts, period, choice, everything, made_at))),  # noqa: S704 - escaped by _json
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - of this package
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),  # noqa: S704 - of this package
        vega=Markup(vega.script()),  # noqa: S704 - of vl-convert, without the end of a script
    )


def _types(marts: Marts) -> list[str]:
    found = {one for one in marts.tables["messages"].columns["type"] if one}
    return [*(one for one in TYPES if one in found), *sorted(found - TYPES.keys())]


def _tile(tile: Number, marts: Marts, choice: Choice) -> dict[str, Any]:
    messages = marts.tables["messages"]
    now = total(tile, messages, chosen(messages, choice))
    if has_before(marts, choice):
        before = total(tile, messages, chosen(messages, choice.before))
        text, verdict = compared(tile, now, before)
    else:
        text, verdict = "No full period before to compare with", "none"
    return {
        "number": tile,
        "value": now.value,
        "text": words.number(now.value, tile.unit),
        "before": text,
        "verdict": verdict,
    }


def compared(tile: Number, now: Total, before: Total) -> tuple[str, str]:
    """Word a number against that of the period before.

    Returns:
        The words, and ``better``, ``worse``, ``same`` or ``none``.
    """
    value, old = now.value, before.value
    if old is None or (tile.unit == "count" and not old):
        return "Nothing in the period before", "none"
    then = f"{words.number(old, tile.unit)} before"
    if value is None:
        return then, "none"
    if value == old:
        return f"Unchanged, {then}", "same"
    moved = words.points(value - old) if tile.unit == "rate" else words.change(value, old)
    if not tile.better or not is_beyond_chance(now, before):
        return f"{moved}, {then}", "same"
    verdict = "better" if (value > old) == (tile.better == "up") else "worse"
    return f"{moved} ({verdict}), {then}", verdict


def _figure(figure: Figure, marts: Marts, choice: Choice, everything: Choice) -> dict[str, Any]:
    unit = unit_of_time((choice if "period" in figure.follows else everything).days)
    cells = []
    shown, others = tabled(figure, rows(figure, marts, choice, everything))
    for row in shown:
        keys = [Cell(_key(figure, marts, column, row[column], unit)) for column in figure.by]
        cells.append(
            [
                *keys,
                *(
                    Cell(words.number(row[one.name], one.unit), is_number=True)
                    for one in figure.numbers
                ),
            ]
        )
    return {
        "figure": figure,
        "headings": [*(HEADINGS.get(column, column.capitalize()) for column in figure.by)],
        "rows": cells,
        "left_out": others,
        "missing": marts.tables[figure.table].missing,
        "empty": "Nothing in this period." if len(marts.tables[figure.table]) else _nothing(figure),
    }


def _nothing(figure: Figure) -> str:
    return f"{next(iter(QUERIES[figure.table].reads))} has no rows so far."


HEADINGS = {
    "bucket": "Time",
    "row": "Message",
    "cohort": "Created",
    "months": "Months since",
    "step": "Days after sending",
    "name": "Webinar",
}


def _key(figure: Figure, marts: Marts, column: str, value: Any, unit: str) -> str:
    if column == "row":
        return name_of(marts.tables[figure.table], value)
    return label(figure, column, value, unit)


def _listing(listing: Listing, marts: Marts) -> dict[str, Any]:
    table = marts.tables[listing.table]
    made = [_cells(listing.columns, table, row) for row in range(len(table))]
    return {
        "listing": listing,
        "rows": made,
        "left_out": left_out(table),
        "missing": table.missing,
        "accounts": [marts.accounts[one] for one in table.columns["account"]],
    }


def _cells(columns: Sequence[Column | Number], table: Table, row: int) -> list[Cell]:
    cells = []
    for column in columns:
        if isinstance(column, Number):
            empty = not column.over and table.columns[column.of][row] is None
            value = None if empty else total(column, table, [row]).value
            cells.append(Cell(words.number(value, column.unit), is_number=True))
            continue
        if column.name == "name":
            cells.append(Cell(name_of(table, row), detail=_detail(table, row)))
            continue
        value = table.columns[column.name][row]
        if value is None:
            cells.append(Cell(words.NOTHING))
        elif column.unit == "day":
            cells.append(Cell(words.day(value), is_short=True))
        elif column.unit == "time":
            cells.append(Cell(words.time(value), is_short=True))
        elif column.name == "type":
            cells.append(Cell(TYPES.get(value, value), is_short=True))
        else:
            cells.append(Cell(value))
    return cells


def _detail(table: Table, row: int) -> str:
    """Return the subject, unless it is shown as the name."""
    subject = table.columns["subject"][row] if "subject" in table.columns else None
    is_named = bool((table.columns["name"][row] or "").strip())
    return subject if is_named and subject and subject.strip() else ""


def _messages(marts: Marts, choice: Choice) -> list[tuple[str, list[Cell]]]:
    messages = marts.tables["messages"]
    return [
        (marts.accounts[messages.columns["account"][row]], _cells(MESSAGE_COLUMNS, messages, row))
        for row in chosen(messages, choice)[:FIRST_ROWS]
    ]


def _updated(marts: Marts) -> dict[str, str]:
    """Return when the newest message of each account was read, or whatever else was, in UTC."""
    table = marts.tables["health"].columns
    newest: dict[str, tuple[bool, str]] = {}
    for account, name, time in zip(table["account"], table["table"], table["newest"], strict=True):
        if time:
            # Lists of today do not make the mail of last month new.
            one = name == "messages", time
            of = marts.accounts[account]
            newest[of] = max(newest.get(of, one), one)
    return {account: time for account, (_, time) in newest.items()}


def _ages(marts: Marts, made_at: datetime) -> dict[str, str]:
    """Return how long ago each account was read, if that is longer than a day."""
    hours = {
        name: int(
            (made_at - datetime.fromisoformat(time).replace(tzinfo=UTC)).total_seconds() // 3600
        )
        for name, time in _updated(marts).items()
    }
    return {name: words.age(age) for name, age in hours.items() if age >= HOURS_UNTIL_OLD}


def _health(marts: Marts) -> dict[str, Any]:
    table = marts.tables["health"].columns
    # Each account has a limit of its own; of its runs, the last one knows what is left.
    last: dict[int, tuple[str, int]] = {}
    for account, ended, left in zip(
        table["account"], table["ended"], table["calls_left"], strict=True
    ):
        if ended and left is not None:
            one = ended, -left
            last[account] = max(last.get(account, one), one)
    return {
        "loaded": sum(one is not None for one in table["rows"]),
        "tables": len(table["rows"]),
        "calls": sum(one or 0 for one in table["calls"]) if any(table["ended"]) else None,
        "left": min((-fewer for _, fewer in last.values()), default=None),
        "unnamed": among(marts.tables["unnamed"]),
    }


def _data(
    marts: Marts, period: str, choice: Choice, everything: Choice, made_at: datetime
) -> dict[str, Any]:
    figures = [one for group in FIGURES.values() for one in group]
    return {
        "accounts": marts.accounts,
        "tables": {name: table.columns for name, table in marts.tables.items()},
        "missing": {name: table.missing for name, table in marts.tables.items() if table.missing},
        "figures": [
            {
                **{
                    name: value
                    for name, value in vars(figure).items()
                    if name not in {"draw", "about", "source", "title", "labels", "numbers"}
                },
                "numbers": [asdict(one) for one in figure.numbers],
                "labels": list(figure.labels.items()),
                "nothing": _nothing(figure),
                "spec": figure.specification(),
            }
            for figure in figures
        ],
        "listings": [
            {
                "name": one.name,
                "table": one.table,
                "columns": [asdict(column) for column in one.columns],
                "empty": one.empty,
            }
            for group in LISTINGS.values()
            for one in group
        ],
        "tiles": [asdict(tile) for tile in TILES],
        "messages": [asdict(column) for column in MESSAGE_COLUMNS],
        "types": TYPES,
        "first": {"period": period, "from": choice.first, "to": choice.last},
        "span": [everything.first, everything.last],
        "isEmpty": span(marts) is None,
        "updated": _updated(marts),
        "made": made_at.isoformat(timespec="seconds"),
        "rules": {
            "beyondChance": BEYOND_CHANCE,
            "leastChange": LEAST_CHANGE,
            "confidence": CONFIDENCE,
            "mostBounces": MOST_BOUNCES,
            "mostComplaints": MOST_COMPLAINTS,
            "enoughSent": ENOUGH_SENT,
            "stillOpening": STILL_OPENING,
            "changes": [tile.name for tile in CHANGES],
            "tooManyTimes": words.TOO_MANY_TIMES,
            "mostLetters": words.MOST_LETTERS,
            "longestByDay": LONGEST_BY_DAY,
            "longestByWeek": LONGEST_BY_WEEK,
            "withoutAName": WITHOUT_A_NAME,
            "firstRows": FIRST_ROWS,
            "mostInTable": MOST_IN_TABLE,
            "mostListed": MOST_LISTED,
            "hoursUntilOld": HOURS_UNTIL_OLD,
        },
    }


def _json(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A script element ends at </script>, and <!-- changes how it is read.
    return text.replace("<", "\\u003c")
