"""Media: files and links that people download or follow, and who looked at them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tap_acton.api.pagination import OptionalPaging
from tap_acton.errors import NotRoutedError
from tap_acton.records.extractors import Folders, RowsAt, Undocumented
from tap_acton.records.ids import IdNumbers
from tap_acton.records.values import Unconvertible, snake_case, text
from tap_acton.state.stream_state import ItemsState
from tap_acton.streams.base.stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.api.client import Call
    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.forecast import Forecast
    from tap_acton.sync.query import Item, Outcome, Query
    from tap_acton.sync.run import Run

VIEW_IDENTITY = ("recipient", "campaign", "action", "srcid", "cid", "tstamp", "known")
"""The fields that identify a view: all that are documented, but for the count, which grows."""


class MediaTotals(dict[str, str]):
    """What the reports read in this run count, by the id of the file or link."""

    def __init__(self, run: Run) -> None:  # noqa: ARG002 - whatever a run shares is made of it
        super().__init__()


class MediaStream(ActOnStream):
    """A stream of the media library.

    Some of its paths are documented with a slash at the end, and public clients request them
    without. Where the one form is not offered the other is requested, and kept for the run.
    """

    _drops_slash: bool | None = None  # None until either form has been accepted

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page, in the form of the path that is offered."""
        call = super().call(query, page)
        return replace(call, path=call.path.rstrip("/")) if self._drops_slash else call

    def instead(self, outcome: Outcome) -> Query | None:
        """Request the other form of a path that is not offered."""
        query = outcome.query
        is_unknown = isinstance(outcome.problem, NotRoutedError) and self._drops_slash is not False
        if not is_unknown or not query.path.endswith("/"):
            return None
        return replace(query, path=query.path.rstrip("/"))

    def finished(self, outcome: Outcome) -> None:
        """Keep the form of the path that was accepted."""
        if self._drops_slash is None and outcome.evidence is not None:
            self._drops_slash = not outcome.query.path.endswith("/")
        super().finished(outcome)


class CountedMediaStream(ActOnStream):
    """What the report of each file and link counts: it is new only where the totals are.

    Without the report, which is read where the stream of it is selected, nothing is known.

    Attributes:
        counters: The columns of the report that count the rows.
    """

    listing, item, id_column = "media", "file or link", "media_id"
    state_type = ItemsState
    counters: ClassVar[frozenset[str]] = frozenset({"total_known_views", "total_unknown_views"})

    def may_be_empty(self, item: Item) -> bool:
        """Tell whether the report counts nothing of what may come without rows."""
        totals = json.loads(self.fingerprint_of(item) or "{}")
        counted = [totals[name] for name in totals if snake_case(name) in self.counters]
        return all(count in (None, 0, "0", "") for count in counted)

    def fingerprint_of(self, item: Item) -> str | None:
        """Return the totals of a file or link; None where its report was not read."""
        return self.run.shared(MediaTotals).get(item["id"])

    def forecast(self) -> Forecast:
        """Foresee the calls. Which items are unchanged shows only in their reports: say, half."""
        found = super().forecast()
        if not self.progress.fingerprints:
            return found
        return replace(found, calls=-(-found.calls // 2), is_exact=False)


class Media(MediaStream):
    """The files and links of the media library, each with its folder."""

    name = "media"
    path = "/api/1/media/"
    primary_keys = ("id",)
    extract = Folders()
    item_columns = ("id", "modified_at", "name", "folder_name")


class MediaDetails(ActOnStream):
    """Each file and link once more, as Act-On returns it alone; the folder is the listing's."""

    name = "media_details"
    path = "/api/1/media/{id}"
    primary_keys = ("id",)
    listing, item = "media", "file or link"
    unchanged_while, state_type = ("modified_at", "name", "folder_name"), ItemsState

    def query_of(self, item: Item) -> Query:
        """Make the query for a file or link."""
        query = super().query_of(item)
        return replace(query, given={**query.given, "folder_name": item["folder_name"]})


class MediaReports(MediaStream):
    """The lifetime totals of each file and link."""

    name = "media_reports"
    path = "/api/1/media/{id}/report/"
    primary_keys = ("media_id",)
    listing, item, id_column = "media", "file or link", "media_id"

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make the records, and keep the totals for the streams of what they count."""
        totals = self.run.shared(MediaTotals)
        for row in rows:
            totals[query.given["media_id"]] = json.dumps(row, sort_keys=True)
        yield from super().records(rows, query)


class MediaMessages(CountedMediaStream):
    """The messages that led to views of each file and link."""

    name = "media_messages"
    path = "/api/1/media/{id}/report/messages"
    primary_keys = ("id",)
    extract, pages = Undocumented("message_id"), OptionalPaging
    identity = ("media_id", "message_id")
    counters = frozenset({"total_messages"})

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Give each row an id, unless it has one of its own beside the message's.

        A message may have led to several files and links, so its id alone is none.
        """
        numbers = IdNumbers()
        for record in self.reader.records(rows, query.given):
            if record["id"] in {"", record["message_id"]}:
                record["id"] = numbers.next_id(record["media_id"], record["message_id"])
            yield record


class MediaViews(CountedMediaStream):
    """Every visitor of each file and link, known or not, with the time of the view."""

    name = "media_views"
    path = "/api/1/media/{id}/report/views"
    primary_keys = ("id",)
    extract = RowsAt("")
    identity = ("media_id", *VIEW_IDENTITY)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Give each view its id: a fingerprint of its fields as they came."""
        numbers = IdNumbers()
        for row, record in zip(rows, self.reader.records(rows, query.given), strict=True):
            fields = [_text(row.get(field)) for field in VIEW_IDENTITY]
            record["id"] = numbers.next_id(record["media_id"], *fields)
            yield record

    def finished(self, outcome: Outcome) -> None:
        """Remember what was read; not without the account's time zone, which the views go by."""
        if not outcome.rows or self.run.zone is not None:
            super().finished(outcome)


class MediaTimeline(CountedMediaStream):
    """The views of each file and link per day; Act-On leaves out days without any."""

    name = "media_timeline"
    path = "/api/1/media/{id}/report/timeline"
    primary_keys = ("media_id", "date")
    extract = RowsAt("")


def _text(value: Any) -> str | None:
    """Write a value for a fingerprint; what cannot be a text is as good as nothing."""
    try:
        return text(value)
    except Unconvertible:
        return None
