"""Bookmarks of older versions, each brought to the next version by a pure function.

A migration never raises. What it cannot make sense of it passes on or leaves out; strict
decoding has the last word on the result. The names are those of the versions, so they stay when
the tap's own names change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.records.ids import header_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Bookmark: TypeAlias = "dict[str, Any]"

LONG_AGO = "1970-01-01T00:00:00.000Z"
"""Stands for the start of a load where version 2 did not save it; nothing counts as read by it."""

_IN_BOOKMARK = ("replication_key", "replication_key_value", "columns", "source")
"""What a bookmark of version 3 keeps outside of ``progress``."""

_IN_PROGRESS = {
    "read_until": "read_until",
    "newest": "newest",
    "rechecked_at": "rechecked_at",
    "covers": "covers",
    "ask_again": "ask_again",
    "resting": "fingerprints",
    "not_offered": "not_offered",
    "lists": "lists",
    "read": "fingerprints",
    "contacts": "covered_until",
    "full_read": "full_refresh",
}
"""What it keeps there, by the names of version 2."""

_COUNT = re.compile(r"[0-9]{1,18}")

_PLACES = (
    re.compile(r"list (?P<first>.+?), contact (?P<second>.+)"),
    re.compile(r"contact (?P<second>.+), changed (?P<first>.+)"),
    re.compile(r"changed from (?P<first>.+)(?P<second>)"),
)
"""The words in which version 2 saved the places of the three loads that take days."""


def of_version_1(old: Mapping[str, Any]) -> Bookmark:
    """Say when a message stream was last complete, which version 1 did not.

    Without that, the sending of the last message that was read comes before it.
    """
    new = {name: value for name, value in old.items() if name != "read_at"}
    if old.get("read_until"):
        new.setdefault("newest", old.get("read_at") or old["read_until"])
        new.setdefault("rechecked_at", new["newest"])
    return new


def of_version_2(old: Mapping[str, Any]) -> Bookmark:
    """Move everything of the tap's own into ``progress``, and turn words into ids.

    ``borders``, the ends of the known pages of events, have no successor: those events are
    read whole once.
    """
    progress: Bookmark = {new: old[name] for name, new in _IN_PROGRESS.items() if name in old}
    if "counters" in old:
        progress["counters"] = _counters(old["counters"])
    created_after = old.get("createdafter")
    if isinstance(created_after, dict) and "unit" in created_after:
        progress["filter"] = created_after
    checkpoint = _checkpoint(old.get("round")) | _position(old.get("resume"))
    if checkpoint:
        progress["checkpoint"] = {"started_at": LONG_AGO} | checkpoint
    new = {name: old[name] for name in _IN_BOOKMARK if name in old}
    return new | ({"progress": [progress]} if progress else {})


def of_version_3(old: Mapping[str, Any]) -> Bookmark:
    """Keep digests of the headers of a list, and not the headers.

    It changes nothing in a bookmark of version 4: a merge may bring back the headers.
    """
    columns = old.get("columns")
    if "source" not in old or not isinstance(columns, dict):
        return dict(old)
    return {**old, "columns": {header_identity(key): name for key, name in columns.items()}}


MIGRATIONS: tuple[Callable[[Mapping[str, Any]], Bookmark], ...] = (
    of_version_1,
    of_version_2,
    of_version_3,
)
"""From version 1 on, each to the next version. They are given no part that is null."""


def _counters(old: Any) -> Any:
    """Turn ``"12,,3"`` into ``[12, None, 3]``."""
    if not isinstance(old, dict):
        return old
    return {
        message: [int(part) if _COUNT.fullmatch(part) else None for part in text.split(",")]
        if isinstance(text, str)
        else text
        for message, text in old.items()
    }


def _checkpoint(old: Any) -> Bookmark:
    if not isinstance(old, dict) or "started_at" not in old:
        return {}
    same = {name: old[name] for name in ("started_at", "is_done", "reached") if name in old}
    return {**same, "behind": _place(old.get("after"))}


def _place(after: Any) -> list[str]:
    """Read the ids out of the words of version 2; loads with other words begin anew."""
    for words in _PLACES:
        if isinstance(after, str) and (found := words.fullmatch(after)):
            return [part for part in (found["first"], found["second"]) if part]
    return []


def _position(old: Any) -> Bookmark:
    """Read where custom object records resume: behind a dataset, or on a page of it."""
    match old:
        case {"object_id": object_id, "dataset_id": dataset_id, "is_done": True}:
            return {"behind": [object_id, dataset_id]}
        case {"object_id": object_id, "dataset_id": dataset_id, "size": size, **page}:
            cursor = {
                "size": size,
                "token": page.get("token", ""),
                "is_sorted": page.get("is_sorted", True),
                "rows": page.get("rows_before", 0),
            }
            return {"behind": [object_id, dataset_id], "cursor": cursor}
    return {}
