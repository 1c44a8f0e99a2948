"""The history and the score of each contact: three streams of one and the same response."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tap_acton.api.client import path_part
from tap_acton.errors import (
    ActOnError,
    AllowanceSpentError,
    NotAvailableError,
    RejectedCallError,
)
from tap_acton.records.extractors import Extracted, UnknownShapeError, table_of, total_of
from tap_acton.records.ids import fingerprint, kept_text
from tap_acton.records.list_table import CONTACT_ID, Table
from tap_acton.records.reader import batched
from tap_acton.settings.schema import VERBS
from tap_acton.streams.audience_center.wanted_contacts import CHOOSING_CONTACTS, WantedContacts
from tap_acton.streams.base.permission import Permission
from tap_acton.streams.base.plain_source import PlainSource
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.lists.rows import ListEndpoint, is_contact_list
from tap_acton.sync.forecast import Forecast, pages_of
from tap_acton.sync.query import Outcome, Query
from tap_acton.sync.spool import Places, Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_acton.records.reader import Record, Row
    from tap_acton.state.load import Load
    from tap_acton.streams.base.reading import StreamReading
    from tap_acton.sync.query import Item, Place, Response
    from tap_acton.sync.run import Run
    from tap_acton.sync.summary import StreamSummary


class Facts:
    """What the first of the streams has read for those that come after it.

    An account's facts may be larger than the memory, so they wait on the disk.

    Attributes:
        kept: The records by stream.
        source: What was counted of the stream that read them; None until it has ended.
        error: What ended it, if not its end.
        reading: What came of the contacts, and of the lists; None until it has begun.
    """

    def __init__(self, run: Run) -> None:  # noqa: ARG002 - whatever a run shares is made of it
        self.kept: dict[str, Spool] = {}
        self.source: StreamSummary | None = None
        self.error: ActOnError | None = None
        self.reading: StreamReading | None = None


def _contacts_of(payload: Any, query: Query) -> Extracted:
    """Find the contacts of a page, each with its id if the list has one."""
    headers, data = table_of(payload)
    list_id = query.given["list_id"]
    table = Table(headers, payload.get("emailColumn"), list_id)
    return Extracted([contact_of(table, cells, list_id) for cells in data], total_of(payload))


def contact_of(table: Table, cells: Sequence[Any], list_id: str) -> Row:
    """Return the id of a row, empty where it has none of its own, and what it is known by.

    Under ``addresses`` is the cell that the response says is the address, else every cell.
    """
    row = table.row(cells)
    held = row.get(CONTACT_ID)
    contact_id = held.strip() if isinstance(held, str) else ""
    has_id = table.has_contact_id or contact_id.startswith(f"{list_id}:")
    addresses = cells if table.email_header is None else [row.get("email")]
    return {
        "id": contact_id if has_id else "",
        "key": contact_id or str(cells),
        "addresses": [one for one in addresses if isinstance(one, str)],
    }


class ContactFactsStream(ActOnStream):
    """A part of what Act-On has of each contact.

    Optional, since it takes one call per contact of each list, whose response
    may be large. The call is made once per run, whichever of the parts are selected: the first
    that is read makes it, and keeps the rows of the others until they are read.
    """

    path = "/api/1/list/{list_id}/record/{contact_id}/facts"
    listing, item, about = "lists", "contact", "contacts"
    chosen_by: ClassVar[tuple[str, ...]] = CHOOSING_CONTACTS
    is_optional = True

    # Which contacts

    def items(self) -> Iterator[Item]:
        """Give the contact lists of the account; where ids name others, without these."""
        settings = self.run.settings
        items = filter(is_contact_list, super().items())
        if not settings.contact_ids or settings.chooses_segments or self._wanted.addresses:
            return items
        # The id of a row begins with that of its list.
        named = {contact_id.rpartition(":")[0] for contact_id in self._wanted.ids}
        return items if "" in named else (item for item in items if item["id"] in named)

    @property
    def _wanted(self) -> WantedContacts:
        return self.run.shared(WantedContacts)

    @property
    def refused_above(self) -> int:
        """How many parts of its listings could not be read, so that contacts are missing here."""
        return super().refused_above + self._wanted.refused

    @property
    def not_listed(self) -> list[str]:
        """Which parts of its listings could not be read, as a checkpoint keeps them."""
        return [*super().not_listed, *self._wanted.not_listed]

    def queries(self) -> Iterator[Query]:
        """Request the facts of each contact of each list, in the order of their ids.

        In that order a load of several days resumes at the same place, whatever comes and goes
        meanwhile. The bookmark leaves nothing out: what is old may be of a contact that is new.
        """
        for list_id, contact_id in self._contacts():
            yield self.query_of({"list_id": list_id, "contact_id": contact_id})

    def query_of(self, item: Item) -> Query:
        """Make the query for a contact of a list."""
        ids = {"list_id": item["list_id"], "contact_id": item["contact_id"]}
        return Query(
            self.filled(self.path, **ids),
            (kept_text(ids["list_id"]), kept_text(ids["contact_id"])),
            given=ids,
            since=self.bookmark.start,
            subject=f"contact {ids['contact_id']}",
            item={"id": ids["contact_id"]},
        )

    def due(self) -> Iterable[Query]:
        """Give the queries, which leave out what earlier runs of this load have read."""
        return self.queries()

    def _loads(self) -> list[Load]:
        """Give the loads of the streams that the responses are for."""
        return [one.load for one in (self, *self._later())]

    def _is_left(self, place: Place, loads: Iterable[Load]) -> bool:
        """Tell whether a stream of the response has yet to read what stands at a place."""
        not_listed = self.not_listed
        return any(load.is_left(place, not_listed) for load in loads)

    def _contacts(self) -> Iterator[tuple[str, str]]:
        """Read the lists one after the other, and give the places of their contacts.

        A list that was deleted, or is only a folder, has none.
        """
        run = self.run
        chooses, members = run.settings.chooses_contacts, self._wanted.members(self)
        contacts = PlainSource(run, self.name, _contacts_of, "key", run.shared(ListEndpoint))
        loads = self._loads()
        for item in self._lists(loads):
            list_id = item["id"]
            with closing(Places()) as places:
                path, given = f"/api/1/list/{path_part(list_id)}", {"list_id": list_id}
                query = Query(path, (kept_text(list_id),), {}, given, subject=f"list {list_id}")
                for part in contacts.read(query):
                    if isinstance(part, Outcome):
                        self._list_done(part)
                        continue
                    ids = [
                        one["id"]
                        for one in part.records
                        if not chooses or self._wanted.wants(one["id"], one["addresses"], members)
                    ]
                    places.add((kept_text(one), one) for one in ids if one)
                    self._tell_unknown(list_id, ids.count(""))
                for key, contact_id in places:
                    run.stop.check()
                    if self._is_left((kept_text(list_id), key), loads):
                        yield list_id, contact_id
                    else:
                        self.save_calls("read before")

    def _list_done(self, outcome: Outcome) -> None:
        """Take note of a list that was refused, or may have more contacts."""
        self._lists_permission.note(outcome)
        problem = outcome.problem
        if isinstance(problem, NotAvailableError):
            if self._lists_permission.is_hopeless:
                raise problem
            outcome = replace(outcome, problem=RejectedCallError(problem.sentence))
        if outcome.is_refused:
            self.reading.skip(outcome)

    def settle(self) -> None:
        """Decide whether lists are offered at all, now that all have been requested."""
        refusal = self._lists_permission.refusal
        if refusal is not None and refusal.problem is not None and self._lists_permission.is_denied:
            raise refusal.problem
        super().settle()
        is_whole = not (self.load.is_resumed or self.run.settings.shard or self.refused_above)
        if is_whole and not self.reading.failed:
            wanted = self._wanted
            kind = "contact of the lists"
            wanted.warn_of_unmatched(self, kind, wanted.ids | wanted.addresses)

    @cached_property
    def _lists_permission(self) -> Permission:
        return Permission()

    def _lists(self, loads: Sequence[Load]) -> list[Item]:
        """Give the lists that are left, in the order of their ids; one may be read in part."""
        begun = {place[:1] for load in loads for place in load.places}
        places = {(kept_text(item["id"]),): item for item in self.known_items()}
        return [places[one] for one in sorted(places) if one in begun or self._is_left(one, loads)]

    def _tell_unknown(self, list_id: str, number: int) -> None:
        if number:
            self.log(
                "List %s does not have the ids of %d contacts, so their facts cannot be requested.",
                list_id,
                number,
                level=logging.WARNING,
            )

    # One response for several streams

    def _family(self) -> list[ContactFactsStream]:
        """Give the streams of the response, in the order in which they are read."""
        streams = self.tap.streams.values()
        return [stream for stream in streams if isinstance(stream, ContactFactsStream)]

    def _later(self) -> list[ContactFactsStream]:
        """Give the selected ones that this run has yet to read after this one."""
        family = self._family()
        later = family[family.index(self) + 1 :]
        return [stream for stream in later if stream.selected and not stream.load.is_done]

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Read the stream's records; where the allowance ends, all that came of the responses.

        So that nothing of these is requested again, the run ends behind the last of the streams
        and not with the first.
        """
        try:
            yield from super().get_records(context)
        except AllowanceSpentError:
            if not self._later():
                raise
            self.bookmark.discard()

    def read(self) -> Iterator[Record]:
        """Request the facts, or give the records that an earlier stream has kept."""
        facts = self.run.shared(Facts)
        if facts.source is not None and self.name in facts.kept:
            yield from self._kept(facts, facts.source)
            return
        facts.kept = {stream.name: Spool() for stream in self._later()}
        facts.reading = self.reading
        try:
            yield from super().read()
        except ActOnError as error:
            facts.error = error
            facts.source = self.summary
            raise
        # Where a test left it before its end, nobody gets what was kept.
        facts.source = self.summary

    def _kept(self, facts: Facts, source: StreamSummary) -> Iterator[Record]:
        """Give the records that were kept, and share what befell the stream that kept them."""
        summary = self.summary
        self._listings_used.add(self.listing)  # by the stream that kept them
        summary.skipped, summary.refused = source.skipped, source.refused
        for records in batched(facts.kept.pop(self.name)):
            self.run.stop.check()
            yield from self.bookmark.wanted(self.chosen(records), self.bookmark.start)
        if facts.reading is not None:
            self.reading = facts.reading
        if facts.error is not None:
            raise facts.error

    def page_done(self, response: Response) -> None:
        """Keep the records of the later streams."""
        facts = self.run.shared(Facts)
        for stream in self._later():
            for records in stream.batches(response.rows, response.query):
                for record in records:
                    facts.kept[stream.name].add(record)

    def extracted(self, payload: Any, query: Query) -> Extracted:  # noqa: ARG002 - each one alike
        """Take the response as it is; what is a row of it, each stream knows by itself."""
        match payload:
            case dict() if not payload:
                return Extracted(())
            case {"activity": dict() | None} | {"activitylist": list() | None}:
                return Extracted((payload,))
        raise UnknownShapeError

    def forecast(self) -> Forecast:
        """Foresee a call per contact and one per page of a list, by the sizes of the lists."""
        family = self._family()
        reading = next((one for one in family if one.selected and not one.load.is_done), self)
        if reading is not self:
            return Forecast(0, reason=f"in the calls of {reading.name}")
        if self.load.is_done:
            return super().forecast()
        sizes = {item["id"]: item["size"] or 0 for item in self._lists(self._loads())}
        page_size = self.run.settings.page_size
        pages = sum(pages_of(size, page_size) for size in sizes.values())
        if self.run.settings.chooses_contacts:
            members, pages_of_segments = self._wanted.foreseen(self)
            pages += pages_of_segments
            anywhere = members + len(self._wanted.addresses)
            lists_of_ids = Counter(one.rpartition(":")[0] for one in self._wanted.ids)
            sizes = {one: min(sizes[one], anywhere + lists_of_ids[one]) for one in sizes}
        contacts = sum(sizes.values())
        return Forecast(
            pages + contacts,
            is_exact=not sizes,
            reason=f"contacts: {contacts:,}",
            items=contacts,
            units=contacts,
        )

    def outlook(self) -> Forecast | None:
        """Foresee the calls by the lists; None where segments choose contacts."""
        return None if self.run.settings.chooses_segments else super().outlook()


