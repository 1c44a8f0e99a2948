"""The state that a run goes on from: its version, and what of it can be relied on.

A state has a version, so that one that an earlier version of the tap wrote is brought up to
date, and one that only a later version understands is not misread. It stands beside the
bookmarks rather than in them: each run writes all of them anew, in its own version.

A state may have been edited by hand, or merged. A bookmark of which a part is not what it
should be is not relied on at all: parts that depend on each other would not fit any more. Its
stream is read from its beginning, which costs calls and no rows.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.errors import SettingsError
from tap_acton.records.dynamic_columns import COLUMNS_STATE, SOURCE_STATE
from tap_acton.records.timestamps import is_timestamp, timestamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

VERSION = 2
"""The version that this tap writes; a state without one is of version 1."""

VERSION_NAME = "version"

NOT_KEPT = (
    "progress_markers",
    "partitions",
    "replication_key_signpost",
    "starting_replication_value",
)
"""What only the SDK's own bookkeeping puts into a bookmark, and a run must not begin with."""

NOTHING = None
"""What a part is set to where relying on what it was would lose rows.

Meltano can merge the state of a run into that of an earlier one: what is merely left out there
comes back.
"""

NAMES = (COLUMNS_STATE, SOURCE_STATE)
"""What a bookmark keeps of names; they stay, whatever is wrong with the rest."""

AHEAD = timedelta(days=1)
"""How far ahead of this machine's clock a bookmark may be, by another clock or zone."""

Bookmark: TypeAlias = dict[str, Any]

Check: TypeAlias = "Callable[[Any, str], bool]"
"""Whether a value is what it should be, with the latest timestamp that it may hold."""


def bookmarks_in(
    state: Mapping[str, Any], now: datetime, on_damage: Callable[[str, str], object]
) -> dict[str, Bookmark]:
    """Take the bookmarks out of a state, in the form of this version.

    Args:
        state: The state, of this version or an earlier one.
        now: When the run begins.
        on_damage: Told the stream and the part, where a bookmark is not relied on.

    Returns:
        By stream what the state keeps of it.

    Raises:
        SettingsError: If the state is of a later version, or is none at all.
    """
    version = state.get(VERSION_NAME, 1)
    if type(version) is not int or version < 1:
        raise _not_a_state(f"'{VERSION_NAME}' is not the number of a version")
    if version > VERSION:
        raise SettingsError(
            f"The state is of version {version}, but this tap-acton knows states up to version "
            f"{VERSION} only: install the later tap-acton that wrote it, or run without a state to "
            "read everything again."
        )
    bookmarks = state.get("bookmarks") or {}
    if not isinstance(bookmarks, dict):
        raise _not_a_state("'bookmarks' does not hold an object")
    latest = timestamp_of(now + AHEAD)
    found = {}
    for stream, kept in bookmarks.items():
        if not isinstance(kept, dict | None):
            raise _not_a_state(f"the bookmark of {stream} is not an object")
        bookmark = _brought_up(kept or {}, version)
        checked = PARTS.keys() & bookmark.keys()
        damaged = min(
            (part for part in checked if not PARTS[part](bookmark[part], latest)), default=""
        )
        if damaged:
            on_damage(stream, damaged)
            bookmark = {part: bookmark[part] for part in NAMES if part in bookmark}
        found[stream] = bookmark
    return found


def with_version(state: Mapping[str, Any]) -> dict[str, Any]:
    """Give a state as it is written.

    Args:
        state: The state.

    Returns:
        The state with the version of its form.
    """
    return {VERSION_NAME: VERSION, **state}


def _not_a_state(reason: str) -> SettingsError:
    return SettingsError(
        f"The state is none that tap-acton writes: {reason}. Give the last state that it wrote, "
        "or run without one to read everything again."
    )


def _brought_up(bookmark: Bookmark, version: int) -> Bookmark:
    """Bring a bookmark up to date; what is of this version already stays as it is."""
    found = {
        part: kept
        for part, kept in bookmark.items()
        if part not in NOT_KEPT and kept is not NOTHING
    }
    if version == 1:
        _tell_when_complete(found)
    return found


def _tell_when_complete(bookmark: Bookmark) -> None:
    """Tell of the message streams when they were last read to their end.

    The timestamp decides which messages were still in view then, and which have had their turn
    since. Where it is not told, the sending of the last message that was read comes before it.
    """
    before = bookmark.pop("read_at", None) or bookmark.get("read_until")
    if "read_until" in bookmark:
        newest = bookmark.setdefault("newest", before)
        bookmark.setdefault("rechecked_at", newest)


def _is_text(kept: Any, _: str) -> bool:
    return isinstance(kept, str)


def _is_past(kept: Any, latest: str) -> bool:
    """Tell whether a value is a timestamp up to which something may have been read."""
    return is_timestamp(kept) and kept <= latest


def _is_past_or_none(kept: Any, latest: str) -> bool:
    return kept == "" or _is_past(kept, latest)


def _is_past_or_day(kept: Any, latest: str) -> bool:
    try:
        return isinstance(kept, str) and str(date.fromisoformat(kept)) == kept <= latest
    except ValueError:
        return _is_past(kept, latest)


def _are_texts(kept: Any, _: str) -> bool:
    return isinstance(kept, list) and all(isinstance(each, str) for each in kept)


def _is_map_of(is_sound: Check) -> Check:
    return lambda kept, latest: (
        isinstance(kept, dict) and all(is_sound(value, latest) for value in kept.values())
    )


PARTS: Mapping[str, Check] = {
    "replication_key": _is_text,
    "replication_key_value": _is_past_or_day,
    "read_until": _is_past_or_none,
    "newest": _is_past,
    "rechecked_at": _is_past,
    "contacts": _is_past,
    "lists": _is_map_of(_is_past_or_none),
    "counters": _is_map_of(_is_text),
    "covers": _is_map_of(_are_texts),
    "ask_again": _are_texts,
    "not_offered": _are_texts,
    "resting": _is_text,
    "read": _is_text,
}
"""What the parts of bookmarks are, where no stream checks that by itself."""
