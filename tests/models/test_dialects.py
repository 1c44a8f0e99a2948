"""The models compile to SQL that parses in dialects of databases that nobody has tried."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from scripts.models import columns_of
from tap_acton.streams import STREAM_TYPES
from tests.models.project import PYTHON, TRANSFORM

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(400)

SCRIPT = TRANSFORM.parent / "tests" / "models" / "parse_dialects.py"


@pytest.mark.parametrize("dialect", ["bigquery", "databricks", "redshift", "snowflake"])
def test_every_model_parses(dialect: str, tmp_path: Path) -> None:
    columns = {
        kind.name: [(column.loaded, column.kind) for column in columns_of(kind.name)]
        for kind in STREAM_TYPES
    }
    done = subprocess.run(
        [PYTHON, SCRIPT, tmp_path, dialect],
        cwd=TRANSFORM,
        input=json.dumps(columns),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {}
