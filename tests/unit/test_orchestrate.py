"""What the orchestration has of the streams is what they are."""

from __future__ import annotations

from scripts import orchestrate


def test_the_streams_of_the_orchestration_are_current() -> None:
    assert orchestrate.PATH.read_text(encoding="utf-8") == orchestrate.text()
