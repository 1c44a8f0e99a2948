"""A stream of its own for a list, with a column for each of the list's."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_text
from tap_acton.api.old_pagination import EndlessPagesError, OffsetPages, Page
from tap_acton.errors import (
    CallError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.records.dynamic_columns import Column, FoundStream, assign_names
from tap_acton.records.list_table import CONTACT_ID, FIELDS_IN_JSON, Table, read_csv
from tap_acton.records.reader import EXTRA_FIELDS, Record, RecordReader, Row, records_of_columns
from tap_acton.records.values import Unconvertible, snake_case
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.old_stream import SCHEMAS, FoundSchema
from tap_acton.streams.lists.lists import CONTACT_LIST, Lists
from tap_acton.streams.lists.rows import ListRows, columns_of
from tap_acton.sync.answers import digest_of, total_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_acton.api.client import ActOnClient
    from tap_acton.records.dynamic_columns import KnownNames
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.answers import Query
    from tap_acton.sync.run import Parent

SCHEMA = "list_stream"
MOST_ROWS = 1000
FEW_LISTS = 2
"""From so many lists on, a call for the listing pays."""

MOST_FAILURES = 3
"""After so many lists that cannot be read, discovery asks for no further ones."""

logger = logging.getLogger("tap-acton")


class ListStream(ListRows):
    """The rows of one list.

    The columns are those that the list had at discovery. A column that the list has lost
    since is null; one that it has got since is in ``extra_fields``.

    Attributes:
        found: The name of the stream, the list and its columns.
    """

    schema = FoundSchema(SCHEMAS, key=SCHEMA)
    primary_keys = ("contact_id",)
    asks_about = "lists"
    found: FoundStream

    def __init__(self, tap: ActOnTap, found: FoundStream) -> None:
        self.name = found.stream
        super().__init__(tap, found)
        self._has_told_new = False

    def queries(self) -> Iterator[Query]:
        """Ask what changed since the list was last read.

        Yields:
            The query, if there may be anything.
        """
        for parent in self.parents():
            yield self.query_of(parent, self.since, {})

    def listed(self) -> Iterator[Parent]:
        """Give the list, as the account's listing has it.

        Yields:
            The list, if it falls into the shard of this run; nothing but its id where the
            listing does not tell of it.
        """
        list_id = self.found.source
        if self.run.settings.in_shard(list_id):
            found = (
                listed
                for listed in self._listing
                if listed["id"] == list_id and listed["listing_type"].lower() == CONTACT_LIST
            )
            yield next(found, {"id": list_id})

    def evidence(self, parent: Parent) -> str | None:
        """Give what shows that the list is untouched.

        Args:
            parent: The list.

        Returns:
            What the listing tells of it; None where that is not known.
        """
        return super().evidence(parent) if "modified_at" in parent else None

    @cached_property
    def _listing(self) -> Sequence[Parent]:
        """The account's listing, where it is known or saves more calls than it costs."""
        streams = self.tap.streams.values()
        selected = (one for one in streams if isinstance(one, ListStream) and one.selected)
        is_known = Lists.name in self.run.shared(Listings)
        if not is_known and len(list(islice(selected, FEW_LISTS))) < FEW_LISTS:
            return []
        try:
            return self.parents_of(Lists.name)
        except (StreamFailedError, CallError):
            # The failure is told where the listing is selected; the list is asked all the same.
            return []

    def records_of(self, rows: Sequence[Row], given: Row) -> list[Record]:
        """Put the cells into the columns of their headers.

        Args:
            rows: The rows.
            given: Columns known from elsewhere.

        Returns:
            A record for each row.
        """
        if (columns := columns_of(rows)) is not None:
            with suppress(Unconvertible):
                typed = self.reader.typed(_without_email(columns.system), len(rows), given)
                return self._records_of(typed, columns.own)
        return [record for row in rows for record in self._records_of_one(row, given)]

    def _records_of_one(self, row: Row, given: Row) -> list[Record]:
        """Make a record of a row that has to be looked at by itself."""
        own = row["fields"]
        system = {name: cell for name, cell in row.items() if name != "fields"}
        record = self.reader.record(_without_email(system), given)
        return self._records_of(
            {column: (value,) for column, value in record.items()},
            {header: (cell,) for header, cell in own.items()},
        )

    def _records_of(
        self, system: Mapping[str, Sequence[Any]], own: Mapping[str, Sequence[Any]]
    ) -> list[Record]:
        """Make records of the columns that all lists have, and of the list's own by header."""
        extra = system[EXTRA_FIELDS]
        new = {header: cells for header, cells in own.items() if header not in self._columns}
        for header in new:
            self._tell_new(header)
        if new:
            extra = [
                {**(held or {}), **dict(zip(new, cells, strict=True))}
                for held, *cells in zip(extra, *new.values(), strict=True)
            ]
        nothing = (None,) * len(extra)
        named = {self._columns[header]: cells for header, cells in own.items() if header not in new}
        columns = {
            **{column: values for column, values in system.items() if column != EXTRA_FIELDS},
            **{column: named.get(column, nothing) for column in self.found.columns},
            EXTRA_FIELDS: extra,
        }
        return records_of_columns(columns)

    @cached_property
    def reader(self) -> RecordReader:
        """What makes records of the columns that all lists have.

        The list's own are matched by their headers to the letter, so none of them is ever
        taken for one of these.
        """
        properties = self.schema["properties"]
        own = self.found.columns
        return RecordReader(
            {"properties": {name: properties[name] for name in properties if name not in own}},
            key=self.primary_keys,
            zone=self.run.zone,
            on_unnamed=self._tell_unnamed,
        )

    @cached_property
    def _columns(self) -> dict[str, str]:
        """The columns by their headers."""
        return self.found.names

    def _tell_new(self, header: str) -> None:
        if not self._has_told_new:
            self._has_told_new = True
            self.log(
                "The list %s has a column that it did not have at discovery, %.60r; it is kept in "
                "extra_fields, as is every other one, until a new discovery gives it a column.",
                self.found.source,
                header,
                level=logging.WARNING,
            )


