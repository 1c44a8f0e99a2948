"""Reading and writing the state: its version, and what of it can be trusted.

    {"version": 4, "bookmarks": {"opt_outs": {
        "replication_key": "opted_out_at", "replication_key_value": "2026-03-19T10:00:00.000Z",
        "progress": [{"filter": {"unit": "seconds", "found_at": ..., "pages": 3, "latest": ...}}]}}}

``progress`` holds one of the structs of :mod:`tap_acton.state.stream_state`. It is an array of
one because Meltano merges objects key by key, which brings back what a later state leaves out.

Nothing is kept under or of an id that is an e-mail address, so such an item is read again by every
run.

A state may have been edited or merged. A bookmark that is damaged anywhere is not used at all,
since its parts depend on each other: its stream is read from the beginning, which costs calls
but no rows.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tap_acton.errors import SettingsError
from tap_acton.records.dynamic_columns import COLUMNS_STATE, SOURCE_STATE
from tap_acton.records.ids import has_address
from tap_acton.records.timestamps import is_timestamp, timestamp_of
from tap_acton.state.migrations import MIGRATIONS
from tap_acton.state.stream_state import REACHED_PATTERN, StreamState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

VERSION = len(MIGRATIONS) + 1
"""The version that this tap writes; a state without one has version 1."""

VERSION_NAME = "version"

PROGRESS = "progress"
"""Where a bookmark keeps what is the tap's own, in an array of one."""

CHECKPOINT = "checkpoint"
"""Where the progress keeps how far a load has come."""

NAMES = (COLUMNS_STATE, SOURCE_STATE)
"""Where a bookmark keeps names; they stay, whatever is wrong with the rest."""

KEPT = ("replication_key", "replication_key_value", *NAMES, PROGRESS)
"""What a run may begin with; the rest is the SDK's bookkeeping of an earlier run."""

AHEAD = timedelta(days=1)
"""How far ahead of this machine's clock a timestamp may be, because of another clock or zone.

A timestamp further ahead would hide the rows up to it.
"""

IN_THE_FUTURE = "lies in the future"

DAMAGED = "The state of %s cannot be trusted: %s. The stream is read from the beginning."
"""What the log says of a stream and of what is wrong with its bookmark."""

State = TypeVar("State", bound=StreamState)

_LOOKS_LIKE_A_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?", re.DOTALL)
_PLACE_OF_ERROR = re.compile(r".* - at `\$\[0\]\.(?P<place>.+)`", re.DOTALL)


def bookmarks_of(
    state: Mapping[str, Any], now: datetime, on_damage: Callable[[str, str], object]
) -> dict[str, dict[str, Any]]:
    """Return the bookmarks of a state of this or an earlier version, in the form of this one.

    Their ``progress`` is not checked yet: each stream decodes its own with :func:`decode`.

    Args:
        state: What the run was given.
        now: When the run begins.
        on_damage: Called with a stream and what is wrong with its bookmark, as the end of a
            sentence. Only names are left of that bookmark.

    Raises:
        SettingsError: If the state has a later version, or was not written by this tap.
    """
    version = state.get(VERSION_NAME, 1)
    if type(version) is not int or version < 1:
        raise _not_a_state(f"'{VERSION_NAME}' is not a version number")
    if version > VERSION:
        raise SettingsError(
            f"The state has version {version}, but this tap-acton reads states up to version "
            f"{VERSION}: install the later tap-acton that wrote it, or run without a state to read "
            "everything again."
        )
    bookmarks = state.get("bookmarks") or {}
    if not isinstance(bookmarks, dict):
        raise _not_a_state("'bookmarks' is not an object")
    found = {}
    for stream, kept in bookmarks.items():
        if not isinstance(kept, dict | None):
            raise _not_a_state(f"the bookmark of {stream} is not an object")
        bookmark = _up_to_date(kept or {}, version)
        if problem := _problem_of_replication(bookmark, timestamp_of(now + AHEAD)):
            on_damage(stream, problem)
            start_over(bookmark)
        found[stream] = bookmark
    return found


