"""Media: files and links that people download or follow, and who looked at them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.errors import NotAvailableError
from tap_acton.records.values import Unconvertible, text
from tap_acton.streams.base.items import ItemStream
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.base.shaped import FolderStream, UnverifiedStream
from tap_acton.sync.answers import Answer, Query, RunningNumbers
from tap_acton.sync.forecast import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.api.client import Call
    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome
    from tap_acton.sync.run import Parent

VIEW_IDENTITY = ("recipient", "campaign", "action", "srcid", "cid", "tstamp", "known")
"""The fields that identify a view: all that are documented, but for the count, which grows."""


class _SlashedPath(ActOnStream):
    """A stream whose path is documented with a slash at its end.

    Public clients ask without it. Where the one form is not offered the other is asked
    for, and kept for the rest of the run.
    """

    _drops_slash = False

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; at first, where that is not offered, in the other form too.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        had_dropped = self._drops_slash
        try:
            return super().ask(query, page)
        except NotAvailableError:
            if had_dropped:
                raise
            self._drops_slash = True
        return super().ask(query, page)

    def call(self, query: Query, parameters: Mapping[str, str | int] | None = None) -> Call:
        """Make the call of a query, in the form of the path that is offered.

        Args:
            query: What is asked.
            parameters: The query parameters.

        Returns:
            The call.
        """
        if self._drops_slash:
            query = replace(query, path=query.path.rstrip("/"))
        return super().call(query, parameters)


class Media(_SlashedPath, FolderStream):
    """The files and links of the media library, each with its folder."""

    name = "media"
    path = "/api/1/media/"
    primary_keys = ("id",)
    parent_columns = ("id", "modified_at", "name", "folder_name")


class _MediaStream(ItemStream):
    """A stream that asks about each file and link of the media library.

    None of them has a filter by date, and what they count is counted over all time.
    """

    listing = "media"
    id_column = "media_id"
    item = "media"


class _Counted(_MediaStream):
    """What the report of a file or link counts: it is new only where the totals are.

    Without the report, which is read where the stream of it is selected, nothing is known.
    """

    def evidence(self, parent: Parent) -> str | None:
        """Give the totals of a file or link.

        Args:
            parent: The file or link.

        Returns:
            The totals; None where its report was not read in this run.
        """
        return self.run.media_totals.get(parent["id"])

    @property
    def certainty(self) -> Certainty:
        """Which totals have moved shows only once the reports have been read."""
        return Certainty.AT_MOST if self.stream_state.get("read") else super().certainty


class _NumberedRows(_Counted):
    """Rows of which several may be alike, and are told apart by the order of their coming."""

    @cached_property
    def numbers(self) -> RunningNumbers:
        """What makes their ids."""
        return RunningNumbers()


class MediaDetails(_MediaStream):
    """Each file and link of the media library once more, as Act-On tells of it alone.

    The folder is that of the listing, since the answer names none.
    """

    name = "media_details"
    path = "/api/1/media/{id}"
    primary_keys = ("id",)
    id_column = "id"
    changes_with = ("modified_at", "name", "folder_name")

    def queries(self) -> Iterator[Query]:
        """Ask for each file and link.

        Yields:
            A query per file or link.
        """
        for query in super().queries():
            folder_name = (query.parent or {}).get("folder_name")
            yield replace(query, given={**query.given, "folder_name": folder_name})


class MediaReports(_SlashedPath, _MediaStream):
    """The lifetime totals of each file and link."""

    name = "media_reports"
    path = "/api/1/media/{id}/report/"
    primary_keys = ("media_id",)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, and keep the totals for the streams of what they count.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        for row in rows:
            self.run.media_totals[query.given["media_id"]] = json.dumps(row, sort_keys=True)
        return super().records(rows, query)


class MediaMessages(_NumberedRows, UnverifiedStream):
    """The messages that led to views of each file and link."""

    name = "media_messages"
    path = "/api/1/media/{id}/report/messages"
    primary_keys = ("id",)
    scalar = "message_id"

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give each row an id, unless it has one of its own beside the message's.

        A message may have led to several files and links, so its id alone is none.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        for record in super().records(rows, query):
            message_id = record["message_id"]
            if record["id"] in {"", message_id}:
                media_id = record["media_id"]
                record["id"] = self.numbers.identify((media_id, query.again), media_id, message_id)
            yield record


class MediaViews(_NumberedRows):
    """Every visitor of each file and link, known or not, with the timestamp of the view."""

    name = "media_views"
    path = "/api/1/media/{id}/report/views"
    rows_at = ""
    primary_keys = ("id",)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give each view its id: a fingerprint, as Act-On gives none.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        records = super().records(rows, query)
        for row, record in zip(rows, records, strict=True):
            identity = (_text(row.get(field)) for field in VIEW_IDENTITY)
            media_id = record["media_id"]
            record["id"] = self.numbers.identify((media_id, query.again), media_id, *identity)
            yield record


class MediaTimeline(_Counted):
    """The views of each file and link per day; days without any are left out by Act-On."""

    name = "media_timeline"
    path = "/api/1/media/{id}/report/timeline"
    rows_at = ""
    primary_keys = ("media_id", "date")


def _text(value: Any) -> str | None:
    """Write a value for a fingerprint; what is no text is as good as none."""
    try:
        return text(value)
    except Unconvertible:
        return None
