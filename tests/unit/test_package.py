"""What the package says of itself: its version, its addresses, and its page on PyPI."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

import hatch_build

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
FILES = ("LICENSE", "README.md", "hatch_build.py", "pyproject.toml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that metadata is made of, as in an archive."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.delenv(hatch_build.REPOSITORY, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    return tmp_path


@pytest.fixture
def git(folder: Path) -> Callable[..., None]:
    """Runs git in a checkout of these files, with one commit."""

    def run(*arguments: str) -> None:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        command = [shutil.which("git") or "git", *identity, *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    run("init")
    run("add", ".")
    run("commit", "--message=first")
    return run


def metadata(folder: Path) -> Any:
    """Give the metadata of the package that would be built in a folder."""
    return ProjectMetadata(str(folder), PluginManager())


def test_the_tag_is_the_version(folder: Path, git: Callable[..., None]) -> None:
    git("tag", "v1.2.3")
    assert metadata(folder).version == "1.2.3"


def test_a_later_commit_has_a_version_after_the_tag_that_names_it(
    folder: Path, git: Callable[..., None]
) -> None:
    git("tag", "v1.2.3")
    git("commit", "--allow-empty", "--message=second")
    assert re.fullmatch(r"1\.2\.4\.dev1\+g[0-9a-f]+", metadata(folder).version)


def test_only_a_release_s_tag_is_a_version(folder: Path, git: Callable[..., None]) -> None:
    git("tag", "v1.2.3")
    git("commit", "--allow-empty", "--message=second")
    for name in (
        "backup-2026-11-30",
        "docs-v2",
        "nightly-20261130",
        "release/2.0.0",
        "v2.0.0-final",
    ):
        git("tag", name)
    assert re.fullmatch(r"1\.2\.4\.dev1\+g[0-9a-f]+", metadata(folder).version)


@pytest.mark.usefixtures("git")
def test_a_checkout_without_tags_has_a_version_that_names_the_commit(folder: Path) -> None:
    assert re.fullmatch(r"0\.0\.1\.dev1\+g[0-9a-f]+", metadata(folder).version)


def test_an_archive_can_be_built(folder: Path) -> None:
    assert metadata(folder).version == "0.0.0"


@pytest.mark.usefixtures("git")
def test_a_checkout_can_be_built_without_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert metadata(folder).version == "0.0.0"


def test_a_container_without_a_checkout_is_given_the_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION", "1.2.3")
    assert metadata(folder).version == "1.2.3"


def test_the_addresses_follow_from_the_repository(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hatch_build.REPOSITORY, "Owner/tap")
    core = metadata(folder).core
    assert core.urls == {
        "Changelog": "https://github.com/Owner/tap/blob/main/CHANGELOG.md",
        "Documentation": "https://owner.github.io/tap/",
        "Issues": "https://github.com/Owner/tap/issues",
        "Source": "https://github.com/Owner/tap",
    }
    # PyPI has the page and none of the files that it links.
    links = re.findall(r"\]\(([^)]*)\)", core.readme)
    assert "https://github.com/Owner/tap/blob/main/docs/settings.md" in links
    assert "https://github.com/Owner/tap/raw/main/docs/report.png" in links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_without_a_repository_there_is_no_address_that_may_be_wrong(folder: Path) -> None:
    core = metadata(folder).core
    assert core.urls == {}
    assert core.readme == (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "repository", ["tap", "https://github.com/owner/tap", "owner/tap.git", "owner/..", "a b/tap"]
)
def test_what_is_no_repository_gives_no_address(
    folder: Path, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hatch_build.REPOSITORY, repository)
    with pytest.raises(ValueError, match="is not owner/name"):
        _ = metadata(folder).core.urls
