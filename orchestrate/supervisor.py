"""Runs a command that ends, in order, when whoever started it lets go or dies.

``python -m orchestrate.supervisor COMMAND...`` passes on the command's output and exit code.
Once standard input ends, or at a signal, it stops the command: the tap, if there is one among its
children, and otherwise the command itself. The pipe of standard input also closes where the process
at its other end was killed, so nothing is left behind. If the supervisor itself is killed, the
command gets SIGTERM, on Linux.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from pipeline.meltano import tap_of

SECONDS_TO_STOP = 120.0
"""For the calls under way, for what the target still writes, and for the state."""

EXIT_NOT_STARTED = 127
"""As a shell has it."""

_PR_SET_PDEATHSIG = 1
# Of Linux alone.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def main() -> int:
    """Run the command, and return its exit code, or 128 and the signal's number."""
    # Whatever the run writes is for its user alone: Meltano's copies of the settings, above all.
    os.umask(0o077)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        process = subprocess.Popen(
            sys.argv[1:],
            # The path leads to this module, and is none of the command's.
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.DEVNULL,
            process_group=0,
            # No thread has been started yet, which could hold a lock in the child.
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - for this reason
        )
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} cannot be started: {error.strerror}.\n")
        return EXIT_NOT_STARTED
    threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    threading.Thread(target=_stop_when, args=(stop, process), daemon=True).start()
    code = process.wait()
    # Nobody of its group may outlive it.
    _kill_group(process)
    return code if code >= 0 else 128 - code


def _end_with_parent() -> None:
    """Let this process get SIGTERM once its parent has died, even of SIGKILL."""
    if _PRCTL:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_end_of_input(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def _stop_when(stop: threading.Event, process: subprocess.Popen[bytes]) -> None:
    stop.wait()
    # To the tap alone: the target then writes what it has got, and Meltano saves the state.
    # Meltano itself would end the target, too.
    tap = tap_of(process.pid)
    with suppress(ProcessLookupError):
        os.kill(process.pid if tap is None else tap, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
