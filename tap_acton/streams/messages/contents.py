"""What messages look like: their pages, as Act-On shows them to a recipient."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import path_part
from tap_acton.api.decoding import decode_json, decode_page
from tap_acton.errors import NotAvailableError
from tap_acton.records.extractors import Extracted, RowsAt, UnknownShapeError
from tap_acton.records.values import Unconvertible, identifier
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.messages.messages import SENT_TYPES
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_acton.api.pagination import Page
    from tap_acton.sync.forecast import Forecast

ONE_ROW = {"count": 1, "offset": 0}


class MessageContents(ActOnStream):
    """The page of each message, as one of its recipients sees it.

    Off by default, since it takes two calls per message, and a page is large and made for one
    recipient: the first to whom the message went. A message that went to nobody is shown without
    one where the host does that, as it did by the Act-On developer site, 2019 edition.
    """

    name = "message_contents"
    path = "/api/1/message/{id}"
    primary_keys = ("message_id",)
    listing, item, id_column = "messages", "message", "message_id"
    selected_by_default = False

    def fetch(self, query: Query, page: Page) -> Response:
        """Request the page of a message, and before that a recipient where it went out."""
        if _has_gone_out(query):
            recipients = replace(query, path=f"{query.path}/report/SENT", parameters=ONE_ROW)
            found = super().fetch(recipients, page)
            if found.problem is not None:
                return replace(found, query=query)
            for recipient in found.rows:
                path = f"{query.path}/{path_part(recipient['contact_id'])}"
                response = super().fetch(replace(query, path=path), page)
                rows = [{**row, **recipient} for row in response.rows]
                return replace(response, query=query, rows=rows)
        response = super().fetch(query, page)
        if isinstance(response.problem, NotAvailableError):
            self.log("%s It has no recipient.", response.problem.sentence, level=logging.INFO)
            return Response(query, page)
        return response

    def decoder(self, query: Query) -> Callable[[bytes, str], Any]:
        """Give what decodes a page; the recipients come as JSON."""
        return decode_json if query.parameters else decode_page

    def extracted(self, payload: Any, query: Query) -> Extracted:
        """Take a page for a row, and the first recipient for one."""
        if query.parameters:
            return _first_recipient(payload)
        match payload:
            case {"html": str()}:
                return Extracted([payload])
        raise UnknownShapeError

    def calls_for(self, query: Query) -> int:
        """Foresee the calls of a query: what has gone out takes one for a recipient, too."""
        return 2 if _has_gone_out(query) else 1

    def forecast(self) -> Forecast:
        """Foresee the calls; what went to nobody, or was deleted, takes another number."""
        return replace(super().forecast(), is_exact=False)


def _has_gone_out(query: Query) -> bool:
    return query.item is not None and query.item["message_type"] in SENT_TYPES


def _first_recipient(payload: Any) -> Extracted:
    """Find the contact to whom a message went first, if it went to any."""
    try:
        contact_id = identifier(RowsAt("result")(payload).rows[0]["recid"])
    except IndexError:
        return Extracted([])
    except (KeyError, Unconvertible):
        raise UnknownShapeError from None
    return Extracted([{"contact_id": contact_id}] if contact_id else [])
