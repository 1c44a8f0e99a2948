"""One stream: it declares what it reads, and has the parts that do the reading."""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.metrics import DEFAULT_LOG_INTERVAL
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from singer_sdk.streams import Stream

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_json
from tap_acton.errors import (
    ActOnError,
    CallError,
    GoneError,
    NotAvailableError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.output import RecordOutput, Selection
from tap_acton.records.extractors import OneRow, Undocumented, described, rows_in
from tap_acton.records.ids import IdNumbers, kept_text, shown, without_addresses
from tap_acton.records.reader import RecordReader, batched
from tap_acton.records.timestamps import timestamp_of
from tap_acton.settings.schema import SETTINGS
from tap_acton.state.bookmark import Bookmark
from tap_acton.state.format import DAMAGED, PROGRESS, decode, encode, start_over
from tap_acton.state.full_refresh import TableVersion
from tap_acton.state.load import Load
from tap_acton.state.stream_state import ItemsState, StreamState
from tap_acton.stream_maps import as_settings_error
from tap_acton.streams.base import full_refresh
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.own_keys import OwnKeys, unknown_shape
from tap_acton.streams.base.reading import StreamReading
from tap_acton.streams.base.report import StreamReport
from tap_acton.streams.base.schema import SCHEMAS, FoundSchema
from tap_acton.streams.base.unchanged import UnchangedItems
from tap_acton.sync.evidence import Endpoint
from tap_acton.sync.forecast import Forecast, forecast_of_first_page
from tap_acton.sync.query import Outcome, Query, Response
from tap_acton.sync.requester import Requester
from tap_acton.sync.retriever import Retriever
from tap_acton.sync.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.metrics import Counter
    from singer_sdk.singerlib import RecordMessage

    from tap_acton.api.pagination import Page, Paging
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.extractors import Extracted, Extractor
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Item, Place
    from tap_acton.sync.run import Run
    from tap_acton.sync.summary import StreamSummary

MOST_LEFT = 1_000
"""If more items have failed, the next run of a load begins where this one did."""

DONE_BEFORE = "done before"
"""The outcome of a stream that an earlier run of the load has read to its end."""

FORESEEN = (ActOnError, AbortedSyncFailedException, AbortedSyncPausedException)


class ActOnStream(Stream):
    """A stream of Act-On.

    Attributes:
        path: The path that is requested. It may hold ``{id}``, the id of the item.
        extract: Finds the rows in a response.
        pages: How the endpoint pages; None where everything comes in one response.
        listing: The stream of which the items are read one by one; empty for none.
        item: What such an item is called, for messages; empty where the stream has none.
        id_column: The column that gets the item's id.
        item_columns: What the streams below this listing need of its records.
        identity: Of rows without an id of their own, the columns that their id is made of.
        unchanged_while: Columns of the listing that show whether an item changed; the first is
            its modification time, without which the item is always read. Empty for none.
        missing_is_gone: Whether a 404 without a reason says that the item was deleted.
        refused_is_gone: Whether Act-On refuses for good what it refuses by a code.
        all_may_be_gone: Whether Act-On may have nothing for any item, however many there are.
        skipped_because: Why items are skipped, for the log.
        has_full_refresh: Whether rows may be deleted unseen, and are to leave the warehouse.
        least_lookback: How far behind the bookmark rows are read again at least.
        chosen_by: The settings that may leave out items or rows, besides those of lists.
        is_optional: Whether a catalog has it only where the setting ``optional_streams`` names it.
        inputs: The settings without which it reads nothing.
        about: What the plan counts, where that is not the items of the listing.
        found: What discovery found of the stream in the account, if anything.
        reading: The reading of this run, and what came of the items.
        workload: What is left to read of it in this run.
        failure: Why it could not be read to its end, if it could not.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # RecordReader types every field.
    schema = FoundSchema(SCHEMAS)
    tap: ActOnTap

    name: str = ""
    path: ClassVar[str] = ""
    primary_keys: ClassVar[tuple[str, ...]] = ()
    replication_key: ClassVar[str | None] = None
    extract: ClassVar[Extractor] = OneRow()
    pages: ClassVar[type[Paging] | None] = None
    listing: ClassVar[str] = ""
    item: ClassVar[str] = ""
    id_column: ClassVar[str] = "id"
    item_columns: ClassVar[tuple[str, ...]] = ()
    identity: ClassVar[tuple[str, ...]] = ()
    unchanged_while: ClassVar[tuple[str, ...]] = ()
    missing_is_gone: bool = False
    refused_is_gone: ClassVar[bool] = False
    all_may_be_gone: bool = False
    skipped_because: ClassVar[str] = "deleted in Act-On"
    has_full_refresh: ClassVar[bool] = False
    least_lookback: ClassVar[timedelta] = timedelta()
    chosen_by: ClassVar[tuple[str, ...]] = ()
    is_optional: ClassVar[bool] = False
    inputs: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[str] = ""
    state_type: ClassVar[type[StreamState]] = StreamState

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        self.found = found
        super().__init__(tap)
        self.tap = tap
        self.failure: StreamFailedError | None = None
        self._listings_used: set[str] = set()
        self._without_id: dict[str, int] = {}  # how many items of a listing have none
        self.report = StreamReport(self.name, self.log)
        self.reading = StreamReading(self)
        self.workload = Workload()

    # What a stream may say of its own

    def queries(self) -> Iterable[Query]:
        """Say what to read, in the order of the queries' places; one query without a listing."""
        if self.listing:
            return (self.query_of(item) for item in self.due_items())
        return [Query(self.filled(self.path), since=self.bookmark.since)]

    def query_of(self, item: Item) -> Query:
        """Make the query for an item."""
        return Query(
            self.filled(self.path, id=item["id"]),
            self.place_of(item),
            given={self.id_column: item["id"]},
            since=self.bookmark.start,
            subject=f"{self.item} {item['id']}",
            item=item,
        )

    def filled(self, path: str, **ids: str) -> str:
        """Fill ids into a path."""
        return path.format(**{name: path_part(held) for name, held in ids.items()})

    def place_of(self, item: Item) -> Place:
        """Say where an item stands in the order of reading."""
        return (kept_text(item["id"]),)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records of the rows of a page, or of all rows where these have no keys."""
        # What reads them may need the account's zone, which is a call.
        if not rows:
            return
        records = self.reader.records(rows, query.given)
        if not self.identity:
            yield from records
            return
        numbers = IdNumbers()
        for record in records:
            record["id"] = numbers.next_id(*[record[column] for column in self.identity])
            yield record

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out records that the settings do not choose, also for the streams below."""
        return records

    def fingerprint_of(self, item: Item) -> str | None:
        """Say what is the same as long as an item is unchanged; None where nothing proves it."""
        values = [item[column] for column in self.unchanged_while]
        return json.dumps(values) if values and values[0] is not None else None

    def follow_ups(self, response: Response) -> Iterable[Query]:  # noqa: ARG002 - for others
        """Say which queries are read in the place of one; runs in a worker thread."""
        return ()

    def instead(self, outcome: Outcome) -> Query | None:  # noqa: ARG002 - for others
        """Give another form of a query that failed; None where its outcome counts."""
        return None

    def page_done(self, response: Response) -> None:
        """Take note that the records of a page have been emitted."""

    def finished(self, outcome: Outcome) -> None:
        """Remember what the outcome of a query proves; its records have been emitted."""
        item = outcome.query.item
        if item is None or outcome.evidence is None:
            return
        if outcome.rows or self.may_be_empty(item):
            self.unchanged.note(item["id"], self.fingerprint_of(item))

    def may_be_empty(self, item: Item) -> bool:  # noqa: ARG002 - for others
        """Tell whether it may be remembered of an item that no rows came; not of its one row."""
        return type(self).primary_keys != (self.id_column,)

    def done(self) -> None:
        """Remember that all queries have had their outcome."""
        listed = {item["id"]: self.fingerprint_of(item) for item in self.items()}
        self.unchanged.finish(listed, is_whole=not self.refused_above)

    def calls_for(self, query: Query) -> int:  # noqa: ARG002 - for others
        """Foresee the calls of a query."""
        return 1

    # How it requests, as its requester and retriever ask

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page; runs in a worker thread."""
        response = self.requester.fetch(query, page)
        problem = response.problem
        is_refused = isinstance(problem, RejectedCallError) and problem.code is not None
        if self.refused_is_gone and problem is not None and is_refused:
            return Response(query, page, problem=GoneError(problem.sentence))
        return response

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page, in the name of this stream."""
        parameters = self.paging.parameters(page) if self.paging else {}
        return Call(query.path, self.subject(query), self.name, {**query.parameters, **parameters})

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:  # noqa: ARG002 - for others
        """Give what decodes the body of a good response."""
        return decode_json

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the rows of a decoded response; keep a shape that Act-On does not document."""
        found = rows_in(payload, self.extract, self.schema)
        if found.shape and found.rows:
            self.note_shape(found, is_item=query.item is not None)
        return found

    def note_shape(self, found: Extracted, *, is_item: bool) -> None:
        """Keep a shape for the log; a stream may read its items itself, in a shape of their own."""
        name = f"{self.name} (of each {self.item or 'part'})" if is_item else self.name
        self.run.summary.shapes.setdefault(name, described(found))

    def subject(self, query: Query) -> str:
        """Name what is requested, for messages: the stream, and the item if there is one."""
        item = shown(query.subject)
        return f"{self.name}, {item}" if item else self.name

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        """Make records some at a time, so that they stay in the processor's cache.

        Raises:
            RejectedCallError: If Act-On documents the response, and no row in it has a key.
        """
        own_keys, is_first = OwnKeys(self._key_formats), True
        if rows and isinstance(rows, list):
            self.reader.learn(rows)
        for records in batched(self.records(rows, query)):
            if keyless := own_keys.keyless(records):
                if is_first and self.is_documented and len(keyless) == len(records) > 1:
                    raise unknown_shape(self.subject(query), self._key_formats)
                own_keys.fill(keyless)
                self.report.keyless(self._key_formats)
                if self.item_columns:
                    self.reading.own_ids.update(record["id"] for record in keyless)
            is_first = False
            yield records

    @property
    def is_documented(self) -> bool:
        """Whether Act-On documents what the rows are."""
        return not isinstance(self.extract, Undocumented)

    @property
    def key_of(self) -> Callable[[Record], Any] | None:
        """Gives the key of a record; None where it numbers identical rows."""
        return None if self.identity else itemgetter(*type(self).primary_keys)

    @property
    def version_of(self) -> Callable[[Record], str | None] | None:
        """Gives when a record was last changed, where that is not a part of its key."""
        key = self.replication_key
        return None if key is None or key in type(self).primary_keys else itemgetter(key)

    @cached_property
    def _key_formats(self) -> dict[str, str]:
        """The columns of the key, all of them texts, and their formats; empty for none."""
        properties = self.schema["properties"]
        return {column: properties[column].get("format", "") for column in type(self).primary_keys}

    # Its parts

    @property
    def run(self) -> Run:
        """What the run shares; discovery goes without."""
        return self.tap.run

    @property
    def summary(self) -> StreamSummary:
        """What the run counts of this stream."""
        return self.run.summary.streams[self.name]

    @cached_property
    def paging(self) -> Paging | None:
        """How the endpoint pages; None where everything comes in one response."""
        return None if self.pages is None else self.pages(self.run.settings.page_size)

    @cached_property
    def requester(self) -> Requester:
        """Makes the requests."""
        return Requester(self.run.client, self)

    @cached_property
    def retriever(self) -> Retriever:
        """Reads the queries until they are proven whole."""
        # A test wants one record of each stream, not the calls for many.
        is_test = self.ABORT_AT_RECORD_COUNT is not None
        width = 1 if is_test else self.run.settings.max_concurrency
        return Retriever(
            self,
            width=width,
            check=self.run.stop.check,
            endpoint=self.endpoint,
            on_response=lambda one: self.workload.received(one, self.calls_for(one.query)),
        )

    @property
    def endpoint(self) -> Endpoint:
        """What the endpoint has shown of itself in this run; streams may share what they read."""
        return Endpoint()

    @cached_property
    def reader(self) -> RecordReader:
        """Makes typed records of rows."""
        return self.new_reader()

    def new_reader(self) -> RecordReader:
        """Make another reader, which learns the units of timestamps by itself."""
        return RecordReader(
            self.schema,
            key=type(self).primary_keys,
            zone=self.run.zone,
            on_unnamed=self.report.unnamed,
            deselected=self.selection.deselected,
        )

    @cached_property
    def selection(self) -> Selection:
        """Which columns go out; all of them are read, as other streams may need them."""
        return Selection(self)

    @cached_property
    def progress(self) -> Any:
        """What the stream remembers, of its ``state_type``; written into each state."""
        bookmark = self.stream_state
        progress, problem = decode(bookmark, self.state_type, self.run.started_at)
        if problem:
            start_over(bookmark)
            self.log(DAMAGED, self.name, problem, level=logging.WARNING)
        return progress

    @cached_property
    def load(self) -> Load:
        """Where the stream stands in a load that may take several runs."""
        return self.new_load()

    def new_load(self) -> Load:
        """Return where the progress says that the stream stands."""
        return Load(self.progress, timestamp_of(self.run.started_at), self.covers)

    @cached_property
    def bookmark(self) -> Bookmark:
        """How far the stream was read, and which records are wanted."""
        settings = self.run.settings
        return Bookmark(
            self.stream_state,
            self.replication_key,
            is_incremental=self.is_incremental,
            start=settings.window.start,
            end=settings.window.end,
            lookback=max(settings.lookback_window, self.least_lookback),
            started_at=self.load.started_at,
            reached_before=self.load.reached,
        )

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide what is read: with others, a load begins anew."""
        settings = self.run.settings
        of_shard = {"shard": [settings.shard_text]} if settings.shard else {}
        above = self.tap.stream(self.listing).chosen_by if self.listing else ()
        names = ("list_ids", "list_names", *above, *self.inputs, *self.chosen_by)
        return {**of_shard, **self.choice(names)}

    def choice(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Return settings that choose something, as the state keeps them; those that are set."""
        chosen = {name: getattr(self.run.settings, name) for name in names}
        texts = {name: sorted(kept_text(str(one)) for one in chosen[name]) for name in chosen}
        usual = {name: sorted(SETTINGS[name].get("default", ())) for name in chosen}
        return {name: held for name, held in texts.items() if held != usual[name]}

    @property
    def is_incremental(self) -> bool:
        """Whether the catalog has the stream read by its replication key."""
        return bool(self.replication_method == REPLICATION_INCREMENTAL)

    @cached_property
    def unchanged(self) -> UnchangedItems:
        """Which items were read before and are unchanged."""
        is_kept = isinstance(self.progress, ItemsState)
        return UnchangedItems(
            self.progress if is_kept else ItemsState(),
            started_at=self.load.started_at,
            period=self.run.settings.recheck_period,
            is_trusted=self.replication_key is None or self.is_incremental,
        )

    @property
    def table_version(self) -> TableVersion:
        """The version that the rows carry."""
        settings = self.run.settings
        return TableVersion(
            self.progress, settings.full_read_period if self.has_full_refresh else None
        )

    # Its items

    def items(self) -> Iterator[Item]:
        """Give the items of the listing; with the setting ``shard`` those of the shard."""
        if self.listing:
            in_shard = self.run.settings.in_shard
            yield from (one for one in self.items_of(self.listing) if in_shard(one["id"]))

    def due_items(self) -> Iterator[Item]:
        """Give the items to read, in the order of their places, without the unchanged ones."""
        for item in sorted(self.known_items(), key=self.place_of):
            if self.unchanged.may_skip(item["id"], self.fingerprint_of(item)):
                self.save_calls("unchanged")
            else:
                yield item

    def known_items(self) -> Iterator[Item]:
        """Give the items that can be requested, and take note of those that cannot."""
        number = 0
        for item in self.items():
            if self.can_request(item):
                yield item
            else:
                number += 1
        self.note_without_id(number, self.listing)

    def note_without_id(self, number: int, listing: str) -> None:
        """Take note of the items that have no id in Act-On's response, so are not requested.

        They are refused, unless nothing documents the listing: then none may have an id.
        """
        if number:
            self._without_id[listing] = number
        if number and not self.run.is_foreseeing:
            is_refused = self.tap.stream(listing).is_documented
            self.log(
                "%d of the %s cannot be requested: Act-On does not return their ids.",
                number,
                listing.replace("_", " "),
                level=logging.WARNING,
            )
            self.summary.refused += number if is_refused else 0
            self.table_version.note_gap()

    def can_request(self, item: Item) -> bool:
        """Tell whether the item has what it takes to request it."""
        return bool(item["id"])

    def items_of(self, listing: str) -> Sequence[Item]:
        """Return all items of a listing, which a run reads once, selected or not.

        Raises:
            ActOnError: If it could not be read; the same error each time.
        """
        listings = self.run.shared(Listings)
        self._listings_used.add(listing)
        if listing not in listings:
            self.tap.stream(listing).list_items()
        return listings.items(listing)

    @property
    def refused_above(self) -> int:
        """How many parts of its listings could not be read, so that items are missing here."""
        streams = self.run.summary.streams
        return sum(streams[listing].refused for listing in self._listings_used)

    @property
    def not_listed(self) -> list[str]:
        """Which parts of its listings could not be read, as a checkpoint keeps them.

        Items without an id are such a part, since they may have one in the next run.
        """
        listings = map(self.tap.stream, self._listings_used)
        parts = [(one.name, *place) for one in listings for place in one.reading.failed]
        parts += [(listing, f"{number}") for listing, number in self._without_id.items()]
        return sorted(map("/".join, parts))

    def list_items(self) -> None:
        """Read this listing for the sake of the streams below it alone."""
        self.summary.begin()
        try:
            for _ in self.read():
                pass
            if self.summary.outcome != DONE_BEFORE:
                self.summary.outcome = "not selected"
            if not self.selected:
                self._log_end()
        except (StreamFailedError, CallError) as error:
            self.run.shared(Listings).keep(self.name, error)
        except RecursionError:
            self.run.shared(Listings).keep(self.name, too_deep(self.name))

    # How it is read

    def read(self) -> Iterator[Record]:
        """Read all that is due, without counting rows.

        Yields:
            The records within the window.

        Raises:
            StreamFailedError: If the stream cannot be read to its end.
            NotAvailableError: If the account does not have the endpoint.
        """
        yield from self.reading.records()

    def due(self) -> Iterable[Query]:
        """Give the queries that no earlier run of this load has read to their end.

        Of a listing these are all, since the streams below it need all items.
        """
        for query in self.queries():
            self.run.stop.check()
            if self.item_columns or self.is_left(query.place):
                yield query
            else:
                self.save_calls("read before")

    def is_left(self, place: Place) -> bool:
        """Tell whether what stands at a place has yet to be read to its end in this load."""
        return not self.load.is_resumed or self.load.is_left(place, self.not_listed)

    def judge(self, outcome: Outcome) -> Outcome:
        """Decide whether a refusal concerns one item, or the endpoint; return what counts."""
        return self.reading.judge(outcome)

    def settle(self) -> None:
        """Decide what only shows once all items have been requested."""
        self.reading.settle()

    def not_available(self, outcome: Outcome) -> None:
        """Take note that the endpoint of a query is not offered: the stream is switched off."""
        if outcome.problem is not None:
            raise outcome.problem

    # What the SDK calls

    @cached_property
    def stream_maps(self) -> list[StreamMap]:
        """What maps the records, made when it is first needed: never where nothing is selected."""
        return self.tap.maps.of(self)

    def generate_child_contexts(
        self,
        record: Record,  # noqa: ARG002 - the SDK's
        context: Context | None,  # noqa: ARG002 - the SDK's
    ) -> Iterable[Context | None]:
        """Give none, since there are no child streams; the SDK would map each record twice."""
        return ()

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        with as_settings_error(f"stream_maps, stream {self.name}"):
            yield from super()._generate_record_messages(record)

    def get_records(self, context: Context | None) -> Iterator[Record]:  # noqa: ARG002 - unused
        """Read the stream's records.

        A stream that fails, or that the account does not have, ends here, so that the others go
        on; a failure is raised again by :meth:`log_sync_costs`.
        """
        summary = self.summary
        self.tap.stream_begins(self.name)
        summary.begin()
        if self.found is not None:
            self.found.remember(self.stream_state)
        # The SDK sets it nowhere but where it sends the activation ahead of the rows.
        self._stream_version = self.table_version.number
        if self.load.is_done:
            summary.outcome = DONE_BEFORE
            self._log_end()
            return
        try:
            yield from self._written(self.read())
            self._complete()
        except NotAvailableError as error:
            summary.forget_refused()
            self._fail(error, "switched off", "The stream is switched off for this run.")
        except (StreamFailedError, CallError, RecursionError) as caught:
            failure = too_deep(self.name) if isinstance(caught, RecursionError) else caught
            self.failure = StreamFailedError(failure.sentence)
            summary.error = type(failure).__name__
            self._fail(failure, "failed", "The other streams go on.")
        finally:
            self.save_progress()
            self._log_end()

    def _written(self, records: Iterator[Record]) -> Iterator[Record]:
        """Write records, or pass them on where the SDK has to write them, and count them."""
        summary = self.summary
        if self.selection.deselected or self.selection.unknown:
            records = self.selection.apply(records)
        if self.tap.writes_lines and RecordOutput.suits(self):
            RecordOutput(
                self,
                summary,
                self._record_metric,
                version=self._stream_version,
                state_of=self._saved_state,
                write_state=lambda: self.tap.state_writer.write_state(self.tap_state),
            ).write(records)
            return
        for record in records:
            summary.rows += 1
            if summary.rows % self.STATE_MSG_FREQUENCY == 0:
                self.save_progress()
            yield record

    def _log_end(self) -> None:
        """Log what became of the stream, unless a test wanted one record of it."""
        self.summary.end()
        if self.ABORT_AT_RECORD_COUNT is None:
            self.report.ended(self.summary)

    def _complete(self) -> None:
        """Note that the stream was read to its end, and let its bookmark move."""
        summary = self.summary
        if summary.refused:
            # The bookmark must not move past what is to be requested again.
            self.bookmark.discard()
        else:
            self.bookmark.finish()
        self.done()
        is_empty = not (summary.rows or summary.saved or self.reading.items_read)
        summary.is_full_refresh = full_refresh.end(self, is_empty=is_empty)
        summary.outcome = "incomplete" if summary.refused else "complete"
        if summary.refused:
            summary.error = StreamFailedError.__name__
            self.failure = StreamFailedError(
                f"{self.name}: {summary.refused} could not be read; the next run tries again."
            )

    def _fail(self, error: CallError | StreamFailedError, outcome: str, hint: str) -> None:
        """End the stream, and say why unless another stream has met the same error."""
        self.bookmark.discard()
        self.run.shared(Listings).keep(self.name, error)
        self.summary.outcome = outcome
        level = logging.ERROR if self.failure is not None else logging.WARNING
        if not self.run.is_news(error):
            level = logging.INFO
        self.logger.log(level, "%s %s", error.sentence, hint)

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings, with the start date as the timestamp that it stands for."""
        return {**super().config, "start_date": self.bookmark.start}

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never: the SDK sends it ahead of the rows, and a failing run leaves a table without."""
        return False

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none, since the SDK would move the bookmark up to it, past unread rows."""

    def get_record_counter(
        self, *, endpoint: str | None = None, log_interval: float = DEFAULT_LOG_INTERVAL
    ) -> Counter:
        """Return what counts the records for the SDK's metrics, and keep it."""
        self._record_metric = super().get_record_counter(
            endpoint=endpoint, log_interval=log_interval
        )
        return self._record_metric

    def log(self, message: str, *args: Any, level: int = logging.INFO, **keywords: Any) -> None:
        """Log a message of the stream, without the addresses that ids may be.

        Left out is the SDK's "unhandled error" where the failure ends the run with a sentence
        of its own, or is only the record limit of a test.
        """
        if level != logging.ERROR or not isinstance(sys.exception(), FORESEEN):
            args = tuple(without_addresses(one) if isinstance(one, str) else one for one in args)
            super().log(message, *args, level=level, **keywords)

    def log_sync_costs(self) -> None:
        """Raise the stream's failure, now that all streams have been read.

        Raises:
            StreamFailedError: If the stream failed.
        """
        if self.failure is not None:
            raise self.failure

    # Its state

    def save_progress(self) -> None:
        """Write what the stream remembers into its state."""
        if "unchanged" in self.__dict__:
            self.unchanged.save()
        encoded = encode(self.progress)
        if encoded != [{}] or PROGRESS in self.stream_state:
            self.stream_state[PROGRESS] = encoded

    def _saved_state(self) -> dict[str, Any]:
        self.save_progress()
        return self.stream_state

    def pause(self) -> None:
        """Keep a checkpoint, since the run ends before the load does."""
        outcome = self.summary.outcome
        is_read = self.failure is None or outcome == "incomplete"
        reading, not_listed = self.reading, self.not_listed
        left = self.load.left_after(reading.behind, reading.failed, not_listed)
        if is_read and len(left) <= MOST_LEFT:
            self.load.pause(
                is_done=outcome == DONE_BEFORE or (outcome == "complete" and not not_listed),
                behind=self.load.behind_after(reading.behind, not_listed),
                left=left,
                not_listed=not_listed,
                reached=self.bookmark.reached,
            )
            self.save_progress()

    def end_load(self) -> bool:
        """Drop the checkpoint, since the load is over; return whether there was one."""
        had_checkpoint = self.load.end()
        if had_checkpoint:
            self.save_progress()
        return had_checkpoint

    # Full refreshes

    @property
    def narrowed_by(self) -> list[str]:
        """The settings that leave out rows which are in Act-On."""
        settings = self.run.settings
        is_cut = {
            "start_date": self.replication_key and settings.window.start,
            "end_date": self.replication_key and settings.window.end,
            "shard": settings.shard,
            **{name: getattr(settings, name) for name in self.chosen_by},
        }
        return [name for name, value in is_cut.items() if value]

    def begin_full_refresh(self) -> None:
        """Forget how far the stream was read, where a full refresh is due."""
        full_refresh.begin(self)

    # What the plan foresees

    def forecast(self) -> Forecast:
        """Foresee the calls of the stream, besides those that this run has made for it.

        Nothing is requested that a run would not request too, above all listings, which are
        read once. No single item is requested.
        """
        if self.load.is_done:
            return Forecast(0, reason="read in an earlier run of the load")
        if self.item_columns:
            _ = self.items_of(self.name)
            return Forecast(0)
        queries = list(self.due())
        calls = sum(map(self.calls_for, queries))
        return Forecast(
            calls,
            is_exact=self.paging is None or not queries,
            reason=f"{self.items_are}: {len(queries):,}" if self.items_are else "",
            items=len(queries),
            units=calls,
        )

    @property
    def items_are(self) -> str:
        """What the items are called of which there are several; empty where there are none."""
        return self.about or self.listing.replace("_", " ")

    @property
    def why_skipped(self) -> str:
        """Why items were skipped in this run, for the log."""
        return self.skipped_because

    @property
    def usual_calls(self) -> float | None:
        """How many calls an item takes, where other streams of this run have shown it."""
        return None

    def outlook(self) -> Forecast | None:
        """Foresee the calls by what this run has read, without a call; None where that tells none.

        A listing that could not be read ends the streams below it before their first call.
        """
        if self.load.is_done:
            return Forecast(0)
        if not self.listing or self.listing not in self.run.shared(Listings):
            return None
        with self.run.foreseeing():
            try:
                return self.forecast()
            except ActOnError:
                return Forecast(0)

    @property
    def is_full_refresh(self) -> bool:
        """Whether this run reads for a version that may be activated at its end."""
        return self.table_version.is_open

    def forecast_of_pages(self, query: Query) -> Forecast:
        """Foresee the calls of a query by its first page, which is requested."""
        response = self.fetch(query, query.first)
        if response.problem is not None:
            raise response.problem
        return forecast_of_first_page(response)

    # What is logged

    def save_calls(self, reason: str, calls: int = 1) -> None:
        """Count calls that are not made, since they can bring nothing new."""
        if not self.run.is_foreseeing:
            self.run.summary.count_saved(self.name, reason, calls)


def too_deep(stream: str) -> StreamFailedError:
    """Say that a value is nested deeper than can be written, or passed on."""
    return StreamFailedError(f"{stream}: Act-On returns values that are nested too deeply.")
