"""What OpenTelemetry gets of a run: the spans, the numbers, and nothing of the account."""

from __future__ import annotations

import io
import json
import logging
import signal
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from acton_sandbox import Account, Fault
from acton_sandbox.edits import renamed
from tap_acton.api.endpoints import endpoint_of
from tap_acton.errors import ActOnError
from tap_acton.streams import STREAM_TYPES
from tap_acton.tap import TapActOn
from tap_acton.telemetry import reporting
from tests.contract.conftest import NOW, bench_of
from tests.contract.harness import catalog, signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.sdk.trace import ReadableSpan

    from acton_sandbox import SeenRequest
    from tests.contract.harness import Bench

CANARY = "Canary <canary.bird@example.com>"

OUTCOMES = {"complete", "incomplete", "failed", "not finished", "not selected", "switched off"}
"""What may become of a stream in these tests."""


@dataclass
class Reported:
    """What was reported of a run.

    Attributes:
        spans: The spans as they ended.
        points: The last value of each metric, by its attributes.
        rows: How many rows the run wrote, by stream.
        requests: The calls that it made.
        failure: What ended it.
    """

    spans: tuple[ReadableSpan, ...]
    points: dict[str, list[NumberDataPoint]]
    rows: Counter[str]
    requests: list[SeenRequest]
    failure: ActOnError | None

    @property
    def root(self) -> ReadableSpan:
        (root,) = (span for span in self.spans if span.parent is None or span.parent.is_remote)
        return root

    @property
    def streams(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.spans if span is not self.root}

    def texts(self) -> Iterator[str]:
        """Give every text that was reported, resources and names included."""
        for span in self.spans:
            yield from (span.name, str(span.status.description), *map(str, span.events))
            for attributes in (span.attributes or {}, span.resource.attributes):
                yield from (f"{name}={value!r}" for name, value in attributes.items())
        for points in self.points.values():
            for point in points:
                yield from (str(value) for value in (point.attributes or {}).values())


