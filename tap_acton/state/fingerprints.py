"""What rests: what was read before and shows no change, until its turn comes.

The state keeps a print of eight characters of each thing and of the evidence with which it
was read, such as its counters or the time of its last change. The same print in a later run
means that there is nothing new. As no evidence is beyond doubt, each thing has its turn once
in a period, at a timestamp of its own.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from bisect import insort
from datetime import datetime, timedelta

from tap_acton.records.values import fingerprint

PRINT_LENGTH = 8
"""Characters of a print; they hold 48 bits, so of 50,000 prints one in 10^9 is alike by chance."""

MOST_PRINTS = 50_000
"""So many prints are kept at most; a thing without one is read again."""


class Prints:
    """The prints of what was read.

    Args:
        kept: What the state keeps of them; anything but a text holds none.
    """

    def __init__(self, kept: object = None) -> None:
        text = kept if isinstance(kept, str) else ""
        self._prints = {text[at : at + PRINT_LENGTH] for at in range(0, len(text), PRINT_LENGTH)}
        # Written after each thing that was read, of which there are thousands.
        self._in_order = sorted(self._prints)

    def has(self, identity: str, evidence: str) -> bool:
        """Tell whether a thing was read with this evidence.

        Args:
            identity: The id of the thing.
            evidence: What changes whenever it does.

        Returns:
            Whether it was.
        """
        return _print_of(identity, evidence) in self._prints

    def add(self, identity: str, evidence: str) -> None:
        """Keep that a thing was read.

        Args:
            identity: The id of the thing.
            evidence: What changes whenever it does.
        """
        added = _print_of(identity, evidence)
        if added not in self._prints:
            self._prints.add(added)
            insort(self._in_order, added)

    @property
    def written(self) -> str:
        """The prints as the state keeps them, one behind the other."""
        return "".join(self._in_order[:MOST_PRINTS])


def has_turn(identity: str, since: str, now: str, period: timedelta) -> bool:
    """Tell whether the timestamp of a thing that rests has come.

    The timestamps come once in each period, and are spread over it by the things' ids.

    Args:
        identity: The id of the thing.
        since: When the last complete run began, as the tap writes timestamps.
        now: When this run began.
        period: A day or more.

    Returns:
        Whether it lies between the two.
    """
    length = period // timedelta(seconds=1)
    timestamp = int(fingerprint(identity), 16) % length
    before, after = (
        (int(datetime.fromisoformat(written).timestamp()) - timestamp) // length
        for written in (since, now)
    )
    return after > before


def _print_of(identity: str, evidence: str) -> str:
    digest = bytes.fromhex(fingerprint(identity, evidence))
    return urlsafe_b64encode(digest).decode()[:PRINT_LENGTH]
