"""A command whose standard output was closed before it began."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest

from tap_acton import __main__, plan

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
