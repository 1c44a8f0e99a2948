"""What the end-to-end tests share: a project of its own for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]

# What a run needs of the project; what it writes stays in a folder of the test's own.
SHARED = (
    *("LICENSE", "README.md", "hatch_build.py", "pyproject.toml", "requirements"),
    *("acton_sandbox", "pipeline", "plugins", "tap_acton", "transform", ".venv-meltano"),
    *(".meltano/extractors", ".meltano/loaders", ".meltano/utilities"),
)

MODELS = " dbt-duckdb:run"
"""The step of a run that builds the models."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, with nothing read yet; plugins that are installed are not installed again.

    Its runs end with the rows loaded, since the models take longer than everything else, and
    there is no report without them.
    """
    for name in SHARED:
        link = tmp_path / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(ROOT / name)
    # Meltano refuses a link here.
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    assert MODELS in text
    (tmp_path / "meltano.yml").write_text(text.replace(MODELS, ""), encoding="utf-8")
    (tmp_path / "report").mkdir()
    for name in ("__init__.py", "__main__.py"):
        (tmp_path / "report" / name).touch()
    return tmp_path


@pytest.fixture
def project_with_models(project: Path) -> Path:
    """The project, whose runs end with the models built, and the report."""
    shutil.copy(ROOT / "meltano.yml", project)
    shutil.rmtree(project / "report")
    (project / "report").symlink_to(ROOT / "report")
    return project


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with an empty home, and without anyone's credentials."""
    of_plugins = ("TAP_ACTON_", "TARGET_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(of_plugins)}
    return {**ours, "HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    built, unpacked = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={built}"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = built.glob("*.whl")
    with ZipFile(file) as archive:
        archive.extractall(unpacked)
    return unpacked
