"""The reading of one stream in one run, and what came of its items."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tap_acton.errors import NotAvailableError, RejectedCallError, StreamFailedError
from tap_acton.records.ids import shown
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.permission import AT_LEAST, Permission
from tap_acton.sync.query import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.records.reader import Record
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.query import Item, Place, Query

FEW_ITEMS = 5
"""If more items than this were read and none returned anything, the stream fails."""

READ_BEFORE = ("unchanged", "not due", "read before")
"""Why items are not requested that earlier runs have read."""


class StreamReading:
    """Reads what is due of a stream, query by query.

    Args:
        stream: Which says what is due, and takes note of what is finished.

    Attributes:
        behind: The place of the last item that was read, whatever came of it.
        failed: The places of the items that were refused.
        items_read: How many items were requested.
        own_ids: Of items that Act-On gives no id, those that were made of their rows.
    """

    def __init__(self, stream: ActOnStream) -> None:
        self.behind: Place = ()
        self.failed: list[Place] = []
        self.items_read = 0
        self.own_ids: set[str] = set()
        self._stream = stream
        self._last_reason = ""
        # Where there are no items, what has one is a part of a listing, and may be the only one.
        self._permission = Permission(AT_LEAST if stream.item else 1)

    def records(self) -> Iterator[Record]:
        """Yield the records within the window, and keep the items for the streams below.

        Raises:
            StreamFailedError: If the stream cannot be read to its end.
            NotAvailableError: If the account does not have the endpoint.
        """
        stream = self._stream
        items: dict[Any, Item] = {}
        key_of = itemgetter(*stream.primary_keys)
        for part in stream.retriever.read(stream.due()):
            stream.run.stop.check()
            if isinstance(part, Outcome):
                self.take(part)
                continue
            query, records = part.query, stream.chosen(part.records)
            # Where a listing is read again, or in overlapping parts, items come more than once.
            for record in records if stream.item_columns else ():
                items.setdefault(key_of(record), self.item_of(record))
            yield from stream.bookmark.wanted(records, query.since)
        stream.settle()
        self._end()
        if stream.item_columns:
            stream.run.shared(Listings).keep(stream.name, list(items.values()))

    def item_of(self, record: Record) -> Item:
        """Return what the streams below need of a record; an id that was made is none."""
        item = {column: record[column] for column in self._stream.item_columns}
        if item["id"] in self.own_ids:
            item["id"] = ""
        return item

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of a query."""
        stream, query, is_own = self._stream, outcome.query, not outcome.depth
        if query.item is not None and is_own:
            outcome = stream.judge(outcome)
        problem = outcome.problem
        # What was read in the place of an item's query counts with the item's own outcome.
        if isinstance(problem, NotAvailableError) and (is_own or query.item is None):
            stream.not_available(outcome)
        elif query.item is None and problem is not None:
            raise problem
        elif query.item is None and outcome.is_refused:
            raise StreamFailedError(self._unproven(query))
        elif outcome.evidence is None and is_own:
            self.skip(outcome)
        if is_own:
            stream.workload.finished(query, stream.calls_for(query))
            self.items_read += query.item is not None
            self.behind = query.place
        stream.finished(outcome)

    def skip(self, outcome: Outcome) -> None:
        """Take note of an item of which rows may be missing."""
        stream, query, problem = self._stream, outcome.query, outcome.problem
        subject = shown(query.subject)
        reason = self._unproven(query) if problem is None else problem.sentence
        self._last_reason = reason
        if outcome.is_refused:
            stream.log("%s", reason)
            stream.summary.refuse(subject, reason)
            self.failed.append(query.place)
        else:
            stream.summary.skip(subject)
        stream.table_version.note_gap()

    def settle(self) -> None:
        """Decide whether the endpoint is offered, now that all items have been requested."""
        refusal = self._permission.refusal
        if refusal is not None and self._permission.is_denied and not self._was_read_before:
            self._stream.not_available(refusal)

    def judge(self, outcome: Outcome) -> Outcome:
        """Decide whether a refusal concerns one item, or the endpoint; return what counts.

        Raises:
            StreamFailedError: If it is pointless to request more items.
        """
        self._permission.note(outcome)
        problem = outcome.problem
        if problem is not None and self._permission.is_broken and not self._was_read_before:
            raise StreamFailedError(f"{problem.sentence} Nothing else could be read before it.")
        if not isinstance(problem, NotAvailableError):
            return outcome
        if self._permission.is_hopeless and not self._was_read_before:
            return outcome
        return replace(outcome, problem=RejectedCallError(problem.sentence))

    def _end(self) -> None:
        """Say how many items are missing; fail if they all are, and more than a few."""
        stream, summary, read = self._stream, self._stream.summary, self.items_read
        is_usual = not summary.refused and (stream.all_may_be_gone or self._was_read_before)
        if summary.skipped + summary.refused == read > FEW_ITEMS and not is_usual:
            raise StreamFailedError(
                f"{stream.name}: Act-On returns nothing for any of the {read} items requested. "
                f"The last response: {self._last_reason}"
            )
        stream.report.skipped(summary, read, len(self.failed), stream.why_skipped)
        if above := stream.refused_above:
            summary.refused += above
            stream.table_version.note_gap()

    @property
    def _was_read_before(self) -> bool:
        """Whether earlier runs have read items that are not requested now."""
        return any(self._stream.summary.saved[reason] for reason in READ_BEFORE)

    def _unproven(self, query: Query) -> str:
        return (
            f"{self._stream.subject(query)}: rows may be missing, because they changed while they "
            "were read or Act-On returned fewer than it reported; the next run reads them again."
        )
