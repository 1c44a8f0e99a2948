"""Search engine optimisation: keywords, and audits of pages for a keyword."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_acton.errors import GoneError, RejectedCallError
from tap_acton.records.extractors import find_rows
from tap_acton.records.values import fingerprint
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.base.shaped import UnverifiedStream
from tap_acton.sync.answers import Answer, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.fan_out import Outcome


class SeoKeywords(UnverifiedStream):
    """The keywords of the account, or of the pages in the setting ``seo_urls``.

    Of the answer only the path is documented.
    """

    name = "seo_keywords"
    path = "/api/1/seokeywords"
    primary_keys = ("id",)
    scalar = "keyword"

    def queries(self) -> Iterator[Query]:
        """Ask for all keywords at once, or for those of each page.

        Yields:
            A query without a page, or one per page of the setting.
        """
        urls = dict.fromkeys(self.run.settings.seo_urls)
        if not urls:
            yield Query(self.path)
        for url in urls:
            yield Query(
                self.path,
                subject=f"page {url}",
                parameters={"url": url},
                given={"url": url},
                parent={"id": url},
            )

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Make the records, and an id where Act-On's does not tell a row from all others.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            A record for each keyword.
        """
        asked = query.given.get("url")
        for record in super().records(rows, query):
            if asked is not None or not record["id"]:
                # A keyword may stand with several pages, with the same id of Act-On's.
                own_id = record["id"] or None
                record["id"] = fingerprint(asked, record["url"], own_id, record["keyword"])
            yield record


class SeoReports(ActOnStream):
    """The audit of a page for a keyword, for the pairs in the setting ``seo_reports``.

    Not selected by default, since asking has an effect: Act-On begins an audit. So a call
    is never repeated, and a pair whose call fails is reported and left to the next run. Of
    the answer only the path is documented; it is kept as it comes.
    """

    name = "seo_reports"
    path = "/api/1/seoreport"
    primary_keys = ("url", "keyword")
    selected_by_default = False
    asks_about = "pairs of page and keyword"

    def queries(self) -> Iterator[Query]:
        """Ask for each pair once, however often it is set.

        Yields:
            A query per pair.
        """
        for url, keyword in dict.fromkeys(self.run.settings.seo_reports):
            pair = {"url": url, "keyword": keyword}
            yield Query(
                self.path,
                subject=f"page {url}, keyword {keyword}",
                parameters=pair,
                given=pair,
                parent={"id": url, **pair},
            )

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:  # noqa: ARG002
        """Ask for a report once.

        Args:
            query: What is asked.
            page: Not used; a report has no pages.

        Returns:
            The answer, which leads to no tasks.
        """
        try:
            rows = self.run.client.read_once(
                self.call(query), lambda payload: self.rows(payload, query)
            )
        except (GoneError, RejectedCallError) as error:
            self.log("%s", error.sentence, level=logging.WARNING)
            return Answer(query, gone=RejectedCallError(error.sentence)), ()
        return Answer(query, rows), ()

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take an answer for one row, whatever its shape.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The only object in the answer, else the answer as a whole; none where it is empty.
        """
        found = find_rows(payload, "result")
        if found is not None and not found.rows:
            return ()
        if found is not None and len(found.rows) == 1:
            return found.rows
        return super().rows(payload if isinstance(payload, dict) else {"result": payload}, query)

    def records(self, rows: Sequence[Row], query: Query) -> Iterator[Record]:
        """Keep the pair as it is set, however Act-On spells it.

        Args:
            rows: The rows.
            query: What was asked.

        Yields:
            The record of the report.
        """
        for record in super().records(rows, query):
            pair = query.given
            spelled = {name: record[name] for name in pair if record[name] != pair[name]}
            extra_fields = {**spelled, **(record["extra_fields"] or {})}
            yield {**record, **pair, "extra_fields": extra_fields or None}
