"""The API allowance: calls per second and per day, logins per hour."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, gateway_error

if TYPE_CHECKING:
    from acton_sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Refusal:
    """The shape of a refused call, which no document describes."""

    status: int = 429
    style: str = "gateway"
    retry_after: str = ""
    """The `Retry-After` header, in seconds or as a date; none if empty."""

    def answer(self, reason: str) -> Answer:
        """Refuse a call for a reason."""
        if self.style == "empty":
            answer = Answer.of_text("", self.status)
        elif self.style == "text":
            answer = Answer.of_text(f"Rate limit: {reason}.", self.status)
        else:
            answer = gateway_error(self.status, "Too Many Requests", f"{reason}.")
        if not self.retry_after:
            return answer
        headers = (("retry-after", self.retry_after),)
        return Answer(answer.status, answer.body, answer.content_type, headers)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls are allowed; `None` lifts a limit.

    The numbers are those of the Act-On reference, 2024 edition. The day is a rolling one.
    """

    requests_per_second: int | None = 5
    requests_per_day: int | None = 30_000
    logins_per_hour: int | None = 5
    refreshes_are_logins: bool = True
    refusal: Refusal = field(default_factory=Refusal)


class _Window:
    """The calls of the last so many seconds."""

    def __init__(self, limit: int | None, seconds: float, reason: str) -> None:
        self.reason = reason
        self._limit = limit
        self._seconds = seconds
        self._calls: deque[float] = deque()

    def is_full(self, now: float) -> bool:
        while self._calls and self._calls[0] <= now - self._seconds:
            self._calls.popleft()
        return self._limit is not None and len(self._calls) >= self._limit

    def add(self, now: float) -> None:
        if self._limit is not None:
            self._calls.append(now)

    @property
    def used(self) -> int:
        return len(self._calls)


class Allowance:
    """Counts calls against limits. Refused calls are not counted."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self._clock = clock
        self._second = _Window(limits.requests_per_second, 1, "Calls per second limit exceeded")
        self._day = _Window(limits.requests_per_day, 86_400, "Calls per day limit exceeded")
        self._hour = _Window(limits.logins_per_hour, 3_600, "Logins per hour limit exceeded")

    @property
    def used(self) -> dict[str, int]:
        """How many calls are in each window."""
        return {
            "requests_per_second": self._second.used,
            "requests_per_day": self._day.used,
            "logins_per_hour": self._hour.used,
        }

    def refusal(self, grant_type: str | None = None) -> Answer | None:
        """Count a call, or answer why it is refused.

        Args:
            grant_type: The grant requested, if it is a call of the token endpoint.

        Returns:
            Nothing if the call is allowed.
        """
        now = self._clock.now()
        windows = [self._second, self._day]
        if grant_type is not None and (
            grant_type != "refresh_token" or self.limits.refreshes_are_logins
        ):
            windows.append(self._hour)
        for window in windows:
            if window.is_full(now):
                return self.limits.refusal.answer(window.reason)
        for window in windows:
            window.add(now)
        return None
