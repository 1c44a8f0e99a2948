"""What Act-On reports of each contact of the Audience Center: history, scores, segments.

Each report takes one call per contact, so only contacts that changed since the last complete run
are requested. The state keeps up to which timestamp that has been done. Where the settings name
contacts, these are requested instead, all of them in every run.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_acton.api.pagination import FIRST_PAGE, Page
from tap_acton.errors import CallError, StreamFailedError
from tap_acton.records.extractors import Undocumented
from tap_acton.records.ids import fingerprint, has_address
from tap_acton.records.timestamps import is_timestamp
from tap_acton.settings.schema import VERBS
from tap_acton.state.stream_state import ContactReportsState
from tap_acton.streams.audience_center.contacts import ALL_CONTACTS, Contacts
from tap_acton.streams.audience_center.stream import (
    OLDER_DOWNLOAD_PATH,
    AudienceStream,
    OlderQuery,
    OwnItems,
)
from tap_acton.streams.audience_center.time_slices import MOST_PAGES, Slicer, TimeSlice, second_of
from tap_acton.streams.audience_center.wanted_contacts import (
    CHOOSING_CONTACTS,
    WantedContacts,
    address_key,
    contact_reader,
    tried,
    with_email,
)
from tap_acton.sync.forecast import Forecast, pages_of
from tap_acton.sync.query import Outcome, Query
from tap_acton.sync.spool import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_acton.records.extractors import Extracted
    from tap_acton.records.reader import Record, RecordReader, Row
    from tap_acton.sync.query import Item, Place, Response
    from tap_acton.sync.run import Run

OLDER_ACTIVITY_PATH = "/ucl/v2/segment/contacts/{account_id}/activity"

ALL_MONTHS = 240
"""For how many months a whole history is requested; Act-On is younger."""

UNKNOWN = "-"
"""Stands for when a contact changed where Act-On does not report it; before all timestamps."""

ALWAYS = TimeSlice()
"""Without a filter."""

PARTS = 2
"""How many parts the place of a contact has."""

NEVER = "~"
"""Comes behind all timestamps."""

MOST_ASKED_AGAIN = 1000
"""If more contacts failed, all that changed are requested again, and the state stays small."""


class ContactList(AudienceStream):
    """The contacts, read in the name of a report for their ids and the times of their changes."""

    path = Contacts.path
    primary_keys = ("id",)

    def __init__(self, report: AudienceStream) -> None:
        self.name = report.name
        super().__init__(report.tap)
        self._slicer = Slicer(self, self.query, MOST_PAGES)

    def query(self, part: TimeSlice) -> Query:
        """Make the query for the contacts that changed within a slice of time."""
        return Query(
            self.filled(self.path), part.place, parameters=part.filters, subject=part.subject
        )

    def read_pages(self, span: TimeSlice = ALWAYS) -> Iterator[Sequence[Record]]:
        """Read the contacts that changed within a slice of time, some at a time."""
        for part in self.retriever.read([self.query(span)]):
            self.run.stop.check()
            if isinstance(part, Outcome):
                self.reading.take(part)
            else:
                yield part.records

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page, of which the total may count other contacts, too."""
        return self._slicer.with_total(super().fetch(query, page))

    def instead(self, outcome: Outcome) -> Query | None:
        """Give a query again whose total counts other contacts, too, or the one for all of them."""
        return self._slicer.instead(outcome)

    def follow_ups(self, response: Response) -> Iterable[Query]:
        """Cut a query of too many pages into slices of time, each with evidence of its own."""
        return self._slicer.follow_ups(response)

    def older(self, query: Query) -> OlderQuery:  # noqa: ARG002 - it knows no filter
        """Return the download of all contacts, with as little of each as it can."""
        path = self.filled(OLDER_DOWNLOAD_PATH, id=ALL_CONTACTS)
        return OlderQuery(path, parameters={"columns": "Modified Date"})

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:  # noqa: ARG002 - all alike
        """Make records with no more of a contact than it takes to request its report."""
        yield list(self.reader.records(rows))

    @cached_property
    def reader(self) -> RecordReader:
        """Reads when a contact changed, and its id."""
        return contact_reader("id", "updated_at", zone=self.run.zone)


class ContactAddresses(ContactList):
    """All contacts with their addresses, read in the name of a report."""

    def older(self, query: Query) -> OlderQuery:  # noqa: ARG002 - it knows no filter
        """Return the download of all contacts, with as little of each as it can."""
        path = self.filled(OLDER_DOWNLOAD_PATH, id=ALL_CONTACTS)
        return OlderQuery(path, parameters={"columns": "Email"})

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:  # noqa: ARG002 - all alike
        """Make records with the ids and addresses of contacts."""
        fields = self.center.fields
        yield list(self.reader.records(with_email(row, fields) for row in rows))

    @cached_property
    def reader(self) -> RecordReader:
        """Reads the address of a contact, and its id."""
        return contact_reader("id", "email")


