"""What the documentation says, held against the code."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import __main__ as sandbox_command
from acton_sandbox import pages
from scripts.docs import (
    DOCS,
    FAMILIES,
    ROOT,
    STREAM_PAGES,
    STREAMS,
    anchor,
    documents,
    page_of,
    schema_of,
)
from scripts.model_pages import MODEL_PAGES
from tap_acton import errors
from tap_acton.records.extractors import Undocumented
from tap_acton.records.reader import EXTRA_FIELDS
from tap_acton.settings.schema import CONFIG_SCHEMA
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.audience_center.fields import ContactFields
from tap_acton.streams.audience_center.stream import AudienceStream
from tap_acton.streams.suppression.system_lists import ARRIVES_WITHIN, TRUSTED_FOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tap_acton.streams.base.stream import ActOnStream

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MODULES = sorted((ROOT / "tap_acton").rglob("*.py"))
README = ROOT / "README.md"
NAMES = [kind.name for kind in STREAM_TYPES]
DESCRIBED = [kind for kind in STREAM_TYPES if kind.name in STREAMS]
"""Streams that have a note; those without one fail a test of their own."""

HOLE = "…"
"""Stands in a quoted sentence for what differs."""


@cache
def sentences() -> frozenset[str]:
    """Give the texts of the tap's code, with a hole where a value is put in."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in MODULES)
    return frozenset(chain.from_iterable(map(sentences_of, trees)))


def sentences_of(tree: ast.Module) -> Iterator[str]:
    """Give the texts of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[.\d]*[a-z]", HOLE, node.value)


def page(name: str) -> str:
    """Read a page of the documentation."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def quotations() -> list[str]:
    """Give the sentences that the page about troubleshooting explains."""
    text = page("troubleshooting").partition("\n## The log\n")[0]
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Give the anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return set(map(anchor, headings))


def test_generated_documentation_is_current() -> None:
    texts = documents()
    stale = [
        str(path.relative_to(ROOT))
        for path in sorted({*texts, *STREAM_PAGES.glob("*.md"), *MODEL_PAGES.glob("*.md")})
        if path not in texts or not path.exists() or path.read_text(encoding="utf-8") != texts[path]
    ]
    assert stale == [], "run .venv/bin/python -m scripts.docs"


def test_every_stream_is_described_once() -> None:
    missing = set(NAMES) - set(STREAMS)
    assert not missing, "describe them in docs/streams/notes.toml"
    assert sorted(STREAMS) == sorted(NAMES)


def test_the_readme_counts_the_streams_and_links_every_family() -> None:
    text = README.read_text(encoding="utf-8")
    assert re.findall(r"(\d+) streams", text) == [str(len(NAMES))], (
        "correct the number in README.md"
    )
    links = {family: f"({STREAM_PAGES.relative_to(ROOT)}/{page_of(family)})" for family in FAMILIES}
    missing = {family: link for family, link in links.items() if link not in text}
    assert not missing, "add a row for the family to the table in README.md"


@pytest.mark.parametrize("kind", DESCRIBED, ids=lambda kind: kind.name)
def test_an_optional_stream_says_why(kind: type[ActOnStream]) -> None:
    assert bool(STREAMS[kind.name].optional) is kind.is_optional, (
        "optional in docs/streams/notes.toml says why a stream is optional"
    )


@pytest.mark.parametrize("kind", DESCRIBED, ids=lambda kind: kind.name)
def test_a_stream_that_takes_any_shape_is_marked_as_unverified(kind: type[ActOnStream]) -> None:
    takes_any_shape = isinstance(kind.extract, Undocumented)
    # The Audience Center finds the fields itself, for all its streams, as they are documented.
    takes_any_shape &= kind is not ContactFields
    assert STREAMS[kind.name].is_unverified or not takes_any_shape, (
        "set is_unverified in docs/streams/notes.toml"
    )


def test_the_coverage_links_every_stream_and_has_every_report_of_domo() -> None:
    text = page("coverage")
    linked = set(re.findall(r"\[(\w+)\]\(streams/", text))
    missing = set(NAMES) - linked
    assert not missing, "link them in docs/coverage.md"
    assert linked == set(NAMES)
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == list(map(str, range(1, 29 + 2)))


def test_the_changelog_names_every_stream_that_was_added() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = changelog.partition("\n## [")[2]
    missing = set(NAMES) - set(re.findall(r"`(\w+)`", versions))
    assert not missing, "name them under Added in CHANGELOG.md"


@pytest.mark.parametrize("stream", STREAMS)
def test_every_stream_says_what_every_column_is(stream: str) -> None:
    schema = schema_of(stream)
    assert schema["description"]
    assert all(definition["description"] for definition in schema["properties"].values())
    assert EXTRA_FIELDS in schema["properties"]


def test_columns_that_the_tap_adds_exist() -> None:
    for stream, note in STREAMS.items():
        unknown = set(note.added) - set(schema_of(stream)["properties"])
        assert not unknown, f"the schema of {stream} has no such columns"


