"""The file ``.env``, in the folder where the tap is started."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import __main__ as pipeline
from tap_acton import command_line
from tap_acton.command_line import hint_at_environment, read_environment
from tap_acton.errors import SettingsError
from tap_acton.settings.schema import CONFIG_SCHEMA
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "TAP_ACTON_"


def read() -> dict[str, Any]:
    return read_environment(CONFIG_SCHEMA["properties"])


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


def test_a_folder_of_that_name_is_none(folder: Path) -> None:
    (folder / ".env").mkdir()
    assert read() == {}


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no pipes")


@needs_pipes
def test_a_program_may_write_it_into_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / ".env", 0o600)
    with ThreadPoolExecutor() as others:
        written = others.submit(write, folder, "TAP_ACTON_REGION=eu\n")
        assert read() == {"region": "eu"}
        written.result()


@needs_pipes
def test_a_pipe_that_nobody_writes_to_is_not_waited_for_forever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "PIPE_SECONDS", 0.01)
    os.mkfifo(folder / ".env", 0o600)
    with pytest.raises(SettingsError, match="cannot be read"):
        read()


MISSPELLED = {
    "TAP_ACTON_CLIENTID": "; did you mean TAP_ACTON_CLIENT_ID?",
    "tap_acton_client_id": "; did you mean TAP_ACTON_CLIENT_ID?",
    "TAPACTON_CLIENT_ID": "; did you mean TAP_ACTON_CLIENT_ID?",
    "TAP_ACTION_PASSWORD": "; did you mean TAP_ACTON_PASSWORD?",
    "TAP_ACT_ON_STREAM_MAPS": "; did you mean TAP_ACTON_STREAM_MAPS?",
    "ACTON_PASSWORD": "; did you mean TAP_ACTON_PASSWORD?",
    "TAP_ACTON_NONSENSE": ".",
}


@pytest.mark.parametrize("is_in_file", [True, False])
@pytest.mark.parametrize(("name", "meant"), MISSPELLED.items())
def test_a_misspelled_variable_is_a_warning_without_its_value(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    meant: str,
    *,
    is_in_file: bool,
) -> None:
    if is_in_file:
        write(folder, f"{name}=value\n")
    else:
        monkeypatch.setenv(name, "value")
    assert read() == {}
    assert caplog.messages == [f"The variable {name} is unknown and has no effect{meant}"]


@pytest.mark.parametrize(
    "name",
    [
        "TAP_ACTON_LOGLEVEL",
        "TAP_ACTON__SELECT",
        "TAP_ACTIVECAMPAIGN_API_KEY",
        "ACTIONS_TOKEN",
        "CLIENT_ID",
    ],
)
def test_a_variable_of_another_program_is_none(
    folder: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    write(folder, f"{name}=value\nTAP_ACTON_CLIENTID=\n")
    assert read() == {}
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("TAP_ACTON_CLIENT_ID", "TAP_ACTON_CLIENT_ID is set, but .* with --config=ENV"),
        ("TAP_ACTON_CLIENTID", "TAP_ACTON_CLIENTID is unknown .* did you mean TAP_ACTON_CLIENT_ID"),
    ],
)
def test_missing_settings_that_the_environment_has_are_a_hint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, hint: str
) -> None:
    write(folder, f"{variable}=value\n")
    given = {"client_secret": "s", "username": "jo@example.com", "password": "p"}
    with pytest.raises(SettingsError, match=f"client_id is required.*{hint}"):
        TapActOn(config=given)
    monkeypatch.setenv("TAP_ACTON_CLIENT_ID", "value")
    assert hint_at_environment({"client_id": "c", **given}) == ""


@pytest.mark.parametrize(
    ("variable", "is_account"),
    [
        ("TAP_ACTON_CLIENT_ID", True),
        ("TAP_ACTON_PASSWORD", True),
        ("TAP_ACTON_REGION", False),
        ("TAP_ACTON_NONSENSE", False),
    ],
)
def test_the_pipeline_reads_an_account_if_a_credential_is_set(
    folder: Path, variable: str, *, is_account: bool
) -> None:
    write(folder, f"{variable}=value\n")
    assert pipeline._has_credentials() is is_account


def test_the_pipeline_does_not_read_the_sandbox_in_place_of_a_misspelled_account(
    folder: Path,
) -> None:
    write(folder, "TAP_ACTON_CLIENTID=value\n")
    with pytest.raises(SettingsError, match=r"did you mean TAP_ACTON_CLIENT_ID\? Correct or"):
        pipeline._has_credentials()


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
