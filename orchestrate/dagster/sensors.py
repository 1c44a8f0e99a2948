"""What starts without a schedule: partitions of new accounts, resumed runs, models, alarms."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

import dagster as dg
import requests

from orchestrate import plan
from orchestrate.accounts import Accounts
from orchestrate.dagster import assets
from orchestrate.run_account import Places

PARTITION = "dagster/partition"
OLDEST_PAUSE = timedelta(days=7)
ASK_AGAIN = timedelta(hours=1)
RUNS_LOOKED_AT = 20
SCHEMA = "acton/schema"
"""The tag of a run of models: at most one at a time writes a schema."""

SECONDS_FOR_ALARM = 20
ALARMS_AT_ONCE = 20
OLDEST_FAILURE = timedelta(days=7)
"""For so long an alarm waits until its address takes it."""

LETTERS_OF_REASON = 500
"""As many of each run; an address may refuse a long alarm for ever."""

HTTP_TAKEN = 2
"""The hundreds of the statuses that say that an alarm has arrived."""

ALARM_URL = "ACTON_ALARM_URL"
"""The variable with the address that gets alarms, as Slack and others take them."""

RUNNING = dg.DefaultSensorStatus.RUNNING


class NotSentError(Exception):
    """An alarm did not arrive; the sentence says why."""


def accounts_sensor(accounts: Accounts) -> dg.SensorDefinition:
    """Return what makes a partition of each account, and removes those of others."""

    @dg.sensor(name="accounts", minimum_interval_seconds=30, default_status=RUNNING)
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        there = set(context.instance.get_dynamic_partitions(assets.PARTITIONS.name))
        wanted = set(accounts.partitions)
        return dg.SensorResult(
            dynamic_partitions_requests=[
                *(
                    [assets.PARTITIONS.build_add_request(sorted(wanted - there))]
                    if wanted - there
                    else []
                ),
                *(
                    [assets.PARTITIONS.build_delete_request(sorted(there - wanted))]
                    if there - wanted
                    else []
                ),
            ]
        )

    return sensor


def resume_sensor(accounts: Accounts, places: Places, job_name: str) -> dg.SensorDefinition:
    """Return what goes on with a paused account once it has calls left."""

    @dg.sensor(
        name="resume",
        job_name=job_name,
        minimum_interval_seconds=60,
        default_status=RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        ask_at: dict[str, str] = json.loads(context.cursor or "{}")
        starts, ask_at = resume(
            context.instance,
            ask_at,
            datetime.now(UTC),
            lambda key: plan.calls_left(accounts.partitions[key], accounts, places),
            set(accounts.partitions),
        )
        return dg.SensorResult(run_requests=starts, cursor=json.dumps(ask_at))

    return sensor


def resume(
    instance: dg.DagsterInstance,
    ask_at: dict[str, str],
    now: datetime,
    calls_left: Callable[[str], int],
    known: set[str],
) -> tuple[list[dg.RunRequest], dict[str, str]]:
    """Ask for one paused account whether calls are left, and start its run again if so.

    One at a time, since a plan may take minutes, and a sensor has five.

    Args:
        instance: Dagster's instance.
        ask_at: By paused run, when it is worth to ask again.
        now: The present.
        calls_left: Makes the plan of a partition.
        known: The partitions of accounts.yml.

    Returns:
        What to start, and the new ``ask_at``.
    """
    paused = [
        (datetime.fromisoformat(ask_at.get(run.run_id, until)), run)
        for run, until in _paused(instance, now)
        if run.tags[PARTITION] in known
    ]
    ask_at = {run.run_id: ask_at[run.run_id] for _, run in paused if run.run_id in ask_at}
    # Who has waited longest comes first, so that every account has its turn.
    for due, run in sorted(paused, key=itemgetter(0)):
        if now < due:
            break
        run_id, key = run.run_id, run.tags[PARTITION]
        if calls_left(key) > 0:
            request = dg.RunRequest(
                run_key=f"resume-{run_id}",
                partition_key=key,
                asset_selection=sorted(run.asset_selection) if run.asset_selection else None,
            )
            return [request], ask_at
        return [], {**ask_at, run_id: (now + ASK_AGAIN).isoformat(timespec="seconds")}
    return [], ask_at


def _paused(instance: dg.DagsterInstance, now: datetime) -> Iterator[tuple[dg.DagsterRun, str]]:
    """Yield the paused runs whose account has not been started since, and until when they pause."""
    runs = instance.get_runs(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=now - OLDEST_PAUSE)
    )
    for run in reversed(runs):
        until = assets.paused_until(run)
        if until and PARTITION in run.tags:
            latest = _latest_reading(instance, run.tags[PARTITION])
            if latest and latest.run_id == run.run_id:
                yield run, until


def _latest_reading(instance: dg.DagsterInstance, partition: str) -> dg.DagsterRun | None:
    """Return the latest run of streams, if one is among the latest runs of the partition."""
    # A run of its models may have come since.
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION: partition}), limit=RUNS_LOOKED_AT)
    return next(filter(assets.reads, runs), None)


def models_sensor(accounts: Accounts, job: Any) -> dg.SensorDefinition:
    """Return what builds the models of an account once it has been read."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="models",
        request_job=job,
        default_status=RUNNING,
        minimum_interval_seconds=15,
    )
    def sensor(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        return after_reading(context.instance, context.dagster_run, accounts)

    return sensor


def after_reading(
    instance: dg.DagsterInstance, run: dg.DagsterRun, accounts: Accounts
) -> dg.RunRequest | dg.SkipReason:
    """Return the run of the models that follows a run, if one does.

    After a shard it is due once all shards of the account have been read; its partition is that of
    the shard that was last.
    """
    partition = run.tags.get(PARTITION)
    account = accounts.partitions.get(partition or "")
    if account is None or not assets.reads(run):
        return dg.SkipReason("This run has read no account.")
    read = []
    for key in accounts.parts_of(account.name):
        latest = run if key == partition else _latest_reading(instance, key)
        if latest is None or latest.status != dg.DagsterRunStatus.SUCCESS:
            return dg.SkipReason(f"{key} has not been read yet.")
        read.append(latest.run_id)
    # One key for all shards: the last two may have ended at once.
    return dg.RunRequest(
        run_key="-".join(["models", *read]),
        partition_key=partition,
        tags={SCHEMA: account.schema},
    )


def alarm_sensor() -> dg.SensorDefinition:
    """Return what reports failed runs to the address of the variable, if it is set.

    Dagster's own sensor of failures calls once for each run, and never again where that fails. This
    one takes an alarm for sent only once it has arrived.
    """

    @dg.sensor(name="alarms", default_status=RUNNING, minimum_interval_seconds=30)
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known = set(context.cursor.split()[1:]) if context.cursor else None
        failed, known = failures(context.instance, known, datetime.now(UTC))
        url = os.environ.get(ALARM_URL)
        if failed and url:
            send(url, "\n".join(failed))
        elif failed:
            context.log.info("%s is not set: %d failures were not sent.", ALARM_URL, len(failed))
        return dg.SensorResult(cursor=" ".join(["reported:", *sorted(known)]))

    return sensor


def failures(
    instance: dg.DagsterInstance, known: set[str] | None, now: datetime
) -> tuple[list[str], set[str]]:
    """Return the alarms of the runs that have failed since, at most 20.

    Args:
        instance: Dagster's instance.
        known: The beginnings of the ids of the failures that are reported; None where nobody has
            looked yet, so that the failures of the past are no alarms.
        now: The present.

    Returns:
        The alarms, and the failures that are known with them.
    """
    # Ids of events are no cursor: SQLite gives those of a deleted run to the next one.
    runs = instance.get_runs(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=now - OLDEST_FAILURE)
    )
    # A paused run is no failure.
    failed = {run.run_id[:8]: run for run in reversed(runs) if not assets.paused_until(run)}
    if known is None:
        return [], set(failed)
    new = [key for key in failed if key not in known][:ALARMS_AT_ONCE]
    return [alarm(failed[key], _reasons(instance, failed[key])) for key in new], {
        *(key for key in failed if key in known),
        *new,
    }


