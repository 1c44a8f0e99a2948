"""How far a run has come, as metrics of the SDK: for structured logs, and what reads them."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from singer_sdk.metrics import Point, get_metrics_logger, http_request_counter, log

if TYPE_CHECKING:
    from singer_sdk.metrics import Metric

    from tap_acton.progress.model import Standing
    from tap_acton.sync.summary import RunSummary


class Gauge(Enum):
    """What is measured of a run as a whole; the SDK has no name for any of these."""

    CALLS_LEFT = "calls_left_today"
    CALLS_TO_GO = "calls_to_go"
    SECONDS_TO_GO = "seconds_to_go"


class ProgressMetrics:
    """Logs metrics; :mod:`tap_acton.logs` leaves them out of a log for people.

    Args:
        summary: What the run counts.
    """

    def __init__(self, summary: RunSummary) -> None:
        self._summary = summary
        self._counted: Counter[tuple[str, str, int]] = Counter()

    def log(self, standing: Standing) -> None:
        """Log what is known of how far the run has come, and the requests since the last time."""
        seconds = standing.seconds
        for gauge, value in (
            (Gauge.CALLS_LEFT, standing.left),
            (Gauge.CALLS_TO_GO, standing.to_go),
            (Gauge.SECONDS_TO_GO, None if seconds is None else round(seconds)),
        ):
            if value is not None:
                point = Point("gauge", cast("Metric", gauge), value)
                log(get_metrics_logger(), point)
        responses = self._summary.responses.copy()
        new = responses - self._counted
        self._counted = responses
        for (stream, endpoint, status), number in sorted(new.items()):
            tags: dict[str, Any] = {"http_status_code": status}
            with http_request_counter(stream, endpoint, **tags) as counter:
                counter.increment(number)
