"""Which lists get a stream of their own, and the columns of these: found by discovery."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_text
from tap_acton.errors import (
    UNKNOWN_SHAPE,
    CallError,
    GivenUpError,
    GoneError,
    NotAvailableError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.records.dynamic_columns import Column, FoundStream, assign_names
from tap_acton.records.ids import has_address, header_identity, without_addresses
from tap_acton.records.list_table import CONTACT_ID, FIELDS_IN_JSON, Table, read_csv
from tap_acton.records.values import snake_case
from tap_acton.settings.entries import Entries
from tap_acton.streams.base.plain_source import PlainSource
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.lists.list_streams import SCHEMA
from tap_acton.streams.lists.lists import CONTACT_LIST, Lists
from tap_acton.streams.lists.rows import WHOLE
from tap_acton.sync.query import Query
from tap_acton.sync.retriever import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tap_acton.api.client import ActOnClient
    from tap_acton.records.dynamic_columns import KnownNames
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.run import Run

UNNAMED = "unnamed"
"""Stands for a header that must not be shown."""

MOST_FAILURES = 3
"""After so many lists that cannot be read, discovery asks for no further ones."""

logger = logging.getLogger("tap-acton")


def wanted_lists(listing: Iterable[Row], wants: Callable[[str, str], bool]) -> dict[str, str]:
    """Return the lists that get a stream of their own, and what these are named after.

    Args:
        listing: The account's lists, as Act-On lists them.
        wants: Says by id and name whether a list gets a stream of its own.
    """
    labels, is_left_out = {}, False
    for row in listing:
        list_id, name = str(row.get("id") or ""), str(row.get("name") or "")
        if not (list_id and wants(list_id, name)):
            continue
        if has_address(list_id):
            is_left_out = True
            continue
        # A name that is an address must not be that of a table.
        named = ("" if has_address(name) else name, list_id)
        shown = (one for one in named if snake_case(one).strip("_"))
        labels[list_id] = f"list_{next(shown, UNNAMED)}"
    if is_left_out:
        logger.warning(
            "A list whose id is an e-mail address gets no stream of its own, since the catalog "
            "would show it: its rows are in list_members."
        )
    # Ids are counted up, so that the older one of two lists of one name has it to itself.
    return dict(sorted(labels.items(), key=lambda item: (len(item[0]), item[0])))


def warn_of_unmatched(listing: Iterable[Row], entries: Sequence[str]) -> None:
    """Warn of entries of the setting ``list_streams`` that match no list.

    Args:
        listing: The account's lists, as Act-On lists them.
        entries: The entries.
    """
    left = Entries({"list_streams": entries})
    for row in listing:
        left.meet(str(row.get("id") or ""), str(row.get("name") or ""))
    for sentence in left.unmatched("list"):
        logger.warning(sentence)


def find_list_streams(
    labels: Mapping[str, str],
    headers_of: Callable[[str], Sequence[str]],
    known: KnownNames,
    taken: Collection[str],
    *,
    for_a_run: bool,
) -> dict[str, FoundStream]:
    """Find the streams of single lists.

    Args:
        labels: What the streams are named after, by the ids of the lists, as
            :func:`wanted_lists` gives them.
        headers_of: Requests the headers of a list, by its id.
        known: The names that earlier runs have given.
        taken: The names of the other streams.
        for_a_run: Whether rows are read next. Then a list whose headers cannot be read has a stream
            too, which reads it or fails.

    Returns:
        By the name of its stream each list that can be read, now or before.
    """
    known_streams = {list_id: names.stream for list_id, names in known.sources.items()}
    streams = assign_names(labels, known_streams, taken=taken, ascii_only=known.ascii_only)
    found = {}
    unread = []
    failures = 0
    for list_id, stream in streams.items():
        before = known.sources[list_id].columns if list_id in known.sources else {}
        # Discovery is to answer within seconds even while Act-On does not.
        columns, is_there = _columns_before(before), True
        if failures < MOST_FAILURES:
            try:
                headers = Table(headers_of(list_id), None, list_id).names
                columns = _columns(headers, before, ascii_only=known.ascii_only)
            except CallError as error:
                failures += isinstance(error, GivenUpError)
                is_there = not isinstance(error, GoneError)
                unread.append(list_id)
        else:
            unread.append(list_id)
        if columns or (for_a_run and is_there):
            found[stream] = FoundStream(stream, columns, list_id)
    if unread:
        logger.warning(
            "The columns of lists that the setting list_streams names cannot be read at present: "
            "%s. Lists that were never read get %s.",
            without_addresses(", ".join(unread)),
            "no columns of their own" if for_a_run else "no stream",
        )
    return found


def read_listing(run: Run) -> list[Record]:
    """Request all contact lists of the account.

    Raises:
        CallError: If Act-On refuses them.
        StreamFailedError: If the call fails again and again, or lists are missing.
    """
    source = PlainSource(run, Lists.name, lambda payload, _: Lists.extract(payload), "id")
    # The case of the type is not documented, see the stream of the lists.
    for listing_type in (CONTACT_LIST, CONTACT_LIST.upper()):
        # Where a listing is read again, lists come twice.
        found: dict[Any, Record] = {}
        problem: CallError | None = None
        for part in source.read(Query(Lists.path, parameters={"listingtype": listing_type})):
            if isinstance(part, Batch):
                found |= {record.get("id"): record for record in part.records}
            elif part.is_refused and part.problem is None:
                raise StreamFailedError(f"{Lists.name}: Act-On returned fewer than it reported.")
            else:
                problem = part.problem
        if found or isinstance(problem, GivenUpError | NotAvailableError):
            break
    if problem is not None:
        # No stream of a list would be there to fail.
        is_off = isinstance(problem, NotAvailableError)
        raise problem if is_off else StreamFailedError(problem.sentence)
    return list(found.values())


def read_headers(client: ActOnClient, list_id: str) -> Sequence[str]:
    """Request the headers of a list, as they stand, the system's included.

    There is no call for them alone: a page of one row has them, and for a list that is
    too wide for JSON, a CSV file without rows.

    Raises:
        CallError: If Act-On refuses them, or the call fails again and again.
    """
    path = f"/api/1/list/{path_part(list_id)}"
    subject = f"the columns of list {list_id}"

    def of_json(payload: Any) -> list[str]:
        match payload:
            case {"headers": list(headers)}:
                return [str(header) for header in headers]
        raise RepeatableError(f"{subject}: {UNKNOWN_SHAPE}.")

    def of_csv(payload: Any) -> list[str]:
        try:
            return read_csv(payload)[0]
        except (TypeError, ValueError):
            raise RepeatableError(f"{subject}: Act-On returned no CSV.") from None

    call = Call(path, subject, Lists.name, {**WHOLE, "count": 1, "offset": 0})
    headers = client.read(call, of_json)
    if len(headers) < FIELDS_IN_JSON:
        return headers
    # No row was modified before the first millisecond of 1970.
    call = replace(call, parameters={**WHOLE, "modbefore": 1, "responseformat": "CSV"})
    whole = client.read(call, of_csv, decode_text)
    # Without the ids a list is not read as CSV, and what JSON cuts off would never come.
    return whole if CONTACT_ID in whole else headers


def _columns(
    own: Sequence[str], known: Mapping[str, str], *, ascii_only: bool
) -> dict[str, Column]:
    """Make a column for each of a list's own headers.

    A header that holds an address is shown nowhere, not even in the name of its column.
    """
    shared = SCHEMAS.get_schema(SCHEMA)["properties"]
    labels = {header_identity(header): UNNAMED if has_address(header) else header for header in own}
    names = assign_names(labels, known, taken=shared, ascii_only=ascii_only)
    return {
        names[identity]: _column(identity, "" if label is UNNAMED else label)
        for identity, label in labels.items()
    }


def _columns_before(known: Mapping[str, str]) -> dict[str, Column]:
    """Make the columns that a list had before, whose headers cannot be read at present."""
    return {name: _column(identity, "") for identity, name in known.items()}


def _column(identity: str, header: str) -> Column:
    shown = {"title": header} if header else {}
    described = f"The list's column {header!r}." if header else "A column of the list."
    return Column(identity, {"type": ["string", "null"], **shown, "description": described})
