"""In a project of somebody else, the models go where that project wants its packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.models.project import PYTHON, TRANSFORM

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = {"name": "shop", "version": "1.0.0", "config-version": 2, "profile": "shop"}
PROFILE = {"type": "duckdb", "path": ":memory:", "schema": "dev_ann", "threads": 1}
OWN_MACRO = """
{% macro generate_schema_name(custom_schema_name, node) %}own_{{ custom_schema_name }}{% endmacro %}
"""


@pytest.mark.parametrize(("macro", "schema"), [("", "dev_ann_marts"), (OWN_MACRO, "own_marts")])
def test_schema_of_the_marts_in_another_project(tmp_path: Path, macro: str, schema: str) -> None:
    package = tmp_path / "dbt_packages" / "acton"
    mart = package / "models" / "marts" / "acton__messages.sql"
    mart.parent.mkdir(parents=True)
    mart.write_text("select 1 as message_id")
    (package / "macros").mkdir()
    for name in ("dbt_project.yml", "macros/schemas.sql"):
        shutil.copy(TRANSFORM / name, package / name)
    (tmp_path / "macros").mkdir()
    (tmp_path / "macros" / "schemas.sql").write_text(macro)
    (tmp_path / "dbt_project.yml").write_text(json.dumps(PROJECT))
    packages = {"packages": [{"local": "dbt_packages/acton"}]}
    (tmp_path / "packages.yml").write_text(json.dumps(packages))
    profiles = {"shop": {"target": "dev", "outputs": {"dev": PROFILE}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profiles))

    done = subprocess.run(
        [PYTHON.with_name("dbt"), "parse", "--profiles-dir", "."],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:]
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_bytes())
    assert manifest["nodes"]["model.acton.acton__messages"]["schema"] == schema
