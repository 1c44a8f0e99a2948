"""Makes the wheel the subject of a bill of materials: ``python -m scripts.sbom bill.cdx.json``.

cyclonedx-py lists what is installed, the wheel among it. With ``--pyproject`` it says what the bill
is about, but without a version or a purl, since pyproject.toml has no version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

NAME = "tap-acton"


def main(arguments: list[str]) -> None:
    """Change the file.

    Raises:
        SystemExit: If it names a file of the machine that built it.
    """
    path = Path(arguments[0])
    bill: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    (subject,) = [one for one in bill["components"] if one["name"] == NAME]
    bill["components"].remove(subject)
    bill["metadata"]["component"] = {**subject, "type": "application"}
    text = json.dumps(bill, indent=2, ensure_ascii=False)
    if "file://" in text:
        raise SystemExit(
            f"{path} names a file of this machine: look for file:// in it, and install that from "
            "elsewhere."
        )
    path.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
