"""Writes what a pull request to Meltano Hub adds, into ``output/hub``.

``python -m scripts.hub owner/name`` takes the repository whose tap it is; all addresses follow from
it. The folders below ``output/hub`` are those of the Hub, except for the lines of two files that
the Hub has already: ``default_variants.yml`` and ``maintainers.yml``. CONTRIBUTING.md says what a
person does with them.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

import yaml

from hatch_build import OWNER_AND_NAME
from scripts.meltano_plugin import ROOT, definition

FOLDER = ROOT / "output" / "hub"
LOGO = ROOT / "docs" / "logo.svg"


def hub_definition(repository: str) -> dict[str, Any]:
    """Return the definition of the plugin as the Hub has it.

    Args:
        repository: ``owner/name`` on GitHub.
    """
    owner, _, name = repository.partition("/")
    pages = f"https://{owner.lower()}.github.io/{name}"
    plugin = definition()
    return {
        **plugin,
        "variant": owner.lower(),
        "domain_url": "https://act-on.com",
        "docs": f"{pages}/",
        "repo": f"https://github.com/{repository}",
        "logo_url": f"/assets/logos/extractors/{logo_name()}",
        "keywords": ["api", "meltano_sdk"],
        "log_parser": "singer-sdk",
        "maintenance_status": "active",
        # Until the Hub counts projects that use it.
        "quality": "unknown",
        "settings": sorted(plugin["settings"], key=lambda setting: str(setting["name"])),
        "prereq": (
            "API access to your Act-On account, which Act-On enables, a client ID and secret, and "
            "a user whose account is read. Give the tap its own client ID or its own user: a "
            "second program with the same pair logs the first one out."
        ),
        "settings_preamble": (
            "Set `client_id` and `client_secret`, and either `username` and `password` or "
            f"`refresh_token`. [All settings]({pages}/settings.html) have their defaults and "
            "examples.\n\n"
            "Keep the folder of `token_store` between runs: the login and the count of calls are "
            "in it."
        ),
        "next_steps": (
            "`meltano invoke tap-acton:plan` says how many calls a run will take, and "
            "`meltano invoke tap-acton:check` whether Act-On answers as the tap assumes. Select a "
            "few streams to begin with, such as `messages`, `message_reports` and `lists`."
        ),
        "usage": (
            "## Exit codes\n\n"
            "Whatever is incomplete ends with a code other than 0 and a sentence that says why; "
            "the state is saved, and the next run resumes. "
            f"[Troubleshooting]({pages}/troubleshooting.html) explains each sentence."
        ),
    }


def logo_name() -> str:
    """Return the name of the logo's file at the Hub."""
    return f"acton{LOGO.suffix}"


def files(repository: str) -> dict[str, str]:
    """Return the text of each file, by its path below the folder."""
    found = hub_definition(repository)
    variant = found["variant"]
    owner = repository.partition("/")[0]
    maintainer = {"label": owner, "name": variant, "url": f"https://github.com/{owner}"}
    return {
        f"_data/meltano/extractors/tap-acton/{variant}.yml": _yaml(found),
        f"static/assets/logos/extractors/{logo_name()}": LOGO.read_text(encoding="utf-8"),
        "default_variants.yml": _yaml({"extractors": {"tap-acton": variant}}),
        "maintainers.yml": _yaml({variant: maintainer}),
    }


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=True, width=100, allow_unicode=True)


def main(arguments: list[str]) -> None:
    """Write the files.

    Raises:
        SystemExit: If the arguments do not name a repository.
    """
    if len(arguments) != 1 or not OWNER_AND_NAME.fullmatch(arguments[0]):
        raise SystemExit("The definition needs addresses: run make hub REPOSITORY=owner/name")
    # What it wrote for another repository has other names.
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in files(arguments[0]).items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
