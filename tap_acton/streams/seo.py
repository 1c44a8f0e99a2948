"""Search engine optimization: keywords, and audits of pages for a keyword."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_acton.api.pagination import OptionalPaging
from tap_acton.errors import CallError, GoneError, NoContentError, RejectedCallError
from tap_acton.records.extractors import Extracted, Undocumented, UnknownShapeError
from tap_acton.records.ids import fingerprint
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row


class SeoKeywords(ActOnStream):
    """The keywords of the account, or of the pages in the setting ``seo_urls``.

    Of the response only the path is documented.
    """

    name = "seo_keywords"
    path = "/api/1/seokeywords"
    primary_keys = ("id",)
    extract, pages = Undocumented("keyword"), OptionalPaging
    chosen_by = ("seo_urls",)

    def queries(self) -> Iterator[Query]:
        """Request all keywords at once, or those of each page of the setting."""
        urls = list(dict.fromkeys(self.run.settings.seo_urls))
        if not urls:
            yield Query(self.path)
        for url in urls:
            yield Query(
                self.path,
                parameters={"url": url},
                given={"url": url},
                subject=f"page {url}",
                item={"id": url},
            )

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make the records, and an id where Act-On's does not tell a row from all others."""
        requested = query.given.get("url")
        for record in super().records(rows, query):
            if requested is not None or not record["id"]:
                # A keyword may stand with several pages, with the same id of Act-On's.
                own_id = record["id"] or None
                record["id"] = fingerprint(requested, record["url"], own_id, record["keyword"])
            yield record


class SeoReports(ActOnStream):
    """The audit of a page for a keyword, for the pairs in the setting ``seo_reports``.

    Optional, since a request has an effect: Act-On begins an audit. So a call is
    never repeated, and a pair whose call fails is left to the next run. Of the response only the
    path is documented; it is kept as it comes.
    """

    name = "seo_reports"
    path = "/api/1/seoreport"
    primary_keys = ("url", "keyword")
    is_optional, inputs = True, ("seo_reports",)
    about = "pairs of page and keyword"

    def queries(self) -> Iterator[Query]:
        """Request each pair once, however often it is set."""
        for url, keyword in dict.fromkeys(self.run.settings.seo_reports):
            pair = {"url": url, "keyword": keyword}
            yield Query(
                self.path,
                parameters=pair,
                given=pair,
                subject=f"page {url}, keyword {keyword}",
                item={"id": url, **pair},
            )

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a report once."""
        try:
            found = self.run.client.read_once(
                self.call(query, page), lambda payload: self.extracted(payload, query)
            )
        except NoContentError:
            return Response(query, page)
        except (GoneError, RejectedCallError) as error:
            self.log("%s", error.sentence, level=logging.WARNING)
            return Response(query, page, problem=RejectedCallError(error.sentence))
        except CallError as error:
            return Response(query, page, problem=error)
        return Response(query, page, found.rows)

    def extracted(self, payload: Any, query: Query) -> Extracted:  # noqa: ARG002 - all alike
        """Take a response for one row, whatever its shape; an empty one is none."""
        try:
            rows = Undocumented("result")(payload).rows
        except UnknownShapeError:
            return Extracted([{"result": payload}])
        if len(rows) <= 1:
            return Extracted(rows)
        return Extracted([payload if isinstance(payload, dict) else {"result": payload}])

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Keep the pair as it is set, however Act-On spells it."""
        for record in super().records(rows, query):
            pair = query.given
            spelled = {name: record[name] for name in pair if record[name] != pair[name]}
            extra_fields = {**spelled, **(record["extra_fields"] or {})}
            yield {**record, **pair, "extra_fields": extra_fields or None}
