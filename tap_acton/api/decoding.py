"""Decoding the bodies of good responses."""

from __future__ import annotations

import math
from codecs import getincrementaldecoder, lookup
from email.message import Message
from functools import lru_cache, partial
from json import JSONDecodeError, dumps, loads
from typing import TYPE_CHECKING, Any

import msgspec

from tap_acton.api.responses import without_stray_braces
from tap_acton.errors import RejectedCallError, RepeatableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NO_TEXT_BEGINNINGS = frozenset({b"", b"<", b"{"})
"""How a body begins that is not the text that was requested: nothing, HTML, JSON."""

_UNCHANGED = frozenset({"utf-8", "ascii"})

_INVALID = b"\xff"
"""Is not UTF-8, wherever it stands."""

_SLOW_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape"})
"""What Python knows as charsets, but no host writes; one of them takes minutes for a response."""

MOST_MEMORY = 80 * 2**20
"""The most that a response may take in memory, in bytes: as it came, and decoded.

Eight of them at once stay below a gigabyte. A page of a thousand rows with as many columns as JSON
has for a list takes a third of it.
"""

SMALL = 2**21
"""A response of so many bytes takes less than that, whatever it holds."""

_COST_OF_BYTES = 16
"""The bytes that decoded JSON takes, at most, for each of its own, without arrays and objects."""

_COSTS_OF_CONTAINERS = ((b"[", 96), (b"{", 256))
_COSTS_OF_VALUES = ((b",", 72), (b":", 40))
"""What it takes, at most, for each of these characters."""

_WIDEST = (*(bytes((first,)) for first in range(0xF0, 0xF5)), rb"\ud", rb"\uD")
"""How characters begin that Python holds in four bytes each, such as emoji."""

_EMPTY_COST = 64
"""How much less it is for a value that is an empty text, of which there is only one."""


def in_utf8(pieces: Iterable[bytes], content_type: str | None) -> Iterable[bytes]:
    """Return a body in UTF-8, whatever the charset that its ``Content-Type`` states.

    What the stated charset cannot be read as is no valid UTF-8 either.
    """
    charset = _charset(content_type or "")
    return _transcoded(pieces, charset) if charset else pieces


@lru_cache(maxsize=64)
def _charset(content_type: str) -> str:
    """Return the charset that a ``Content-Type`` states; empty for UTF-8 and for none usable."""
    message = Message()
    message["Content-Type"] = content_type
    try:
        charset = lookup(message.get_content_charset("")).name
        "".encode(charset)  # refuses what does not stand for characters, such as base64
    except (LookupError, ValueError):
        return ""
    return "" if charset in _UNCHANGED | _SLOW_CHARSETS else charset


def _transcoded(pieces: Iterable[bytes], charset: str) -> Iterator[bytes]:
    decoder = getincrementaldecoder(charset)()
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        yield _INVALID
        yield from pieces


def decode_json(body: bytes, subject: str) -> Any:
    """Decode a body of JSON.

    What is not UTF-8 is replaced, and so are lone surrogates; NUL characters are removed,
    since no warehouse takes them. Numbers that cannot be written as JSON again become text.

    Args:
        body: The body; a stray ``{}`` before it is skipped.
        subject: Stream and item, for messages.

    Raises:
        RejectedCallError: If it would take more than :data:`MOST_MEMORY`.
        RepeatableError: If the body is empty or not JSON: a broken or foreign response.
    """
    body = without_stray_braces(body)
    _weigh(body, subject)
    if rb"\u0000" in body:
        body = _without_nul(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Slower, but takes numbers beyond 64 bits and, once repaired, any text.
        repaired = dumps(
            loads(
                body.decode("utf-8-sig", "replace"),
                parse_int=partial(_number_or_text, int),
                parse_float=partial(_number_or_text, float),
                parse_constant=str,
            ),
            ensure_ascii=False,
        )
        return loads(repaired.encode("utf-8", "replace"))
    except (JSONDecodeError, RecursionError, ValueError):
        kind = "a response that is not JSON" if body else "an empty response"
        raise RepeatableError(f"{subject}: Act-On sent {kind}.") from None


def _weigh(body: bytes, subject: str) -> None:
    """Make sure that a body of JSON does not take too much memory once it is decoded.

    Raises:
        RejectedCallError: If it would take more than :data:`MOST_MEMORY`.
    """
    if len(body) <= SMALL:
        return
    memory = len(body) * (1 + _width(body))
    memory += sum(body.count(one) * cost for one, cost in _COSTS_OF_CONTAINERS)
    if memory + len(body) * _COST_OF_BYTES > MOST_MEMORY:
        # Takes a quarter of the time of decoding, but few responses come that far.
        memory += sum(body.count(one) * cost for one, cost in _COSTS_OF_VALUES)
        memory -= _EMPTY_COST * (body.count(b',""') + body.count(b':""'))
        _check(memory, subject)


def _check(memory: int, subject: str) -> None:
    """Refuse a response that takes too much memory.

    Raises:
        RejectedCallError: If it does.
    """
    if memory > MOST_MEMORY:
        raise RejectedCallError(
            f"{subject}: Act-On's response holds more than the tap reads into memory; where there "
            "are pages, a smaller page_size helps."
        )


def _text_of(body: bytes, subject: str) -> str:
    """Decode a text, without NUL characters.

    Raises:
        RejectedCallError: If it would take more than :data:`MOST_MEMORY`.
    """
    _check(len(body) * (1 + _width(body)), subject)
    return body.decode("utf-8-sig", "replace").replace("\0", "")


def _width(body: bytes) -> int:
    """Return how many bytes each character of a text may take: as many as the widest of it."""
    # A search for one character is ten times as fast as for two.
    if body.isascii() and (b"\\" not in body or rb"\u" not in body):
        return 1
    return 4 if any(beginning in body for beginning in _WIDEST) else 2


def _without_nul(body: bytes) -> bytes:
    """Remove the escaped character NUL from JSON, which never holds it as it is."""
    if b"\0" in body:
        return body
    # Of a row of backslashes, each two stand for one.
    hidden = body.replace(rb"\\", b"\0").replace(rb"\u0000", b"")
    return hidden.replace(b"\0", rb"\\")


def _number_or_text(convert: Callable[[str], float], numeral: str) -> float | str:
    """Read a number; one that Python cannot hold, or cannot write again, stays text."""
    try:
        number = convert(numeral)
    except ValueError:
        return numeral
    return numeral if number in {math.inf, -math.inf} else number


def decode_text(body: bytes, subject: str) -> Any:
    """Decode a body of plain text, such as CSV.

    Returns:
        The text, without NUL characters; or decoded JSON, which is what an error looks like.

    Raises:
        RepeatableError: If the body is empty or an HTML page.
    """
    if body.lstrip()[:1] in NO_TEXT_BEGINNINGS:
        return decode_json(body, subject)
    return _text_of(body, subject)


def decode_json_text(text: object) -> Any:
    """Decode JSON that is a text within JSON, as :func:`decode_json` does a body.

    Returns:
        What it holds; None if it is no JSON.
    """
    try:
        return decode_json(text.encode(), "") if isinstance(text, str) else None
    except (RejectedCallError, RepeatableError):
        return None


def decode_page(body: bytes, subject: str) -> Any:
    """Decode a body that may be an HTML page.

    Returns:
        The page as ``{"html": ...}``, without NUL characters; or decoded JSON where the body
        is not HTML.

    Raises:
        RepeatableError: If the body is empty, or neither HTML nor JSON.
    """
    page = _text_of(body, subject)
    return {"html": page} if page.lstrip().startswith("<") else decode_json(body, subject)
