"""The command line: ``tap-acton-check``, or ``python -m tap_acton.check``."""

from __future__ import annotations

from tap_acton import logs
from tap_acton.__main__ import in_one_sentence, require_output
from tap_acton.check.command import Checker
from tap_acton.command_line import write_utf8
from tap_acton.logs import log_plainly


def main() -> None:
    """Run the command; every failure that can be foreseen ends in one sentence."""
    write_utf8()
    log_plainly()
    with in_one_sentence():
        require_output()
        logs.check_level()
        Checker.cli()


if __name__ == "__main__":
    main()
