"""Which columns rows had when they were last read whole, where the account defines the columns.

Act-On may fill a new column in old rows without moving their modification time, so these rows
have to be read once more; so have they for a column that the catalog has or selects since. A
header may be an address, so only a digest of them is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.records.ids import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tap_acton.state.stream_state import ContactsState, ListState

LENGTH = 16
"""Hexadecimal digits of a digest."""


class KnownColumns:
    """The columns of each item, in this run and before.

    Args:
        digests: Gives by item a digest of the columns that it had, which is changed in place. An
            item without one was read before digests were kept, or never: nothing of it is new.
    """

    def __init__(self, digests: Callable[[], dict[str, str]]) -> None:
        self._digests = digests
        self._met: dict[str, str] = {}

    def meet(self, item: str, columns: Iterable[str]) -> None:
        """Take note of the columns that an item has now."""
        self._met[item] = fingerprint(*sorted(columns))[:LENGTH]

    def have_changed(self, item: str) -> bool:
        """Whether an item has other columns than before, so that it is to be read whole."""
        known, met = self._digests().get(item), self._met.get(item)
        return known is not None and met is not None and known != met

    def keep(self, item: str) -> None:
        """Remember the columns of an item that was read, or is to be read, with all of them."""
        if item in self._met:
            self._digests()[item] = self._met[item]

    def forget(self, listed: Collection[str]) -> None:
        """Forget items that do not exist any more."""
        digests = self._digests()
        for item in digests.keys() - {*listed}:
            del digests[item]


def note_selected(progress: ContactsState | ListState, selected: Collection[str]) -> bool:
    """Take note of the columns that go out now; return whether rows read before lack one of them.

    Of a state in which no columns are noted, nothing is new.
    """
    before, progress.selected = progress.selected, sorted(selected)
    return before is not None and not {*selected} <= {*before}
