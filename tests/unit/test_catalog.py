"""The catalog: what it promises to warehouses does not change by accident."""

from __future__ import annotations

from tests.unit.catalog import differences, kept, promises

HELP = (
    "The catalog is not what it was. What is gone or differs breaks warehouses that are in use: "
    "it needs an entry in CHANGELOG.md. If it is meant, accept it with "
    "`.venv/bin/python -m tests.unit.catalog`."
)


def test_the_catalog_is_what_it_was() -> None:
    lines = list(differences(kept(), promises()))
    assert not lines, "\n".join([HELP, *lines])


def test_every_kind_of_difference_is_told() -> None:
    columns = {"id": "string", "name": "string or null"}
    stream = {"key": ["id"], "is_optional": True, "columns": columns}
    before = {"lists": stream, "forms": stream}
    after = {
        "lists": {"key": ["id", "name"], "is_optional": False, "columns": {"id": "integer"}},
        "logos": stream,
    }
    assert list(differences(before, before)) == []
    assert list(differences(before, after)) == [
        '! lists.key was ["id"], is ["id", "name"]',
        "! lists.is_optional was true, is false",
        '! lists.columns.id was "string", is "integer"',
        "- lists.columns.name is gone",
        "- forms is gone",
        "+ logos is new",
    ]
