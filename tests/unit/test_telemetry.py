"""When OpenTelemetry is on, and that nothing about it fails a run or delays it for long."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tap_acton.errors import StreamFailedError
from tap_acton.sync.summary import RunSummary
from tap_acton.telemetry import reporting, switch

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

PACKAGE = Path(switch.__file__).parents[1]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set no variable of OpenTelemetry, and leave its log as it was."""
    for name in [*os.environ]:
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    of_sdk = logging.getLogger("opentelemetry")
    handlers, propagate = of_sdk.handlers, of_sdk.propagate
    yield
    of_sdk.handlers, of_sdk.propagate = handlers, propagate


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"OTEL_SERVICE_NAME": "acton"}, {}),
        ({ENDPOINT: "http://c:4318"}, {"traces": ["otlp"], "metrics": ["otlp"]}),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, {"traces": ["otlp"]}),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c"}, {"metrics": ["otlp"]}),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, {"traces": ["otlp", "console"]}),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, {"metrics": ["otlp"]}),
        ({"OTEL_METRICS_EXPORTER": "none", ENDPOINT: "http://c"}, {"traces": ["otlp"]}),
        ({"OTEL_TRACES_EXPORTER": "", ENDPOINT: ""}, {}),
        ({"OTEL_TRACES_EXPORTER": "otlp,"}, {"traces": ["otlp"]}),
        ({"OTEL_TRACES_EXPORTER": " , ", "OTEL_METRICS_EXPORTER": " "}, {}),
        (
            {"OTEL_METRICS_EXPORTER": " ", ENDPOINT: "http://c"},
            {"traces": ["otlp"], "metrics": ["otlp"]},
        ),
        ({"OTEL_SDK_DISABLED": "True", ENDPOINT: "http://c"}, {}),
        (
            {"OTEL_SDK_DISABLED": "false", ENDPOINT: "http://c"},
            {"traces": ["otlp"], "metrics": ["otlp"]},
        ),
    ],
)
def test_it_is_on_where_the_standard_variables_say_so(
    variables: dict[str, str], expected: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert switch.exporters() == expected


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.name for record in caplog.records} <= {"tap-acton"}
    assert not any(record.exc_info for record in caplog.records)
    return [record.getMessage() for record in caplog.records]


def test_off_it_needs_nothing_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # What is None there cannot be imported.
    monkeypatch.setitem(sys.modules, "tap_acton.telemetry.reporting", None)
    with switch.reporting() as reports:
        assert reports is None
    assert warnings_of(caplog) == []


def test_nothing_else_of_the_tap_imports_it() -> None:
    importing = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ImportFrom(module=str(module)):
                    modules = [module]
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case _:
                    continue
            if any(module.partition(".")[0] == "opentelemetry" for module in modules):
                importing.add(path.relative_to(PACKAGE).as_posix())
    assert importing == {"telemetry/reporting.py"}


def test_without_the_extra_a_warning_says_so_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://collector.example.com:4318")
    monkeypatch.setitem(sys.modules, "tap_acton.telemetry.reporting", None)
    with switch.reporting() as reports:
        assert reports is None
    (warning,) = warnings_of(caplog)
    assert warning.startswith("Variables of OpenTelemetry are set, but it is not installed")


