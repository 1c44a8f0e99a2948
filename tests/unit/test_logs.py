"""The log of the command: the noise of the SDK stays out, and each line names its stream."""

from __future__ import annotations

import inspect
import io
import json
import logging
from typing import TYPE_CHECKING, Any, cast

import pytest
from singer_sdk import metrics, plugin_base, tap_base
from singer_sdk.helpers import _state
from singer_sdk.logging import ConsoleFormatter, StructuredFormatter
from singer_sdk.streams import _state as state_of_streams
from singer_sdk.streams import core

from tap_acton import logs
from tap_acton.progress.metrics import Gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOGGERS = ("", logs.LOGGER, "singer_sdk", metrics.METRICS_LOGGER_NAME)


@pytest.fixture(params=[ConsoleFormatter, StructuredFormatter])
def formatter(request: pytest.FixtureRequest) -> logging.Formatter:
    """As on a console, and as under Meltano."""
    made: logging.Formatter = request.param()
    return made


@pytest.fixture
def log(
    formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], list[str]]]:
    """Set up a log as the command does; give the messages that come out."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger().setLevel(logging.INFO)

    def messages() -> list[str]:
        lines = written.getvalue().splitlines()
        if isinstance(formatter, ConsoleFormatter):
            return [line.split(" | ", 3)[3] for line in lines]
        return [json.loads(line)["message"] for line in lines]

    yield messages
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("words", logs.SDK_NOISE)
def test_the_sdk_still_says_what_is_left_out(log: Any, words: str) -> None:
    modules = (_state, state_of_streams, core, tap_base, plugin_base)
    assert any(words in inspect.getsource(module) for module in modules)
    logs.set_up()
    for name in ("singer_sdk", "tap-acton", "tap-acton.lists"):
        logging.getLogger(name).warning("%s ...", words)
        logging.getLogger(name).warning(f"{words} ...")  # noqa: G004 - as the SDK does
    # Only as the beginning of what is said: a value is not noise.
    assert {line.removesuffix(" ...") for line in log()} <= {words, f"lists: {words}"}
    assert len(log()) == len(("singer_sdk", "tap-acton", "tap-acton.lists"))


def test_other_words_of_the_sdk_are_news(log: Any) -> None:
    logs.set_up()
    logging.getLogger("singer_sdk").warning("Something else")
    assert log() == ["Something else"]


def test_each_line_about_a_stream_names_it_once(log: Any) -> None:
    logs.set_up()
    stream = logging.getLogger("tap-acton.message_events")
    stream.info("%d of the messages cannot be read", 3)
    stream.info("message_events: complete, %d rows", 3)
    logging.getLogger("tap-acton").info("Run summary")
    assert log() == [
        "message_events: 3 of the messages cannot be read",
        "message_events: complete, 3 rows",
        "Run summary",
    ]


def test_a_metric_is_a_line_only_for_machines_and_only_if_it_says_something(
    log: Any, formatter: logging.Formatter
) -> None:
    logs.set_up()
    logger = metrics.get_metrics_logger()
    for kind, metric, value in (
        ("counter", metrics.Metric.RECORD_COUNT, 0),
        ("counter", metrics.Metric.RECORD_COUNT, 7),
        ("timer", metrics.Metric.SYNC_DURATION, 1.5),
        ("gauge", Gauge.CALLS_LEFT, 0),
    ):
        metrics.log(logger, metrics.Point(kind, cast("Any", metric), value, {"stream": "lists"}))
    # The rows, and that no call is left.
    assert log() == (["METRIC"] * 2 if isinstance(formatter, StructuredFormatter) else [])


@pytest.mark.parametrize(
    ("log_format", "has_config", "is_line"),
    [
        ("colored", False, False),
        ("uncolored", False, False),
        ("plain", False, False),
        ("json", False, True),
        ("key_value", False, True),
        # It may send JSON somewhere, whatever the format says.
        ("colored", True, True),
    ],
)
def test_under_meltano_a_metric_is_a_line_where_its_tags_are_shown(
    log: Any,
    formatter: logging.Formatter,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    log_format: str,
    has_config: bool,
    is_line: bool,
) -> None:
    monkeypatch.setenv("MELTANO_CLI_LOG_FORMAT", log_format)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("MELTANO_CLI_LOG_CONFIG", "logging.yaml")
    if has_config:
        (tmp_path / "logging.yaml").touch()
    logs.set_up()
    point = metrics.Point("counter", metrics.Metric.RECORD_COUNT, 7, {"stream": "lists"})
    metrics.log(metrics.get_metrics_logger(), point)
    is_structured = isinstance(formatter, StructuredFormatter)
    assert log() == (["METRIC"] if is_line and is_structured else [])


@pytest.mark.parametrize("level", ["warning", "WARNING"])
def test_the_level_counts_whoever_made_the_handlers(
    log: Any, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv(logs.LEVEL_VARIABLE, level)
    logs.set_up()
    logging.getLogger("tap-acton.lists").info("lists: complete")
    logging.getLogger("tap-acton").warning("Something else")
    assert log() == ["Something else"]


def test_each_record_of_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    logs.log_plainly()
    try:
        with caplog.at_level("INFO"):
            logging.getLogger("any").info("list %s", "a\nERROR b\x1b[2J\u202e")
    finally:
        logging.setLogRecordFactory(before)
    assert caplog.messages == [r"list a\nERROR b\x1b[2J\u202e"]
