"""What streams have in common that leave out parents of which nothing new can be told."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_acton.records.timestamps import is_timestamp
from tap_acton.state.fingerprints import Fingerprints, is_due
from tap_acton.streams.base.old_stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.answers import Answer
    from tap_acton.sync.run import Parent


class UnchangedParents(ActOnStream):
    """A stream that asks about parents that have changed, and about all of them in turn.

    In the state are ``read``, the prints of what was read, and ``rechecked_at``, when the
    last complete run began: see :mod:`tap_acton.state.fingerprints`.
    """

    progress_state = (*ActOnStream.progress_state, "read", "rechecked_at")

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._gone: set[str] = set()

    def evidence(self, parent: Parent) -> str | None:  # noqa: ARG002
        """Give what changes whenever what is asked about a parent does.

        Args:
            parent: The parent.

        Returns:
            The evidence; None where there is none, so that the parent is always asked about.
        """
        return None

    @property
    def relies_on_state(self) -> bool:
        """Whether what earlier runs have read may be left out."""
        return True

    def listed(self) -> Iterator[Parent]:
        """Give all parents, those included of which nothing new can be told.

        Yields:
            The parents in the order of the listing; with the setting ``shard`` those of the
            shard.
        """
        yield from super().parents()

    def parents(self) -> Iterator[Parent]:
        """Give the parents about which there may be something new.

        Yields:
            The parents that have changed since they were last read, and those whose turn
            has come.
        """
        now, period = self.round_started_at, self.run.settings.recheck_period
        since = self.stream_state.get("rechecked_at") or ""
        may_rest = self.relies_on_state and is_timestamp(since)
        for parent in self.listed():
            parent_id, evidence = parent["id"], self.evidence(parent)
            is_read = evidence is not None and self._prints.has(parent_id, evidence)
            if may_rest and is_read and not is_due(parent_id, since, now, period):
                self.save_calls("unchanged")
            else:
                yield parent

    def answers(self) -> Iterator[Answer]:
        """Give the answers, and keep in the state what was read, however far that came.

        Yields:
            The answers.
        """
        try:
            for answer in super().answers():
                if answer.gone and answer.query.parent:
                    self._gone.add(answer.query.parent["id"])
                yield answer
        finally:
            self._keep(self._prints)

    def parent_done(self, parent: Parent, *, is_complete: bool) -> None:
        """Remember that a parent has been read.

        Args:
            parent: The parent.
            is_complete: Whether Act-On refused nothing of it.
        """
        super().parent_done(parent, is_complete=is_complete)
        evidence = self.evidence(parent)
        if evidence is not None and is_complete and parent["id"] not in self._gone:
            self._prints.add(parent["id"], evidence)

    def stream_done(self) -> None:
        """Forget what is not listed any more, or not as it was read."""
        super().stream_done()
        still = Fingerprints()
        for parent in self.listed():
            evidence = self.evidence(parent)
            if evidence is not None and self._prints.has(parent["id"], evidence):
                still.add(parent["id"], evidence)
        self._keep(still)
        if still.text:
            self.stream_state["rechecked_at"] = self.round_started_at

    def _keep(self, prints: Fingerprints) -> None:
        if written := prints.text:
            self.stream_state["read"] = written
        else:
            self.stream_state.pop("read", None)

    @cached_property
    def _prints(self) -> Fingerprints:
        kept = self.stream_state.get("read")
        return Fingerprints(kept if isinstance(kept, str) else "")
