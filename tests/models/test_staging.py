"""The staging models are those of the streams, and take what any loader has made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import erd, models

if TYPE_CHECKING:
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(400)


def test_generated_files_are_current() -> None:
    current = dict(models.files())
    stale = [path.name for path, text in current.items() if path.read_text() != text]
    assert not stale, "run .venv/bin/python -m scripts.models"
    assert {*models.STAGING.glob("stg_acton__*.sql")} <= {*current}


def test_the_diagrams_are_current_and_lead_nowhere_else() -> None:
    stale = [path.name for path, text in erd.files().items() if path.read_text() != text]
    assert not stale, "run .venv/bin/python -m scripts.erd"
    for families in (erd.streams(), erd.marts()):
        tables = {table.name: table for listed in families.values() for table in listed}
        assert all(table.keys for table in tables.values())
        targets = {target for table in tables.values() for target in table.references.values()}
        assert targets <= tables.keys()


def test_built(first_run: Built) -> None:
    assert first_run.marts == {}
