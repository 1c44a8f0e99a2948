"""Forms, the addresses at which they stand, and what came of them by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.api.pagination import OptionalPaging
from tap_acton.records.extractors import Folders, RowsAt, Undocumented
from tap_acton.records.list_table import distinct_names
from tap_acton.streams.base.stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.query import Query

NO_LABEL = "(none)"


class Forms(ActOnStream):
    """The account's forms, each once, with the folder that it is really in."""

    name = "forms"
    path = "/api/1/form"
    primary_keys = ("id",)
    extract = Folders()
    item_columns = ("id",)


class FormUrls(ActOnStream):
    """The addresses of each form.

    Act-On has them of classic forms only and may refuse the others, by a code. That stays so,
    unlike other refusals, so such forms are skipped like deleted ones, even if they are all.
    """

    name = "form_urls"
    path = "/api/1/form/{id}/urls"
    primary_keys = ("id",)
    listing, item, id_column = "forms", "form", "form_id"
    extract = Undocumented("url")
    pages = OptionalPaging
    identity = ("form_id", "url")
    refused_is_gone, all_may_be_gone = True, True
    skipped_because = "no URLs in Act-On"


class FormReports(ActOnStream):
    """The lifetime totals of each form by the source that brought its visitors."""

    name = "form_reports"
    path = "/api/1/form/{id}/report"
    primary_keys = ("form_id", "source")
    listing, item, id_column = "forms", "form", "form_id"
    extract = RowsAt("result")

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make sources of the same label distinct, since they are part of the key.

        Of equal labels the first stays, the next become ``Label (2)`` and so on. An empty one is
        ``(none)``: some loaders treat an empty text as null, which a key cannot be.
        """
        records = list(super().records(rows, query))
        sources = distinct_names([record["source"] or NO_LABEL for record in records])
        for record, source in zip(records, sources, strict=True):
            record["source"] = source
            yield record
