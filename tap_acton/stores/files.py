"""Private files and folders, in which runs on one machine leave things for one another."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from tap_acton.errors import SettingsError


def store_folder(setting: str | None) -> Path | None:
    """Find, or make, the folder in which runs leave things for one another.

    Args:
        setting: The setting ``token_store``: a folder, ``memory``, or None for the cache
            folder of the user.

    Returns:
        The folder, or None where everything is to stay in memory.

    Raises:
        SettingsError: If the folder cannot be made.
    """
    if setting == "memory":
        return None
    folder = Path(setting).expanduser() if setting else platformdirs.user_cache_path("tap-acton")
    try:
        # A folder that exists keeps its mode: others may have a right to it, as to /tmp.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_folder(folder, error) from None
    return folder


def unusable_folder(folder: Path, error: Exception) -> SettingsError:
    """Say that nothing can be kept in a folder, and why.

    Args:
        folder: The folder.
        error: What came of the attempt.

    Returns:
        The exception to raise.
    """
    return SettingsError(
        f"The folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}): "
        "set token_store to a folder that this user can write to, or to memory."
    )


def open_private(path: Path, flags: int) -> int:
    """Open a file, made private to the user; a symbolic link is refused.

    Args:
        path: The file.
        flags: As for :func:`os.open`.

    Returns:
        The file descriptor.

    Raises:
        OSError: If the file cannot be opened or is a symbolic link.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if os.fstat(descriptor).st_mode & 0o077:
        path.chmod(0o600)
    return descriptor
