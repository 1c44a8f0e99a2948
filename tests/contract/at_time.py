"""`python -m tests.contract.at_time TIMESTAMP ARGUMENTS`: the tap as a command, by a set clock."""

from __future__ import annotations

import sys
from datetime import datetime

import time_machine

from tap_acton.__main__ import main

if __name__ == "__main__":
    with time_machine.travel(datetime.fromisoformat(sys.argv.pop(1)), tick=True):
        main()
