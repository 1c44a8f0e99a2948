"""A capture: the shape of every answer of a check, and no value of it.

It is made of recorded exchanges alone, and written as one JSON file that a person can read before
sending it.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections import defaultdict
from datetime import timedelta
from email.message import Message
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from tap_acton.api.endpoints import endpoint_of
from tap_acton.api.responses import without_stray_braces
from tap_acton.check.places import KeptNumber, is_error, marked
from tap_acton.check.replacements import Replacements, is_too_deep
from tap_acton.check.shapes import content_type_of
from tap_acton.check.thinning import Rows, features_of, thinned
from tap_acton.check.words import is_documented, is_documented_value
from tap_acton.records.list_table import LONGEST_CELL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.api.exchange import Exchange

FORMAT = 1
"""The version of the file's format."""

PAGING = frozenset({"count", "offset", "page", "pageSize", "pageNumber", "size"})
"""Parameters whose numbers the tap chose itself."""

TOTALS = ("totalCount", "totalElements", "total", "count")
"""Fields beside the rows that may count them."""

_LONGEST_DIGITS = 24
_FIRST_DAYS, _LAST_DAYS = 400, 1400
_SECONDS_A_DAY = 86_400


class Content(NamedTuple):
    """The body of an answer.

    Attributes:
        kind: JSON, CSV or text.
        value: What it holds: of CSV, the cells.
        notes: What is odd in how it is written.
    """

    kind: str
    value: Any
    notes: dict[str, Any]


