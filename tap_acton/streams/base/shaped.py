"""Streams whose answers hold their rows in folders, or in a shape that is not documented."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tap_acton.api.old_pagination import UnaskedPages
from tap_acton.errors import RepeatableError
from tap_acton.records.extractors import Found, described, find_rows, folder_rows, is_folders
from tap_acton.streams.base.old_stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_acton.api.old_pagination import Pages
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Row
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.answers import Query


class FolderStream(ActOnStream):
    """A listing that comes whole, as an array of folders; rows get ``folderName``."""

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Take the rows out of their folders.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The rows, each with the name of its folder.

        Raises:
            RepeatableError: If the answer is not an array of folders.
        """
        if payload == [] or is_folders(payload):
            return folder_rows(payload)
        raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")


class UnverifiedStream(ActOnStream):
    """A stream of whose answers only the path is documented.

    The rows are found whatever their shape. The shape that is met is told once, so that a
    user can report it; fields that the schema does not name are kept, as everywhere.

    Attributes:
        scalar: The field that a row gets where the answer holds plain texts in place of
            objects.
    """

    scalar: ClassVar[str] = "value"

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._lock = threading.Lock()
        self._told_shapes: set[bool] = set()

    @cached_property
    def paging(self) -> Pages | None:
        """No paging is documented; it is used where the answer shows that there is one."""
        return UnaskedPages(self.run.settings.page_size)

    def rows(self, payload: Any, query: Query) -> Sequence[Row]:
        """Find the rows of an answer.

        Args:
            payload: The decoded answer.
            query: What was asked.

        Returns:
            The rows.

        Raises:
            RepeatableError: If the answer is neither an array nor an object.
        """
        found = self.found_in(payload)
        if found is None:
            raise RepeatableError(f"{self.subject(query)}: Act-On's answer has an unknown shape.")
        with self._lock:
            # A stream may list its parents itself, whose answers have a shape of their own.
            is_child = query.parent is not None
            is_first = bool(found.rows) and is_child not in self._told_shapes
            self._told_shapes |= {is_child} if is_first else set()
        if is_first:
            self.log(
                "Act-On answers with %s. This is not documented: please report this line.",
                described(found),
                level=logging.INFO,
            )
        return found.rows

    def found_in(self, payload: Any) -> Found | None:
        """Find the rows of an answer.

        Args:
            payload: The decoded answer.

        Returns:
            The rows; None where the answer is neither an array nor an object.
        """
        return find_rows(payload, self.scalar)
