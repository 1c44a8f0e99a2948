"""The library of the charts is bundled once, and kept only as a whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import vl_convert

from report import vega

BUNDLE = "window.vegaEmbed = '\N{ROCKET}'; '</script>';"
SHOWN = f"window.vegaEmbed = '\N{ROCKET}'; '<\\/script>';{vega.END}"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was bundled, in an environment of its own."""
    calls: list[str] = []

    def bundle(snippet: str) -> str:
        calls.append(snippet)
        return BUNDLE

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return calls


def kept(folder: Path) -> Path:
    (file,) = folder.rglob("vega-*")
    return file


def test_it_is_bundled_once(tmp_path: Path, bundled: list[str]) -> None:
    assert [vega.script(), vega.script()] == [SHOWN, SHOWN]
    assert len(bundled) == 1
    assert kept(tmp_path).suffix == ".js"


@pytest.mark.parametrize("size", [0, 5, 22, -1], ids=["empty", "cut", "within a letter", "end"])
def test_what_was_kept_in_part_is_bundled_again(
    size: int, tmp_path: Path, bundled: list[str]
) -> None:
    vega.script()
    file = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    assert vega.script() == SHOWN
    assert len(bundled) == 2
    assert kept(tmp_path).read_bytes() == whole


def test_a_full_disk_keeps_nothing(
    tmp_path: Path, bundled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def write_half(self: Path, text: str, **given: str) -> int:
        write(self, text[:9], **given)
        raise OSError

    monkeypatch.setattr(Path, "write_text", write_half)
    assert [vega.script(), vega.script()] == [SHOWN, SHOWN]
    assert len(bundled) == 2
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_an_environment_that_cannot_be_written_to_is_no_error(
    tmp_path: Path, bundled: list[str]
) -> None:
    (tmp_path / "share").write_text("no folder")
    assert [vega.script(), vega.script()] == [SHOWN, SHOWN]
    assert len(bundled) == 2
