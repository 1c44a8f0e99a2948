"""Whether a run reports to OpenTelemetry: only where the standard variables say so."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_acton.telemetry import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.telemetry.reporting import Reporting

logger = logging.getLogger("tap-acton")

SIGNALS = ("traces", "metrics")


def exporters() -> dict[str, list[str]]:
    """Return the names of the exporters by signal; empty where nothing is to be reported.

    Without a name, an endpoint is one of OTLP.
    """
    environment = os.environ
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return {}
    found: dict[str, list[str]] = {}
    for signal in SIGNALS:
        endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
        usual = "otlp" if any(map(environment.get, endpoints)) else "none"
        given = map(str.strip, environment.get(f"OTEL_{signal.upper()}_EXPORTER", "").split(","))
        names = list(filter(None, given)) or [usual]
        if wanted := [name for name in names if name != "none"]:
            found[signal] = wanted
    return found


@contextmanager
def reporting() -> Iterator[Reporting | None]:
    """Report the run of the block, where that is wanted; nothing about it fails the run.

    Yields:
        What reports the run; None where nothing does, and then nothing of OpenTelemetry is
        imported.
    """
    reports = _reports_to(names) if (names := exporters()) else None
    if reports is None:
        yield None
        return
    with reports.until_end():
        yield reports


def _reports_to(names: dict[str, list[str]]) -> Reporting | None:
    try:
        from tap_acton.telemetry.reporting import Reporting  # noqa: PLC0415 - an extra

        return Reporting(names)
    except ImportError:
        logger.warning(
            "Variables of OpenTelemetry are set, but it is not installed: install "
            "tap-acton[opentelemetry] to get spans and metrics of a run."
        )
    except NotInstalledError as error:
        logger.warning(
            "OpenTelemetry cannot be set up as its variables say, so this run sends no spans and "
            "metrics: %s names what is not installed.",
            error,
        )
    # It reads its variables while it is imported, and an exporter may fail at anything.
    except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
        logger.warning(
            "OpenTelemetry cannot be set up as its variables say, so this run sends no spans and "
            "metrics (%s): check OTEL_PROPAGATORS, OTEL_EXPORTER_OTLP_PROTOCOL, "
            "OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER.",
            type(error).__name__,
        )
    return None
