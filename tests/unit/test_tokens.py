"""The file that keeps the token chain between runs."""

from __future__ import annotations

import errno
import json
import os
import stat
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from tap_acton.errors import InterruptedRunError, SettingsError
from tap_acton.stores.tokens import FileTokenStore, Token

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = Token("access", "refresh", 1_720_003_600, 1_720_003_300)

posix_only = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")


@pytest.mark.parametrize("refresh_token", ["refresh", None])
def test_what_is_written_is_read(tmp_path: Path, refresh_token: str | None) -> None:
    token = replace(TOKEN, refresh_token=refresh_token, made_with="0af1")
    FileTokenStore(tmp_path / "token.json").write(token)

    assert FileTokenStore(tmp_path / "token.json").read() == token


def test_a_token_of_an_earlier_version_says_nothing_of_its_credentials() -> None:
    kept = asdict(TOKEN)
    del kept["made_with"]
    assert Token.from_json(json.dumps(kept)) == TOKEN
    assert TOKEN.made_with == ""


def test_nothing_there_is_no_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert FileTokenStore(tmp_path / "token.json").read() is None
    assert caplog.records == []


@posix_only
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "token.json")
    with store.lock():
        store.write(TOKEN)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"token.json": 0o600, "token.json.lock": 0o600}


@posix_only
def test_a_file_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    store = FileTokenStore(path)
    store.write(TOKEN)
    path.chmod(0o644)

    assert store.read() == TOKEN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.json"
    FileTokenStore(target).write(TOKEN)
    path = tmp_path / "token.json"
    path.symlink_to(target)
    store = FileTokenStore(path)

    assert store.read() is None
    store.write(replace(TOKEN, access_token="new"))
    assert FileTokenStore(target).read() == TOKEN
    assert not path.is_symlink()


def test_a_token_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token.json"
    store = FileTokenStore(path)
    store.write(TOKEN)
    seen = []

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            new = FileTokenStore(path.with_suffix(".new")).read()
            seen.append((new, store.read()))

    monkeypatch.setattr(os, "fsync", fsync)
    new = replace(TOKEN, access_token="new")
    store.write(new)

    assert seen == [(new, TOKEN)]


def test_a_failed_write_leaves_the_old_token(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    store = FileTokenStore(path)
    store.write(TOKEN)
    path.with_suffix(".new").mkdir()

    with pytest.raises(SettingsError, match=rf"folder {tmp_path} .*token_store .* memory"):
        store.write(replace(TOKEN, access_token="new"))
    assert store.read() == TOKEN


def test_a_file_that_cannot_be_replaced_names_the_folder_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "token.json").mkdir()

    with pytest.raises(
        SettingsError, match=rf"folder {tmp_path} .*\({os.strerror(errno.EISDIR)}\)"
    ):
        FileTokenStore(tmp_path / "token.json").write(TOKEN)


def test_a_wish_to_stop_ends_the_wait_for_another_run(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 3:
            raise InterruptedRunError(15)

    with (
        FileTokenStore(path).lock(),
        pytest.raises(InterruptedRunError),
        FileTokenStore(path, pause).lock(),
    ):
        pytest.fail("two runs hold the lock")
    assert max(waits) < 1
    with FileTokenStore(path, pause).lock():
        assert len(waits) == 4


def test_a_run_that_waits_for_another_says_so_and_gives_up_at_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "token.json"
    waits: list[float] = []

    with (
        FileTokenStore(path).lock(),
        pytest.raises(SettingsError) as raised,
        FileTokenStore(path, waits.append).lock(),
    ):
        pytest.fail("two runs hold the lock")
    assert str(raised.value) == (
        "Another run has been requesting a token for ten minutes: end it if it hangs, or set "
        "token_store to a place of this run's own."
    )
    assert sum(waits) == pytest.approx(600)
    (line,) = caplog.messages
    assert line == "Waiting for another run that is requesting a token."


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": "two\nlines"},
        {"access_token": "caf\u00e9"},
        {"access_token": ""},
        {"refresh_token": "two\r\nlines"},
    ],
)
def test_a_token_that_cannot_be_sent_is_none(
    tmp_path: Path, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "token.json"
    path.write_text(json.dumps({**asdict(TOKEN), **wrong}))

    assert FileTokenStore(path).read() is None
    assert "holds no readable token" in caplog.text
    assert "lines" not in caplog.text


@posix_only
def test_the_chain_is_not_spent_where_its_next_link_cannot_be_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token.json"
    store = FileTokenStore(path)
    store.write(TOKEN)
    store.prepare()
    of_another = os.stat_result([*path.lstat()[:4], path.lstat().st_uid + 1, *path.lstat()[5:10]])
    monkeypatch.setattr(type(path), "lstat", lambda _: of_another)

    with pytest.raises(SettingsError, match=rf"folder {tmp_path} .*not a plain file of this user"):
        store.prepare()
    assert store.read() == TOKEN


@posix_only
def test_the_new_name_of_a_token_is_on_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
    )

    FileTokenStore(tmp_path / "token.json").write(TOKEN)

    assert synced == [False, True]