def _reasons(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Return why a run failed: what its checks found, what its step said, or why none began."""
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]
    for reason_in in (_check_in, _step_in, _engine_in, _run_in):
        if reasons := [reason for event in events if (reason := reason_in(event))]:
            return reasons
    return ["see the run's log."]


def _check_in(event: dg.DagsterEvent) -> str:
    if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return ""
    evaluation = event.asset_check_evaluation_data
    return "" if evaluation.passed else evaluation.description or ""


def _step_in(event: dg.DagsterEvent) -> str:
    if not event.is_step_failure:
        return ""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _first_line(data.error.cause or data.error if data.error else None)


def _engine_in(event: dg.DagsterEvent) -> str:
    return _first_line(event.engine_event_data.error) if event.is_engine_event else ""


def _run_in(event: dg.DagsterEvent) -> str:
    is_failure = event.event_type == dg.DagsterEventType.RUN_FAILURE
    return event.message or "" if is_failure else ""


def _first_line(error: Any) -> str:
    return error.message.strip().partition("\n")[0] if error else ""


def alarm(run: dg.DagsterRun, reasons: Iterable[str]) -> str:
    """Return the words of an alarm: which account, which run, and why."""
    account = run.tags.get(PARTITION, "all accounts")
    why = " ".join(" ".join(reasons).split())
    if len(why) > LETTERS_OF_REASON:
        why = f"{why[:LETTERS_OF_REASON]} ... (see the run's log)"
    return f"Act-On, {account}: run {run.run_id[:8]} ({run.job_name}) failed: {why}"


def send(url: str, text: str) -> None:
    """Post an alarm.

    Raises:
        NotSentError: If it was not taken. The sentence is without the address, which is secret.
    """
    try:
        # A redirected POST would arrive as a GET, without the alarm.
        answer = requests.post(
            url, json={"text": text}, timeout=SECONDS_FOR_ALARM, allow_redirects=False
        )
        failure = "" if answer.status_code // 100 == HTTP_TAKEN else f"HTTP {answer.status_code}"
    except (requests.RequestException, ValueError) as error:
        failure = type(error).__name__
    if failure:
        raise NotSentError(
            f"The address in {ALARM_URL} did not take an alarm ({failure}): correct the address, "
            "or wait. It is tried again every half a minute."
        )
