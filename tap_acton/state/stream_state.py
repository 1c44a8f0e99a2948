"""What each kind of stream remembers between runs, as data.

A stream names one of these structs; :mod:`tap_acton.state.format` reads it out of the stream's
bookmark and writes it back. Decoding is strict: an unknown field or a value of another type
means that nothing in the struct is trusted. Timestamps are texts as
:func:`tap_acton.records.timestamps.timestamp_of` writes them, so comparing texts compares times.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"

Timestamp: TypeAlias = Annotated[str, Meta(pattern=rf"\A{_DAY}{_TIME}\Z")]
"""For example ``2026-03-19T10:00:00.000Z``."""

Day: TypeAlias = Annotated[str, Meta(pattern=rf"\A{_DAY}\Z")]
"""For example ``2026-03-01``."""

REACHED_PATTERN = rf"\A({_DAY}({_TIME})?)?\Z"

Reached: TypeAlias = Annotated[str, Meta(pattern=REACHED_PATTERN)]
"""A timestamp or a day; empty for none yet."""

FingerprintText: TypeAlias = Annotated[str, Meta(pattern=r"\A([A-Za-z0-9_-]{8})*\Z")]
"""Fingerprints of eight characters, one after the other (:mod:`tap_acton.state.fingerprints`)."""

ColumnsDigest: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
"""A digest of the names of columns (:mod:`tap_acton.state.columns`)."""

Count: TypeAlias = Annotated[int, Meta(ge=0)]

FilterUnit: TypeAlias = Literal["seconds", "milliseconds", "none"]
"""``none``: the filter cannot be used."""


class Cursor(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, frozen=True):
    """The page to request next within one long item. Moves with each page."""

    size: Annotated[int, Meta(gt=0)]
    """Records per page; a token is only good for the size it was issued for."""

    token: str = ""
    """Act-On's token for the page; empty for the first page, or where pages are numbered."""

    is_sorted: bool = True
    """Whether the records are requested in a fixed order."""

    rows: Count = 0
    """How many records the pages before it held; without a token, as many full pages hold."""


class Checkpoint(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, frozen=True):
    """How far a load came that takes several runs. Dropped when the load is complete."""

    started_at: Timestamp
    """When the first run of the load began: no bookmark moves past it."""

    is_done: bool = False
    """Whether this stream has been read whole, and waits for the other streams of the load."""

    behind: tuple[str, ...] = ()
    """The place (ids and positions) of the last item that was read whole; empty for none.

    With a cursor it is the place of the item whose page the cursor names. Moves item by item.
    """

    left: list[Annotated[tuple[str, ...], Meta(min_length=1)]] = field(default_factory=list)
    """The places before that of items that failed, and are requested again.

    One of a single part stands for all that begin with it, where places have two; one of two with
    an empty third part, for those of them that come after it.
    """

    not_listed: list[str] = field(default_factory=list)
    """Which parts of the listing could not be read, so that items may be missing before that."""

    reached: Reached = ""
    """The largest replication value that any run of the load has met."""

    cursor: Cursor | None = None
    """Where to resume within the item at ``behind``."""

    covers: dict[str, list[str]] = field(default_factory=dict)
    """By setting the values it had when the load began; empty where none matters."""


class FullRefresh(
    Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, frozen=True
):
    """The table version that a stream's rows carry. Replaced when a full refresh begins."""

    version: Annotated[int, Meta(gt=0)]
    """When its full refresh began, in seconds since 1970."""

    is_open: bool = False
    """Whether the version has yet to be activated. Cleared by the run that activates it."""

    has_gap: bool = False
    """Whether an item failed in this refresh, so that nothing may be dropped yet.

    Cleared at the end of each run that reads the whole stream.
    """


