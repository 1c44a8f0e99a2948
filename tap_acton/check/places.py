"""What of an answer stays because of where it stands: codes of errors, days, names of fields."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from tap_acton.api.responses import CODES, is_error_object
from tap_acton.check.words import is_documented

ERROR_CODES = frozenset({"errorCode", "httpCode", "statusCode"})
DAYS = {"dayOfMonth": 31, "dayOfWeek": 7}
"""Fields of the daily statistics, and the largest number of each."""

NAMING = frozenset(
    {
        *("headers", "field", "selectFields", "requiredFields", "primaryEmailField"),
        *("fieldName", "otherFieldName", "csvColumn", "actonColumn"),
    }
)
"""Fields whose values are names of other fields."""

DEFINITIONS = frozenset({"columns", "fields"})
"""Arrays that say what the rows of another answer hold."""

NAMES = frozenset({"name", "displayName"})
"""What the items of these arrays call a field."""

LONGEST_CODE = 6

_DOCUMENTED_CODES = frozenset({*(str(int(one)) for one in HTTPStatus), *map(str, CODES)})


class KeptNumber(int):
    """A number that stays: its place says what it is, or the tap chose it."""


class KeptText(str):
    """A text that stays, since its place says what it is."""

    __slots__ = ()


def is_error(status: int, value: Any) -> bool:
    """Return whether an answer is an error, be it in disguise."""
    return status not in range(200, 300) or is_error_object(value)


def marked(value: Any, status: int = HTTPStatus.OK) -> Any:
    """Return an answer in JSON in which all that stays because of its place is marked.

    Args:
        value: The answer.
        status: Its HTTP status.
    """
    made = _with_names(value)
    if not isinstance(made, dict):
        return made
    if is_error(status, value):
        any_code = status not in range(200, 300)
        for name in ERROR_CODES & made.keys():
            if _is_code(made[name], any_code=any_code):
                made[name] = _kept(made[name])
    match made:
        case {"headers": list(headers), "emailColumn": int(place)} if 0 <= place < len(headers):
            made["emailColumn"] = KeptNumber(place)
    if isinstance(made.get("counts"), list):
        made["counts"] = [_with_days(row) for row in made["counts"]]
    return made


def _with_names(value: Any, *, is_name: bool = False, defines: bool = False) -> Any:
    """Mark the names of fields among the values.

    Args:
        value: The value.
        is_name: Whether its field is one that holds names.
        defines: Whether it is an array that defines fields, or one of its items.
    """
    match value:
        case dict():
            return {
                name: _with_names(
                    held,
                    is_name=name in NAMING or (defines and name in NAMES),
                    defines=name in DEFINITIONS and isinstance(held, list),
                )
                for name, held in value.items()
            }
        case list():
            return [_with_names(held, is_name=is_name, defines=defines) for held in value]
        case str() if is_name and is_documented(value):
            return KeptText(value)
    return value


def _is_code(value: Any, *, any_code: bool) -> bool:
    text = str(value)
    is_number = type(value) in {int, str} and text.isascii() and text.isdecimal()
    return is_number and len(text) <= LONGEST_CODE and (any_code or text in _DOCUMENTED_CODES)


def _with_days(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {
        name: KeptNumber(held)
        if name in DAYS and type(held) is int and 0 <= held <= DAYS[name]
        else held
        for name, held in row.items()
    }


def _kept(value: int | str) -> KeptNumber | KeptText:
    return KeptNumber(value) if isinstance(value, int) else KeptText(value)
