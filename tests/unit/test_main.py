"""How the command ends where nothing can be written, or nobody foresaw what went wrong."""

from __future__ import annotations

import logging
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
