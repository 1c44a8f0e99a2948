"""A run of models: dbt builds what was asked for, in the schemas of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb

from orchestrate.dagster import models
from tests.orchestrate.conftest import ROOT

if TYPE_CHECKING:
    from orchestrate.accounts import Accounts
    from orchestrate.run_account import Places

STAGING = dg.AssetKey(["staging", "stg_acton__messages"])


def test_it_builds_what_is_asked_for_and_without_checks_if_none_were(
    accounts: Accounts, places: Places, instance: dg.DagsterInstance, manifest: dict[str, Any]
) -> None:
    (places.project / "transform").symlink_to(ROOT / "transform")
    places.warehouse.mkdir()
    result = dg.materialize(
        [models.build_models(accounts, places, manifest)],
        # One of its checks needs another model, which an account without a first run has not.
        selection=dg.AssetSelection.keys(STAGING).without_checks(),
        partition_key="north",
        instance=instance,
        raise_on_error=False,
    )
    assert result.success
    assert [one.asset_key for one in result.get_asset_materialization_events()] == [STAGING]
    assert result.get_asset_check_evaluations() == []
    database = places.database(accounts.partitions["north"])
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.sql("SELECT * FROM staging.stg_acton__messages").fetchall() == []
