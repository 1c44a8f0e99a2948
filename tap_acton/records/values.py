"""Conversions of Act-On's values to the types of a warehouse.

Small pure functions without state beyond a bounded cache. Each takes whatever JSON can
hold and returns the typed value, or ``None`` where the API says "no value"; it raises
:class:`Unconvertible` and nothing else. They run once per field of every record, so
they use only the standard library and keep the common case short. The conversions of
timestamps and days are in :mod:`~tap_acton.records.timestamps`.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMERAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""A number as text: optional sign, decimals and exponent."""

_WHOLE_NUMBER = re.compile(r"[+-]?\d+", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,5}):)?(\d{1,5}):([0-5]\d)", re.ASCII)
_LONGEST_NUMBER = 128
_MINUTES_AN_HOUR = 60
_LARGEST_INTEGER = 2**63 - 1
_SMALLEST_INTEGER = -(2**63)
_TEXT_OR_NULL = frozenset({str, NoneType})
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Unconvertible(ValueError):  # noqa: N818 - it says what a value is, not what failed
    """A value does not fit its type. The value is left out, since it may be personal data."""


def integer(value: object) -> int | None:
    """Return a whole number of at most 64 bits; None for null and blank texts.

    Args:
        value: A number without a fraction, or the text of one.

    Raises:
        Unconvertible: If the value has a fraction, is too large, or is not a number.
    """
    plain = _numeral(value) if isinstance(value, str) else value
    if plain is None:
        return None
    if type(plain) is int:
        return _within_64_bits(plain)
    if isinstance(plain, float | Decimal):
        return _whole(plain)
    raise Unconvertible


def number(value: object) -> float | None:
    """Return an ``int`` if the number is written as one, else a ``float``.

    Args:
        value: A number, or the text of one with optional sign, decimals and exponent. Null and
            blank texts are None.

    Raises:
        Unconvertible: If the value is not a finite number, or is an integer beyond 64 bits.
    """
    plain = _numeral(value) if isinstance(value, str) else value
    if plain is None:
        return None
    if type(plain) is int:
        return _within_64_bits(plain)
    if isinstance(plain, float | Decimal) and math.isfinite(as_float := float(plain)):
        return as_float
    raise Unconvertible


def minutes(value: object) -> float | None:
    """Return a duration in minutes, to four decimals; None for null and blank texts.

    Args:
        value: A number of minutes, the text of one, or a text such as ``1:02:30`` (hours,
            minutes and seconds) or ``62:30`` (minutes and seconds).

    Raises:
        Unconvertible: If the value is none of these.
    """
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return number(value)
    hours, of_hour, seconds = (int(part or 0) for part in found.groups())
    if found[1] and of_hour >= _MINUTES_AN_HOUR:
        raise Unconvertible
    return round(hours * _MINUTES_AN_HOUR + of_hour + seconds / 60, 4)


