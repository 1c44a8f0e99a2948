"""The output: messages of the SDK, and records past the SDK where they need nothing of it.

For each record the SDK looks up every property in the selection, asks the stream maps, makes a
message and moves the bookmark, which takes longer than to read the record and to type it. Where
nothing is mapped, flattened or left out below a column, a record is what its line is to hold. So
lines are made many at once, the bookmark moves once for all of them, and a STATE message is
written only if it contains something new that a later run depends on.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage, RecordMessage, StateMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_acton.errors import as_output_error
from tap_acton.records.reader import BATCH_SIZE, EXTRA_FIELDS
from tap_acton.state.bookmark import MARKERS
from tap_acton.state.format import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.metrics import Counter
    from singer_sdk.singerlib.encoding.simple import Message
    from singer_sdk.streams import Stream

    from tap_acton.records.reader import Record
    from tap_acton.sync.summary import StreamSummary

_PROPERTY = 2
"""The length of the breadcrumb of a column."""


class BufferedWriter(MsgSpecWriter):
    """Writes records through a buffer and flushes only for the messages between them.

    A line and its end are written in one piece, and everything before a STATE message is out
    before it, so a state never runs ahead of its records.
    """

    def write_message(self, message: Message) -> None:
        """Write a message to standard output.

        Raises:
            OutputError: If the target has ended, or the disk is full.
        """
        if isinstance(message, StateMessage):
            message = StateMessage(as_written(message.value))
        with as_output_error():
            sys.stdout.buffer.write(self.format_message(message))
            if not isinstance(message, RecordMessage):
                sys.stdout.buffer.flush()


class Selection:
    """What of a stream's records goes out: the columns that its SCHEMA message has.

    Attributes:
        selected: The columns that go out.
        deselected: The columns that the catalog deselects. They are nowhere, so they must not
            be part of another column either.
        unknown: Those that a catalog of an earlier version does not have. They go to
            ``extra_fields``, as does everything without a column.
    """

    def __init__(self, stream: Stream) -> None:
        in_catalog = stream.effective_schema.get("properties", {})
        names = stream.schema["properties"]
        self.deselected = frozenset(name for name in names if not stream.mask["properties", name])
        self.unknown = [
            name for name in names if name not in in_catalog and name not in self.deselected
        ]
        self.selected = frozenset(names) - self.deselected - {*self.unknown}

    def apply(self, records: Iterable[Record]) -> Iterator[Record]:
        """Leave out of records what their SCHEMA message does not have."""
        for record in records:
            for name in self.deselected:
                del record[name]
            unknown = {name: record.pop(name) for name in self.unknown}
            extra = {name: value for name, value in unknown.items() if value is not None}
            if extra and EXTRA_FIELDS in record:
                record[EXTRA_FIELDS] = {**extra, **(record[EXTRA_FIELDS] or {})}
            yield record


class RecordLine(msgspec.Struct, tag_field="type", tag="RECORD", gc=False):
    """A RECORD message.

    Attributes:
        stream: The name of the stream.
        record: The record.
        version: The version that the record carries, if it carries one.
        time_extracted: When it was read.
    """

    stream: str
    record: Record
    version: int | msgspec.UnsetType
    time_extracted: datetime


MOST_RECEIVED = 2**22
"""Records are written once so many bytes of responses have come, as each may be a large one."""


class RecordOutput:
    """Writes the records of a stream.

    Args:
        stream: The stream.
        summary: What the run counts of it.
        metric: Counts the records for the SDK's metrics.
        version: The version that the records carry; None for none.
        state_of: Returns what the stream keeps in the state, all that it remembers included.
        write_state: Writes the state of all streams.
    """

    def __init__(  # noqa: PLR0913 - what the stream lends, each once
        self,
        stream: Stream,
        summary: StreamSummary,
        metric: Counter,
        *,
        version: int | None,
        state_of: Callable[[], dict[str, Any]],
        write_state: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._state_of = state_of
        self._write_all = write_state
        self._summary = summary
        self._metric = metric
        self._name = stream.stream_maps[0].stream_alias
        self._version = msgspec.UNSET if version is None else version
        self._key = (
            stream.replication_key if stream.replication_method == REPLICATION_INCREMENTAL else None
        )
        self._until_state = stream.STATE_MSG_FREQUENCY
        self._batch_size = min(BATCH_SIZE, stream.STATE_MSG_FREQUENCY)

    @staticmethod
    def suits(stream: Stream) -> bool:
        """Tell whether the records of a stream need nothing of the SDK.

        Args:
            stream: The stream.

        Returns:
            Whether no stream map changes them, and columns are selected as a whole.
        """
        maps = stream.stream_maps
        is_mapped = len(maps) > 1 or not isinstance(maps[0], SameRecordTransform)
        return not (is_mapped or maps[0].flattening_enabled) and all(
            is_selected or len(breadcrumb) <= _PROPERTY or not stream.mask[breadcrumb[:_PROPERTY]]
            for breadcrumb, is_selected in stream.mask.items()
        )

    def write(self, records: Iterable[Record]) -> None:
        """Write records, and from time to time the state.

        What has been read is out before a failure to read more is passed on, and before any
        state that says so.
        """
        self._state = self._state_to_go_by()
        waiting: list[Record] = []
        summary, received = self._summary, self._summary.received
        try:
            for record in records:
                waiting.append(record)
                if len(waiting) == self._batch_size or summary.received - received > MOST_RECEIVED:
                    self._flush(waiting)
                    waiting, received = [], summary.received
        finally:
            self._flush(waiting)

    def _flush(self, records: list[Record]) -> None:
        if not records:
            return
        now = datetime.now(UTC)
        lines = encoder.encode_lines(
            [RecordLine(self._name, record, self._version, now) for record in records]
        )
        with as_output_error():
            sys.stdout.buffer.write(lines)
        self._summary.rows += len(records)
        self._metric.increment(len(records))
        manager = self._stream.state_manager
        manager.is_flushed = False
        if self._key is not None and (reached := self._latest(self._key, records)):
            manager.increment_state({self._key: reached}, replication_key=self._key)
        self._until_state -= len(records)
        if self._until_state <= 0:
            self._until_state = self._stream.STATE_MSG_FREQUENCY
            self._write_state()

    @staticmethod
    def _latest(key: str, records: list[Record]) -> str:
        return max([record[key] or "" for record in records])

    def _write_state(self) -> None:
        state = self._state_to_go_by()
        if state != self._state:
            self._state = state
            self._write_all()

    def _state_to_go_by(self) -> bytes:
        """Encode what a later run would go by: not the progress of a stream not yet at its end."""
        kept = self._state_of()
        return msgspec.json.encode({name: value for name, value in kept.items() if name != MARKERS})


def activate_version(stream: Stream, write: Callable[[Message], None], version: int) -> None:
    """Tell targets that rows of earlier versions are deleted.

    Args:
        stream: The stream, of which all rows have been written.
        write: Writes a message.
        version: The version that its rows carry.
    """
    for stream_map in stream.stream_maps:
        if not isinstance(stream_map, RemoveRecordTransform):
            write(ActivateVersionMessage(stream_map.stream_alias, version))
