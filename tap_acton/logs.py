"""The log of the command: what it leaves out of the SDK's lines, and what every line says.

Meltano shows neither the name of the logger nor a level below its own, so both are seen to here.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from singer_sdk.logging import StructuredFormatter
from singer_sdk.metrics import METRICS_LOGGER_NAME, Metric, Point

from tap_acton.errors import SettingsError, printable

LOGGER = "tap-acton"

LEVEL_VARIABLE = "TAP_ACTON_LOGLEVEL"
"""The variable with the level of the log. The SDK heeds it too, but not under Meltano."""

LEVEL_VARIABLES = (LEVEL_VARIABLE, "LOGLEVEL")
"""The variables that the SDK heeds: the first that is set."""

MELTANO_FORMATS_FOR_PEOPLE = ("colored", "uncolored", "plain")
"""The formats of Meltano's log that show of a metric its name and value alone, or nothing."""

SDK_NOISE = (
    # Wrong here: an interrupted run keeps what it has done where it can, and a row without a
    # timestamp is emitted in every run.
    "Stream is assumed to be unsorted",
    "New replication value is null",
    # Of no use: a stream says what became of it once it ends.
    "Skipping deselected stream",
    "Beginning sync of",
    "Starting incremental sync of",
    "Parsing env var for settings",
    "Skipping parse of env var settings",
)
"""How lines of the SDK begin that are left out."""


class PlainRecord(logging.LogRecord):
    """A record of the log that is one line, whatever names of an account are in it."""

    def getMessage(self) -> str:  # noqa: N802 - named by the standard library
        """Return the message."""
        return printable(super().getMessage())


def log_plainly() -> None:
    """Let each record of the log be one line."""
    logging.setLogRecordFactory(PlainRecord)


class LineFilter(logging.Filter):
    """Leaves out what a person need not know, and names the stream in every line about one.

    Args:
        has_metrics: Whether the lines are for machines, so that they hold numbers.
    """

    def __init__(self, *, has_metrics: bool) -> None:
        super().__init__()
        self._has_metrics = has_metrics

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is worth it; put the stream's name in front if it lacks it."""
        if str(record.msg).startswith(SDK_NOISE):
            return False
        if record.name == METRICS_LOGGER_NAME:
            return self._has_metrics and _says_something(record)
        _, _, stream = record.name.partition(f"{LOGGER}.")
        if stream and stream not in (message := record.getMessage()):
            record.msg, record.args = f"{stream}: {message}", ()
        return True


def _says_something(record: logging.LogRecord) -> bool:
    """Return whether a metric is worth a line.

    That nothing was counted is not; nor is how long a stream took, which the SDK calls a success
    even if the stream failed.
    """
    match record.args:
        case (Point(metric_type="counter", value=value),):
            return bool(value)
        case (Point(metric=metric),):
            return metric is not Metric.SYNC_DURATION
    return True


def _is_shown_by_meltano() -> bool:
    """Return whether Meltano shows structured lines to people: a metric without its stream."""
    environment = os.environ
    log_format = environment.get("MELTANO_CLI_LOG_FORMAT")
    folder = environment.get("MELTANO_PROJECT_ROOT", "")
    # With a configuration of its own, Meltano may send them elsewhere, too.
    config = Path(folder, environment.get("MELTANO_CLI_LOG_CONFIG", ""))
    return log_format in MELTANO_FORMATS_FOR_PEOPLE and not config.is_file()


def check_level() -> None:
    """Make sure that the level of the log is one, since the SDK takes whatever is set.

    Raises:
        SettingsError: If it is not.
    """
    variable = next(filter(os.environ.get, LEVEL_VARIABLES), None)
    if variable and os.environ[variable].upper() not in logging.getLevelNamesMapping():
        raise SettingsError(
            f"The variable {variable} is {os.environ[variable]}: make it DEBUG, INFO, WARNING or "
            "ERROR."
        )


def set_up() -> None:
    """Set up the log of the command, now that the SDK or Meltano has made its handlers."""
    for handler in logging.getLogger().handlers:
        is_structured = isinstance(handler.formatter, StructuredFormatter)
        handler.addFilter(LineFilter(has_metrics=is_structured and not _is_shown_by_meltano()))
    if level := os.environ.get(LEVEL_VARIABLE):
        for name in (LOGGER, "singer_sdk"):
            logging.getLogger(name).setLevel(level.upper())
