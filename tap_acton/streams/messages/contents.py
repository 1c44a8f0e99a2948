"""What messages look like: their pages, as Act-On shows them to a recipient."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_json, decode_page
from tap_acton.errors import (
    CallError,
    GoneError,
    NoContentError,
    NotAvailableError,
    NotRoutedError,
    RejectedCallError,
    RepeatableError,
)
from tap_acton.records.extractors import Extracted, RowsAt, UnknownShapeError
from tap_acton.records.list_table import CONTACT_ID, Table
from tap_acton.records.values import Unconvertible, identifier
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.messages.messages import SENT_TYPES
from tap_acton.sync.query import Query, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_acton.api.pagination import Page
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.forecast import Forecast
    from tap_acton.sync.query import Outcome

ONE_ROW = {"count": 1, "offset": 0}

MOST_LISTS = 3
"""So many lists are searched for a contact."""

LISTING_TYPES = ("contact_list", "CONTACT_LIST")
"""The case of the type is not documented."""

Found = TypeVar("Found")


class _RecipientNeededError(NotAvailableError):
    """The host shows a message to a recipient only."""


class MessageContents(ActOnStream):
    """The page of each message, as one of its recipients sees it.

    Optional, since it takes two calls per message, and a page is large and made for one
    recipient: the first to whom the message went. A message that went to nobody, such as a draft,
    is shown without one where the host does that (Act-On developer site, 2019 edition), else to a
    contact of the account's first list (Act-On reference, 2024 edition).
    """

    name = "message_contents"
    path = "/api/1/message/{id}"
    primary_keys = ("message_id",)
    listing, item, id_column = "messages", "message", "message_id"
    is_optional = True

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._needs_recipient: _RecipientNeededError | None = None  # as the host has said
        self._look_up_failure: CallError | None = None

    def fetch(self, query: Query, page: Page) -> Response:
        """Request the page of a message, and before that a recipient where it went out."""
        if "contact_id" in query.given:
            return _of_one_message(super().fetch(query, page))
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
        if self._needs_recipient is None:
            response = super().fetch(query, page)
            problem = response.problem
            if not isinstance(problem, NotRoutedError):
                return _of_one_message(response)
            self._needs_recipient = _RecipientNeededError(problem.sentence)
        return Response(query, page, problem=self._needs_recipient)

    def instead(self, outcome: Outcome) -> Query | None:
        """Show a message that went to nobody to any contact, where the host needs one."""
        query = outcome.query
        if not isinstance(outcome.problem, _RecipientNeededError) or self._any_contact is None:
            return None
        given = {**query.given, "contact_id": self._any_contact}
        return replace(query, path=f"{query.path}/{path_part(self._any_contact)}", given=given)

    def not_available(self, outcome: Outcome) -> None:
        """Leave out a message that went to nobody, where no contact is known either."""
        if not isinstance(outcome.problem, _RecipientNeededError):
            super().not_available(outcome)
            return
        self.log(
            "%s: it was sent to nobody, and there is no contact to show it to.",
            self.subject(outcome.query),
        )

    @cached_property
    def _any_contact(self) -> str | None:
        """A contact of one of the account's first lists; None if these have none."""
        for listing_type in LISTING_TYPES:
            some = {"listingtype": listing_type, "count": MOST_LISTS, "offset": 0}
            list_ids = self._looked_up("/api/1/list", some, _list_ids)
            if list_ids is not None:
                # One spelling of the type is enough.
                self._look_up_failure = None
            for list_id in list_ids or ():
                path = f"/api/1/list/{path_part(list_id)}"
                if found := self._looked_up(path, ONE_ROW, partial(_first_contact, list_id)):
                    return found
        return None

    def _looked_up(
        self, path: str, parameters: Mapping[str, Any], interpret: Callable[[Any], Found]
    ) -> Found | None:
        """Request what helps to find a contact; None where that fails."""
        call = Call(path, f"{self.name}, a contact to show drafts to", self.name, parameters)
        try:
            return self.run.client.read(call, interpret)
        except (GoneError, NoContentError, NotAvailableError):
            return None
        except CallError as error:
            self._look_up_failure = error
            return None

    def judge(self, outcome: Outcome) -> Outcome:
        """Decide by the messages that have gone out alone whether the endpoint is offered."""
        if isinstance(outcome.problem, _RecipientNeededError):
            failure = self._look_up_failure
            if failure is None:
                return outcome
            # There may be a contact.
            return replace(outcome, problem=RejectedCallError(failure.sentence))
        return super().judge(outcome) if _has_gone_out(outcome.query) else outcome

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


def _of_one_message(response: Response) -> Response:
    """Let a refusal count for one message alone: drafts may be refused where others are shown."""
    problem = response.problem
    if isinstance(problem, NotAvailableError):
        return replace(response, problem=RejectedCallError(problem.sentence))
    return response


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


def _list_ids(payload: Any) -> list[str]:
    """Find the ids of lists that are not known to be empty.

    Raises:
        RepeatableError: If the response is no listing.
    """
    match payload:
        case {"result": list(rows)}:
            found = [row for row in rows if isinstance(row, dict) and row.get("size") != 0]
            return [str(row["id"]) for row in found if row.get("id")]
    raise RepeatableError("The lists come in a form that Act-On does not document.")


def _first_contact(list_id: str, payload: Any) -> str:
    """Find the id of a list's first contact; empty where it has none of its own.

    Raises:
        RepeatableError: If the response is no list.
    """
    match payload:
        case {"headers": list(headers), "data": [list(cells), *_]}:
            table = Table(headers, None, list_id)
            contact_id = str(table.row(cells).get(CONTACT_ID) or "")
            is_own = table.has_contact_id or contact_id.startswith(f"{list_id}:")
            return contact_id if is_own else ""
        case {"data": []}:
            return ""
    raise RepeatableError(f"List {list_id} comes in a form that Act-On does not document.")
