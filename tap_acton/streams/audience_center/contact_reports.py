"""What Act-On reports of each contact of the Audience Center: history, scores, segments.

Each report takes one call per contact, so only contacts that changed since the last
complete run are asked about. The state keeps up to which timestamp that has been done.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import closing
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.records.reader import RecordReader
from tap_acton.records.timestamps import is_timestamp, milliseconds_of
from tap_acton.records.values import fingerprint
from tap_acton.state.rounds import noted
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.audience_center.contacts import ALL_CONTACTS, Contacts
from tap_acton.streams.audience_center.stream import (
    OLDER_DOWNLOAD_PATH,
    AudienceCenterStream,
    OlderQuery,
)
from tap_acton.streams.audience_center.windowed import MILLISECONDS
from tap_acton.streams.lists.contact_facts import VERBS
from tap_acton.sync.answers import Query, RunningNumbers
from tap_acton.sync.forecast import Certainty, Estimate
from tap_acton.sync.spool import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_acton.api.old_pagination import Pages
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.answers import Answer

CONTACTS_STATE = "contacts"
"""Where a stream's state keeps the timestamp up to which changes of contacts are covered."""

COVERS_STATE = "covers"
"""Where it keeps of which contacts that holds."""

OLDER_ACTIVITY_PATH = "/ucl/v2/segment/contacts/{account_id}/activity"

ALL_MONTHS = 240
"""How many months back a history is asked for that is wanted whole; Act-On is younger."""

UNTOLD = "-"
"""Stands for the timestamp at which a contact changed where Act-On does not tell it."""

PLACE = ("contact ", ", changed ")
"""What the parts of a contact's place follow, as the state has it."""

HISTORY_IDENTITY = ("contact_id", "activity_at", "verb", "object_id", "what")


