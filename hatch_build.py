"""What the package says of itself that depends on where it is built: addresses."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

REPOSITORY = "PACKAGE_REPOSITORY"
"""The variable with the repository, such as ``owner/name``; ``make dist`` sets it."""

OWNER_AND_NAME = re.compile(r"[A-Za-z0-9-]+/(?!\.)[A-Za-z0-9._-]+(?<!\.git)")
"""What GitHub allows."""


class AddressesHook(MetadataHookInterface):
    """Adds the addresses of the project, and lets the links of the README lead to them."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set what ``pyproject.toml`` calls dynamic, except for the version."""
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = os.environ.get(REPOSITORY)
        metadata["urls"] = {}
        if repository:
            if not OWNER_AND_NAME.fullmatch(repository):
                raise ValueError(f"{REPOSITORY} is not owner/name: {repository}")
            home = f"https://github.com/{repository}"
            owner, _, name = repository.partition("/")
            metadata["urls"] = {
                "Changelog": f"{home}/blob/main/CHANGELOG.md",
                "Documentation": f"https://{owner.lower()}.github.io/{name}/",
                "Issues": f"{home}/issues",
                "Source": home,
            }
            # PyPI shows the README apart from the files beside it; a picture is only in raw/.
            readme = re.sub(r"(!\[[^]]*\]\()(?![a-z]+:)", rf"\1{home}/raw/main/", readme)
            readme = re.sub(r"\]\((?![a-z]+:|#)", f"]({home}/blob/main/", readme)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
