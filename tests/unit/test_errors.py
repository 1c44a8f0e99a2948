"""Exit codes, sentences, and which failures concern a call alone."""

from __future__ import annotations

import pytest

from tap_acton.errors import (
    EXIT_ALLOWANCE_SPENT,
    EXIT_FAILED,
    EXIT_SIGNAL_BASE,
    ActOnError,
    AllowanceSpentError,
    CallError,
    CredentialsError,
    InterruptedRunError,
    SettingsError,
    StreamFailedError,
    UnreachableError,
    printable,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("x"), 1),
        (CredentialsError("x"), 1),
        (UnreachableError("x"), 1),
        (StreamFailedError("x"), 1),
        (AllowanceSpentError("x"), 3),
        (InterruptedRunError(15), 143),
        (InterruptedRunError(2), 130),
    ],
)
def test_each_has_its_exit_code(error: ActOnError, code: int) -> None:
    assert error.exit_code == code


def test_the_exit_codes_can_be_told_apart() -> None:
    assert len({0, EXIT_FAILED, EXIT_ALLOWANCE_SPENT, EXIT_SIGNAL_BASE}) == 4


def test_the_text_of_an_error_is_its_sentence() -> None:
    assert str(StreamFailedError("It broke.")) == StreamFailedError("It broke.").sentence


def test_what_ends_a_run_is_not_the_failure_of_a_call() -> None:
    assert not issubclass(CredentialsError, CallError)
    assert not issubclass(AllowanceSpentError, CallError)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("list Zoë 東京 🎉", "list Zoë 東京 🎉"),
        ("a\nERROR b", r"a\nERROR b"),
        ("\r\x1b[2Jx\x07\x9b", r"\r\x1b[2Jx\x07\x9b"),
        ("a\u202eb\u2066c\u200b", r"a\u202eb\u2066c\u200b"),
        ("a\u2028b\x85c\x0b", r"a\u2028b\x85c\x0b"),
        ("\ud800", r"\ud800"),
    ],
)
def test_a_sentence_forges_no_line_and_orders_no_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(ActOnError(text)) == ActOnError(text).sentence == shown