class StreamState(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What every stream may remember besides its replication key."""

    checkpoint: Checkpoint | None = None
    """Where a load that takes several runs resumes; None outside of one."""

    full_refresh: FullRefresh | None = None
    """The version of the stream's rows; None if there never was a full refresh."""


class ContactsState(StreamState):
    """State of the contacts, whose columns are fields of the account."""

    columns: dict[str, ColumnsDigest] = field(default_factory=dict)
    """The fields of the account, under the name of the stream. Moves when a load begins."""

    without_zone: bool = False
    """Whether contacts were read while the account's time zone was unknown.

    The first run that knows it reads all of them: texts may have needed it.
    """

    selected: list[str] | None = None
    """The columns that went out. Moves when a load begins; None where it is not known."""


class ItemsState(StreamState):
    """State of a stream that skips items which have not changed."""

    fingerprints: FingerprintText = ""
    """The items read so far, each with the evidence it was read with. Grows item by item.

    A complete run drops what is no longer listed with that evidence.
    """

    rechecked_at: Timestamp | None = None
    """When the last complete run began: items due for a re-check since then are read again."""


class ListState(ItemsState):
    """State of a stream that reads the rows of one list."""

    columns: dict[str, ColumnsDigest] = field(default_factory=dict)
    """By list id the headers of the list. Moves when a list has been read whole."""

    read_again: list[str] = field(default_factory=list)
    """Ids of lists that came with fewer rows than the listing counts.

    The next run reads them whole once more, and believes what comes then.
    """

    without_zone: list[str] = field(default_factory=list)
    """Ids of lists that were read while the account's time zone was unknown.

    The first run that knows it reads them whole: texts may have needed it.
    """

    selected: list[str] | None = None
    """The columns that went out. Moves when a load begins; None where it is not known."""


class ListsState(ListState):
    """State of a stream that reads the rows of lists."""

    lists: dict[str, Reached] = field(default_factory=dict)
    """By list id the latest modification time read. Moves when a list has been read whole."""


class Known(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, frozen=True):
    """The events of one kind and message that were emitted. Moves when the kind is read whole."""

    rows: Count
    """How many there were."""

    latest: Reached
    """When the latest of them happened."""

    digest: str
    """A digest of their ids that does not depend on their order."""


class MessagesState(StreamState):
    """State of a stream that reads message by message, in the order of their sending.

    Everything but ``newest``, ``rechecked_at`` and ``not_offered`` moves message by message;
    these three move at the end of a complete run.
    """

    read_until: Reached = ""
    """The sending time up to which all messages have been read; an interrupted run resumes here."""

    newest: Timestamp | None = None
    """When the newest message of the last complete run was sent.

    Messages that were within the engagement window then are read once more.
    """

    rechecked_at: Timestamp | None = None
    """When the last complete run began: messages due for a re-check since then are read again."""

    covers: dict[str, list[str]] = field(default_factory=dict)
    """By setting the values it had. If more is wanted now, the stream is read from its start."""

    ask_again: list[str] = field(default_factory=list)
    """Ids of messages that failed for a reason that may pass; the next run requests them."""

    counters: dict[str, list[int | None]] = field(default_factory=dict)
    """By id of a message within the engagement window the counts of its report when it was read.

    One per kind of event; None where the report has none.
    """

    read_again: dict[str, list[str]] = field(default_factory=dict)
    """By message id the kinds that had fewer events than the report counts.

    The next run reads them once more; whatever comes then is believed until the counter moves.
    """

    known: dict[str, dict[str, Known]] = field(default_factory=dict)
    """By message id and kind the events emitted, for kinds of more than one page."""

    fingerprints: FingerprintText = ""
    """Older messages, each with the counters it was read with."""

    not_offered: list[str] = field(default_factory=list)
    """Kinds of events that this account did not have in the last complete run."""

    lacks_ids: bool = False
    """Whether messages were listed without an id: once they have one, all are read again."""


class DateFilter(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, frozen=True):
    """What was found out about a date filter by reading the list without it."""

    unit: FilterUnit
    """What the filter takes."""

    found_at: Timestamp
    """When that was found out; it is trusted for some days."""

    pages: Count
    """How many pages the whole list had then."""

    latest: Timestamp
    """When the latest row read was created: a response without that row is not trusted."""


class FilterState(StreamState):
    """State of a stream whose date filter has to prove itself. Moves when the stream is done."""

    filter: DateFilter | None = None
    """None where it is to be found out what the filter takes."""


class OptOutsState(StreamState):
    """State of the opt-outs by category. Moves category by category."""

    covers: dict[str, list[str]] = field(default_factory=dict)
    """Under ``categories`` the ids of those that had rows when they were read last.

    For others the bookmark does not count: they are new, or came without rows once.
    """


class MonthsState(StreamState):
    """State of a stream that reads month by month. Moves month by month."""

    empty: list[Day] = field(default_factory=list)
    """The first days of months that came without rows; the next run reads them once more."""


class ContactReportsState(StreamState):
    """State of a stream that reads a report per contact. Moves when all contacts were asked for."""

    covered_until: Timestamp | None = None
    """The time up to which changed contacts have been read."""

    ask_again: list[str] = field(default_factory=list)
    """Ids of contacts that failed for a reason that may pass; the next run requests them."""

    covers: dict[str, list[str]] = field(default_factory=dict)
    """By setting the values it had. If they differ now, all contacts are read."""

    without_zone: bool = False
    """Whether reports were read while the account's time zone was unknown.

    The first run that knows it reads those of all contacts: texts may have needed it.
    """
