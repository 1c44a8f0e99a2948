"""A first and a nightly run over an account of the sandbox, in their own process.

``python -m benchmarks.two_runs MESSAGES`` prints what they cost. The sandbox is large, and the
process that measures must be small.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acton_sandbox import Account, Sandbox
from benchmarks.contenders import UNLIMITED, tap_files
from benchmarks.growth import Growth
from benchmarks.processes import measure, own_folder

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ("messages", "message_reports", "message_events")
EVENTS_PER_MESSAGE = 20


def measured(messages: int) -> Growth:
    """Read an account with so many messages, and again one day later in its time."""
    account = Account.generate(
        now=datetime.now(UTC) - timedelta(days=1),
        messages=messages,
        events_per_message=EVENTS_PER_MESSAGE,
    )
    with Sandbox(account) as sandbox, own_folder() as folder:
        config, catalog = tap_files(
            sandbox.url, folder, STREAMS, custom_field_columns=False, **UNLIMITED
        )
        output, state = folder / "output", folder / "state.json"
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tap_acton",
            "--config",
            config,
            "--catalog",
            catalog,
        ]
        before = len(sandbox.requests)
        first = measure(command, folder, output)
        between = len(sandbox.requests)
        state.write_bytes(_last_state(output))
        sandbox.next_day()
        nightly = measure([*command, "--state", state], folder, output)
        return Growth(
            messages,
            between - before,
            first.processor,
            len(sandbox.requests) - between,
            nightly.processor,
            state.stat().st_size,
        )


def _last_state(output: Path) -> bytes:
    with output.open("rb") as lines:
        states = [line for line in lines if line.startswith(b'{"type":"STATE"')]
    return json.dumps(json.loads(states[-1])["value"]).encode()


if __name__ == "__main__":
    print(json.dumps(asdict(measured(int(sys.argv[1])))))