def secret_shift() -> timedelta:
    """Draw the amount by which the timestamps of a capture are moved; it is kept nowhere.

    It goes one to four years back, and changes every digit of a time but the last of a minute.
    """
    days = _FIRST_DAYS + secrets.randbelow(_LAST_DAYS - _FIRST_DAYS)
    minutes = secrets.randbelow(_SECONDS_A_DAY // 60)
    return -timedelta(days=days, minutes=minutes, seconds=1 + secrets.randbelow(9))


def capture(
    exchanges: Sequence[Exchange], *, about: Mapping[str, Any], shift: timedelta
) -> dict[str, Any]:
    """Return a document with the shape of every answer.

    Args:
        exchanges: The calls and their answers, in the order in which they were made.
        about: What to say of the check itself; it goes into the document as it is.
        shift: By how much timestamps are moved.
    """
    replacements = Replacements(shift)
    kept = _without_equals(exchanges)
    wanted = frozenset(one for exchange, _ in kept for one in _ids_in(exchange))
    seen: dict[Any, set[Any]] = defaultdict(set)
    answers = []
    for exchange, content in kept:
        rows = Rows(seen[_kind_of_call(exchange)], wanted)
        value = thinned(content.value, content.kind, rows)
        answers.append(_entry(exchange, content, value, replacements))
    return {
        "format": FORMAT,
        "summary": _summary(answers),
        "about": dict(about),
        "answers": answers,
    }


def written(document: Mapping[str, Any]) -> str:
    """Return the text of a document: a line for each value, and for a short array or object."""
    return _written(document, "") + "\n"


def content_of(exchange: Exchange) -> Content:
    """Read the body of an answer, whatever its ``Content-Type`` says that it is."""
    kind, charset = _content_type(exchange)
    notes: dict[str, Any] = {}
    try:
        text = exchange.content.decode(charset or "utf-8")
    except (LookupError, ValueError):
        text = exchange.content.decode("utf-8", "replace")
        notes["unreadable"] = True
    if text.startswith("\ufeff"):
        text, notes["mark"] = text[1:], True
    bare = without_stray_braces(text.encode("utf-8", "replace")).decode()
    if bare != text.strip():
        notes["braces"] = True
    try:
        # Python reads no number of thousands of digits; no id is longer than what is left.
        value = json.loads(bare, parse_int=lambda digits: int(digits[:_LONGEST_DIGITS]))
    except (ValueError, RecursionError):
        return _table(text, notes) if kind == "text/csv" else Content("text", text, notes)
    return Content("text", text, notes) if is_too_deep(value) else Content("JSON", value, notes)


def _table(text: str, notes: dict[str, Any]) -> Content:
    """Read CSV; what cannot be read as such is a text."""
    line = text.partition("\n")[0]
    delimiter = max(",;\t|", key=line.count)
    try:
        # Whoever reads CSV sets it for all.
        csv.field_size_limit(LONGEST_CELL)
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error:
        return Content("text", text, notes)
    is_open = bool(text) and not text.endswith("\n")
    # In a single line without an end, those that come are in its cells.
    ends = "\r\n" in text and not (is_open and len(rows) == 1)
    notes |= {"delimiter": delimiter, "line_end": "\r\n" if ends else "\n"}
    if is_open:
        notes["last_line_is_open"] = True
    return Content("CSV", rows, notes)


def _content_type(exchange: Exchange) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = content_type_of(exchange) or "text/plain"
    return message.get_content_type(), message.get_content_charset("")


def _kind_of_call(exchange: Exchange) -> Any:
    """Return what makes a call another kind of call: everything but ids, pages and dates."""
    parameters = {
        name: value if is_documented_value(str(value)) else ""
        for name, value in exchange.parameters.items()
        if name not in PAGING
    }
    is_first = all(not int(str(exchange.parameters.get(name) or 0)) for name in _PLACES)
    names = json.dumps(_names(exchange.body), sort_keys=True)
    path = endpoint_of(exchange.path)
    return exchange.method, path, *sorted(parameters.items()), names, exchange.status, is_first


_PLACES = ("offset", "page", "pageNumber")


def _without_equals(exchanges: Sequence[Exchange]) -> list[tuple[Exchange, Content]]:
    """Return the exchanges that show something which no other call of their kind has shown."""
    shown: dict[Any, set[Any]] = defaultdict(set)
    kept = []
    for exchange in exchanges:
        content = content_of(exchange)
        if content.kind == "JSON":
            content = content._replace(value=marked(content.value, exchange.status))
        came = len(_rows_in(content.value, rows_at(content.value, content.kind)))
        forms = {*features_of(content.value), ("rows", _class_of(came)), ("answer", content.kind)}
        before = shown[_kind_of_call(exchange)]
        if not forms <= before:
            kept.append((exchange, content))
        before |= forms
    return kept


def _ids_in(exchange: Exchange) -> Iterator[str]:
    """Give the ids in the path of a call; the rows with them are kept, so that answers fit."""
    parts = zip(exchange.path.split("/"), endpoint_of(exchange.path).split("/"), strict=True)
    yield from (unquote(part) for part, word in parts if word == "{id}")


def _names(body: Any) -> Any:
    """Return the names in the body of a call."""
    return {name: _names(held) for name, held in body.items()} if isinstance(body, dict) else ""


def rows_at(value: Any, kind: str) -> tuple[str | int, ...] | None:
    """Return where the rows of an answer are: its outermost array of objects or arrays.

    Without one, an empty array under a documented name; None if there is none either.
    """
    if kind == "CSV":
        return ()
    empty: tuple[str | int, ...] | None = None
    level: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    for _ in range(_DEPTH):
        inner = []
        for path, held in level:
            if isinstance(held, list):
                if any(isinstance(item, dict | list) for item in held):
                    return path
                if not held and empty is None and (not path or is_documented(str(path[-1]))):
                    empty = path
            elif isinstance(held, dict):
                inner += [((*path, name), one) for name, one in held.items()]
        level = inner
    return empty


_DEPTH = 4


def _rows_in(value: Any, place: tuple[str | int, ...] | None) -> list[Any]:
    """Return what stands at a place; nothing if there is no place."""
    for step in place or ():
        value = value[step]
    return value if place is not None else []


def _class_of(number: int) -> str:
    """Return how many rows came, as a power of ten."""
    for least, most in ((2, 9), (10, 99), (100, 999)):
        if least <= number <= most:
            return f"{least} to {most}"
    return str(number) if number < 2 else "1000 or more"  # noqa: PLR2004 - no range


def _entry(
    exchange: Exchange,
    content: Content,
    value: Any,
    replacements: Replacements,
) -> dict[str, Any]:
    """Return what the document says of an exchange."""
    if is_error(exchange.status, content.value):
        replacements = replacements.without_times()
    place = rows_at(value, content.kind)
    head = content.kind == "CSV"
    came = len(_rows_in(content.value, place)) - head
    kept = len(_rows_in(value, place)) - head
    parameters = _chosen(dict(exchange.parameters))
    body = _chosen(exchange.body)
    size = _requested(exchange)
    entry: dict[str, Any] = {
        "stream": exchange.stream,
        "call": f"{exchange.method} {_path(exchange.path, replacements)}",
        "parameters": replacements.value(parameters),
    }
    if exchange.body is not None:
        entry["body"] = replacements.value(body)
    entry |= {"status": exchange.status, "headers": _headers(exchange, replacements)}
    if content.notes:
        entry["written"] = content.notes
    if place is not None:
        entry["rows"] = {
            "at": [replacements.name(str(step)) for step in place],
            "came": _class_of(max(came, 0)),
            "kept": max(kept, 0),
            "fill_the_page": 0 < size <= came,
        }
        value = _counted(value, place, came, kept, {*exchange.parameters.values()})
    entry[content.kind] = (
        replacements.value(value)
        if content.kind == "JSON"
        else _csv(value, replacements)
        if content.kind == "CSV"
        else replacements.text(value, "message")
    )
    return entry


def _csv(rows: Sequence[Sequence[str]], replacements: Replacements) -> list[list[str]]:
    headers = rows[0] if rows else []
    return [
        [replacements.name(header) for header in headers],
        *(
            [
                replacements.text(cell, headers[place] if place < len(headers) else "")
                for place, cell in enumerate(row)
            ]
            for row in rows[1:]
        ),
    ][: len(rows)]


def _path(path: str, replacements: Replacements) -> str:
    """Return a path with made-up ids, each in braces."""
    parts = zip(path.split("/"), endpoint_of(path).split("/"), strict=True)
    return "/".join(
        "{" + quote(replacements.text(unquote(part)), safe="") + "}" if word == "{id}" else part
        for part, word in parts
    )


def _headers(exchange: Exchange, replacements: Replacements) -> dict[str, str]:
    kind, charset = _content_type(exchange)
    kind, charset = replacements.text(kind), replacements.text(charset)
    headers = {"content-type": f"{kind}; charset={charset}" if charset else kind}
    received = {name.lower(): held for name, held in exchange.headers.items()}
    if retry_after := received.get("retry-after"):
        headers["retry-after"] = replacements.text(retry_after)
    return headers


_NO_PLACE = (0, -1)
"""The first page, and what says that there is none."""


def _chosen(sent: Any) -> Any:
    """Return what was sent, with the numbers of pages marked as the tap's own."""
    if isinstance(sent, dict):
        return {
            name: _marked_as_chosen(held) if name in PAGING and type(held) is int else _chosen(held)
            for name, held in sent.items()
        }
    return [_chosen(held) for held in sent] if isinstance(sent, list) else sent


def _marked_as_chosen(number: int) -> int:
    """Mark the number of a page as the tap's own, unless it may be how many rows there are."""
    return KeptNumber(number) if number in _NO_PLACE or not str(number)[1:].strip("0") else number


def _requested(exchange: Exchange) -> int:
    """Return how many rows were requested; 0 if that was left to Act-On."""
    sent = dict(exchange.parameters)
    if isinstance(exchange.body, dict):
        sent |= exchange.body.get("pagination") or {}
    return next((int(sent[name]) for name in ("count", "pageSize", "size") if name in sent), 0)


def _counted(value: Any, place: tuple[str | int, ...], came: int, kept: int, sent: set[Any]) -> Any:
    """Return an answer whose counts are those of the rows that are kept, and of one more if more.

    Args:
        value: The answer.
        place: Where its rows are.
        came: How many rows came.
        kept: How many of them are kept.
        sent: The parameters of the call; what only repeats one of them stays.
    """
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for name, held in value.items():
        if name == "pagination":
            made[name] = _counted(held, (), came, kept, sent)
        elif place and name == place[0]:
            made[name] = _counted(held, place[1:], came, kept, sent)
        elif name in PAGING | {*TOTALS} and type(held) is int:
            if name in TOTALS and held >= 0 and not (held in sent and held != came):
                made[name] = KeptNumber(max(kept + (held > came) - (held < came), 0))
            elif held in sent or held in _NO_PLACE:
                made[name] = _marked_as_chosen(held)
        elif name == "totalPages" and type(held) is int:
            made[name] = KeptNumber(max(min(held, 2), 0))
    return made


def _summary(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a person should know before reading on."""
    statuses: dict[int, int] = defaultdict(int)
    for answer in answers:
        statuses[answer["status"]] += 1
    counts = ", ".join(
        f"{number} with HTTP {status}" for status, number in sorted(statuses.items())
    )
    return [
        f"The shapes of {len(answers)} answers of Act-On ({counts}), and no value of them.",
        "Made up: every text, name, id, address, link and number, of the same form as what came.",
        "Made-up words have the letters z x q v j k w and u o i y, or rare ones of other scripts.",
        "Made-up numbers of four digits and more begin with 3 or 0, and have no digit above 3.",
        "Timestamps are moved back by one amount, not in this file; those of errors are all equal.",
        "Kept: names and enumerations of Act-On's documents, codes of errors, days of the month.",
        "Of many rows alike, one is kept; of equal answers, the first.",
    ]


def _written(value: Any, margin: str) -> str:
    """Write a value on one line if there is room, else with as many items on a line as fit."""
    short = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(short) <= _WIDTH or not value or not isinstance(value, dict | list):
        return short
    inner = f"{margin}  "
    items = (
        [f"{_written(name, inner)}: {_written(held, inner)}" for name, held in value.items()]
        if isinstance(value, dict)
        else [_written(held, inner) for held in value]
    )
    lines = [""]
    for item in items:
        is_alone = "\n" in item or "\n" in lines[-1] or not margin
        if lines[-1] and (is_alone or len(inner) + len(lines[-1]) + len(item) > _WIDTH):
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + item + ","
    text = "\n".join(f"{inner}{line}" for line in lines).removesuffix(",")
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}\n{text}\n{margin}{end}"


_WIDTH = 100
