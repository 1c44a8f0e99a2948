"""The lists that Act-On keeps itself: hard bounces, spam complaints and opt-outs."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tap_acton.api.pagination import FIRST_PAGE, OffsetPaging
from tap_acton.errors import AllowanceSpentError
from tap_acton.records.extractors import RowsAt
from tap_acton.records.reader import is_unknown
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.state.stream_state import DateFilter, FilterState
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.state.stream_state import FilterUnit
    from tap_acton.sync.forecast import Forecast
    from tap_acton.sync.query import Outcome, Response

UNITS: dict[FilterUnit, timedelta] = {
    "seconds": timedelta(seconds=1),
    "milliseconds": timedelta(milliseconds=1),
}
"""In the order of trying: to a server that takes milliseconds, seconds are a day in 1970."""

ARRIVES_WITHIN = timedelta(days=30)
"""An address may come onto a list this long after the timestamp of its row."""

TRUSTED_FOR = timedelta(days=14)
"""How long a finding counts. A row that the filter wrongly hid is not too old to emit by then."""

MARGIN = timedelta(days=1)
"""How much earlier than needed the filter begins: the server may go by another time zone."""

LEAST_PAGES = 2
"""What a list of one page takes: the second page shows that nothing follows."""


class SystemList(ActOnStream):
    """A list that Act-On keeps itself. Its total is always -1, and removals are not reported.

    Whether its filter ``createdafter`` takes seconds or milliseconds, and which timestamp it
    compares, is uncertain: the pages of the developer site (2019 edition) disagree. So it has to
    prove itself. After a list of several pages was read whole, its latest rows, half a page of
    them, are requested in each unit. If all come back, on a page that is not full, the filter
    returns what it should, and not just everything. It is then used for 14 days, as long as the
    latest known row comes back; if that is missing, the same run reads the list whole. In any
    case, rows are emitted by their own timestamps.
    """

    extract, pages = RowsAt("result"), OffsetPaging
    least_lookback, state_type = ARRIVES_WITHIN, FilterState

    _pages = 0
    _latest: Sequence[tuple[str, str]] = ()  # timestamps and addresses, the latest one first
    _is_dated = True
    _has_known = False

    def queries(self) -> Sequence[Query]:
        """Request what may be new where the filter is known, else the whole list."""
        since, known = self.bookmark.since, self._known
        if since is None or known is None or known.unit == "none":
            return [Query(self.path, since=since)]
        # Forgotten until it has worked again: after a failure the next run does without.
        self.progress.filter = None
        parameters = created_after(min(since, known.latest), MARGIN, known.unit)
        return [Query(self.path, parameters=parameters, since=since)]

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        """Make records some at a time, and note what they say of the filter."""
        known = "" if self._known is None else self._known.latest
        # Others with the timestamp of the earliest one have to fit on a page with them.
        kept = max(1, self.run.settings.page_size // 2)
        for records in super().batches(rows, query):
            found = set(map(self._timestamp_and_email, records))
            timestamps = {timestamp for timestamp, _ in found}
            self._is_dated &= not any(map(is_unknown, timestamps))
            self._has_known |= known in timestamps
            # The bookmark does not follow a timestamp in the future either.
            past = {one for one in found if one[0] <= self.load.started_at}
            self._latest = heapq.nlargest(kept, past.union(self._latest))
            yield records

    def page_done(self, response: Response) -> None:
        """Count the pages."""
        self._pages += response.problem is None

    def instead(self, outcome: Outcome) -> Query | None:
        """Request the whole list where the filter was refused, or the known row is missing."""
        is_whole = not outcome.query.parameters
        if is_whole or (outcome.evidence is not None and self._has_known):
            return None
        self.log("Act-On's date filter cannot be relied on today: the whole list is read.")
        self._known, self._pages = None, 0
        return Query(self.path, since=outcome.query.since)

    def finished(self, outcome: Outcome) -> None:
        """Remember what is known of the filter; one that saves nothing must prove itself again."""
        known = self._known
        if known is None:
            self.progress.filter = self._found_out()
        elif outcome.query.parameters and self._latest and self._pages < known.pages:
            self.save_calls("known", known.pages - self._pages)
            self.progress.filter = replace(known, latest=self._latest[0][0])

    def forecast(self) -> Forecast:
        """Foresee the calls by the first page, which is requested."""
        (query,) = self.queries()
        return super().forecast() if self.load.is_done else self.forecast_of_pages(query)

    @cached_property
    def _timestamp_and_email(self) -> Callable[[Record], tuple[str, str]]:
        return itemgetter(self.replication_key or "", "email")

    @cached_property
    def _known(self) -> DateFilter | None:
        """What is known of the filter; None where that has to be found out."""
        held: DateFilter | None = self.progress.filter
        if held is None or self.bookmark.value is None:
            return None
        age = self.run.started_at - datetime.fromisoformat(held.found_at)
        return held if timedelta(0) <= age < TRUSTED_FOR else None

    def _found_out(self) -> DateFilter | None:
        """Find out what the filter takes, now that the whole list is known."""
        has_several_pages = self._pages > LEAST_PAGES
        if not (self.is_incremental and has_several_pages and self._is_dated and self._latest):
            return None
        unit: FilterUnit
        try:
            unit = next(filter(self._is_proven, UNITS), "none")
        except AllowanceSpentError:
            return None  # All rows have been read; what saves calls can wait.
        if unit in UNITS:
            self.log(
                "Act-On's date filter takes %s: later runs request only what may be new.", unit
            )
        return DateFilter(
            unit=unit,
            found_at=timestamp_of(self.run.started_at),
            pages=self._pages,
            latest=self._latest[0][0],
        )

    def _is_proven(self, unit: FilterUnit) -> bool:
        """Request the latest rows; return whether all of them come back, and not everything."""
        (earliest, _) = self._latest[-1]
        query = Query(self.path, parameters=created_after(earliest, UNITS["seconds"], unit))
        response = self.fetch(query, FIRST_PAGE)
        records = chain.from_iterable(super().batches(response.rows, query))
        has_all = set(map(self._timestamp_and_email, records)).issuperset(self._latest)
        return has_all and len(response.rows) < response.page.count


def created_after(timestamp: str, margin: timedelta, unit: FilterUnit) -> dict[str, int]:
    """Return the parameter that requests what was created after a time before a timestamp."""
    milliseconds = timedelta(milliseconds=milliseconds_of(timestamp))
    return {"createdafter": (milliseconds - margin) // UNITS[unit]}


class HardBounces(SystemList):
    """Addresses that cannot be delivered to, with the timestamp and the origin of the bounce."""

    name = "hard_bounces"
    path = "/api/1/list/hardbounce"
    primary_keys = ("email", "bounced_at")
    replication_key = "bounced_at"


class SpamComplaints(SystemList):
    """Addresses whose owners called a message spam."""

    name = "spam_complaints"
    path = "/api/1/list/spamcomplaint"
    primary_keys = ("email", "complained_at")
    replication_key = "complained_at"


class OptOuts(SystemList):
    """Addresses that opted out of all messages."""

    name = "opt_outs"
    path = "/api/1/list/optout"
    primary_keys = ("email", "opted_out_at")
    replication_key = "opted_out_at"
