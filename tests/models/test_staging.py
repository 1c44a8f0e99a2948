"""The staging models are those of the streams, and take what any loader has made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.models import STAGING, files

if TYPE_CHECKING:
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(400)


def test_generated_files_are_current() -> None:
    current = dict(files())
    stale = [path.name for path, text in current.items() if path.read_text() != text]
    assert not stale, "run .venv/bin/python -m scripts.models"
    assert {*STAGING.glob("stg_acton__*.sql")} <= {*current}


def test_built(first_run: Built) -> None:
    assert first_run.marts == {}
