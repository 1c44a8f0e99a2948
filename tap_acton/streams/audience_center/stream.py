"""What the streams of the Audience Center have in common."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tap_acton.api.pagination import DEFAULT_PAGE_SIZE, NumberedPaging, Page
from tap_acton.errors import NotFoundError, NotRoutedError, RejectedCallError, RepeatableError
from tap_acton.records.extractors import Undocumented
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_acton.api.client import Call
    from tap_acton.api.pagination import Paging
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.extractors import Extracted
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.forecast import Forecast
    from tap_acton.sync.query import Item, Outcome, Place, Response

OLDER_DOWNLOAD_PATH = "/ucl/v2/segment/contacts/{account_id}/list/{id}"
"""The download of a segment (Act-On developer site, 2019 edition)."""


@dataclass(frozen=True, slots=True)
class OlderQuery(Query):
    """A query by a path of the older generation (Act-On developer site, 2019 edition)."""


class OwnItems(Protocol):
    """Items that a stream finds by itself, where no listing has them."""

    def items(self) -> Iterable[Item]:
        """Give the items to read, in the order of their places."""

    def place_of(self, item: Item) -> Place:
        """Say where an item stands in the order of reading."""

    def finished(self, outcome: Outcome) -> None:
        """Take note of what came of reading one."""

    def remember(self) -> None:
        """Remember that all of them were read."""

    def forecast(self) -> Forecast:
        """Foresee the calls that they take."""

    @property
    def refused(self) -> int:
        """How many parts of what lists them could not be read, so that some may be missing."""

    @property
    def not_listed(self) -> Sequence[str]:
        """Which parts these are, as a checkpoint keeps them."""

    def outlook(self) -> Forecast | None:
        """Foresee the calls by what the run has read, without one; None where that tells none."""


class AudienceStream(ActOnStream):
    """A stream below ``/ucl/v2``, where neither responses nor the largest page are documented.

    Where the host does not know a path, the older one for the same is requested, if there is
    one. A page size that is refused is halved.

    Attributes:
        is_older: Whether the host does not know the path, so that the older one is requested.
    """

    extract = Undocumented()
    pages: ClassVar[type[Paging] | None] = NumberedPaging
    missing_is_gone = True
    is_older = False
    _is_newer = False  # whether the host has shown to know the path

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._accepted_size = DEFAULT_PAGE_SIZE
        self._search = threading.Lock()

    @property
    def center(self) -> AudienceCenter:
        """The Audience Center of the account."""
        return self.run.shared(AudienceCenter)

    def filled(self, path: str, **ids: str) -> str:
        """Fill the account and ids into a path.

        Raises:
            NotAvailableError: If the account has no Audience Center.
        """
        return self.center.path(path, **ids)

    @property
    def own_items(self) -> OwnItems | None:
        """What is read item by item without a listing; None for nothing."""
        return None

    @property
    def covers(self) -> dict[str, list[str]]:
        """The settings that decide which items are read."""
        if self.own_items is None:
            return super().covers
        return {"shard": [self.run.settings.shard_text], **self.choice(self.chosen_by)}

    @property
    def why_skipped(self) -> str:
        """Why items were skipped in this run, for the log."""
        is_by_id = self.own_items is not None and self.run.settings.contact_ids
        return super().why_skipped + ", or a wrong ID in contact_ids" * bool(is_by_id)

    @property
    def refused_above(self) -> int:
        """How many parts of its listings could not be read, so that items are missing here."""
        own = self.own_items
        return super().refused_above + (0 if own is None else own.refused)

    @property
    def not_listed(self) -> list[str]:
        """Which parts of its listings could not be read, as a checkpoint keeps them."""
        own = self.own_items
        return [*super().not_listed, *(() if own is None else own.not_listed)]

    def queries(self) -> Iterable[Query]:
        """Say what to read: by its own items, by those of a listing, or all at once."""
        own = self.own_items
        return super().queries() if own is None else map(self.query_of, own.items())

    def place_of(self, item: Item) -> Place:
        """Say where an item stands in the order of reading."""
        own = self.own_items
        return super().place_of(item) if own is None else own.place_of(item)

    def finished(self, outcome: Outcome) -> None:
        """Remember what the outcome of a query proves."""
        super().finished(outcome)
        if self.own_items is not None:
            self.own_items.finished(outcome)

    def done(self) -> None:
        """Remember that all queries have had their outcome."""
        super().done()
        if self.own_items is not None:
            self.own_items.remember()

    def forecast(self) -> Forecast:
        """Foresee the calls of the stream."""
        own = self.own_items
        return super().forecast() if own is None or self.load.is_done else own.forecast()

    def outlook(self) -> Forecast | None:
        """Foresee the calls by what this run has read, without a call; None if it tells none."""
        own = self.own_items
        return super().outlook() if own is None or self.load.is_done else own.outlook()

    def older(self, query: Query) -> OlderQuery | None:  # noqa: ARG002 - for others
        """Return the query of the older generation for the same; None where it has none."""
        return None

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page, by the older path once the host has shown not to know the newer one."""
        older = self.older(query)
        if older is None or not self.is_older:
            response = self._fetch(query, page)
            self._is_newer |= response.problem is None
            is_unknown = isinstance(response.problem, NotRoutedError) and not self._is_newer
            if older is None or not is_unknown:
                return response
            self.is_older = True
        return replace(self._fetch(older, page), query=query)

    def _fetch(self, query: Query, page: Page) -> Response:
        """Request a page; where Act-On refuses the size of the first one, with half of it."""
        response, paging = super().fetch(query, page), self.paging
        if paging is not None and self._is_too_large(response):
            with self._search:
                while self._is_too_large(response):
                    half = max(DEFAULT_PAGE_SIZE, response.page.size // 2)
                    # Another thread may have found the size meanwhile.
                    response = super().fetch(query, Page(size=min(half, paging.size)))
                    if response.problem is None:
                        paging.size = response.page.size
        if response.problem is None:
            self._accepted_size = max(self._accepted_size, response.page.size)
        return response

    def _is_too_large(self, response: Response) -> bool:
        """Tell whether the size may be why a page is refused."""
        problem, page = response.problem, response.page
        is_missing = isinstance(problem, NotFoundError)
        is_refused = isinstance(problem, RejectedCallError) and not is_missing
        return is_refused and not page.offset and page.size > self._accepted_size

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page, whose number the older generation calls otherwise."""
        call = super().call(query, page)
        if not isinstance(query, OlderQuery):
            return call
        names = {"page": "pageNumber"}
        parameters = {names.get(name, name): value for name, value in call.parameters.items()}
        return replace(call, parameters=parameters)

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the rows, and their ids.

        In a download of the older generation the ids of the contacts stand beside the rows, as
        the keys of an object. That they are in the order of the rows is not documented, so they
        are taken only if there are as many of both.
        """
        found = super().extracted(payload, query)
        match payload:
            case {"rowIds": dict(ids)}:
                if len(ids) != len(found.rows):
                    raise RepeatableError(
                        f"{self.subject(query)}: Act-On's response has another number of ids than "
                        "of contacts."
                    )
                rows = [{"id": one, **row} for one, row in zip(ids, found.rows, strict=True)]
                return found._replace(rows=rows)
        return found

    def records(self, rows: Iterable[Row], query: Query) -> Iterator[Record]:
        """Make records; an empty text stands for null."""
        return super().records([without_empty(row) for row in rows], query)

    def not_available(self, outcome: Outcome) -> None:
        """Switch the stream off, by the error that all streams of the family share."""
        if outcome.problem is not None:
            raise self.center.absent(outcome.problem)


def without_empty(row: Row) -> Row:
    """Leave out the fields of a row that hold an empty text."""
    return {name: value for name, value in row.items() if value != ""}
