"""Automated programs, webinar events and the maintenance of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.streams.base.shaped import FolderStream
from tap_acton.sync.answers import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Row

PROGRAM_TYPES = ("TRACK", "EVENT", "LIST_MAINT")
"""The types of programs (Act-On developer site, 2019 edition)."""

TWINS = {"created": "createdTS", "modified": "modifiedTs", "nextrun": "nextrunTS"}
"""The texts that display a timestamp, and the fields that hold the timestamp itself."""


class Programs(FolderStream):
    """The account's programs of all types: automated programs, events, list maintenance."""

    name = "programs"
    path = "/api/1/program"
    primary_keys = ("program_type", "id")
    asks_about = "types"

    def queries(self) -> Iterator[Query]:
        """Ask for each type, since the answer does not name it.

        Yields:
            A query per type.
        """
        for program_type in PROGRAM_TYPES:
            yield Query(
                self.path,
                subject=f"type {program_type}",
                parameters={"type": program_type},
                given={"program_type": program_type},
            )

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take the programs out of their folders.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The programs, each with its folder.
        """
        folders = payload.get("folders") if isinstance(payload, dict) else None
        return [_without_unset(row) for row in super().rows(folders, query)]


def _without_unset(program: Row) -> Row:
    """Leave out what displays a timestamp that is not set.

    A program that was never changed has 0 for that timestamp, and displays another one.
    """
    unset = [text for text, timestamp in TWINS.items() if program.get(timestamp) in (0, "0")]
    return {name: value for name, value in program.items() if name not in unset}
