"""The words that a capture may hold as they came: those of Act-On's documents."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tap_acton import schemas
from tap_acton.api.endpoints import LITERALS

if TYPE_CHECKING:
    from collections.abc import Mapping

FILTERS = frozenset(
    {
        "modafter",
        "modbefore",
        "createdafter",
        "createdbefore",
        "createdAfter",
        "createdBefore",
        "updatedAfter",
        "updatedBefore",
    }
)
"""Parameters that hold a timestamp."""


@cache
def documented_words() -> frozenset[str]:
    """Return the names and enumerations that Act-On's documents have, and the tap's columns."""
    listed = resources.files(__package__).joinpath("documented_words.txt")
    lines = listed.read_text(encoding="utf-8").splitlines()
    words = {line for line in lines if line and not line.startswith("#")}
    return frozenset({*words, *LITERALS, *_names(), *timestamp_names()})


_LONGEST_CODE = 3


@cache
def timestamp_names() -> frozenset[str]:
    """Return the names of fields and filters that hold a timestamp."""
    found = {*FILTERS, "created_date", "__created_date", "modified_date", "__modified_date"}
    for column, names, declared in _columns():
        if declared.get("format") == "date-time":
            found |= {column, *names}
    return frozenset(found)


def is_documented(word: str) -> bool:
    """Return whether a name or a value is Act-On's own.

    Its case, blanks and underscores do not matter, unless it is as short as a code.
    """
    is_long = len(word) > _LONGEST_CODE and word.isascii()
    return word in documented_words() or (is_long and _folded(word) in _folded_words())


@cache
def _folded_words() -> frozenset[str]:
    return frozenset(_folded(word) for word in documented_words())


def _folded(word: str) -> str:
    return word.replace("_", "").replace(" ", "").lower()


def _names() -> set[str]:
    return {name for column, names, _ in _columns() for name in (column, *names)}


@cache
def _columns() -> list[tuple[str, list[str], Mapping[str, Any]]]:
    """Return each column with its names in the API, and what its schema declares of it."""
    found: list[tuple[str, list[str], Mapping[str, Any]]] = []
    for file in resources.files(schemas).iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text(encoding="utf-8"))
            found += [(name, [], {}) for name in schema.get("x-acton-ignored", ())]
            found += [
                (column, declared.get("x-acton-names", []), declared)
                for column, declared in schema["properties"].items()
            ]
    return found
