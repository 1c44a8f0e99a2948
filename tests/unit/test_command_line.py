"""Files that the command line names hold JSON in UTF-8, or are refused."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click
import pytest

from tap_acton.command_line import read_config, write_utf8
from tap_acton.plan import Planner
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def written(path: Path, *texts: str) -> Iterator[str]:
    """Write files, and give their names."""
    for number, text in enumerate(texts):
        name = path / f"{number}.json"
        name.write_bytes(text.encode())
        yield str(name)


def test_later_files_win_and_the_environment_is_no_file(tmp_path: Path) -> None:
    names = [*written(tmp_path, '\ufeff{"a": "☃", "b": 1}', '{"b": 2}'), "ENV"]
    given = read_config(names)
    assert given.config == {"a": "☃", "b": 2}
    assert given.parse_env
    assert not read_config(names[:2]).parse_env


@pytest.mark.parametrize("text", ["[1]", "[]", '[["page_size", 7]]', "7", "null", '"text"', "{"])
def test_only_an_object_is_a_configuration(tmp_path: Path, text: str) -> None:
    with pytest.raises(click.BadParameter, match="as a JSON object"):
        TapActOn.get_singer_command().make_context(
            "tap-acton", ["--config", *written(tmp_path, text)]
        )


@pytest.mark.parametrize(("name", "hint"), [("nowhere.json", ""), ("env", "write ENV")])
def test_a_file_that_does_not_exist_is_named(name: str, hint: str) -> None:
    with pytest.raises(click.BadParameter, match=rf"file {name} .*FileNotFoundError.*{hint}"):
        TapActOn.get_singer_command().make_context("tap-acton", ["--config", name])


@pytest.mark.parametrize("command", [TapActOn, Planner], ids=lambda command: command.__name__)
def test_files_are_read_as_utf8_whatever_the_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: type[TapActOn]
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "latin-1")
    (name,) = written(tmp_path, '\ufeff{"☃": 1}')
    context = command.get_singer_command().make_context(
        "tap-acton", ["--state", name, "--catalog", name]
    )
    for option in ("state", "catalog"):
        assert context.params[option].read() == '{"☃": 1}'
        context.params[option].close()


def test_standard_output_is_utf8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding="latin-1"))
    write_utf8()
    sys.stdout.write("☃")
    sys.stdout.flush()
    assert data.getvalue() == "☃".encode()


@pytest.mark.parametrize("value", ["foo", "", "None"])
def test_another_test_is_refused(value: str) -> None:
    with pytest.raises(click.BadParameter, match="--test=schema"):
        TapActOn.get_singer_command().make_context("tap-acton", [f"--test={value}"])
