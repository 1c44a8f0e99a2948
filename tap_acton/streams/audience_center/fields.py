"""The fields that the contacts of the Audience Center have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import NotRoutedError
from tap_acton.streams.audience_center.account import SCHEMA_PATH, STREAM
from tap_acton.streams.audience_center.stream import AudienceStream
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.query import Response

if TYPE_CHECKING:
    from tap_acton.api.pagination import Page
    from tap_acton.sync.query import Query


class ContactFields(AudienceStream):
    """The fields of contacts, hidden and read-only ones included."""

    name = STREAM
    path = SCHEMA_PATH
    primary_keys = ("field_id",)
    pages = None

    def fetch(self, query: Query, page: Page) -> Response:
        """Return the fields, which a run requests once, whichever stream needs them first."""
        fields = self.center.fields
        if not fields:
            # No account is without the field for the address: the host has no such path.
            error = NotRoutedError(f"{self.name}: the endpoint is not offered on this host.")
            return Response(query, page, problem=error)
        return Response(query, page, fields)

    def forecast(self) -> Forecast:
        """Foresee no call besides the one that all streams of the Audience Center share."""
        _ = self.center.fields
        return Forecast(0)
