"""Landing pages, what Act-On tells of each alone, their addresses and their visits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.decoding import decode_page
from tap_acton.streams.base.items import ItemStream, ItemUrls
from tap_acton.streams.base.shaped import FolderStream, UnverifiedStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.sync.answers import Query


class LandingPages(FolderStream):
    """The account's landing pages, each with its folder."""

    name = "landing_pages"
    path = "/api/1/page"
    primary_keys = ("id",)
    parent_columns = ("id", "modified_at", "name", "folder_name")


class _LandingPageStream(ItemStream):
    """A stream that asks about each landing page."""

    listing = "landing_pages"
    id_column = "landing_page_id"
    item = "landing page"


class LandingPageDetails(_LandingPageStream, UnverifiedStream):
    """Each landing page once more, as Act-On tells of it alone.

    Whether that is the page itself, as HTML, or what the listing tells too, is not
    documented; a page fills the column ``html``.
    """

    name = "landing_page_details"
    path = "/api/1/page/{id}"
    primary_keys = ("id",)
    id_column = "id"
    changes_with = ("modified_at", "name", "folder_name")

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:  # noqa: ARG002
        """Give what decodes an answer: here HTML is none that is broken.

        Args:
            query: What was asked.

        Returns:
            The decoder.
        """
        return decode_page


class LandingPageUrls(_LandingPageStream, ItemUrls):
    """The addresses of each landing page."""

    name = "landing_page_urls"
    path = "/api/1/page/{id}/urls"


class LandingPageReports(_LandingPageStream):
    """The lifetime visits of each landing page, and where they came from."""

    name = "landing_page_reports"
    path = "/api/1/page/{id}/report"
    primary_keys = ("landing_page_id",)
