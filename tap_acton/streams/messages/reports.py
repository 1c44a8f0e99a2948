"""The reports of messages, and the counters in them that say which events are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.records.values import Unconvertible, integer
from tap_acton.streams.messages.messages import MessageStream

if TYPE_CHECKING:
    from tap_acton.api.pagination import Page
    from tap_acton.errors import CallError
    from tap_acton.records.reader import Row
    from tap_acton.streams.messages.progress import Counters
    from tap_acton.sync.query import Query, Response
    from tap_acton.sync.run import Run

COUNTER_OF = {
    "SENT": "sent",
    "SUPPRESSED": "notsent",
    "OPENED": "opened",
    "CLICKED": "clicked",
    "BOUNCED": "bounced",
    "OPT_OUT": "optout",
    "SPAM": "spam",
}
"""For each kind of events the field of the report that counts them."""


class MessageCounters(dict[str, "Counters | CallError"]):
    """What the reports read in this run count, by message id; the failure where one has none.

    Attributes:
        reports: How many were read.
        event_calls: How many calls all events take that these count, about.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.reports = self.event_calls = 0
        self._settings = run.settings

    def keep(self, report: Response) -> None:
        """Keep what a report counts, or why it could not be read."""
        message_id = report.query.given["message_id"]
        found = report.problem or counters_of(report.rows[0] if report.rows else {})
        self[message_id] = found
        if isinstance(found, tuple):
            self.reports += 1
            self.event_calls += sum(
                # Many are one page of JSON and one file.
                1 if counter is None or counter <= self._settings.page_size else 2
                for kind, counter in zip(COUNTER_OF, found, strict=True)
                if counter != 0 and kind in self._settings.event_types
            )


class MessageReports(MessageStream):
    """The lifetime totals of each message that has gone out."""

    name = "message_reports"
    primary_keys = ("message_id",)

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a report, and keep its counters for the stream of the events."""
        response = super().fetch(query, page)
        self.run.shared(MessageCounters).keep(response)
        return response


def counters_of(report: Row) -> Counters:
    """Read the counters of a report, one per kind of events; None where one is missing.

    Pairs are documented as two integers, most likely unique and total: the larger one is zero or
    unchanged only if both are.
    """

    def counter(name: str) -> int | None:
        value = report.get(name)
        try:
            if isinstance(value, list):
                return max((integer(part) or 0 for part in value), default=None)
            return integer(value)
        except Unconvertible:
            return None

    return tuple(counter(name) for name in COUNTER_OF.values())