class Memory:
    """Stands for the installed exporters, which a variable names ``memory``."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.metrics = InMemoryMetricReader()

    def entry_points(self, *, group: str, name: str) -> list[Any]:
        assert name == "memory"
        kept = {
            "opentelemetry_traces_exporter": self.spans,
            "opentelemetry_metrics_exporter": self.metrics,
        }[group]
        return [SimpleNamespace(load=lambda: lambda: kept)]


@pytest.fixture(scope="module", autouse=True)
def _log_of_sdk_is_as_before() -> Iterator[None]:
    of_sdk = logging.getLogger("opentelemetry")
    handlers, propagate = of_sdk.handlers, of_sdk.propagate
    yield
    of_sdk.handlers, of_sdk.propagate = handlers, propagate


def reported(
    bench: Bench,
    *streams: str,
    discovered: Mapping[str, Any] | None = None,
    traceparent: str = "",
    **settings: Any,
) -> Reported:
    """Run the command with exporters that keep what they get."""
    memory, before, failure = Memory(), len(bench.sandbox.requests), None
    chosen = catalog(streams, discovered=discovered)
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        pytest.MonkeyPatch.context() as patched,
        signals_kept(),
        redirect_stdout(written),
        bench._pauses_skipped(),
    ):
        patched.setattr(reporting, "entry_points", memory.entry_points)
        for variable in ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"):
            patched.setenv(variable, "memory")
        if traceparent:
            patched.setenv("TRACEPARENT", traceparent)
        try:
            TapActOn.invoke(
                config=SimpleNamespace(config=bench.config(**settings), parse_env=False),
                catalog=io.StringIO(json.dumps(chosen)),
            )
        except ActOnError as error:
            failure = error
    written.seek(0)
    messages = map(json.loads, written)
    data = memory.metrics.get_metrics_data()
    return Reported(
        memory.spans.get_finished_spans(),
        {
            metric.name: [
                one for one in metric.data.data_points if isinstance(one, NumberDataPoint)
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        },
        Counter(message["stream"] for message in messages if message["type"] == "RECORD"),
        list(bench.sandbox.requests)[before:],
        failure,
    )


@pytest.fixture(scope="module")
def whole() -> Reported:
    """A run of all streams, with a list that an address names as a stream of its own."""
    account = Account.generate(seed=7, size="small", now=NOW)
    account = account.with_list(account.lists[0].id, renamed(CANARY))
    with bench_of(account) as bench:
        settings: dict[str, Any] = {"list_streams": ["Canary*"], "daily_request_limit": 30_000}
        found = bench.discover(**settings)
        return reported(bench, discovered=found, **settings)


def test_a_run_is_a_span_above_one_of_each_stream(whole: Reported) -> None:
    assert whole.failure is None
    root = whole.root
    assert root.name == "tap-acton"
    assert root.status.status_code is StatusCode.UNSET
    assert root.attributes == {
        "process.exit.code": 0,
        "tap_acton.outcome": "complete",
        "tap_acton.calls": len(whole.requests),
        "tap_acton.logins": sum(seen.path == "/token" for seen in whole.requests),
        "tap_acton.rows": whole.rows.total(),
    }
    assert root.resource.attributes["service.name"] == "tap-acton"
    assert {"list_stream", "messages", "contacts"} <= whole.streams.keys()
    for name, span in whole.streams.items():
        assert span.parent is not None
        assert span.parent.span_id == root.context.span_id
        assert span.context.trace_id == root.context.trace_id
        assert span.attributes is not None
        if name != "list_stream":
            assert span.attributes["tap_acton.rows"] == whole.rows[name], name
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time
    messages = whole.streams["messages"]
    assert messages.attributes is not None
    assert messages.attributes["url.template"] == "/api/1/message"
    assert messages.attributes["tap_acton.outcome"] == "complete"


def test_the_numbers_of_progress_are_metrics(whole: Reported) -> None:
    (left,) = whole.points["tap_acton.calls_left_today"]
    assert left.value == 30_000 - len(whole.requests)
    assert [point.value for point in whole.points["tap_acton.calls_to_go"]] == [0]
    assert [point.value for point in whole.points["tap_acton.seconds_to_go"]] == [0]
    responses: Counter[tuple[str, int]] = Counter()
    for point in whole.points["tap_acton.http_request_count"]:
        found: Any = point.attributes
        responses[found["url.template"], found["http.response.status_code"]] += int(point.value)
    assert responses == Counter((endpoint_of(seen.path), seen.status) for seen in whole.requests)
    rows = {
        str((point.attributes or {})["tap_acton.stream"]): point.value
        for point in whole.points["tap_acton.record_count"]
    }
    assert sum(rows.values()) == whole.rows.total()
    assert rows["messages"] == whole.rows["messages"]


def test_nothing_of_the_account_is_reported(whole: Reported) -> None:
    """Neither an address, nor what the account names itself, nor an id."""
    names = {kind.name for kind in STREAM_TYPES} | {"list_stream", "tap-acton", "logins"}
    for text in whole.texts():
        assert "@" not in text
        assert "canary" not in text.casefold()
    for span in whole.spans:
        found: Any = span.attributes
        assert span.name in names
        assert not span.events
        assert found["tap_acton.outcome"] in OUTCOMES
        assert endpoint_of(found.get("url.template", "")) == found.get("url.template", "")
    for point in whole.points["tap_acton.http_request_count"]:
        tags: Any = point.attributes
        assert tags["tap_acton.stream"] in names
        assert endpoint_of(tags["url.template"]) == tags["url.template"]


def test_a_listing_that_is_not_selected_has_a_span_beside_the_stream_that_needs_it(
    bench: Bench,
) -> None:
    found = reported(bench, "message_reports")
    listing, reports = found.streams["messages"], found.streams["message_reports"]
    assert listing.parent == reports.parent
    assert listing.attributes is not None
    assert listing.attributes["tap_acton.outcome"] == "not selected"


def test_a_failed_stream_says_which_error_and_where_and_no_more(bench: Bench) -> None:
    body = json.dumps({"errorCode": 10999, "message": CANARY})
    bench.sandbox.faults.add(Fault("status", "/api/1/campaigns", None, status=400, body=body))
    bench.sandbox.faults.add(Fault("status", "/api/1/message/*/report", 1, status=400, body=body))
    found = reported(bench, "campaigns", "message_reports", "senders")
    assert found.failure is not None
    states = {
        name: (
            span.status.status_code,
            span.status.description,
            (span.attributes or {})["tap_acton.outcome"],
        )
        for name, span in found.streams.items()
    }
    assert states == {
        "campaigns": (StatusCode.ERROR, "RejectedCallError at /api/1/campaigns", "failed"),
        "message_reports": (
            StatusCode.ERROR,
            "StreamFailedError at /api/1/message/{id}/report",
            "incomplete",
        ),
        "messages": (StatusCode.UNSET, None, "not selected"),
        "senders": (StatusCode.UNSET, None, "complete"),
    }
    root: Any = found.root
    assert root.status.description == "StreamFailedError"
    assert root.attributes["process.exit.code"] == 1
    assert root.attributes["tap_acton.outcome"] == "incomplete"
    assert not any("canary" in text.casefold() for text in found.texts())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_reports_what_it_has(bench: Bench, number: signal.Signals) -> None:
    with bench.at_call(20, lambda: signal.raise_signal(number)):
        found = reported(bench, "senders", "messages", "message_reports")
    root: Any = found.root
    assert root.attributes["process.exit.code"] == 128 + number
    assert root.attributes["tap_acton.outcome"] == "stopped"
    assert root.attributes["error.type"] == "InterruptedRunError"
    reports: Any = found.streams["message_reports"]
    assert reports.attributes["tap_acton.outcome"] == "not finished"
    assert reports.status.description == "InterruptedRunError at /api/1/message/{id}/report"
    messages: Any = found.streams["messages"]
    assert messages.attributes["tap_acton.rows"] == found.rows["messages"] > 0
    assert messages.status.status_code is StatusCode.UNSET


def test_the_end_of_the_allowance_is_no_error(bench: Bench) -> None:
    found = reported(bench, "messages", "message_reports", daily_request_limit=15)
    root: Any = found.root
    assert root.attributes["process.exit.code"] == 3
    assert root.attributes["tap_acton.outcome"] == "allowance spent"
    assert {span.status.status_code for span in found.spans} == {StatusCode.UNSET}
    (left,) = found.points["tap_acton.calls_left_today"]
    assert left.value == 0


def test_a_run_that_cannot_begin_is_a_span_of_its_own(bench: Bench) -> None:
    found = reported(bench, "messages", password="canary")
    root: Any = found.root
    assert found.spans == (root,)
    assert root.attributes["error.type"] == root.status.description == "CredentialsError"
    assert root.attributes["process.exit.code"] == 1
    assert root.attributes["tap_acton.outcome"] == "failed"


def test_the_span_of_an_orchestrator_is_continued(bench: Bench) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    found = reported(bench, "senders", traceparent=f"00-{trace}-{parent}-01")
    assert found.root.parent is not None
    assert found.root.parent.span_id == int(parent, 16)
    assert {span.context.trace_id for span in found.spans} == {int(trace, 16)}
