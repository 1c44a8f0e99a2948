"""The entries of settings that name items of a listing, and those of them that match nothing."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from tap_acton.records.ids import has_address, without_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def matches_name(name: str | None, patterns: Sequence[str]) -> bool:
    """Return whether a name matches one of some glob patterns, whatever its case."""
    lowered = (name or "").lower()
    return any(fnmatch.fnmatchcase(lowered, pattern.lower()) for pattern in patterns)


def no_match(setting: str, number: int, entry: str, kind: str) -> str:
    """Say that an entry matches nothing, by its number alone if an address is in it.

    Args:
        setting: The setting.
        number: Which of its entries, counted from 1.
        entry: The entry.
        kind: What it should have matched, such as ``list``.
    """
    shown = "" if has_address(entry) else f": {without_addresses(entry)}"
    return f"Entry {number} of {setting} matches no {kind}{shown}."


class Entries:
    """The entries of settings that no item of a listing has matched so far.

    Args:
        settings: What the settings hold, by their names. Those ending in ``_ids`` hold ids, those
            in ``_names`` patterns, others both.
    """

    def __init__(self, settings: Mapping[str, Sequence[str]]) -> None:
        self._left = {
            (setting, number): entry
            for setting, entries in settings.items()
            for number, entry in enumerate(entries, 1)
        }

    def meet(self, item_id: str, name: str) -> None:
        """Take note of an item of the listing."""
        for setting, number in [*self._left]:
            entry = self._left[setting, number]
            is_named = not setting.endswith("_ids") and matches_name(name, [entry])
            if is_named or (not setting.endswith("_names") and entry == item_id):
                del self._left[setting, number]

    def unmatched(self, kind: str) -> list[str]:
        """Return a sentence for each that is left, now that the listing was read whole."""
        return [no_match(*place, entry, kind) for place, entry in self._left.items()]
