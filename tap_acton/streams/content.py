"""What messages are made of: senders, logos, headers, footers and images."""

from __future__ import annotations

from tap_acton.api.pagination import OptionalPaging
from tap_acton.records.extractors import Folders, RowsAt, Undocumented
from tap_acton.state.stream_state import ItemsState
from tap_acton.streams.base.stream import ActOnStream


class UndocumentedListing(ActOnStream):
    """A listing of which only the path is documented."""

    primary_keys = ("id",)
    pages = OptionalPaging


class Senders(UndocumentedListing):
    """The senders in whose names messages go out; only the path is documented."""

    name = "senders"
    path = "/api/1/account/senders"
    extract = Undocumented("email")


class Logos(ActOnStream):
    """The logos of the account, each with its address, its texts and its link.

    No paging is documented; the envelope reports a total all the same, which is heeded.
    """

    name = "logos"
    path = "/api/1/logo"
    primary_keys = ("id",)
    extract, pages = RowsAt("result"), OptionalPaging


class Headers(UndocumentedListing):
    """The headers that messages can begin with; only the path is documented."""

    name = "headers"
    path = "/api/1/header"
    extract = Undocumented("id")
    item_columns = ("id",)


class HeaderDetails(ActOnStream):
    """The content of each header; only the path is documented."""

    name = "header_details"
    path = "/api/1/header/{id}"
    primary_keys = ("id",)
    listing, item = "headers", "header"
    extract, pages = Undocumented("html"), OptionalPaging


class Footers(UndocumentedListing):
    """The footers that messages can end with; 0 is the id of the default one.

    Only the path is documented.
    """

    name = "footers"
    path = "/api/1/footer"
    extract = Undocumented("id")
    item_columns = ("id",)


class FooterDetails(ActOnStream):
    """The content of each footer; only the path is documented."""

    name = "footer_details"
    path = "/api/1/footer/{id}"
    primary_keys = ("id",)
    listing, item = "footers", "footer"
    extract, pages = Undocumented("html"), OptionalPaging


class Images(ActOnStream):
    """The images of the account, each with the name of its folder."""

    name = "images"
    path = "/api/1/image"
    primary_keys = ("id",)
    extract = Folders()
    item_columns = ("id", "modified_at", "name", "folder_name")


class ImageDetails(ActOnStream):
    """Each image once more, requested by itself, which is what returns its version."""

    name = "image_details"
    path = "/api/1/image/{id}"
    primary_keys = ("id",)
    listing, item = "images", "image"
    unchanged_while, state_type = ("modified_at", "name", "folder_name"), ItemsState