class ContactsByAddress:
    """The contacts whose addresses the setting ``contact_ids`` holds, found once per run."""

    def __init__(self, run: Run) -> None:
        self._wanted = run.shared(WantedContacts)
        self._ids: set[str] | CallError | StreamFailedError | None = None

    def ids(self, report: AudienceStream) -> set[str]:
        """Return their ids, after reading all contacts if there are addresses.

        Raises:
            CallError: If the contacts could not be read; the same error each time.
            StreamFailedError: Likewise.
        """
        if self._ids is None:
            self._ids = tried(lambda: self._read(report)) if self._wanted.addresses else set()
        if isinstance(self._ids, CallError | StreamFailedError):
            raise self._ids
        return self._ids

    def _read(self, report: AudienceStream) -> set[str]:
        contacts, wanted = ContactAddresses(report), self._wanted
        found: set[str] = set()
        without_id = 0
        for contact in chain.from_iterable(contacts.read_pages()):
            key = address_key(contact["email"] or "")
            if key not in wanted.addresses:
                continue
            wanted.meet(key)
            if contact["id"]:
                found.add(contact["id"])
            else:
                without_id += 1
        report.note_without_id(without_id, Contacts.name)
        wanted.warn_of_unmatched(report, "contact", wanted.addresses)
        return found

    def forecast(self, report: AudienceStream) -> Forecast:
        """Foresee the calls by the first page of all contacts; only the first report makes them."""
        if self._ids is not None or not self._wanted.addresses:
            return Forecast(0)
        self._ids = set()
        contacts = ContactAddresses(report)
        return contacts.forecast_of_pages(contacts.query(ALWAYS))


class NamedContacts:
    """The contacts that the settings name, as the items of a report: all of them in every run.

    So nothing is remembered of them, and without these settings the report goes on where the last
    run without them has stopped.

    Args:
        report: The stream that reads the report of each contact.
    """

    def __init__(self, report: AudienceStream) -> None:
        self._report = report
        self._wanted = report.run.shared(WantedContacts)
        self._by_address = report.run.shared(ContactsByAddress)
        # Those of the other generation of ids are unknown to this one.
        report.all_may_be_gone = True

    def items(self) -> Iterator[Item]:
        """Give the contacts in the order of their ids."""
        report = self._report
        members = self._wanted.members(report)
        ids = self._wanted.ids | self._by_address.ids(report)
        if members is not None:
            ids |= members.ids
        in_shard = report.run.settings.in_shard
        yield from ({"id": one} for one in sorted(ids) if in_shard(one))

    def place_of(self, item: Item) -> Place:
        """Say where a contact stands in that order."""
        return (item["id"],)

    def finished(self, outcome: Outcome) -> None:
        """Remember nothing: the next run requests all of them."""

    def remember(self) -> None:
        """Remember nothing."""

    @property
    def refused(self) -> int:
        """How many segments could not be read, so that contacts may be missing."""
        return self._wanted.refused

    @property
    def not_listed(self) -> list[str]:
        """Which segments could not be read, as a checkpoint keeps them."""
        return self._wanted.not_listed

    def forecast(self) -> Forecast:
        """Foresee a call per contact, and those that list the contacts."""
        report, wanted = self._report, self._wanted
        # A run requests it, too, and without an Audience Center it is the last call.
        _ = report.center.fields
        members, pages = wanted.foreseen(report)
        listing = self._by_address.forecast(report)
        number = members + len(wanted.ids) + len(wanted.addresses)
        settings = report.run.settings
        return Forecast(
            settings.number_in_shard(number) + pages + listing.calls,
            is_exact=not (members or wanted.addresses or settings.shard),
            reason=f"contacts: {number:,}",
        )

    def outlook(self) -> Forecast | None:
        """Foresee a call per contact; None where segments choose contacts."""
        settings, wanted = self._report.run.settings, self._wanted
        if settings.chooses_segments:
            return None
        return _a_call_each(settings.number_in_shard(len(wanted.ids) + len(wanted.addresses)))


