"""Some accounts, and a program in the place of Meltano that ends in another way for each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).parents[2]

KEYS = ("good", "failing", "paused", "stopped", "hanging")

PROGRAM = """#!{python}
import json, os, signal, sys, time

def say(event, level="info", **more):
    print(json.dumps({{"event": event, "level": level, "name": "tap-acton", **more}}), flush=True)

def end(*_):
    say("stopped in order")
    sys.exit(1)

user = os.environ["TAP_ACTON_USERNAME"]
secret = os.environ["TAP_ACTON_PASSWORD"]
others = [name for name, value in os.environ.items() if "password-of" in value]
assert others == ["TAP_ACTON_PASSWORD"], others
say(f"the log has {{secret}}")
if user.startswith("hanging"):
    signal.signal(signal.SIGTERM, end)
    say("begun")
    time.sleep(60)
codes = {{"failing": 1, "paused": 3, "stopped": -15}}
code = codes.get(user.partition("@")[0], 0)
if code:
    words = {{
        1: "Not complete: lists.",
        3: "The 1000 calls per 24 hours of daily_request_limit are used up: run again in 95 "
        "minutes to resume.",
        -15: "The run was stopped by signal 15 (SIGTERM); run again to resume.",
    }}
    say(words[code], "error")
    say("Block run completed", exit_codes={{"extractors": code}})
    sys.exit(1)
say("messages: complete, 3 rows, 1 call")
say('Run summary: {{"calls": 1, "streams": {{}}}}')
"""


def environment(folder: Path) -> Mapping[str, str]:
    """Write the file and the program; return the variables that lead there, and the secrets."""
    program = folder / "meltano"
    program.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o700)
    entries = [
        f"  - {{key: {key}, schema: {key}, region: us, daily_request_limit: 1000, secrets: "
        f"{{client_id: CLIENT_ID, client_secret: CLIENT_SECRET, username: {key.upper()}_USERNAME, "
        f"password: {key.upper()}_PASSWORD}}{more}}}\n"
        for key, more in {**dict.fromkeys(KEYS, ""), "shared": ", shards: 2"}.items()
    ]
    accounts = folder / "accounts.yml"
    accounts.write_text(
        "target: target-postgres\n"
        "variables: [MELTANO_DATABASE_URI, TAP_ACTON_TOKEN_STORE]\n"
        'night: {begins: "21:00", hours: 6, zone: America/New_York}\n'
        f"accounts:\n{''.join(entries)}",
        encoding="utf-8",
    )
    return {
        "ACTON_ACCOUNTS": str(accounts),
        "ACTON_MELTANO": str(program),
        "ACTON_WORK_FOLDER": str(folder / "work"),
        "ACTON_WAREHOUSE_FOLDER": str(folder / "warehouse"),
        "CLIENT_ID": "client-id",
        "CLIENT_SECRET": "client-secret",
        "MELTANO_DATABASE_URI": "postgresql+psycopg://db.example.com/state",
        "TAP_ACTON_TOKEN_STORE": "postgresql://db.example.com/tokens",
        **{f"{key.upper()}_USERNAME": f"{key}@example.com" for key in (*KEYS, "shared")},
        **{f"{key.upper()}_PASSWORD": f"password-of-{key}" for key in (*KEYS, "shared")},
    }
