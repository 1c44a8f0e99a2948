"""Automated programs, webinar events and the maintenance of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.records.extractors import Folders
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM_TYPES = ("EVENT", "LIST_MAINT", "TRACK")
"""The types of programs (Act-On developer site, 2019 edition)."""


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
                item={"id": program_type},
            )
