"""The account that the credentials lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import CallError
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync import account
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Response

if TYPE_CHECKING:
    from tap_acton.api.pagination import Page
    from tap_acton.sync.query import Query


class Account(ActOnStream):
    """The account itself: its id, names and time zone, in one row.

    The endpoint is missing from the 2024 edition of the Act-On reference; where a host does not
    offer it, the stream is switched off.
    """

    name = account.NAME
    path = account.PATH
    primary_keys = ("account_id",)

    def fetch(self, query: Query, page: Page) -> Response:
        """Return the account, which a run requests once, whoever needs it first."""
        try:
            return Response(query, page, [self.run.account.row])
        except CallError as error:
            return Response(query, page, problem=error)

    def forecast(self) -> Forecast:
        """Foresee no call besides the one that is made in any case."""
        _ = self.run.account.row
        return Forecast(0)
