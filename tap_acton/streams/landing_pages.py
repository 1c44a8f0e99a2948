"""Landing pages, what Act-On returns for each alone, their addresses and their visits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.decoding import decode_page
from tap_acton.api.pagination import OptionalPaging
from tap_acton.records.extractors import Folders, Undocumented
from tap_acton.state.stream_state import ItemsState
from tap_acton.streams.base.stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.sync.query import Query


class LandingPages(ActOnStream):
    """The account's landing pages, each with its folder."""

    name = "landing_pages"
    path = "/api/1/page"
    primary_keys = ("id",)
    extract = Folders()
    item_columns = ("id", "modified_at", "name", "folder_name")


class LandingPageDetails(ActOnStream):
    """Each landing page once more, as Act-On returns it alone.

    Whether that is the page itself, as HTML, or what the listing holds too, is not documented;
    a page fills the column ``html``.
    """

    name = "landing_page_details"
    path = "/api/1/page/{id}"
    primary_keys = ("id",)
    listing, item = "landing_pages", "landing page"
    extract, pages = Undocumented(), OptionalPaging
    unchanged_while, state_type = ("modified_at", "name", "folder_name"), ItemsState

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:  # noqa: ARG002 - all alike
        """Give what decodes a body: here HTML is not a broken response."""
        return decode_page


class LandingPageUrls(ActOnStream):
    """The addresses of each landing page."""

    name = "landing_page_urls"
    path = "/api/1/page/{id}/urls"
    primary_keys = ("id",)
    listing, item, id_column = "landing_pages", "landing page", "landing_page_id"
    extract, pages = Undocumented("url"), OptionalPaging
    identity = ("landing_page_id", "url")


class LandingPageReports(ActOnStream):
    """The lifetime visits of each landing page, and where they came from."""

    name = "landing_page_reports"
    path = "/api/1/page/{id}/report"
    primary_keys = ("landing_page_id",)
    listing, item, id_column = "landing_pages", "landing page", "landing_page_id"
