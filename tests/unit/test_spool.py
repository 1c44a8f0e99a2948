"""What waits on the disk: in order, once, and without a word too many where there is no room."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import pytest

from tap_acton.streams.base.csv_download import CsvFile
from tap_acton.sync import spool
from tap_acton.sync.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS: list[Any] = [["Zoë", "or\r\nso"], {"a": None}, 7, "", [[]]]


def test_items_come_in_the_order_in_which_they_were_kept_as_often_as_they_are_wanted() -> None:
    kept = Spool()
    for item in ITEMS:
        kept.add(item)
    assert list(kept) == ITEMS
    assert list(kept) == ITEMS
    assert len(kept) == len(ITEMS)


def fill_spool() -> None:
    kept = Spool()
    kept.add(ITEMS)
    kept.flush()


def fill_spool_at_once() -> None:
    kept = Spool()
    kept.add("x" * 100_000)


def fill_file() -> None:
    file = CsvFile()
    file.content.write(b"x" * 100_000)


@pytest.mark.parametrize("fill", [fill_spool, fill_spool_at_once, fill_file])
def test_a_disk_without_room_is_told_once(
    monkeypatch: pytest.MonkeyPatch, fill: Callable[[], None]
) -> None:
    def full() -> IO[bytes]:
        return open("/dev/full", "r+b")  # noqa: PTH123 - as a temporary file

    ignored: list[object] = []
    monkeypatch.setattr(spool, "TemporaryFile", full)
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    with pytest.raises(OSError, match="No space"):
        fill()
    assert ignored == []
