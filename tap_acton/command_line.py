"""What the command line and the environment bring: files of JSON, and variables."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click
from dotenv import dotenv_values

from tap_acton.errors import SettingsError
from tap_acton.settings.schema import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger("tap-acton")

ENCODING = "utf-8-sig"
"""Of all files, whatever the locale; some editors begin a file with a mark of UTF-8."""

ENVIRONMENT = "ENV"
"""Stands for the environment in the place of a configuration file."""


DOTENV = Path(".env")
"""The file with variables, in the folder where the tap is started."""


class ConfigInput(NamedTuple):
    """What ``--config`` names, in the form that the SDK expects.

    Attributes:
        config: The files together; a later one wins.
        parse_env: Whether the environment counts, too.
    """

    config: dict[str, Any]
    parse_env: bool


def write_utf8() -> None:
    """Write UTF-8 to standard output, whatever the locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def read_utf8(options: Iterable[click.Parameter]) -> None:
    """Let options that name a file read UTF-8, whatever the locale."""
    for option in options:
        if isinstance(option.type, click.File):
            option.type = click.File(encoding=ENCODING)


def read_config(names: Iterable[str]) -> ConfigInput:
    """Read configuration files.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If a file does not hold a JSON object.
    """
    config: dict[str, Any] = {}
    names = list(names)
    for name in names:
        if name != ENVIRONMENT:
            content = json.loads(Path(name).read_text(encoding=ENCODING))
            if not isinstance(content, dict):
                raise ValueError
            config |= content
    return ConfigInput(config, ENVIRONMENT in names)


def read_object(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    """Read the JSON object in the file that an option names.

    Raises:
        SettingsError: If the file holds something else.
    """
    if file is None:
        return None
    content = None
    with suppress(ValueError):
        content = json.load(file)
    if not isinstance(content, dict):
        raise SettingsError(f"The file of {option} does not contain a JSON object.")
    return content


def state_in(content: dict[str, Any] | None) -> dict[str, Any] | None:
    """Unwrap a state from what ``meltano state get`` writes."""
    inner = content.get("singer_state") if content else None
    return inner if isinstance(inner, dict) else content


def read_dotenv() -> dict[str, str | None]:
    """Read the variables in ``.env``, none if there is no such file; warn if others can read it.

    Raises:
        SettingsError: If it cannot be read.
    """
    try:
        if DOTENV.exists() and DOTENV.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            logger.warning("Other users of this machine can read %s: chmod 600 %s", DOTENV, DOTENV)
        return dotenv_values(DOTENV)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The file .env cannot be read ({type(error).__name__}): make it a text in UTF-8 "
            "that this user can read, or remove it."
        ) from None


def read_environment(properties: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, Any]:
    """Read settings from the environment, and from a file ``.env`` in this folder.

    The environment comes first. Of the file, nothing but settings is taken: not the address of a
    proxy, for example.

    The tap's own settings stay texts, which :mod:`tap_acton.settings.parser` reads. Those of the
    SDK are read as JSON where they are no texts. A blank variable counts as not set.

    Args:
        properties: The schema of each setting.
        prefix: What the variables' names begin with.

    Raises:
        SettingsError: If a variable does not hold the JSON that it should, or the file cannot be
            read.
    """
    given = {**read_dotenv(), **os.environ}
    found: dict[str, Any] = {}
    for name, schema in properties.items():
        variable = f"{prefix}{name.upper()}"
        text = given.get(variable) or ""
        if not text.strip():
            continue
        found[name] = text
        if name not in SETTINGS and "string" not in schema["type"]:
            try:
                found[name] = json.loads(text.lower() if "boolean" in schema["type"] else text)
            except ValueError:
                raise SettingsError(
                    f"The environment variable {variable} does not hold what its setting takes, as "
                    "JSON: see tap-acton --about."
                ) from None
    return found
