"""Automated programs, webinar events and the maintenance of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.records.extractors import Folders
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.records.extractors import Extracted
    from tap_acton.records.reader import Row

PROGRAM_TYPES = ("EVENT", "LIST_MAINT", "TRACK")
"""The types of programs (Act-On developer site, 2019 edition)."""

TWINS = {"created": "createdTS", "modified": "modifiedTs", "nextrun": "nextrunTS"}
"""The texts that display a timestamp, and the fields that hold the timestamp itself."""


class Programs(ActOnStream):
    """The account's programs of all types: automated programs, events, list maintenance."""

    name = "programs"
    path = "/api/1/program"
    primary_keys = ("program_type", "id")
    extract = Folders("folders")
    about = "types"

    def queries(self) -> Iterator[Query]:
        """Request each type, since the response does not name it."""
        for program_type in PROGRAM_TYPES:
            yield Query(
                self.path,
                (program_type,),
                parameters={"type": program_type},
                given={"program_type": program_type},
                subject=f"type {program_type}",
            )

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Take the programs out of their folders."""
        found = super().extracted(payload, query)
        return found._replace(rows=[_without_unset(row) for row in found.rows])


def _without_unset(program: Row) -> Row:
    """Leave out what displays a timestamp that is not set.

    A program that was never changed has 0 for that timestamp, and displays another one.
    """
    unset = [text for text, timestamp in TWINS.items() if program.get(timestamp) in (0, "0")]
    return {name: value for name, value in program.items() if name not in unset}
