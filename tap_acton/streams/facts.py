"""The history and the score of each contact: three streams of one and the same answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_acton.answers import Answer, Query, RunningNumbers, total_of
from tap_acton.client import Call, path_part
from tap_acton.errors import (
    ActOnError,
    ParentGoneError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.estimates import Certainty, Estimate, pages_of
from tap_acton.pagination import EndlessPagesError, OffsetPages, Page
from tap_acton.spool import FactsSpool
from tap_acton.stream import ActOnStream
from tap_acton.streams.list_rows import sizes_of
from tap_acton.streams.lists import CONTACT_LIST
from tap_acton.tables import CONTACT_ID, Table
from tap_acton.values import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.counts import StreamCount
    from tap_acton.records import Record, Row
    from tap_acton.run import Parent

VERBS = {
    "s": "sent",
    "os": "opened and sent",
    "E": "exported",
    "r": "response",
    "d": "document",
    "fv": "form viewed",
    "fs": "form signup",
    "fu": "form update",
    "b": "web beacon",
    "sv": "site visit",
    "l": "landing page visit",
    "oi": "opt-in",
    "oo": "opt-out",
    "wr": "registered for a webinar",
    "wa": "attended a webinar",
    "custom": "custom event",
    "hb": "hard bounce",
    "sb": "soft bounce",
    "sp": "spam complaint",
    "sto": "organic search",
    "stp": "paid search",
}
"""What the codes of activities stand for (Act-On developer site, before 2021)."""

ACTIVITY_IDENTITY = ("list_id", "contact_id", "activity_at", "verb", "object_id", "what")


class _Facts(ActOnStream):
    """A part of what Act-On tells of a contact.

    Not selected by default, since it takes one call per contact of each list, whose answer
    may be large. The call is made once per run, whichever of the parts are selected: the
    first that is read asks, and keeps the rows of the others until it is their turn.
    """

    listing = "lists"
    selected_by_default = False

    def read(self) -> Iterator[Record]:
        """Ask for the facts, or give the rows that an earlier stream has kept.

        Yields:
            The records.

        Raises:
            ActOnError: If the facts cannot be read to their end, or could not be by the
                stream that asked for them.
        """
        spool = self.run.facts
        if spool is not None and self.name in spool:
            if spool.failure is not None:
                raise spool.failure
            if spool.source is not None:
                yield from self._kept(spool, spool.source)
                return
        self.run.facts = spool = FactsSpool([stream.name for stream in self._later()])
        try:
            yield from super().read()
            spool.source = self.count
        except ActOnError as error:
            spool.failure = error
            raise
        finally:
            if spool.source is None:
                # What is not complete, or was left before its end, is not given to anyone.
                spool.close()

    def answers(self) -> Iterator[Answer]:
        """Give the answers in order, and keep the rows of the streams that come later.

        Yields:
            The answers.
        """
        later, spool = self._later(), self.run.facts
        for answer in super().answers():
            if spool is not None:
                for stream in later:
                    for record in stream.records(answer.rows, answer.query):
                        spool.add(stream.name, record)
            yield answer

    def _kept(self, spool: FactsSpool, source: StreamCount) -> Iterator[Record]:
        """Give the rows that were kept, and count what the stream that asked did not get."""
        self.count.skipped, self.count.refused = source.skipped, source.refused
        for record in spool.take(self.name):
            self.run.stop.check()
            if self.is_in_window(record, self.start_date):
                yield record

    def queries(self) -> Iterator[Query]:
        """Ask about each contact of each list.

        The bookmark leaves nothing out: what is old may be of a contact that is new.

        Yields:
            A query per contact.
        """
        for contact in self._contacts():
            list_id, contact_id = contact["list_id"], contact["id"]
            yield Query(
                f"/api/1/list/{path_part(list_id)}/record/{path_part(contact_id)}/facts",
                subject=f"contact {contact_id}",
                given={"list_id": list_id, "contact_id": contact_id},
                parent=contact,
                since=self.start_date,
            )

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take an answer as it is; what is a row of it, each stream knows by itself.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The answer; nothing where it is empty.

        Raises:
            RepeatableError: If the answer has another shape than documented.
        """
        match payload:
            case dict() if not payload:
                return ()
            case {"activity": dict()} | {"activitylist": list()}:
                return (payload,)
        raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")

    def due(self) -> Iterator[Query]:
        """Give the queries that are left; all of them where other streams need the answers.

        Yields:
            The queries.
        """
        yield from self.queries() if self._later() else super().due()

    def estimate(self) -> Estimate:
        """Foresee the calls by the sizes of the lists.

        Returns:
            One call per contact and one per page of a list; none where another stream makes
            them.
        """
        asking = next((one for one in self._family() if one.selected and not one.is_done), self)
        if asking is not self:
            return Estimate(0, reason=f"in the calls of {asking.name}")
        if self.is_done:
            return super().estimate()
        sizes = sizes_of(item for item in self.parents() if _is_contact_list(item)).values()
        page_size = self.run.settings.page_size
        return Estimate(
            sum(size + pages_of(size, page_size) for size in sizes),
            Certainty.ABOUT if sizes else Certainty.EXACT,
            f"contacts: {sum(sizes):,}",
        )

    def _later(self) -> list[_Facts]:
        """Give the selected streams of the same answer that are read after this one."""
        family = self._family()
        return [stream for stream in family[family.index(self) + 1 :] if stream.selected]

    def _family(self) -> list[_Facts]:
        return [stream for stream in self.tap.streams.values() if isinstance(stream, _Facts)]

    def _contacts(self) -> Iterator[Parent]:
        """Read the lists for the ids of their contacts, page by page as they are needed.

        A listed list that is gone, or is only a folder, has no contacts.
        """
        for item in self.parents():
            if not _is_contact_list(item):
                continue
            pages = [Page()]
            met: set[str] = set()
            while pages:
                try:
                    contact_ids, following = self._page_of(item["id"], pages.pop(0))
                except ParentGoneError:
                    break
                except RejectedCallError:
                    self.count.skip(f"list {item['id']}", is_refused=True)
                    break
                pages += following
                for contact_id in contact_ids:
                    if contact_id not in met:
                        yield {"id": contact_id, "list_id": item["id"]}
                # Rows that move between pages are met again on the next one, not later.
                met = set(contact_ids)

    def _page_of(self, list_id: str, page: Page) -> tuple[list[str], list[Page]]:
        """Read a page of a list."""
        paging = OffsetPages(self.run.settings.page_size)
        call = Call(
            f"/api/1/list/{path_part(list_id)}",
            f"{self.name}, list {list_id}",
            self.name,
            paging.parameters(page),
        )

        def interpret(payload: Any) -> tuple[list[str], list[Page]]:
            match payload:
                case {"headers": list(headers), "data": list(data)}:
                    contact_ids = self._contact_ids(headers, data, list_id)
                    digest = fingerprint(*contact_ids).encode()
                    return contact_ids, paging.following(page, len(data), total_of(payload), digest)
            raise RepeatableError(f"{call.subject}: Act-On's answer has an unknown shape.")

        try:
            return self.run.client.read(call, interpret)
        except EndlessPagesError:
            raise StreamFailedError(
                f"{call.subject}: Act-On sends the same page again and again."
            ) from None

    def _contact_ids(self, headers: Sequence[Any], data: Sequence[Any], list_id: str) -> list[str]:
        """Read the ids of a page's contacts; without one there is nothing to ask about."""
        table = Table(headers, None, list_id)
        rows = [table.row(cells) for cells in data if isinstance(cells, list)]
        ids = [str(row.get(CONTACT_ID) or "").strip() for row in rows]
        known = [
            one for one in ids if one and (table.has_contact_id or one.startswith(f"{list_id}:"))
        ]
        if len(known) < len(ids):
            self.log(
                "List %s does not tell the ids of %d contacts, so nothing can be asked of them.",
                list_id,
                len(ids) - len(known),
                level=logging.WARNING,
            )
        return known


