"""Which events of a kind are new, where all events of the kind were read.

Act-On cannot filter events by date, so a kind whose counter moved is read whole. Later events alone
are sent only if the earlier ones are, by a digest of their ids, exactly those sent before. An event
that came late or was deleted changes the digest, and so does one at the very time of the latest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.state.stream_state import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_acton.records.reader import Record

DIGEST_DIGITS = 16
"""Hexadecimal digits of a digest: 64 bits, so 1 in 10^19 different sets has the same one."""


def new_events(
    events: Callable[[], Iterable[Record]], known: Known | None
) -> tuple[Iterable[Record], Known]:
    """Leave out the events of a kind that were sent before.

    Args:
        events: Gives all events of the kind each time it is called, since they may not fit into
            the memory.
        known: The events that were sent before; None for none.

    Returns:
        The events to send, and what is known once they are sent.
    """
    everything, earlier = _Tally(), _Tally()
    for event in events():
        everything.add(event)
        if known is not None and _time_of(event) <= known.latest:
            earlier.add(event)
    if known is None or earlier.known != known:
        return events(), everything.known
    return (event for event in events() if _time_of(event) > known.latest), everything.known


class _Tally:
    """Adds up a set of events, in whatever order they come."""

    def __init__(self) -> None:
        self._rows = self._sum = 0
        self._latest = ""

    def add(self, event: Record) -> None:
        # An id is a digest itself (:mod:`tap_acton.records.ids`), so a sum of ids is one, too.
        self._rows += 1
        self._sum += int(event["id"][:DIGEST_DIGITS], 16)
        self._latest = max(self._latest, _time_of(event))

    @property
    def known(self) -> Known:
        digest = f"{self._sum % 16**DIGEST_DIGITS:0{DIGEST_DIGITS}x}"
        return Known(rows=self._rows, latest=self._latest, digest=digest)


def _time_of(event: Record) -> str:
    """Return when an event happened; one without a timestamp counts as an early one."""
    return event["event_at"] or ""
