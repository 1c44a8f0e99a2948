"""The words that a capture may hold as they came: those of Act-On's documents."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tap_acton import schemas
from tap_acton.settings.schema import EVENT_TYPES

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


VERB = frozenset({"Verb", "verb"})
"""The field of an activity whose values are codes of a letter or two."""

_LONGEST_EXACT_NAME = 3


@cache
def _listed() -> Mapping[str, frozenset[str]]:
    """Return the words of each section of the list."""
    text = resources.files(__package__).joinpath("documented_words.txt").read_text("utf-8")
    _, *parts = re.split(r"^\[(\w+)\]$", text, flags=re.MULTILINE)
    return {
        section: frozenset(line for line in words.splitlines() if line and line[0] != "#")
        for section, words in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def documented_names() -> frozenset[str]:
    """Return the names of fields and parameters that Act-On's documents have, and the columns."""
    return frozenset({*_listed()["names"], *derived_names()})


@cache
def derived_names() -> frozenset[str]:
    """Return those that the schemas have: columns, their names in the API, and timestamps."""
    columns = (name for column, names, _ in _columns() for name in (column, *names))
    return frozenset({*columns, *timestamp_names()})


@cache
def documented_values() -> frozenset[str]:
    """Return the enumerations that Act-On's documents have, other than codes of activities."""
    return frozenset({*_listed()["values"], *EVENT_TYPES})


@cache
def timestamp_names() -> frozenset[str]:
    """Return the names of fields and filters that hold a timestamp."""
    found = {*FILTERS, "created_date", "__created_date", "modified_date", "__modified_date"}
    for column, names, declared in _columns():
        if declared.get("format") == "date-time":
            found |= {column, *names}
    return frozenset(found)


def is_documented(name: str) -> bool:
    """Return whether the name of a field or parameter is Act-On's own.

    Its case, blanks and underscores do not matter, unless it is as short as a value.
    """
    is_long = len(name) > _LONGEST_EXACT_NAME and name.isascii()
    return name in documented_names() or (is_long and _folded(name) in _folded_names())


def is_documented_value(value: str, name: str = "") -> bool:
    """Return whether a value is of an enumeration of Act-On's, written just as there.

    Args:
        value: The value.
        name: The name of its field.
    """
    return value in documented_values() or (name in VERB and value in _listed()["verbs"])


@cache
def _folded_names() -> frozenset[str]:
    return frozenset(_folded(name) for name in documented_names())


def _folded(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


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
