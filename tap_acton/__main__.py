"""The command line: ``tap-acton``, or ``python -m tap_acton``."""

from __future__ import annotations

import os
import sys

from tap_acton.errors import EXIT_FAILED, ActOnError
from tap_acton.tap import TapActOn


def main() -> None:
    """Run the tap; every failure that can be foreseen ends in one sentence."""
    try:
        TapActOn.cli()
    except ActOnError as error:
        TapActOn.logger.error(error.sentence)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Python would try to flush once more at its end, and complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        TapActOn.logger.error(
            "The output was closed before the run was complete: see the target's log."
        )
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
