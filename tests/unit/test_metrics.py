"""The numbers of a run as metrics of the SDK."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from singer_sdk.metrics import METRICS_LOGGER_NAME, Point

from tap_acton.progress.metrics import ProgressMetrics
from tap_acton.progress.model import Standing
from tap_acton.sync.summary import RunSummary

if TYPE_CHECKING:
    import pytest

STANDING = Standing(stream="lists", calls=30, to_go=1_000, pace=4.0, left=29_970)


def measured(
    caplog: pytest.LogCaptureFixture, metrics: ProgressMetrics, standing: Standing
) -> list[tuple[str, str, Any, dict[str, Any]]]:
    """Log metrics; return the type, name, value and tags of each, without the process."""
    caplog.set_level(logging.INFO, METRICS_LOGGER_NAME)
    # Not the records of `caplog`: a command that other tests have run filters them.
    records: list[logging.LogRecord] = []
    with patch.object(logging.Logger, "handle", lambda _, record: records.append(record)):
        metrics.log(standing)
    found = []
    for record in records:
        assert record.msg == "METRIC: %s"
        assert isinstance(record.args, tuple)
        (point,) = record.args
        assert isinstance(point, Point)
        data = point.to_dict()
        data["tags"].pop("pid", None)
        found.append((data["type"], data["metric"], data["value"], data["tags"]))
    return found


def test_what_is_left_is_measured_as_far_as_it_is_known(caplog: pytest.LogCaptureFixture) -> None:
    metrics = ProgressMetrics(RunSummary())
    assert measured(caplog, metrics, STANDING) == [
        ("gauge", "calls_left_today", 29_970, {}),
        ("gauge", "calls_to_go", 1_000, {}),
        ("gauge", "seconds_to_go", 250, {}),
    ]
    none_left = replace(STANDING, left=0, to_go=None)
    assert measured(caplog, metrics, none_left) == [("gauge", "calls_left_today", 0, {})]
    assert measured(caplog, metrics, Standing()) == []


def test_requests_are_counted_by_endpoint_and_status_since_the_last_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    summary = RunSummary()
    metrics = ProgressMetrics(summary)
    for path, status in (
        ("/api/1/list", 200),
        ("/api/1/list/l-1", 200),
        ("/api/1/list/l-2", 200),
        ("/api/1/list/a@example.com", 500),
    ):
        summary.count_response("list_members", path, status)
    tags: dict[str, Any] = {"stream": "list_members", "endpoint": "/api/1/list/{id}"}
    assert measured(caplog, metrics, Standing()) == [
        ("counter", "http_request_count", 1, tags | {"endpoint": "/api/1/list"} | status_of(200)),
        ("counter", "http_request_count", 2, tags | status_of(200)),
        ("counter", "http_request_count", 1, tags | status_of(500)),
    ]
    summary.count_response("list_members", "/api/1/list/l-3", 200)
    assert measured(caplog, metrics, Standing()) == [
        ("counter", "http_request_count", 1, tags | status_of(200))
    ]
    assert measured(caplog, metrics, Standing()) == []


def status_of(status: int) -> dict[str, int]:
    return {"http_status_code": status}