class ChangedContacts:
    """The contacts that changed since a report was last read of all of them, as its items.

    They are read in the order of their changes: so a load of several days resumes at the same
    place, whatever changes meanwhile, since that moves behind it.

    Args:
        report: The stream that reads the report of each contact.
        is_in_older: Whether the older generation of the API has the report, too.

    Attributes:
        refused: None: contacts are listed whole, or the report fails.
        not_listed: None, likewise.
    """

    refused = 0
    not_listed: Sequence[str] = ()

    def __init__(self, report: AudienceStream, *, is_in_older: bool = False) -> None:
        self._report = report
        self._is_in_older = is_in_older
        self._contacts = ContactList(report)
        self._failed: set[str] = set()
        self._has_any = False
        self._without_id = 0

    def items(self) -> Iterator[Item]:
        """Give the contacts, in the order in which they changed.

        The bookmark leaves no row out: what is old may be of a contact that is new.
        """
        settings = self._report.run.settings
        # Those that failed are requested again, in an earlier run of this load or before it.
        failed = dict.fromkeys(self._report.progress.ask_again, UNKNOWN)
        failed |= {place[1]: place[0] for place in self._report.load.left if len(place) == PARTS}
        with closing(Places()) as places:
            for some in self._pages():
                places.add(some)
                for _, contact_id in some:
                    failed.pop(contact_id, None)
                self._has_any |= bool(some)
            places.add((updated_at, contact_id) for contact_id, updated_at in failed.items())
            in_all = settings.number_in_shard(len(places))
            self._report.workload.forecast = _a_call_each(in_all)
            for updated_at, contact_id in places:
                if settings.in_shard(contact_id):
                    yield {"id": contact_id, "updated_at": updated_at}

    def _pages(self) -> Iterator[list[tuple[str, str]]]:
        """Yield when contacts changed, and their ids, page by page."""
        since = self._since or ""
        for contacts in self._contacts.read_pages(self._span):
            self._without_id += sum(not contact["id"] for contact in contacts)
            yield [
                (contact["updated_at"] or UNKNOWN, contact["id"])
                for contact in contacts
                # The older generation knows no filter.
                if contact["id"] and (contact["updated_at"] or NEVER) >= since
            ]
        self._report.note_without_id(self._without_id, Contacts.name)

    def place_of(self, item: Item) -> Place:
        """Say where a contact stands in the order of changes."""
        return (item["updated_at"], item["id"])

    def finished(self, outcome: Outcome) -> None:
        """Remember which contacts failed for a reason that may pass."""
        if outcome.query.item is not None:
            self._failed.discard(outcome.query.item["id"])
            if outcome.is_refused:
                self._failed.add(outcome.query.item["id"])

    def remember(self) -> None:
        """Remember up to which timestamp the changes of contacts are covered.

        Not where all contacts were requested and none came, nor where one came without its id, or
        failed and cannot be remembered: these would never be read, since what is requested then
        are those that have changed.
        """
        report = self._report
        is_shown = (self._has_any or self._since is not None) and not self._without_id
        is_shown &= not any(map(has_address, self._failed))
        if is_shown and len(self._failed) <= MOST_ASKED_AGAIN:
            started_at = report.load.started_at
            report.progress.covered_until = min(started_at, report.bookmark.end or started_at)
            report.progress.covers = report.covers
            report.progress.ask_again = sorted(self._failed)
            report.progress.without_zone = report.run.zone is None

    def forecast(self) -> Forecast:
        """Foresee a call per contact, by the first page of the contacts that changed."""
        contacts, settings = self._contacts, self._report.run.settings
        response = contacts.fetch(contacts.query(self._span), FIRST_PAGE)
        if response.problem is not None:
            raise response.problem
        rows = len(response.rows)
        number = rows if response.total is None else response.total
        reports = settings.number_in_shard(number)
        if contacts.is_older and not self._is_in_older:
            # Those that are requested at once show that there are none.
            reports = min(reports, settings.max_concurrency)
        pages = pages_of(number, rows or 1)
        return Forecast(pages + reports, is_exact=False, reason=f"contacts: {number:,}")

    def outlook(self) -> Forecast | None:
        """Foresee a call per contact where this run has read all contacts; None elsewhere."""
        run = self._report.run
        contacts = run.summary.streams.get(Contacts.name)
        if self._since is not None or contacts is None or not contacts.rows:
            return None
        return _a_call_each(run.settings.number_in_shard(contacts.rows))

    @property
    def _span(self) -> TimeSlice:
        """When the contacts changed that are requested."""
        return TimeSlice(None if self._since is None else second_of(self._since))

    @property
    def _since(self) -> str | None:
        """The timestamp from which on changes of contacts are requested; None for all contacts."""
        report = self._report
        since = report.bookmark.since_of(self._covered)
        since = max([since or "", *filter(is_timestamp, report.load.behind[:1])])
        # Some spellings of a contact's dates have no seconds.
        return f"{since[:16]}:00.000Z" if since else None

    @property
    def _covered(self) -> str | None:
        """Up to when changes are covered; None for never, or where all is to be read again."""
        report = self._report
        progress: ContactReportsState = report.progress
        is_whole = bool(report.replication_key) and not report.is_incremental
        is_whole |= progress.without_zone and report.run.zone is not None
        return None if is_whole or progress.covers != report.covers else progress.covered_until


