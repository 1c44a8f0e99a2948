"""All that Dagster knows of the accounts; ``code_location`` builds it from accounts.yml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestrate.dagster import assets, freshness, models, schedules, sensors
from orchestrate.dagster.assets import READ_JOB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrate.accounts import Accounts
    from orchestrate.run_account import Places

MODELS_JOB, FRESH_JOB = "build_account", "check_freshness"


def build(accounts: Accounts, places: Places, manifest: Mapping[str, Any]) -> dg.Definitions:
    """Return all definitions."""
    streams = assets.read_act_on(accounts, places)
    built = models.build_models(accounts, places, manifest)
    read_job = dg.define_asset_job(
        READ_JOB, selection=dg.AssetSelection.assets(streams), partitions_def=assets.PARTITIONS
    )
    models_job = dg.define_asset_job(
        MODELS_JOB, selection=dg.AssetSelection.assets(built), partitions_def=assets.PARTITIONS
    )
    fresh = freshness.fresh_check(accounts)
    fresh_job = dg.define_asset_job(FRESH_JOB, selection=dg.AssetSelection.checks(fresh))
    return dg.Definitions(
        assets=[streams, built, freshness.ACCOUNTS],
        asset_checks=[fresh],
        jobs=[read_job, models_job, fresh_job],
        schedules=[
            *schedules.schedules(accounts, READ_JOB),
            schedules.freshness_schedule(accounts.night, FRESH_JOB),
        ],
        sensors=[
            sensors.accounts_sensor(accounts),
            sensors.resume_sensor(accounts, places, READ_JOB),
            sensors.models_sensor(accounts, models_job),
            sensors.alarm_sensor(),
        ],
        # A run has one step: a process of its own for it would only take memory.
        executor=dg.in_process_executor,
    )
