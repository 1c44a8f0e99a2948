"""Every event of every message."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from dataclasses import replace
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from tap_acton.api.old_pagination import OffsetPages, Page
from tap_acton.errors import (
    CallError,
    GoneError,
    NotAvailableError,
    RejectedCallError,
    RepeatableError,
)
from tap_acton.records.reader import RecordReader
from tap_acton.streams.base.old_csv import BulkStream, RowMaker, object_maker
from tap_acton.streams.messages.borders import Reading
from tap_acton.streams.messages.messages import (
    COUNTER_OF,
    MessageFanOut,
    MessageReports,
    counters_of,
)
from tap_acton.sync.answers import Answer, Query, RunningNumbers
from tap_acton.sync.forecast import Certainty, Estimate, pages_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.old_stream import ActOnStream
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.streams.messages.borders import Border
    from tap_acton.streams.messages.progress import Counters
    from tap_acton.sync.fan_out import Outcome, Task
    from tap_acton.sync.run import Parent

MOST_PAGES = 5
"""So many pages of new rows are kept in memory, until the last one proves that they are new."""

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
"""So many messages that were read tell better what is usual in the account."""

identity_of = itemgetter("message_id", "event_type", "contact_id", "email", "event_at", "link_url")


class MessageEvents(MessageFanOut, BulkStream):
    """Every event of every message: sent, suppressed, opened, clicked, bounced and so on.

    A drilldown is asked only where the message's report counts something that was not
    there when it was last asked; then all its rows are emitted, because an event may
    come late. The counters of young messages are kept in the state for that. Of a drilldown
    of several pages only those are asked for that prove to hold all new rows
    (:mod:`tap_acton.streams.messages.borders`).
    """

    name = "message_events"
    rows_at = "result"
    has_pages = True
    primary_keys = ("id",)
    replication_key = "event_at"

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._new_counters: dict[str, Counters] = {}
        self._new_borders: defaultdict[str, dict[str, Border | None]] = defaultdict(dict)
        self._readings: dict[str, Reading] = {}
        self._again: dict[str, int] = {}
        self._asked: list[Parent] = []
        self._kinds: set[str] = set()
        self._numbers = RunningNumbers()
        self._offered: set[str] = set()
        self._not_offered: set[str] = set()
        self._lock = threading.Lock()

    def answers(self) -> Iterator[Answer]:
        """Give the answers; then those of kinds of events that were not offered before.

        Yields:
            The answers.
        """
        self._kinds = set(self.run.settings.event_types)
        self._asked = list(self._due())
        yield from self._watched(super().answers())
        offered_at_last = self.progress.not_offered & self._offered
        if offered_at_last:
            due = {message["id"] for message in self._asked}
            self._kinds = offered_at_last
            self._asked = [message for message in self._gone_out() if message["id"] not in due]
            yield from self._watched(super().answers())

    def _watched(self, answers: Iterator[Answer]) -> Iterator[Answer]:
        """Begin to watch each drilldown that takes several pages."""
        for answer in answers:
            if answer.total is not None and answer.total > self._page_size:
                kind = answer.query.given["event_type"]
                if kind not in self._readings or self._again[kind] != answer.query.again:
                    self._readings[kind], self._again[kind] = Reading(), answer.query.again
                self._readings[kind].turn_page(answer.total)
            yield answer

    def tasks(self) -> Iterator[Task[Answer]]:
        """Begin with the report of each message; it leads to the drilldowns.

        Yields:
            A task per message.
        """
        for message in self._asked:
            yield self.named(f"message {message['id']}", partial(self._ask_report, message))

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Give each event its id: a fingerprint, as Act-On gives none.

        Truly identical events are told apart by the order in which they come.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        kind = query.given.get("event_type", "")
        drilldown = (query.given["message_id"], kind, query.again)
        reading = self._readings.get(kind)
        for record in super().records(rows, query):
            identity = identity_of(record)
            record["id"] = self._numbers.identify(drilldown, *identity)
            if reading is not None:
                reading.add(record["event_at"], identity)
            yield record

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Remember up to where the events of a message have been read.

        Args:
            parent: The message.
            is_complete: Whether Act-On refused nothing of it.
        """
        borders = self._new_borders.pop(parent["id"], {})
        for kind, reading in self._readings.items():
            borders[kind] = reading.border(self.round_started_at)
        self._readings.clear()
        counters = self._new_counters.pop(parent["id"], None)
        if counters is not None:
            counters = tuple(
                None if event_type in self._not_offered else counter
                for event_type, counter in zip(COUNTER_OF, counters, strict=True)
            )
        if self.until is None:
            self.progress.done(parent, is_complete=is_complete, counters=counters, borders=borders)

    def stream_done(self) -> None:
        """Remember that all messages have been read, and what was not offered of them."""
        if self.until is None:
            self.progress.finish(offered=self._offered, not_offered=self._not_offered)

    def estimate(self) -> Estimate:
        """Foresee the calls: drilldowns, and the reports that ``message_reports`` does not ask for.

        How many drilldowns a report leads to shows only in it. Of a message that was read
        before, the more are expected the younger it is; of a new one, as many as usual.

        Returns:
            The calls.
        """
        if self.is_done:
            return super().estimate()
        asked = list(self._due())
        reports = cast("ActOnStream", self.tap.streams[MessageReports.name])
        told = (
            {query.given["message_id"] for query in reports.due()}
            if reports.selected and not reports.is_done
            else set()
        )
        new = [message for message in asked if self.progress.is_new(message)]
        usual = [calls for message in asked if (calls := self._calls_of(message))]
        drilldowns = sum(
            self._calls_of(message, of_new=True) * self.progress.share_changed(message)
            for message in asked
        )
        drilldowns += sum(message["message_type"] != "FAILED" for message in new) * (
            sum(usual) / len(usual) if len(usual) >= ENOUGH_READ else self._usual_calls
        )
        untold = sum(message["id"] not in told for message in asked)
        return Estimate(
            untold + round(drilldowns),
            Certainty.ABOUT if asked else Certainty.EXACT,
            f"messages: {len(asked):,}, of them new: {len(new):,}",
        )

    def _due(self) -> Iterator[Parent]:
        """Give the messages whose reports say what to ask."""
        return self.left(self.parents, lambda message: f"message {message['id']}")

    @cached_property
    def _usual_calls(self) -> float:
        """How many calls the drilldowns of a message usually take."""
        return sum(share for kind, share in USUAL.items() if kind in self.run.settings.event_types)

    def _calls_of(self, message: Parent, *, of_new: bool = False) -> int:
        """Tell how many calls all drilldowns of a message take, or only their new rows."""
        counters = self.progress.counters(message, len(COUNTER_OF))
        return sum(
            1 if of_new and self.progress.border(message, kind) else self.calls_for(counter)
            for kind, counter in zip(COUNTER_OF, counters, strict=True)
            if counter and kind in self.run.settings.event_types
        )

    def _ask_report(self, message: Parent) -> Outcome[Answer]:
        query = self.query(message)
        counters = self.run.message_counters.get(message["id"])
        if counters is not None:
            self.save_calls("shared")
        else:
            try:
                counters = self.run.client.read(self.call(query), partial(self._report, query))
            except (GoneError, RejectedCallError) as error:
                counters = error
        if isinstance(counters, CallError):
            return Answer(query, gone=counters), ()
        self._new_counters[message["id"]] = counters
        if self.progress.is_read(message, counters):
            known = counters
        else:
            known = self.progress.counters(message, len(COUNTER_OF))
        wanted = []
        for event_type, counter, before in zip(COUNTER_OF, counters, known, strict=True):
            if event_type not in self._kinds:
                continue
            if counter is None or counter not in {0, before}:
                wanted.append(self._ask_drilldown(message, event_type))
            else:
                self.save_calls("unchanged" if counter else "empty")
        return Answer(query), wanted

    def _report(self, query: Query, payload: Any) -> Counters:
        if not isinstance(payload, dict):
            raise RepeatableError(f"{self.subject(query)}: Act-On's answer is not a report.")
        return counters_of(payload)

    def _ask_drilldown(self, message: Parent, event_type: str) -> Task[Answer]:
        query = self.query(message, f"report/{event_type}")
        query = replace(
            query,
            subject=f"{query.subject}, {event_type}",
            given={**query.given, "event_type": event_type},
        )
        border = self.progress.border(message, event_type)
        if border is None or event_type in self._not_offered:
            return self.task(query)
        return self.named(query.subject, partial(self._ask_new, query, border))

    def _ask_new(self, query: Query, border: Border) -> Outcome[Answer]:
        """Ask for the new rows of a drilldown; for all where these do not prove to be all new."""
        try:
            rows, total = self._rows_at(border, query)
        except CallError:
            # What it means shows when the first page is asked for.
            rows, total = [], 0
        given = query.given
        records = (self._comparing.record(row, given) for row in rows)
        seen = [(record["event_at"], identity_of(record)) for record in records]
        passed = border.passed(seen, total)
        borders, kind = self._new_borders[given["message_id"]], given["event_type"]
        if passed is None:
            borders[kind] = None
            return Answer(query), [self.task(query)]
        new, borders[kind] = passed
        self._offered.add(kind)
        self.save_calls("known", self.calls_for(total) - pages_of(len(rows), self._page_size))
        return Answer(query, rows[new]), ()

    def _rows_at(self, border: Border, query: Query) -> tuple[list[Row], int]:
        """Ask for the rows at a border, and how many there are in all.

        The pages stop where reading all costs no more, or where they contradict each other.
        """

        def interpret(payload: Any) -> tuple[Sequence[Row], int | None]:
            return self.rows(payload, query), self.total(payload)

        paging = OffsetPages(self._page_size)
        rows: list[Row] = []
        told = None
        for _ in range(MOST_PAGES):
            parameters = paging.parameters(Page(border.start + len(rows)))
            page, total = self.run.client.read(self.call(query, parameters), interpret)
            rows += page
            if not page or total is None or total != (told or total):
                break
            told = total
            missing = border.needed(total) - len(rows)
            if missing <= 0:
                return rows, total
            if pages_of(missing, self._page_size) >= self.calls_for(total):
                break
        return [], 0

    @cached_property
    def _page_size(self) -> int:
        return self.run.settings.page_size

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page of a drilldown; one that is not offered is left out of the run.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.

        Raises:
            NotAvailableError: If no drilldown is offered at all.
        """
        event_type = query.given["event_type"]
        if event_type in self._not_offered:
            return Answer(query), ()
        try:
            outcome = super().ask(query, page)
        except NotAvailableError as error:
            with self._lock:
                is_first = event_type not in self._not_offered
                self._not_offered.add(event_type)
            if self._not_offered >= set(self.run.settings.event_types):
                raise
            if is_first:
                self.log(
                    "%s %s events are left out of this run.",
                    error.sentence,
                    event_type,
                    level=logging.WARNING,
                )
            return Answer(query), ()
        self._offered.add(event_type)
        return outcome

    def row_maker(self, headers: Sequence[str], answer: Answer) -> RowMaker:
        """Match the cells of a file with the fields of the JSON.

        Args:
            headers: The headers of the file.
            answer: The page of JSON.

        Returns:
            What makes a row of cells; it raises :class:`ValueError` where JSON may hold
            something else than the text of a cell.

        Raises:
            ValueError: If the headers are not the names of the fields.
        """
        return RowMaker(object_maker(headers, answer.rows), finish=lambda rows: rows)

    def is_same(self, row: Row, expected: Row, answer: Answer) -> bool:
        """Compare an event of a file with that of JSON.

        Args:
            row: The row of the file.
            expected: The row of JSON.
            answer: The page of JSON.

        Returns:
            Whether they give the same record: one has numbers where the other has texts.
        """
        given = answer.query.given
        return self._comparing.record(row, given) == self._comparing.record(expected, given)

    def kind_of(self, query: Query) -> str:
        """Say which files are alike: those of the same kind of events.

        Args:
            query: What is asked.

        Returns:
            The kind of events.
        """
        kind: str = query.given["event_type"]
        return kind

    @cached_property
    def _comparing(self) -> RecordReader:
        """What makes records to compare, and tells nothing of what it meets."""
        return RecordReader(self.schema, key=self.primary_keys, zone=self.run.zone)

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read of a message."""
        return {**super().covers, "event_types": sorted(self.run.settings.event_types)}
