"""Values that may be arrays, objects, or JSON in a text, made into texts."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

from tap_acton.records.values import Unconvertible, text


def text_or_json(value: Any) -> str | None:
    """Return a value as text; an array or an object as compact JSON."""
    if isinstance(value, list | dict):
        return text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return text(value)


def part_of_id(value: Any) -> str | None:
    """Return a value as a text that is the same on every run, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else text(value)


def texts_between(separator: str, value: Any) -> list[str | None] | None:
    """Return an array of texts, which may come as one text with separators.

    Raises:
        Unconvertible: If the value is neither an array nor a text that the separator splits
            by the rules of CSV.
    """
    if isinstance(value, list):
        return [text_or_json(item) for item in value if item is not None]
    if not isinstance(value, str):
        raise Unconvertible
    if not value:
        return None
    try:
        (items,) = csv.reader(io.StringIO(value, newline=""), delimiter=separator, strict=True)
    except (csv.Error, TypeError, ValueError):
        raise Unconvertible from None
    return [text(item) for item in items]


def json_text(value: Any, *, is_base64: bool) -> str | None:
    """Return a JSON value as its text, decoded if it comes as Base64."""
    if isinstance(value, str) and is_base64:
        try:
            return text(b64decode(value, validate=True).decode())
        except (Base64Error, UnicodeDecodeError, ValueError):
            return text(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return text_or_json(value)
