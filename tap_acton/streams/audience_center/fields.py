"""The columns that the contacts of the Audience Center have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import NotRoutedError
from tap_acton.streams.audience_center.account import STREAM, AudienceCenter
from tap_acton.streams.audience_center.stream import without_empty
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.sync.answers import Answer, Query
from tap_acton.sync.forecast import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.sync.fan_out import Outcome, Task


class ContactFields(ActOnStream):
    """The fields of contacts, hidden and read-only ones included.

    They name and type the columns of custom fields in ``contacts``, so they are asked for
    once per run, whichever stream needs them first.
    """

    name = STREAM
    primary_keys = ("field_id",)

    def tasks(self) -> Iterator[Task[Answer]]:
        """Take the fields from the run.

        Yields:
            The only task.
        """
        yield self._fields

    def estimate(self) -> Estimate:
        """Foresee the only call, which all streams of the Audience Center share.

        Returns:
            No calls besides it.
        """
        _ = self.run.shared(AudienceCenter).fields
        return Estimate(0)

    def _fields(self) -> Outcome[Answer]:
        center = self.run.shared(AudienceCenter)
        if not center.fields:
            # No account is without the field for the address: the host has no such path.
            raise center.absent(
                NotRoutedError(f"{self.name}: the endpoint is not offered on this host.")
            )
        return Answer(Query(""), [without_empty(field) for field in center.fields]), ()
