"""Pages by tokens, or by numbers where tokens have no place, until they are proven whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_json
from tap_acton.api.pagination import Page, TokenPaging
from tap_acton.records.extractors import Extracted, Undocumented
from tap_acton.sync.evidence import Evidence
from tap_acton.sync.query import Outcome, Query, Response
from tap_acton.sync.requester import Requester
from tap_acton.sync.retriever import Retriever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.records.reader import Record, Row

EXTRACT = Undocumented()


@dataclass
class Server:
    """Holds records and returns pages of them.

    Attributes:
        records: How many there are.
        largest: The most that it returns at once, whatever is requested.
        tokens: Whether it returns tokens, and on the last page null or nothing at all; never
            one, but null on each page; or none.
        reports_total: Whether it reports how many there are.
        has_pages: Whether it returns anything but all records.
        calls: How often it was called.
    """

    records: int
    largest: int
    tokens: str = "null"
    reports_total: bool = False
    has_pages: bool = True
    calls: int = field(default=0)

    def read(self, call: Call, interpret: Callable[[Any], Extracted], *_: Any) -> Extracted:
        """Respond to a call, as the client does."""
        self.calls += 1
        requested = call.body["pagination"]
        size = min(requested["size"], self.largest)
        start = int(requested.get("nextPageToken", 0))
        start = start or requested.get("page", 0) * size
        ids = range(self.records)[start : start + size] if self.has_pages else range(self.records)
        payload: dict[str, Any] = {"data": [{"id": number} for number in ids]}
        if self.reports_total:
            payload["totalCount"] = self.records
        if self.tokens not in {"none", "never"} and start + size < self.records:
            payload["nextPageToken"] = str(start + size)
        elif self.tokens == "never" or (self.tokens == "null" and "page" not in requested):
            payload["nextPageToken"] = None
        return interpret(payload)


class Source:
    """A stream of records."""

    missing_is_gone = is_documented = False

    def __init__(self, server: Server, size: int) -> None:
        self.paging = TokenPaging(size)
        self.key_of, self.version_of = itemgetter("id"), None
        self.requester = Requester(server, self)  # type: ignore[arg-type] # reads as a client does

    def call(self, query: Query, page: Page) -> Call:
        return Call(query.path, "records", "records", body=self.paging.parameters(page))

    def decoder(self, _: Query) -> Callable[[bytes, str], Any]:
        return decode_json

    def extracted(self, payload: Any, _: Query) -> Extracted:
        return EXTRACT(payload)

    def fetch(self, query: Query, page: Page) -> Response:
        return self.requester.fetch(query, page)

    def batches(self, rows: Iterable[Row], _: Query) -> Iterator[Sequence[Record]]:
        yield [dict(row) for row in rows]

    def follow_ups(self, _: Response) -> Iterable[Query]:
        return ()

    def instead(self, _: Outcome) -> None:
        return None

    def page_done(self, _: Response) -> None:
        pass


def read(server: Server, size: int, first: Page = Page()) -> tuple[list[int], Outcome]:  # noqa: B008 - frozen
    """Read all records; return their ids and the outcome."""
    found: list[int] = []
    for part in Retriever(Source(server, size)).read([Query("/query", first=first)]):
        if isinstance(part, Outcome):
            return found, part
        found += [record["id"] for record in part.records]
    raise AssertionError("a query without an outcome")


@given(
    records=st.integers(0, 400),
    size=st.integers(1, 120),
    largest=st.integers(1, 120),
    reports_total=st.booleans(),
)
def test_tokens_lead_to_the_end_whatever_the_size(
    records: int, size: int, largest: int, *, reports_total: bool
) -> None:
    server = Server(records, largest, reports_total=reports_total)
    found, outcome = read(server, size)
    assert found == list(range(records))
    pages = max(1, -(-records // min(size, largest)))
    if records == size <= largest:
        # A full first page without a token leads on by number.
        assert server.calls <= pages + 1
    else:
        assert server.calls == pages
        assert outcome.evidence is Evidence.LAST_TOKEN
    assert outcome.evidence is not None


@given(
    records=st.integers(0, 400),
    size=st.integers(1, 120),
    largest=st.integers(1, 120),
    tokens=st.sampled_from(["absent", "none"]),
    reports_total=st.booleans(),
)
def test_without_a_word_about_tokens_an_empty_page_ends_the_reading(
    records: int, size: int, largest: int, tokens: str, *, reports_total: bool
) -> None:
    server = Server(records, largest, tokens=tokens, reports_total=reports_total)
    found, outcome = read(server, size)
    assert found == list(range(records))
    assert outcome.evidence is not None
    assert server.calls <= max(1, -(-records // min(size, largest))) + 1


def test_where_there_are_no_pages_the_first_response_is_all() -> None:
    found, outcome = read(Server(60, 1000, tokens="none", has_pages=False), 50)
    assert (set(found), outcome.evidence) == (set(range(60)), Evidence.ONE_ANSWER)


def test_where_no_page_has_a_token_a_full_one_leads_on_by_number() -> None:
    """Some servers say of each page that no token follows."""
    found, outcome = read(Server(120, 1000, tokens="never"), 50)
    assert (found, outcome.evidence is not None) == (list(range(120)), True)


def test_where_fewer_records_come_than_are_reported_all_are_read_again() -> None:
    server = Server(60, 1000, reports_total=True)
    found, outcome = read(server, 1000, Page(offset=20, size=1000, token="50"))
    assert (found, outcome.rows) == ([*range(50, 60), *range(60)], 60)
    assert outcome.evidence is Evidence.LAST_TOKEN


def test_a_reading_resumes_on_its_page() -> None:
    for first in (Page(offset=50, size=50, token="50"), Page(offset=50, size=50)):
        server = Server(120, 1000, reports_total=True)
        found, outcome = read(server, 1000, first)
        assert (found, outcome.rows) == (list(range(50, 120)), 120)
        assert outcome.evidence is not None
