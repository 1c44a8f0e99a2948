"""The keys of the rows of a query: how many are distinct, and which records were sent before."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from tap_acton.records.reader import Record

KEYS_HELD = 10_000
"""At least so many of the latest keys are known one by one; of the others, only their number."""

BATCHES_HELD = 20
"""Records of so many batches are held, which is about two pages."""

PARTS = 64
"""Into so many parts the keys are divided to count the distinct ones."""


class Keys:
    """The keys of a query: eight bytes for each, more only for the latest ones.

    Attributes:
        new: How many keys were new in the response under way.
        repeats: How many rows have the key of a row before them in the same response. These are
            other rows, while a key that comes again later may be the same row, moved.
    """

    def __init__(self) -> None:
        self.new = self.repeats = 0
        self._all = array("q")  # a key that comes again after a long while is in it twice
        self._latest: set[int] = set()
        self._earlier: set[int] = set()
        self._response: list[set[int]] = []  # what is new in the response under way
        self._records: deque[tuple[Sequence[Any], Sequence[Record]]] = deque(maxlen=BATCHES_HELD)
        self._counted = (0, 0)

    def next_response(self) -> None:
        """Begin another response."""
        self.new = 0
        self._response = []

    def add(self, keys: Iterable[Hashable]) -> set[int]:
        """Add the keys of some rows of a response, and return the hashes of those that are new."""
        hashes = list(map(hash, keys))
        new = set(hashes)
        if not (new.isdisjoint(self._latest) and new.isdisjoint(self._earlier)):
            new -= self._latest
            new -= self._earlier
        self.new += len(new)
        self._latest |= new
        self._response.append(new)
        self._all.extend(new)
        if len(new) < len(hashes):
            first = self._new_in_response()
            self.repeats += sum(one in first for one in hashes) - len(new)
        if len(self._latest) > KEYS_HELD:
            self._earlier, self._latest = self._latest, set()
        return new

    def unsent(
        self, records: Sequence[Record], key_of: Callable[[Record], Any]
    ) -> Sequence[Record]:
        """Add the keys of some records of a response, and return the records to be sent.

        Of a response that is the first one of each key. Where the key has come with another
        response it is sent if it differs, since either version may be the one that is wanted.
        """
        keys = list(map(key_of, records))
        new = self.add(keys)
        sent = records if len(new) == len(keys) else self._changed(records, keys, new)
        self._records.append((keys, records))
        return sent

    def _changed(
        self, records: Sequence[Record], keys: Sequence[Any], new: set[int]
    ) -> Sequence[Record]:
        known = {key: record for batch in self._records for key, record in zip(*batch, strict=True)}
        of_response, first, sent = self._new_in_response(), set(new), []
        for key, record in zip(keys, records, strict=True):
            one = hash(key)
            if one in first or (one not in of_response and known.get(key) != record):
                sent.append(record)
            first.discard(one)
        return sent

    def _new_in_response(self) -> set[int]:
        """Return the hashes of all keys that were new in the response under way."""
        first, *others = self._response
        first.update(*others)
        self._response = [first]
        return first

    def __len__(self) -> int:
        """Count the distinct keys."""
        rows, number = self._counted
        if rows != len(self._all):
            rows = number = len(self._all)
            if rows > len(self._latest) + len(self._earlier):
                parts = [array("q") for _ in range(PARTS)]
                for one in self._all:
                    parts[one % PARTS].append(one)
                number = sum(len(set(part)) for part in parts)
            self._counted = rows, number
        return number