def test_a_variable_that_the_import_chokes_on_is_a_warning() -> None:
    """The SDK reads it while it is imported, which happens once in a process."""
    program = (
        "import logging, os; logging.basicConfig(format='%(message)s');"
        "from tap_acton.telemetry import switch\n"
        "with switch.reporting() as reports: assert reports is None"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OTEL_PROPAGATORS": "b4", "OTEL_TRACES_EXPORTER": "console"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OpenTelemetry cannot be set up as its variables say" in ended.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
    ],
)
def test_what_is_not_installed_is_a_warning_that_names_the_variable_and_the_run_goes_on(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://c:4317")
    monkeypatch.setenv(variable, value)
    with switch.reporting() as reports:
        assert reports is None
    (warning,) = warnings_of(caplog)
    assert warning.startswith("OpenTelemetry cannot be set up as its variables say")
    assert f": {variable} names" in warning


def test_an_exporter_that_fails_at_its_variables_is_a_warning_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = [SimpleNamespace(load=lambda: lambda: int("abc"))]
    monkeypatch.setattr(reporting, "entry_points", lambda **_: found)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "broken")
    with switch.reporting() as reports:
        assert reports is None
    (warning,) = warnings_of(caplog)
    assert "(ValueError)" in warning


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "abc",
            [reporting.DEFAULT_USED % "OTEL_BSP_MAX_QUEUE_SIZE"],
        ),
        ("OTEL_RESOURCE_ATTRIBUTES", "abc,,=d", []),
        ("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "abc", []),
    ],
)
def test_a_variable_that_is_not_understood_loses_nothing_and_no_warning_says_so(
    variable: str,
    value: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with collector(200) as (address, got):
        monkeypatch.setenv(ENDPOINT, address)
        monkeypatch.setenv(variable, value)
        with switch.reporting() as reports:
            assert reports is not None
    assert "/v1/traces" in got
    assert warnings_of(caplog) == expected


@contextmanager
def collector(status: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Listen as a collector does; give its address, and what it gets by path."""
    got: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", got
        finally:
            server.shutdown()
            thread.join()


def test_a_collector_gets_spans_and_metrics_over_http(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    summary = RunSummary()
    summary.count_response("logins", "/token", 200)
    with collector(200) as (address, got):
        monkeypatch.setenv(ENDPOINT, address)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=night,deployment=test")
        with switch.reporting() as reports:
            assert reports is not None
            reports.begin(summary, {})
    (of_spans,) = ExportTraceServiceRequest.FromString(got["/v1/traces"]).resource_spans
    assert [span.name for scope in of_spans.scope_spans for span in scope.spans] == ["tap-acton"]
    resource = {one.key: one.value.string_value for one in of_spans.resource.attributes}
    assert resource.items() >= {"service.name": "night", "deployment": "test"}.items()
    (of_metrics,) = ExportMetricsServiceRequest.FromString(got["/v1/metrics"]).resource_metrics
    names = [metric.name for scope in of_metrics.scope_metrics for metric in scope.metrics]
    assert names == ["tap_acton.http_request_count"]
    assert warnings_of(caplog) == []


def test_a_collector_that_refuses_is_one_warning_with_its_status(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with collector(401) as (address, got):
        monkeypatch.setenv(ENDPOINT, address)
        with switch.reporting() as reports:
            assert reports is not None
            reports.begin(RunSummary(), {})
    assert "/v1/traces" in got
    assert warnings_of(caplog) == [reporting.LOST % " (HTTP 401)"]


class Hanging:
    """An exporter whose collector never answers.

    Attributes:
        release: Lets it go, once the test is over.
        is_over: Whether it has got to its end.
    """

    def __init__(self) -> None:
        self.release = threading.Event()
        self.is_over = False

    def export(self, _: Any) -> None:
        self.release.wait()
        self.is_over = True

    def shutdown(self) -> None:
        pass


def fail() -> None:
    with switch.reporting():
        raise StreamFailedError("Not complete: lists.")


def test_a_collector_that_hangs_holds_up_the_end_for_seconds_and_is_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What has ended the run does so all the same."""
    hanging = Hanging()
    found = [SimpleNamespace(load=lambda: lambda: hanging)]
    monkeypatch.setattr(reporting, "entry_points", lambda **_: found)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "hanging")
    assert reporting.FLUSH_SECONDS <= 5
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.1)
    try:
        with pytest.raises(StreamFailedError, match="Not complete: lists"):
            fail()
        assert not hanging.is_over
    finally:
        hanging.release.set()
    assert warnings_of(caplog) == [reporting.LOST % ""]


def test_the_console_is_standard_error_since_the_target_reads_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"):
        monkeypatch.setenv(variable, "console")
    with switch.reporting() as reports:
        assert reports is not None
        reports.begin(RunSummary(), {})
    written = capsys.readouterr()
    assert '"name": "tap-acton"' in written.err
    assert written.out == ""
