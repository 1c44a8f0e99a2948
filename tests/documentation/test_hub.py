"""What Meltano Hub gets of the tap follows the Hub's rules."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from yamllint import linter
from yamllint.config import YamlLintConfig

from scripts import hub
from scripts.docs import DOCS

SCHEMAS = os.environ.get("MELTANO_HUB_SCHEMAS")
"""A folder with the Hub's JSON schemas of an extractor."""

RULES = YamlLintConfig("""
extends: default
rules:
  braces: {forbid: non-empty}
  document-start: {present: false}
  indentation: {indent-sequences: false, spaces: 2}
  key-ordering: enable
  line-length: disable
  truthy: disable
""")
"""Those of the Hub, for yamllint."""

FIELDS = {
    *("name", "namespace", "variant", "label", "description", "definition", "hidden", "keywords"),
    *("capabilities", "commands", "executable", "log_parser", "metadata", "pip_url", "python"),
    *("docs", "domain_url", "logo_url", "repo", "maintenance_status", "quality", "requires"),
    *("schema", "select", "settings", "settings_group_validation", "supported_python_versions"),
    *("next_steps", "prereq", "settings_preamble", "usage"),
}
"""What the Hub takes of an extractor."""

KINDS = {
    *("array", "boolean", "date_iso8601", "decimal", "email", "file", "hidden", "integer"),
    *("oauth", "object", "options", "password", "string"),
}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return hub.files("Some-Owner/tap-acton")


@pytest.fixture(scope="module")
def definition(texts: dict[str, str]) -> dict[str, Any]:
    text = texts["_data/meltano/extractors/tap-acton/some-owner.yml"]
    definition: dict[str, Any] = yaml.safe_load(text)
    return definition


def test_it_has_what_the_hub_requires_and_nothing_that_it_does_not_know(
    definition: dict[str, Any],
) -> None:
    assert {"name", "namespace", "variant", "quality"} <= definition.keys() <= FIELDS
    assert definition["name"] == "tap-acton"
    assert definition["variant"] == "some-owner"
    assert all(definition.values())
    for setting in definition["settings"]:
        assert setting.keys() <= {"name", "kind", "label", "description", "options", "sensitive"}
        assert setting["kind"] in KINDS
        assert ("options" in setting) is (setting["kind"] == "options")


def test_everything_is_in_the_order_that_the_hub_wants(
    texts: dict[str, str], definition: dict[str, Any]
) -> None:
    names = [setting["name"] for setting in definition["settings"]]
    assert names == sorted(names)
    for name, text in texts.items():
        if name.endswith(".yml"):
            assert [str(problem) for problem in linter.run(text, RULES)] == [], name


def test_secrets_are_what_holds_one(definition: dict[str, Any]) -> None:
    sensitive = {one["name"] for one in definition["settings"] if one.get("sensitive")}
    assert sensitive == {"client_secret", "password", "refresh_token"}
    groups = {name for group in definition["settings_group_validation"] for name in group}
    assert groups <= {setting["name"] for setting in definition["settings"]}


def test_the_addresses_follow_from_the_repository(
    texts: dict[str, str], definition: dict[str, Any]
) -> None:
    assert definition["repo"] == "https://github.com/Some-Owner/tap-acton"
    assert definition["docs"] == "https://some-owner.github.io/tap-acton/"
    assert f"static{definition['logo_url']}" in texts
    assert yaml.safe_load(texts["default_variants.yml"]) == {
        "extractors": {"tap-acton": definition["variant"]}
    }
    assert yaml.safe_load(texts["maintainers.yml"]) == {
        "some-owner": {
            "label": "Some-Owner",
            "name": "some-owner",
            "url": "https://github.com/Some-Owner",
        }
    }


def test_the_pages_that_it_links_exist(definition: dict[str, Any]) -> None:
    text = json.dumps(definition)
    linked = text.split(definition["docs"])[1:]
    pages = {rest.partition(".html")[0] for rest in linked if ".html" in rest[:40]}
    assert pages == {"settings", "troubleshooting"}
    assert all((DOCS / f"{page}.md").exists() for page in pages)


@pytest.mark.skipif(SCHEMAS is None, reason="MELTANO_HUB_SCHEMAS names no folder")
def test_it_fits_the_schemas_of_the_hub(definition: dict[str, Any]) -> None:
    found = {path.name: json.loads(path.read_text()) for path in Path(SCHEMAS or "").glob("*.json")}
    # They refer to one another by a path, from the address of each.
    base = "https://hub.example/schema"
    addresses = {
        name: f"{base}/{'extractors' if content['$id'] == name else 'common'}/{name}"
        for name, content in found.items()
    }
    resources = [
        (addresses[name], Resource.from_contents({**content, "$id": addresses[name]}))
        for name, content in found.items()
    ]
    root = {"$ref": addresses["extractors.schema.json"]}
    validator = Draft7Validator(root, registry=Registry().with_resources(resources))
    assert [error.message for error in validator.iter_errors(definition)] == []
    unknown = [{"name": "no_field_of_the_hub"}, {"name": "client_id", "secret": True}]
    for wrong in ({**definition, "secret": True}, {**definition, "settings": unknown}):
        assert list(validator.iter_errors(wrong))


@pytest.mark.parametrize("arguments", [[], [""], ["tap-acton"], ["a/b", "c"]])
def test_without_a_repository_nothing_is_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FOLDER", tmp_path / "hub")
    with pytest.raises(SystemExit, match="run make hub REPOSITORY=owner/name"):
        hub.main(arguments)
    assert not (tmp_path / "hub").exists()


def test_the_files_are_all_that_is_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: dict[str, str]
) -> None:
    monkeypatch.setattr(hub, "FOLDER", tmp_path / "hub")
    of_another = tmp_path / "hub" / "_data/meltano/extractors/tap-acton/another-owner.yml"
    of_another.parent.mkdir(parents=True)
    of_another.touch()
    monkeypatch.setattr(hub, "files", lambda _repository: texts)
    hub.main(["Some-Owner/tap-acton"])
    written = {path for path in (tmp_path / "hub").rglob("*") if path.is_file()}
    assert {str(path.relative_to(tmp_path / "hub")): path.read_text() for path in written} == texts


def test_the_logo_is_a_transparent_drawing_without_text() -> None:
    drawing = hub.LOGO.read_text(encoding="utf-8")
    assert drawing.startswith("<svg ")
    assert "<text" not in drawing
    assert "<image" not in drawing
    assert 'fill="none"' in drawing
