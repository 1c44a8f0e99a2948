"""Items that were read before and are unchanged, so that they need not be read again.

As no evidence is beyond doubt, each item is re-checked once in a period, at a time of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.state.fingerprints import Fingerprints, is_due

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tap_acton.state.stream_state import ItemsState


class UnchangedItems:
    """Which items of a stream may be skipped.

    Args:
        progress: What the stream remembers, which is changed in place.
        started_at: When the load began.
        period: Within which each item is read once whatever its fingerprint.
        is_trusted: Whether what earlier runs have read counts.
    """

    def __init__(
        self,
        progress: ItemsState,
        *,
        started_at: str,
        period: timedelta,
        is_trusted: bool = True,
    ) -> None:
        self._progress = progress
        self._started_at = started_at
        self._period = period
        self._is_trusted = is_trusted
        self._read = Fingerprints(progress.fingerprints)

    def may_skip(self, item_id: str, fingerprint: str | None) -> bool:
        """Tell whether an item is unchanged, and not due to be re-checked.

        Args:
            item_id: The item.
            fingerprint: What is the same as long as the item is; None where nothing proves it.
        """
        since = self._progress.rechecked_at
        if fingerprint is None or since is None or not self._is_trusted:
            return False
        return self._read.has(item_id, fingerprint) and not is_due(
            item_id, since, self._started_at, self._period
        )

    def note(self, item_id: str, fingerprint: str | None) -> None:
        """Remember that an item was read whole."""
        if fingerprint is not None:
            self._read.add(item_id, fingerprint)

    def save(self) -> None:
        """Write what was read into the progress."""
        self._progress.fingerprints = self._read.text

    def forget(self) -> None:
        """Forget what was read."""
        self._read = Fingerprints()
        self.save()

    def finish(self, listed: Mapping[str, str | None], *, is_whole: bool) -> None:
        """Forget what is not listed any more, or not as it was read.

        Args:
            listed: The fingerprints of all items by their ids, as the listing has them now.
            is_whole: Whether it could be read whole; else nothing is forgotten.
        """
        still = Fingerprints() if is_whole else self._read
        for item_id, fingerprint in listed.items():
            if fingerprint is not None and self._read.has(item_id, fingerprint):
                still.add(item_id, fingerprint)
        self._read = still
        self.save()
        if self._progress.fingerprints:
            self._progress.rechecked_at = self._started_at
