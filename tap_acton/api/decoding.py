"""Decoding the bodies of good responses."""

from __future__ import annotations

import math
import re
from codecs import getincrementaldecoder, lookup
from email.message import Message
from functools import lru_cache, partial
from json import JSONDecodeError, dumps, loads
from typing import TYPE_CHECKING, Any

import msgspec

from tap_acton.api.responses import without_stray_braces
from tap_acton.errors import RepeatableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NO_TEXT_BEGINNINGS = frozenset({b"", b"<", b"{"})
"""How a body begins that is not the text that was requested: nothing, HTML, JSON."""

_INVALID = b"\xff"
"""Is not UTF-8, wherever it stands."""

_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def in_utf8(pieces: Iterable[bytes], content_type: str | None) -> Iterable[bytes]:
    """Return a body in UTF-8, whatever the charset that its ``Content-Type`` states.

    What the stated charset cannot be read as is no valid UTF-8 either.
    """
    charset = _charset(content_type or "")
    return _transcoded(pieces, charset) if charset else pieces


@lru_cache(maxsize=64)
def _charset(content_type: str) -> str:
    """Return the charset that a ``Content-Type`` states; empty for UTF-8 and for none known."""
    message = Message()
    message["Content-Type"] = content_type
    try:
        charset = lookup(message.get_content_charset("")).name
        "".encode(charset)  # refuses what does not stand for characters, such as base64
    except (LookupError, ValueError):
        return ""
    return "" if charset in {"utf-8", "ascii"} else charset


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
        RepeatableError: If the body is empty or not JSON: a broken or foreign response.
    """
    body = without_stray_braces(body)
    if rb"\u0000" in body:
        body = _ESCAPED_NUL.sub(rb"\1", body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Slower, but takes numbers beyond 64 bits and, once repaired, any text.
        payload = loads(
            body.decode("utf-8-sig", "replace"),
            parse_int=partial(_number_or_text, int),
            parse_float=partial(_number_or_text, float),
            parse_constant=str,
        )
        return loads(dumps(payload, ensure_ascii=False).encode("utf-8", "replace"))
    except (JSONDecodeError, RecursionError, ValueError):
        kind = "a response that is not JSON" if body else "an empty response"
        raise RepeatableError(f"{subject}: Act-On sent {kind}.") from None


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
    return body.decode("utf-8-sig", "replace").replace("\0", "")


def decode_page(body: bytes, subject: str) -> Any:
    """Decode a body that may be an HTML page.

    Returns:
        The page as ``{"html": ...}``, without NUL characters; or decoded JSON where the body
        is not HTML.

    Raises:
        RepeatableError: If the body is empty, or neither HTML nor JSON.
    """
    page = body.decode("utf-8-sig", "replace").replace("\0", "")
    return {"html": page} if page.lstrip().startswith("<") else decode_json(body, subject)
