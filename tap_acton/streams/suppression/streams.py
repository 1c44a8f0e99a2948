"""Who must not be written to: bounces, complaints, opt-outs, and the categories of these."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.api.old_pagination import Page
from tap_acton.errors import (
    AllowanceSpentError,
    CallError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.records.timestamps import timestamp_of
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.suppression.created_after import (
    CREATED_AFTER_STATE,
    NO_UNIT,
    UNITS,
    CreatedAfter,
    RowKey,
    RowsSeen,
    filter_of,
)
from tap_acton.sync.answers import Query

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from tap_acton.records.reader import Record, Row


class _LateList(ActOnStream):
    """A list to which an address may come days after the timestamp that its row tells.

    So every run emits the rows of the last thirty days again.
    """

    rows_at = "result"
    has_pages = True

    @property
    def lookback(self) -> timedelta:
        """How far behind the bookmark rows are emitted again."""
        return max(super().lookback, timedelta(days=30))


class _SystemList(_LateList):
    """A list that Act-On keeps by itself.

    Its total is always -1, so each page has to be read to know whether another follows.
    Where there are several, the list's date filter is tried, and later runs rely on it once
    it has been proven. Which rows are emitted is decided here in any case. Removals are not
    reported.
    """

    tells_pages = True

    def queries(self) -> Iterator[Query]:
        """Ask for what may be new where the filter is known, else for the whole list.

        Yields:
            The query.
        """
        known, asked_from = self._known, self._asked_from
        filters = filter_of(known.unit, asked_from) if known and asked_from else {}
        yield Query(self.path, parameters=filters, since=self.since)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, and note what they tell of the filter.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        if query.again != self._again:
            self._again = query.again
            self._seen = RowsSeen(self._rows_compared, self._known.latest if self._known else "")
        self._seen.pages += 1
        for record in super().records(rows, query):
            self._seen.add(self._row_key(record))
            yield record

    def read(self) -> Iterator[Record]:
        """Read with the filter where it is known, and without where its answer is in doubt.

        Yields:
            The records within the window.
        """
        if self._asked_from is not None:
            is_trusted = yield from self._read_filtered(self._asked_from)
            if is_trusted:
                return
            self.log("Act-On's date filter gives no certain answer; the whole list is read.")
            self._known = None
            self._seen = RowsSeen(self._rows_compared)
        yield from super().read()
        if self.replication_method == REPLICATION_INCREMENTAL:
            self._found = self._find_out()

    def stream_done(self) -> None:
        """Keep what is known of the filter."""
        if self._found is None:
            self._forget()
        else:
            self.stream_state[CREATED_AFTER_STATE] = self._found.state()

    def _read_filtered(self, asked_from: str) -> Generator[Record, None, bool]:
        """Read what the filter lets through, and say whether that is all that may be new."""
        try:
            yield from super().read()
        except RejectedCallError:
            return False
        except StreamFailedError:
            # The filter may be the cause, so the next run goes without.
            self._forget()
            raise
        seen = self._seen
        if self._known is None or not seen.has_awaited:
            return False
        # Earlier rows do no harm, but pages of them are calls that the filter did not save.
        if seen.pages == 1 or seen.earliest >= asked_from:
            self._found = self._known.reached(seen.latest[-1])
        self.save_calls("known", max(0, self._known.pages - seen.pages))
        return True

    def _find_out(self) -> CreatedAfter | None:
        """Find out what the filter takes, now that the whole list is known."""
        seen = self._seen
        latest = seen.latest
        if seen.pages == 1 or not latest:
            # The filter could not save a call.
            return None
        if self._known is not None:
            return self._known.reached(latest[-1])
        try:
            unit = self._proven_unit(latest) if seen.is_dated else NO_UNIT
        except AllowanceSpentError:
            # All rows are there; what would save calls can wait until there are some again.
            return None
        if unit != NO_UNIT:
            self.log("Act-On's date filter takes %s; later runs ask for what may be new.", unit)
        found_at = timestamp_of(self.run.started_at)
        return CreatedAfter(unit, found_at, seen.pages, latest[-1].timestamp)

    def _proven_unit(self, latest: Sequence[RowKey]) -> str:
        """Ask for the latest rows in each unit, until an answer holds them all.

        The whole list takes more than one page. So an answer that leads to no further page
        has been filtered, and as it holds all that it should, the filter hides nothing.
        """
        just_before = datetime.fromisoformat(latest[0].timestamp) - timedelta(seconds=1)
        for unit in UNITS:
            query = Query(self.path, parameters=filter_of(unit, timestamp_of(just_before)))
            try:
                answer, further = self.ask(query, Page())
            except StreamFailedError:
                # It took many repetitions to give up.
                break
            except CallError:
                continue
            rows = map(self._row_key, super().records(answer.rows, query))
            if not further and set(rows).issuperset(latest):
                return unit
        return NO_UNIT

    def _row_key(self, record: Record) -> RowKey:
        return RowKey(record[self.replication_key or ""], record["email"] or "")

    def _forget(self) -> None:
        self.stream_state.pop(CREATED_AFTER_STATE, None)

    @property
    def _asked_from(self) -> str | None:
        """The timestamp from which the filter is asked; None for asking without it."""
        return None if self._known is None else self._known.asked_from(self.since)

    @property
    def _rows_compared(self) -> int:
        """How many of the latest rows have to come through the filter.

        As only one page is asked for, there has to be room for others of the same timestamp.
        """
        return max(1, self.run.settings.page_size // 2)

    @cached_property
    def _known(self) -> CreatedAfter | None:
        """What earlier runs found out of the filter; None for nothing to be relied on."""
        if self.bookmark is None:
            return None
        return CreatedAfter.of_state(self.stream_state, self.run.started_at)

    @cached_property
    def _found(self) -> CreatedAfter | None:
        """What this run leaves to later ones."""
        return None

    @cached_property
    def _again(self) -> int:
        """How often the list was read before, as rows moved meanwhile."""
        return 0

    @cached_property
    def _seen(self) -> RowsSeen:
        """The rows of the reading that is under way."""
        return RowsSeen(self._rows_compared, self._known.latest if self._known else "")


class HardBounces(_SystemList):
    """Addresses that cannot be delivered to, with the timestamp and the origin of the bounce."""

    name = "hard_bounces"
    path = "/api/1/list/hardbounce"
    primary_keys = ("email", "bounced_at")
    replication_key = "bounced_at"


class SpamComplaints(_SystemList):
    """Addresses whose owners called a message spam."""

    name = "spam_complaints"
    path = "/api/1/list/spamcomplaint"
    primary_keys = ("email", "complained_at")
    replication_key = "complained_at"


class OptOuts(_SystemList):
    """Addresses that opted out of all messages."""

    name = "opt_outs"
    path = "/api/1/list/optout"
    primary_keys = ("email", "opted_out_at")
    replication_key = "opted_out_at"


class SubscriptionCategories(ActOnStream):
    """The categories of messages that contacts can subscribe to."""

    name = "subscription_categories"
    path = "/api/1/subscription/category"
    rows_at = ""
    primary_keys = ("id",)
    parent_columns = ("id", "name")


class SubscriptionOptOuts(_LateList):
    """Addresses that opted out of one category of messages."""

    name = "subscription_opt_outs"
    path = "/api/1/subscription/optout"
    primary_keys = ("subscription_category_id", "email")
    replication_key = "opted_out_at"
    listing = "subscription_categories"

    def queries(self) -> Iterator[Query]:
        """Ask for each category by its name, as Act-On wants it.

        Yields:
            A query per category that has a name.
        """
        for category in self.parents():
            yield Query(
                self.path,
                subject=f"category {category['id']}",
                parameters={"category": category["name"] or ""},
                given={"subscription_category_id": category["id"]},
                parent=category,
                since=self.since,
            )
