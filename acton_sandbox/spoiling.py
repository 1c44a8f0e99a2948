"""How faults spoil an answer that would have been good."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acton_sandbox.answers import (
    Answer,
    gateway_error,
    numeric_error,
    oauth_error,
    unauthorized,
)
from acton_sandbox.deviations import BODIES, TABLES, respelt

if TYPE_CHECKING:
    from collections.abc import Callable

    from acton_sandbox.faults import Fault

_ROW_KEYS = (
    "result",
    "msgresult",
    "data",
    "counts",
    "urls",
    "columns",
    "contacts",
    "segments",
    "content",
    "source",
)
_STATUS_ALONE = (401, 404, 406, 415, 500)
"""The statuses that the Audience Center documents, each of them with an empty text."""
_HTML = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
_GARBAGE = '{"result": [{"id": unquoted,'
_UNNAMED_FIELD = "fieldOfNoDocument"
_SERVER_ERROR = 500


def spoilt(fault: Fault, path: str, answer: Answer) -> Answer:
    """Return what is answered in place of a good answer when a fault fires.

    Faults of the transport and of paging are not made here; they leave the answer as it is.
    """
    if fault.kind == "status":
        return _refused(fault, path)
    if fault.kind == "timestamps":
        return edited(answer, lambda value: respelt(value, fault.value))
    if fault.kind in _EDITS:
        return edited(answer, lambda value: _EDITS[fault.kind](value, fault))
    if fault.kind == "body":
        return BODIES[fault.value](answer)
    if fault.kind == "table":
        return TABLES[fault.value](answer) if "csv" in answer.content_type else answer
    spoil = _SPOILERS.get(fault.kind)
    return answer if spoil is None else spoil(fault, answer)


def _refused(fault: Fault, path: str) -> Answer:
    status = fault.status
    if fault.body is not None:
        answer = Answer.of_text(fault.body, status)
    elif path == "/token":
        answer = oauth_error(status, "server_error", "The request could not be served.")
    elif path.startswith("/ucl/v2/") and status in _STATUS_ALONE:
        answer = Answer(status, b"", "text/plain")
    elif status >= _SERVER_ERROR or status in (401, 403, 404, 429):
        answer = gateway_error(status, "Refused", "The request could not be served.")
    else:
        answer = numeric_error(99999, "The request could not be served.", status)
    return replace(answer, headers=tuple(fault.headers.items()))


def edited(answer: Answer, edit: Callable[[Any], Any]) -> Answer:
    """Change the JSON of an answer by what changes its value, or returns another one."""
    if "json" not in answer.content_type:
        return answer
    value = json.loads(answer.body)
    made = edit(value)
    value = value if made is None else made
    return replace(Answer.of_json(value, answer.status), headers=answer.headers)


def rows_of(value: Any) -> list[Any]:
    """Return the rows of an answer, out of their folders; a bare object is its own only row."""
    if not isinstance(value, list | dict):
        return []
    if isinstance(value, list):
        if any("entries" in item for item in value if isinstance(item, dict)):
            return [row for folder in value for row in folder["entries"]]
        return value
    if isinstance(value.get("folders"), list):
        return [row for folder in value["folders"] for row in folder["programs"]]
    for key in _ROW_KEYS:
        if isinstance(value.get(key), list):
            rows: list[Any] = value[key]
            return rows
    return [value]


def _count_more(page: dict[str, Any], rows: int = 1) -> None:
    if page.get("totalCount", -1) >= 0:
        page["totalCount"] += rows


def _repeat_last_row(value: Any, _: Fault) -> None:
    rows = rows_of(value)
    if isinstance(value, list):
        value.extend(value[-1:])
    elif rows and rows[0] is not value and _is_last_page(value, rows):
        rows.append(rows[-1])
        value["count"] = len(rows)
        _count_more(value)


def _leave_out_row(value: Any, _: Fault) -> None:
    rows = rows_of(value)
    if rows and rows[0] is not value:
        del rows[-1]
        if isinstance(value, dict) and "count" in value:
            value["count"] = len(rows)
            _count_more(value, -1)


def _leave_out_rows(value: Any, _: Fault) -> None:
    rows = rows_of(value)
    if isinstance(value, list):
        value.clear()
    elif "folders" in value:
        value["folders"].clear()
    elif not rows or rows[0] is not value:
        _count_more(value, -value.get("totalCount", 0))
        rows.clear()
        if "count" in value:
            value["count"] = 0


def _is_last_page(value: dict[str, Any], rows: list[Any]) -> bool:
    """Tell whether a page is the last of a list whose total is known."""
    return bool(0 <= value.get("totalCount", -1) <= value.get("offset", 0) + len(rows))


def _add_field(value: Any, _: Fault) -> None:
    if isinstance(value, dict) and "headers" in value:
        value["headers"].append(_UNNAMED_FIELD)
    for row in rows_of(value):
        if isinstance(row, dict):
            row[_UNNAMED_FIELD] = {"nested": ["surprise", 1]}
        elif isinstance(row, list):
            row.append("surprise")


def _concerned(value: Any, fault: Fault) -> list[Any]:
    rows = rows_of(value)
    return rows if fault.row is None else rows[fault.row :][:1]


def _rename_fields(value: Any, fault: Fault) -> None:
    for row in _concerned(value, fault):
        if isinstance(row, dict):
            for name in fault.fields:
                if name in row:
                    row[f"{name}Renamed"] = row.pop(name)


def _add_null_row(value: Any, _: Fault) -> None:
    rows = rows_of(value)
    if rows and rows[0] is not value:
        rows.insert(1, None)


def _add_empty_folders(value: Any, _: Fault) -> None:
    if isinstance(value, list) and value and isinstance(value[0], dict) and "entries" in value[0]:
        name = "folder" if "folder" in value[0] else "name"
        value[1:1] = [{name: "Empty"}, {name: "Null", "entries": None}]
    elif isinstance(value, dict) and "folders" in value:
        value["folders"][1:1] = [{"name": "Empty"}, {"name": "Null", "programs": None}]


def _remove_fields(value: Any, fault: Fault) -> None:
    for row in _concerned(value, fault):
        if isinstance(row, dict) and row:
            for name in fault.fields or (list(row)[-1],):
                row.pop(name, None)
        elif isinstance(row, list) and row:
            row.pop()


def _change_types(value: Any, fault: Fault) -> None:
    for row in _concerned(value, fault):
        if not isinstance(row, dict):
            continue
        for name in fault.fields or list(row):
            row[name] = fault.value if fault.fields else _other_type(row.get(name))


def _other_type(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value


_SPOILERS: dict[str, Callable[[Fault, Answer], Answer]] = {
    "unauthorized": lambda _, __: unauthorized(),
    "html": lambda fault, _: Answer.of_text(fault.body or _HTML, content_type="text/html"),
    "garbage": lambda fault, answer: replace(
        answer, status=200, body=(fault.body or _GARBAGE).encode()
    ),
    "empty": lambda _, answer: replace(answer, status=200, body=b""),
    "stray_braces": lambda _, answer: replace(answer, body=b"{}\n" + answer.body),
}
_EDITS: dict[str, Callable[[Any, Fault], None]] = {
    "duplicate_row": _repeat_last_row,
    "fewer_rows": _leave_out_row,
    "no_rows": _leave_out_rows,
    "extra_fields": _add_field,
    "missing_fields": _remove_fields,
    "wrong_type": _change_types,
    "renamed_fields": _rename_fields,
    "null_row": _add_null_row,
    "empty_folder": _add_empty_folders,
}
