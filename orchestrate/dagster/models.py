"""The dbt models as assets behind the streams, with dbt's tests as their checks.

They are built in runs of their own: Dagster skips whatever hangs on a stream that a run has not
materialized, and an account need not have every stream.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from packaging.version import Version

from orchestrate import run_account
from orchestrate.accounts import TARGETS, Account, Accounts
from orchestrate.dagster.assets import PARTITIONS, account_of
from orchestrate.run_account import Places, places_of

BUILD = "build_models"
"""The step that runs dbt."""

DBT = Path(sys.executable).with_name("dbt")
OF_WAREHOUSE = ("TARGET_POSTGRES_", "PG", "DBT_")
"""What dbt gets of the variables of accounts.yml."""

UNSET = ("TARGET_POSTGRES_USER", "TARGET_POSTGRES_PASSWORD", "TARGET_POSTGRES_DATABASE")


class NotParsedError(Exception):
    """The models are not known; the sentence says what to do."""


class _Groups(DagsterDbtTranslator):
    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the folders of a model: ``staging``, or ``marts_messages``."""
        return "_".join(dbt_resource_props["fqn"][1:-1])


def manifest_path(places: Places, target: str) -> Path:
    """Return where dbt's description of the models is; it differs between databases."""
    return places.work / "dbt" / target / "manifest.json"


def read_manifest(places: Places, target: str) -> dict[str, Any]:
    """Read dbt's description of the models.

    Raises:
        NotParsedError: If there is none.
    """
    path = manifest_path(places, target)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise NotParsedError(
            f"{path} is missing: run python -m orchestrate.dagster.models, which writes it."
        ) from None
    return manifest


def parse(places: Places, target: str) -> None:
    """Let dbt write the description of the models, without a connection to the warehouse."""
    folder = manifest_path(places, target).parent
    subprocess.run(
        [DBT, "--quiet", "parse"],
        env={
            **{name: os.environ[name] for name in run_account.KEPT if name in os.environ},
            # The profile of PostgreSQL asks for them, and nothing connects.
            **dict.fromkeys(UNSET, "unset"),
            **_places_of_dbt(places, target, folder),
            "ACTON_DUCKDB": ":memory:",
        },
        check=True,
    )


def build_models(
    accounts: Accounts, places: Places, manifest: Mapping[str, Any]
) -> dg.AssetsDefinition:
    """Return the models with the step that builds and tests them."""
    translator = _Groups()

    @dbt_assets(
        manifest=manifest,
        partitions_def=PARTITIONS,
        name=BUILD,
        dagster_dbt_translator=translator,
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        account = account_of(context, accounts)
        folder = places.work / "dbt" / "runs" / account.key
        chosen = get_updated_cli_invocation_params_for_context(
            context=context, manifest=manifest, dagster_dbt_translator=translator
        )
        arguments = ["build", "--exclude-resource-type", "unit_test", *chosen.selection_args]
        process = run_account.start(
            [str(DBT), *arguments],
            {
                **_variables(account, accounts, places, folder),
                # Dagster may have asked for models without their checks.
                "DBT_INDIRECT_SELECTION": chosen.indirect_selection or "eager",
            },
            places.project / "transform",
        )
        try:
            yield from DbtCliInvocation(
                process=process,
                manifest=manifest,
                dagster_dbt_translator=chosen.dagster_dbt_translator,
                project_dir=places.project / "transform",
                target_path=folder,
                raise_on_error=True,
                context=context,
                cli_version=Version(version("dbt-core")),
            ).stream()
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait()

    return build


def _variables(
    account: Account, accounts: Accounts, places: Places, folder: Path
) -> dict[str, str]:
    given = os.environ
    names = [one for one in accounts.variables if one.startswith(OF_WAREHOUSE)]
    return {
        **{name: given[name] for name in (*run_account.KEPT, *names) if name in given},
        **_places_of_dbt(places, accounts.target, folder),
        "ACTON_DUCKDB": str(places.database(account)),
        "ACTON_SCHEMA": account.schema,
        "DBT_LOG_FORMAT": "json",
    }


def _places_of_dbt(places: Places, target: str, folder: Path) -> dict[str, str]:
    transform = places.project / "transform"
    return {
        "DBT_PROJECT_DIR": str(transform),
        "DBT_PROFILES_DIR": str(transform / "profiles" / target.removeprefix("target-")),
        "DBT_TARGET_PATH": str(folder),
        "DBT_LOG_PATH": str(folder),
    }


if __name__ == "__main__":
    for _target in TARGETS:
        parse(places_of(os.environ), _target)
