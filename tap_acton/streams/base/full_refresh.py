"""The begin and the end of a stream's full refresh."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_acton.output import activate_version

if TYPE_CHECKING:
    from tap_acton.streams.base.stream import ActOnStream


def begin(stream: ActOnStream) -> None:
    """Forget how far a stream was read, where a full refresh is due.

    Never in the middle of a load: what an earlier run has read of it would go without the
    version, and be dropped.
    """
    version, now, narrowed_by = stream.table_version, stream.run.started_at, stream.narrowed_by
    is_free = not stream.load.is_resumed and stream.ABORT_AT_RECORD_COUNT is None
    if narrowed_by:
        version.give_up()
        if stream.has_full_refresh and stream.run.settings.full_read_period is not None:
            stream.log(
                "No full refresh: the setting %s leaves out rows that are in Act-On, which "
                "targets would drop as if they were deleted.",
                ", ".join(narrowed_by),
            )
    elif version.is_due(now) and is_free:
        stream.progress = stream.state_type()
        stream.load = stream.new_load()
        stream.bookmark.forget()
        stream.table_version.begin(now)
        stream.log("A full refresh is due: everything is read again.")
    stream.save_progress()


def end(stream: ActOnStream, *, is_empty: bool) -> bool:
    """Activate the version, now that the stream was read to its end.

    Args:
        stream: The stream.
        is_empty: Whether there was nothing at all, which is no proof that all is deleted.

    Returns:
        Whether targets drop what the full refresh did not hold.
    """
    version = stream.table_version
    if not version.is_open:
        return False
    is_whole = version.end(is_empty=is_empty)
    if is_whole:
        activate_version(stream, stream.tap.write_message, version.number or 0)
        stream.log("The full refresh is complete: targets drop the rows that were not in it.")
    else:
        stream.log(
            "The full refresh lacks what could not be read, so nothing is dropped yet. The "
            "next run requests it again; what Act-On no longer lists does not count.",
            level=logging.WARNING,
        )
    return is_whole
