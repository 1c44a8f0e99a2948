"""dlt's REST source, writing JSON lines to the local disk.

``python dlt_rest.py URL list_members|message_events FOLDER``. Compression and telemetry are off.
dlt cannot express rows of cells, so the headers are hard-coded, which saves it a lookup.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ["DATA_WRITER__DISABLE_COMPRESSION"] = "true"

import dlt
from dlt.sources.rest_api import rest_api_source

HEADERS = (
    "_contact_id_",
    "E-mail Address",
    "First Name",
    "Last Name",
    "Company",
    "Job Title",
    "Business Phone",
    "Street",
    "City",
    "State",
    "Zip",
    "Country",
    "Lead Source",
    "Score",
    "Industry",
    "Owner",
    "Opted, how?",
    ".tz",
    "created_date",
    "modified_date",
)
KINDS = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")


def named(cells: list[str]) -> dict[str, str]:
    """Match the cells of a row with the headers."""
    return dict(zip(HEADERS, cells, strict=False))


def source(url: str, stream: str) -> Any:
    """Return the source of a stream."""
    paginator = {
        "type": "offset",
        "limit": 1000,
        "limit_param": "count",
        "total_path": "totalCount",
    }
    client = {"base_url": url, "auth": {"type": "bearer", "token": "example"}}
    client["paginator"] = paginator
    if stream == "list_members":
        return rest_api_source(
            {
                "client": client,
                "resources": [
                    {
                        "name": "list_members",
                        "endpoint": {
                            "path": "api/1/list/l-0001",
                            "params": {"datequalifiers": "true"},
                            "data_selector": "data",
                        },
                        "processing_steps": [{"map": named}],
                    }
                ],
            }
        )
    drilldowns = [
        {
            "name": f"events_{kind.lower()}",
            "table_name": "message_events",
            "include_from_parent": ["msgId"],
            "endpoint": {
                "path": f"api/1/message/{{resources.messages.msgId}}/report/{kind}",
                "data_selector": "result",
            },
        }
        for kind in KINDS
    ]
    messages = {
        "name": "messages",
        "selected": False,
        "endpoint": {
            "path": "api/1/message",
            "params": {"type": "SENT"},
            "data_selector": "msgresult",
        },
    }
    return rest_api_source({"client": client, "resources": [messages, *drilldowns]})


def main() -> None:
    """Read the stream, and write it into the folder."""
    url, stream, name = sys.argv[1:]
    folder = Path(name).resolve()
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=(folder / "written").as_uri()),
        dataset_name="acton",
    )
    pipeline.run(source(url, stream), loader_file_format="jsonl")


if __name__ == "__main__":
    main()
