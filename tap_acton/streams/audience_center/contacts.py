"""The contacts of the Audience Center, with a typed column for each custom field."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.audience_center.custom_fields import CustomFields
from tap_acton.streams.audience_center.stream import OLDER_DOWNLOAD_PATH, OlderQuery
from tap_acton.streams.audience_center.windowed import WindowedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.answers import Query

ALL_CONTACTS = "l-unified-contacts"
"""The id of the list of all contacts (Act-On reference, 2024 edition)."""


class Contacts(WindowedStream):
    """All contacts of the Audience Center.

    Each custom field of the account is a column of its own, named from its label when it
    was first met; ``custom_fields`` holds all of them as Act-On sends them. Contacts that
    were deleted are not reported.
    """

    name = "contacts"
    path = "/ucl/v2/{account_id}/contact{slash}"
    primary_keys = ("id",)
    replication_key = "updated_at"
    has_full_reads = True

    def older(self, query: Query) -> OlderQuery | None:
        """Give the download of the list of all contacts, which knows no filter.

        Args:
            query: What the host does not know the path of.

        Returns:
            The query.
        """
        path = self.run.shared(AudienceCenter).path(OLDER_DOWNLOAD_PATH, list_id=ALL_CONTACTS)
        return OlderQuery(path, since=query.since)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, with the custom fields in their columns.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each contact.
        """
        for row in rows:
            plain, custom = self._fields.part(row)
            record = self.reader.record(plain, query.given)
            self._fields.fill(record, custom)
            yield record

    @cached_property
    def _fields(self) -> CustomFields:
        return CustomFields(
            self.run.shared(AudienceCenter).fields,
            {} if self.found is None else self.found.names,
            self.schema["properties"],
            self.run.zone,
        )
