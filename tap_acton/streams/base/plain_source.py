"""What is read for the sake of a stream, or of discovery, and emitted by neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_json
from tap_acton.api.pagination import OffsetPaging
from tap_acton.records.ids import shown
from tap_acton.records.reader import batched
from tap_acton.sync.requester import Requester
from tap_acton.sync.retriever import Retriever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Page
    from tap_acton.records.extractors import Extracted
    from tap_acton.records.reader import Record, Row
    from tap_acton.sync.evidence import Endpoint
    from tap_acton.sync.query import Outcome, Query, Response
    from tap_acton.sync.retriever import Batch
    from tap_acton.sync.run import Run


class PlainSource:
    """Rows of JSON that come in pages, as they are.

    Args:
        run: Whose client and settings to use.
        stream: The stream that the calls count for.
        extract: Finds the rows of a response to a query.
        key: The field by which a row is known.
        endpoint: What the endpoint has shown of itself, if streams share that.
    """

    missing_is_gone, is_documented = False, True
    version_of: Callable[[Record], str | None] | None = None

    def __init__(
        self,
        run: Run,
        stream: str,
        extract: Callable[[Any, Query], Extracted],
        key: str,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.paging = OffsetPaging(run.settings.page_size)
        self.extracted = extract
        self.key_of: Callable[[Record], Any] = lambda record: record.get(key)
        self._stream = stream
        self._requester = Requester(run.client, self)
        self._retriever = Retriever(
            self, width=run.settings.max_concurrency, check=run.stop.check, endpoint=endpoint
        )

    def read(self, query: Query) -> Iterator[Batch | Outcome]:
        """Read a query: its rows, some at a time, then the outcome."""
        return self._retriever.read([query])

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page."""
        item = shown(query.subject)
        subject = f"{self._stream}, {item}" if item else self._stream
        parameters = {**query.parameters, **self.paging.parameters(page)}
        return Call(query.path, subject, self._stream, parameters)

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:  # noqa: ARG002 - of JSON alone
        """Give what decodes the body of a good response."""
        return decode_json

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page."""
        return self._requester.fetch(query, page)

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:  # noqa: ARG002 - all alike
        """Take the rows as they are."""
        return batched(map(dict, rows))

    def follow_ups(self, response: Response) -> Iterable[Query]:  # noqa: ARG002 - none
        """No query leads to another one."""
        return ()

    def instead(self, outcome: Outcome) -> Query | None:  # noqa: ARG002 - none
        """No query has another form."""
        return None

    def page_done(self, response: Response) -> None:
        """Nothing waits for a page."""
