"""Which lists get a stream of their own, and the columns of these: found by discovery."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_text
from tap_acton.api.pagination import OffsetPaging, Page
from tap_acton.errors import (
    CallError,
    GivenUpError,
    RejectedCallError,
    RepeatableError,
    StreamFailedError,
)
from tap_acton.records.dynamic_columns import Column, FoundStream, assign_names
from tap_acton.records.extractors import UnknownShapeError
from tap_acton.records.ids import ADDRESS, header_identity
from tap_acton.records.list_table import CONTACT_ID, FIELDS_IN_JSON, Table, read_csv
from tap_acton.records.values import snake_case
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.lists.list_streams import SCHEMA
from tap_acton.streams.lists.lists import CONTACT_LIST, Lists
from tap_acton.streams.lists.rows import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tap_acton.api.client import ActOnClient
    from tap_acton.records.dynamic_columns import KnownNames
    from tap_acton.records.extractors import Extracted
    from tap_acton.records.reader import Row

MOST_ROWS = 1000

UNNAMED = "column"
"""Stands for a header that must not be shown."""

MOST_FAILURES = 3
"""After so many lists that cannot be read, discovery asks for no further ones."""

logger = logging.getLogger("tap-acton")


def find_list_streams(
    listing: Iterable[Row],
    headers_of: Callable[[str], Sequence[str]],
    wants: Callable[[str, str], bool],
    known: KnownNames,
    taken: Collection[str],
) -> dict[str, FoundStream]:
    """Find the streams of single lists.

    Args:
        listing: The account's lists, as Act-On lists them.
        headers_of: Requests the headers of a list, by its id.
        wants: Says by id and name whether a list gets a stream of its own.
        known: The names that earlier runs have given.
        taken: The names of the other streams.

    Returns:
        By the name of its stream each list that is wanted and that can be read, now or before.
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
    streams = assign_names(labels, known_streams, taken=taken)
    found = {}
    unread = []
    failures = 0
    for list_id, stream in streams.items():
        before = known.sources[list_id].columns if list_id in known.sources else {}
        # Discovery is to answer within seconds even while Act-On does not.
        columns = _columns_before(before)
        if failures < MOST_FAILURES:
            try:
                columns = _columns(Table(headers_of(list_id), None, list_id).names, before)
            except CallError as error:
                failures += isinstance(error, GivenUpError)
                unread.append(list_id)
        else:
            unread.append(list_id)
        if columns:
            found[stream] = FoundStream(stream, columns, list_id)
    if unread:
        logger.warning(
            "The columns of lists that the setting list_streams names cannot be read at present: "
            "%s. Lists that were never read get no stream.",
            ", ".join(unread),
        )
    return found


def read_listing(client: ActOnClient) -> list[Row]:
    """Request all contact lists of the account.

    Raises:
        CallError: If Act-On refuses them.
        StreamFailedError: If the call fails again and again.
    """
    # The case of the type is not documented, see the stream of the lists.
    try:
        try:
            found = _listing(client, CONTACT_LIST)
        except RejectedCallError:
            found = []
        return found or _listing(client, CONTACT_LIST.upper())
    except GivenUpError as error:
        # No stream would be there to fail.
        raise StreamFailedError(error.sentence) from None


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
        raise RepeatableError(f"{subject}: Act-On's response has an unknown shape.")

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


def _listing(client: ActOnClient, listing_type: str) -> list[Row]:
    """Request all pages of a listing."""

    def interpret(payload: Any) -> Extracted:
        try:
            return Lists.extract(payload)
        except UnknownShapeError:
            raise RepeatableError("lists: Act-On's response has an unknown shape.") from None

    paging = OffsetPaging(MOST_ROWS)
    found: list[Row] = []
    before: Sequence[Row] = ()
    while True:
        page = paging.settled(Page(len(found)))
        parameters: dict[str, str | int] = {"listingtype": listing_type, **paging.parameters(page)}
        rows, total, *_ = client.read(
            Call(Lists.path, Lists.name, Lists.name, parameters), interpret
        )
        if not rows or rows == before:  # the end, or an offset that is ignored
            return found
        found += rows
        if total is not None and len(found) >= total:
            return found
        before = rows


def _columns(own: Sequence[str], known: Mapping[str, str]) -> dict[str, Column]:
    """Make a column for each of a list's own headers.

    A header that holds an address is shown nowhere, not even in the name of its column.
    """
    shared = SCHEMAS.get_schema(SCHEMA)["properties"]
    labels = {
        header_identity(header): UNNAMED if ADDRESS.search(header) else header for header in own
    }
    names = assign_names(labels, known, taken=shared)
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
