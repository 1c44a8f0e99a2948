"""A schedule per account, spread over the night."""

from collections.abc import Iterator

import dagster as dg

from orchestrate.accounts import MINUTES_OF_DAY, Accounts, Night, minute_of
from orchestrate.dagster import assets


def schedules(accounts: Accounts, job_name: str) -> Iterator[dg.ScheduleDefinition]:
    """Yield the schedule of each account, and of each shard."""
    for account in accounts.partitions.values():
        hour, minute = divmod(minute_of(account, accounts.night), 60)
        yield _schedule(account.key, f"{minute} {hour} * * *", accounts.night.zone, job_name)


def _schedule(key: str, cron: str, zone: str, job_name: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"read_{key.replace('.', '__').replace('-', '_')}",
        cron_schedule=cron,
        execution_timezone=zone,
        job_name=job_name,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Reads {key} every night.",
    )
    def start(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        # The sensor of the accounts may not have come to it yet.
        context.instance.add_dynamic_partitions(assets.PARTITIONS.name, [key])
        return dg.RunRequest(partition_key=key)

    return start


def freshness_schedule(night: Night, job_name: str) -> dg.ScheduleDefinition:
    """Return the schedule of the check for accounts that were not read, when the night is over."""
    hour, minute = divmod((night.begins + night.hours * 60) % MINUTES_OF_DAY, 60)
    return dg.ScheduleDefinition(
        name="freshness",
        job_name=job_name,
        cron_schedule=f"{minute} {hour} * * *",
        execution_timezone=night.zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
