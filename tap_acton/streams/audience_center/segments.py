"""The segments of the Audience Center and who belongs to them."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.api.decoding import decode_json_text
from tap_acton.records.extractors import Undocumented
from tap_acton.records.reader import EXTRA_FIELDS
from tap_acton.settings.entries import Entries
from tap_acton.streams.audience_center.stream import (
    OLDER_DOWNLOAD_PATH,
    AudienceStream,
    OlderQuery,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Query


class Segments(AudienceStream):
    """The segments, with the conditions of those that are queries."""

    name = "segments"
    path = "/ucl/v2/{account_id}/segment{slash}"
    primary_keys = ("id",)
    item_columns = ("id",)
    chosen_by = ("segment_ids", "segment_names")

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, whichever of the two documented objects the rows are."""
        parts = [_unpacked(row) for row in rows]
        records = super().records([segment for segment, _ in parts], query)
        for record, (_, others) in zip(records, parts, strict=True):
            record[EXTRA_FIELDS] = {**others, **(record[EXTRA_FIELDS] or {})} or None
            yield record

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out the segments that the settings do not name."""
        wants_segment = self.run.settings.wants_segment
        for one in records:
            self._entries.meet(one["id"] or "", one["name"] or "")
        return [one for one in records if wants_segment(one["id"] or "", one["name"] or "")]

    @cached_property
    def _entries(self) -> Entries:
        settings = self.run.settings
        return Entries(
            {"segment_ids": settings.segment_ids, "segment_names": settings.segment_names}
        )

    def settle(self) -> None:
        """Warn of entries of the settings that match no segment."""
        super().settle()
        for sentence in self._entries.unmatched("segment"):
            self.log("%s", sentence, level=logging.WARNING)


class SegmentContacts(AudienceStream):
    """Which contact belongs to which segment: a bridge between ``segments`` and ``contacts``.

    Act-On returns whole contacts; what they are besides is left to ``contacts``.
    """

    name = "segment_contacts"
    path = "/ucl/v2/{account_id}/segment/{id}/contacts"
    primary_keys = ("segment_id", "contact_id")
    listing, item, id_column = "segments", "segment", "segment_id"
    extract = Undocumented("id")
    has_full_refresh = True
    chosen_by = ("segment_ids", "segment_names")

    def older(self, query: Query) -> OlderQuery:
        """Return the download of the same segment, with as little of the contacts as it can."""
        path = self.filled(OLDER_DOWNLOAD_PATH, id=query.given["segment_id"])
        return OlderQuery(
            path, parameters={"columns": "Email"}, subject=query.subject, item=query.item
        )

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, without what a contact has under the labels of its fields."""
        labels = self._labels
        bare = [{name: value for name, value in row.items() if name not in labels} for row in rows]
        return super().records(bare, query)

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(str(field.get("name")) for field in self.center.fields)


def _unpacked(row: Row) -> tuple[Row, Row]:
    """Put what a segment of the older generation keeps as JSON in a text beside the rest.

    Its own ``id`` is another one; that of the segment is in the text (Act-On developer site,
    2019 edition).

    Returns:
        The segment, and the fields of its own that have another value in the text.
    """
    item = decode_json_text(row.get("item"))
    if not isinstance(item, dict):
        return row, {}
    own = {name: value for name, value in row.items() if name != "item"}
    others = {name: own[name] for name in own if own[name] != item.get(name, own[name])}
    return {**own, **item}, others
