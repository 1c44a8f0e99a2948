"""The plan of a run: how many calls it will take, and whether the allowance has them.

The command line is ``tap-acton-plan``, or ``python -m tap_acton.plan``. A plan requests what a run
requests first, above all the listings, and counts what hangs on them. It reads no stream, writes
no state, and requests no single message, list or contact.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from io import StringIO
from typing import IO, TYPE_CHECKING, Any

import click

from tap_acton import logs
from tap_acton.__main__ import in_one_sentence, require_output
from tap_acton.api.rate_limits import days_for, seconds_for
from tap_acton.command_line import write_utf8
from tap_acton.errors import CallError, NotAvailableError, StreamFailedError
from tap_acton.logs import log_plainly
from tap_acton.progress.display import Display
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.streams.base.stream import ActOnStream

STDIN = "<stdin>"
"""What Python calls standard input."""

OPTIONS = ("version", "config", "catalog", "state")
"""The options of the tap that matter here."""


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What a stream will take.

    Attributes:
        stream: The name of the stream.
        calls: The calls, those included that are made for it because other streams need it.
        is_exact: Whether the number holds if Act-On answers as documented; else it is about that.
        reason: What it is made of.
        failure: Why it cannot be foreseen, if it cannot.
    """

    stream: str
    calls: int
    is_exact: bool = True
    reason: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will take, and what the allowance has.

    Attributes:
        streams: The selected streams, and those that others need, in the order of reading.
        requests_per_second: The pace.
        daily_request_limit: The calls that 24 hours allow.
        calls_left: Those that are left of them, without the calls of this plan.
        calls_made: The calls that this plan took, logins included.
    """

    streams: Sequence[StreamPlan]
    requests_per_second: float
    daily_request_limit: int
    calls_left: int
    calls_made: int

    @property
    def calls(self) -> int:
        """The calls of the run, without a login."""
        return sum(stream.calls for stream in self.streams)

    @property
    def is_exact(self) -> bool:
        """Whether their number is exact."""
        return all(stream.is_exact for stream in self.streams)

    @property
    def seconds(self) -> float:
        """How long the calls take at the allowed pace."""
        return seconds_for(self.calls, self.requests_per_second)

    @property
    def days(self) -> int:
        """Over how many days the calls spread, by what 24 hours allow."""
        return days_for(self.calls, self.calls_left, self.daily_request_limit)

    @property
    def failed(self) -> list[str]:
        """The streams that cannot be foreseen."""
        return [stream.stream for stream in self.streams if stream.failure]

    def data(self) -> dict[str, Any]:
        """Return the plan as an object for JSON; docs/allowance.md names its fields."""
        return {
            "calls": self.calls,
            "certainty": _certainty(is_exact=self.is_exact),
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
                    "certainty": _certainty(is_exact=one.is_exact),
                    "reason": one.reason,
                }
                for one in self.streams
            ],
        }

    def text(self) -> str:
        """Return the plan for a person: a table of the streams, and what they come to."""
        width = max(map(len, [one.stream for one in self.streams] + ["stream"]))
        lines = [f"{'stream':<{width}}  {'':>5} {'calls':>9}  made of"]
        for one in (*self.streams, StreamPlan("total", self.calls, self.is_exact)):
            sign = "" if one.is_exact else "about"
            lines.append(f"{one.stream:<{width}}  {sign:>5} {one.calls:>9,}  {one.reason}".rstrip())
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
            yield f"so the run takes {self.days} days: it stops at the limit, and the next resumes."
        yield f"This plan took {self.calls_made:,} calls."


class Planner(TapActOn):
    """The tap, which says what a run will take instead of making it."""

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line."""
        command = super().get_singer_command()
        command.help = "Say how many calls a run of the tap will take, before it is made."
        command.params = [
            *(option for option in command.params if option.name in OPTIONS),
            click.Option(
                ["--format", "plan_format"],
                type=click.Choice(["text", "json"]),
                default="text",
                help="How to write the plan.",
            ),
        ]
        return command

    @classmethod
    def invoke(  # type: ignore[override] # other options than the tap has
        cls,
        *,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        plan_format: str = "text",
    ) -> None:
        """Run the command line.

        Args:
            config: The configuration, as :meth:`cb_config` gave it.
            state: The file with the state; standard input may be empty, or a terminal.
            catalog: The file with the catalog.
            plan_format: How to write the plan: ``text`` or ``json``.

        Raises:
            StreamFailedError: If the plan is not complete.
        """
        given = _given(state)
        planner = cls.of_command_line(config, given, catalog)
        if given is None:
            planner.logger.info("There is no state: the plan is for a first run.")
        plan = planner.plan()
        click.echo(json.dumps(plan.data()) if plan_format == "json" else plan.text())
        if plan.failed:
            raise StreamFailedError(
                f"The plan is not complete: {', '.join(plan.failed)}. The reasons are above."
            )

    def plan(self) -> Plan:
        """Plan a run with the settings, the catalog and the state at hand.

        Raises:
            ActOnError: If Act-On does not answer at all.
        """
        try:
            with Display(self.run).shown():
                return self._plan()
        finally:
            self.run.close()

    def _plan(self) -> Plan:
        run, settings = self.run, self.run.settings
        # Every stream needs it, so a run requests it, too.
        _ = run.zone
        selected = [stream for stream in map(self.stream, self.streams) if stream.selected]
        for stream in selected:
            stream.begin_full_refresh()
        plans = {stream.name: _foresee(stream) for stream in selected}
        made = {name: summary.calls for name, summary in run.summary.streams.items()}
        for name in self.streams:
            if name not in plans and made.get(name):
                plans[name] = StreamPlan(name, 0, reason="not selected, but needed")
        return Plan(
            [_with_calls(plans[name], made.get(name, 0)) for name in self.streams if name in plans],
            settings.requests_per_second,
            settings.daily_request_limit,
            run.calls_left_today,
            run.summary.data()["calls"],
        )


def _given(state: IO[str] | None) -> IO[str] | None:
    """Return the file with the state, or None if it is standard input and nothing comes from it."""
    if state is None or state.name != STDIN:
        return state
    text = "" if state.isatty() else state.read()
    return StringIO(text) if text.strip() else None


def _foresee(stream: ActOnStream | Any) -> StreamPlan:
    """Let a stream foresee its calls; return its failure where it cannot."""
    name = stream.name
    try:
        forecast = stream.forecast()
    except NotAvailableError as error:
        stream.logger.info("%s The stream will be switched off.", error.sentence)
        return StreamPlan(name, 0, reason="not offered to this account")
    except (StreamFailedError, CallError) as error:
        if stream.run.is_news(error):
            stream.logger.log(logging.ERROR, error.sentence)
        return StreamPlan(
            name,
            0,
            is_exact=False,
            reason="cannot be foreseen at present",
            failure=error.sentence,
        )
    reasons = [forecast.reason, "full refresh" if stream.is_full_refresh else ""]
    return StreamPlan(name, forecast.calls, forecast.is_exact, ", ".join(filter(None, reasons)))


def _with_calls(plan: StreamPlan, made: int) -> StreamPlan:
    """Add the calls that the plan itself has made for a stream, as a run would."""
    return StreamPlan(plan.stream, plan.calls + made, plan.is_exact, plan.reason, plan.failure)


def _certainty(*, is_exact: bool) -> str:
    return "exact" if is_exact else "about"


def main() -> None:
    """Run the command; every failure that can be foreseen ends in one sentence."""
    write_utf8()
    log_plainly()
    with in_one_sentence():
        require_output()
        logs.check_level()
        Planner.cli()


if __name__ == "__main__":
    main()