class ContactFacts(ContactFactsStream):
    """What Act-On knows of each contact as a whole: the score and what there is of history."""

    name = "contact_facts"
    primary_keys = ("list_id", "contact_id")

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Take what concerns the contact as a whole."""
        parts = ("activity", "activitylist")
        whole = [
            {
                **{name: value for name, value in row.items() if name not in parts},
                **_object(row.get("activity")),
            }
            for row in rows
        ]
        return super().records(whole, query)


class ContactActivities(ContactFactsStream):
    """What each contact has done, and what was sent to it."""

    name = "contact_activities"
    primary_keys = ("id",)
    replication_key = "activity_at"
    chosen_by = (*CHOOSING_CONTACTS, "activity_verbs")
    identity = ("list_id", "contact_id", "activity_at", "verb", "object_id", "what")

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Take the entries of the history."""
        for record in super().records(_entries(rows, "activitylist"), query):
            record["verb_name"] = VERBS.get(record["verb"])
            yield record

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out activities that the settings do not name."""
        wants_verb = self.run.settings.wants_verb
        return [record for record in records if wants_verb(record["verb"])]


class ContactScoreDetails(ContactFactsStream):
    """What each contact's score is made of."""

    name = "contact_score_details"
    primary_keys = ("id",)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Take the entries of the score sheet, which are known by their place in it."""
        sheet = _entries([_object(row.get("activity")) for row in rows], "ScoreDetails")
        for place, record in enumerate(super().records(sheet, query)):
            record["id"] = fingerprint(record["list_id"], record["contact_id"], place)
            yield record


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _entries(rows: Iterable[Row], name: str) -> list[Row]:
    """Give the objects of an array; one that is missing has none."""
    return [entry for row in rows for entry in row.get(name) or () if isinstance(entry, dict)]