def as_written(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state as it is written: its version first, and without e-mail addresses."""
    return {VERSION_NAME: VERSION, **_without_addresses(state)}


def decode(bookmark: Mapping[str, Any], kind: type[State], now: datetime) -> tuple[State, str]:
    """Decode the progress in a bookmark.

    Args:
        bookmark: A bookmark of this version.
        kind: What the stream remembers.
        now: When the run begins.

    Returns:
        The progress, and what is wrong with it as the end of a sentence, or nothing. Where
        something is wrong, the progress is that of a first run, and the rest of the bookmark
        must not be used either (:func:`start_over`).
    """
    held = bookmark.get(PROGRESS)
    if held is None:
        return kind(), ""
    try:
        (state,) = msgspec.convert(held, tuple[kind])  # type: ignore[valid-type] # kind is a type
    except UnicodeEncodeError:
        return kind(), f"'{PROGRESS}' is not what this tap writes"
    except msgspec.ValidationError as error:
        found = _PLACE_OF_ERROR.fullmatch(str(error))
        return kind(), f"'{found['place'] if found else PROGRESS}' is not what this tap writes"
    latest = timestamp_of(now + AHEAD)
    problems = (_problem_of_time(text, latest) for text in _texts(held))
    problem = next(filter(None, problems), "")
    return (kind(), problem) if problem else (state, "")


def encode(state: StreamState) -> list[Any]:
    """Return a stream's state as a bookmark keeps it in ``progress``."""
    return [msgspec.to_builtins(state)]


def start_over(bookmark: dict[str, Any]) -> None:
    """Leave nothing in a bookmark but names of columns and of their source."""
    for name in bookmark.keys() - {*NAMES}:
        del bookmark[name]


def _not_a_state(reason: str) -> SettingsError:
    return SettingsError(
        f"The state was not written by tap-acton: {reason}. Pass the last state that tap-acton "
        "wrote, or run without one to read everything again."
    )


def _up_to_date(bookmark: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Migrate a bookmark. A part that is null counts as absent, as version 2 meant it."""
    kept = _without_nulls(bookmark)
    # The last one also applies to the present version: Meltano merges states key by key, so one
    # of this version may still hold what an earlier one kept.
    for migrate in MIGRATIONS[min(version, VERSION - 1) - 1 :]:
        kept = _without_nulls(migrate(kept))
    is_good = {name: name not in NAMES or _are_names(value) for name, value in kept.items()}
    return {name: kept[name] for name in KEPT if is_good.get(name)}


def _without_nulls(bookmark: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bookmark.items() if value is not None}


def _problem_of_replication(bookmark: Mapping[str, Any], latest: str) -> str:
    if not isinstance(bookmark.get("replication_key", ""), str):
        return "'replication_key' is not a name"
    value = bookmark.get("replication_key_value")
    if value is None:
        return ""
    if not (_is_day(value) or is_timestamp(value)):
        return "'replication_key_value' is neither a timestamp nor a day"
    return f"'replication_key_value' {value} {IN_THE_FUTURE}" if value > latest else ""


def _problem_of_time(text: str, latest: str) -> str:
    """Say what is wrong with a text that looks like a timestamp or a day; others pass."""
    if not _is_text(text):
        return f"'{PROGRESS}' is not what this tap writes"
    if not _LOOKS_LIKE_A_TIME.fullmatch(text):
        return ""
    if not re.match(REACHED_PATTERN, text) or not (_is_day(text) or is_timestamp(text)):
        return f"{text} is not a timestamp that this tap writes"
    return f"{text} {IN_THE_FUTURE}" if text > latest else ""


def _is_text(value: object) -> bool:
    """Tell whether a value is a text without halves of characters."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _are_names(value: object) -> bool:
    """Tell whether a value is what a bookmark keeps of names: a text, or texts by texts."""
    names = value if isinstance(value, dict) else {"": value}
    return all(_is_text(one) for pair in names.items() for one in pair)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and str(date.fromisoformat(value)) == value
    except ValueError:
        return False


def _without_addresses(held: Any) -> Any:
    """Leave out what is, or is kept under, a text with an address.

    Of a checkpoint all is left out, since its parts depend on each other: the load begins anew.
    """
    match held:
        case dict():
            return {
                name: _without_addresses(value)
                for name, value in held.items()
                if not has_address(name)
                and not (isinstance(value, str) and has_address(value))
                and not (name == CHECKPOINT and any(map(has_address, _texts(value))))
            }
        case list() | tuple():
            return [
                _without_addresses(value)
                for value in held
                if not (isinstance(value, str) and has_address(value))
            ]
    return held


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts within a JSON value, keys of objects aside."""
    match value:
        case str():
            yield value
        case dict():
            for held in value.values():
                yield from _texts(held)
        case list() | tuple():  # a tuple before it has been written
            for held in value:
                yield from _texts(held)
