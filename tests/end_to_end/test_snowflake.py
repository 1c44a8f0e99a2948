"""What target-snowflake makes of the columns of all streams. No test connects to Snowflake."""

from __future__ import annotations

import json
import subprocess

from tests.contract.harness import catalog
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.warehouses import SNOWFLAKE_TYPES, kind_of


def test_each_column_has_the_type_of_its_kind_and_a_name_without_quotes() -> None:
    columns = [
        (name, schema)
        for stream in catalog()["streams"]
        for name, schema in stream["schema"]["properties"].items()
    ]
    assert {kind_of(schema) for _, schema in columns} == SNOWFLAKE_TYPES.keys()
    script = ROOT / "tests" / "end_to_end" / "snowflake_columns.py"
    answer = subprocess.run(
        [ROOT / ".venv-snowflake" / "bin" / "python", script],
        input=json.dumps(columns),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    # Without quotes, Snowflake takes it for a name in capitals; `rows` of sync_runs needs them.
    expected = [
        [SNOWFLAKE_TYPES[kind_of(schema)], '"rows"' if name == "rows" else name]
        for name, schema in columns
    ]
    assert json.loads(answer.stdout) == expected
