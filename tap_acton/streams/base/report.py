"""What a stream says in the log while it reads, each thing once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_acton.records.extractors import api_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_acton.sync.summary import StreamSummary


class StreamReport:
    """The log lines of one stream.

    Args:
        name: The stream.
        log: Logs a message of the stream, as :meth:`singer_sdk.Stream.log` does.

    Attributes:
        has_keyless: Whether there were rows without their key.
    """

    def __init__(self, name: str, log: Callable[..., None]) -> None:
        self._name = name
        self._log = log
        self._has_unnamed = self.has_keyless = False

    def ended(self, summary: StreamSummary) -> None:
        """Log what became of the stream."""
        self._log("%s: %s", self._name, summary.sentence)

    def skipped(self, summary: StreamSummary, read: int, refused: int, because: str) -> None:
        """Log how many of the items that were read are missing, and name the first ones.

        Args:
            summary: What was counted.
            read: How many items were requested.
            refused: How many of them were refused.
            because: Why items are skipped, such as ``deleted in Act-On``.
        """
        reasons = summary.refused_reasons
        for number, names, words, reason in (
            (summary.skipped, summary.skipped_names, f"Skipped %d of %d ({because})", ""),
            (
                refused,
                [*reasons],
                "%d of %d could not be read; the next run tries again",
                # One stands for all, which most likely have the same.
                next(iter(reasons.values()), ""),
            ),
        ):
            if number:
                others = " and others" if number > len(names) else ""
                self._log(
                    f"{words}: %s%s.%s",
                    number,
                    read,
                    ", ".join(names),
                    others,
                    reason and f" {reason}",
                    level=logging.WARNING,
                )

    def keyless(self, columns: Iterable[str]) -> None:
        """Log that rows lack their key; one stands for all others."""
        if not self.has_keyless:
            self.has_keyless = True
            self._log(
                "Act-On returns rows of %s whose %s is missing or unreadable: a value made from "
                "the row takes its place, so that no row replaces another.",
                self._name,
                " or ".join(columns),
                level=logging.WARNING,
            )

    def unnamed(self, field_name: str = "") -> None:
        """Log that the schema lacks a field; one stands for all others.

        Args:
            field_name: The field; left out where it is not the API that named it.
        """
        if not self._has_unnamed:
            self._has_unnamed = True
            name = api_name(field_name)
            self._log(
                "Act-On returns fields that the schema of %s does not have%s; they are kept in "
                "extra_fields. tap-acton-check --capture FILE writes what to report.",
                self._name,
                f", such as '{name}'" if name else "",
                level=logging.WARNING,
            )
