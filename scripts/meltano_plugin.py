"""Writes what Meltano needs to know of the tap, from what the tap says of itself.

``python -m scripts.meltano_plugin`` rewrites ``meltano-plugin.yml``, which projects add with
``meltano add tap-acton --from-ref``, and the same as the file in ``plugins/`` where the
``meltano.yml`` of the checkout looks it up. A test fails while one of them is not current.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "meltano-plugin.yml"
VARIANT = "tap-acton"
LOCK = ROOT / "plugins" / "extractors" / f"tap-acton--{VARIANT}.lock"

HEAD = "# Generated: run .venv/bin/python -m scripts.meltano_plugin\n"

PLAN = (
    # Of whatever plugin inherits from this one, too; the state may be piped.
    "--config=ENV --catalog=$MELTANO_SYS_DIR_ROOT/run/$MELTANO_EXTRACTOR_NAME/tap.properties.json "
    "--state=-"
)

FIXED: Mapping[str, Any] = {
    "name": "tap-acton",
    "namespace": "tap_acton",
    "variant": VARIANT,
    "label": "Act-On",
    "pip_url": "tap-acton",
    "executable": "tap-acton",
    "settings_group_validation": [
        ["client_id", "client_secret", "username", "password"],
        ["client_id", "client_secret", "refresh_token"],
    ],
    "commands": {
        "check": {
            "executable": "tap-acton-check",
            "args": "--config=ENV",
            "description": "Check with few calls whether Act-On answers as the tap assumes.",
        },
        "plan": {
            "executable": "tap-acton-plan",
            "args": PLAN,
            "description": "Say how many calls a run will take, and whether today's allowance has "
            "them.",
        },
        "plan-json": {
            "executable": "tap-acton-plan",
            "args": f"{PLAN} --format=json",
            "description": "Say the same to a program, as one object.",
        },
    },
}
"""What the tap does not say."""

KINDS = {"number": "string"}
"""Meltano cannot pass decimals from the environment, and the tap accepts them as texts."""

LEFT_OUT = ("faker_config",)
"""Settings of libraries that the tap does not bring."""


def definition() -> dict[str, Any]:
    """Return the definition of the plugin."""
    command = [sys.executable, "-m", "tap_acton", "--about", "--format=json"]
    about = json.loads(subprocess.check_output(command, cwd=ROOT))
    return {
        **FIXED,
        "description": about["description"],
        "supported_python_versions": about["supported_python_versions"],
        "capabilities": sorted(about["capabilities"]),
        "settings": [
            _setting(name, schema)
            for name, schema in about["settings"]["properties"].items()
            if name not in LEFT_OUT
        ],
    }


def _setting(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    setting = {
        "name": name,
        "kind": "options" if "enum" in schema else KINDS.get(kind, kind),
        "label": schema["title"],
        "description": schema["description"].strip(),
    }
    if schema.get("secret"):
        setting["sensitive"] = True
    if "enum" in schema:
        setting["options"] = [{"label": value, "value": value} for value in schema["enum"]]
    return setting


def files() -> dict[Path, str]:
    """Return the current text of both files."""
    found = definition()
    text = yaml.safe_dump(found, sort_keys=False, width=100, allow_unicode=True)
    locked = {"plugin_type": "extractors", **found}
    return {PLUGIN: HEAD + text, LOCK: json.dumps(locked, indent=2) + "\n"}


def main() -> None:
    """Write both files."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
