"""What a check reads of each stream: a page or two of one query, by the stream's own means.

A stream says itself what to request, how it pages, where the rows are, and what becomes of them.
A sample only leaves out what makes a run long: further items, further pages, and the listing of
everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from tap_acton.api.client import PROBES
from tap_acton.api.pagination import Page
from tap_acton.errors import (
    ActOnError,
    CallError,
    GivenUpError,
    GoneError,
    NotAvailableError,
    StreamFailedError,
)
from tap_acton.streams.audience_center.contacts import Contacts
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.stream import too_deep
from tap_acton.streams.lists.rows import ListMembers, ListPage
from tap_acton.streams.messages.events import ForbiddenKindError
from tap_acton.streams.seo import SeoReports
from tap_acton.sync.evidence import Evidence
from tap_acton.sync.query import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tap_acton.api.exchange import Exchange
    from tap_acton.records.reader import Record
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Item, Query, Response

Thing = TypeVar("Thing")

LIST_ROWS, CONTACTS = ListMembers.name, Contacts.name

SAMPLED_FROM: Mapping[str, Sequence[str]] = {
    "message_daily_stats": ("messages",),
    **dict.fromkeys(("contact_facts", "contact_activities", "contact_score_details"), (LIST_ROWS,)),
    **dict.fromkeys(("contact_history", "contact_scores", "contact_segments"), (CONTACTS,)),
    # Their fields and objects are those of the schemas.
    "custom_object_datasets": ("custom_object_schemas",),
    "custom_object_records": ("custom_object_datasets", "custom_object_schemas"),
}
"""By stream those out of whose samples it takes what it requests; of all others, the listing."""

CONTACT_COLUMNS: Mapping[str, Sequence[str]] = {
    LIST_ROWS: ("list_id", "contact_id"),
    CONTACTS: ("id", "updated_at"),
}
"""By stream of contacts the columns that it takes to request what is reported on each."""

MOST_KINDS = 6
"""So many kinds of items of a listing are read, such as types of messages."""

FEW_ITEMS = 3
"""So many items are tried until one has rows."""

FEW_ALTERNATIVES = 3
"""So many other forms of a request that is refused are tried."""


@dataclass(frozen=True, slots=True)
class SampledPage:
    """A page, and the records that the stream makes of it."""

    response: Response
    records: Sequence[Record]


@dataclass(slots=True)
class Sample:
    """What was read of a stream.

    Attributes:
        stream: The stream.
        pages: The pages that came; those of one query follow each other.
        problem: What ended it, or how the last item was refused; None where a page came.
        refusal: The answer that says so, where one came.
        above: The stream that lists the items, where that is what could not be read.
        gone: How many of the items that were tried are deleted.
        alternatives: The queries that Act-On refused in one form and answered in another, as pairs.
        left_out: Why nothing is requested of the stream, if so.
        idle: What there is nothing of to request; empty where something was requested.
        has_requested: Whether anything was.
        exchanges: The calls that were made for the stream, with their answers.
    """

    stream: ActOnStream
    pages: list[SampledPage] = field(default_factory=list)
    problem: ActOnError | None = None
    refusal: Exchange | None = None
    above: str = ""
    gone: int = 0
    alternatives: list[tuple[Query, Query]] = field(default_factory=list)
    left_out: str = ""
    idle: str = ""
    has_requested: bool = False
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """The records of all pages."""
        return [record for page in self.pages for record in page.records]


class Sampler:
    """Reads a sample of each stream, and keeps the items for the streams below it.

    Args:
        tap: Whose streams and settings to use.
        exchanges: What the recorder of the run has got so far, and will get.
    """

    def __init__(self, tap: ActOnTap, exchanges: Sequence[Exchange]) -> None:
        self._tap = tap
        self._exchanges = exchanges
        self.samples: dict[str, Sample] = {}

    def read(self, name: str) -> Sample:
        """Read the sample of a stream; what its items are listed by has been read before."""
        stream = self._tap.stream(name)
        sample = Sample(stream)
        try:
            self._read(sample)
        except (CallError, StreamFailedError) as error:
            sample.problem = error
            if not (sample.refusal or sample.has_requested):
                self._blame_listing(sample)
            if not (sample.refusal or sample.above):
                sample.refusal = next(reversed(exchanges_of(stream, self._exchanges)), None)
        except RecursionError:
            sample.problem = too_deep(name)
        sample.exchanges = exchanges_of(stream, self._exchanges)
        self.samples[name] = sample
        if stream.item_columns:
            self._keep_items(sample)
        return sample

    def _read(self, sample: Sample) -> None:
        stream = sample.stream
        lacking = [one for one in stream.inputs if not getattr(stream.run.settings, one)]
        if lacking:
            sample.left_out = f"it needs the setting {' and '.join(lacking)}"
            return
        if isinstance(stream, SeoReports):
            sample.left_out = "a request would begin an audit"
            return
        has_query = False
        most = MOST_KINDS if stream.item_columns else FEW_ITEMS
        for query in islice(self._queries(stream), most):
            has_query = True
            if self._read_query(sample, query) and not stream.item_columns:
                break
        if not has_query:
            sample.idle = f"the account has no {stream.items_are or 'items'} to request"

    def _blame_listing(self, sample: Sample) -> None:
        """Take note of the stream that lists the items, where it could not be read."""
        for name in listed_by(type(sample.stream)):
            one = self.samples.get(name)
            if one is not None and one.problem is not None and not one.records:
                sample.above, sample.refusal = one.above or name, one.refusal
                return

    def _queries(self, stream: ActOnStream) -> Iterator[Query]:
        """Give the queries of a stream, those first that are likely to have rows."""
        source = next(iter(listed_by(type(stream))), "")
        if columns := CONTACT_COLUMNS.get(source):
            has_ids = filter(_has_ids, self._pages(source))
            yield from map(stream.query_of, _contacts_of(has_ids, *columns))
        elif stream.listing:
            yield from _most_likely_first([*stream.queries()], stream.run.settings.page_size)
        else:
            yield from stream.queries()

    def _pages(self, name: str) -> Sequence[SampledPage]:
        """Return the pages of a sample that was read before.

        Raises:
            ActOnError: If there are none, for the reason that the sample has.
        """
        sample = self.samples[name]
        if sample.problem is not None and not sample.records:
            raise sample.problem
        return sample.pages

    def _read_query(self, sample: Sample, query: Query) -> bool:
        """Read a page or two of a query; return whether there was a row."""
        stream, begin = sample.stream, len(self._exchanges)
        sample.has_requested = True
        response = self._fetch(sample, query)
        if (problem := response.problem) is not None:
            if isinstance(problem, ForbiddenKindError):
                problem = problem.refusal
            is_gone = isinstance(problem, GoneError)
            sample.gone += is_gone
            if not is_gone or sample.problem is None:
                sample.problem = problem
                # What several streams need was requested for the first of them.
                answered = exchanges_of(stream, self._exchanges[begin:])
                if not answered and not isinstance(problem, GivenUpError):
                    answered = exchanges_of(stream, self._exchanges)
                sample.refusal = next(reversed(answered), None)
            if isinstance(problem, NotAvailableError) and not stream.item:
                raise problem
            return False
        if not response.rows and (further := [*stream.follow_ups(response)]):
            # All of them: what a report leads to are endpoints of their own.
            have_rows = [self._read_query(sample, one) for one in further]
            return any(have_rows)
        self._take(sample, response)
        if response.rows:
            sample.problem = None
        following = following_page(stream, response)
        if following is not None:
            begin = len(self._exchanges)
            second = stream.fetch(response.query, following)
            if second.problem is None:
                self._take(sample, second)
            else:
                sample.problem = second.problem
                answered = exchanges_of(stream, self._exchanges[begin:])
                sample.refusal = next(reversed(answered), None)
        return bool(response.rows)

    def _fetch(self, sample: Sample, query: Query) -> Response:
        """Request the first page of a query, in another form where the stream has one."""
        stream = sample.stream
        response = stream.fetch(query, query.first)
        for _ in range(FEW_ALTERNATIVES):
            has_answer = response.problem is None
            outcome = Outcome(
                response.query,
                rows=len(response.rows),
                evidence=Evidence.ONE_ANSWER if has_answer else None,
                problem=response.problem,
                total=response.total,
            )
            # What a report leads to is no row of its own.
            is_report = has_answer and not response.rows and any(stream.follow_ups(response))
            other = None if is_report else stream.instead(outcome)
            if other is None:
                break
            response = stream.fetch(other, other.first)
            if response.problem is None:
                sample.alternatives.append((query, other))
                stream.finished(Outcome(other, len(response.rows), Evidence.ONE_ANSWER))
        return response

    def _take(self, sample: Sample, response: Response) -> None:
        """Make records of the rows of a page.

        Raises:
            CallError: If the stream takes them for no rows of its own.
        """
        batches = sample.stream.batches(response.rows, response.query)
        records = [record for batch in batches for record in batch] if response.rows else []
        sample.pages.append(SampledPage(response, records))

    def _keep_items(self, sample: Sample) -> None:
        """Keep what was sampled as the whole listing, so that nothing requests the rest."""
        stream = sample.stream
        listings = stream.run.shared(Listings)
        if sample.problem is not None and not sample.records:
            listings.keep(stream.name, sample.problem)
            return
        items: dict[tuple[Any, ...], Item] = {}
        for record in stream.chosen(sample.records):
            key = tuple(record[column] for column in stream.primary_keys)
            items.setdefault(key, stream.reading.item_of(record))
        listings.keep(stream.name, [*items.values()])


def exchanges_of(stream: ActOnStream, exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Return the calls for a stream, without those that only showed whether others go well."""
    probes = {path for path, _ in PROBES} - {type(stream).path}
    return [one for one in exchanges if one.stream == stream.name and one.path not in probes]


