"""A DAG for each account of accounts.yml, which reads it once a night.

A file in the folder of DAGs imports it: see docs/airflow.md.
"""

import logging
import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

from orchestrate.accounts import (
    Account,
    AccountsError,
    Night,
    accounts_path,
    minute_of,
    read_accounts,
)
from orchestrate.run_account import (
    EXIT_ALLOWANCE_SPENT,
    EXIT_SIGNAL_BASE,
    NotStartedError,
    paused_until,
    read_account,
)

POOL = os.environ.get("ACTON_AIRFLOW_POOL", "default_pool")
"""How many accounts are read at the same time is the number of its slots."""

RETRIES, RETRY_DELAY = 2, timedelta(minutes=10)
"""For a worker that dies; a run that has failed is not tried again."""

logger = logging.getLogger(__name__)


def dag_of(account: Account, night: Night) -> DAG:
    """Make the DAG of an account, or of a shard of one."""
    hour, minute = divmod(minute_of(account, night), 60)
    with DAG(
        f"acton_{account.key}",
        schedule=CronTriggerTimetable(f"{minute} {hour} * * *", timezone=night.zone),
        description=f"Reads the Act-On account {account.key}.",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        # A night that was missed costs nothing: the next one reads all that is new since.
        catchup=False,
        # A load goes on until it is complete, and two runs would write the same state.
        max_active_runs=1,
        tags=["acton"],
    ) as dag:
        read(account.key)
    return dag


@task(task_id="read", pool=POOL, retries=RETRIES, retry_delay=RETRY_DELAY)
def read(key: str) -> None:
    """Read an account; once its calls are used up, go on when there are new ones.

    Raises:
        AirflowRescheduleException: If the allowance is used up: no failure, no try, no alarm.
        AirflowFailException: If the run failed, which another try at once would not change.
        RuntimeError: If something stopped it.
    """
    try:
        outcome = read_account(key, os.environ, logger.info)
    except (AccountsError, NotStartedError) as error:
        raise AirflowFailException(str(error)) from None
    words = " ".join(outcome.errors)
    if outcome.exit_code == EXIT_ALLOWANCE_SPENT:
        until = paused_until(outcome.errors, datetime.now(UTC))
        logger.info("%s is paused until %s, and nothing is lost: %s", key, until, words)
        raise AirflowRescheduleException(until)
    if outcome.exit_code > EXIT_SIGNAL_BASE:
        # Where a machine is shut down, the next try resumes.
        raise RuntimeError(f"{key} was stopped: {words}")
    if outcome.exit_code:
        raise AirflowFailException(f"{key} failed with exit code {outcome.exit_code}: {words}")


_accounts = read_accounts(accounts_path(os.environ))
for _account in _accounts.partitions.values():
    dag_of(_account, _accounts.night)
