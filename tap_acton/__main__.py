"""The command line: ``tap-acton``, or ``python -m tap_acton``."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_acton.errors import EXIT_FAILED, ActOnError
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    """Run the tap; every failure that can be foreseen ends in one sentence."""
    with in_one_sentence():
        TapActOn.cli()


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Let a failure that can be foreseen end the command in one sentence, with its exit code.

    Yields:
        Once, for the command.
    """
    try:
        yield
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
