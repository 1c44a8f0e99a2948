"""An account that answers in the shapes of a capture, with as many rows as asked.

A capture is the file that `tap-acton-check --capture` writes: one entry for each call that was
answered, with a few made-up rows. What pages gets more rows, each a copy with an id of its own; all
else is answered as it was captured.
"""

from __future__ import annotations

import csv
import io
import json
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from acton_sandbox.answers import Answer, unrouted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from acton_sandbox.view import View

FORMAT = 1
"""The version of the captures that are understood."""

_NEEDED = {"call": str, "parameters": dict, "status": int, "headers": dict}
_KINDS = ("JSON", "CSV", "text")
"""What an entry has, and what its body is, one of these."""

_OF_ROWS = frozenset({"at", "came", "fill_the_page"})

_DIGITS = 6
"""The id of a copy is that of the row that was captured, and so many digits."""

MOST_ROWS = 10**_DIGITS - 1
"""The most rows that a replay can number."""

_SIZES = ("count", "pageSize", "size")
_NUMBERS = ("page", "pageNumber")
_TOTALS = ("totalCount", "totalElements", "total")
_AFTER = ("modafter", "createdafter", "createdAfter", "updatedAfter")
_BEFORE = ("modbefore", "createdbefore", "createdBefore", "updatedBefore")
_BESIDE = frozenset({*_SIZES, *_NUMBERS, *_AFTER, *_BEFORE, "offset", "period"})
"""Parameters by which rows of one and the same answer are chosen."""

_ID_NAME = re.compile(r"(?:^|.*_)(?:id|recid|listid)_?|.*Id|.*[eE]mail", re.ASCII)
_MONTH = re.compile(r"[0-9]{2}(0[1-9]|1[0-2])")
_MILLISECONDS = 10**11
"""A timestamp below it is in seconds."""


class CaptureError(Exception):
    """A file is no capture; the text says why."""


@dataclass(frozen=True)
class Captured:
    """One entry of a capture: a call, and how it was answered."""

    entry: Mapping[str, Any]

    @cached_property
    def method(self) -> str:
        """GET or POST."""
        return str(self.entry["call"]).partition(" ")[0]

    @cached_property
    def parts(self) -> list[str]:
        """The parts of the path; ids are in braces."""
        return str(self.entry["call"]).partition(" ")[2].split("/")

    @cached_property
    def ids(self) -> list[str]:
        """The ids in the path."""
        return [unquote(part[1:-1]) for part in self.parts if part.startswith("{")]

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters that were sent, as texts."""
        return {name: str(value) for name, value in self.entry["parameters"].items()}

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The parameters, without those that choose among the rows."""
        return {name: value for name, value in self.parameters.items() if name not in _BESIDE}

    @cached_property
    def rows(self) -> list[Any]:
        """The rows that were captured; of CSV, without the headers."""
        if "CSV" in self.entry:
            rows: list[Any] = self.entry["CSV"][1:]
            return rows
        held: Any = self.entry.get("JSON")
        for step in self.entry.get("rows", {}).get("at", ()):
            held = held[step]
        return held if isinstance(held, list) and "rows" in self.entry else []

    @property
    def is_good(self) -> bool:
        """Whether it is no error."""
        return int(self.entry["status"]) == HTTPStatus.OK

    @property
    def is_first_page(self) -> bool:
        """Whether no rows were skipped."""
        return not any(int(self.parameters.get(name, 0)) for name in ("offset", *_NUMBERS))

    @property
    def is_filtered(self) -> bool:
        """Whether only rows of some time were requested."""
        return not self.parameters.keys().isdisjoint((*_AFTER, *_BEFORE))

    @property
    def is_paged(self) -> bool:
        """Whether the call names the size of a page, or a page."""
        sent = self.parameters.keys() | (self.entry.get("body") or {}).keys()
        return not sent.isdisjoint({*_SIZES, "pagination"})

    def ids_in(self, path: Sequence[str]) -> list[str] | None:
        """Return the ids of a path, in parts; None if it is the path of another endpoint."""
        if len(path) != len(self.parts):
            return None
        ids = []
        for own, part in zip(self.parts, path, strict=True):
            if own.startswith("{"):
                ids.append(part)
            elif own != part:
                return None
        return ids


