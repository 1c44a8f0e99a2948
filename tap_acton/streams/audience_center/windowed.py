"""What is read by the time of its last change, in as many queries as days may take."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.api.old_pagination import Page
from tap_acton.errors import AllowanceSpentError, RejectedCallError
from tap_acton.records.reader import RecordReader
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.audience_center.stream import AudienceCenterStream
from tap_acton.streams.audience_center.time_slices import (
    SUBJECT,
    Sample,
    Window,
    begin_of,
    is_heeded,
    is_torn,
    within,
)
from tap_acton.sync.answers import Answer
from tap_acton.sync.forecast import Certainty, Estimate
from tap_acton.sync.readings import MOST_READINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.sync.answers import Query
    from tap_acton.sync.fan_out import Outcome, Task

MILLISECONDS = 1000

MOST_PAGES = 100
"""So many pages are read in one query; where there are more, it is cut into stretches of time."""

SHARE_OF_A_DAY = 20
"""And no more than this part of a day's calls, for a day's end to fall between two queries."""

PAGES_BEFORE_A_LOOK = 10
"""Where no total is told, so many pages are read before it is looked how many follow."""

CALLS_A_PART = 2
"""About so many calls it takes to find a part that is small enough, its own aside."""


class WindowedStream(AudienceCenterStream):
    """A stream with filters by the time of the last change, which is its replication key.

    One query is asked as long as it takes few pages. Where it proves to take more, it is
    cut into stretches of time, the oldest first. What has been read of them is behind the
    stream, in this round by the second, and in any other run by the bookmark.
    """

    def queries(self) -> Iterator[Query]:
        """Ask for what changed since the bookmark, or behind what this round has read.

        The filters take epoch seconds (Act-On reference, 2024 edition). Whether they include
        the timestamp that they name is not documented, hence the second more.

        Yields:
            The query; where it proves to hold too much, it is cut into others.
        """
        yield self._whole

    def due(self) -> Iterator[Query]:
        """Give the query, which itself begins behind what the round has read.

        Yields:
            The query.
        """
        yield from self.queries()

    def answers(self) -> Iterator[Answer]:
        """Give the answers, and note up to which timestamp all of them are through.

        Yields:
            The answers.
        """
        current: Query | None = None
        try:
            for answer in super().answers():
                if answer.query is not current:
                    current = answer.query
                    self._note_begin(current)
                yield answer
        except AllowanceSpentError as error:
            if current is not None:
                self._complete_until(begin_of(error.subject))
            raise

    def renewed(self, query: Query) -> Query | None:
        """Give a query as it is to be read again, however much it holds by now.

        Args:
            query: The query.

        Returns:
            Another query for the same.
        """
        again = super().renewed(query)
        return replace(again, is_whole=True) if isinstance(again, Window) else again

    def _note_begin(self, query: Query) -> None:
        if isinstance(query, Window) and query.is_piece:
            self._complete_until(query.begin)

    def _complete_until(self, second: int | None) -> None:
        """Keep that everything before a timestamp has been read, however the run ends."""
        if second is None:
            return
        self._complete = timestamp_of(datetime.fromtimestamp(second, UTC))
        if self.replication_method == REPLICATION_INCREMENTAL:
            state = self.stream_state
            reached = min(self._complete, self.round_started_at)
            state["replication_key_value"] = max(reached, self.bookmark or "")
            state["replication_key"] = self.replication_key

    def pause_round(self, *, is_done: bool, after: str) -> None:
        """Keep what is behind the stream: all that changed before some timestamp.

        Args:
            is_done: Whether the stream was read to its end.
            after: The query that was last read to its end; which of them were made depends
                on the run.
        """
        after = f"{SUBJECT}{self._complete}" if self._complete else ""
        super().pause_round(is_done=is_done, after=after)

    @cached_property
    def _complete(self) -> str:
        return ""

    def estimate(self) -> Estimate:
        """Foresee the calls by the first page.

        Returns:
            The calls; where the query will be cut, with those that show what parts hold.
        """
        if self.is_done:
            return super().estimate()
        page = self.first_page(replace(self._whole, is_whole=True))
        if page.further < self._most_pages:
            certainty = Certainty.EXACT if page.tells_all else Certainty.AT_LEAST
            more = "" if page.tells_all else "more than "
            return Estimate(page.further, certainty, f"rows: {more}{page.known_rows:,}")
        parts = page.further // self._most_pages
        return Estimate(
            page.further + CALLS_A_PART * parts, Certainty.ABOUT, f"rows: {page.known_rows:,}"
        )

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; where too many follow, cut the query in two.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        if not isinstance(query, Window) or self.paging is None:
            return super().ask(query, page)
        page = self.paging.settled(page)
        return self._cut_if_large(query, page, *super().ask(query, page))

    def _cut_if_large(
        self, query: Window, page: Page, answer: Answer, following: Iterable[Task[Answer]]
    ) -> Outcome[Answer]:
        following = [*following]
        if query.is_whole or not following or not self._is_large(query, page, answer):
            return answer, following
        if not query.is_piece:
            return self._cut_whole(query, answer, following)
        at = query.middle(self._now)
        if at is None:
            return answer, following
        return Answer(query), [self.task(part) for part in query.cut(at)]

    def _is_large(self, query: Window, page: Page, answer: Answer) -> bool:
        """Tell whether more pages follow than are to be read in one query.

        Where no total is told, one call for the first page too many shows it, made as soon
        as some pages have proven to be full.
        """
        rows, most = min(len(answer.rows), page.size), self._most_pages
        # A total of just the rows that came may be no more than their number.
        if answer.total is not None and not len(answer.rows) == answer.total == page.size:
            return not page.offset and answer.total > most * rows > 0
        is_expected = query.is_piece or self.round is not None
        looks_after = 1 if is_expected else min(most, PAGES_BEFORE_A_LOOK)
        if rows < page.size or page.offset + rows != looks_after * page.size:
            return False
        return self._has_page(query, Page(most * page.size, size=page.size))

    def _has_page(self, query: Window, page: Page) -> bool:
        parameters = {**query.parameters, **(self.paging.parameters(page) if self.paging else {})}
        call = self.call(query, parameters)
        try:
            return bool(self.run.client.read(call, lambda payload: self.rows(payload, query)))
        except RejectedCallError:
            # A page that is not there may be refused as well.
            return False

    def _cut_whole(
        self, query: Window, answer: Answer, following: list[Task[Answer]]
    ) -> Outcome[Answer]:
        """Cut the query of a run for the first time, if Act-On proves to heed the filters."""
        whole = self._sample(answer)
        for _ in range(MOST_READINGS):
            at = whole.cut_at(query, self._now)
            if at is None:
                break
            parts = query.cut(at)
            try:
                outcomes = [
                    super(WindowedStream, self).ask(part, self._first_page) for part in parts
                ]
            except RejectedCallError:
                break
            samples = [self._sample(of_part) for of_part, _ in outcomes]
            if is_heeded(at, whole, *samples):
                return Answer(query), [
                    self.named(
                        part.subject, partial(self._cut_if_large, part, self._first_page, *outcome)
                    )
                    for part, outcome in zip(parts, outcomes, strict=True)
                ]
            if not is_torn(whole, *samples):
                break
            # Contacts may have gone from one part to the other, or away.
            whole = self._sample(super().ask(query, self._first_page)[0])
        self.log(
            "Act-On does not prove to heed the filters by the time of a change, so all contacts "
            "are read in one query; if the calls of a day do not suffice, it is begun anew.",
            level=logging.WARNING,
        )
        return answer, following

    def _sample(self, answer: Answer) -> Sample:
        told = [self._times.record(row)["updated_at"] for row in answer.rows]
        seconds = [timestamp and milliseconds_of(timestamp) // MILLISECONDS for timestamp in told]
        return Sample(seconds, answer.total)

    @property
    def _whole(self) -> Window:
        begin = None if self.since is None else milliseconds_of(self.since) // MILLISECONDS
        end = None if self.until is None else milliseconds_of(self.until) // MILLISECONDS + 1
        reached = begin_of(self.round.after) if self.round else None
        if reached is not None:
            begin = max(begin or 0, reached)
        return Window(
            self.run.shared(AudienceCenter).path(self.path),
            since=self.since,
            begin=begin,
            end=end,
            parameters=within(begin, end),
        )

    @property
    def _first_page(self) -> Page:
        return Page() if self.paging is None else self.paging.settled(Page())

    @property
    def _now(self) -> int:
        return int(self.run.started_at.timestamp())

    @property
    def _most_pages(self) -> int:
        """How many pages one query may take."""
        a_day = self.run.settings.daily_request_limit
        return max(1, min(MOST_PAGES, a_day // SHARE_OF_A_DAY))

    @cached_property
    def _times(self) -> RecordReader:
        """Reads of a contact only when it last changed."""
        column = {"updated_at": self.schema["properties"]["updated_at"]}
        return RecordReader({"properties": column}, zone=self.run.zone)
