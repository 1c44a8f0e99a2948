"""What messages are made of: senders, logos, headers, footers and images."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from tap_acton.api.old_pagination import UnaskedPages
from tap_acton.records.values import fingerprint
from tap_acton.streams.base.items import ItemStream
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.base.shaped import FolderStream, UnverifiedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.answers import Query


class _UnverifiedListing(UnverifiedStream):
    """A listing of which only the path is documented.

    A row that comes without an id gets the fingerprint of all its fields.
    """

    primary_keys = ("id",)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, each with an id.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each row.
        """
        for row in rows:
            record = self.reader.record(row, query.given)
            if not record["id"]:
                record["id"] = fingerprint(msgspec.json.encode(row, order="sorted").decode())
            yield record


class _Details(ItemStream):
    """All that there is of each row of a listing, asked for one by one."""

    primary_keys = ("id",)

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Find the row of an answer; an empty object is none.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The row, or nothing.
        """
        return [row for row in super().rows(payload, query) if row]


class Senders(_UnverifiedListing):
    """The senders in whose names messages go out.

    Only the path of the endpoint is documented; its answer is not.
    """

    name = "senders"
    path = "/api/1/account/senders"
    scalar = "email"


class Logos(ActOnStream):
    """The logos of the account, each with its address, its texts and its link."""

    name = "logos"
    path = "/api/1/logo"
    rows_at = "result"
    primary_keys = ("id",)

    @cached_property
    def paging(self) -> UnaskedPages:
        """None is documented; the envelope tells a total all the same, which is heeded."""
        return UnaskedPages(self.run.settings.page_size)


class Headers(_UnverifiedListing):
    """The headers that messages can begin with.

    Only the path of the endpoint is documented; its answer is not.
    """

    name = "headers"
    path = "/api/1/header"
    scalar = "id"
    parent_columns = ("id",)


class HeaderDetails(_Details, UnverifiedStream):
    """The content of each header.

    Only the path of the endpoint is documented; its answer is not.
    """

    name = "header_details"
    path = "/api/1/header/{id}"
    item = "header"
    scalar = "html"
    listing = "headers"


class Footers(_UnverifiedListing):
    """The footers that messages can end with; 0 is the id of the default one.

    Only the path of the endpoint is documented; its answer is not.
    """

    name = "footers"
    path = "/api/1/footer"
    scalar = "id"
    parent_columns = ("id",)


class FooterDetails(_Details, UnverifiedStream):
    """The content of each footer.

    Only the path of the endpoint is documented; its answer is not.
    """

    name = "footer_details"
    path = "/api/1/footer/{id}"
    item = "footer"
    scalar = "html"
    listing = "footers"


class Images(FolderStream):
    """The images of the account, each with the name of its folder."""

    name = "images"
    path = "/api/1/image"
    primary_keys = ("id",)
    parent_columns = ("id", "modified_at", "name", "folder_name")


class ImageDetails(_Details):
    """Each image once more, asked for by itself, which is what tells its version."""

    name = "image_details"
    path = "/api/1/image/{id}"
    item = "image"
    listing = "images"
    changes_with = ("modified_at", "name", "folder_name")
