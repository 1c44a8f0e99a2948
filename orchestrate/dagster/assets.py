"""The streams as assets: one run of the tap materializes those that were asked for."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from orchestrate import run_account
from orchestrate.accounts import Account, Accounts
from orchestrate.run_account import Outcome, Places

PARTITIONS = dg.DynamicPartitionsDefinition(name="acton_account")
READ = "read_act_on"
"""The step that runs Meltano."""

READ_JOB = "read_account"
"""The job with this step."""

PAUSED_UNTIL = "acton/paused_until"
"""The tag of a run that has used up the calls: when it is worth to look again, and its id.

Whoever executes a run again copies its tags.
"""


class Stream(NamedTuple):
    """A stream of the tap."""

    name: str
    listing: str
    family: str
    description: str


STREAMS = [
    Stream(**entry)
    for entry in json.loads(Path(__file__).with_name("streams.json").read_text(encoding="utf-8"))
]


def key_of(stream: str) -> dg.AssetKey:
    """Return the key of a stream's asset, which is that of its table among dbt's sources."""
    return dg.AssetKey(["acton", stream])


_KEYS = {key_of(stream.name) for stream in STREAMS}


def reads(run: dg.DagsterRun) -> bool:
    """Tell whether a run is one of streams, and not only of models or checks."""
    if READ not in (run.step_keys_to_execute or (READ,)):
        # Executed again from where it failed, behind the reading.
        return False
    return run.job_name == READ_JOB or not _KEYS.isdisjoint(run.asset_selection or ())


def reads_everything(run: dg.DagsterRun) -> bool:
    """Tell whether a run is one of all streams."""
    return reads(run) and _KEYS.issubset(run.asset_selection or _KEYS)


def paused_until(run: dg.DagsterRun) -> str | None:
    """Return when it is worth to go on with a run; None unless it has used up the calls."""
    until, _, run_id = run.tags.get(PAUSED_UNTIL, "").partition(" ")
    return until if until and run_id == run.run_id else None


def specs() -> list[dg.AssetSpec]:
    """Return the assets, each behind the stream that lists what it is read for."""
    return [
        dg.AssetSpec(
            key_of(stream.name),
            deps=[key_of(stream.listing)] if stream.listing else [],
            description=stream.description,
            group_name=re.sub(r"\W+", "_", stream.family.lower()),
            kinds={"acton"},
            # A run materializes only what it has read to its end.
            skippable=True,
        )
        for stream in STREAMS
    ]


def read_act_on(accounts: Accounts, places: Places) -> dg.AssetsDefinition:
    """Return the assets with the step that reads them."""

    @dg.multi_asset(
        specs=specs(), can_subset=True, partitions_def=PARTITIONS, name=READ, retry_policy=None
    )
    def read(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        account = account_of(context, accounts)
        requested = [one.name for one in STREAMS if key_of(one.name) in context.selected_asset_keys]
        outcome = _read(account, requested)
        yield from results(outcome, requested)
        for event in of_account_alone(outcome, context.partition_key):
            context.log_event(event)
        _end(context, account, outcome)

    def _read(account: Account, requested: Sequence[str]) -> Outcome:
        if len(requested) < len(STREAMS):
            select = run_account.selection(account.select, requested)
            if not select:
                raise failure(
                    f"{account.key} reads none of {', '.join(requested)}: see select in "
                    "accounts.yml."
                )
            account = replace(account, select=tuple(select))
        try:
            # Into the log of the step's output; the run's own log is for what matters.
            return run_account.read(account, accounts, places, os.environ, print_line)
        except run_account.NotStartedError as error:
            raise failure(str(error)) from None

    return read


def results(outcome: Outcome, requested: Sequence[str]) -> Iterator[dg.MaterializeResult[Any]]:
    """Yield what a run has read to its end and loaded, a stream before those that hang on it."""
    if outcome.summary is None or not outcome.is_loaded:
        return
    streams = outcome.summary["streams"]
    for name in requested:
        if streams.get(name, {}).get("outcome") == "complete":
            yield dg.MaterializeResult(asset_key=key_of(name), metadata=metadata(streams[name]))


def of_account_alone(outcome: Outcome, partition: str) -> Iterator[dg.AssetMaterialization]:
    """Yield the same for the streams that only this account has, such as those of its lists."""
    if outcome.summary is None or not outcome.is_loaded:
        return
    known = {stream.name for stream in STREAMS}
    for name, counts in outcome.summary["streams"].items():
        if name not in known and counts["outcome"] == "complete":
            yield dg.AssetMaterialization(
                key_of(name), partition=partition, metadata=metadata(counts)
            )


def metadata(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream's counts of the tap's summary as metadata of its asset."""
    return {
        "dagster/row_count": counts["rows"],
        "rows": counts["rows"],
        "calls": counts["calls"],
        "calls_saved": sum(counts["saved"].values()),
        "skipped": counts["skipped"],
        "refused": counts["refused"],
        "seconds_waited": counts["waited"],
        "full_refresh": counts["full_refresh"],
        "outcome": counts["outcome"],
    }


def _end(context: dg.AssetExecutionContext, account: Account, outcome: Outcome) -> None:
    streams = outcome.summary["streams"] if outcome.summary else {}
    for name, counts in streams.items():
        if counts["outcome"] not in {"complete", "not selected", "done before"}:
            context.log.warning("%s: %s", name, counts["outcome"] or "not finished")
    words = " ".join(outcome.errors)
    if outcome.exit_code == 0:
        calls = outcome.summary["calls"] if outcome.summary else 0
        context.log.info("%s is complete, with %d calls.", account.key, calls)
        return
    if outcome.exit_code == run_account.EXIT_ALLOWANCE_SPENT:
        until = run_account.paused_until(outcome.errors, datetime.now(UTC))
        context.instance.add_run_tags(
            context.run_id,
            {PAUSED_UNTIL: f"{until.isoformat(timespec='seconds')} {context.run_id}"},
        )
        raise failure(f"{account.key} is paused, and nothing is lost: {words}")
    if outcome.exit_code in run_account.CANCELED:
        # Dagster counts an interruption as a failure, unless it was asked for.
        context.instance.report_run_canceling(context.run)
        raise dg.DagsterExecutionInterruptedError(
            f"{account.key} was stopped by signal "
            f"{outcome.exit_code - run_account.EXIT_SIGNAL_BASE}: {words}"
        )
    raise failure(f"{account.key} failed with exit code {outcome.exit_code}: {words}")


def print_line(line: str) -> None:
    """Print a line of the log, in whatever encoding: it must not fail a run."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(f"{line}\n".encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def account_of(context: dg.AssetExecutionContext, accounts: Accounts) -> Account:
    """Return the account, or shard of one, that a run is of.

    Raises:
        dagster.Failure: If there is none.
    """
    if not context.has_partition_key:
        raise failure("A run is of one account: start it from a job, with a partition.")
    account = accounts.partitions.get(context.partition_key)
    if account is None:
        raise failure(f"{context.partition_key} is not in accounts.yml.")
    return account


def failure(sentence: str) -> dg.Failure:
    """Return the end of a run that nobody tries again."""
    # A second try at once would cost calls, and end the same way.
    return dg.Failure(sentence, allow_retries=False)
