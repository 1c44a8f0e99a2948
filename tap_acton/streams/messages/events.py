"""Every event of every message."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sized
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call
from tap_acton.api.pagination import OffsetPaging
from tap_acton.errors import CallError, NotAvailableError, RejectedCallError
from tap_acton.records.extractors import Extracted, OneRow, RowsAt
from tap_acton.streams.base.csv_download import CsvDownload, ObjectProof
from tap_acton.streams.base.permission import Permission
from tap_acton.streams.messages.messages import MessageStream
from tap_acton.streams.messages.new_events import new_events
from tap_acton.streams.messages.reports import COUNTER_OF, MessageCounters, MessageReports
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Response

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tap_acton.api.pagination import Page
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Record, Row
    from tap_acton.state.stream_state import Known
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.streams.messages.progress import Counters
    from tap_acton.sync.query import Item, Outcome, Query

KIND = "event_type"
"""The column with the kind of an event. A query without it is that of a report."""

USUAL = {
    "SENT": 1.0,
    "SUPPRESSED": 0.7,
    "OPENED": 1.0,
    "CLICKED": 0.9,
    "BOUNCED": 0.9,
    "OPT_OUT": 0.3,
    "SPAM": 0.1,
}
"""How many messages have an event of a kind, for the plan of a first run: nearly five kinds of
seven each, as those of the sandbox have. Nothing is published of real ones."""

ENOUGH_READ = 5
"""So many messages that were read say better what is usual in the account."""


class ForbiddenKindError(RejectedCallError):
    """The user may not read one kind of events of a message, though perhaps of others.

    Args:
        refusal: What Act-On says.
    """

    def __init__(self, refusal: NotAvailableError) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class MessageEvents(MessageStream):
    """Every event of every message: sent, suppressed, opened, clicked, bounced and so on.

    The report of a message comes first. It leads to the kinds of events whose counter has moved
    since they were read; each of these is read whole, because an event may come late. A kind with
    fewer events than the report counts is read once more by the next run, and then believed, since
    it is not documented what the report counts. A kind that Act-On does not offer is left out of
    the run.
    """

    name = "message_events"
    primary_keys = ("id",)
    replication_key = "event_at"
    extract = RowsAt("result")
    pages = OffsetPaging
    identity = ("message_id", KIND, "contact_id", "email", "event_at", "link_url")

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._offered: set[str] = set()
        self._not_offered: set[str] = set()
        self._permissions: defaultdict[str, Permission] = defaultdict(Permission)
        # By message the kinds that could not be read; an empty one for any other reason.
        self._unread: defaultdict[str, set[str]] = defaultdict(set)
        self._read_again: defaultdict[str, set[str]] = defaultdict(set)  # kinds by message
        self._known: Known | None = None

    # From a report to its events

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a report, which has no rows of its own, or a page of events."""
        if KIND in query.given:
            return self._fetch_events(query, page)
        counters, message_id = self.run.shared(MessageCounters), query.given["message_id"]
        if message_id in counters:
            self.save_calls("shared")
        else:
            counters.keep(super().fetch(query, page))
        found = counters[message_id]
        problem = found if isinstance(found, CallError) else None
        return Response(query, page, total=0, problem=problem)

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page; a report has none."""
        if KIND in query.given:
            return super().call(query, page)
        return Call(query.path, self.subject(query), self.name)

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the rows of a decoded response."""
        return super().extracted(payload, query) if KIND in query.given else OneRow()(payload)

    def follow_ups(self, response: Response) -> Iterator[Query]:
        """Give a query for each kind of events whose counter has moved."""
        query, message = response.query, response.query.item
        counters = self.run.shared(MessageCounters)[query.given["message_id"]]
        if KIND in query.given or message is None or isinstance(counters, CallError):
            return
        read = self._counters_read(message, counters)
        again = self.message_progress.read_again(message)
        for kind, counter, before in zip(COUNTER_OF, counters, read, strict=True):
            if kind not in self.run.settings.event_types:
                continue
            if counter is None or counter not in {0, before} or (counter and kind in again):
                yield replace(
                    query,
                    path=f"{query.path}/{kind}",
                    place=(*query.place, kind),
                    given={**query.given, KIND: kind},
                    subject=f"{query.subject}, {kind}",
                )
            else:
                self.save_calls("unchanged" if counter else "empty")
                if counter:
                    self._offered.add(kind)

    def _counters_read(self, message: Item, counters: Counters) -> Counters:
        """Return the counters up to which the events of a message were read."""
        progress = self.message_progress
        for read in (counters, _without(progress.not_offered, counters)):
            if progress.is_read(message, read):
                return read
        return progress.counters(message, len(counters))

    # The events

    def _fetch_events(self, query: Query, page: Page) -> Response:
        """Request a page of events; of a kind that is not offered there are none in this run."""
        kind = query.given[KIND]
        if kind in self._not_offered:
            return Response(query, page, total=0)
        response = self._csv.fetch(query, page)
        problem = response.problem
        if isinstance(problem, NotAvailableError):
            return replace(response, problem=ForbiddenKindError(problem))
        return response

    @cached_property
    def _csv(self) -> CsvDownload:
        """Reads a kind of events as one file where that takes fewer calls."""
        return CsvDownload(self, super().fetch, self._proof_of)

    def _proof_of(self, page: Response) -> ObjectProof:
        # What a file shows counts for nothing else, since it may be of no use.
        given, reader = page.query.given, self.new_reader()
        return ObjectProof(page.rows, lambda row: reader.record(row, given), given[KIND])

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records of all events of a kind, and leave out those that are known.

        Only a kind of more than one page is worth to be remembered for that.
        """
        events, message = super().records, query.item
        if (
            message is None
            or not isinstance(rows, Sized)
            or len(rows) <= self.run.settings.page_size
        ):
            self._known = None
            return events(rows, query)
        known = self.message_progress.known(message, query.given[KIND])
        new, self._known = new_events(lambda: events(rows, query), known)
        return iter(new)

    # What is remembered

    def finished(self, outcome: Outcome) -> None:
        """Remember up to where the events of a message, or of a kind of it, were read."""
        query = outcome.query
        if KIND in query.given and query.item is not None:
            self._note_kind(outcome, query.item["id"], query.given[KIND])
            if outcome.evidence is not None:
                self._note_rows(outcome, query.item, query.given[KIND])
                self.message_progress.kind_done(query.item, query.given[KIND], self._known)
                self._known = None
        super().finished(outcome)

    def _note_kind(self, outcome: Outcome, message_id: str, kind: str) -> None:
        """Find out from one message whether a kind of events is offered of any."""
        problem = outcome.problem
        if isinstance(problem, ForbiddenKindError):
            self._unread[message_id].add(kind)
            outcome = replace(outcome, problem=problem.refusal)
        elif outcome.evidence is None:
            self._unread[message_id].add("")
        if kind in self._not_offered:
            return
        if outcome.evidence is not None:
            self._offered.add(kind)
        self._permissions[kind].note(outcome)
        if self._permissions[kind].is_hopeless and kind not in self._offered:
            self._leave_out(kind)

    def _note_rows(self, outcome: Outcome, message: Item, kind: str) -> None:
        """Have a kind read again that lacks events, unless it has been since its counter moved."""
        counters = self.run.shared(MessageCounters)[message["id"]]
        if isinstance(counters, CallError) or kind in self._not_offered:
            return
        place = [*COUNTER_OF].index(kind)
        counter, before = counters[place], self._counters_read(message, counters)[place]
        was_again = kind in self.message_progress.read_again(message) and counter == before
        if counter is not None and outcome.rows < counter and not was_again:
            self._read_again[message["id"]].add(kind)

    def _leave_out(self, kind: str) -> None:
        """Leave a kind of events out of this run; without any kind the stream is switched off."""
        self._not_offered.add(kind)
        refusal = self._permissions[kind].refusal
        if refusal is None or refusal.problem is None:
            return
        if self._not_offered >= {*self.run.settings.event_types}:
            raise refusal.problem
        self.log(
            "%s %s events are left out of this run.",
            refusal.problem.sentence,
            kind,
            level=logging.WARNING,
        )

    def settle(self) -> None:
        """Decide which kinds are not offered; a message that lacks only such kinds is read."""
        for kind, permission in self._permissions.items():
            if permission.is_denied and not {kind} & (self._offered | self._not_offered):
                self._leave_out(kind)
        for message in self.items():
            if self._unread.get(message["id"], {""}) <= self._not_offered:
                self.summary.readmit(f"{self.item} {message['id']}")
                self.reading.failed.remove(self.place_of(message))
                self.message_progress.done(
                    message,
                    is_complete=True,
                    counters=self.counters_of(message),
                    read_again=self.read_again_of(message),
                )
        super().settle()

    def done(self) -> None:
        """Remember that all messages were read, and which kinds of events are not offered."""
        self.message_progress.finish(offered=self._offered, not_offered=self._not_offered)

    def counters_of(self, message: Item) -> Counters | None:
        """Return the counters up to which the events of a message are read now."""
        counters = self.run.shared(MessageCounters)[message["id"]]
        return None if isinstance(counters, CallError) else _without(self._not_offered, counters)

    def read_again_of(self, message: Item) -> Collection[str]:
        """Return the kinds of events of a message that the next run reads once more."""
        return self._read_again[message["id"]]

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read of a message."""
        return {**super().covers, "event_types": sorted(self.run.settings.event_types)}

    # What the plan foresees

    def forecast(self) -> Forecast:
        """Foresee the calls: kinds of events, and reports that ``message_reports`` does not read.

        How many kinds a report leads to shows only in it. Of a message that was read before, the
        more are expected the younger it is; of a new one, as many as usual.
        """
        if self.load.is_done:
            return super().forecast()
        _ = self._is_first_load
        progress = self.message_progress
        due = [query.item for query in self.due() if query.item is not None]
        new = [message for message in due if progress.is_new(message)]
        known = {message["id"]: self._calls_of(message) for message in due}
        usual = [calls for calls in known.values() if calls]
        calls = sum(known[message["id"]] * progress.share_changed(message) for message in due)
        calls += sum(len(progress.read_again(message)) for message in due)
        calls += sum(message["message_type"] != "FAILED" for message in new) * (
            sum(usual) / len(usual) if len(usual) >= ENOUGH_READ else self._usual_calls
        )
        shared = self._ids_of_reports()
        reports = sum(message["id"] not in shared for message in due)
        return Forecast(
            reports + round(calls),
            is_exact=not due,
            reason=f"messages: {len(due):,}, of them new: {len(new):,}",
            items=len(due),
            units=len(due),
        )

    @property
    def usual_calls(self) -> float | None:
        """What the events of a message take, by the reports of a first load that were read."""
        counters = self.run.shared(MessageCounters)
        if not self._is_first_load or counters.reports < ENOUGH_READ:
            return None
        shared = self.tap.stream(MessageReports.name).selected
        return counters.event_calls / counters.reports + (0 if shared else 1)

    @cached_property
    def _is_first_load(self) -> bool:
        """Whether no run has read a message before, as the state said at first."""
        return not self.progress.read_until

    def _ids_of_reports(self) -> Collection[str]:
        """Return the messages whose reports another stream reads in this run."""
        reports = self.tap.stream(MessageReports.name)
        if not reports.selected or reports.load.is_done:
            return ()
        return {query.given["message_id"] for query in reports.due()}

    @property
    def _usual_calls(self) -> float:
        """How many calls the events of a message usually take."""
        return sum(share for kind, share in USUAL.items() if kind in self.run.settings.event_types)

    def _calls_of(self, message: Item) -> int:
        """Return how many calls all events of a message take that was read before."""
        counters = self.message_progress.counters(message, len(COUNTER_OF))
        return sum(
            self._csv.calls_for(counter)
            for kind, counter in zip(COUNTER_OF, counters, strict=True)
            if counter and kind in self.run.settings.event_types
        )


def _without(kinds: Collection[str], counters: Counters) -> Counters:
    """Return counters as they are where some kinds of events were not read."""
    return tuple(
        None if kind in kinds else counter
        for kind, counter in zip(COUNTER_OF, counters, strict=True)
    )
