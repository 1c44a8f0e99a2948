"""Private files and folders."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import platformdirs
import pytest

from tap_acton.errors import SettingsError
from tap_acton.stores.files import open_private, store_folder

posix_only = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_memory_needs_no_folder() -> None:
    assert store_folder("memory") is None


@posix_only
def test_a_new_folder_is_private(tmp_path: Path) -> None:
    assert mode_of(store_folder(str(tmp_path / "store" / "acton")) or tmp_path) == 0o700


@posix_only
def test_the_folders_above_a_new_one_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store_folder(str(tmp_path / "above" / "store" / "acton"))
    finally:
        os.umask(before)

    assert {mode_of(path) for path in tmp_path.rglob("*")} == {0o700}


def test_a_folder_that_another_run_makes_meanwhile_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "store" / "acton"
    folder.mkdir(parents=True)
    monkeypatch.setattr(type(tmp_path), "exists", lambda _: False)

    assert store_folder(str(folder)) == folder


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    folder = tmp_path / "file" / "folder"
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError) as raised:
        store_folder(str(folder))
    assert str(raised.value) == (
        f"The folder {folder} cannot be used ({os.strerror(errno.ENOTDIR)}): "
        "set token_store to a folder that this user can write to, or to memory."
    )


@posix_only
@pytest.mark.parametrize("is_old", [True, False], ids=["platformdirs leaves ~", "it raises"])
def test_without_a_home_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_old: bool
) -> None:
    def without_entry(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", without_entry)
    if is_old:
        old = type(tmp_path)("~/.cache/tap-acton")
        monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: old)
    with pytest.raises(SettingsError) as raised:
        store_folder(None)
    assert str(raised.value) == (
        "This user has no home folder to keep the login in: set token_store to a folder that "
        "this user can write to, or to memory."
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_setting_it_is_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)

    assert store_folder(None) == tmp_path / "tap-acton"
    assert (tmp_path / "tap-acton").is_dir()


def test_home_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert store_folder("~/state") == tmp_path / "state"


@posix_only
def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    store_folder(str(tmp_path))

    assert mode_of(tmp_path) == 0o755


@posix_only
def test_a_file_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o644)

    os.close(open_private(path, os.O_RDONLY))

    assert mode_of(path) == 0o600


@posix_only
def test_a_new_file_is_private_from_its_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(tmp_path), "chmod", lambda *_: pytest.fail("it was not"))

    os.close(open_private(tmp_path / "file", os.O_WRONLY | os.O_CREAT))

    assert mode_of(tmp_path / "file") == 0o600


@pytest.mark.parametrize("guard", ["O_NOFOLLOW", "O_NONBLOCK"])
def test_where_a_system_lacks_a_guard_a_file_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    monkeypatch.delattr(os, guard, raising=False)

    with os.fdopen(open_private(tmp_path / "file", os.O_RDONLY), "rb") as file:
        assert file.read() == b"kept"


@posix_only
def test_what_another_user_put_there_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    with pytest.raises(PermissionError, match="not a plain file of this user"):
        open_private(path, os.O_RDWR | os.O_CREAT)


@posix_only
def test_a_file_with_another_name_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (tmp_path / "other").hardlink_to(path)

    with pytest.raises(PermissionError, match="not a plain file"):
        open_private(path, os.O_RDWR)


@posix_only
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_a_pipe_is_neither_opened_nor_waited_for(tmp_path: Path, flags: int) -> None:
    os.mkfifo(tmp_path / "file")

    with pytest.raises(OSError, match="file"):
        open_private(tmp_path / "file", flags)


@posix_only
def test_a_refused_file_is_closed_again(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    before = len([*Path("/dev/fd").iterdir()])

    for _ in range(3):
        with pytest.raises(OSError, match="file"):
            open_private(tmp_path / "file", os.O_RDONLY)

    assert len([*Path("/dev/fd").iterdir()]) == before
