"""Compiles the models for databases that no test connects to; a script for ``.venv-dbt``.

Usage: ``parse_dialects.py FOLDER DIALECT``. Takes the columns of all streams on standard input, as
JSON: stream to pairs of name and kind. dbt runs with the macros of the dialect's own adapter,
in front of a class that knows which tables and columns the loader makes and never connects. Prints
the models whose SQL sqlglot cannot parse in that dialect, as JSON: model to message. An incremental
model is compiled as one that has been built before, with what is done to it first.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import agate
import sqlglot
from dbt import include
from dbt.adapters.base import AdapterPlugin, available
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.duckdb import DuckDBCredentials
from dbt.adapters.duckdb.column import DuckDBColumn
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.cli.main import dbtRunner
from dbt.clients.jinja import get_rendered
from dbt.context.providers import generate_runtime_model_context
from dbt.task.compile import CompileRunner, CompileTask
from sqlglot.errors import SqlglotError

DEPENDENCIES = {"databricks": ["spark"], "redshift": ["postgres"]}
"""The adapters whose macros an adapter falls back on."""

BACKTICKS = {"bigquery", "databricks", "spark"}
"""The dialects that quote names with them."""

JSON_TYPES = {"bigquery": "JSON", "databricks": "string", "redshift": "super"}
"""What a loader makes of objects and arrays, where it is not a variant."""

DAYS = 400
ZONES = {"north": "US/Pacific", "south": "America/New_York"}
"""The zone of each account."""
OF_THE_LOADER = (("_sdc_extracted_at", "timestamp"), ("_sdc_deleted_at", "text"))


def main() -> None:
    """Compile for the dialect, and print what cannot be parsed."""
    folder, dialect = Path(sys.argv[1]), sys.argv[2]
    columns = json.load(sys.stdin)
    for name in [dialect, *DEPENDENCIES.get(dialect, [])]:
        if name != "postgres":
            stand_in(name, columns)
    profile = {"type": dialect, "path": ":memory:", "schema": "acton", "threads": 1}
    profiles = {"acton": {"target": dialect, "outputs": {dialect: profile}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles))
    os.environ |= {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder),
    }
    variables = {"acton_sources": [{"name": name, "schema": name} for name in ZONES]}
    hooks: dict[str, list[str]] = {}

    class Runner(CompileRunner):
        def execute(self, compiled_node: Any, manifest: Any) -> Any:
            context = generate_runtime_model_context(compiled_node, self.config, manifest)
            # The tests of the models are compiled, too, and have none.
            rendered = (
                get_rendered(hook.sql, context)
                for hook in getattr(compiled_node.config, "pre_hook", ())
            )
            # On BigQuery these models are tables, which have nothing to delete.
            hooks[compiled_node.name] = [sql for sql in rendered if sql.strip()]
            return super().execute(compiled_node, manifest)

    CompileTask.get_runner_type = lambda *_: Runner
    done = dbtRunner().invoke(
        [
            *("--quiet", "compile", "--select", "resource_type:model", "--no-populate-cache"),
            *("--vars", json.dumps(variables)),
        ]
    )
    if not done.success:
        sys.exit(f"dbt cannot compile for {dialect}: {done.exception or done.result}")
    failures = {}
    for result in done.result:
        if result.node.resource_type == "model":
            try:
                for sql in (result.node.compiled_code, *hooks.get(result.node.name, ())):
                    sqlglot.parse_one(sql, read=dialect)
            except SqlglotError as error:
                failures[result.node.name] = f"{error}"
    json.dump(failures, sys.stdout)


def stand_in(name: str, columns: dict[str, Any]) -> None:
    """Put a module of an adapter in place that has the real one's macros, and no connection.

    Args:
        name: The name of the adapter.
        columns: The columns of all streams.
    """

    class Quoted(DuckDBRelation):
        quote_character: str = "`" if name in BACKTICKS else '"'

    class Typed(DuckDBColumn):
        TYPE_LABELS: ClassVar[dict[str, str]] = {"STRING": "string"} if name in BACKTICKS else {}

    class Credentials(DuckDBCredentials):
        @property
        def type(self) -> str:
            return name

    class Adapter(DuckDBAdapter):
        Relation = Quoted
        Column = Typed

        @classmethod
        def type(cls) -> str:
            return name

        @classmethod
        def quote(cls, identifier: str) -> str:
            return f"`{identifier}`" if name in BACKTICKS else f'"{identifier}"'

        def get_relation(self, database: str, schema: str, identifier: str) -> Any:
            return self.Relation.create(database, schema, identifier, type="table")

        def get_columns_in_relation(self, relation: Any) -> list[Any]:
            loaded = [*columns[relation.identifier], *OF_THE_LOADER]
            return [Typed(column, types.get(kind, "VARCHAR")) for column, kind in loaded]

        def execute(self, sql: str, *_: Any, **__: Any) -> tuple[AdapterResponse, Any]:
            # The other query is for the number of days of the time spine.
            zones = [zone for schema, zone in ZONES.items() if "time_zone" in sql and schema in sql]
            return AdapterResponse("SELECT"), agate.Table([(*zones, DAYS)[:1]], ["found"])

        @available
        def has_dbr_capability(self, _name: str) -> bool:
            return True

        def list_relations(self, *_: Any, **__: Any) -> list[Any]:
            return []

    types = {"json": JSON_TYPES.get(name, "VARIANT"), "timestamp": "TIMESTAMP", "date": "DATE"}
    module, version = (ModuleType(f"dbt.adapters.{name}{end}") for end in ("", ".__version__"))
    vars(version)["version"] = "1.0.0"
    vars(module)["__version__"] = version
    vars(module)["Plugin"] = AdapterPlugin(
        Adapter,
        Credentials,
        str(Path(include.__path__[0], name)),
        dependencies=DEPENDENCIES.get(name),
    )
    sys.modules |= {module.__name__: module, version.__name__: version}


if __name__ == "__main__":
    main()
