"""Reports a run to OpenTelemetry: a span of the run, one of each stream, and what is counted.

Everything comes from the summary of the run and from how far it has come, so nothing that reads
knows of it. No attribute holds a sentence, an id, an address or a name of the account: an error is
its class, and an endpoint its path without ids.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from tap_acton.api.endpoints import endpoint_of
from tap_acton.errors import (
    EXIT_ALLOWANCE_SPENT,
    EXIT_FAILED,
    EXIT_SIGNAL_BASE,
    ActOnError,
    StreamFailedError,
)
from tap_acton.progress.model import Standing
from tap_acton.sync.summary import RunSummary
from tap_acton.telemetry import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from opentelemetry.metrics import CallbackOptions

    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.summary import StreamSummary

logger = logging.getLogger("tap-acton")

NAME = "tap-acton"

FLUSH_SECONDS = 3.0
"""How long the end of a run waits for a collector."""

OTLP_BY_PROTOCOL = {"grpc": "otlp_proto_grpc"}
"""The exporter for a protocol; that of HTTP comes with the extra, so it is the usual one."""

LOST = (
    "OpenTelemetry cannot send all spans and metrics%s: check OTEL_EXPORTER_OTLP_ENDPOINT and the "
    "collector. The run does not need them."
)

DEFAULT_USED = "OpenTelemetry cannot read the value of %s, so it uses the default."

OF_LISTS = "list_stream"
"""Stands for all streams of a list, which the account names."""


class OneWarning(logging.Handler):
    """Says once that something is lost, in the place of all that OpenTelemetry logs.

    Attributes:
        is_set_up: Whether something can be lost yet; before that, only variables are read.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.is_set_up = False
        self._is_said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, unless it was said; of the record only a variable or an HTTP status is shown."""
        message = record.getMessage()
        if self.is_set_up:
            status = re.search(r"\bcode: (\d{3})\b", message)
            self.say(f" (HTTP {status[1]})" if status else "")
        elif variable := re.search(r"\bOTEL_[A-Z_]+\b", message):
            logger.warning(DEFAULT_USED, variable[0])

    def say(self, why: str = "") -> None:
        """Say it, unless it was said."""
        if not self._is_said:
            self._is_said = True
            logger.warning(LOST, why)


class Reporting:
    """Reports one run, from any thread.

    Args:
        exporters: The names of the exporters, by signal.

    Raises:
        NotInstalledError: If an exporter is not installed.
    """

    def __init__(self, exporters: Mapping[str, Sequence[str]]) -> None:
        self._warning = OneWarning()
        of_sdk = logging.getLogger("opentelemetry")
        of_sdk.handlers, of_sdk.propagate = [self._warning], False
        resource = Resource.create({SERVICE_VERSION: version(NAME)})
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: NAME}))
        # What is made before another one fails would start a thread, so these come first.
        made = {
            signal: [_exporter(signal, name) for name in names]
            for signal, names in exporters.items()
        }
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        for exporter in made.get("traces", ()):
            self._tracers.add_span_processor(BatchSpanProcessor(exporter))
        readers = [
            one if isinstance(one, MetricReader) else PeriodicExportingMetricReader(one)
            for one in made.get("metrics", ())
        ]
        self._meters = MeterProvider(readers, resource, shutdown_on_exit=False)
        self._warning.is_set_up = True
        self._tracer = self._tracers.get_tracer(NAME, version(NAME))
        # An orchestrator hands its span over in TRACEPARENT.
        carrier = {name.lower(): value for name, value in os.environ.items()}
        self._span = self._tracer.start_span(NAME, propagate.extract(carrier))
        self._context = set_span_in_context(self._span)
        self._lock = threading.Lock()
        self._ended: set[str] = set()
        self._summary = RunSummary()
        self._streams: Mapping[str, ActOnStream] = {}
        self._standing = Standing()

    def begin(self, summary: RunSummary, streams: Mapping[str, ActOnStream]) -> None:
        """Begin to report what a run counts.

        Args:
            summary: What it counts.
            streams: All streams of the tap.
        """
        self._summary, self._streams = summary, streams
        meter = self._meters.get_meter(NAME, version(NAME))
        for name, unit, value_of in (
            ("calls_left_today", "{call}", lambda: self._standing.left),
            ("calls_to_go", "{call}", lambda: self._standing.to_go),
            ("seconds_to_go", "s", lambda: self._standing.seconds),
        ):
            meter.create_observable_gauge(f"tap_acton.{name}", [_observing(value_of)], unit)
        for name, unit, count in (
            ("record_count", "{row}", self._rows),
            ("http_request_count", "{response}", self._responses),
        ):
            meter.create_observable_counter(f"tap_acton.{name}", [count], unit)

    def look(self, standing: Standing) -> None:
        """Take note of how far the run has come, and end the spans of streams that have ended."""
        self._standing = standing
        self._end_streams(None, is_over=False)

    @contextmanager
    def until_end(self) -> Iterator[None]:
        """Report the run of the block, and send what is left at its end."""
        try:
            yield
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    def _end(self, error: BaseException | None) -> None:
        self._end_streams(error, is_over=True)
        code = _exit_code(error)
        counts = list(self._summary.streams.values())
        self._span.set_attributes(
            {
                "process.exit.code": code,
                "tap_acton.outcome": _outcome(error, code),
                "tap_acton.calls": self._summary.calls,
                "tap_acton.logins": self._summary.logins,
                "tap_acton.rows": sum(count.rows for count in counts),
            }
        )
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
            if code != EXIT_ALLOWANCE_SPENT:
                self._span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        self._span.end()
        self._flush()

    def _flush(self) -> None:
        """Send what is left, without waiting for a collector that does not respond."""
        threads = [
            threading.Thread(target=provider.shutdown, name="telemetry", daemon=True)
            for provider in (self._tracers, self._meters)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + FLUSH_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            self._warning.say()

    def _end_streams(self, error: BaseException | None, *, is_over: bool) -> None:
        """End the spans of the streams that have ended; once the run is over, of all."""
        with self._lock:
            for name, summary in list(self._summary.streams.items()):
                has_ended = is_over or (summary.ended_at and summary.outcome)
                if summary.started_at and has_ended and name not in self._ended:
                    self._ended.add(name)
                    self._report(name, summary, summary.started_at, error)

    def _report(
        self,
        name: str,
        summary: StreamSummary,
        started_at: datetime,
        error: BaseException | None,
    ) -> None:
        stream = self._streams[name]
        endpoint = endpoint_of(stream.path)
        span = self._tracer.start_span(
            self._name_of(name),
            self._context,
            attributes={
                "tap_acton.stream": self._name_of(name),
                "tap_acton.outcome": summary.outcome or "not finished",
                "tap_acton.replication": stream.replication_method,
                "tap_acton.rows": summary.rows,
                "tap_acton.calls": summary.calls,
                "tap_acton.saved": summary.saved.total(),
                "tap_acton.skipped": summary.skipped,
                "tap_acton.refused": summary.refused,
                "tap_acton.full_refresh": summary.is_full_refresh,
                "url.template": endpoint,
            },
            start_time=_nanoseconds(started_at),
        )
        # What ends the run also ends the stream that is being read.
        of_run = "" if summary.outcome or error is None else type(error).__name__
        if kind := summary.error or of_run:
            span.set_attribute("error.type", kind)
            if summary.error or _exit_code(error) != EXIT_ALLOWANCE_SPENT:
                span.set_status(Status(StatusCode.ERROR, f"{kind} at {endpoint}"))
        span.end(_nanoseconds(summary.ended_at) if summary.ended_at else None)

    def _name_of(self, stream: str) -> str:
        """Return a name that is not one of the account's; logins are counted like a stream."""
        found = self._streams.get(stream)
        return stream if found is None else type(found).name or OF_LISTS

    def _rows(self, _: CallbackOptions) -> Iterator[Observation]:
        rows: Counter[str] = Counter()
        for name, summary in list(self._summary.streams.items()):
            rows[self._name_of(name)] += summary.rows
        for name, number in rows.items():
            yield Observation(number, {"tap_acton.stream": name})

    def _responses(self, _: CallbackOptions) -> Iterator[Observation]:
        responses: Counter[tuple[str, str, int]] = Counter()
        for (name, endpoint, status), number in self._summary.responses.copy().items():
            responses[self._name_of(name), endpoint, status] += number
        for (name, endpoint, status), number in responses.items():
            yield Observation(
                number,
                {
                    "tap_acton.stream": name,
                    "url.template": endpoint,
                    "http.response.status_code": status,
                },
            )


def _exporter(signal: str, name: str) -> Any:
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    if name == "otlp":
        variables = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        variable = next(filter(os.environ.get, variables), variable)
        protocol = os.environ.get(variable, "").strip()
        name = OTLP_BY_PROTOCOL.get(protocol, "otlp_proto_http")
    (found,) = entry_points(group=f"opentelemetry_{signal}_exporter", name=name) or (None,)
    if found is None:
        raise NotInstalledError(variable)
    kind = found.load()
    # Standard output is for the target.
    return kind(out=sys.stderr) if name == "console" else kind()


def _observing(
    value_of: Callable[[], float | None],
) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        if (value := value_of()) is not None:
            yield Observation(round(value))

    return observe


def _exit_code(error: BaseException | None) -> int:
    match error:
        case None:
            return 0
        case ActOnError():
            return error.exit_code
        case SystemExit(code=int(code)):
            return code
    return EXIT_FAILED


def _outcome(error: BaseException | None, code: int) -> str:
    if code == EXIT_ALLOWANCE_SPENT:
        return "allowance spent"
    if code > EXIT_SIGNAL_BASE:
        return "stopped"
    if isinstance(error, StreamFailedError):
        return "incomplete"
    return "complete" if error is None else "failed"


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1e9)
