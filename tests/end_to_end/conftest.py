"""What the end-to-end tests share: a project of its own for each test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What a run needs of the project; what it writes stays in a folder of the test's own.
SHARED = (
    *("LICENSE", "README.md", "pyproject.toml", "requirements"),
    *("acton_sandbox", "pipeline", "plugins", "tap_acton", ".venv-meltano"),
    *(".meltano/extractors", ".meltano/loaders"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, with nothing read yet; plugins that are installed are not installed again."""
    for name in SHARED:
        link = tmp_path / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(ROOT / name)
    # Meltano refuses a link here.
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    return tmp_path


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with an empty home, and without anyone's credentials."""
    of_plugins = ("TAP_ACTON_", "TARGET_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(of_plugins)}
    return {**ours, "HOME": str(tmp_path_factory.mktemp("home"))}
