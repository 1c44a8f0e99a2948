"""Spans and metrics of a run for OpenTelemetry."""


class NotInstalledError(Exception):
    """An exporter is not installed; the text is the variable that wants it."""
