"""The history and the score of each contact: three streams of one and the same answer."""

from __future__ import annotations

import logging
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.api.old_pagination import EndlessPagesError, OffsetPages, Page
from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
    GoneError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.records.list_table import CONTACT_ID, Table, are_rows
from tap_acton.records.values import fingerprint
from tap_acton.state.rounds import noted
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.lists.lists import CONTACT_LIST
from tap_acton.streams.lists.rows import sizes_of
from tap_acton.sync.answers import Answer, Query, RunningNumbers, total_of
from tap_acton.sync.forecast import Certainty, Estimate, pages_of
from tap_acton.sync.spool import FactsSpool, Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.run import Parent
    from tap_acton.sync.summary import StreamSummary

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

PLACE = ("list ", ", contact ")
"""What the parts of a contact's place follow, as the state has it."""

ACTIVITY_IDENTITY = ("list_id", "contact_id", "activity_at", "verb", "object_id", "what")


class _Facts(ActOnStream):
    """A part of what Act-On tells of a contact.

    Not selected by default, since it takes one call per contact of each list, whose answer
    may be large. The call is made once per run, whichever of the parts are selected: the
    first that is read asks, and keeps the rows of the others until it is their turn.
    """

    listing = "lists"
    selected_by_default = False

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Read the stream's records; where the allowance ends, all that came of the answers.

        The streams of the answer come one after the other. So that nothing of it is asked
        for again, the run ends behind the last of them and not with the first.

        Args:
            context: Not used; contacts are read within the stream.

        Yields:
            The records.

        Raises:
            AllowanceSpentError: If this is the last of them, and the allowance is spent.
        """
        yield from super().get_records(context)
        spool = self.run.facts
        if spool is None or spool.spent is None:
            return
        self.count.outcome = ""
        if not self.count.refused:
            self._behind = spool.after
            self.pause_round(is_done=False, after="")
        self.discard_progress()
        if not self._later():
            raise spool.spent

    def pause_round(self, *, is_done: bool, after: str) -> None:  # noqa: ARG002
        """Keep what is behind the stream: the contacts up to some place in their order.

        Args:
            is_done: Whether the stream was read to its end.
            after: The contact that was last asked about, which may be gone tomorrow.
        """
        if not self._is_paused:
            self._is_paused = True
            super().pause_round(is_done=is_done, after=self._behind)

    @cached_property
    def _is_paused(self) -> bool:
        return False

    @cached_property
    def _behind(self) -> str:
        return ""

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
        except AllowanceSpentError as error:
            if not self._later():
                raise
            spool.source, spool.spent, spool.after = self.count, error, self._behind
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
        for answer in noted(super().answers(), self._note):
            if spool is not None:
                for stream in later:
                    for record in stream.records(answer.rows, answer.query):
                        spool.add(stream.name, record)
            yield answer

    def _note(self, query: Query) -> None:
        if query.parent is not None:
            parts = (query.parent["list_id"], query.parent["id"])
            self._behind = "".join(map("".join, zip(PLACE, parts, strict=True)))

    def _kept(self, spool: FactsSpool, source: StreamSummary) -> Iterator[Record]:
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
        """Give the queries, which themselves begin behind what the round has read.

        Yields:
            The queries.
        """
        yield from self.queries()

    @property
    def _place(self) -> tuple[str, str]:
        """The place behind which the round goes on; before all others where none began.

        None counts that not all streams of the answer have behind them.
        """
        places = {stream.round.after if stream.round else "" for stream in (self, *self._later())}
        after = places.pop() if len(places) == 1 else ""
        list_id, _, contact_id = after.removeprefix(PLACE[0]).partition(PLACE[1])
        return (list_id, contact_id) if contact_id else ("", "")

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
        sizes = sizes_of(self._lists()).values()
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

    def _lists(self) -> list[Parent]:
        """Give the lists that are left, in an order that stays; one may be read in part."""
        lists = sorted(filter(_is_contact_list, self.parents()), key=lambda item: item["id"])
        return [item for item in lists if item["id"] >= self._place[0]]

    def _contacts(self) -> Iterator[Parent]:
        """Read the lists for the ids of their contacts, one after the other.

        In the order of the ids a round of several days goes on at the same place, whatever
        comes and goes meanwhile. A listed list that is gone, or is only a folder, has no
        contacts.

        Yields:
            The contacts.
        """
        place = self._place
        for item in self._lists():
            with closing(Places()) as places:
                pages = [Page()]
                while pages:
                    try:
                        contact_ids, following = self._page_of(item["id"], pages.pop(0))
                    except GoneError:
                        break
                    except RejectedCallError:
                        self.count.skip(f"list {item['id']}", is_refused=True)
                        break
                    pages += following
                    places.add((item["id"], contact_id) for contact_id in contact_ids)
                for list_id, contact_id in places.behind(place):
                    yield {"id": contact_id, "list_id": list_id}

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
                case {"headers": list(headers), "data": list(data)} if are_rows(data):
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
        ids = [str(table.row(cells).get(CONTACT_ID) or "").strip() for cells in data]
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
