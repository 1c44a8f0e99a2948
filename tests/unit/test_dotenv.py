"""The file ``.env``, in the folder where the tap is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.command_line import read_environment
from tap_acton.errors import SettingsError
from tap_acton.settings.schema import CONFIG_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "TAP_ACTON_"


def read() -> dict[str, Any]:
    return read_environment(CONFIG_SCHEMA["properties"], PREFIX)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the tap is started, with an environment without settings."""
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    return inner


def write(folder: Path, content: str) -> None:
    (folder / ".env").write_text(content, encoding="utf-8")
    (folder / ".env").chmod(0o600)


def test_settings_come_from_the_file(folder: Path) -> None:
    write(folder, "TAP_ACTON_REGION=eu\nTAP_ACTON_USERNAME='j\u00f8rgen@example.com'\n")
    assert read() == {"region": "eu", "username": "j\u00f8rgen@example.com"}


def test_the_environment_comes_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "TAP_ACTON_API_URL=https://planted.example.com\n")
    monkeypatch.setenv("TAP_ACTON_API_URL", "https://api.example.com")
    assert read() == {"api_url": "https://api.example.com"}


def test_a_file_in_a_folder_above_is_not_read(folder: Path) -> None:
    write(folder.parent, "TAP_ACTON_API_URL=https://planted.example.com\n")
    assert read() == {}


def test_nothing_but_settings_is_taken(folder: Path) -> None:
    before = dict(os.environ)
    write(folder, "HTTPS_PROXY=http://planted.example.com\nTAP_ACTON_REGION=eu\n")
    assert read() == {"region": "eu"}
    assert dict(os.environ) == before


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_a_warning(
    folder: Path,
    mode: int,
    is_open: bool,  # noqa: FBT001 - what is expected
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(folder, "TAP_ACTON_REGION=eu\n")
    (folder / ".env").chmod(mode)
    assert read() == {"region": "eu"}
    assert (caplog.messages == ["Other users of this machine can read .env: chmod 600 .env"]) == (
        is_open
    )


def test_a_file_that_cannot_be_read_is_told_in_one_sentence(folder: Path) -> None:
    write(folder, "")
    (folder / ".env").write_bytes(b"TAP_ACTON_PASSWORD=\xff\xfe\n")
    with pytest.raises(
        SettingsError, match=r"\.env cannot be read \(UnicodeDecodeError\)"
    ) as raised:
        read()
    assert raised.value.__suppress_context__
