"""What messages look like: their pages, as Act-On shows them to a recipient."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_page
from tap_acton.errors import (
    GoneError,
    NotAvailableError,
    RejectedCallError,
    RepeatableError,
)
from tap_acton.records.values import identifier
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.streams.messages.messages import SENT_TYPES
from tap_acton.sync.answers import Answer, Query
from tap_acton.sync.forecast import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.reader import Row
    from tap_acton.sync.fan_out import Outcome


class MessageContents(ActOnStream):
    """The page of each message, as one of its recipients sees it.

    Not selected by default, since it takes two calls per message, and a page is large and
    made for one recipient, the first to whom the message went. A message that has gone to
    nobody is shown without one where the host does that, as it did by the Act-On developer
    site, 2019 edition.
    """

    name = "message_contents"
    primary_keys = ("message_id",)
    listing = "messages"
    selected_by_default = False

    def queries(self) -> Iterator[Query]:
        """Ask for each message of every type.

        Yields:
            A query per message.
        """
        for message in self.parents():
            yield Query(
                f"/api/1/message/{path_part(message['id'])}",
                subject=f"message {message['id']}",
                given={"message_id": message["id"]},
                parent=message,
            )

    @property
    def certainty(self) -> Certainty:
        """What has gone to nobody, or is gone itself, takes another number of calls."""
        return Certainty.ABOUT

    def expected_calls(self, query: Query) -> int:
        """Foresee the calls of a query: what has gone out takes one for a recipient, too.

        Args:
            query: What is asked.

        Returns:
            The number of calls.
        """
        return 2 if self._has_gone_out(query) else 1

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:  # noqa: ARG002
        """Ask for a page, or for a recipient of the message first.

        Args:
            query: What is asked.
            page: Not used; nothing here is asked for in parts.

        Returns:
            The answer and the tasks that it leads to.
        """
        try:
            if self._has_gone_out(query):
                return Answer(query), [partial(self._show, self._with_recipient(query))]
            return self._show(query)
        except (GoneError, RejectedCallError) as error:
            return Answer(query, gone=error), ()

    def _has_gone_out(self, query: Query) -> bool:
        return query.parent is not None and query.parent["message_type"] in SENT_TYPES

    def _with_recipient(self, query: Query) -> Query:
        """Complete a query by the first recipient of the message, if it has one."""
        call = Call(
            f"{query.path}/report/SENT", self.subject(query), self.name, {"count": 1, "offset": 0}
        )

        def interpret(payload: Any) -> str | None:
            match payload:
                case {"result": [{"recid": contact_id}, *_]}:
                    return identifier(contact_id)
                case {"result": list()}:
                    return None
            raise RepeatableError(f"{call.subject}: Act-On's answer has an unknown shape.")

        contact_id = self.run.client.read(call, interpret)
        if contact_id is None:
            return query
        return replace(
            query,
            path=f"{query.path}/{path_part(contact_id)}",
            given={**query.given, "contact_id": contact_id},
        )

    def _show(self, query: Query) -> Outcome[Answer]:
        """Ask for the page itself."""
        try:
            rows = self.run.client.read(
                self.call(query), lambda payload: self.rows(payload, query), decode_page
            )
        except (GoneError, RejectedCallError) as error:
            return Answer(query, gone=error), ()
        except NotAvailableError as error:
            if "contact_id" in query.given:
                raise
            self.log("%s It has no recipient.", error.sentence, level=logging.INFO)
            return Answer(query), ()
        return Answer(query, rows), ()

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take the page for a row.

        Args:
            payload: The page.
            query: What was asked.

        Returns:
            The row.

        Raises:
            RepeatableError: If the answer is not a page.
        """
        match payload:
            case {"html": str()}:
                return [payload]
        raise RepeatableError(f"{self.subject(query)}: Act-On sent something that is not a page.")