def contacts_of(report: AudienceStream, *, is_in_older: bool = False) -> OwnItems:
    """Return the items of a report: the contacts that the settings name, else those that changed.

    Args:
        report: The stream that reads the report of each contact.
        is_in_older: Whether the older generation of the API has the report, too.
    """
    if report.run.settings.chooses_contacts:
        return NamedContacts(report)
    return ChangedContacts(report, is_in_older=is_in_older)


class ContactHistory(AudienceStream):
    """What each contact has done, and what was sent to it.

    Optional, since it takes one call per contact. Beside the entries a response
    may hold a summary, as the facts of contacts in lists do. It is left out: the scores are in
    ``contact_scores``, and its words, such as "2 days ago", go stale.
    """

    name = "contact_history"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/activity"
    primary_keys = ("id",)
    replication_key = "activity_at"
    identity = ("contact_id", "activity_at", "verb", "object_id", "what")
    chosen_by = (*CHOOSING_CONTACTS, "activity_verbs")
    is_optional = True
    pages, item, id_column, about = None, "contact", "contact_id", "contacts"
    state_type = ContactReportsState

    @cached_property
    def own_items(self) -> OwnItems:
        """The contacts that the settings name, or those that changed."""
        return contacts_of(self, is_in_older=True)

    def query_of(self, item: Item) -> Query:
        """Make the query for a contact; by default it may hold the present month alone."""
        return replace(super().query_of(item), parameters={"monthsOfPastData": self._months})

    def older(self, query: Query) -> OlderQuery:
        """Return the query of the older generation for the same contact."""
        contact_id = query.given["contact_id"]
        return OlderQuery(
            self.filled(OLDER_ACTIVITY_PATH),
            parameters={"contactid": contact_id, "months": self._months},
            subject=query.subject,
            item=query.item,
        )

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the entries, also those inside an object with a summary beside them."""
        found = super().extracted(payload, query)
        entries = [entry for row in found.rows for entry in _entries(row)]
        # A total may count the objects.
        total = found.total if len(entries) == len(found.rows) else None
        return found._replace(rows=entries, total=total)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, with the verbs in words."""
        for record in super().records(rows, query):
            record["verb_name"] = VERBS.get(record["verb"])
            yield record

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out activities that the settings do not name."""
        wants_verb = self.run.settings.wants_verb
        return [record for record in records if wants_verb(record["verb"])]

    @cached_property
    def _months(self) -> int:
        """How many months before the present one are requested."""
        if self.bookmark.start is None:
            return ALL_MONTHS
        start, now = datetime.fromisoformat(self.bookmark.start), self.run.started_at
        # One more, since the account's month may be another one than that of UTC.
        return max(0, (now.year - start.year) * 12 + now.month - start.month + 1)


class ContactScores(AudienceStream):
    """The scores of each contact, one for each score sheet.

    Optional, since it takes one call per contact.
    """

    name = "contact_scores"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/scores"
    primary_keys = ("id",)
    extract = Undocumented("score")
    chosen_by = CHOOSING_CONTACTS
    is_optional = True
    pages, item, id_column, about = None, "contact", "contact_id", "contacts"
    state_type = ContactReportsState

    @cached_property
    def own_items(self) -> OwnItems:
        """The contacts that the settings name, or those that changed."""
        return contacts_of(self)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, known by contact and sheet; without a sheet, by place in the response."""
        for place, record in enumerate(super().records(rows, query)):
            sheet = record["score_sheet_id"] or record["name"] or place
            record["id"] = fingerprint(record["contact_id"], sheet)
            yield record


class ContactSegments(AudienceStream):
    """The segments that each contact belongs to, for those who do not read all members.

    Optional, since it takes one call per contact.
    """

    name = "contact_segments"
    path = "/ucl/v2/{account_id}/contactReport/id/{id}/segments"
    primary_keys = ("contact_id", "segment_id")
    extract = Undocumented("id")
    chosen_by = CHOOSING_CONTACTS
    is_optional = True
    pages, item, id_column, about = None, "contact", "contact_id", "contacts"
    state_type = ContactReportsState

    @cached_property
    def own_items(self) -> OwnItems:
        """The contacts that the settings name, or those that changed."""
        return contacts_of(self)


def _a_call_each(contacts: int) -> Forecast:
    return Forecast(contacts, is_exact=False, items=contacts, units=contacts)


def _entries(row: Row) -> Sequence[Row]:
    """Return the entries of a history that comes as one object, else the row: it is an entry."""
    if not {"activity", "activitylist"} & row.keys():
        return (row,)
    return [entry for entry in row.get("activitylist") or () if isinstance(entry, dict)]