class ContactReport(AudienceCenterStream):
    """A report that is asked for contact by contact.

    Not selected by default, since it takes one call per contact. The path is that of the
    report; the contacts are read besides.
    """

    selected_by_default = False

    def queries(self) -> Iterator[Query]:
        """Ask about each contact that changed since the last complete run.

        The bookmark leaves no row out: what is old may be of a contact that is new.

        Yields:
            A query per contact, in the order in which they changed.
        """
        for updated_at, contact_id in self._contacts():
            if self.run.settings.in_shard(contact_id):
                yield Query(
                    self.run.shared(AudienceCenter).path(self.path, id=contact_id),
                    subject=f"contact {contact_id}",
                    parameters=self.parameters,
                    given={"contact_id": contact_id},
                    parent={"id": contact_id, "updated_at": updated_at},
                    since=self.start_date,
                )

    def due(self) -> Iterator[Query]:
        """Give the queries, which themselves begin behind what the round has read.

        Yields:
            The queries.
        """
        yield from self.queries()

    def answers(self) -> Iterator[Answer]:
        """Give the answers, and note behind which contact the next run may have to go on.

        Yields:
            The answers.
        """
        yield from noted(super().answers(), self._note)

    def _note(self, query: Query) -> None:
        if query.parent is not None:
            parts = (query.parent["id"], query.parent["updated_at"])
            self._behind = "".join(map("".join, zip(PLACE, parts, strict=True)))

    def pause_round(self, *, is_done: bool, after: str) -> None:  # noqa: ARG002
        """Keep what is behind the stream: the contacts up to some place in their order.

        Args:
            is_done: Whether the stream was read to its end.
            after: The contact that was last asked about, which may be gone tomorrow.
        """
        super().pause_round(is_done=is_done, after=self._behind)

    @cached_property
    def _behind(self) -> str:
        return ""

    @property
    def _place(self) -> tuple[str, str]:
        """The place behind which the round goes on; before all others where none began."""
        after = self.round.after if self.round else ""
        contact_id, _, updated_at = after.removeprefix(PLACE[0]).rpartition(PLACE[1])
        is_place = is_timestamp(updated_at) or updated_at == UNTOLD
        return (updated_at, contact_id) if is_place else ("", "")

    @property
    def parameters(self) -> Mapping[str, str | int]:
        """What a report is asked with."""
        return {}

    def older(self, query: Query) -> OlderQuery | None:
        """Give the download of all contacts; most of the reports are not in it.

        Args:
            query: What the host does not know the path of.

        Returns:
            The query; None for a report.
        """
        if query.parent is not None:
            return None
        path = self.run.shared(AudienceCenter).path(OLDER_DOWNLOAD_PATH, list_id=ALL_CONTACTS)
        return OlderQuery(path, parameters={"columns": "Modified Date"})

    def paging_of(self, query: Query) -> Pages | None:
        """Give the paging: contacts come in pages, the report of a contact at once.

        Args:
            query: What is asked.

        Returns:
            The paging; None for a report.
        """
        return super().paging_of(query) if query.parent is None else None

    def estimate(self) -> Estimate:
        """Foresee a call per contact, by the first page of the contacts that changed.

        Returns:
            The calls.
        """
        if self.is_done:
            return super().estimate()
        page = self.first_page(self._query_of_contacts(self._changed_since))
        certainty = Certainty.ABOUT if page.tells_all else Certainty.AT_LEAST
        if self._is_older:
            # This generation has not all of the reports, and does not filter the contacts.
            certainty = Certainty.AT_MOST
        shard = self.run.settings.shard
        return Estimate(
            page.further + math.ceil(page.known_rows / (shard.parts if shard else 1)),
            certainty,
            f"contacts: {page.known_rows:,}",
        )

    def stream_done(self) -> None:
        """Keep up to which timestamp the changes of contacts are covered, if all were told."""
        if not self.count.refused:
            started_at = self.round_started_at
            self.stream_state[CONTACTS_STATE] = min(started_at, self.until or started_at)
            self.stream_state[COVERS_STATE] = self._covers

    def _contacts(self) -> Iterator[tuple[str, str]]:
        """Read which contacts changed, and put them in order.

        In the order of their changes a round of several days goes on at the same place,
        whatever changes, comes and goes meanwhile: what changes moves behind it.

        Yields:
            When each changed, and its id.
        """
        since = self._changed_since
        with closing(Places()) as places:
            for answer in self._pages_of_contacts(since):
                contacts = map(self._contact_reader.record, answer.rows)
                places.add(
                    (contact["updated_at"] or UNTOLD, contact["id"])
                    for contact in contacts
                    # The older generation knows no filter.
                    if contact["id"] and (contact["updated_at"] or "~") >= (since or "")
                )
            yield from places.behind(self._place)

    def _pages_of_contacts(self, since: str | None) -> Iterator[Answer]:
        """Ask for the contacts, one page after the other."""
        waiting = deque([self.task(self._query_of_contacts(since))])
        while waiting:
            self.run.stop.check()
            answer, further = waiting.popleft()()
            waiting.extendleft(reversed([*further]))
            yield answer

    def _query_of_contacts(self, since: str | None) -> Query:
        parameters: dict[str, str | int] = {}
        if since is not None:
            # Whether the filter includes the timestamp that it names is not documented.
            parameters["updatedAfter"] = milliseconds_of(since) // MILLISECONDS - 1
        return Query(self.run.shared(AudienceCenter).path(Contacts.path), parameters=parameters)

    @property
    def _changed_since(self) -> str | None:
        """The timestamp from which on changes of contacts are asked for; None for all contacts."""
        since = self.since_bookmark(self._covered)
        if is_timestamp(self._place[0]):
            since = max(since or "", self._place[0])
        # Some spellings of a contact's dates tell no seconds.
        return None if since is None else f"{since[:16]}:00.000Z"

    @cached_property
    def _covered(self) -> str | None:
        """The timestamp up to which changes are covered; None for none, or to read all again."""
        is_whole = self.replication_key and self.replication_method != REPLICATION_INCREMENTAL
        if is_whole or self.stream_state.get(COVERS_STATE) != self._covers:
            return None
        covered = self.stream_state.get(CONTACTS_STATE)
        return covered if isinstance(covered, str) else None

    @property
    def _covers(self) -> dict[str, list[str]]:
        """The setting that decides which contacts are asked about, as the state has it."""
        shard = self.run.settings.shard
        return {"shard": [f"{shard.part}/{shard.parts}" if shard else "1/1"]}

    @cached_property
    def _contact_reader(self) -> RecordReader:
        """Reads of a contact only what it takes to ask about it."""
        properties = self.tap.streams[Contacts.name].schema["properties"]
        wanted = {column: properties[column] for column in ("id", "updated_at")}
        return RecordReader({"properties": wanted}, zone=self.run.zone)


