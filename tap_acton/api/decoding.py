"""Decoding the bodies of good answers."""

from __future__ import annotations

import math
import re
from functools import partial
from json import JSONDecodeError, dumps, loads
from typing import TYPE_CHECKING, Any

import msgspec

from tap_acton.api.responses import without_stray_braces
from tap_acton.errors import RepeatableError

if TYPE_CHECKING:
    from collections.abc import Callable

NO_TEXT_BEGINNINGS = frozenset({b"", b"<", b"{"})
"""How an answer begins that is not the text that was asked for: nothing, HTML, JSON."""

_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def decode_json(body: bytes, subject: str) -> Any:
    """Decode the body of a good answer.

    A stray ``{}`` before the body, as some printed samples have it, is skipped. What is
    not UTF-8, and halves of characters, are replaced; the character NUL is left out,
    since no warehouse takes it. Numbers that no JSON can be made of again come as texts.

    Args:
        body: The body.
        subject: What was asked about, for messages.

    Returns:
        The decoded JSON.

    Raises:
        RepeatableError: If the body is empty or not JSON: a broken or foreign answer.
    """
    body = without_stray_braces(body)
    if rb"\u0000" in body:
        body = _ESCAPED_NUL.sub(rb"\1", body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Slower, but it takes numbers past 64 bits and, after the repairs, any text.
        payload = loads(
            body.decode("utf-8-sig", "replace"),
            parse_int=partial(_number_or_text, int),
            parse_float=partial(_number_or_text, float),
            parse_constant=str,
        )
        return loads(dumps(payload, ensure_ascii=False).encode("utf-8", "replace"))
    except (JSONDecodeError, RecursionError, ValueError):
        kind = "an empty answer" if not body else "an answer that is not JSON"
        raise RepeatableError(f"{subject}: Act-On sent {kind}.") from None


def _number_or_text(convert: Callable[[str], float], numeral: str) -> float | str:
    """Read a number; one that Python cannot hold, or not write again, stays a text."""
    try:
        number = convert(numeral)
    except ValueError:
        return numeral
    return numeral if number in {math.inf, -math.inf} else number


def decode_text(body: bytes, subject: str) -> Any:
    """Decode the body of a good answer that is to be text.

    Args:
        body: The body, in UTF-8 with or without a mark of it.
        subject: What was asked about, for messages.

    Returns:
        The text, without the character NUL; decoded JSON where the answer is that, which
        is how an error looks.

    Raises:
        RepeatableError: If the body is empty or a page of HTML.
    """
    if body.lstrip()[:1] in NO_TEXT_BEGINNINGS:
        return decode_json(body, subject)
    return body.decode("utf-8-sig", "replace").replace("\0", "")


def decode_page(body: bytes, subject: str) -> Any:
    """Decode the body of a good answer that may be a page of HTML.

    Args:
        body: The body, in UTF-8 with or without a mark of it.
        subject: What was asked about, for messages.

    Returns:
        An object with the page, without the character NUL, as ``html``; decoded JSON
        where the answer is none.

    Raises:
        RepeatableError: If the body is empty, or neither HTML nor JSON.
    """
    page = body.decode("utf-8-sig", "replace").replace("\0", "")
    return {"html": page} if page.lstrip().startswith("<") else decode_json(body, subject)