class Replay:
    """Answers calls as a capture says; it takes the place of the sandbox's own endpoints.

    Args:
        document: The capture.
        rows: How many rows to answer where Act-On pages, up to `MOST_ROWS`; at least those that
            were captured.

    Raises:
        CaptureError: If it is no capture.
    """

    def __init__(self, document: Any, rows: int = 0) -> None:
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise CaptureError(f"this is no capture of format {FORMAT}")
        answers = document.get("answers")
        if not isinstance(answers, list) or not answers:
            raise CaptureError("it has no answers")
        for number, entry in enumerate(answers, 1):
            if missing := [*_missing(entry)]:
                raise CaptureError(f"answer {number} in it has no {' and no '.join(missing)}")
        self._rows = rows
        self._entries = [Captured(entry) for entry in answers]
        try:
            self._known = {
                identifier for one in self._entries for identifier in (*one.ids, *_texts(one.rows))
            }
        except (IndexError, KeyError, TypeError) as error:
            raise CaptureError(
                f"the rows of an answer are not where it says ({error!r})"
            ) from error

    @classmethod
    def of_file(cls, path: Path, rows: int = 0) -> Replay:
        """Read a capture from a file.

        Raises:
            CaptureError: If it cannot be read, or is no capture.
        """
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")), rows)
        except (OSError, ValueError) as error:
            raise CaptureError(f"{path} cannot be read: {error}") from error
        except RecursionError as error:
            raise CaptureError(f"{path} is nested too deeply") from error

    def answer(
        self, view: View, path: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Answer a call for data; one with a body is a POST."""
        del view
        method = "GET" if body is None else "POST"
        parts = path.split("/")
        found = [
            (one, ids)
            for one in self._entries
            if one.method == method and (ids := one.ids_in(parts)) is not None
        ]
        if not found:
            return unrouted()
        # A path without ids goes before one with some.
        fewest = min(len(ids) for _, ids in found)
        sent = _pagination(body) if body is not None else {}
        call = _Call(query, sent, next(ids for _, ids in found if len(ids) == fewest))
        candidates = [one for one, ids in found if len(ids) == fewest]
        return self._answered(call, candidates)

    def _answered(self, call: _Call, candidates: list[Captured]) -> Answer:
        bases = [self._base(identifier) for identifier in call.ids]
        captured = max(candidates, key=lambda one: self._fits(one, call, bases))
        if not captured.is_good or not captured.is_paged or not captured.rows:
            body = _of_month(self._body(captured), call.query.get("period", ""))
            return _written(captured, _renamed(body, captured.ids, call.ids))
        pages = [one for one in candidates if one.chosen == captured.chosen and one.is_good]
        return self._page(call, captured, pages)

    def _fits(self, one: Captured, call: _Call, bases: Sequence[str]) -> tuple[object, ...]:
        """Return how well an entry fits a call: the largest fits best."""
        wanted = {name: value for name, value in call.query.items() if name not in _BESIDE}
        is_known = all(base in self._known for base in bases)
        return (
            one.chosen == wanted,
            len(one.chosen.items() & wanted.items()),
            one.ids == bases,
            one.is_filtered == call.is_filtered,
            one.is_good == is_known,
            one.is_first_page,
            len(one.rows),
        )

    def _base(self, identifier: str) -> str:
        """Return the id that was captured, of which this one is a copy."""
        base = identifier[:-_DIGITS]
        is_copy = identifier not in self._known and base in self._known
        return base if is_copy and identifier[-_DIGITS:].isdigit() else identifier

    def _page(self, call: _Call, captured: Captured, pages: Sequence[Captured]) -> Answer:
        kept = captured.rows
        is_chosen = call.is_filtered and not _ignores_filter(captured, pages)
        places = [
            place for place, row in enumerate(kept) if not is_chosen or call.lets_through(row)
        ]
        copies, rest = divmod(max(self._rows, len(kept)), len(kept))
        total = copies * len(places) + sum(place < rest for place in places)
        is_table = "CSV" in captured.entry
        start = 0 if is_table or _ignores_offset(captured, pages) else call.start
        size = total if is_table else call.size or total
        if (most := _most_at_once(captured)) is not None:
            size = min(size, most)
        numbers = [
            (number // len(places), places[number % len(places)])
            for number in range(start, min(start + size, total))
        ]
        headers = _headers(captured)
        page = [
            _copied(kept[place], copy, headers) if copy else kept[place] for copy, place in numbers
        ]
        if is_table:
            made: Any = [captured.entry["CSV"][0], *page]
        else:
            made = _with_rows(
                captured.entry["JSON"],
                captured.entry["rows"]["at"],
                page,
                _Counts(captured, start, size, len(page), total, call),
            )
            if isinstance(made, dict) and isinstance(ids := made.get("rowIds"), dict) and ids:
                made["rowIds"] = dict(
                    _id_of_row(ids, copy * len(kept) + place) for copy, place in numbers
                )
        return _written(captured, _renamed(made, captured.ids, call.ids))

    def _body(self, captured: Captured) -> Any:
        return next(captured.entry[kind] for kind in _KINDS if kind in captured.entry)


@dataclass(frozen=True)
class _Call:
    """A call: its query, how its body pages, and the ids in its path."""

    query: Mapping[str, str]
    pagination: Mapping[str, Any]
    ids: list[str]

    @property
    def size(self) -> int:
        return self._number(*_SIZES)

    @property
    def start(self) -> int:
        token = str(self.pagination.get("nextPageToken") or "")
        if token:
            return _number(token[-_DIGITS:])
        return self._number("offset") or self._number(*_NUMBERS) * self.size

    @property
    def page(self) -> int:
        return self._number(*_NUMBERS)

    @property
    def is_filtered(self) -> bool:
        return not self.query.keys().isdisjoint((*_AFTER, *_BEFORE))

    def lets_through(self, row: Any) -> bool:
        """Tell whether a row is of the requested time, by the latest of its timestamps."""
        latest = max(_timestamps(row), default=None)
        if latest is None:
            return True
        after = (_milliseconds(self.query[name]) < latest for name in _AFTER if name in self.query)
        before = (
            latest < _milliseconds(self.query[name]) for name in _BEFORE if name in self.query
        )
        return all(after) and all(before)

    def _number(self, *names: str) -> int:
        sent = {**self.query, **self.pagination}
        return next((_number(str(sent[name])) for name in names if name in sent), 0)


@dataclass(frozen=True)
class _Counts:
    """What the numbers around the rows of a page are to say."""

    captured: Captured
    start: int
    size: int
    rows: int
    total: int
    call: _Call

    def of(self, name: str, held: Any) -> Any:
        """Return what a field beside the rows says now."""
        kept = len(self.captured.rows)
        is_last = self.start + self.rows >= self.total
        if name == "nextPageToken":
            return None if is_last else f"{held or 'zuzu'}{self.start + self.rows:0{_DIGITS}}"
        if isinstance(held, bool):
            return {"last": is_last, "hasNextPage": not is_last}.get(name, held)
        if not isinstance(held, int):
            return held
        numbers = {
            "count": self.rows if held == kept else held,
            **dict.fromkeys(_TOTALS, self.total if held >= kept else held),
            "offset": self.start,
            "totalPages": -(-self.total // max(self.size, 1)),
            **dict.fromkeys((*_NUMBERS, "number"), self.call.page),
        }
        return numbers.get(name, held)


def _missing(entry: Any) -> Iterator[str]:
    """Give what an entry of a capture lacks, without which no call can be answered."""
    held = entry if isinstance(entry, dict) else {}
    for name, kind in _NEEDED.items():
        if not isinstance(held.get(name), kind):
            yield name
    headers = held.get("headers")
    if isinstance(headers, dict) and not isinstance(headers.get("content-type"), str):
        yield "content-type"
    if held.keys().isdisjoint(_KINDS):
        yield "body"
    rows = held.get("rows")
    if rows is not None and not (isinstance(rows, dict) and rows.keys() >= _OF_ROWS):
        yield "number of rows"
    notes = held.get("written")
    is_table = "CSV" in held
    if is_table and not (isinstance(notes, dict) and {"delimiter", "line_end"} <= notes.keys()):
        yield "delimiter"


def _with_rows(value: Any, place: Sequence[Any], rows: list[Any], counts: _Counts) -> Any:
    """Return an answer with other rows, and counts that fit them."""
    if not place:
        return rows
    made = {}
    for name, held in value.items():
        if name == place[0]:
            made[name] = _with_rows(held, place[1:], rows, counts)
        elif name == "pagination" and isinstance(held, dict):
            made[name] = {inner: counts.of(inner, one) for inner, one in held.items()}
        else:
            made[name] = counts.of(name, held)
    return made


def _of_month(value: Any, period: str) -> Any:
    """Return an answer without the days that a month does not have."""
    if not _MONTH.fullmatch(period) or not isinstance(value, dict):
        return value
    days = monthrange(2000 + int(period[:2]), int(period[2:]))[1]
    return {
        name: [row for row in held if row.get("dayOfMonth", 0) <= days]
        if isinstance(held, list)
        else held
        for name, held in value.items()
    }


def _most_at_once(captured: Captured) -> int | None:
    """Return how many rows come at most, where fewer came than requested and there were more."""
    entry = captured.entry
    if "CSV" in entry or entry["rows"]["fill_the_page"] or not isinstance(entry["JSON"], dict):
        return None
    around = entry["JSON"]
    totals = [around[name] for name in _TOTALS if isinstance(around.get(name), int)]
    is_cut = bool(totals) and totals[0] > len(captured.rows)
    return int(entry["rows"]["came"].partition(" ")[0]) if is_cut else None


def _ignores_offset(captured: Captured, pages: Sequence[Captured]) -> bool:
    """Tell whether a later page was captured that holds the rows of the first."""
    return len(captured.rows) > 1 and any(
        one.rows == captured.rows for one in pages if not one.is_first_page
    )


def _ignores_filter(captured: Captured, pages: Sequence[Captured]) -> bool:
    """Tell whether as many rows came with a filter as without."""
    came = {one.is_filtered: one.entry["rows"]["came"] for one in pages if one.is_first_page}
    return captured.is_filtered and came.get(True) == came.get(False) and "0" not in came.values()


def _headers(captured: Captured) -> list[str]:
    """Return the names of cells, for rows that are arrays; the address has no name of its own."""
    if "CSV" in captured.entry:
        return [*captured.entry["CSV"][0]]
    value = captured.entry["JSON"]
    if not isinstance(value, dict) or not isinstance(value.get("headers"), list):
        return []
    headers = [str(header) for header in value["headers"]]
    place = value.get("emailColumn")
    if isinstance(place, int) and 0 <= place < len(headers):
        headers[place] = "email"
    return headers


def _copied(row: Any, copy: int, headers: Sequence[str]) -> Any:
    """Return a row with ids and addresses of its own."""
    if isinstance(row, dict):
        return {name: _with_own_ids(name, held, copy) for name, held in row.items()}
    if isinstance(row, list):
        names = [*headers, *[""] * (len(row) - len(headers))]
        return [_with_own_ids(name, held, copy) for name, held in zip(names, row, strict=False)]
    return row


def _id_of_row(ids: Mapping[str, Any], number: int) -> tuple[str, Any]:
    """Return the id that stands beside a row and not in it; that of a copy is its own."""
    copy, place = divmod(number, len(ids))
    identifier, held = [*ids.items()][place]
    return (_with_own_ids("id", identifier, copy) if copy else identifier), held


def _with_own_ids(name: str, held: Any, copy: int) -> Any:
    if isinstance(held, dict | list):
        inner = held.items() if isinstance(held, dict) else None
        if inner is not None:
            return {key: _with_own_ids(key, one, copy) for key, one in inner}
        return [_with_own_ids(name, one, copy) if isinstance(one, dict) else one for one in held]
    if not held or isinstance(held, bool | float) or not _ID_NAME.fullmatch(name):
        return held
    local, at, host = str(held).partition("@")
    made = f"{local}{copy:0{_DIGITS}}{at}{host}"
    return int(made) if isinstance(held, int) else made


def _renamed(value: Any, captured: Sequence[str], requested: Sequence[str]) -> Any:
    """Return an answer that names the ids that were requested, in the place of the captured."""
    pairs = [
        (old, new) for old, new in zip(captured, requested, strict=False) if old and old != new
    ]
    return _renamed_by(value, pairs) if pairs else value


def _renamed_by(value: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    match value:
        case dict():
            return {key: _renamed_by(held, pairs) for key, held in value.items()}
        case list():
            return [_renamed_by(held, pairs) for held in value]
        case str():
            for old, new in pairs:
                if value == old or value.startswith(f"{old}:"):
                    return new + value[len(old) :]
    return value


def _written(captured: Captured, value: Any) -> Answer:
    """Write an answer in the form in which it was captured."""
    entry = captured.entry
    notes = entry.get("written", {})
    if "JSON" in entry:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif "CSV" in entry:
        table = io.StringIO()
        writer = csv.writer(table, delimiter=notes["delimiter"], lineterminator=notes["line_end"])
        writer.writerows(value)
        text = table.getvalue()
        if notes.get("last_line_is_open"):
            text = text.removesuffix(notes["line_end"])
    else:
        text = str(value)
    text = ("{}\n" if notes.get("braces") else "") + text
    headers = dict(entry["headers"])
    kind = headers.pop("content-type")
    charset = kind.partition("charset=")[2] or "utf-8"
    body = (("\ufeff" if notes.get("mark") else "") + text).encode(_codec(charset), "replace")
    return Answer(int(entry["status"]), body, kind, tuple(headers.items()))


def _codec(charset: str) -> str:
    try:
        "".encode(charset)
    except LookupError:
        return "utf-8"
    return charset


def _pagination(body: bytes) -> Mapping[str, Any]:
    try:
        sent = json.loads(body)
    except (RecursionError, ValueError):
        return {}
    found = sent.get("pagination") if isinstance(sent, dict) else None
    return found if isinstance(found, dict) else {}


def _number(text: str) -> int:
    """Return the number that a text is; 0 for any other text, or one that no host takes."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def _texts(value: Any) -> Iterator[str]:
    """Give the texts and numbers in a value, each of which may be an id."""
    match value:
        case dict():
            for held in value.values():
                yield from _texts(held)
        case list():
            for held in value:
                yield from _texts(held)
        case int() | str():
            yield str(value)


def _timestamps(row: Any) -> Iterator[int]:
    """Give the timestamps in a row, in milliseconds."""
    for text in _texts(row):
        if text.isascii() and text.isdigit() and len(text) == 13:  # noqa: PLR2004 - milliseconds
            yield int(text)
        elif text[:4].isdigit() and "T" in text:
            try:
                yield round(datetime.fromisoformat(text).timestamp() * 1000)
            except ValueError:
                continue


def _milliseconds(text: str) -> int:
    number = _number(text)
    return number if number > _MILLISECONDS else number * 1000
