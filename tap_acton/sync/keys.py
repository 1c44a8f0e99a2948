"""The keys of the rows of a query: how many are distinct, and which records were sent before."""

from __future__ import annotations

from array import array
from collections import ChainMap, deque
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from tap_acton.records.reader import Record

_Batch: TypeAlias = "tuple[Sequence[int], Sequence[Record]]"

KEYS_HELD = 10_000
"""At least so many of the latest keys are known one by one, with their versions; of the others,
only their number."""

BATCHES_HELD = 20
"""Records of so many batches are held, of two responses at the most."""

PARTS = 64
"""Into so many parts the keys are divided to count the distinct ones."""


class Keys:
    """The keys of a query: eight bytes for each, more only for the latest ones.

    Args:
        known_repeats: What :meth:`far_repeats` has found in an earlier reading of the query.
            Their versions are known however long ago they came.

    Attributes:
        new: How many keys were new in the response under way.
        repeats: How many rows have the key of a row before them in the same response. These are
            other rows, while a key that comes again later may be the same row, moved.
    """

    def __init__(self, known_repeats: Iterable[int] = ()) -> None:
        self.new = self.repeats = 0
        self._known_repeats = frozenset(known_repeats)
        self._all = array("q")  # a key that comes again after a long while is in it twice
        self._latest: dict[int, Any] = {}  # each with the version that was sent
        self._earlier: dict[int, Any] = {}
        self._response: list[set[int]] = []  # what is new in the response under way
        self._records: deque[_Batch] = deque(maxlen=BATCHES_HELD)
        self._records_before: Sequence[_Batch] = ()  # of the response before
        self._counted = (0, 0)

    def next_response(self) -> None:
        """Begin another response."""
        self.new = 0
        self._response = []
        self._records_before = [*self._records]
        self._records.clear()

    def add(self, keys: Iterable[Hashable]) -> None:
        """Add the keys of some rows of a response."""
        hashes = list(map(hash, keys))
        self._latest.update(dict.fromkeys(self._add(hashes)))

    def unsent(
        self,
        records: Sequence[Record],
        key_of: Callable[[Record], Any],
        version_of: Callable[[Record], str | None] | None = None,
    ) -> Sequence[Record]:
        """Add the keys of some records of a response, and return the records to be sent.

        Of records that share a key the latest version is sent last, so that it is the one that
        stays. Without a version, that is the one that came last.

        Args:
            records: The records.
            key_of: Gives the key of a record.
            version_of: Gives the version of a record, which grows with time; None comes before
                all others.
        """
        hashes = list(map(hash, map(key_of, records)))
        versions = [None] * len(hashes) if version_of is None else list(map(version_of, records))
        new = self._add(hashes)
        sent = records
        if len(new) == len(hashes):
            self._latest.update(zip(hashes, versions, strict=True))
        else:
            sent = self._later(records, hashes, versions)
        self._records.append((hashes, records))
        return sent

    def _add(self, hashes: Sequence[int]) -> set[int]:
        """Count the keys of some rows of a response, and return those that are new."""
        if len(self._latest) > KEYS_HELD:
            both = ChainMap(self._latest, self._earlier)
            kept = {one: both[one] for one in self._known_repeats if one in both}
            self._earlier, self._latest = self._latest, kept
        new = set(hashes)
        latest, earlier = self._latest, self._earlier
        if not (latest.keys().isdisjoint(new) and earlier.keys().isdisjoint(new)):
            new = {one for one in new if one not in latest and one not in earlier}
        self.new += len(new)
        self._response.append(new)
        self._all.extend(new)
        if len(new) < len(hashes):
            first = self._new_in_response()
            self.repeats += sum(one in first for one in hashes) - len(new)
        return new

    def _later(
        self, records: Sequence[Record], hashes: Sequence[int], versions: Sequence[str | None]
    ) -> Sequence[Record]:
        """Leave out records of which a later version, or the same record, has been sent."""
        before = {
            one: record
            for batch in [*self._records_before, *self._records]
            for one, record in zip(*batch, strict=True)
        }
        sent: dict[int, Record] = {}
        for one, record, version in zip(hashes, records, versions, strict=True):
            held = self._latest if one in self._latest else self._earlier
            is_older = (version or "") < (held.get(one) or "")
            is_same = one in held and record == sent.get(one, before.get(one))
            self._latest[one] = held[one] if is_older else version
            if not (is_older or is_same):
                sent.pop(one, None)  # the latest one comes last
                sent[one] = record
        return list(sent.values())

    def _new_in_response(self) -> set[int]:
        """Return the hashes of all keys that were new in the response under way."""
        first, *others = self._response
        first.update(*others)
        self._response = [first]
        return first

    def far_repeats(self) -> set[int]:
        """Find keys that came again after so many others that their versions were forgotten."""
        if len(self) == len(self._all):
            return set()
        once: set[int] = set()
        repeats: set[int] = set()
        for one in self._all:
            (repeats if one in once else once).add(one)
        return set(islice(repeats, KEYS_HELD))

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
