"""Whether anything of what was received is in a capture: any four characters in a row."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from tap_acton.api.responses import CODES
from tap_acton.check.places import ERROR_CODES, NAMING
from tap_acton.check.replacements import ALPHABETS, PHRASES
from tap_acton.check.words import (
    documented_names,
    documented_values,
    is_documented,
    is_documented_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_acton.api.exchange import Exchange

MADE_UP = re.compile(
    r"(?:[zxqvjkw][uoiy])*[zxqvjkw]?|[uoiy](?:[zxqvjkw][uoiy])*[zxqvjkw]?|[0-9]{1,3}|[a-z]"
    r"|(?=[0-9]*[zxqjkw])[zxqjkw0-9]{1,4}|[zxqjkw0123]+"
    rf"|[{''.join(ALPHABETS.values())}]+",
    re.IGNORECASE,
)
"""What made-up words, numbers and ids consist of, or any part of one."""

BESIDE = ("https://example.com/", "@example.com", "<p></p>", "US/Pacific", " day ago", " days ago")
WHOLE = (*documented_names(), *documented_values(), *PHRASES, *BESIDE, *map(str, CODES))
ALLOWED = " ".join(WHOLE).lower()

WORDS = re.compile(r"[A-Za-z0-9]+|[^\W_A-Za-z0-9]+")

AGO = re.compile(r"\d+ (?:minute|hour|day|week|month|year)s? ago", re.IGNORECASE)

_DATE = (
    r"(?:\d{4}([-/])\d\d?\1\d\d?|\d\d?([/.-])\d\d?\2\d{4}"
    r"|(?:[A-Z][a-z]+,? )?[A-Z][a-z]{2,8} (?:\d\d?(?:,? \d{4})?|\d{4}))"
)
_ZONE = r"(?:Z|[A-Z]{2,4}|US/Pacific|(?:UTC|GMT)?[+-](?:0\d|1[0-4]):?(?:[03]0|[14]5))"
_TIMESTAMP = re.compile(
    rf"{_DATE}(?:(?:T|,? )\d\d?:\d\d(?::\d\d(?:[.,][05]0*)?)?(?: ?[AaPp][Mm])?(?: ?{_ZONE})?)?"
    r"|[12]\d{9}|[12]\d{12}"
)
_FORMAT = re.compile(r"([yMdHhmsSaXzZE])\1*(?:[ ./:,'T-]+([yMdHhmsSaXzZE])\2*)+")

OWN = frozenset(
    {
        *("at", "came", "kept", "fill_the_page"),
        *("2 to 9", "10 to 99", "100 to 999", "1000 or more"),
        *("unreadable", "mark", "braces", "delimiter", "line_end", "last_line_is_open"),
    }
)
"""What a capture says of an answer in words of its own."""


class Text(NamedTuple):
    """A text or number in a capture.

    Attributes:
        text: It, as a text.
        field: The field whose value it is.
        is_name: Whether it is the name of a field.
    """

    text: str
    field: str = ""
    is_name: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it may be there as it came, or is none of what came."""
        return (
            self.text in OWN
            or (self.is_name and is_documented(self.text))
            or is_documented_value(self.text, self.field)
            or AGO.fullmatch(self.text) is not None
            or _TIMESTAMP.fullmatch(self.text) is not None
            or (self.field in {"dataFormat", "format"} and bool(_FORMAT.fullmatch(self.text)))
        )


def common_runs(exchanges: Iterable[Exchange], document: Mapping[str, Any]) -> set[str]:
    """Return the runs of four characters that a capture shares with what was received.

    Left out are runs of documented words and codes, and what made-up values consist of. So are
    timestamps in the capture: they are moved, and what they then share with others is chance.
    """
    received = {run for one in exchanges for text in received_by(one) for run in runs_of(text)}
    kept = {run for found in values_in(document) if not found.is_own for run in runs_of(found.text)}
    return {run for run in kept & received if not is_allowed(run)}


def values_in(document: Mapping[str, Any]) -> Iterator[Text]:
    """Give every name and value in the answers of a capture, and what was sent for them."""
    for entry in document["answers"]:
        for name, held in entry.items():
            if name == "call":
                yield from (Text(unquote(one)) for one in re.findall(r"\{(.*?)\}", held))
            elif name == "headers":
                for one in held.values():
                    yield from map(Text, one.split("; charset="))
            elif name == "rows":
                yield from texts_of(held["at"], is_name=True)
                yield from texts_of({**held, "at": []})
            elif name == "CSV":
                yield from texts_of(held[:1], is_name=True)
                yield from texts_of(held[1:])
            elif name == "JSON" and entry["status"] != 200 and isinstance(held, dict):
                yield from texts_of({one: held[one] for one in held.keys() - ERROR_CODES})
            elif name != "stream":
                yield from texts_of(held)


def received_by(exchange: Exchange) -> Iterator[str]:
    """Give every name and value of an answer, and the ids that were sent for it."""
    text = exchange.content.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        found = texts_of(json.loads(text))
    except ValueError:
        yield text
        found = texts_of(cells_of(text))
    sent = texts_of([exchange.parameters, exchange.body, [*exchange.headers.values()]])
    yield from (one.text for one in (*found, *sent))
    yield from map(unquote, exchange.path.split("/")[4:])


def cells_of(text: str) -> list[list[str]]:
    """Return the cells of CSV; none if it cannot be read as such."""
    try:
        return [*csv.reader(io.StringIO(text, newline=""))]
    except csv.Error:
        return []


def texts_of(
    value: Any, field: str = "", *, is_name: bool = False, defines: bool = False
) -> Iterator[Text]:
    """Give every name and value in a value; of JSON in a text, what it holds.

    Args:
        value: The value.
        field: Its field.
        is_name: Whether it holds names of fields.
        defines: Whether the items in it define fields.
    """
    match value:
        case dict():
            for name, held in value.items():
                yield Text(name, is_name=True)
                names = name in NAMING or (defines and name in {"name", "displayName"})
                is_list = isinstance(held, list)
                more = is_list and name in {"columns", "fields"}
                yield from texts_of(held, name, is_name=names, defines=more)
        case list() | tuple():
            for held in value:
                yield from texts_of(held, field, is_name=is_name, defines=defines)
        case str() if value[:1] in {"{", "["} and (inner := json_in(value)) is not None:
            yield from texts_of(inner, field)
        case str() | int() | float() if not isinstance(value, bool):
            yield Text(str(value), field, is_name)


def json_in(text: str) -> Any:
    """Return the array or object that a text is; None if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def runs_of(text: str) -> set[str]:
    """Return all runs of four characters in a text."""
    return {text[place : place + 4] for place in range(len(text) - 3)}


def is_allowed(run: str) -> bool:
    """Return whether a run is part of documented words, or of what made-up values consist of."""
    return run.lower() in ALLOWED or all(map(MADE_UP.fullmatch, WORDS.findall(run)))
