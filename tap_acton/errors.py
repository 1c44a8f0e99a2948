"""What can go wrong, and what to do about it.

Each exception stands for one thing to do. Its text is one sentence that can be shown to a
person as it is: it never holds a token, a password, an email address or a piece of a
response, save the ids of items, and no character that a terminal acts on::

    ActOnError                   ends the run, or one stream of it
    +-- SettingsError            a setting is wrong, or the token store cannot be used
    +-- CredentialsError         Act-On refuses the login
    +-- UnreachableError         the host does not respond at all
    +-- AllowanceSpentError      no calls are left for now; exit code 3
    +-- OutputError              the output cannot be written
    +-- CallsUsedUpError         a check has made the calls that it announced
    +-- DiffersError             a check found what is not as assumed; exit code 4
    +-- StreamFailedError        one stream cannot be read to its end
    +-- RunOverError             a call came after the end of the run
    +-- InterruptedRunError      a signal stopped the run
    +-- CallError                one call failed, which concerns this call alone
        +-- GoneError            what it asks for was deleted: skip it
        +-- NoContentError       there is nothing, says the response
        +-- NotAvailableError    not offered to this account: turn the stream off
        |   +-- NotRoutedError   the host does not know the path
        |   +-- ForbiddenError   the user may not read this, though perhaps another item
        +-- RejectedCallError    refused for good
        |   +-- NotFoundError    the path is known, but not what it asks for
        +-- GivenUpError         still failed after all retries
        +-- RepeatableError      may work later: retry
            +-- TokenRefusedError    renew the token first
            +-- ThrottledError       slow down first
            +-- NoAnswerError        no response came at all

``api/responses.py`` turns responses into these.
"""

from __future__ import annotations

import errno
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Failure = TypeVar("Failure", bound="CallError")

_NO_SPACE = (
    "The disk is full, or over its quota, where the output or a temporary file is written: free "
    "some space and run again; the state is kept."
)

UNKNOWN_SHAPE = "Act-On's response has an unknown shape; tap-acton-check describes it"
"""What is said of a response that holds something else than is expected."""

MACHINE_FAILURES: Mapping[int | None, str] = {
    errno.EPIPE: "The output was closed before the run was complete: see the target's log.",
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EFBIG: _NO_SPACE,
}
"""The sentence for each failure of the machine that can be foreseen, by its ``errno``."""

EXIT_FAILED = 1
EXIT_ALLOWANCE_SPENT = 3
EXIT_DIFFERS = 4
EXIT_SIGNAL_BASE = 128


def printable(text: str) -> str:
    """Escape what is not shown as it is: ends of lines, orders to a terminal, turns of direction.

    So no id or name in a response can forge a line of the log, or hide one.
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


class ActOnError(Exception):
    """A failure that ends a run, or one stream of it.

    Args:
        sentence: What failed, on which stream and item, and what to do.
    """

    exit_code = EXIT_FAILED

    def __init__(self, sentence: str) -> None:
        self.sentence = printable(sentence)
        super().__init__(self.sentence)


class SettingsError(ActOnError):
    """A setting is wrong, or what it names cannot be used."""


class CredentialsError(ActOnError):
    """Act-On refuses the credentials: trying again could lock the user out."""


class UnreachableError(ActOnError):
    """Act-On cannot be reached at all."""


class AllowanceSpentError(ActOnError):
    """The calls that the account, or the setting, allows are used up for now."""

    exit_code = EXIT_ALLOWANCE_SPENT


class OutputError(ActOnError):
    """The output cannot be written: the target has ended, or the disk is full."""


@contextmanager
def as_output_error() -> Iterator[None]:
    """Report a failure to write the output, which click would swallow.

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


class CallsUsedUpError(ActOnError):
    """A check has made as many calls as it announced."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The check ends early: it has made the {most:,} calls that it announced. Check fewer "
            "streams at once with --streams."
        )


class DiffersError(ActOnError):
    """A check has found something that is not as the tap assumes."""

    exit_code = EXIT_DIFFERS

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"Act-On does not answer as assumed: {', '.join(names)}. See the report.")


class RunOverError(ActOnError):
    """A call was about to be made after the end of the run; nobody waits for its response."""

    def __init__(self) -> None:
        super().__init__("The run is over.")


class InterruptedRunError(ActOnError):
    """A signal stopped the run."""

    def __init__(self, signal_number: int) -> None:
        name = signal.Signals(signal_number).name
        super().__init__(
            f"The run was stopped by signal {signal_number} ({name}); run again to resume."
        )
        self.exit_code = EXIT_SIGNAL_BASE + signal_number


class CallError(ActOnError):
    """One call failed, which concerns this call alone."""


class GoneError(CallError):
    """What the call asks for was deleted: skip it."""


class NoContentError(CallError):
    """The response says that there is nothing: no rows."""


class NotAvailableError(CallError):
    """The account or the host does not offer this endpoint: turn the stream off."""


class NotRoutedError(NotAvailableError):
    """The host does not know the path at all; it may know an older one for the same data."""


class ForbiddenError(NotAvailableError):
    """The user may not read this, while the token is good and the host answers other calls.

    It says nothing of other items of the same endpoint.
    """


class RejectedCallError(CallError):
    """Act-On understood the call and refused it; a retry will not help.

    Args:
        sentence: What failed.
        code: The ``errorCode`` of Act-On's response, if it has one.
    """

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code


class NotFoundError(RejectedCallError):
    """Act-On knows the path but not what it asks for, and gives no reason."""


class GivenUpError(CallError):
    """The call still failed after all retries; the host answers other calls."""


class RepeatableError(CallError):
    """The call failed for a reason that may pass: retry it after a while.

    Args:
        sentence: What failed.
        otherwise: What it means if the host answers other calls well; None if the same.
    """

    def __init__(self, sentence: str, otherwise: CallError | None = None) -> None:
        super().__init__(sentence)
        self.otherwise = otherwise


def without_frames(error: Failure) -> Failure:
    """Let go of the frames in which an error was raised, since they hold the whole response."""
    error.__traceback__ = error.__context__ = None
    return error


class TokenRefusedError(RepeatableError):
    """The access token is no longer accepted: renew it, then retry the call."""


class ThrottledError(RepeatableError):
    """Act-On asks for fewer calls.

    Args:
        sentence: What failed.
        retry_after: Seconds to wait, where the response says so.
        otherwise: As for :class:`RepeatableError`; None where the response leaves no doubt.
    """

    def __init__(
        self,
        sentence: str,
        retry_after: float | None = None,
        otherwise: CallError | None = None,
    ) -> None:
        super().__init__(sentence, otherwise)
        self.retry_after = retry_after


class NoAnswerError(RepeatableError):
    """The call got no response at all."""
