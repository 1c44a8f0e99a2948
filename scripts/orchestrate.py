"""Writes what the orchestration has of the streams.

``python -m scripts.orchestrate`` writes ``orchestrate/dagster/streams.json``: each stream with the
stream that it hangs on, so that Dagster, in an environment without the tap, knows them. A test
fails while the file is not current.
"""

from __future__ import annotations

import json
from pathlib import Path

from scripts.docs import FAMILIES
from scripts.models import SCHEMAS
from tap_acton.streams import STREAM_TYPES

PATH = Path(__file__).parents[1] / "orchestrate" / "dagster" / "streams.json"


def text() -> str:
    """Return the current text of the file."""
    families = {name: family for family, streams in FAMILIES.items() for name in streams}
    return (
        json.dumps(
            [
                {
                    "name": stream.name,
                    "listing": stream.listing,
                    "family": families[stream.name],
                    "description": json.loads(
                        (SCHEMAS / f"{stream.name}.json").read_text(encoding="utf-8")
                    )["description"],
                }
                for stream in STREAM_TYPES
            ],
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
