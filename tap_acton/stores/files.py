"""Private files and folders, where the runs on one machine share what they know."""

from __future__ import annotations

import os
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
        SettingsError: If the folder cannot be created.
    """
    if setting == "memory":
        return None
    folder = Path(setting).expanduser() if setting else platformdirs.user_cache_path("tap-acton")
    try:
        # An existing folder keeps its mode: others may have a right to it, as to /tmp.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_folder(folder, error) from None
    return folder


def unusable_folder(folder: Path, error: Exception) -> SettingsError:
    """Return the exception that says why nothing can be stored in a folder."""
    return SettingsError(
        f"The folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}): "
        "set token_store to a folder that this user can write to, or to memory."
    )


def open_private(path: Path, flags: int) -> int:
    """Open a file that only the user can read, made so if it is not; refuse a symbolic link.

    Args:
        path: The file.
        flags: As for :func:`os.open`.

    Returns:
        The file descriptor.

    Raises:
        OSError: If the file cannot be opened, or is a symbolic link.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if os.fstat(descriptor).st_mode & 0o077:
        path.chmod(0o600)
    return descriptor
