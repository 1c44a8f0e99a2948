"""The contacts that the settings name, where whatever takes a call per contact reads only these.

These are the contacts of ``contact_ids`` and the members of the segments of ``segment_ids`` and
``segment_names``. They are found once per run, and requested in every run: that a contact has come
into a segment does not change the contact.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from tap_acton.api.pagination import FIRST_PAGE
from tap_acton.errors import CallError, StreamFailedError
from tap_acton.records.ids import has_address
from tap_acton.records.reader import RecordReader
from tap_acton.settings.entries import no_match
from tap_acton.state.stream_state import StreamState
from tap_acton.streams.audience_center.contacts import Contacts
from tap_acton.streams.audience_center.segments import SegmentContacts, Segments
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.sync.forecast import pages_of
from tap_acton.sync.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import tzinfo

    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Item, Query
    from tap_acton.sync.run import Run

CHOOSING_CONTACTS = ("contact_ids", "segment_ids", "segment_names")
"""The settings that name contacts."""

Found = TypeVar("Found")


def contact_reader(*columns: str, zone: tzinfo | None = None) -> RecordReader:
    """Return what reads a few columns of a contact.

    Args:
        columns: The columns.
        zone: The account's time zone, for columns that are timestamps.
    """
    properties = SCHEMAS.get_schema(Contacts.name)["properties"]
    wanted = {column: properties[column] for column in columns}
    return RecordReader({"properties": wanted}, zone=zone)


def with_email(row: Row, fields: Iterable[Row]) -> Row:
    """Return a contact with its address under its documented name.

    Args:
        row: The contact, in which the address may stand under the label of its field.
        fields: The account's fields of contacts.
    """
    labels = [str(one.get("name")) for one in fields if one.get("standardFieldMapping") == "EMAIL"]
    found = [row[label] for label in labels if label in row]
    return {"email": found[0], **row} if found else row


def address_key(address: str) -> str:
    """Return an address in the form in which it is compared."""
    return address.strip().casefold()


class SegmentMembers(SegmentContacts):
    """The members of the segments that the settings name, by the ways of ``segment_contacts``.

    Its summary and its progress are its own, since it is read whole in each run, whatever its shard
    and its selection.

    Attributes:
        ids: The ids of the members.
        list_ids: The ids of the rows of lists that they came from.
        addresses: Their addresses, as :func:`address_key` returns them.
        without_id: How many members came without an id.
    """

    def __init__(self, tap: ActOnTap) -> None:
        super().__init__(tap)
        self.progress = StreamState()
        self.ids: set[str] = set()
        self.list_ids: set[str] = set()
        self.addresses: set[str] = set()
        self.without_id = 0

    @cached_property
    def summary(self) -> StreamSummary:
        """What came of the segments."""
        return StreamSummary()

    def items(self) -> Iterator[Item]:
        """Give all segments that the settings name: contacts are in a shard, not segments."""
        yield from self.items_of(Segments.name)

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records, and take note of who they are."""
        rows = [*rows]
        for row, record in zip(rows, super().records(rows, query), strict=True):
            contact = self._keys.record(with_email(row, self.center.fields))
            if record["contact_id"]:
                self.ids.add(record["contact_id"])
            else:
                self.without_id += 1
            if contact["legacy_record_id"]:
                self.list_ids.add(contact["legacy_record_id"])
            if contact["email"]:
                self.addresses.add(address_key(contact["email"]))
            yield record

    @cached_property
    def _keys(self) -> RecordReader:
        return contact_reader("email", "legacy_record_id")

    def foreseen(self) -> tuple[int, int]:
        """Foresee by the first page of each segment how many members and further pages it has."""
        members = pages = 0
        for query in self.queries():
            response = self.fetch(query, FIRST_PAGE)
            rows = len(response.rows)
            total = rows if response.total is None else response.total
            members += total
            pages += pages_of(total, rows or 1) - 1
        return members, pages


class WantedContacts:
    """The contacts that the settings name, as far as they can be known without a call per contact.

    Attributes:
        ids: Those of ``contact_ids`` that are no addresses.
        addresses: Those that are, as :func:`address_key` returns them.
    """

    def __init__(self, run: Run) -> None:
        self._settings = run.settings
        entries = run.settings.contact_ids
        self.ids = {entry for entry in entries if not has_address(entry)}
        self.addresses = {address_key(entry) for entry in entries if has_address(entry)}
        self._members: SegmentMembers | CallError | StreamFailedError | None = None
        self._foreseen: tuple[int, int] | None = None
        self._met: set[str] = set()

    # The members of segments

    def members(self, stream: ActOnStream) -> SegmentMembers | None:
        """Return the members of the segments; None where the settings name no segment.

        Args:
            stream: The stream that needs them.

        Raises:
            CallError: If they could not be read; the same error each time.
            StreamFailedError: Likewise.
        """
        if not self._settings.chooses_segments:
            return None
        if self._members is None:
            self._members = tried(lambda: self._read(stream.tap))
        if isinstance(self._members, CallError | StreamFailedError):
            raise self._members
        return self._members

    def _read(self, tap: ActOnTap) -> SegmentMembers:
        members = SegmentMembers(tap)
        for _ in members.read():
            pass
        members.note_without_id(members.without_id, members.name)
        return members

    @property
    def refused(self) -> int:
        """How many segments could not be read, so that members may be missing."""
        found = self._members
        return found.summary.refused if isinstance(found, SegmentMembers) else 0

    @property
    def not_listed(self) -> list[str]:
        """Which segments could not be read, as a checkpoint keeps them."""
        found = self._members
        if not isinstance(found, SegmentMembers):
            return []
        return [*found.not_listed, *("/".join(place) for place in found.reading.failed)]

    def foreseen(self, stream: ActOnStream) -> tuple[int, int]:
        """Foresee how many members the segments have, and how many further calls list them."""
        if not self._settings.chooses_segments:
            return 0, 0
        pages = 0
        if self._foreseen is None:
            self._foreseen = SegmentMembers(stream.tap).foreseen()
            pages = self._foreseen[1]
        # Only the first stream has to list them.
        return self._foreseen[0], pages

    # Which contacts are wanted

    def wants(
        self, contact_id: str, addresses: Iterable[str], members: SegmentMembers | None
    ) -> bool:
        """Tell whether a row of a list is a contact that is wanted.

        Args:
            contact_id: The id of the row.
            addresses: What it may be known by besides.
            members: The members of the segments.
        """
        keys = {address_key(address) for address in addresses}
        met = {contact_id} & self.ids | keys & self.addresses
        self._met |= met
        if met or members is None:
            return bool(met)
        is_member = contact_id in members.list_ids or contact_id in members.ids
        return is_member or not keys.isdisjoint(members.addresses)

    def meet(self, key: str) -> None:
        """Take note that an id or an address of ``contact_ids`` was found."""
        self._met.add(key)

    def warn_of_unmatched(self, stream: ActOnStream, kind: str, wanted: Iterable[str]) -> None:
        """Warn of entries of ``contact_ids`` that were not found.

        Args:
            stream: In whose name.
            kind: What they should have matched.
            wanted: Which of the ids and addresses could have been found.
        """
        missing = {*wanted} - self._met
        for number, entry in enumerate(self._settings.contact_ids, 1):
            if entry in missing or address_key(entry) in missing:
                sentence = no_match("contact_ids", number, entry, kind)
                stream.log("%s", sentence, level=logging.WARNING)


def tried(read: Callable[[], Found]) -> Found | CallError | StreamFailedError:
    """Return what comes of reading, or why nothing does."""
    try:
        return read()
    except (CallError, StreamFailedError) as error:
        return error
