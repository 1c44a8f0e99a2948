"""What each run has read, as rows of their own: for checks of freshness, and for dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import ActOnError
from tap_acton.records.timestamps import timestamp_of
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.sync.forecast import Forecast
from tap_acton.sync.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_acton.records.reader import Record


class SyncRuns(ActOnStream):
    """What this run has read of each stream; emitted last, also if the run is not complete.

    Optional, since it is about the runs and not about the account. It makes no call, and holds
    nothing personal.
    """

    name = "sync_runs"
    primary_keys = ("run_id", "stream")
    is_optional = True
    is_written = False

    def read(self) -> Iterator[Record]:
        """Give a row for each stream that the run was to read, or has read for others."""
        self.is_written = True
        run = self.run
        try:
            left: int | None = run.calls_left_today
        except ActOnError:
            # The store of the counts may be what has ended the run.
            left = None
        selected = {name for name in self.tap.streams if self.tap.stream(name).selected}
        for name in sorted({*selected, *run.summary.streams} - {self.name}):
            found = run.summary.streams.get(name) or StreamSummary()
            outcome = found.outcome
            if not outcome and name not in selected:
                outcome = "not selected"
            yield {
                "run_id": run.id,
                "stream": name,
                "started_at": _timestamp(found.started_at),
                "ended_at": _timestamp(found.ended_at),
                "tap_version": self.tap.plugin_version,
                "outcome": outcome or ("not finished" if found.started_at else "not started"),
                "rows": found.rows,
                "calls": found.calls,
                "calls_saved": found.saved.total(),
                "waited_seconds": round(found.waited, 1),
                "skipped": found.skipped,
                "refused": found.refused,
                "is_full_refresh": found.is_full_refresh,
                "calls_left": left,
                "extra_fields": None,
            }

    def forecast(self) -> Forecast:
        """Foresee no call."""
        return Forecast(0)

    def outlook(self) -> Forecast:
        """Foresee no call."""
        return Forecast(0)

    def pause(self) -> None:
        """Keep nothing: the next run of a load has rows of its own."""


def _timestamp(time: datetime | None) -> str | None:
    return None if time is None else timestamp_of(time)
