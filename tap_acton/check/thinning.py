"""Few rows of an answer in the place of many: those in which each form of each field is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_acton.check.places import DEFINITIONS, KeptNumber, KeptText
from tap_acton.check.replacements import MOST_WORDS, kind_of, script_of
from tap_acton.check.shifted import is_epoch, spelling
from tap_acton.check.words import is_documented, timestamp_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_NAMES = 60
MOST_ITEMS = 300
"""Of an object whose names are made up, and of an array of texts, so many are kept."""

MOST_ROWS = 200
"""Of rows that all differ in form, so many are kept."""


class Rows(NamedTuple):
    """Which rows of an answer are kept.

    Attributes:
        seen: The forms that rows of such answers have had so far; it grows.
        wanted: The ids whose rows are kept, whatever their form.
    """

    seen: set[Any]
    wanted: frozenset[str]


def thinned(value: Any, kind: str, rows: Rows, path: tuple[Any, ...] = ()) -> Any:
    """Return an answer with few of its rows: the first and last, and each that has a new form.

    Args:
        value: The answer.
        kind: JSON, CSV or text.
        rows: Which of its rows are kept.
        path: Where the value stands in the answer.
    """
    if kind == "CSV":
        headers, *cells = value or [[]]
        return [headers, *(cells[place] for place in _places_kept(cells, rows, path, headers))][
            : len(value)
        ]
    if isinstance(value, dict):
        match value:
            case {"headers": list(headers), "data": list(cells)} if _are_tables(cells):
                ids = value.get("rowIds")
                ids = [*ids] if isinstance(ids, dict) and len(ids) == len(cells) else []
                kept = _places_kept(cells, rows, path, headers, ids)
                made = {**value, "data": [cells[place] for place in kept]}
                if ids:
                    made["rowIds"] = {ids[at]: value["rowIds"][ids[at]] for at in kept}
                return made
        left_out = {*[name for name in value if not is_documented(name)][MOST_NAMES:]}
        return {
            name: thinned(held, kind, rows, (*path, name))
            for name, held in value.items()
            if name not in left_out
        }
    if isinstance(value, list):
        is_whole = bool(path) and path[-1] in DEFINITIONS
        if is_whole or not any(isinstance(item, dict | list) for item in value):
            return value[:MOST_ITEMS]
        items = [thinned(item, kind, rows, (*path, "")) for item in value]
        return [items[place] for place in _places_kept(items, rows, path)]
    return value


def _are_tables(rows: Sequence[Any]) -> bool:
    return all(isinstance(row, list) for row in rows)


def _places_kept(
    given: Sequence[Any],
    rows: Rows,
    path: tuple[Any, ...],
    headers: Sequence[Any] = (),
    ids: Sequence[str] = (),
) -> list[int]:
    """Return where the rows stand that are kept: each next one has the most that is new."""
    names = {name for row in given if isinstance(row, dict) for name in row}
    if len(names) > MOST_ITEMS:
        # The rows have names of their own, and what each lacks says nothing.
        names = set()
    forms = []
    for place, row in enumerate(given):
        features = {(path, *feature) for feature in features_of(row, headers=headers)}
        if isinstance(row, dict):
            features |= {(path, name, "missing") for name in names - row.keys()}
        own = {*_ids_of(row, headers), *ids[place : place + 1]}
        forms.append(features | {(path, one, "wanted") for one in own & rows.wanted})
    kept = {0, len(given) - 1} if given else set()
    rows.seen.update(*(forms[place] for place in kept))
    new = {place: features - rows.seen for place, features in enumerate(forms)}
    while any(new.values()) and len(kept) < MOST_ROWS:
        best = max(new, key=lambda place: len(new[place]))
        kept.add(best)
        rows.seen.update(new[best])
        new = {place: left - rows.seen for place, left in new.items() if left}
    return sorted(kept)


def _ids_of(row: Any, headers: Sequence[Any] = ()) -> Iterator[str]:
    """Give the ids in a row, and in what it holds."""
    if isinstance(row, list):
        names = [*map(str, headers), *[""] * (len(row) - len(headers))]
        cells = [*zip(names, row, strict=False)]
    else:
        cells = [*row.items()] if isinstance(row, dict) else []
    for name, held in cells:
        if isinstance(held, dict | list):
            yield from _ids_of(held)
        elif name.lower().rstrip("_").endswith("id"):
            yield str(held)


def features_of(
    value: Any, path: tuple[Any, ...] = (), headers: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Give the forms in a value, each with the place where it stands."""
    match value:
        case dict():
            yield path, "object", not value
            for name, held in value.items():
                yield from features_of(held, (*path, name))
        case list():
            yield path, "array", not value
            is_row = bool(headers) or any(isinstance(held, dict | list) for held in value) is False
            for place, held in enumerate(value):
                name = str(headers[place]) if place < len(headers) else ""
                yield from features_of(held, (*path, (place, name) if is_row else ""))
        case _:
            yield path, form_of_value(value, _name_at(path))


def _name_at(path: tuple[Any, ...]) -> str:
    last = path[-1] if path else ""
    return last[1] if isinstance(last, tuple) else str(last)


def form_of_value(value: Any, name: str = "") -> str:
    """Return the form of a value in words, in which nothing of it is left."""
    match value:
        case None | bool():
            return str(value)
        case float():
            return "decimals"
        case KeptNumber() | KeptText():
            return f"{value}, kept"
        case int():
            if is_epoch(value, in_seconds=name in timestamp_names()):
                return f"epoch {len(str(value))}"
            return "zero" if not value else ("positive" if value > 0 else "negative")
    return _form_of_text(str(value), name)


def _form_of_text(text: str, name: str) -> str:
    match kind_of(text, name):
        case "kept":
            return f"the word {text}"
        case "timestamp":
            return spelling(text)
        case "":
            if text.isdecimal():
                return "digits" if text.strip("0") else "zeros"
            if not any(sign.isspace() for sign in text):
                has_digit = any(sign.isdecimal() for sign in text)
                return "id" if has_digit else f"a word {script_of(text)}"
            return f"words {script_of(text)} {len(text.split()) > MOST_WORDS}"
        case kind:
            return kind