def _without_email(system: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the address, which is in the list's own columns already."""
    return {name: held for name, held in system.items() if name != "email"}


def find_list_streams(
    listing: Iterable[Row],
    headers_of: Callable[[str], Sequence[str]],
    wants: Callable[[str, str], bool],
    known: KnownNames,
) -> dict[str, FoundStream]:
    """Find the streams of single lists.

    Args:
        listing: The account's lists, as Act-On lists them.
        headers_of: Asks for the headers of a list, by its id.
        wants: Tells by id and name whether a list gets a stream of its own.
        known: The names that earlier runs have given.

    Returns:
        What the streams look like, by their names: one for each list that is wanted and that
        can be read, now or before.
    """
    labels = {}
    for row in listing:
        list_id, name = str(row.get("id") or ""), str(row.get("name") or "")
        if list_id and wants(list_id, name):
            labels[list_id] = f"list_{name if snake_case(name).strip('_') else list_id}"
    if not labels:
        logger.warning("No list of the account matches the setting list_streams.")
    # Ids are counted up, so that the older one of two lists of one name has it to itself.
    labels = dict(sorted(labels.items(), key=lambda item: (len(item[0]), item[0])))
    known_streams = {list_id: names.stream for list_id, names in known.sources.items()}
    streams = assign_names(labels, known_streams, taken=[kind.name for kind in STREAM_TYPES])
    found = {}
    unread = []
    failures = 0
    for list_id, stream in streams.items():
        before = known.sources[list_id].columns if list_id in known.sources else {}
        # Discovery is to answer within seconds even while Act-On does not.
        own: Sequence[str] = list(before)
        if failures < MOST_FAILURES:
            try:
                own = Table(headers_of(list_id), None, list_id).names
            except (CallError, StreamFailedError) as error:
                failures += isinstance(error, StreamFailedError)
                unread.append(list_id)
        else:
            unread.append(list_id)
        if own:
            found[stream] = FoundStream(stream, _columns(own, before), list_id)
    if unread:
        logger.warning(
            "The columns of lists that the setting list_streams names cannot be read at present: "
            "%s. Lists that were never read get no stream.",
            ", ".join(unread),
        )
    return found


def read_listing(client: ActOnClient) -> list[Row]:
    """Ask for all contact lists of the account.

    Args:
        client: The client.

    Returns:
        The lists, as Act-On lists them.

    Raises:
        CallError: If Act-On refuses to tell.
        StreamFailedError: If the call fails again and again.
    """
    # The case of the type is not documented, see the stream of the lists.
    try:
        found = _listing(client, CONTACT_LIST)
    except RejectedCallError:
        found = []
    return found or _listing(client, CONTACT_LIST.upper())


def read_headers(client: ActOnClient, list_id: str) -> Sequence[str]:
    """Ask for the headers of a list.

    There is no call for them alone: a page of one row has them, and for a list that is
    too wide for JSON, a CSV file without rows.

    Args:
        client: The client.
        list_id: The list.

    Returns:
        The headers as they stand, the system's included.

    Raises:
        CallError: If Act-On refuses to tell.
        StreamFailedError: If the call fails again and again.
    """
    path = f"/api/1/list/{path_part(list_id)}"
    subject = f"the columns of list {list_id}"
    parameters: dict[str, str | int] = {"datequalifiers": "true"}

    def of_json(payload: Any) -> list[str]:
        match payload:
            case {"headers": list(headers)}:
                return [str(header) for header in headers]
        raise RepeatableError(f"{subject}: Act-On's answer has an unknown shape.")

    def of_csv(payload: Any) -> list[str]:
        try:
            return read_csv(payload)[0]
        except (TypeError, ValueError):
            raise RepeatableError(f"{subject}: Act-On sent no CSV.") from None

    call = Call(path, subject, "lists", {**parameters, "count": 1, "offset": 0})
    headers = client.read(call, of_json)
    if len(headers) < FIELDS_IN_JSON:
        return headers
    # No row was modified before the first millisecond of 1970.
    parameters |= {"modbefore": 1, "responseformat": "CSV"}
    whole = client.read(Call(path, subject, "lists", parameters), of_csv, decode_text)
    # Without the ids a list is not read as CSV, and what JSON cuts off would never come.
    return whole if CONTACT_ID in whole else headers


def _listing(client: ActOnClient, listing_type: str) -> list[Row]:
    """Ask for all pages of a listing."""

    def interpret(payload: Any) -> tuple[list[Row], int | None]:
        match payload:
            case {"result": list(rows)}:
                return [row for row in rows if isinstance(row, dict)], total_of(payload)
        raise RepeatableError("lists: Act-On's answer has an unknown shape.")

    paging = OffsetPages(MOST_ROWS)
    pages = [Page()]
    found: list[Row] = []
    for page in pages:
        parameters: dict[str, str | int] = {"listingtype": listing_type}
        parameters |= paging.parameters(page)
        rows, total = client.read(Call(Lists.path, "lists", "lists", parameters), interpret)
        found += rows
        digest = digest_of(rows) if total is None else b""
        try:
            pages += paging.following(page, len(rows), total, digest)
        except EndlessPagesError:
            raise StreamFailedError("lists: Act-On sends the same page again and again.") from None
    return found


def _columns(own: Sequence[str], known: Mapping[str, str]) -> dict[str, Column]:
    """Make a column for each of a list's own headers."""
    shared = SCHEMAS.get_schema(SCHEMA)["properties"]
    names = assign_names({header: header for header in own}, known, taken=shared)
    return {
        names[header]: Column(
            header,
            {
                "type": ["string", "null"],
                "title": header,
                "description": f"The list's column {header!r}.",
            },
        )
        for header in own
    }
