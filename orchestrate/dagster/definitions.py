"""What Dagster loads: ``dagster dev -m orchestrate.dagster.definitions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestrate.dagster import assets, freshness, models, schedules, sensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrate.dagster.accounts import Accounts
    from orchestrate.dagster.run_account import Places


def build(accounts: Accounts, places: Places, manifest: Mapping[str, Any]) -> dg.Definitions:
    """Return all definitions."""
    streams = assets.read_act_on(accounts, places)
    built = models.build_models(accounts, places, manifest)
    read_job = dg.define_asset_job(
        assets.READ, selection=dg.AssetSelection.assets(streams), partitions_def=assets.PARTITIONS
    )
    models_job = dg.define_asset_job(
        models.BUILD, selection=dg.AssetSelection.assets(built), partitions_def=assets.PARTITIONS
    )
    fresh = freshness.fresh_check(accounts)
    fresh_job = dg.define_asset_job("check_freshness", selection=dg.AssetSelection.checks(fresh))
    return dg.Definitions(
        assets=[streams, built],
        asset_checks=[fresh],
        jobs=[read_job, models_job, fresh_job],
        schedules=[
            *schedules.schedules(accounts, assets.READ),
            schedules.freshness_schedule(accounts.night, fresh_job.name),
        ],
        sensors=[
            sensors.accounts_sensor(accounts),
            sensors.resume_sensor(accounts, places, assets.READ),
            sensors.models_sensor(accounts, models_job),
            sensors.alarm_sensor(),
        ],
        # A run has one step: a process of its own for it would only take memory.
        executor=dg.in_process_executor,
    )
