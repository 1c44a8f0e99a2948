"""Merges states as Meltano does: by its own function, in the environment where it is installed."""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

PYTHON = Path(__file__).parents[1] / ".venv-meltano/bin/python"
# Its pins differ from the tap's, so it answers from a process of its own: a line for a line.
SCRIPT = """
import json, sys
from meltano.core.utils import merge
for line in sys.stdin:
    earlier, later = json.loads(line)
    try:
        answer = {"merged": merge(later, earlier)}
    except TypeError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


def merged(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Merge a later state into an earlier one; neither is changed.

    Meltano does so with the state of a run that failed, and with ``--merge-state``.

    Raises:
        TypeError: Meltano cannot merge them; its run would crash.
    """
    process = _meltano()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([earlier, later]) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise TypeError(answer["error"])
    state: dict[str, Any] = answer["merged"]
    return state


@cache
def _meltano() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [PYTHON, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # Signals that a test sends to its own group do not end it.
        start_new_session=True,
    )
    atexit.register(process.communicate)
    return process
