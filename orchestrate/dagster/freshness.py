"""The check that every account has been read lately."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestrate.accounts import Accounts
from orchestrate.dagster import assets
from orchestrate.dagster.sensors import PARTITION

ACCOUNTS = dg.AssetSpec(
    "accounts", description="All accounts of accounts.yml; nothing materializes it."
)
"""What the check is of: no run of a stream comes with it."""

OLDEST = timedelta(hours=50)
"""Two nights; what dbt's sources hold for an error, too."""


def fresh_check(accounts: Accounts) -> dg.AssetChecksDefinition:
    """Return the check; where it fails, its run fails, which is an alarm."""

    @dg.asset_check(
        asset=ACCOUNTS.key,
        name="every_account_is_fresh",
        blocking=True,
        description="Every account has had a complete run within 50 hours.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        old = stale(context.instance, accounts, datetime.now(UTC))
        return dg.AssetCheckResult(
            passed=not old,
            metadata={"accounts": len(accounts.partitions), "stale": old},
            description=f"Not read in the last 50 hours ({len(old)}): {', '.join(old)}."
            if old
            else None,
        )

    return check


def stale(instance: dg.DagsterInstance, accounts: Accounts, now: datetime) -> list[str]:
    """Return the partitions without a complete run of all streams in the last 50 hours."""
    return [
        key
        for key in accounts.partitions
        if not any(
            assets.reads_everything(run)
            for run in instance.get_runs(
                dg.RunsFilter(
                    statuses=[dg.DagsterRunStatus.SUCCESS],
                    tags={PARTITION: key},
                    updated_after=now - OLDEST,
                )
            )
        )
    ]
