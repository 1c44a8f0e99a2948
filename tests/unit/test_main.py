"""How the command ends where nothing can be written, or nobody foresaw what went wrong."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tap_acton import __main__, plan
from tap_acton.__main__ import in_one_sentence

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("main", [__main__.main, plan.main], ids=["tap", "plan"])
def test_a_closed_output_ends_it_in_one_sentence(
    main: Callable[[], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["tap-acton", "--about"])
    monkeypatch.setattr(sys, "stdout", None)
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert [record.message for record in caplog.records] == [
        "Standard output is closed, so the command cannot write anything."
    ]


@pytest.mark.parametrize("main", [__main__.main, plan.main], ids=["tap", "plan"])
@pytest.mark.parametrize("variable", ["LOGLEVEL", "TAP_ACTON_LOGLEVEL"])
def test_an_unknown_level_of_the_log_ends_it_in_one_sentence(
    variable: str,
    main: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tap-acton", "--about"])
    monkeypatch.setenv(variable, "loud")
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert [record.message for record in caplog.records] == [
        f"The variable {variable} is loud: make it DEBUG, INFO, WARNING or ERROR."
    ]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the platform has no such signal")
def test_who_asks_for_progress_before_there_is_any_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tap-acton", "--about"])
    before = signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit):
            __main__.main()
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("kind", [KeyError, ValueError, OSError, RecursionError])
def test_a_fault_shows_where_it_is_and_no_value(
    caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    address = "jane@example.com"
    with pytest.raises(SystemExit) as ended, in_one_sentence():
        raise kind(address)
    assert ended.value.code == 1
    told = "\n".join(map(logging.Formatter().format, caplog.records))
    assert kind.__name__ in told
    assert "test_main.py" in told
    assert "jane" not in told
