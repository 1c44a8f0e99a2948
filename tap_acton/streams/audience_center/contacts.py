"""The contacts of the Audience Center, with a typed column for each custom field."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.records.timestamps import is_timestamp
from tap_acton.state.columns import KnownColumns, note_selected
from tap_acton.state.stream_state import ContactsState
from tap_acton.streams.audience_center.custom_fields import CustomFields, field_identity
from tap_acton.streams.audience_center.stream import (
    OLDER_DOWNLOAD_PATH,
    AudienceStream,
    OlderQuery,
)
from tap_acton.streams.audience_center.time_slices import (
    DAYS,
    MOST_PAGES,
    Slicer,
    TimeSlice,
    second_of,
)
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Outcome, Response

ALL_CONTACTS = "l-unified-contacts"
"""The id of the list of all contacts (Act-On reference, 2024 edition)."""

SHARE_OF_A_DAY = 20
"""A query that takes more than this part of a day's calls is cut into slices of time."""

CALLS_TO_CUT = 3
"""About so many calls it takes to find a slice that is small enough, besides its own pages."""


class Contacts(AudienceStream):
    """All contacts of the Audience Center.

    Each custom field of the account is a column of its own, named from its label when it was
    first met; ``custom_fields`` holds all of them as Act-On returns them. Contacts that were
    deleted are not reported.

    One query reads what changed since the bookmark. Where it proves to take too many pages, it
    is cut into slices of time, the oldest first. Behind each of them the bookmark moves, and so
    does the checkpoint of a load that takes several days.
    """

    name = "contacts"
    path = "/ucl/v2/{account_id}/contact{slash}"
    primary_keys = ("id",)
    replication_key = "updated_at"
    has_full_refresh = True
    state_type = ContactsState

    def queries(self) -> Iterator[Query]:
        """Request what changed since the bookmark, or behind what this load has read."""
        self._look_for_fields()
        yield self._query(self._span)

    def older(self, query: Query) -> OlderQuery:  # noqa: ARG002 - it knows no filter
        """Return the download of the list of all contacts."""
        return OlderQuery(self.filled(OLDER_DOWNLOAD_PATH, id=ALL_CONTACTS))

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page, of which the total may count other contacts, too."""
        return self._slicer.with_total(super().fetch(query, page))

    def instead(self, outcome: Outcome) -> Query | None:
        """Give a query again whose total counts other contacts, too, or the one for all of them."""
        return self._slicer.instead(outcome)

    def follow_ups(self, response: Response) -> Iterable[Query]:
        """Cut a query of too many pages into slices of time, behind which a day may end."""
        return self._slicer.follow_ups(response)

    def finished(self, outcome: Outcome) -> None:
        """Remember that all changes up to the end of a slice have been read."""
        is_slice = outcome.depth > 0 and outcome.evidence is not None
        if is_slice and TimeSlice.of(outcome.query.parameters).end is not None:
            self.reading.behind = outcome.query.place
            self.bookmark.reach(*outcome.query.place)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, with the custom fields in their columns."""
        parts = [self._custom_fields.part(row) for row in rows]
        self._custom_fields.learn([custom for _, custom in parts])
        for plain, custom in parts:
            record = self.reader.record(plain, query.given)
            self._custom_fields.fill(record, custom)
            yield record

    def forecast(self) -> Forecast:
        """Foresee the calls by the first page; with slices, also those that find their ends."""
        if self.load.is_done:
            return super().forecast()
        self._look_for_fields()
        found = self.forecast_of_pages(self._query(self._span))
        if found.calls < self._most_pages:
            return found
        calls = found.calls + len(DAYS) + found.calls // self._most_pages * CALLS_TO_CUT
        return Forecast(calls, is_exact=False, reason=found.reason)

    def _look_for_fields(self) -> None:
        """Forget the bookmark where the account has a new field, or the stream a new column.

        So it is where contacts were read without the account's time zone, which is known now. In
        the middle of a load it waits for the next one.
        """
        self.progress.without_zone |= self.run.zone is None
        if self.load.is_resumed:
            return
        known = KnownColumns(lambda: self.progress.columns)
        if fields := [field_identity(field) for field in self.center.fields]:
            known.meet(self.name, fields)
        is_new = note_selected(self.progress, self.selection.selected)
        if (is_new or known.have_changed(self.name)) and self.bookmark.value is not None:
            self.log("Contacts have new fields or columns: all contacts are read once.")
            self.bookmark.forget()
        known.keep(self.name)
        if self.progress.without_zone and self.run.zone is not None:
            self.log("The account's time zone is known again: all contacts are read once.")
            self.bookmark.forget()
            self.progress.without_zone = False

    def _query(self, part: TimeSlice) -> Query:
        return Query(
            self.filled(self.path),
            part.place,
            parameters=part.filters,
            since=self.bookmark.since,
            subject=part.subject,
        )

    @property
    def _span(self) -> TimeSlice:
        """What this run is to read."""
        since, until = self.bookmark.since, self.bookmark.end
        behind = self.load.behind
        begins = [second_of(text) for text in (since, *behind[:1]) if text and is_timestamp(text)]
        # The filter may leave out what changed in the very second that it names.
        return TimeSlice(max(begins, default=None), None if until is None else second_of(until) + 1)

    @property
    def _most_pages(self) -> int:
        """How many pages one query may take."""
        a_day = self.run.settings.daily_request_limit
        return max(1, min(MOST_PAGES, a_day // SHARE_OF_A_DAY))

    @cached_property
    def _slicer(self) -> Slicer:
        return Slicer(self, self._query, self._most_pages)

    @cached_property
    def _custom_fields(self) -> CustomFields:
        return CustomFields(
            self.center.fields,
            {} if self.found is None else self.found.names,
            self.schema["properties"],
            self.run.zone,
            self.selection.deselected,
        )
