"""Faults that can be switched on: what they match, how often they fire, what they do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import TYPE_CHECKING, Any

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
    "extra_fields": "add a field that no document names to every row",
    "missing_fields": "leave out `fields` of every row, or its last field",
    "wrong_type": "put `value` into `fields` of every row, or turn numbers into text and back",
}
"""The kinds of faults and what they do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: One of `KINDS`.
        path_pattern: Pattern of the paths it concerns, in which `*` also stands for slashes.
        times: How often it fires; None for always.
        after: How many matching calls go well first.
        probability: With which it fires on a matching call.
        seed: Makes the decisions of `probability` repeatable.
        status: The status of kind `status`.
        body: The body of kinds `status`, `html` and `garbage`; by default a fitting one.
        headers: Further headers of kind `status`, for example `Retry-After`.
        delay: Seconds to wait, for any kind.
        duration: Seconds by the sandbox's clock, for kind `away`.
        fields: The fields of kinds `missing_fields` and `wrong_type`.
        value: The value of kind `wrong_type`.
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
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}: choose from {', '.join(KINDS)}")

    @classmethod
    def of_mapping(cls, values: Mapping[str, Any]) -> Fault:
        """Make a fault from parsed JSON, whose arrays are lists."""
        return cls(**{**values, "fields": tuple(values.get("fields", ()))})


class _ArmedFault:
    """A fault together with what it has done so far."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self._dice = Dice("fault", fault.seed)

    def fires(self, path: str) -> bool:
        fault = self.fault
        if not fnmatchcase(path, fault.path_pattern):
            return False
        self.matched += 1
        if self.matched <= fault.after:
            return False
        if fault.times is not None and self.fired >= fault.times:
            return False
        return fault.probability >= 1 or self._dice.chance(fault.probability)


class FaultPlan:
    """The faults that are switched on. The first one that fires decides about a call."""

    def __init__(self) -> None:
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

    def choose(self, path: str, now: float = 0.0) -> Fault | None:
        """Return the fault that concerns a call, and count it.

        Args:
            path: The path of the call.
            now: The seconds since the epoch, by the sandbox's clock.
        """
        with self._lock:
            if self._away and now < self._away[1]:
                return self._away[0]
            firing = [armed for armed in self._armed if armed.fires(path)]
            if not firing:
                return None
            firing[0].fired += 1
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
