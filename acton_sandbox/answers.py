"""Requests to a data endpoint, its answers, and the documented error envelopes."""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acton_sandbox.view import View

PAGE_LIMIT = 1_000
"""The most rows that a JSON page holds (Act-On reference, 2024 edition)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, ready to be sent or to be spoilt by a fault."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_json(cls, value: object, status: int = 200) -> Answer:
        """Answer with a JSON value."""
        return cls(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def of_text(cls, text: str, status: int = 200, content_type: str = "text/plain") -> Answer:
        """Answer with a text."""
        return cls(status, text.encode(), f"{content_type};charset=UTF-8")

    @classmethod
    def of_csv(cls, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> Answer:
        """Answer with a table."""
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\r\n")
        writer.writerow(headers)
        writer.writerows(rows)
        return cls.of_text(table.getvalue(), content_type="text/csv")


NOTHING = Answer(200, b"")
"""An answer of which nothing is sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request for data: the view it is answered from, its path's ids, query and body."""

    view: View
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""

    def number(self, name: str, default: int) -> int:
        """Return a query parameter as an integer, or the default if it is none."""
        text = self.query.get(name, "")
        return int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdigit() else default

    def page(self, rows: Sequence[Any]) -> tuple[int, Sequence[Any]]:
        """Return the requested offset and the rows of that page."""
        offset = max(self.number("offset", 0), 0)
        count = min(max(self.number("count", PAGE_LIMIT), 0), PAGE_LIMIT)
        return offset, rows[offset : offset + count]


@dataclass(frozen=True, slots=True)
class DataRoute:
    """A path of the API, such as `/api/1/message/{id}/report`, and what answers it."""

    path: str
    handle: Callable[[Call], Answer]
    method: str = "GET"


def page_answer(
    offset: int, rows: Sequence[object], total: int, *, name: str = "result", **extra: object
) -> Answer:
    """Answer with the page envelope of `/api/1`; `count` is the number of rows returned."""
    return Answer.of_json(
        {"offset": offset, "count": len(rows), "totalCount": total, name: rows, **extra}
    )


def csv_answer(call: Call, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> Answer:
    """Answer with a table of which no document says how it is laid out."""
    choices = call.view.choices
    rows = rows[: choices.largest_csv]
    match choices.csv_columns:
        case "reversed":
            width = len(headers)
            headers = headers[::-1]
            rows = [[*row, *[""] * (width - len(row))][width - 1 :: -1] for row in rows]
        case "renamed":
            headers = [f"Column {number}" for number, _ in enumerate(headers, 1)]
    answer = Answer.of_csv(headers, rows)
    return replace(answer, body=codecs.BOM_UTF8 + answer.body) if choices.csv_has_mark else answer


def numeric_error(code: int, message: str, status: int = 400) -> Answer:
    """Answer with the error envelope of `/api/1`."""
    return Answer.of_json({"errorCode": code, "message": message}, status)


def gateway_error(status: int, message: str, more: str) -> Answer:
    """Answer with the gateway's envelope, whose code is a text."""
    return Answer.of_json(
        {"httpCode": str(status), "httpMessage": message, "moreInformation": more}, status
    )


def oauth_error(status: int, error: str, description: str) -> Answer:
    """Answer with the envelope of `/token`."""
    return Answer.of_json({"error": error, "error_description": description}, status)


def unrouted() -> Answer:
    """Answer that the gateway knows no such path."""
    return gateway_error(404, "Not Found", "No resources match requested URI")


def unauthorized() -> Answer:
    """Answer that the access token is missing, unknown or expired."""
    return gateway_error(401, "Unauthorized", "The access token is missing, invalid or expired.")


def undocumented_answer(call: Call, rows: list[dict[str, Any]]) -> Answer:
    """Answer with rows of which no document says what holds them."""
    match call.view.choices.undocumented_shape:
        case "array":
            return Answer.of_json(rows)
        case "data":
            return Answer.of_json({"data": rows})
    return page_answer(0, rows, len(rows))
