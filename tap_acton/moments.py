"""Moments as the tap writes them: UTC, milliseconds, one width, so that they compare as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(value: datetime) -> str:
    """Write a moment.

    Args:
        value: The moment, with its zone.

    Returns:
        The moment in UTC with milliseconds, for example ``2024-09-06T16:50:52.528Z``.
    """
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def milliseconds_of(moment: str) -> int:
    """Turn a written moment into epoch milliseconds.

    Args:
        moment: For example ``2024-09-06T16:50:52.528Z``.

    Returns:
        The milliseconds since 1970.
    """
    return (datetime.fromisoformat(moment) - _EPOCH) // timedelta(milliseconds=1)
