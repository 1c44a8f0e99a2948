"""What waits on the disk: in order, once, and without a word too many where there is no room."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import pytest

from tap_acton.streams.base.csv_download import CsvFile
from tap_acton.sync import spool
from tap_acton.sync.spool import FactsSpool, Spool

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS: list[Any] = [["Zoë", "or\r\nso"], {"a": None}, 7, "", [[]]]


def test_items_come_in_the_order_in_which_they_were_kept() -> None:
    kept = Spool()
    for item in ITEMS:
        kept.add(item)
    assert list(kept.take()) == ITEMS


def test_the_file_goes_with_what_was_taken() -> None:
    kept = Spool()
    kept.add("an item")
    assert list(kept.take()) == ["an item"]
    with pytest.raises(ValueError, match="closed file"):
        kept.add("another")


def test_records_come_for_the_stream_that_they_were_kept_for() -> None:
    facts = FactsSpool(["one", "other"])
    facts.add("one", {"id": "1"})
    facts.add("other", {"id": "2"})
    facts.add("one", {"id": "3"})
    assert list(facts.take("one")) == [{"id": "1"}, {"id": "3"}]
    assert list(facts.take("other")) == [{"id": "2"}]
    assert "one" in facts
    assert "else" not in facts


def fill_spool() -> None:
    kept = Spool()
    kept.add(ITEMS)
    kept.take()


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
