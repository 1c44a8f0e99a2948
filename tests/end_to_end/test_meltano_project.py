"""meltano.yml says of the tap what the tap says of itself."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_acton.plan import Planner

ROOT = Path(__file__).parents[2]

# A number with a fraction is a text to Meltano: it cannot pass on a decimal.
KINDS = {"number": "string"}


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    command = [sys.executable, "-m", "tap_acton", "--about", "--format=json"]
    about: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT))
    return about


@pytest.fixture(scope="module")
def plugin() -> dict[str, Any]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text())
    plugin: dict[str, Any] = project["plugins"]["extractors"][0]
    return plugin


def test_the_capabilities_are_the_taps(about: dict[str, Any], plugin: dict[str, Any]) -> None:
    assert plugin["capabilities"] == sorted(about["capabilities"])


def test_the_settings_are_the_taps(about: dict[str, Any], plugin: dict[str, Any]) -> None:
    expected = [
        setting(name, schema)
        for name, schema in about["settings"]["properties"].items()
        # It configures a library that the tap does not bring.
        if name != "faker_config"
    ]
    assert plugin["settings"] == expected


def test_what_is_selected_is_left_to_the_catalog(plugin: dict[str, Any]) -> None:
    assert "select" not in plugin


def test_the_command_of_the_plan_is_there_and_has_its_options(plugin: dict[str, Any]) -> None:
    command = plugin["commands"]["plan"]
    with (ROOT / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    module, _, function = scripts[command["executable"]].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    options = {option for param in Planner.get_singer_command().params for option in param.opts}
    assert {argument.partition("=")[0] for argument in command["args"].split()} <= options


def setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    declared = {
        "name": name,
        "kind": "options" if "enum" in schema else KINDS.get(kind, kind),
        "label": schema["title"],
        "description": schema["description"].strip(),
    }
    if schema.get("secret"):
        declared["sensitive"] = True
    if "enum" in schema:
        declared["options"] = [{"label": value, "value": value} for value in schema["enum"]]
    return declared