def listed_by(kind: type[ActOnStream]) -> Sequence[str]:
    """Return the streams out of whose samples a kind of streams takes what it requests."""
    return SAMPLED_FROM.get(kind.name, (kind.listing,) if kind.listing else ())


def following_page(stream: ActOnStream, response: Response) -> Page | None:
    """Return the page that shows how a stream's endpoint pages; None where the first holds all."""
    paging, page, rows = stream.paging, response.page, len(response.rows)
    if paging is None or response.is_last or not 0 < rows <= page.count:
        return None
    if response.token:
        return paging.behind(page, rows, response.token)
    total = rows if response.total is None else response.total
    is_full = rows == page.count and not paging.is_optional
    if not (is_full or total > rows):
        return None
    if paging.is_optional:
        return next(iter(paging.plan(page, rows, response.total)), None)
    # A page of one row would be the same page again.
    if paging.overlaps and rows > 1:
        return Page(page.offset + rows - 1, size=page.size)
    return paging.behind(page, rows)


def _contacts_of(pages: Iterable[SampledPage], *columns: str) -> Iterator[dict[str, str]]:
    """Give contacts out of the records of pages, with what it takes to request their reports."""
    records = [record for page in pages for record in page.records]
    for record in _from_the_middle(records):
        if record[columns[0]]:
            yield {column: record[column] or "" for column in columns}


def _has_ids(page: SampledPage) -> bool:
    """Return whether rows have the ids of their contacts; those of a list may have made ones."""
    rows = page.response.rows
    return not isinstance(rows, ListPage) or rows.table.has_contact_id


def _most_likely_first(queries: Collection[Query], page_size: int) -> list[Query]:
    """Order queries: the smallest list with a second page, and of all else the middle first."""
    sizes = {id(query): (query.item or {}).get("size") or 0 for query in queries}

    def likelihood(query: Query) -> tuple[bool, int]:
        size = sizes[id(query)]
        return (size <= page_size, size if size > page_size else -size)

    return sorted(_from_the_middle(queries), key=likelihood)


def _from_the_middle(things: Iterable[Thing]) -> list[Thing]:
    """Order things by their distance to the middle: the first may be a test, the last too new."""
    held = [*things]
    middle = len(held) // 2
    return [held[place] for place in sorted(range(len(held)), key=lambda at: abs(at - middle))]
