"""Faults that can be switched on: what they match, how often they fire, what they do."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from fnmatch import translate
from threading import Lock
from typing import TYPE_CHECKING, Any

from acton_sandbox.deviations import BODIES, PAGES, TABLES, TIMESTAMPS, TOTALS
from acton_sandbox.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: dict[str, str] = {
    "status": "answer with `status` and `body`, or the error envelope that belongs to the path",
    "unauthorized": "answer 401 as for a dead token; the token itself stays good",
    "revoke": "end all tokens, as a login of another program with the same client and user does",
    "html": "answer 200 with an HTML page",
    "garbage": "answer 200 with something that is not JSON",
    "empty": "answer 200 without a body",
    "stray_braces": "put `{}` before the body, as some printed samples have it",
    "reset": "reset the connection without an answer",
    "truncated": "announce the whole body, send half of it and close the connection",
    "away": "reset this call and every other one for `duration` seconds of the sandbox's clock",
    "delay": "wait `delay` seconds before the answer",
    "trickle": "send the answer in a few pieces, and wait `delay` seconds before each",
    "page_shift": "page as if a row had been added in front: the border row comes a second time",
    "page_gap": "page as if a row in front had been deleted: the border row comes on no page",
    "duplicate_row": "repeat the last row of the last page",
    "fewer_rows": "leave out the last row of a page, and count without it",
    "no_rows": "leave out all rows, and count none",
    "extra_fields": "add a field that no document names to every row",
    "missing_fields": "leave out `fields` of every row, or its last field",
    "wrong_type": "put `value` into `fields` of every row, or turn numbers into text and back",
    "renamed_fields": "give `fields` of every row another name",
    "null_row": "put a null among the rows",
    "empty_folder": "add a folder without entries, and one whose entries are null",
    "pages": "make pages as `value` says",
    "total": "report the total that `value` says",
    "body": "send the body that `value` says",
    "table": "send CSV as `value` says",
    "timestamps": "spell timestamps as `value` says",
}
"""The kinds of faults and what they do."""

VALUES: dict[str, tuple[str, ...]] = {
    "pages": tuple(PAGES),
    "total": tuple(TOTALS),
    "body": tuple(BODIES),
    "table": tuple(TABLES),
    "timestamps": tuple(TIMESTAMPS),
}
"""What `value` may be, of the kinds that need it; `acton_sandbox.deviations` defines them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: One of `KINDS`.
        path_pattern: Pattern of the paths it concerns, in which `*` also stands for slashes, and
            `{id}` for anything but slashes.
        times: How often it fires; None for always.
        after: How many matching calls go well first.
        probability: With which it fires on a matching call.
        seed: Makes the decisions of `probability` repeatable.
        status: The status of kind `status`.
        body: The body of kinds `status`, `html` and `garbage`; by default a fitting one.
        headers: Further headers of kind `status`, for example `Retry-After`.
        delay: Seconds to wait, for any kind.
        duration: Seconds by the sandbox's clock, for kind `away`.
        fields: The fields of kinds `missing_fields`, `renamed_fields` and `wrong_type`.
        row: The number of the only row that these kinds concern; all rows by default.
        value: The value of kind `wrong_type`; of other kinds one of `VALUES`.
        query: Parameters that a call it concerns has.
    """

    kind: str
    path_pattern: str = "/api/*"
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    status: int = 503
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    duration: float = 120.0
    fields: tuple[str, ...] = ()
    row: int | None = None
    value: Any = None
    query: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}: choose from {', '.join(KINDS)}")
        values = VALUES.get(self.kind)
        if values is not None and self.value not in values:
            raise ValueError(f"value of {self.kind}: choose from {', '.join(values)}")

    @classmethod
    def of_mapping(cls, values: Mapping[str, Any]) -> Fault:
        """Make a fault from parsed JSON, whose arrays are lists."""
        return cls(**{**values, "fields": tuple(values.get("fields", ()))})


_ID = re.compile(r"\{\w+\}")
_ANY_ID = "ANY_ID"


class _ArmedFault:
    """A fault together with what it has done so far."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self._dice = Dice("fault", fault.seed)
        pattern = translate(_ID.sub(_ANY_ID, fault.path_pattern))
        self._pattern = re.compile(pattern.replace(_ANY_ID, "[^/]+"))

    def fires(self, path: str, query: Mapping[str, str]) -> bool:
        fault = self.fault
        if not self._pattern.match(path) or not fault.query.items() <= query.items():
            return False
        self.matched += 1
        if self.matched <= fault.after:
            return False
        if fault.times is not None and self.fired >= fault.times:
            return False
        return fault.probability >= 1 or self._dice.chance(fault.probability)


class FaultPlan:
    """The faults that are switched on. The first one that fires decides about a call.

    Attributes:
        fired: How often each path has met a fault.
    """

    def __init__(self) -> None:
        self.fired: Counter[str] = Counter()
        self._armed: list[_ArmedFault] = []
        self._lock = Lock()
        self._away: tuple[Fault, float] | None = None

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        with self._lock:
            self._armed.append(_ArmedFault(fault))

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._armed.clear()
            self._away = None
            self.fired.clear()

    def choose(
        self, path: str, now: float = 0.0, query: Mapping[str, str] | None = None
    ) -> Fault | None:
        """Return the fault that concerns a call, and count it.

        Args:
            path: The path of the call.
            now: The seconds since the epoch, by the sandbox's clock.
            query: The parameters of the call.
        """
        with self._lock:
            if self._away and now < self._away[1]:
                return self._away[0]
            firing = [armed for armed in self._armed if armed.fires(path, query or {})]
            if not firing:
                return None
            firing[0].fired += 1
            self.fired[path] += 1
            fault = firing[0].fault
            if fault.kind == "away":
                self._away = fault, now + fault.duration
            return fault

    def state(self) -> list[dict[str, Any]]:
        """Return every fault with how often it matched and fired."""
        with self._lock:
            return [
                {**asdict(armed.fault), "matched": armed.matched, "fired": armed.fired}
                for armed in self._armed
            ]
