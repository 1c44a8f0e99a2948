"""What answers and values look like, in words that hold nothing of them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any

from tap_acton.api.decoding import decode_json, in_utf8
from tap_acton.api.responses import envelope_of, is_error_object
from tap_acton.check.places import LONGEST_CODE
from tap_acton.check.words import is_documented
from tap_acton.errors import CallError, RejectedCallError
from tap_acton.records.extractors import Undocumented, UnknownShapeError, worded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_acton.api.exchange import Exchange
    from tap_acton.records.extractors import Extracted

GOOD_STATUS = range(200, 300)

LONGEST_PATTERN = 40

MOST_FIELDS = 12
"""So many fields of a row are named."""

_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+")
_OTHERS = re.compile(r"[^\x00-\x7f]")
_REPEATED = re.compile(r"([^\dA-Za-z])\1+")

_NUMERAL = re.compile(r"-?(\d+)(?:\.\d+)?", re.ASCII)

UNITS = {
    **dict.fromkeys((9, 10), "seconds since 1970"),
    **dict.fromkeys((12, 13), "milliseconds since 1970"),
}
"""What a number counts, by how many digits it has."""


def decoded(exchange: Exchange) -> Any:
    """Decode the body of an answer.

    Raises:
        CallError: If it is not JSON.
    """
    body = b"".join(in_utf8([exchange.content], content_type_of(exchange)))
    return decode_json(body, exchange.stream)


def content_type_of(exchange: Exchange) -> str:
    """Return the content type of an answer; empty where it has none."""
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    return headers.get("content-type", "")


def shape_of(exchange: Exchange) -> str:
    """Describe an answer that the tap takes for none of the expected ones."""
    if not exchange.content.strip():
        return "an empty body"
    try:
        payload = decoded(exchange)
    except RejectedCallError:
        return "a body that is larger than what the tap reads into memory"
    except CallError:
        return "a page of HTML" if is_html(exchange) else "a body that is not JSON"
    try:
        found = Undocumented()(payload)
    except UnknownShapeError:
        return f"nothing but {_kind(payload)}"
    if not found.rows:
        return f"{layout_of(found)} without rows"
    return f"{layout_of(found)} (fields: {named(found.rows[0])})"


def layout_of(found: Extracted) -> str:
    """Return where rows stand, in words."""
    return worded(found, documented_name)


def documented_name(name: str) -> str:
    """Return a name that Act-On's documents have; empty for any other, which may be a value."""
    return name if is_documented(name) else ""


def named(names: Iterable[str]) -> str:
    """Name fields, as far as Act-On's documents have their names, and count the others."""
    given = [*names]
    known = [*filter(documented_name, given)]
    return ", ".join([*known[:MOST_FIELDS], *others(len(given) - len(known[:MOST_FIELDS]))])


def others(number: int) -> list[str]:
    """Say how many more there are of what is listed; nothing where there are none."""
    return [f"{number:,} other{'s' if number > 1 else ''}"] if number else []


def is_answer(exchange: Exchange) -> bool:
    """Return whether an answer is meant to hold what was requested, and is no error in disguise."""
    if exchange.status not in GOOD_STATUS:
        return False
    try:
        return not is_error_object(decoded(exchange))
    except CallError:
        return True


def is_html(exchange: Exchange) -> bool:
    """Return whether an answer is a page of HTML."""
    return exchange.content.removeprefix(BOM_UTF8).lstrip().startswith(b"<")


def _kind(payload: Any) -> str:
    match payload:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case str():
            return "a text"
        case int() | float():
            return "a number"
    return "an array that holds no rows" if isinstance(payload, list) else "an object"


def refusal_of(exchange: Exchange) -> str:
    """Return how a call was refused: the HTTP status, and Act-On's own code if there is one.

    A longer number in its place is one of the account.
    """
    code = envelope_of(exchange.content).code
    is_code = code is not None and len(str(code)) <= LONGEST_CODE
    return f"HTTP {exchange.status}" + (f", code {code}" if is_code else "")


def pattern_of(value: Any) -> str:
    """Return the pattern of a timestamp, such as ``9999-99-99 99:99:99 AAA``, without its value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return _kind(value)
    written = str(value).strip()
    if not written:
        return "an empty text"
    if numeral := _NUMERAL.fullmatch(written):
        unit = UNITS.get(len(numeral[1]), "a number")
        return f"{unit}, as text" if isinstance(value, str) else unit
    known = _DIGITS.sub("9", _LETTERS.sub(_letters, written))
    # Signs of other scripts, which are no letters, and pictures; of a row of signs, one.
    return _REPEATED.sub(r"\1", _OTHERS.sub("a", known))[:LONGEST_PATTERN]


def _letters(found: re.Match[str]) -> str:
    """Write a word with letters that say only how long it is, up to three, and in which case."""
    word = found[0][:3]
    return "".join("A" if letter.isupper() else "a" for letter in word)
