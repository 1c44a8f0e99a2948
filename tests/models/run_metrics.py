"""Queries metrics as MetricFlow does; a script for the Python in ``.venv-dbt``.

Usage: ``run_metrics.py SEMANTIC_MANIFEST DUCKDB_FILE``. Takes a JSON object of queries by name on
standard input, each with ``metrics`` and ``group_by``, and writes their rows as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


def main() -> None:
    """Do the queries."""
    manifest, file = sys.argv[1:]
    engine = MetricFlowEngine(
        SemanticManifestLookup(
            parse_manifest_from_dbt_generated_manifest(
                manifest_json_string=Path(manifest).read_text(encoding="utf-8")
            )
        ),
        # It only writes SQL here, so it needs to know nothing but for which database.
        SimpleNamespace(
            sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer()
        ),
    )
    answers = {}
    with duckdb.connect(file, read_only=True) as warehouse:
        for name, query in json.load(sys.stdin).items():
            request = MetricFlowQueryRequest.create(
                metric_names=query["metrics"], group_by_names=query["group_by"]
            )
            found = warehouse.execute(engine.explain(request).sql_statement.sql)
            columns = [column for column, *_ in found.description]
            answers[name] = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
