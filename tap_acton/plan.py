"""The plan of a run: how many calls it will take, and whether the allowance has them.

A plan asks what a run asks first, above all the listings, and counts what hangs on them.
It reads no stream, writes no state, and asks about no single parent.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from tap_acton.api.rate_limits import seconds_for
from tap_acton.errors import CallError, NotAvailableError, StreamFailedError
from tap_acton.sync.forecast import Certainty, Estimate, certainty_of_sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.streams.base.old_stream import ActOnStream
    from tap_acton.streams.base.stream import ActOnTap


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What a stream will take.

    Attributes:
        stream: The name of the stream.
        calls: The calls, those that are made for it by other streams' needs included.
        certainty: How far the number can be relied on.
        reason: What it is made of.
        failure: Why it cannot be told, if it cannot.
    """

    stream: str
    calls: int
    certainty: Certainty
    reason: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will take, and what the allowance has.

    Attributes:
        streams: The selected streams, and those that others need, in the order of reading.
        requests_per_second: The pace.
        daily_request_limit: The calls that 24 hours allow.
        calls_left: Those that are left of them, the calls of this plan taken off.
        calls_made: The calls that this plan took, logins included.
    """

    streams: Sequence[StreamPlan]
    requests_per_second: float
    daily_request_limit: int
    calls_left: int
    calls_made: int

    @property
    def calls(self) -> int:
        """The calls of the run, a login aside."""
        return sum(stream.calls for stream in self.streams)

    @property
    def certainty(self) -> Certainty:
        """How far their number can be relied on."""
        return certainty_of_sum(stream.certainty for stream in self.streams)

    @property
    def seconds(self) -> float:
        """How long the calls take at the allowed pace."""
        return seconds_for(self.calls, self.requests_per_second)

    @property
    def days(self) -> int:
        """Over how many days the calls spread, by what 24 hours allow."""
        return 1 + math.ceil(max(0, self.calls - self.calls_left) / self.daily_request_limit)

    @property
    def failed(self) -> list[str]:
        """The streams of which nothing can be told."""
        return [stream.stream for stream in self.streams if stream.failure]

    def data(self) -> dict[str, Any]:
        """Give the plan as plain data.

        Returns:
            An object for JSON; the README names its fields.
        """
        return {
            "calls": self.calls,
            "certainty": self.certainty.value,
            "seconds": round(self.seconds, 1),
            "days": self.days,
            "fits_today": self.days == 1,
            "requests_per_second": self.requests_per_second,
            "daily_request_limit": self.daily_request_limit,
            "calls_used": self.daily_request_limit - self.calls_left,
            "calls_left": self.calls_left,
            "calls_of_plan": self.calls_made,
            "streams": [
                {
                    "stream": one.stream,
                    "calls": one.calls,
                    "certainty": one.certainty.value,
                    "reason": one.reason,
                }
                for one in self.streams
            ],
        }

    def text(self) -> str:
        """Give the plan as a person reads it.

        Returns:
            A table of the streams, and what they come to.
        """
        width = max(map(len, [one.stream for one in self.streams] + ["stream"]))
        lines = [f"{'stream':<{width}}  {'':>8} {'calls':>9}  made of"]
        for name, certainty, calls, reason in (
            *((one.stream, one.certainty, one.calls, one.reason) for one in self.streams),
            ("total", self.certainty, self.calls, ""),
        ):
            sign = "" if certainty is Certainty.EXACT else certainty
            lines.append(f"{name:<{width}}  {sign:>8} {calls:>9,}  {reason}".rstrip())
        return "\n".join([*lines, "", *self._sentences()])

    def _sentences(self) -> Iterator[str]:
        pace, limit, left = self.requests_per_second, self.daily_request_limit, self.calls_left
        minutes, seconds = divmod(math.ceil(self.seconds), 60)
        duration = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        yield f"At {pace:,g} calls a second this takes {duration}, longer if Act-On answers slowly."
        yield f"Of the {limit:,} calls in 24 hours {limit - left:,} are used and {left:,} left,"
        if self.days == 1:
            yield "so the run fits into today."
        else:
            yield f"so the run takes {self.days} days: it stops at the limit, and the next goes on."
        yield f"This plan took {self.calls_made:,} calls."


def make_plan(tap: ActOnTap) -> Plan:
    """Plan a run.

    Args:
        tap: The tap, made with the settings, the catalog and the state of the run.

    Returns:
        The plan.

    Raises:
        ActOnError: If Act-On cannot be asked at all.
    """
    run = tap.run
    run.client.connect()
    # Every stream needs it, so a run asks for it, too.
    _ = run.zone
    selected = [cast("ActOnStream", stream) for stream in tap.streams.values() if stream.selected]
    for stream in selected:
        stream.begin_full_refresh()
    foreseen = {stream.name: _foresee(stream) for stream in selected}
    made = {name: count.calls for name, count in run.summary.streams.items()}
    streams = []
    for name in tap.streams:
        if name in foreseen:
            estimate, failure = foreseen[name]
            reason = estimate.reason
        elif made.get(name):
            estimate, failure, reason = Estimate(0), "", "not selected, but needed"
        else:
            continue
        calls = made.get(name, 0) + estimate.calls
        streams.append(StreamPlan(name, calls, estimate.certainty, reason, failure))
    settings = run.settings
    return Plan(
        streams,
        settings.requests_per_second,
        settings.daily_request_limit,
        run.calls_left_today,
        run.summary.data()["calls"],
    )


def _foresee(stream: ActOnStream) -> tuple[Estimate, str]:
    """Let a stream foresee its calls; give its failure where it cannot."""
    try:
        estimate = stream.estimate()
        reasons = [estimate.reason, "full read" if stream.is_full_refresh else ""]
        return replace(estimate, reason=", ".join(filter(None, reasons))), ""
    except NotAvailableError as error:
        stream.logger.info("%s The stream will be switched off.", error.sentence)
        return Estimate(0, reason="not offered to this account"), ""
    except (StreamFailedError, CallError) as error:
        if stream.run.is_news(error):
            stream.logger.log(logging.ERROR, error.sentence)
        return Estimate(0, Certainty.AT_LEAST, "cannot be told at present"), error.sentence
