"""Fingerprints of items that were read, so that unchanged ones can be skipped.

A fingerprint is eight characters made of an item's id and of the evidence it was read with, such
as its counters or the time of its last change. The same fingerprint in a later run means that
nothing is new. Since no evidence is beyond doubt, each item is re-checked once in a period all
the same.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from bisect import insort
from datetime import datetime, timedelta

from tap_acton.records.ids import fingerprint

LENGTH = 8
"""Characters of a fingerprint; they hold 48 bits, so of 50,000 one in 10^9 matches by chance."""

MOST_FINGERPRINTS = 50_000
"""At most this many are saved; an item without one is read again."""


class Fingerprints:
    """The fingerprints of the items that were read.

    Args:
        text: Fingerprints as :attr:`text` gives them.
    """

    def __init__(self, text: str = "") -> None:
        self._known = {text[at : at + LENGTH] for at in range(0, len(text), LENGTH)}
        # Kept in order: the text is taken after each item that was read, thousands in a run.
        self._in_order = sorted(self._known)

    def has(self, identity: str, evidence: str) -> bool:
        """Whether an item was read with this evidence."""
        return _fingerprint_of(identity, evidence) in self._known

    def add(self, identity: str, evidence: str) -> None:
        """Remember that an item was read with this evidence."""
        added = _fingerprint_of(identity, evidence)
        if added not in self._known:
            self._known.add(added)
            insort(self._in_order, added)

    @property
    def text(self) -> str:
        """The fingerprints as the state keeps them, one after the other."""
        return "".join(self._in_order[:MOST_FINGERPRINTS])


def is_due(identity: str, since: str, now: str, period: timedelta) -> bool:
    """Whether an unchanged item is to be re-checked in this run.

    Each item has a time of its own within the period, which its id decides. So the re-checks
    spread evenly, and each item is re-checked once per period however often the tap runs.

    Args:
        identity: The id of the item.
        since: The timestamp at which the last complete run began.
        now: The timestamp at which this run began.
        period: A day or more.
    """
    length = period // timedelta(seconds=1)
    offset = int(fingerprint(identity), 16) % length
    before, after = (
        (int(datetime.fromisoformat(timestamp).timestamp()) - offset) // length
        for timestamp in (since, now)
    )
    return after > before


def _fingerprint_of(identity: str, evidence: str) -> str:
    digest = bytes.fromhex(fingerprint(identity, evidence))
    return urlsafe_b64encode(digest).decode()[:LENGTH]
