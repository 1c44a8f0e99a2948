"""The listings that this run has read: what the streams below them read item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import ActOnError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.sync.query import Item
    from tap_acton.sync.run import Run


class Listings:
    """The items of each listing by the name of its stream; the failure where it has none."""

    def __init__(self, run: Run) -> None:  # noqa: ARG002 - whatever a run shares is made of it
        self._found: dict[str, Sequence[Item] | ActOnError] = {}

    def __contains__(self, name: str) -> bool:
        """Whether the listing was read, or failed."""
        return name in self._found

    def keep(self, name: str, items: Sequence[Item] | ActOnError) -> None:
        """Keep what a listing holds, or why it could not be read."""
        self._found[name] = items

    def items(self, name: str) -> Sequence[Item]:
        """Return the items of a listing that was read.

        Raises:
            ActOnError: If it could not be read; the same error each time.
        """
        found = self._found[name]
        if isinstance(found, ActOnError):
            raise found
        return found
