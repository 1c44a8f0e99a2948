"""The lists of an account, and its other assets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_acton.api.old_pagination import Page
from tap_acton.errors import RejectedCallError
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.sync.answers import Answer, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome

CONTACT_LIST = "contact_list"


class Lists(ActOnStream):
    """The account's lists; with the setting ``listing_types`` its other assets too."""

    name = "lists"
    path = "/api/1/list"
    rows_at = "result"
    has_pages = True
    primary_keys = ("listing_type", "id")
    parent_columns = ("listing_type", "id", "folder_name", "size", "modified_at")

    def queries(self) -> Iterator[Query]:
        """Ask for each type of listing.

        Yields:
            A query per type.
        """
        for listing_type in self.run.settings.listing_types:
            yield Query(
                self.path,
                subject=f"listing type {listing_type}",
                parameters={"listingtype": listing_type},
                given={"listing_type": listing_type},
            )

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; a type that is not known so is asked for in upper case, once.

        The case of the types is not documented: the Act-On reference, 2024 edition, has
        them in lower case, public clients send upper case.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        listing_type = str(query.parameters["listingtype"])
        can_change = page == Page() and not listing_type.isupper()
        try:
            answer, further = super().ask(query, page)
        except RejectedCallError:
            if not can_change:
                raise
            answer, further = Answer(query), ()
        if answer.rows or not can_change:
            return answer, further
        parameters = {**query.parameters, "listingtype": listing_type.upper()}
        return answer, [self.task(replace(query, parameters=parameters))]

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Leave out the lists that the settings do not ask for.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each list that is wanted.
        """
        for record in super().records(rows, query):
            if self.run.settings.wants_list(record["id"] or "", record["name"] or ""):
                yield record
