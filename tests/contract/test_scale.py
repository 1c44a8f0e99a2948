"""Five thousand messages cost ten times what 500 do, and no more memory to speak of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Sandbox
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW
from tests.contract.harness import PROJECT, catalog, config_of, environment

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ("messages", "message_events")

# Runs the tap and tells at the end of its log what it took: the kernel's own high-water mark
# of this program's memory, which does not hold that of the process it was forked from.
MEASURED = """
import atexit, pathlib, sys, time
from tap_acton.__main__ import main
@atexit.register
def tell():
    status = dict(line.split(":") for line in open("/proc/self/status"))
    print("took", time.process_time(), status["VmHWM"].split()[0], file=sys.stderr)
main()
"""


@dataclass(frozen=True)
class Cost:
    """What a run took: processor seconds, kilobytes at most, and the length of its last state."""

    seconds: float
    kilobytes: int
    state: int


def run(messages: int, folder: Path) -> Cost:
    """Read an account with that many messages of two events each, and check what comes."""
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        messages=messages,
        events_per_message=2,
        triggered_messages=0,
        other_messages=0,
        lists=(ListPlan("Readers", 20),),
        suppressions_per_day=0,
        category_opt_outs_per_day=0,
    )
    with Sandbox(account=account) as sandbox:
        config, selection = folder / "config.json", folder / "catalog.json"
        config.write_text(json.dumps({**config_of(sandbox), "event_types": ["OPENED"]}))
        selection.write_text(json.dumps(catalog(STREAMS)))
        ended = subprocess.run(
            [sys.executable, "-c", MEASURED, "--config", config, "--catalog", selection],
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        asked = Counter(seen.path.count("/") for seen in sandbox.requests)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    kinds = Counter((line["type"], line.get("stream")) for line in lines)
    for stream in STREAMS:
        assert kinds["SCHEMA", stream] == 1
        assert kinds["RECORD", stream] == messages
    assert kinds.total() < 2 * messages + 50
    check_states(lines)
    ids = {
        line["record"]["id"]
        for line in lines
        if line["type"] == "RECORD" and line["stream"] == "message_events"
    }
    assert len(ids) == messages
    # A report and one kind of events for each message, and a page that proves a total.
    assert (asked[5], asked[6]) == (messages, messages + 1)
    (took,) = (line.split() for line in ended.stderr.splitlines() if line.startswith("took "))
    return Cost(float(took[1]), int(took[2]), len(ended.stdout.splitlines()[-1]))


def check_states(lines: list[dict[str, Any]]) -> None:
    """Make sure that no state in the middle of a run is ahead of the records."""
    sent_at: dict[str, str] = {}
    read_until = ""
    for line in lines:
        match line:
            case {"type": "RECORD", "stream": "messages", "record": message}:
                sent_at[message["id"]] = message["sent_at"]
            case {"type": "RECORD", "stream": "message_events", "record": event}:
                assert sent_at[event["message_id"]] > read_until
            case {"type": "STATE", "value": {"bookmarks": {"message_events": state}}}:
                (progress,) = state.get("progress", [{}])
                read_until = progress.get("read_until", "")


@pytest.mark.timeout(120)
def test_ten_times_the_messages_cost_ten_times_the_time_and_the_same_memory(
    tmp_path: Path,
) -> None:
    few, many = run(500, tmp_path), run(5_000, tmp_path)
    # Only messages within the engagement window are in the state.
    assert many.state < 11 * few.state
    # Counters of messages in view, and eight characters for each that rests.
    assert many.state < 75_000
    assert many.kilobytes < few.kilobytes + 30_000
    # Some more than ten, as a busy machine measures badly; quadratic would be a hundred.
    assert many.seconds < 15 * few.seconds
