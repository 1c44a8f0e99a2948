"""What can go wrong between the tap and Act-On, and what is to be done about it.

Every failure of a call ends as one of the exceptions below. Each stands for one
thing to do, and the text of each is one sentence that can be shown to a person as
it is: it never holds a token, a password, an e-mail address or a piece of an answer.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_ROOM = (
    "The disk is full, or a quota on it, where the output or a temporary file goes: make room and "
    "run again; the state is kept."
)

MACHINE_FAILURES: Mapping[int | None, str] = {
    errno.EPIPE: "The output was closed before the run was complete: see the target's log.",
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
}
"""What to say of the failures of the machine that can be foreseen, by their number."""

EXIT_FAILED = 1
EXIT_ALLOWANCE_SPENT = 3
EXIT_SIGNAL_BASE = 128


class ActOnError(Exception):
    """A failure that ends a run, or a stream of it, with one sentence.

    Args:
        sentence: What failed, where, and what to do about it.
    """

    exit_code = EXIT_FAILED

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SettingsError(ActOnError):
    """A setting is wrong: nothing has been asked of Act-On yet."""


class CredentialsError(ActOnError):
    """Act-On refuses the credentials: asking again could lock the user out."""


class UnreachableError(ActOnError):
    """Act-On cannot be reached at all."""


class AllowanceSpentError(ActOnError):
    """The calls that the account, or the setting, allows are used up for now.

    Attributes:
        subject: What was to be asked next, if it was a query of a stream.
    """

    exit_code = EXIT_ALLOWANCE_SPENT
    subject = ""


class OutputError(ActOnError):
    """The output cannot be written: the target has ended, or the disk is full."""


@contextmanager
def output_failures_told() -> Iterator[None]:
    """Tell a failure to write the output: click would end the run without a word.

    Yields:
        Once, for the writing.

    Raises:
        OutputError: If the target has ended, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in MACHINE_FAILURES:
            raise
        raise OutputError(MACHINE_FAILURES[error.errno]) from None


class StreamFailedError(ActOnError):
    """One stream cannot be read to its end; the others can."""


class RunOverError(ActOnError):
    """A call was about to be made after the run's end; nobody waits for its answer."""

    def __init__(self) -> None:
        super().__init__("The run is over.")


class InterruptedRunError(ActOnError):
    """The run was told to stop by a signal.

    Args:
        signal_number: The signal, for example 15 for SIGTERM.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"The run was stopped by signal {signal_number}; the next run goes on.")
        self.exit_code = EXIT_SIGNAL_BASE + signal_number


class CallError(ActOnError):
    """One call was answered with a failure that concerns this call alone."""


class GoneError(CallError):
    """What the call asks about was deleted: skip it."""


class NotAvailableError(CallError):
    """The account or the host does not offer this endpoint: switch the stream off."""


class NotRoutedError(NotAvailableError):
    """The host does not know the path at all; it may know an older one for the same."""


class RejectedCallError(CallError):
    """Act-On understood the call and refused it; repeating it is of no use."""


class NotFoundError(RejectedCallError):
    """Act-On knows the path, but not what is asked for, and gives no reason."""


class RepeatableError(CallError):
    """The call failed for a passing reason: repeat it after a while."""


class TokenRefusedError(RepeatableError):
    """The access token is no longer accepted: renew it, then repeat the call."""


class ThrottledError(RepeatableError):
    """Act-On asks for fewer calls.

    Args:
        sentence: What failed.
        retry_after: Seconds to wait, where the answer says so.
        is_bare_refusal: Whether the answer is a 403 without a word, which on the paths of
            the Audience Center may also stand for missing rights.
    """

    def __init__(
        self,
        sentence: str,
        retry_after: float | None = None,
        *,
        is_bare_refusal: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.is_bare_refusal = is_bare_refusal
