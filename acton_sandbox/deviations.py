"""Deviations of a good answer: its pages, its total, its body, its table, its timestamps.

Each is a name and a function. A fault of the kind that its table belongs to names it in `value`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acton_sandbox.answers import Answer

Rows = list[Any]

_FEW = 2
"""The most rows of a page of a host that cuts pages."""
_HIDDEN_EVERY = 3
"""Every third row in the order of the pages is one that nobody may see."""
_LIMIT = 5
"""The rows behind which a host gives none."""


def _around(rows: Rows, offset: int, count: int, call: int) -> Rows:
    """Return a page of the rows in an order that is another one in each call."""
    start = call % len(rows) if rows else 0
    return [*rows[start:], *rows[:start]][offset : offset + count]


def _back_and_forth(rows: Rows, offset: int, count: int, call: int) -> Rows:
    """Return a page of the rows, the last one first in every other call."""
    return (rows if call % 2 else rows[::-1])[offset : offset + count]


def _among_hidden(rows: Rows, offset: int, count: int, _: int) -> Rows:
    """Return a page without the rows that nobody may see, which take their places all the same."""
    places = range(offset, offset + count)
    shown = [place - place // _HIDDEN_EVERY for place in places if (place + 1) % _HIDDEN_EVERY]
    return [rows[place] for place in shown if place < len(rows)]


def _last_again(rows: Rows, offset: int, count: int, _: int) -> Rows:
    """Return the last page again where none follows."""
    last = max(0, len(rows) - count)
    return rows[min(offset, last) :][:count]


def _from_the_start(rows: Rows, offset: int, count: int, _: int) -> Rows:
    """Return the first page again where none follows."""
    return rows[offset : offset + count] or rows[:count]


PAGES: Mapping[str, Callable[[Rows, int, int, int], Rows]] = {
    "capped": lambda rows, offset, count, _: rows[offset : offset + min(count, _FEW)],
    "one short": lambda rows, offset, count, _: rows[offset : offset + max(1, count - 1)],
    "filtered": _among_hidden,
    "without offset": lambda rows, _, count, __: rows[:count],
    "all at once": lambda rows, _, __, ___: rows,
    "behind the start": lambda rows, offset, count, _: rows[max(0, offset - 1) :][:count],
    "other order": _around,
    "back and forth": _back_and_forth,
    "last page again": _last_again,
    "first page again": _from_the_start,
    "cut off": lambda rows, offset, count, _: rows[:_LIMIT][offset : offset + count],
    "twice": lambda rows, offset, count, _: [r for row in rows for r in (row, row)][
        offset : offset + count
    ],
}
"""Pages of all rows, by their offset, the number of rows asked for, and the number of the call."""

_MISSING = object()
TOTALS: Mapping[str, Callable[[int, int, int], Any]] = {
    "missing": lambda _, __, ___: _MISSING,
    "null": lambda _, __, ___: None,
    "zero": lambda _, __, ___: 0,
    "unknown": lambda _, __, ___: -1,
    "of the page": lambda _, rows, __: rows,
    "too small": lambda total, _, __: max(0, total - 1),
    "too large": lambda total, _, __: total + 1,
    "growing": lambda total, _, call: total + call,
    "shrinking": lambda total, _, call: max(0, total - call + 1),
    "a text": lambda total, _, __: str(total),
    "words": lambda _, __, ___: "many",
}
"""Another total, by the true one, the number of rows beside it, and the number of the call."""
_TOTAL_KEYS = ("totalCount", "totalElements")


def with_total(value: dict[str, Any], name: str, rows: int, call: int) -> None:
    """Replace the total of an answer by another one."""
    for key in _TOTAL_KEYS:
        if key in value:
            true = value[key] if value[key] >= 0 else rows
            value[key] = TOTALS[name](true, rows, call)
            if value[key] is _MISSING:
                del value[key]


def _encoded(answer: Answer, encoding: str) -> Answer:
    text = answer.body.decode()
    if "json" in answer.content_type and encoding == "latin-1":
        text = json.dumps(json.loads(text))
    body = text.encode(encoding, "replace")
    kind = answer.content_type.partition(";")[0]
    return replace(answer, body=body, content_type=f"{kind};charset={encoding}")


def _held(answer: Answer, *keys: str) -> Answer:
    if "json" not in answer.content_type:
        return answer
    value = json.loads(answer.body)
    for key in reversed(keys):
        value = {key: value}
    return replace(answer, body=json.dumps(value).encode())


def _packed(answer: Answer, body: bytes) -> Answer:
    return replace(answer, body=body, headers=(*answer.headers, ("content-encoding", "gzip")))


BODIES: Mapping[str, Callable[[Answer], Answer]] = {
    "nothing": lambda answer: replace(answer, body=b""),
    "no content": lambda answer: replace(answer, status=204, body=b""),
    "null": lambda answer: replace(answer, body=b"null"),
    "an empty object": lambda answer: replace(answer, body=b"{}"),
    "an empty array": lambda answer: replace(answer, body=b"[]"),
    "a text": lambda answer: replace(answer, body=b'"OK"'),
    "null data": lambda answer: replace(answer, body=b'{"data":null}'),
    "in data": lambda answer: _held(answer, "data"),
    "in a response": lambda answer: _held(answer, "response", "data"),
    "a mark": lambda answer: replace(answer, body=b"\xef\xbb\xbf" + answer.body),
    "utf-16": lambda answer: _encoded(answer, "utf-16"),
    "latin-1": lambda answer: _encoded(answer, "latin-1"),
    "half": lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]),
    "more behind": lambda answer: replace(answer, body=answer.body + b"\n<!-- served -->"),
    "packed": lambda answer: _packed(answer, gzip.compress(answer.body)),
    "badly packed": lambda answer: _packed(answer, answer.body),
    "half a pack": lambda answer: _packed(
        answer, gzip.compress(answer.body)[: len(answer.body) // 4 + 12]
    ),
}
"""Other bodies."""


def _lines(answer: Answer, edit: Callable[[list[str]], list[str]]) -> Answer:
    text = answer.body.decode()
    return replace(answer, body="".join(edit(text.splitlines(keepends=True))).encode())


def _cells(answer: Answer, edit: Callable[[list[list[str]]], Sequence[Sequence[str]]]) -> Answer:
    rows = edit(list(csv.reader(io.StringIO(answer.body.decode(), newline=""))))
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\r\n").writerows(rows)
    return replace(answer, body=table.getvalue().encode())


TABLES: Mapping[str, Callable[[Answer], Answer]] = {
    "cut in a row": lambda answer: replace(answer, body=answer.body.rstrip()[:-4]),
    "cut behind a row": lambda answer: _lines(answer, lambda lines: lines[:-1]),
    "without line end": lambda answer: replace(answer, body=answer.body.rstrip(b"\r\n")),
    "a row missing": lambda answer: _lines(answer, lambda lines: [*lines[:-2], lines[-1]]),
    "a row twice": lambda answer: _lines(answer, lambda lines: [*lines, lines[-1]]),
    "a row for another": lambda answer: _lines(answer, lambda lines: [*lines[:-1], lines[-2]]),
    "a row shifted": lambda answer: _cells(answer, lambda rows: [*rows[:-1], ["", *rows[-1][:-1]]]),
    "a row too wide": lambda answer: _cells(answer, lambda rows: [*rows[:-1], ["", *rows[-1]]]),
    "a row too narrow": lambda answer: _cells(answer, lambda rows: [*rows[:-1], rows[-1][1:]]),
    "a row of totals": lambda answer: _lines(answer, lambda lines: [*lines, "Total,7\r\n"]),
    "an empty line": lambda answer: _lines(answer, lambda lines: [*lines, "\r\n"]),
    "an error behind": lambda answer: _lines(answer, lambda lines: [*lines, "Server error"]),
    "a quote open": lambda answer: _lines(answer, lambda lines: [*lines[:-1], '"' + lines[-1]]),
    "wrong bytes": lambda answer: replace(answer, body=answer.body.rstrip() + b"\xff\xfe\r\n"),
    "headers alone": lambda answer: _lines(answer, lambda lines: lines[:1]),
    "other headers": lambda answer: _lines(answer, lambda lines: ["a" + lines[0], *lines[1:]]),
    "no headers": lambda answer: _lines(answer, lambda lines: lines[1:]),
    "rows reversed": lambda answer: _lines(answer, lambda lines: [lines[0], *lines[:0:-1]]),
    "semicolons": lambda answer: replace(answer, body=answer.body.replace(b",", b";")),
}
"""Other tables in CSV; the defects are in their last rows, behind the first page."""

_MILLISECONDS = re.compile(r"1[67]\d{11}")
_OTHER_ZONE = timezone(timedelta(hours=2))


def _moment(milliseconds: int, zone: timezone = UTC) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, zone)


TIMESTAMPS: Mapping[str, Callable[[int], Any]] = {
    "seconds": lambda at: at // 1000,
    "seconds as text": lambda at: str(at // 1000),
    "milliseconds as text": str,
    "microseconds": lambda at: at * 1000,
    "iso": lambda at: _moment(at).isoformat(timespec="milliseconds"),
    "iso of another zone": lambda at: _moment(at, _OTHER_ZONE).isoformat(timespec="milliseconds"),
    "iso with words": lambda at: f"{_moment(at):%b %d %Y %H:%M:%S} UTC",
    "zero": lambda _: 0,
    "not available": lambda _: "N/A",
}
"""Other spellings of a timestamp in milliseconds."""


def respelt(value: Any, name: str) -> Any:
    """Return a value with every timestamp in it that is a number spelt otherwise."""
    if isinstance(value, dict):
        return {key: respelt(held, name) for key, held in value.items()}
    if isinstance(value, list):
        return [respelt(held, name) for held in value]
    is_number = isinstance(value, int | str) and not isinstance(value, bool)
    if is_number and _MILLISECONDS.fullmatch(str(value)):
        return TIMESTAMPS[name](int(value))
    return value
