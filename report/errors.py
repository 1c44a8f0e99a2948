"""What ends a report."""

from __future__ import annotations


class ReportError(Exception):
    """The report cannot be made; its sentence says why, and what to do."""
