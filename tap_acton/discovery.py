"""Streams and columns that discovery looks up in the account.

Discovery also works without Act-On. It waits only seconds for a response; without one, the catalog
lacks these streams and columns, and one warning says so; a login that is refused is an error. A
run without a catalog uses the normal timeouts and retries, since its tables must lack nothing.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from tap_acton.errors import ActOnError, CallError, CredentialsError, NotAvailableError
from tap_acton.records.dynamic_columns import FoundStream, KnownNames
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.audience_center.contacts import Contacts
from tap_acton.streams.audience_center.custom_fields import custom_columns
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.custom_objects.fields import columns_of_schemas
from tap_acton.streams.custom_objects.records import CustomObjectRecords
from tap_acton.streams.custom_objects.schemas import ObjectSchemas
from tap_acton.streams.lists.discovery import (
    find_list_streams,
    read_headers,
    read_listing,
    wanted_lists,
    warn_of_unmatched,
)

if TYPE_CHECKING:
    from tap_acton.sync.run import Run

LACKING = (
    "The catalog lacks what only the account can report: the columns of custom fields, and "
    "streams of lists."
)

logger = logging.getLogger("tap-acton")


def discover(run: Run, known: KnownNames, *, for_a_run: bool) -> dict[str, FoundStream]:
    """Find the streams and columns that the settings ask for.

    Args:
        run: Whose client and settings to use.
        known: The names assigned by earlier runs, which stay.
        for_a_run: Whether rows are read next; a catalog may lack what takes more than seconds.

    Returns:
        What was found, by the name of the stream.

    Raises:
        ActOnError: If Act-On refuses the login; or if rows are read next, and Act-On does not
            respond, or does not list the lists that are to have streams. What else fails, the
            streams meet again.
    """
    found: dict[str, FoundStream] = {}
    # What every account has comes first, since discovery for a catalog ends at the first failure.
    parts = (partial(_list_streams, for_a_run=for_a_run), _custom_fields, _object_fields)
    with nullcontext(run) if for_a_run else run.in_haste() as discovering:
        for part in parts:
            try:
                found |= part(discovering, known)
            except NotAvailableError as error:
                logger.info("Discovery: %s", error.sentence)
            except ActOnError as error:
                run.stop.check()
                is_refused = isinstance(error, CredentialsError)
                if is_refused or (for_a_run and not isinstance(error, CallError)):
                    raise
                logger.warning("%s %s", error.sentence, LACKING)
                if not for_a_run:
                    break
        summary = discovering.summary
    if summary.calls and not for_a_run:
        # Those of a run are in its summary.
        logger.info("Discovery took %s calls (logins: %s).", f"{summary.calls:,}", summary.logins)
    return found


def _custom_fields(run: Run, known: KnownNames) -> dict[str, FoundStream]:
    """Find the columns of the contacts' custom fields."""
    if not run.settings.custom_field_columns:
        return {}
    name = Contacts.name
    own = SCHEMAS.get_schema(name)["properties"]
    fields = run.shared(AudienceCenter).fields
    before = known.columns_of(name)
    columns = custom_columns(fields, before, own, ascii_only=known.ascii_only)
    return {name: FoundStream(name, columns)}


def _object_fields(run: Run, known: KnownNames) -> dict[str, FoundStream]:
    """Find the columns of the fields of custom objects."""
    if not run.settings.custom_field_columns:
        return {}
    name = CustomObjectRecords.name
    own = SCHEMAS.get_schema(name)["properties"]
    schemas = run.shared(ObjectSchemas).found.rows
    before = known.columns_of(name)
    columns = columns_of_schemas(schemas, before, own, ascii_only=known.ascii_only)
    return {name: FoundStream(name, columns)}


def _list_streams(run: Run, known: KnownNames, *, for_a_run: bool) -> dict[str, FoundStream]:
    """Find the lists that get a stream of their own, and their columns."""
    if not run.settings.list_streams:
        return {}
    listing = read_listing(run)
    warn_of_unmatched(listing, run.settings.list_streams)
    return find_list_streams(
        wanted_lists(listing, run.settings.wants_list_stream),
        partial(read_headers, run.client),
        known,
        taken=[kind.name for kind in STREAM_TYPES],
        for_a_run=for_a_run,
    )
