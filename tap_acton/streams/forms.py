"""Forms, the addresses at which they stand, and what came of them by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import GoneError
from tap_acton.records.list_table import distinct_names
from tap_acton.streams.base.items import ItemStream, ItemUrls
from tap_acton.streams.base.shaped import FolderStream
from tap_acton.sync.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.answers import Query
    from tap_acton.sync.fan_out import Outcome


class Forms(FolderStream):
    """The account's forms, each once, with the folder that it really stands in."""

    name = "forms"
    path = "/api/1/form"
    primary_keys = ("id",)
    parent_columns = ("id",)


class _FormStream(ItemStream):
    """A stream that asks about each form."""

    listing = "forms"
    id_column = "form_id"
    item = "form"


class FormUrls(_FormStream, ItemUrls):
    """The addresses of each form.

    Act-On has them of classic forms only, and may refuse to tell of others. That stays so,
    unlike other refusals; such forms are skipped like those that are gone.
    """

    name = "form_urls"
    path = "/api/1/form/{id}/urls"

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for the addresses of a form.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        answer, further = super().ask(query, page)
        if answer.gone and answer.is_refused:
            answer = Answer(query, gone=GoneError(answer.gone.sentence))
        return answer, further


class FormReports(_FormStream):
    """The lifetime totals of each form by the source that brought its visitors."""

    name = "form_reports"
    path = "/api/1/form/{id}/report"
    rows_at = "result"
    primary_keys = ("form_id", "source")

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Tell sources of the same label apart, which are part of the key.

        Args:
            rows: The rows of a report.
            query: What was asked.

        Yields:
            A record for each row: of equal labels the first stays, the next become
            ``Label (2)`` and so on.
        """
        records = list(super().records(rows, query))
        sources = distinct_names([record["source"] for record in records])
        for record, source in zip(records, sources, strict=True):
            record["source"] = source
            yield record
