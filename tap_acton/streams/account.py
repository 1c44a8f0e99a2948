"""The account that the credentials lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import CallError
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Response

if TYPE_CHECKING:
    from tap_acton.api.pagination import Page
    from tap_acton.sync.query import Query


class Account(ActOnStream):
    """The account itself: its id, names and time zone, in one row.

    The endpoint is described in the Act-On developer site, 2019 edition, and missing from the
    2024 edition; where a host does not offer it, the stream is switched off.
    """

    name = "account"
    path = "/api/1/account"
    primary_keys = ("account_id",)

    def fetch(self, query: Query, page: Page) -> Response:
        """Return the account, which a run requests once, whoever needs it first."""
        try:
            return Response(query, page, [self.run.account])
        except CallError as error:
            return Response(query, page, problem=error)

    def forecast(self) -> Forecast:
        """Foresee no call besides the one that is made in any case."""
        _ = self.run.account
        return Forecast(0)
