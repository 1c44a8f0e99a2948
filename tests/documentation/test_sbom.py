"""The bill of materials says what it is about, and nothing of the machine that wrote it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from scripts import sbom

if TYPE_CHECKING:
    from pathlib import Path

TAP = {"bom-ref": "tap-acton==1.2.3", "name": "tap-acton", "type": "library", "version": "1.2.3"}
REQUESTS = {"bom-ref": "requests==2.32.4", "name": "requests", "type": "library"}


def written(folder: Path, **of_tap: Any) -> Path:
    path = folder / "bill.cdx.json"
    tap = {**TAP, "purl": "pkg:pypi/tap-acton@1.2.3", **of_tap}
    path.write_text(json.dumps({"components": [REQUESTS, tap], "metadata": {"tools": {}}}))
    return path


def test_the_bill_is_about_the_wheel(tmp_path: Path) -> None:
    path = written(tmp_path)
    sbom.main([str(path)])
    bill = json.loads(path.read_text())
    assert bill["components"] == [REQUESTS]
    subject = bill["metadata"]["component"]
    assert subject == {**TAP, "purl": "pkg:pypi/tap-acton@1.2.3", "type": "application"}
    assert bill["metadata"]["tools"] == {}


def test_a_bill_that_names_a_file_of_the_machine_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, externalReferences=[{"url": "file:///dist/tap_acton.whl"}])
    with pytest.raises(SystemExit, match="names a file of this machine"):
        sbom.main([str(path)])
