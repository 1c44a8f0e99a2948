"""The segments of the Audience Center and who belongs to them."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.audience_center.stream import (
    OLDER_DOWNLOAD_PATH,
    AudienceCenterStream,
    OlderQuery,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.answers import Query


class Segments(AudienceCenterStream):
    """The segments, with the conditions of those that are queries."""

    name = "segments"
    path = "/ucl/v2/{account_id}/segment{slash}"
    primary_keys = ("id",)
    parent_columns = ("id",)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, whichever of the two documented objects the rows are.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each segment.
        """
        return super().records([_unpacked(row) for row in rows], query)


class SegmentContacts(AudienceCenterStream):
    """Which contact belongs to which segment: a bridge between ``segments`` and ``contacts``.

    Act-On answers with whole contacts; what they are besides is left to ``contacts``.
    """

    name = "segment_contacts"
    path = "/ucl/v2/{account_id}/segment/{id}/contacts"
    primary_keys = ("segment_id", "contact_id")
    listing = "segments"
    scalar = "id"
    has_full_reads = True

    def queries(self) -> Iterator[Query]:
        """Ask for the members of each segment.

        Yields:
            A query per segment.
        """
        for segment in self.parents():
            yield self.query(
                subject=f"segment {segment['id']}",
                given={"segment_id": segment["id"]},
                parent=segment,
                id=segment["id"],
            )

    def older(self, query: Query) -> OlderQuery | None:
        """Give the download of the same segment, with as little of the contacts as it can.

        Args:
            query: What the host does not know the path of.

        Returns:
            The query.
        """
        center = self.run.shared(AudienceCenter)
        return OlderQuery(
            center.path(OLDER_DOWNLOAD_PATH, list_id=query.given["segment_id"]),
            subject=query.subject,
            parameters={"columns": "Email"},
            given=query.given,
            parent=query.parent,
        )

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, without what a contact has under the labels of its fields.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each member.
        """
        labels = self._labels
        bare = [{name: value for name, value in row.items() if name not in labels} for row in rows]
        return super().records(bare, query)

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(str(field.get("name")) for field in self.run.shared(AudienceCenter).fields)


def _unpacked(row: Row) -> Row:
    """Put what a segment of the older generation keeps as JSON in a text beside the rest.

    Its own ``id`` is another one; that of the segment is in the text (Act-On developer site,
    2019 edition).
    """
    try:
        item = json.loads(row.get("item", ""))
    except (TypeError, ValueError):
        return row
    if not isinstance(item, dict):
        return row
    return {**{name: value for name, value in row.items() if name != "item"}, **item}
