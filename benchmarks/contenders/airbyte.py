"""A declarative source of Airbyte's CDK: a manifest, plus an extractor for rows of cells.

``python airbyte.py URL list_members|message_events FOLDER``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping  # noqa: TC003 - Airbyte looks annotations up
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests  # noqa: TC002 - the same
from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor

KINDS = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")


@dataclass
class CellExtractor(RecordExtractor):  # type: ignore[misc] # not installed beside mypy
    """Matches the cells of a list with its headers."""

    config: Mapping[str, Any]
    parameters: Mapping[str, Any]

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        """Return a record per row."""
        payload = response.json()
        headers = payload["headers"]
        for cells in payload["data"]:
            yield dict(zip(headers, cells, strict=False))


def manifest(url: str) -> dict[str, Any]:
    """Return the manifest of the source."""
    login = {
        "type": "OAuthAuthenticator",
        "token_refresh_endpoint": f"{url}/token",
        "grant_type": "password",
        "client_id": "client",
        "client_secret": "secret",
        "refresh_token": "none",
    }

    def stream(
        name: str, path: str, extractor: dict[str, Any], key: str, **more: Any
    ) -> dict[str, Any]:
        parameters = more.pop("parameters", {})
        return {
            "type": "DeclarativeStream",
            "name": name,
            "primary_key": [key] if key else [],
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url_base": url,
                    "path": path,
                    "http_method": "GET",
                    "authenticator": login,
                    "request_parameters": parameters,
                },
                "record_selector": {"type": "RecordSelector", "extractor": extractor},
                "paginator": {
                    "type": "DefaultPaginator",
                    "pagination_strategy": {
                        "type": "OffsetIncrement",
                        "page_size": 1000,
                        "inject_on_first_request": True,
                    },
                    "page_size_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "count",
                    },
                    "page_token_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "offset",
                    },
                },
                **more,
            },
            "schema_loader": {
                "type": "InlineSchemaLoader",
                "schema": {"type": "object", "additionalProperties": True, "properties": {}},
            },
        }

    def field(name: str) -> dict[str, Any]:
        return {"type": "DpathExtractor", "field_path": [name]}

    messages = stream(
        "messages", "/api/1/message", field("msgresult"), "msgId", parameters={"type": "SENT"}
    )
    routers = [
        {
            "type": "SubstreamPartitionRouter",
            "parent_stream_configs": [
                {
                    "type": "ParentStreamConfig",
                    "stream": messages,
                    "parent_key": "msgId",
                    "partition_field": "message_id",
                }
            ],
        },
        {"type": "ListPartitionRouter", "values": list(KINDS), "cursor_field": "event_type"},
    ]
    cells = {"type": "CustomRecordExtractor", "class_name": "__main__.CellExtractor"}
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["list_members"]},
        "streams": [
            stream(
                "list_members",
                "/api/1/list/l-0001",
                cells,
                "_contact_id_",
                parameters={"datequalifiers": "true"},
            ),
            stream(
                "message_events",
                "/api/1/message/{{ stream_partition.message_id }}/report/"
                "{{ stream_partition.event_type }}",
                field("result"),
                "",
                partition_router=routers,
            ),
        ],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def main() -> None:
    """Read the stream, and write Airbyte's messages."""
    url, stream, name = sys.argv[1:]
    folder = Path(name)
    catalog = {
        "streams": [
            {
                "stream": {
                    "name": stream,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append",
            }
        ]
    }
    (folder / "airbyte-catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    (folder / "airbyte-config.json").write_text("{}", encoding="utf-8")
    source = ConcurrentDeclarativeSource(
        catalog=ConfiguredAirbyteCatalogSerializer.load(catalog),
        config={},
        state=None,
        source_config=manifest(url),
    )
    launch(
        source,
        [
            "read",
            "--config",
            str(folder / "airbyte-config.json"),
            "--catalog",
            str(folder / "airbyte-catalog.json"),
        ],
    )


if __name__ == "__main__":
    main()
