"""Other pages and totals than a host should give, made of all the rows that it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acton_sandbox.answers import PAGE_LIMIT
from acton_sandbox.deviations import PAGES, with_total
from acton_sandbox.spoiling import edited, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acton_sandbox.answers import Answer
    from acton_sandbox.faults import Fault

_ADDED = {"page_shift": 1, "page_gap": -1}
"""How many rows are added in front while the pages are read."""

PAGE_KINDS = frozenset({*_ADDED, "pages", "total"})
"""The kinds of faults that are made here."""

_TOKEN_PAGE = 2
"""The size of a page by token of a host that cuts pages."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call for a page, and how to make another one of the same path.

    Attributes:
        query: Its parameters.
        body: Its body, if it is a POST.
        number: How often the path has met a fault.
        ask: Answers another call of the path, by its parameters and its body.
    """

    query: Mapping[str, str]
    body: bytes | None
    number: int
    ask: Callable[..., Answer]


def repaged(fault: Fault, request: Request, answer: Answer) -> Answer:
    """Return another page or another total in place of a good answer."""
    if fault.kind == "total":
        return edited(answer, lambda value: _count(value, fault.value, request.number))
    if request.body is not None:
        return _by_token(fault, request, answer)
    query = request.query
    if fault.kind in _ADDED:
        return _shifted(_ADDED[fault.kind], request, answer)
    if "offset" in query:
        offset, count = int(query["offset"]), int(query.get("count", PAGE_LIMIT))
        whole = request.ask({**query, "offset": "0", "count": str(PAGE_LIMIT)})
    elif "pageSize" in query:
        count = int(query["pageSize"])
        offset = int(query.get("page") or 0) * count
        whole = request.ask({**query, "page": "0", "pageSize": str(PAGE_LIMIT)})
    else:
        return answer
    if "json" not in whole.content_type:
        return answer
    rows = rows_of(json.loads(whole.body))
    page = PAGES[fault.value](rows, offset, count, request.number)
    return edited(answer, lambda value: _replace(value, page))


def _replace(value: Any, page: list[Any]) -> None:
    rows_of(value)[:] = page
    if isinstance(value, dict) and "count" in value:
        value["count"] = len(page)


def _count(value: Any, name: str, number: int) -> None:
    if isinstance(value, dict):
        with_total(value, name, len(rows_of(value)), number)


def _by_token(fault: Fault, request: Request, answer: Answer) -> Answer:
    """Cut a page that is requested by token, the only thing that can be done to one."""
    body = json.loads(request.body or b"{}")
    if fault.value != "capped" or "pagination" not in body:
        return answer
    body["pagination"]["size"] = min(body["pagination"].get("size", PAGE_LIMIT), _TOKEN_PAGE)
    return request.ask(request.query, json.dumps(body).encode())


def _shifted(added: int, request: Request, answer: Answer) -> Answer:
    """Return a page as if so many rows had been added in front of it."""
    offset = int(request.query.get("offset") or 0)
    if not offset:
        return answer
    other = request.ask({**request.query, "offset": str(offset - added)})

    def edit(page: Any) -> None:
        if isinstance(page, dict) and "offset" in page:
            page["offset"] = offset
            if page.get("totalCount", -1) >= 0:
                page["totalCount"] += added

    return edited(other, edit)
