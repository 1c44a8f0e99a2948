"""What all streams have in common: from answers to records.

A stream says what it asks and where the rows are in the answers
(:mod:`tap_acton.streams.base.asking`). Everything else is here: the concurrent calls, the
parents that are gone, rows that come twice, what is told of them.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import replace
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from singer_sdk import SchemaDirectory, StreamSchema
from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.metrics import DEFAULT_LOG_INTERVAL

from tap_acton import schemas
from tap_acton.api.old_pagination import Page, UnaskedPages
from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
    CallError,
    NotAvailableError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.output import RecordOutput
from tap_acton.records.dynamic_columns import with_columns
from tap_acton.records.reader import EXTRA_FIELDS, NO_TEXT, Record, RecordReader, Row, batched
from tap_acton.state.rounds import left
from tap_acton.streams.base.asking import AskingStream
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.versions import Tally
from tap_acton.sync.answers import Answer, Query, SeenKeys, without_shifted
from tap_acton.sync.fan_out import Task, in_order
from tap_acton.sync.forecast import Certainty, Estimate, FirstPage, Forecast, pages_of
from tap_acton.sync.readings import Readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context
    from singer_sdk.metrics import Counter

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.run import Parent
    from tap_acton.sync.summary import StreamSummary

Item = TypeVar("Item")

FEW_PARENTS = 5
"""Up to so many parents may all be gone by chance; more of them show another cause."""

PROGRESS_SECONDS = 10.0

DONE_BEFORE = "done before"
"""The outcome of a stream that an earlier run of the round has read to its end."""

FORESEEN = (ActOnError, AbortedSyncFailedException, AbortedSyncPausedException)


class FoundSchema(StreamSchema[str]):
    """The schema in a stream's file, with the columns that discovery found."""

    def get_stream_schema(self, stream: Any, stream_class: Any) -> Any:
        """Give the schema of a stream.

        Args:
            stream: The stream; without one, what was found is left out.
            stream_class: Its class.

        Returns:
            The JSON schema.
        """
        schema = super().get_stream_schema(stream, stream_class)
        found = getattr(stream, "found", None)
        return schema if found is None else with_columns(schema, found, before=EXTRA_FIELDS)


SCHEMAS = SchemaDirectory(resources.files(schemas))


