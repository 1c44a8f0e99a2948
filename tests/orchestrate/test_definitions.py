"""What Dagster loads: the assets and their graph, jobs, schedules, and the checks of dbt."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import yaml

from orchestrate import supervisor
from orchestrate.accounts import Account, Night, minute_of, read_accounts
from orchestrate.dagster import assets, definitions, models, sensors
from orchestrate.dagster.__main__ import TIMEOUTS
from orchestrate.dagster.assets import STREAMS, key_of
from orchestrate.run_account import places_of
from tests.orchestrate.conftest import ACCOUNTS, ROOT, SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrate.run_account import Places

ORCHESTRATE = ROOT / "orchestrate" / "dagster"


@pytest.fixture(scope="module")
def definition(
    manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dg.Definitions:
    """All definitions, for two accounts."""
    path = tmp_path_factory.mktemp("definitions") / "accounts.yml"
    path.write_text(ACCOUNTS)
    return definitions.build(read_accounts(path), places_of({}), manifest)


@pytest.fixture(scope="module")
def nodes(definition: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    """All assets by their keys."""
    return {spec.key: spec for spec in definition.resolve_all_asset_specs()}


def test_they_load(definition: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definition)
    names = {schedule.name for schedule in definition.schedules or ()}
    assert names == {"read_north", "read_south", "freshness"}
    assert {sensor.name for sensor in definition.sensors or ()} == {
        "accounts",
        "resume",
        "models",
        "alarms",
    }


def test_every_stream_is_an_asset_behind_the_stream_that_lists_what_it_is_read_for(
    nodes: dict[dg.AssetKey, dg.AssetSpec],
) -> None:
    for stream in STREAMS:
        parents = {dep.asset_key for dep in nodes[key_of(stream.name)].deps}
        assert parents == ({key_of(stream.listing)} if stream.listing else set())
    assert nodes[key_of("message_events")].deps == [dg.AssetDep(key_of("messages"))]


def test_a_stream_comes_behind_its_listing() -> None:
    seen: set[str] = set()
    for stream in STREAMS:
        assert not stream.listing or stream.listing in seen
        seen.add(stream.name)


def test_models_hang_on_the_streams_that_they_are_made_of(
    nodes: dict[dg.AssetKey, dg.AssetSpec],
) -> None:
    staging = nodes[dg.AssetKey(["staging", "stg_acton__messages"])]
    assert key_of("messages") in {dep.asset_key for dep in staging.deps}
    marts = [key for key in nodes if key.path[0] == "marts"]
    on_disk = [*(ROOT / "transform" / "models").rglob("acton__*.sql")]
    assert len(marts) == len(on_disk)


def test_the_tests_of_dbt_are_checks(definition: dg.Definitions) -> None:
    keys = definition.resolve_asset_graph().asset_check_keys
    of_messages = [key for key in keys if key.asset_key.path[-1] == "acton__messages"]
    assert len(of_messages) >= 2


def test_a_run_of_streams_checks_nothing_of_other_accounts(definition: dg.Definitions) -> None:
    keys = definition.resolve_asset_graph().asset_check_keys
    assert dg.AssetCheckKey(dg.AssetKey("accounts"), "every_account_is_fresh") in keys
    reading = definition.resolve_job_def(assets.READ_JOB)
    assert [node.name for node in reading.nodes] == [assets.READ]


def test_a_manifest_that_is_missing_is_a_sentence(places: Places) -> None:
    with pytest.raises(models.NotParsedError, match=r"manifest\.json is missing: run python -m"):
        models.read_manifest(places, "target-duckdb")


def _minutes(keys: list[str], night: Night) -> dict[str, int]:
    return {key: minute_of(Account(key, key, key, "us", 1000, {}), night) for key in keys}


def test_the_starts_are_spread_over_the_night_and_stay_when_accounts_are_added() -> None:
    night = Night(22 * 60, 8)
    few = _minutes([f"account-{number}" for number in range(100)], night)
    many = _minutes([f"account-{number}" for number in range(200)], night)
    assert few.items() <= many.items()
    later = sorted((minute - night.begins) % (24 * 60) for minute in many.values())
    assert later[-1] < 8 * 60
    # In any half hour, no more than a fifth of them.
    assert max(sum(start <= one < start + 30 for one in later) for start in range(480)) < 40


def test_the_start_of_an_account_is_known() -> None:
    # As sha256sum has them; a change would move the run of every account.
    assert _minutes(["north", "south"], Night()) == {"north": 2 * 60 + 49, "south": 3 * 60 + 23}


def test_an_account_may_have_its_own_time() -> None:
    account = Account("a", "a", "a", "us", 1000, {}, at=3 * 60 + 15)
    assert minute_of(account, Night()) == 195


def test_a_schedule_starts_its_partition_though_nobody_has_added_it(
    definition: dg.Definitions,
) -> None:
    schedule = definition.resolve_schedule_def("read_south")
    with dg.instance_for_test() as instance:
        request = schedule(dg.build_schedule_context(instance))
        assert request.partition_key == "south"
        assert instance.get_dynamic_partitions(assets.PARTITIONS.name) == ["south"]
    hour, minute = divmod(_minutes(["south"], Night())["south"], 60)
    assert schedule.cron_schedule == f"{minute} {hour} * * *"


LIMITS = [
    {"key": key, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    for key in (sensors.PARTITION, sensors.SCHEMA)
]


def test_one_run_per_account_and_of_models_per_schema_whoever_starts_it() -> None:
    data = yaml.safe_load((ORCHESTRATE / "dagster.yaml").read_text())
    assert data["concurrency"]["runs"]["tag_concurrency_limits"] == LIMITS


def test_kubernetes_runs_the_same_code_under_the_same_limit() -> None:
    values = yaml.safe_load((ORCHESTRATE / "kubernetes" / "values.yaml").read_text())
    coordinator = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert coordinator["tagConcurrencyLimits"] == LIMITS
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    for env in (deployment["env"], values["dagsterDaemon"]["env"]):
        given = {one["name"]: one["value"] for one in env}
        assert given.items() >= TIMEOUTS.items()
    assert find_spec(deployment["codeServerArgs"][1])
    # The image has the models' description in this folder, which nothing may be mounted over.
    image = (ROOT / "orchestrate" / "kubernetes" / "Dockerfile").read_text()
    assert image.count("ACTON_WORK_FOLDER=/acton/runs ") == 2
    assert not [one for one in deployment["env"] if one["name"].endswith("_FOLDER")]
    assert not [one for one in deployment["volumeMounts"] if one["mountPath"].startswith("/acton")]
    seconds = values["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["podSpecConfig"]
    assert seconds["terminationGracePeriodSeconds"] > supervisor.SECONDS_TO_STOP


def test_dbt_reads_the_models_without_the_secrets_of_any_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: dict[str, str] = {}
    monkeypatch.setattr("subprocess.run", lambda *_, env, **__: said.update(env))
    models.parse(places_of({"ACTON_WORK_FOLDER": str(tmp_path)}), "target-postgres")
    assert said["PATH"]
    assert said["TARGET_POSTGRES_PASSWORD"] == "unset"
    assert not set(said.values()) & set(SECRETS.values())
