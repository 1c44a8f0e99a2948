"""Whether anything of what was received is in a capture: any four characters in a row."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tap_acton.api.responses import CODES
from tap_acton.check.replacements import ALPHABETS, PHRASES, kind_of
from tap_acton.check.shifted import shifted_text
from tap_acton.check.words import documented_words, is_documented

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
WHOLE = (*documented_words(), *PHRASES, *BESIDE, *map(str, CODES))
ALLOWED = " ".join(WHOLE).lower()

WORDS = re.compile(r"[A-Za-z0-9]+|[^\W_A-Za-z0-9]+")


def common_runs(exchanges: Iterable[Exchange], document: Mapping[str, Any]) -> set[str]:
    """Return the runs of four characters that a capture shares with what was received.

    Left out are runs of documented words and codes, and what made-up values consist of. So are
    timestamps in the capture: they are moved, and what they then share with others is chance.
    """
    received = {run for one in exchanges for text in received_by(one) for run in runs_of(text)}
    kept = {
        run
        for text in values_in(document)
        if not is_documented(text)
        and kind_of(text) not in {"kept", "ago"}
        and not is_timestamp(text)
        for run in runs_of(text)
    }
    return {run for run in kept & received if not is_allowed(run)}


def values_in(document: Mapping[str, Any]) -> Iterator[str]:
    """Give every name and value in the answers of a capture, and what was sent for them."""
    for entry in document["answers"]:
        sent = [entry["parameters"], entry.get("body"), entry["headers"]]
        yield from texts_of([*sent, *(entry.get(kind) for kind in ("JSON", "CSV", "text"))])
        yield from map(unquote, re.findall(r"\{(.*?)\}", entry["call"]))


def received_by(exchange: Exchange) -> Iterator[str]:
    """Give every name and value of an answer, and the ids that were sent for it."""
    text = exchange.content.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        yield from texts_of(json.loads(text))
    except ValueError:
        yield text
        yield from texts_of([*csv.reader(io.StringIO(text, newline=""))])
    yield from map(unquote, exchange.path.split("/")[4:])
    yield from texts_of([exchange.parameters, exchange.body])


def texts_of(value: Any) -> Iterator[str]:
    """Give every name and value in a value, as a text."""
    match value:
        case dict():
            for name, held in value.items():
                yield name
                yield from texts_of(held)
        case list():
            for held in value:
                yield from texts_of(held)
        case str() | int() | float() if not isinstance(value, bool):
            yield str(value)


def runs_of(text: str) -> set[str]:
    """Return all runs of four characters in a text."""
    return {text[place : place + 4] for place in range(len(text) - 3)}


def is_allowed(run: str) -> bool:
    """Return whether a run is part of documented words, or of what made-up values consist of."""
    return run.lower() in ALLOWED or all(map(MADE_UP.fullmatch, WORDS.findall(run)))


def is_timestamp(text: str) -> bool:
    """Return whether a text is a timestamp."""
    return shifted_text(text, timedelta()) is not None or bool(
        re.fullmatch(r"[12]\d{9}|[12]\d{12}", text)
    )
