"""From a query and a page to a response: path, parameters, body, decoder, extractor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from tap_acton.api.pagination import TokenPaging
from tap_acton.errors import (
    UNKNOWN_SHAPE,
    CallError,
    GoneError,
    NoContentError,
    NotFoundError,
    RejectedCallError,
    RepeatableError,
    without_frames,
)
from tap_acton.records.extractors import Extracted, UnknownShapeError
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.api.client import ActOnClient, Call
    from tap_acton.api.pagination import Page, Paging

NEXT_TOKEN = "nextPageToken"  # noqa: S105 - the name of a field
"""Where an envelope has the token of the next page (Act-On reference, 2024 edition)."""


class RequestMaker(Protocol):
    """What a stream says of its requests.

    Attributes:
        missing_is_gone: Whether a 404 without a reason says that the item was deleted.
    """

    missing_is_gone: bool

    @property
    def is_documented(self) -> bool:
        """Whether Act-On documents what the rows are."""

    @property
    def paging(self) -> Paging | None:
        """How the endpoint pages; None where everything comes in one response."""

    def call(self, query: Query, page: Page) -> Call:
        """Make the call for a page."""

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:
        """Give what decodes the body of a good response."""

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Find the rows of a decoded response."""


class Requester:
    """Makes the requests of one stream; used by the worker threads.

    Args:
        client: Makes the calls, repeats them, and turns failures into errors.
        maker: The stream.
    """

    def __init__(self, client: ActOnClient, maker: RequestMaker) -> None:
        self._client = client
        self._maker = maker

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page.

        Args:
            query: The query.
            page: The page.

        Returns:
            The rows, or the problem where Act-On refuses this request and only this one.

        Raises:
            ActOnError: If the failure concerns more than this request.
        """
        maker, size = self._maker, 0
        if maker.paging is not None:
            page = maker.paging.settled(page)
        try:
            call = maker.call(query, page)

            def interpret(payload: Any) -> Extracted:
                try:
                    return maker.extracted(payload, query)
                except UnknownShapeError:
                    raise RepeatableError(f"{call.subject}: {UNKNOWN_SHAPE}.") from None

            decode = maker.decoder(query)

            def weighed(body: bytes, subject: str) -> Any:
                nonlocal size
                size = len(body)
                return decode(body, subject)

            found = self._client.read(call, interpret, weighed)
        except NoContentError as error:
            # It means that there are no rows. Not of an item, of which the listing or the report
            # has rows: where pages are documented, so is one that says that there are none.
            is_refused = maker.is_documented and maker.paging is not None and bool(query.item)
            problem = RejectedCallError(error.sentence) if is_refused else None
            return Response(query, page, problem=problem)
        except NotFoundError as error:
            is_gone = maker.missing_is_gone and query.item is not None
            kept = GoneError(error.sentence) if is_gone else without_frames(error)
            return Response(query, page, problem=kept)
        except CallError as error:
            return Response(query, page, problem=without_frames(error))
        response = Response(query, page, found.rows, found.total, size=size)
        if isinstance(maker.paging, TokenPaging) and NEXT_TOKEN in found.envelope:
            token = str(found.envelope[NEXT_TOKEN] or "")
            return replace(response, token=token, is_last=not token)
        return response
