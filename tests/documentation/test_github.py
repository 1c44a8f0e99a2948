"""What GitHub reads of the repository: workflows and forms of issues."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from scripts.docs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RELEASE = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
DOCKERFILES = [
    ROOT / "docs" / "recipes" / "Dockerfile",
    ROOT / "orchestrate" / "kubernetes" / "Dockerfile",
]
HEADINGS = """# Changelog

## [Unreleased]

## [1.2.3] - 2027-01-31

## [1.2.2] - unreleased
"""


@pytest.mark.parametrize(
    "form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.name
)
def test_a_form_has_what_github_requires(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert content.keys() == {"name", "description", "body"}
    fields = [part for part in content["body"] if part["type"] != "markdown"]
    names = [field["id"] for field in fields]
    assert len(names) == len({*names})
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    for field in fields:
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) is (field["type"] in {"dropdown", "checkboxes"})
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_an_action_is_the_same_one_everywhere() -> None:
    pins = defaultdict(set)
    for file in (*WORKFLOWS, ROOT / "docs" / "recipes" / "github-actions.yml"):
        for action, pin in re.findall(r"uses: ([\w./-]+)@(.+)", file.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), (file.name, action)
            pins[action].add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_a_release_needs_a_date_in_the_changelog(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(HEADINGS)
    tags = ("v1.2.3", "v1.2.2", "v1.2", "v1.2.4", "v1x2.3")
    assert [tag for tag in tags if checked("changelog", tag, tmp_path)] == ["v1.2.3"]


def test_a_release_needs_the_package_of_its_tag(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for version in ("1.2.3", "1.2.4.dev1"):
        (tmp_path / "dist" / f"tap_acton-{version}-py3-none-any.whl").touch()
    (tmp_path / "dist" / "tap_acton-1.2.3.tar.gz").touch()
    tags = ("v1.2.3", "v1.2.4")
    assert [tag for tag in tags if checked("package", tag, tmp_path)] == ["v1.2.3"]


def test_nothing_is_public_before_a_release_is_approved() -> None:
    jobs: dict[str, dict[str, Any]] = RELEASE["jobs"]
    (approved,) = [name for name, job in jobs.items() if "environment" in job]
    may_write = {
        name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()
    }
    assert {approved, "attest", "attach", "image"} <= may_write
    assert {jobs[name]["needs"] for name in may_write - {approved}} == {approved}


def test_every_image_is_built_and_run() -> None:
    tests = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    built = {
        (one["file"], one["target"])
        for one in tests["jobs"]["image"]["strategy"]["matrix"]["include"]
        if "docker run " in one["check"]
    }
    assert built == {
        (file.relative_to(ROOT).as_posix(), target)
        for file in DOCKERFILES
        for target in images_of(file.read_text(encoding="utf-8"))
    }


def images_of(dockerfile: str) -> set[str]:
    """Return the names of the stages of which no other one is made."""
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.MULTILINE))
    return stages - set(re.findall(r"(?:^FROM |--from=)(\S+)", dockerfile, re.MULTILINE))


def checked(what: str, tag: str, folder: Path) -> bool:
    """Run the step of the release that checks something, and return whether it is content."""
    steps: list[dict[str, Any]] = RELEASE["jobs"]["build"]["steps"]
    (step,) = [one for one in steps if what in one.get("name", "")]
    assert step["env"] == {"TAG": "${{ github.event.release.tag_name }}"}
    ended = subprocess.run(
        ["/bin/bash", "-ec", step["run"]],
        cwd=folder,
        env={"TAG": tag, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    return ended.returncode == 0
