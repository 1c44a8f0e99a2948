"""What the command line and the environment bring: files of JSON, and variables."""

from __future__ import annotations

import json
import logging
import os
import re
import select
import stat
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click
from dotenv import dotenv_values

from tap_acton.errors import SettingsError
from tap_acton.settings.parser import nearest, no_effect
from tap_acton.settings.schema import SDK_SETTINGS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

logger = logging.getLogger("tap-acton")

ENCODING = "utf-8-sig"
"""Of all files, whatever the locale; some editors begin a file with a mark of UTF-8."""

ENVIRONMENT = "ENV"
"""Stands for the environment in the place of a configuration file."""

PREFIX = "TAP_ACTON_"
"""What the names of variables begin with."""

VARIABLES = {f"{PREFIX}{name.upper()}": name for name in (*SETTINGS, *SDK_SETTINGS)}
"""The settings by their variables."""

CREDENTIALS = ("client_id", "client_secret", "username", "password", "refresh_token")
"""The settings without which no account is read."""

_OURS = re.compile(r"TAP_?ACTI?_?ON|ACT_?ON", re.IGNORECASE)
_OF_THE_SDK = re.compile(rf"{PREFIX}(LOGLEVEL|_.*)")

DOTENV = Path(".env")
"""The file with variables, in the folder where the tap is started."""

PIPE_SECONDS = 30.0
"""How long to wait for variables from a pipe, since a person may have to unlock them first."""


class Misspelled(NamedTuple):
    """A variable that is set and that no setting has.

    Attributes:
        variable: Its name.
        meant: The variable that may have been meant; empty if none is like it.
    """

    variable: str
    meant: str

    @property
    def sentence(self) -> str:
        """Say so, in one sentence."""
        return no_effect(f"variable {self.variable}", self.meant)


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
        SettingsError: If a file cannot be read, or does not hold a JSON object.
    """
    config: dict[str, Any] = {}
    names = list(names)
    for name in names:
        if name != ENVIRONMENT:
            config |= _read_config_file(name)
    return ConfigInput(config, ENVIRONMENT in names)


def _read_config_file(name: str) -> dict[str, Any]:
    problem = "it holds something else"
    try:
        content = json.loads(Path(name).read_text(encoding=ENCODING))
        if isinstance(content, dict):
            return content
    except (OSError, ValueError) as error:
        problem = type(error).__name__
    hint = f" For the environment, write {ENVIRONMENT}." if name.upper() == ENVIRONMENT else ""
    raise SettingsError(f"The file {name} cannot be read as a JSON object ({problem}).{hint}")


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
        if not (DOTENV.is_file() or DOTENV.is_fifo()):
            return {}  # a folder of that name may be a virtual environment
        if DOTENV.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            logger.warning("Other users of this machine can read %s: chmod 600 %s", DOTENV, DOTENV)
        with _opened(DOTENV) as stream:
            return dotenv_values(stream=stream)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The file .env cannot be read ({type(error).__name__}): make it UTF-8 text "
            "that this user can read, or remove it."
        ) from None


def _opened(path: Path) -> IO[str]:
    """Open a file, or a pipe, through which some password managers hand out secrets."""
    # Without the flag, opening a pipe waits until somebody writes to it.
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), encoding="utf-8")
    if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
        if not select.select([file], [], [], PIPE_SECONDS)[0]:
            file.close()
            raise TimeoutError
        os.set_blocking(file.fileno(), True)
    return file


def given_variables() -> dict[str, str]:
    """Return the variables of the environment and of ``.env`` that are set and not blank.

    Raises:
        SettingsError: If ``.env`` cannot be read.
    """
    given = {**read_dotenv(), **os.environ}
    return {name: text for name, text in given.items() if text and text.strip()}


def misspelled(given: Iterable[str]) -> list[Misspelled]:
    """Return the variables that look like this tap's, and are none of them."""
    suspects = (
        name
        for name in sorted(given)
        if _OURS.match(name) and name not in VARIABLES and not _OF_THE_SDK.fullmatch(name)
    )
    return [Misspelled(name, nearest(name.upper(), VARIABLES)) for name in suspects]


def misses_credentials(config: Mapping[str, Any]) -> bool:
    """Tell whether there is not all it takes to log in, whatever else is wrong."""
    has_user = config.get("username") and config.get("password")
    has_client = config.get("client_id") and config.get("client_secret")
    return not (has_client and (has_user or config.get("refresh_token")))


def hint_at_environment(config: Mapping[str, Any]) -> str:
    """Say which variables are not read, though they may have been meant to log in with.

    Args:
        config: The settings that are given, without the environment.

    Returns:
        Sentences, each behind a blank; empty if there are no such variables.
    """
    given: dict[str, str] = {}
    with suppress(SettingsError):
        given = given_variables()
    wanted = {f"{PREFIX}{name.upper()}" for name in CREDENTIALS if not config.get(name)}
    sentences = [f" {one.sentence}" for one in misspelled(given) if one.meant in wanted]
    unread = sorted(wanted & given.keys())
    if unread:
        verb = "is" if len(unread) == 1 else "are"
        sentences.append(
            f" {_listed(unread)} {verb} set, but the environment counts only with "
            f"--config={ENVIRONMENT}."
        )
    return "".join(sentences)


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def read_environment(properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Read settings from the environment, and from a file ``.env`` in this folder.

    The environment comes first. Of the file, nothing but settings is taken: not the address of a
    proxy, for example.

    The tap's own settings stay texts, which :mod:`tap_acton.settings.parser` reads. Those of the
    SDK are read as JSON where they are no texts. A blank variable counts as not set. One that
    looks misspelled is a warning.

    Args:
        properties: The schema of each setting.

    Raises:
        SettingsError: If a variable does not hold the JSON that it should, or the file cannot be
            read.
    """
    given = given_variables()
    for one in misspelled(given):
        logger.warning("%s", one.sentence)
    found: dict[str, Any] = {}
    for name, schema in properties.items():
        variable = f"{PREFIX}{name.upper()}"
        if variable not in given:
            continue
        found[name] = text = given[variable]
        if name not in SETTINGS and "string" not in schema["type"]:
            try:
                found[name] = json.loads(text.lower() if "boolean" in schema["type"] else text)
            except ValueError:
                raise SettingsError(
                    f"The environment variable {variable} does not hold what its setting takes, as "
                    "JSON: see tap-acton --about."
                ) from None
    return found
