"""Private files and folders, where the runs on one machine share what they know."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs

from tap_acton.errors import SettingsError


def store_folder(setting: str | None) -> Path | None:
    """Return the folder that runs share, created if need be.

    Args:
        setting: The setting ``token_store``: a folder, ``memory``, or None for the user's
            cache folder.

    Returns:
        The folder, or None where everything stays in memory.

    Raises:
        SettingsError: If the folder cannot be created, or the user has no home.
    """
    if setting == "memory":
        return None
    folder = Path(setting).expanduser() if setting else _cache_folder()
    try:
        # An existing folder keeps its mode: others may have a right to it, as to /tmp. Of those
        # that are made, `parents=True` would leave all but the last one to the umask.
        for missing in reversed([folder, *folder.parents]):
            if not missing.exists():
                missing.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise unusable_folder(folder, error) from None
    return folder


def _cache_folder() -> Path:
    """Return the user's cache folder; a user of a container may have no home for it."""
    try:
        folder = platformdirs.user_cache_path("tap-acton")
    except RuntimeError:
        folder = Path("~")
    # Some versions of platformdirs leave ~ as it is, which would be a folder of that name.
    if not folder.is_absolute():
        raise SettingsError(
            "This user has no home folder to keep the login in: set token_store to a folder that "
            "this user can write to, or to memory."
        )
    return folder


def unusable_folder(folder: Path, error: Exception) -> SettingsError:
    """Return the exception that says why nothing can be stored in a folder."""
    return SettingsError(
        f"The folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}): "
        "set token_store to a folder that this user can write to, or to memory."
    )


def open_private(path: Path, flags: int) -> int:
    """Open a file that only the user can read, made so if it is not.

    In a folder that others can write to, somebody may have put something in its place. So only
    a plain file of this user is opened, which no link leads to, and no other name.

    Args:
        path: The file.
        flags: As for :func:`os.open`.

    Returns:
        The file descriptor.

    Raises:
        OSError: If the file cannot be opened, or is anything else.
    """
    # Without waiting, should it be a pipe.
    guards = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | guards, 0o600)
    try:
        status = os.fstat(descriptor)
        check_own(path, status)
        if status.st_mode & 0o077:
            path.chmod(0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_own(path: Path, status: os.stat_result) -> None:
    """Make sure that a file is a plain one of this user, with no other name.

    Raises:
        PermissionError: If it is not.
    """
    is_ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    if not (is_ours and stat.S_ISREG(status.st_mode) and status.st_nlink <= 1):
        raise PermissionError(f"{path.name} is not a plain file of this user")


def sync_folder(folder: Path) -> None:
    """Make sure that the new name of a file in a folder outlives a failure of the machine."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