def test_every_setting_is_described_once() -> None:
    pages = page("settings") + page("advanced-settings")
    lists = re.findall(r"<!-- generated: settings ([^>]*) -->", pages)
    described = Counter(chain.from_iterable(map(str.split, lists)))
    # The SDK adds settings of its own to the schema once a tap has been made.
    own = {name: 1 for name in CONFIG_SCHEMA["properties"] if not name.startswith("stream_map")}
    own = {name: 1 for name in own if not name.startswith(("flattening_", "faker_"))}
    assert described == own


def test_what_hardly_anybody_changes_is_on_a_page_of_its_own() -> None:
    advanced = {"shard", "bulk_format", "token_store", "engagement_window", "lookback_window"}
    (first, *_) = re.findall(r"<!-- generated: settings ([^>]*) -->", page("settings"))
    assert {"client_id", "password", "start_date"} <= {*first.split()}
    assert not advanced & {*re.findall(r"^\| `(\w+)` \|", page("settings"), re.MULTILINE)}
    assert "(advanced-settings.md)" in page("settings")


@pytest.mark.parametrize("quotation", quotations())
def test_quoted_sentences_are_those_of_the_code(quotation: str) -> None:
    assert any(quotation in sentence for sentence in sentences())


def test_there_are_quotations() -> None:
    assert len(quotations()) == len(set(quotations())) > 30


def test_shards_divide_the_streams_that_the_documentation_says() -> None:
    own = AudienceStream.own_items
    shared = {
        kind.name
        for kind in DESCRIBED
        if kind.listing or getattr(kind, "own_items", own) is not own
    }
    with_id = {name for name, note in STREAMS.items() if "{id}" in note.endpoint}
    assert shared == {"subscription_opt_outs", "custom_object_records", *with_id}, (
        "the endpoint in docs/streams/notes.toml has {id} for the id of the item"
    )


def test_the_page_on_incremental_runs_has_every_stream_with_a_replication_key() -> None:
    table = page("incremental").partition("\n## ")[0]
    incremental = {kind.name for kind in STREAM_TYPES if kind.replication_key}
    missing = incremental - set(re.findall(r"`(\w+)`", table))
    assert not missing, "say in the table of docs/incremental.md what a later run reads"


def test_the_longer_lookback_is_that_of_the_code() -> None:
    assert [str(ARRIVES_WITHIN.days)] == re.findall(
        r"bookmark, less (\d+) days", page("incremental")
    )


def test_the_days_for_which_a_filter_is_relied_on_are_those_of_the_code() -> None:
    days = str(TRUSTED_FOR.days)
    for text in (page("incremental"), page("design"), STREAMS["hard_bounces"].later):
        assert re.findall(r"(?:every|holds for) (\d+) days", text) == [days]


def test_exit_codes_are_those_of_the_code() -> None:
    text = page("exit-codes")
    assert f"\n| {errors.EXIT_FAILED} | A setting" in text
    assert f"\n| {errors.EXIT_ALLOWANCE_SPENT} | The allowance is used up" in text
    assert f"\n| {errors.EXIT_DIFFERS} | Only of `tap-acton-check`" in text
    assert f"\n| {errors.EXIT_DIFFERS} | Something differs" in page("live-account")
    assert f"\n| {errors.EXIT_SIGNAL_BASE} + n | Stopped by signal n" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


def test_every_guarantee_has_tests_that_exist() -> None:
    rows = [line for line in page("guarantees").splitlines() if line.startswith("| ")]
    promises = [line for line in rows if not line.startswith(("| guarantee ", "| --- "))]
    assert promises
    for promise in promises:
        held_by = re.findall(r"`(tests/[^`]+)`", promise.rpartition(" | ")[2])
        assert held_by, promise
        for test in held_by:
            path, *classes, name = test.split("::")
            code = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^ *def {name}\(", code, re.MULTILINE), test
            assert all(f"class {one}:" in code for one in classes), test


def test_the_design_names_every_package_and_only_what_exists() -> None:
    text = page("design")
    packages = {path.parent.relative_to(ROOT) for path in MODULES if path.name == "__init__.py"}
    packages = {path for path in packages if len(path.parts) == len(("tap_acton", "package"))}
    described = re.findall(r"^\| `(tap_acton/\w+)/` \|", text, re.MULTILINE)
    # The schemas are data, which only the records read.
    assert set(described) == {str(path) for path in packages} - {"tap_acton/schemas"}
    assert set(re.findall(r"`(\w+\.py)`", text)) <= {path.name for path in MODULES}
    assert all(hasattr(errors, name) for name in re.findall(r"`(\w+Error)`", text))


def test_arguments_and_controls_of_the_sandbox_are_complete() -> None:
    text = page("sandbox")
    table = "".join(line for line in text.splitlines() if line.startswith("| `--"))
    known = {
        option
        for action in sandbox_command._parser()._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    assert set(re.findall(r"`(--[a-z-]+)", table)) == known - {"--help"}
    controls = {route.path for route in pages._ROUTES} - {"/"} | {pages.ACCOUNTS_PATH}
    assert set(re.findall(r"/_sandbox/[a-z-]+", text)) == controls


def test_the_package_says_that_it_is_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Typing :: Typed" in project["classifiers"]
    assert (ROOT / "tap_acton" / "py.typed").exists()
