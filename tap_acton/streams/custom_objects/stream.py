"""What the streams of custom objects have in common.

Custom objects are available on request. Of their responses Act-On documents only the errors
(Act-On reference, 2024 edition).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.api.client import path_part
from tap_acton.records.extractors import Undocumented
from tap_acton.streams.base.stream import ActOnStream

if TYPE_CHECKING:
    from tap_acton.sync.run import Run

FAMILY = "/custom-objects/v1/{account_id}"


class CustomObjectStream(ActOnStream):
    """A stream of custom objects."""

    extract = Undocumented("name", names=("records", "schemas", "datasets"))
    missing_is_gone = True

    def filled(self, path: str, **ids: str) -> str:
        """Fill the account's number and ids into a path."""
        return path_in(self.run, path, **ids)


def path_in(run: Run, template: str, **ids: str) -> str:
    """Fill the account's number and other ids into a path.

    Raises:
        StreamFailedError: If Act-On does not report the account's number.
    """
    parts = {"account_id": run.account.number, **ids}
    return template.format(**{name: path_part(part) for name, part in parts.items()})
