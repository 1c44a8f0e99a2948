"""The house of the code: imports run down only, never in a circle, and only streams name a stream.

Exceptions of today are listed. A list may only shrink: an entry that no longer occurs fails too.
"""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_acton.streams import STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

BELOW = {
    "__main__": ["tap"],
    "tap": ["discovery", "catalog", "command_line", "logs", "telemetry"],
    "telemetry": ["progress"],
    "progress": ["streams/base"],
    "discovery": ["streams"],
    "check": ["tap", "__main__", "streams"],
    "plan": ["tap", "__main__", "streams"],
    "streams": [],  # the list of all streams: it imports every family, and no family imports it
    "streams/base": ["output", "stream_maps", "sync", "state", "schemas"],
    "catalog": ["streams"],
    "command_line": ["settings"],
    "stream_maps": ["errors"],
    "output": ["sync", "state"],
    "sync": ["api", "records"],
    "api": ["stores"],
    "stores": ["settings"],
    "settings": ["records"],
    "state": ["records"],
    "records": ["errors"],
    "schemas": [],
    "logs": ["errors"],
    "errors": [],
}
"""What lies right below each room; a room may import that and everything further down."""

NEIGHBORS = {
    # The contacts of a segment may be looked for in lists.
    ("streams/lists", "streams/audience_center"),
}
"""Which family of streams may import which other one."""

FOR_TYPES_ONLY = {
    # How a query ended says which evidence there was for it, and evidence is evidence of a query.
    ("tap_acton.sync.query", "tap_acton.sync.evidence"),
    # A stream makes these parts, and they ask it what it declares.
    ("tap_acton.streams.base.reading", "tap_acton.streams.base.stream"),
    ("tap_acton.streams.base.full_refresh", "tap_acton.streams.base.stream"),
}
"""Imports for the type checker alone, without which there would be no circle."""

OTHER_MEANINGS = {
    "state/migrations: contacts",  # a part of an old state
    "state/migrations: lists",  # the same
    "records/extractors: contacts",  # a field of Act-On's answers
    "records/extractors: headers",  # the same
    "records/extractors: programs",  # the same
    "records/extractors: segments",  # the same
    "settings/schema: contact_history",  # an example
    "settings/schema: contact_scores",  # the same
    "settings/schema: media",  # a type of assets
    "settings/schema: seo_reports",  # a setting
    "settings/settings: seo_reports",  # the same
    "stores/postgresql: account",  # a parameter of SQL
    "sync/account: account",  # what the call is counted under that every stream needs
}
"""Texts that only look like the name of a stream."""


@cache
def _modules(package: str) -> dict[str, Path]:
    """Return the files of a package by the names of their modules."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


@cache
def _nodes(path: Path) -> list[ast.AST]:
    """Return everything in a file."""
    return [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]


@cache
def _imports(package: str) -> dict[str, set[str]]:
    """Return what each module imports of the package, be it in a function or for types only."""
    modules = _modules(package)
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        named = set()
        for node in _nodes(path):
            match node:
                case ast.ImportFrom(module=str(source), names=names, level=0):
                    members = {f"{source}.{alias.name}" for alias in names}
                    named |= {name if name in modules else source for name in members}
                case ast.ImportFrom():
                    pytest.fail(f"{module} has a relative import")
                case ast.Import(names=names):
                    named |= {alias.name for alias in names}
        graph[module] = named & modules.keys() - {module}
    return graph


def _short(module: str) -> str:
    return module.removeprefix("tap_acton").removeprefix(".").replace(".", "/")


def _room(module: str) -> str:
    """Return the part of the house that a module belongs to: `sync`, or `streams/lists`."""
    parts = _short(module).split("/")
    return "/".join(parts[: 2 if parts[0] == "streams" else 1])


def _below(room: str) -> set[str]:
    """Return everything under a room."""
    if room == "streams":
        families = {
            name for name in map(_room, _modules("tap_acton")) if name.startswith("streams/")
        }
        return families | _below("streams/base")
    if room not in BELOW and room.startswith("streams/"):
        return {"streams/base"} | _below("streams/base")
    if room not in BELOW:
        pytest.fail(f"{room} has no place yet: say in BELOW what lies under it")
    return {*BELOW[room]}.union(*map(_below, BELOW[room]))


def _upward() -> Iterator[str]:
    for module, imported in _imports("tap_acton").items():
        room = _room(module)
        if room:
            for other in sorted({_room(name) for name in imported} - {room}):
                if other not in _below(room) and (room, other) not in NEIGHBORS:
                    yield f"{_short(module)} -> {other}"


def _literals() -> Iterator[str]:
    streams = {stream.name for stream in STREAM_TYPES}
    rooms = _below("streams/base")
    for module, path in _modules("tap_acton").items():
        if _room(module) in rooms:
            for node in _nodes(path):
                match node:
                    case ast.Constant(value=str(text)) if text in streams:
                        yield f"{_short(module)}: {text}"


def test_imports_run_down_only() -> None:
    assert {*_upward()} == set()


def test_families_import_one_another_only_where_listed() -> None:
    pairs = {
        (_room(module), _room(other))
        for module, imported in _imports("tap_acton").items()
        for other in imported
    }
    assert pairs >= NEIGHBORS


@pytest.mark.parametrize("package", ["tap_acton", "acton_sandbox", "pipeline", "benchmarks"])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    graph = {module: {*imported} for module, imported in _imports(package).items()}
    for module, other in FOR_TYPES_ONLY:
        graph.get(module, set()).discard(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_what_is_listed_for_types_only_is_there() -> None:
    graph = _imports("tap_acton")
    assert [pair for pair in FOR_TYPES_ONLY if pair[1] not in graph.get(pair[0], set())] == []


def test_nothing_below_the_streams_names_a_stream() -> None:
    assert {*_literals()} == OTHER_MEANINGS
