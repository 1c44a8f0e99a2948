"""What Meltano knows of the tap is what the tap says of itself."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.meltano_plugin import LEFT_OUT, LOCK, PLUGIN, files
from tap_acton.plan import Planner
from tap_acton.settings.schema import SDK_SETTINGS, SETTINGS

ROOT = Path(__file__).parents[2]
CURRENT = files()


@pytest.fixture
def plugin() -> dict[str, Any]:
    plugin: dict[str, Any] = yaml.safe_load(PLUGIN.read_text(encoding="utf-8"))
    return plugin


@pytest.mark.parametrize("path", [PLUGIN, LOCK], ids=lambda path: path.name)
def test_the_files_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == CURRENT[path], (
        "run .venv/bin/python -m scripts.meltano_plugin"
    )


def test_every_setting_is_there_and_secrets_are_sensitive(plugin: dict[str, Any]) -> None:
    found = {setting["name"]: setting for setting in plugin["settings"]}
    assert found.keys() == {*SETTINGS, *SDK_SETTINGS} - {*LEFT_OUT}
    sensitive = {name for name, setting in found.items() if setting.get("sensitive")}
    assert sensitive == {"client_secret", "password", "refresh_token"}
    # Meltano cannot pass on a decimal.
    assert {setting["kind"] for setting in found.values()} == {
        *("string", "options", "array", "object", "integer", "boolean")
    }
    assert all(setting["label"] and setting["description"] for setting in found.values())


def test_the_project_of_the_checkout_has_no_second_copy(plugin: dict[str, Any]) -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (own,) = project["plugins"]["extractors"]
    assert own.keys() == {"name", "variant", "pip_url"}
    assert (own["name"], own["variant"]) == (plugin["name"], plugin["variant"])


def test_a_command_of_meltano_means_the_account_and_not_the_sandbox() -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    assert project["default_environment"] == "production"


@pytest.mark.parametrize("name", ["plan", "plan-json"])
def test_the_command_of_the_plan_is_there_and_has_its_options(
    plugin: dict[str, Any], name: str
) -> None:
    command = plugin["commands"][name]
    with (ROOT / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    module, _, function = scripts[command["executable"]].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    options = {option for param in Planner.get_singer_command().params for option in param.opts}
    assert {argument.partition("=")[0] for argument in command["args"].split()} <= options
