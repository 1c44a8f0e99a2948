"""Writes what the dbt project in ``transform/`` has of the streams.

``python -m scripts.models`` writes a staging model per stream, their descriptions and keys, the
sources, and the macro that lists all columns. A test fails while one of them is not current.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from tap_acton.records.reader import EXTRA_FIELDS
from tap_acton.streams import STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_acton.streams.base.stream import ActOnStream

ROOT = Path(__file__).parents[1]
TRANSFORM = ROOT / "transform"
STAGING = TRANSFORM / "models" / "staging"
SCHEMAS = ROOT / "tap_acton" / "schemas"

HEAD = "# Generated: run .venv/bin/python -m scripts.models"

ENTITIES = {
    "campaign_details": "campaign",
    "contact_activities": "activity",
    "contact_fields": "field",
    "contact_history": "activity",
    "contact_score_details": "score_detail",
    "contact_scores": "score",
    "contact_segments": "segment",
    "custom_object_datasets": "dataset",
    "custom_object_records": "record",
    "custom_object_schemas": "object",
    "footer_details": "footer",
    "header_details": "header",
    "image_details": "image",
    "landing_page_details": "landing_page",
    "media": "media",
    "media_details": "media",
    "media_messages": "media_message",
    "message_events": "event",
    "message_reports": "message",
    "subscription_categories": "subscription_category",
}
"""What a row is about, where it is not the stream's name without its s."""

NAMES = {
    ("contact_scores", "name"): "score_sheet_name",
    ("media_messages", "name"): "message_name",
    ("message_events", "name"): "recipient_name",
    ("contacts", "legacy_record_id"): "list_contact_id",
}
"""The columns that no rule names."""

LIST_ROWS = {
    "contact_activities",
    "contact_facts",
    "contact_score_details",
    "list_members",
    "message_contents",
    "message_events",
    "webinar_registrants",
}
"""The streams whose ``contact_id`` is the id of a row in a list, not of a contact."""

KINDS = {
    "array": "json",
    "boolean": "boolean",
    "date": "date",
    "date-time": "timestamp",
    "integer": "integer",
    "number": "number",
    "object": "json",
    "string": "text",
}

ADDED = {
    "source_relation": "The account that the row is from: its name in the variable acton_sources.",
    "extracted_at": "When the tap read the row.",
}


class Column(NamedTuple):
    """A column of a stream.

    Attributes:
        loaded: Its name in the loaded table.
        name: Its name in the staging model.
        kind: The kind of its values, as the macro ``acton_type`` takes it.
        description: What it holds.
    """

    loaded: str
    name: str
    kind: str
    description: str


def schema_of(stream: str) -> dict[str, Any]:
    """Read the schema of a stream."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{stream}.json").read_text(encoding="utf-8"))
    return schema


def columns_of(stream: str) -> list[Column]:
    """Return the columns of a stream that its staging model has."""
    return [
        Column(loaded, _name(stream, loaded), _kind(loaded, column), column["description"])
        for loaded, column in schema_of(stream)["properties"].items()
        if loaded != EXTRA_FIELDS
    ]


def _name(stream: str, loaded: str) -> str:
    entity = ENTITIES.get(stream, stream.removesuffix("s"))
    by_rule = {
        "id": f"{entity}_id",
        "name": f"{entity}_name",
        "date": "date_day",
        "contact_id": "list_contact_id" if stream in LIST_ROWS else "contact_id",
    }
    return NAMES.get((stream, loaded)) or by_rule.get(loaded, loaded)


def _kind(name: str, column: Mapping[str, Any]) -> str:
    (kind,) = {*column["type"]} - {"null"}
    if kind == "string" and (name == "email" or name.endswith("_email")):
        return "email"
    return KINDS[column.get("format", kind)]


def files() -> Iterator[tuple[Path, str]]:
    """Give every generated file with its text."""
    yield TRANSFORM / "macros" / "columns.sql", _columns_macro()
    yield STAGING / "sources.yml", _yaml({"version": 2, "sources": [_source()]})
    models = [_model(kind.name, kind.primary_keys) for kind in STREAM_TYPES]
    yield STAGING / "staging.yml", _yaml({"version": 2, "models": models})
    for kind in STREAM_TYPES:
        yield STAGING / f"stg_acton__{kind.name}.sql", f"{{{{ acton_staging('{kind.name}') }}}}\n"


def _columns_macro() -> str:
    lines = [
        "{#- " + HEAD.removeprefix("# ") + "\n",
        "    The columns of each stream: the name in the loaded table, the one in staging, and the",
        "    kind of the values. -#}",
        "{% macro acton_columns() %}",
        "    {{- return({",
    ]
    for kind in STREAM_TYPES:
        lines += [f"        '{kind.name}': ["]
        lines += [f"            {tuple(column[:3])}," for column in columns_of(kind.name)]
        lines += ["        ],"]
    return "\n".join([*lines, "    }) -}}", "{% endmacro %}", ""])


def _source() -> dict[str, Any]:
    account = "(var('acton_sources', []) or [{'schema': target.schema}])[0]"
    return {
        "name": "acton",
        "description": "The tables that tap-acton has loaded, of the first account.",
        "schema": f"{{{{ {account}['schema'] }}}}",
        "database": f"{{{{ {account}.get('database') or target.database }}}}",
        "tables": [_table(kind) for kind in STREAM_TYPES],
    }


def _table(kind: type[ActOnStream]) -> dict[str, Any]:
    # Every run reads these whole, so old rows mean that no run has come to its end.
    is_always_read = not (kind.replication_key or kind.listing or kind.is_optional)
    freshness = {
        "freshness": {
            "warn_after": {"count": 26, "period": "hour"},
            "error_after": {"count": 50, "period": "hour"},
        },
        "loaded_at_query": f"{{{{ acton.acton_loaded_at('{kind.name}') }}}}",
    }
    return {
        "name": kind.name,
        "description": schema_of(kind.name)["description"],
        **({"config": freshness} if is_always_read else {}),
        "columns": [
            {"name": column.loaded, "description": column.description}
            for column in columns_of(kind.name)
        ],
    }


def _model(stream: str, keys: tuple[str, ...]) -> dict[str, Any]:
    names = {column.loaded: column.name for column in columns_of(stream)}
    columns = [
        ("source_relation", ADDED["source_relation"]),
        *((column.name, column.description) for column in columns_of(stream)),
        ("extracted_at", ADDED["extracted_at"]),
    ]
    key = ["source_relation", *(names[key] for key in keys)]
    test: dict[str, Any] = {"arguments": {"columns": key}}
    if any(column.kind == "email" and column.loaded in keys for column in columns_of(stream)):
        # Staging makes one address of two spellings, and the models cope with that.
        test["config"] = {"severity": "warn"}
    return {
        "name": f"stg_acton__{stream}",
        "description": schema_of(stream)["description"],
        "data_tests": [{"key": test}],
        "columns": [{"name": name, "description": words} for name, words in columns],
    }


def _yaml(content: Mapping[str, Any]) -> str:
    return f"{HEAD}\n" + yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)


def main() -> None:
    """Write every generated file, and remove the models of streams that no longer exist."""
    current = dict(files())
    for path in {*STAGING.glob("stg_acton__*.sql")} - {*current}:
        path.unlink()
    for path, text in current.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