class ActOnStream(AskingStream):
    """A stream of Act-On: what it asks, and what becomes of the answers.

    Attributes:
        listing: The stream whose rows are the parents; empty for a stream without.
        parent_columns: The columns of this stream that its children need; empty for a
            stream without children.
        asks_about: What there is a query for each of, in the plan; by default what the
            listing lists.
        tells_pages: Whether the plan asks for the first page, to see how many there are.
        found: What discovery found of the stream in the account, if anything.
        failure: Why it could not be read to its end, if it could not.
        read_until: The subject of the query that was last read to its end in this run.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # RecordReader types every field.
    schema = FoundSchema(SCHEMAS)

    listing: ClassVar[str] = ""
    parent_columns: ClassVar[tuple[str, ...]] = ()
    asks_about: ClassVar[str] = ""
    tells_pages: ClassVar[bool] = False

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        self.found = found
        super().__init__(tap)
        self.failure: StreamFailedError | None = None
        self.read_until = ""
        self._told_at = time.monotonic()
        self._has_told_unnamed = False
        self._parents_asked = 0

    @property
    def count(self) -> StreamSummary:
        """What the run counts of this stream."""
        return self.run.summary.streams[self.name]

    def pause(self) -> None:
        """Keep what is behind the stream."""
        if not self.count.refused and self.failure is None:
            is_done = self.count.outcome in {"complete", DONE_BEFORE}
            self.pause_round(is_done=is_done, after=self.read_until)

    def end_load(self) -> bool:
        """Forget the round."""
        return self.end_round()

    @property
    def summary(self) -> StreamSummary:
        """What the run counts of this stream."""
        return self.count

    # What a stream says of itself

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make records of the rows of a page.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        # What reads them may need the account's zone, which is a call.
        if rows:
            yield from self.reader.records(rows, query.given)

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Take note that the rows of a parent have been emitted.

        Args:
            parent: The parent.
            is_complete: Whether Act-On refused nothing of it.
        """

    def stream_done(self) -> None:
        """Take note that all rows of the stream have been emitted."""

    # What the SDK asks

    def get_records(self, context: Context | None) -> Iterator[Record]:  # noqa: ARG002
        """Read the stream's records.

        A stream that fails, or that the account does not have, ends here, so that the
        others go on; a failure is raised again by :meth:`log_sync_costs`.

        Args:
            context: Not used; parents are read within the stream.

        Yields:
            The records.
        """
        count = self.count
        self.remember(self.found)
        self.carry_version()
        if self.is_done:
            count.outcome = DONE_BEFORE
            return
        try:
            yield from self._written(self.read())
            if self.count.refused:
                # The bookmark must not move past what is to be asked again.
                self.discard_progress()
            self.clamp_bookmark()
            self.stream_done()
            is_empty = not (count.rows or count.saved or self._parents_asked)
            count.is_full_refresh = self.end_full_refresh(is_empty=is_empty)
            count.outcome = "incomplete" if count.refused else "complete"
            if count.refused:
                self.failure = StreamFailedError(
                    f"{self.name}: Act-On refused {count.refused} parents; the next run asks again."
                )
        except NotAvailableError as error:
            self.discard_progress()
            self.run.shared(Listings).keep(self.name, error)
            count.outcome = "switched off"
            # What several streams meet is told once.
            level = logging.WARNING if self.run.is_news(error) else logging.INFO
            self.log("%s The stream is switched off for this run.", error.sentence, level=level)
        except (StreamFailedError, CallError, RecursionError) as caught:
            failure = _too_deep(self.name) if isinstance(caught, RecursionError) else caught
            self.discard_progress()
            self.run.shared(Listings).keep(self.name, failure)
            count.outcome = "failed"
            self.failure = StreamFailedError(failure.sentence)
            level = logging.ERROR if self.run.is_news(failure) else logging.INFO
            self.logger.log(level, "%s The other streams go on.", failure.sentence)

    def _written(self, records: Iterator[Record]) -> Iterator[Record]:
        """Write records, or pass them on where the SDK has to write them, and count them."""
        count = self.count
        if self.tap.writes_lines and RecordOutput.suits(self):
            RecordOutput(self, self._stream_version, count, self._record_metric).write(records)
            return
        for record in records:
            count.rows += 1
            yield record

    def get_record_counter(
        self, *, endpoint: str | None = None, log_interval: float = DEFAULT_LOG_INTERVAL
    ) -> Counter:
        """Give what counts the records for the SDK's metrics, and keep it.

        Args:
            endpoint: What the metrics say of the endpoint.
            log_interval: Seconds between two lines of the log.

        Returns:
            The counter.
        """
        self._record_metric = super().get_record_counter(
            endpoint=endpoint, log_interval=log_interval
        )
        return self._record_metric

    def log(self, message: str, *args: Any, level: int = logging.INFO, **keywords: Any) -> None:
        """Log a message of the stream.

        Left out is the SDK's word of an "unhandled error" where the failure ends the run
        with a sentence of its own, or is only the record limit of a test.

        Args:
            message: The message.
            args: What to put into it.
            level: The level.
            keywords: What else the logger takes.
        """
        if level != logging.ERROR or not isinstance(sys.exception(), FORESEEN):
            super().log(message, *args, level=level, **keywords)

    def log_sync_costs(self) -> None:
        """Raise the stream's failure, now that all streams have had their turn.

        Raises:
            StreamFailedError: If the stream failed.
        """
        if self.failure is not None:
            raise self.failure

    # How it is read

    def read(self) -> Iterator[Record]:
        """Make the calls and their records, without touching the counts of rows.

        Yields:
            The records within the window, each once.

        Raises:
            StreamFailedError: If the stream cannot be read to its end.
            NotAvailableError: If the account does not have the endpoint.
        """
        parents: list[Parent] = []
        seen = SeenKeys(type(self).primary_keys, forgets=not self.parent_columns)
        tally = Tally()
        before: Answer | None = None
        skipped: Parent | None = None
        for answer in self.answers():
            if answer.gone and answer.query.parent is not skipped:
                skipped = answer.query.parent
                self.count.skip(answer.query.subject, is_refused=answer.is_refused)
                self.note_gap()
            tally.add(answer)
            seen.turn_page()
            rows = without_shifted(before, answer)
            before = answer
            for records in batched(self.records(rows, answer.query)):
                for column in self._texts_of_key:
                    for record in records:
                        record[column] = record[column] or NO_TEXT
                new = seen.new_of(records)
                if self.parent_columns:
                    parents += [
                        {column: record[column] for column in self.parent_columns} for record in new
                    ]
                yield from self.within_window(new, answer.query.since)
        tally.close()
        if tally.is_short:
            self.note_short()
        self._report_skipped()
        if self.parent_columns:
            self.run.shared(Listings).keep(self.name, parents)

    def answers(self) -> Iterator[Answer]:
        """Give the answers in order, and note each parent when its last one is through.

        Yields:
            The answers.
        """
        current: Parent | None = None
        subject = ""
        is_complete = True
        readings = Readings(
            lambda query: self._answers_to([self.task(query)]), self.renewed, self._never_rests
        )
        try:
            for answer in readings.settled(self._answers_to(self.tasks())):
                self.run.stop.check()
                if answer.query.parent is not current or current is None:
                    if current is not None:
                        self.parent_done(current, is_complete=is_complete)
                    if answer.query.subject != subject:
                        self.read_until, subject = subject, answer.query.subject
                if answer.query.parent is not current:
                    current = answer.query.parent
                    is_complete = True
                    self._parents_asked += current is not None
                is_complete = is_complete and not answer.is_refused
                yield answer
                self._tell_progress()
        except AllowanceSpentError as error:
            # What the allowance did not suffice for may be another page of the same parent.
            if error.subject and not error.subject.startswith(subject):
                self.read_until = subject
                if current is not None:
                    self.parent_done(current, is_complete=is_complete)
            raise
        if current is not None:
            self.parent_done(current, is_complete=is_complete)

    def renewed(self, query: Query) -> Query | None:
        """Give a query as it is to be read again, where rows moved while it was read.

        Args:
            query: The query.

        Returns:
            Another query for the same; None where the stream has other means.
        """
        return replace(query, again=query.again + 1)

    def _answers_to(self, tasks: Iterable[Task[Answer]]) -> Iterator[Answer]:
        # A test wants one record of each stream, not the calls for many.
        is_test = self.ABORT_AT_RECORD_COUNT is not None
        return in_order(
            tasks,
            width=1 if is_test else self.run.settings.max_concurrency,
            checkpoint=self.run.stop.check,
            weigh=lambda answer: len(answer.rows),
        )

    def _never_rests(self, query: Query) -> Answer:
        """Say that rows of a query may be missing: of the stream, or of one of its parents."""
        sentence = (
            f"{self.subject(query)}: rows were changed or deleted while they were read, so that "
            "some may be missing; the next run reads them again."
        )
        if query.parent is None:
            raise StreamFailedError(sentence)
        self.log("%s", sentence, level=logging.WARNING)
        return Answer(query, gone=RejectedCallError(sentence))

    def parents(self) -> Iterator[Parent]:
        """Give the parents that this run is to read.

        Yields:
            The parents of the listing in its order; with the setting ``shard`` those
            of the shard.
        """
        for parent in self.parents_of(self.listing):
            if self.run.settings.in_shard(parent["id"]):
                yield parent

    def parents_of(self, listing: str) -> list[Parent]:
        """Give all parents that a listing stream finds, which a run reads once.

        Args:
            listing: The name of the stream; it need not be selected.

        Returns:
            The parents in the order of the listing.
        """
        listings = self.run.shared(Listings)
        if listing not in listings:
            self.tap.stream(listing).list_items()
        return list(listings.items(listing))

    def list_items(self) -> None:
        """Read this listing for the sake of the streams below it alone."""
        try:
            for _ in self.read():
                pass
            if self.count.outcome != DONE_BEFORE:
                self.count.outcome = "not selected"
        except (StreamFailedError, CallError) as error:
            self.run.shared(Listings).keep(self.name, error)

    def due(self) -> Iterator[Query]:
        """Give the queries that no earlier run of the round has made.

        Yields:
            The queries in their order; of a listing all of them, since the streams below it
            need all parents.
        """
        if self.parent_columns:
            yield from self.queries()
        else:
            yield from self.left(self.queries, lambda query: query.subject)

    def left(
        self, items: Callable[[], Iterable[Item]], name_of: Callable[[Item], str]
    ) -> Iterator[Item]:
        """Leave out what an earlier run of the round has read.

        Args:
            items: Gives what is to be read.
            name_of: Gives the subject of an item's query.

        Returns:
            What is left to be read.
        """
        after = self.round.after if self.round else ""
        return left(items, after, name_of, lambda number: self.save_calls("read before", number))

    def tasks(self) -> Iterator[Task[Answer]]:
        """Turn the queries into tasks for the fan-out.

        Yields:
            A task for the first page of each query; it leads to the further pages.
        """
        for query in self.due():
            yield self.task(query)

    @cached_property
    def reader(self) -> RecordReader:
        """What makes typed records of this stream's rows."""
        return RecordReader(
            self.schema,
            key=type(self).primary_keys,
            zone=self.run.zone,
            on_unnamed=self._tell_unnamed,
        )

    @cached_property
    def _texts_of_key(self) -> tuple[str, ...]:
        """The columns of the key that hold texts, which must not be empty."""
        properties = self.schema["properties"]
        return tuple(
            column
            for column in type(self).primary_keys
            if "string" in properties[column]["type"] and "format" not in properties[column]
        )

    # What is foreseen

    def forecast(self) -> Forecast:
        """Give the estimate in the new words."""
        found = self.estimate()
        return Forecast(found.calls, found.certainty is Certainty.EXACT, found.reason)

    def estimate(self) -> Estimate:
        """Foresee the calls of the stream, besides those that this very run has made for it.

        Nothing is asked here that a run would not ask too: above all listings, which are read
        once. So what has been asked is counted already. No parent is asked about.

        Returns:
            The calls that are left.
        """
        if self.is_done:
            return Estimate(0, reason="read in an earlier run of the round")
        if self.parent_columns:
            _ = self.parents_of(self.name)
            return Estimate(0)
        if self.tells_pages:
            return self._estimate_by_first_pages()
        queries = list(self.due())
        about = self.asks_about or self.listing.replace("_", " ")
        return Estimate(
            sum(map(self.expected_calls, queries)),
            self.certainty if queries else Certainty.EXACT,
            f"{about}: {len(queries):,}" if about else "",
        )

    @property
    def is_done(self) -> bool:
        """Whether an earlier run of the round has read the stream to its end."""
        return self.round is not None and self.round.is_done

    def expected_calls(self, query: Query) -> int:  # noqa: ARG002
        """Foresee the calls of a query.

        Args:
            query: What is asked.

        Returns:
            One, unless a stream knows better.
        """
        return 1

    @property
    def certainty(self) -> Certainty:
        """How far the foreseen calls can be relied on."""
        match self.paging:
            case None:
                return Certainty.EXACT
            case UnaskedPages():
                return Certainty.ABOUT
        return Certainty.AT_LEAST

    def first_page(self, query: Query) -> FirstPage:
        """Ask for the first page of a query, to see how many there are.

        Args:
            query: What is asked.

        Returns:
            What it shows.
        """
        answer, following = self.ask(query, Page())
        further = list(following)
        while len(further) == 1 and not answer.rows:
            # Not a page, but the same in the other form that the host knows.
            answer, following = further[0]()
            further = list(following)
        number = len(further)
        if further and answer.total and answer.rows:
            # Of a great many pages only the next ones are tasks.
            number = max(number, pages_of(answer.total, len(answer.rows)) - 1)
        return FirstPage(len(answer.rows), answer.total, number)

    def _estimate_by_first_pages(self) -> Estimate:
        found = [self.first_page(query) for query in self.due()]
        rows = sum(page.known_rows for page in found)
        if all(page.tells_all for page in found):
            return Estimate(sum(page.further for page in found), reason=f"rows: {rows:,}")
        return Estimate(
            sum(page.further for page in found), Certainty.AT_LEAST, f"rows: more than {rows:,}"
        )

    # What is told

    def save_calls(self, reason: str, calls: int = 1) -> None:
        """Count calls that are not made, since they can bring nothing new.

        Args:
            reason: Why, in one or two words.
            calls: How many.
        """
        self.run.summary.count_saved(self.name, reason, calls)

    def _tell_progress(self) -> None:
        if time.monotonic() - self._told_at > PROGRESS_SECONDS:
            self._told_at = time.monotonic()
            self.log("%s rows so far, %s calls.", f"{self.count.rows:,}", f"{self.count.calls:,}")

    def _report_skipped(self) -> None:
        count, asked = self.count, self._parents_asked
        if count.skipped + count.refused == asked > FEW_PARENTS:
            raise StreamFailedError(
                f"{self.name}: Act-On does not tell anything of each of the {asked} parents; the "
                "user's rights are the likely cause."
            )
        for number, names, words in (
            (
                count.skipped,
                count.skipped_names,
                "do not exist in Act-On any more and were skipped",
            ),
            (count.refused, count.refused_names, "were refused by Act-On; the next run asks again"),
        ):
            if number:
                others = " and others" if number > len(names) else ""
                self.log(
                    "%d of %d parents %s: %s%s.",
                    number,
                    asked,
                    words,
                    ", ".join(names),
                    others,
                    level=logging.WARNING,
                )

    def _tell_unnamed(self, field_name: str) -> None:
        if not self._has_told_unnamed:
            self._has_told_unnamed = True
            self.log(
                "Act-On sends a field that the schema of %s does not name, %.60r; it is kept in "
                "extra_fields, and so is every other one.",
                self.name,
                field_name,
                level=logging.WARNING,
            )


def _too_deep(stream: str) -> StreamFailedError:
    """Say that a value is nested deeper than can be written, or passed on."""
    return StreamFailedError(f"{stream}: Act-On sends values that are nested too deeply.")