def boolean(value: object) -> bool | None:
    """Return true or false; None for null and blank texts.

    Args:
        value: A boolean, the number 1 or 0, or one of the texts ``true``, ``false``,
            ``yes``, ``no``, ``1`` and ``0`` in any case.

    Raises:
        Unconvertible: If the value is none of these.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        plain = value.strip().lower()
        if not plain:
            return None
        if plain in _BOOLEANS:
            return _BOOLEANS[plain]
    elif isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    raise Unconvertible


def text(value: object) -> str | None:
    """Return a text that every warehouse can store: valid UTF-8 without NUL characters.

    Args:
        value: A text, which may be empty and stays as it is otherwise; a number or boolean,
            which becomes its JSON spelling; or null.

    Raises:
        Unconvertible: If the value is an object, an array, or not a finite number.
    """
    if isinstance(value, str):
        if is_storable(value):
            return value
        # UTF-16 joins the two halves of a character again; a lone half becomes U+FFFD.
        units = value.replace("\0", "").encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "replace")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return str(value)
    raise Unconvertible


def texts(values: Sequence[Any]) -> Sequence[str | None]:
    """Return what :func:`text` returns for each value, and raise what it raises."""
    # Most columns need only this one check.
    joined = _joined(values)
    if joined is not None and is_storable(joined):
        return values
    return [text(value) for value in values]


def is_storable(value: str) -> bool:
    """Return whether every warehouse can store a text as it is.

    It has neither NUL, for which PostgreSQL rejects the whole batch, nor halves of characters
    (lone surrogates), which UTF-8 cannot hold.
    """
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def identifier(value: object) -> str | None:
    """Return an id as text without surrounding blanks; None for null and blank texts.

    Args:
        value: A text, or a whole number.

    Raises:
        Unconvertible: If the value is a boolean, an object, an array or has a fraction.
    """
    if isinstance(value, str):
        plain = text(value)
        return (plain and plain.strip()) or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    if isinstance(value, float | Decimal):
        return str(_whole(value))
    raise Unconvertible


def identifiers(values: Sequence[object]) -> Sequence[str | None]:
    """Return what :func:`identifier` returns for each value, and raise what it raises."""
    if are_texts(values):
        return [(plain and plain.strip()) or None for plain in texts(values)]
    return [identifier(value) for value in values]


@functools.lru_cache(maxsize=8192)
def snake_case(name: str) -> str:
    """Return the column name for a field of the API or a header of a list.

    ``senderName`` becomes ``sender_name``, ``URLString`` ``url_string``, ``Work e-mail``
    ``work_e_mail``. Letters of all scripts are kept, in lower case. Applied to its own
    result it changes nothing.

    Returns:
        Lower-case words joined by single underscores, with a leading underscore if the name
        would otherwise be empty or start with a digit.
    """
    characters = unicodedata.normalize("NFKC", name)
    written = []
    for index, character in enumerate(characters):
        if not (character.isalnum() or unicodedata.category(character).startswith("M")):
            written.append("_")
            continue
        if _starts_word(characters, index):
            written.append("_")
        written.append(character.lower())
    # Lower-casing can leave combining marks out of order, so normalize once more.
    joined = unicodedata.normalize("NFKC", "".join(written))
    words = "_".join(filter(None, joined.split("_")))
    return words if words and not words[0].isdigit() else f"_{words}"


def fits_64_bits(value: float | Decimal) -> bool:
    """Return whether a number is finite and within the range of 64-bit integers.

    To be checked before a number becomes an integer: one with a large exponent would take all
    memory.
    """
    return math.isfinite(value) and _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER


def are_texts(values: Sequence[object]) -> TypeGuard[Sequence[str | None]]:
    """Return whether all values are texts or null."""
    return _TEXT_OR_NULL.issuperset(map(type, values))


def _joined(values: Sequence[Any]) -> str | None:
    """Return all texts as one; None if there is anything but texts and null."""
    try:
        # Usually all are texts, and this is the quickest way to find out.
        return "".join(values)
    except TypeError:
        return "".join(filter(None, values)) if are_texts(values) else None


def _numeral(value: str) -> int | Decimal | None:
    """Return exactly the number that a text spells out; None for a blank text."""
    plain = value.strip()
    if not plain:
        return None
    if len(plain) > _LONGEST_NUMBER or not NUMERAL.fullmatch(plain):
        raise Unconvertible
    return int(plain) if _WHOLE_NUMBER.fullmatch(plain) else Decimal(plain)


def _within_64_bits(value: int) -> int:
    """Return an integer that fits a warehouse column."""
    if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    raise Unconvertible


def _whole(value: float | Decimal) -> int:
    """Return a number without a fraction as an integer."""
    if fits_64_bits(value) and (whole := int(value)) == value:
        return whole
    raise Unconvertible


def _digits(value: int) -> str:
    """Return the decimal digits of an integer."""
    try:
        return str(value)
    except ValueError:
        # Python refuses to write integers of more than 4,300 digits.
        raise Unconvertible from None


def _starts_word(characters: str, index: int) -> bool:
    """Return whether a capital letter inside a name starts a word of it."""
    if index == 0 or not _is_capital(characters[index]):
        return False
    if not _is_capital(characters[index - 1]):
        return characters[index - 1].isalnum()
    # In URLString the S starts a word. In URLs the L does not: the s is a plural.
    following = characters[index + 1 : index + 3]
    if not following or not following[0].isalpha() or _is_capital(following[0]):
        return False
    return following[0] != "s" or (len(following) > 1 and following[1].islower())


def _is_capital(character: str) -> bool:
    """Return whether a character has another form in lower case."""
    return character != character.lower()