class ContactHistory(ContactReport):
    """What each contact has done, and what was sent to it.

    Not selected by default, since it takes one call per contact. Beside the entries an
    answer may hold a summary, as the facts of contacts in lists do. It is left out: the
    scores are in ``contact_scores``, and its words, such as "2 days ago", go stale.
    """

    name = "contact_history"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/activity"
    primary_keys = ("id",)
    replication_key = "activity_at"

    @property
    def parameters(self) -> Mapping[str, str | int]:
        """How far back; the present month alone is what may come where nothing is asked."""
        return {"monthsOfPastData": self._months}

    @cached_property
    def _months(self) -> int:
        if self.start_date is None:
            return ALL_MONTHS
        start, now = datetime.fromisoformat(self.start_date), self.run.started_at
        # One more, since the account's month may be another one than that of UTC.
        return max(0, (now.year - start.year) * 12 + now.month - start.month + 1)

    def older(self, query: Query) -> OlderQuery | None:
        """Give the query of the older generation for the same.

        Args:
            query: What the host does not know the path of.

        Returns:
            The query.
        """
        if query.parent is None:
            return super().older(query)
        return OlderQuery(
            self.run.shared(AudienceCenter).path(OLDER_ACTIVITY_PATH),
            subject=query.subject,
            parameters={"contactid": query.given["contact_id"], "months": self._months},
            given=query.given,
            parent=query.parent,
            since=query.since,
        )

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Find the entries of a history, or the contacts.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The rows.
        """
        rows = super().rows(payload, query)
        return rows if query.parent is None else [entry for row in rows for entry in _entries(row)]

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records; identical entries are told apart by a number.

        Args:
            rows: The entries.
            query: What was asked.

        Yields:
            A record per entry.
        """
        numbers = RunningNumbers()
        for record in super().records(rows, query):
            identity = (record[column] for column in HISTORY_IDENTITY)
            record["id"] = numbers.identify(query.parent, *identity)
            record["verb_name"] = VERBS.get(record["verb"])
            yield record


class ContactScores(ContactReport):
    """The scores of each contact, one for each score sheet.

    Not selected by default, since it takes one call per contact.
    """

    name = "contact_scores"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/scores"
    primary_keys = ("id",)
    scalar = "score"

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, known by contact and score sheet.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record per score; one that names no sheet goes by its place in the answer.
        """
        for place, record in enumerate(super().records(rows, query)):
            sheet = record["score_sheet_id"] or record["name"] or place
            record["id"] = fingerprint(record["contact_id"], sheet)
            yield record


class ContactSegments(ContactReport):
    """The segments that each contact belongs to, for those who do not read all members.

    Not selected by default, since it takes one call per contact.
    """

    name = "contact_segments"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/segments"
    primary_keys = ("contact_id", "segment_id")
    scalar = "id"


def _entries(row: Row) -> Sequence[Row]:
    """Give the entries of a history that comes as one object, else the row: it is an entry."""
    if not {"activity", "activitylist"} & row.keys():
        return (row,)
    return [entry for entry in row.get("activitylist") or () if isinstance(entry, dict)]
