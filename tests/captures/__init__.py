"""Captures of accounts, and how to read one back as the exchanges that it may have come from."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_acton.api.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = sorted(Path(__file__).parent.glob("*.json"))
"""Every capture; a new one is read by the tests as soon as it is here."""

COUNTS = ("count", "totalCount", "totalElements", "total")


def exchanges_of(document: Mapping[str, Any]) -> Iterator[Exchange]:
    """Give exchanges of which a capture is that document: with as many rows as it says."""
    for entry in document["answers"]:
        method, _, path = entry["call"].partition(" ")
        kept, more = 0, 0
        if "rows" in entry:
            kept = entry["rows"]["kept"]
            sizes = {**entry["parameters"], **(entry.get("body") or {}).get("pagination", {})}
            size = next((sizes[name] for name in ("count", "pageSize", "size") if name in sizes), 0)
            came = entry["rows"]["came"].partition(" ")[0]
            more = (size if entry["rows"]["fill_the_page"] else max(int(came), kept)) - kept
        yield Exchange(
            stream=entry["stream"],
            method=method,
            path=path.replace("{", "").replace("}", ""),
            parameters=entry["parameters"],
            body=entry.get("body"),
            status=entry["status"],
            headers=entry["headers"],
            content=_content(entry, kept, more).encode(),
        )


def _content(entry: Mapping[str, Any], kept: int, more: int) -> str:
    notes = entry.get("written", {})
    if "CSV" in entry:
        headers, *rows = entry["CSV"] or [[]]
        table = io.StringIO()
        writer = csv.writer(table, delimiter=notes["delimiter"], lineterminator=notes["line_end"])
        writer.writerows([headers, *rows[:1] * more, *rows][: len(entry["CSV"]) + more])
        text = table.getvalue()
        text = text.removesuffix(notes["line_end"]) if "last_line_is_open" in notes else text
    elif "JSON" in entry:
        place = entry.get("rows", {}).get("at")
        text = json.dumps(
            entry["JSON"] if place is None else _grown(entry["JSON"], place, kept, more)
        )
    else:
        text = entry["text"]
    return ("\ufeff" if notes.get("mark") else "") + ("{}\n" if notes.get("braces") else "") + text


def _grown(value: Any, place: list[Any], kept: int, more: int) -> Any:
    """Return an answer whose first row came more often, with counts that fit."""
    if not place:
        return [*value[:1] * more, *value]
    made = {}
    for name, held in value.items():
        if name == place[0]:
            made[name] = _grown(held, place[1:], kept, more)
        elif name == "pagination" and isinstance(held, dict):
            made[name] = {inner: _count(inner, one, kept, more) for inner, one in held.items()}
        elif name == "rowIds" and isinstance(held, dict) and len(held) == kept > 0:
            first, *others = held.items()
            made[name] = dict([first, *((f"x-{n}", n) for n in range(more)), *others])
        else:
            made[name] = _count(name, held, kept, more)
    return made


def _count(name: str, held: Any, kept: int, more: int) -> Any:
    is_count = name in COUNTS and type(held) is int and abs(held - kept) <= 1 and held >= 0
    return held + more if is_count else held
