"""The command line: ``tap-acton``, or ``python -m tap_acton``."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_acton import logs
from tap_acton.command_line import write_utf8
from tap_acton.errors import EXIT_FAILED, MACHINE_FAILURES, ActOnError, OutputError
from tap_acton.logs import log_plainly
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator

GARBAGE_THRESHOLDS = (10_000, 20, 50)


def main() -> None:
    """Run the tap; every failure that can be foreseen ends in one sentence."""
    # Imports live until the end, and records form no reference cycles: scanning them for garbage
    # would take a tenth of the run.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    write_utf8()
    log_plainly()
    with in_one_sentence():
        require_output()
        logs.check_level()
        ignore_progress_signal()
        TapActOn.cli()


def require_output() -> None:
    """Make sure that standard output is open, since all that the command says goes there.

    Raises:
        OutputError: If it was closed before the command began.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed, so the command cannot write anything.")


def ignore_progress_signal() -> None:
    """Ignore SIGUSR1, which asks how far a run has come, except while the run reads.

    Otherwise the signal would end the command.
    """
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Let a failure that can be foreseen end the command in one sentence, with its exit code.

    Yields:
        Once, for the command.
    """
    try:
        yield
    except ActOnError as error:
        if isinstance(error, OutputError):
            _give_up_output()
        TapActOn.logger.error(error.sentence)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - its message may show a row, so it is left out
        if isinstance(error, OSError) and error.errno in MACHINE_FAILURES:
            _give_up_output()
            TapActOn.logger.error(MACHINE_FAILURES[error.errno])
        else:
            TapActOn.logger.critical(
                "tap-acton has a fault (%s): please report these lines, which show no data.",
                type(error).__name__,
            )
            for line in "".join(traceback.format_tb(error.__traceback__)).splitlines():
                TapActOn.logger.critical("%s", line)
        sys.exit(EXIT_FAILED)


def _give_up_output() -> None:
    """Write no more: Python would try to flush once more at its end, and complain again."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