def _is_contact_list(item: Parent) -> bool:
    return bool(item["listing_type"].lower() == CONTACT_LIST)


class ContactFacts(_Facts):
    """What Act-On knows of each contact as a whole: the score and what there is of history."""

    name = "contact_facts"
    primary_keys = ("list_id", "contact_id")

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Take what concerns the contact as a whole.

        Args:
            rows: The answer.
            query: What was asked.

        Yields:
            The record of the contact.
        """
        parts = ("activity", "activitylist")
        whole = [
            {
                **{name: value for name, value in row.items() if name not in parts},
                **_object(row.get("activity")),
            }
            for row in rows
        ]
        return super().records(whole, query)


class ContactActivities(_Facts):
    """What each contact has done, and what was sent to it."""

    name = "contact_activities"
    primary_keys = ("id",)
    replication_key = "activity_at"

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Take the entries of the history; identical ones are told apart by a number.

        Args:
            rows: The answer.
            query: What was asked.

        Yields:
            A record per entry.
        """
        numbers = RunningNumbers()
        for record in super().records(_entries(rows, "activitylist"), query):
            identity = (record[column] for column in ACTIVITY_IDENTITY)
            record["id"] = numbers.identify(query.parent, *identity)
            record["verb_name"] = VERBS.get(record["verb"])
            yield record


class ContactScoreDetails(_Facts):
    """What each contact's score is made of."""

    name = "contact_score_details"
    primary_keys = ("id",)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Take the entries of the score sheet.

        Args:
            rows: The answer.
            query: What was asked.

        Yields:
            A record per entry.
        """
        sheet = _entries([_object(row.get("activity")) for row in rows], "ScoreDetails")
        for place, record in enumerate(super().records(sheet, query)):
            record["id"] = fingerprint(record["list_id"], record["contact_id"], place)
            yield record


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _entries(rows: Sequence[Row], name: str) -> list[Row]:
    """Give the objects of an array; one that is missing has none."""
    return [entry for row in rows for entry in row.get(name) or () if isinstance(entry, dict)]
