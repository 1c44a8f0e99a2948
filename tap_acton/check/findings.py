"""What the sample of a stream shows, in words, and whether that is what the tap assumes."""

from __future__ import annotations

import enum
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_acton.check.shapes import (
    decoded,
    documented_name,
    is_answer,
    is_html,
    layout_of,
    others,
    refusal_of,
    shape_of,
)
from tap_acton.errors import (
    ActOnError,
    CallError,
    GivenUpError,
    GoneError,
    NotAvailableError,
    NotFoundError,
    NotRoutedError,
    StreamFailedError,
)
from tap_acton.records.epoch_units import EpochUnits
from tap_acton.records.extractors import OneRow, Undocumented, UnknownShapeError
from tap_acton.records.reader import EXTRA_FIELDS, NAMES, converter, names_any
from tap_acton.records.values import Unconvertible
from tap_acton.streams.audience_center.stream import AudienceStream
from tap_acton.streams.base.own_keys import NoKeyError
from tap_acton.streams.base.stream import ActOnStream
from tap_acton.streams.lists.rows import ListPage
from tap_acton.sync.account import NoAccountNumberError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_acton.api.exchange import Exchange
    from tap_acton.check.samples import Sample, SampledPage
    from tap_acton.records.reader import Convert

OLDER_NAMES = frozenset(
    {
        *("msg_id", "time_when", "sender_name", "sender_id", "sender_email", "is_text_only"),
        *("__created_date", "__modified_date"),
    }
)
"""Names of fields that only the developer site, 2019 edition, has."""

SAME_MINUTE = len("2026-03-17T14:05")
"""Some spellings of a timestamp have no seconds."""

OTHER = "other"
"""Stands for the name of a field that no document has, since it may be a user's own."""


class Verdict(enum.StrEnum):
    """What a check says of a stream, in a word."""

    RIGHT = "right"
    DIFFERS = "differs"
    NOT_OFFERED = "not offered"
    EMPTY = "empty"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Behavior(enum.StrEnum):
    """How an endpoint behaves in one respect."""

    AS_ASSUMED = "yes"
    OTHERWISE = "no"
    UNKNOWN = "?"
    NONE = ""


RESPECTS = (
    "paging",  # pages follow each other
    "total",  # totals count all rows
    "page_size",  # a page has as many rows as requested
    "date_filter",  # a date filter leaves out what it should
    "time_zone",  # both spellings of a timestamp stand for the same time
)
"""In which respects the behavior of an endpoint is judged."""

WEIGHTS = (Behavior.NONE, Behavior.UNKNOWN, Behavior.AS_ASSUMED, Behavior.OTHERWISE)
"""Of two judgements in one respect the one counts that comes later here."""


@dataclass(slots=True)
class Finding:
    """What a check says of a stream.

    Attributes:
        stream: Its name.
        verdict: The word for it.
        shape: The shape of its answers, in words.
        rows: The number of rows on its first page.
        new_fields: Fields without a column, as far as Act-On's documents have their names.
        other_fields: How many other fields have no column.
        unused_columns: Columns that no row had a value for.
        unfit: By field how many values did not fit their column.
        behaviors: How the endpoint behaves, by the names of ``RESPECTS``.
        differences: What is not as the tap assumes, a sentence each.
        reason: Why the stream is not offered, empty, or not checked.
    """

    stream: str
    verdict: Verdict = Verdict.RIGHT
    shape: str = ""
    rows: int = 0
    new_fields: list[str] = field(default_factory=list)
    other_fields: int = 0
    unused_columns: list[str] = field(default_factory=list)
    unfit: dict[str, int] = field(default_factory=dict)
    behaviors: dict[str, Behavior] = field(
        default_factory=lambda: dict.fromkeys(RESPECTS, Behavior.NONE)
    )
    differences: list[str] = field(default_factory=list)
    reason: str = ""

    def differs(self, sentence: str) -> None:
        """Take note of something that is not as the tap assumes."""
        if sentence not in self.differences:
            self.differences.append(sentence)
        self.verdict = Verdict.DIFFERS

    def note(self, respect: str, behavior: Behavior, problem: str = "") -> None:
        """Take note of how the endpoint behaves in a respect, and of what is wrong there."""
        self.behaviors[respect] = max(self.behaviors[respect], behavior, key=WEIGHTS.index)
        if problem:
            self.differs(problem)


REASONS: Sequence[tuple[type[ActOnError], str]] = (
    (NoKeyError, "no row of an answer has its key"),
    (NoAccountNumberError, "Act-On does not report the account's number; set account_id"),
    (NotRoutedError, "the host does not know the path"),
    (NotAvailableError, "not offered to this account"),
    (GoneError, "deleted in Act-On"),
    (GivenUpError, "no complete answer came"),
    (ActOnError, "it could not be read; the log says why"),
)
"""What is said of a call that failed without an answer, by the kind of its error; the first that
fits counts."""


def reason_of(problem: ActOnError, answer: Exchange | None) -> str:
    """Say why a call failed, without the ids that the sentence of an error may have.

    Args:
        problem: How it failed.
        answer: The answer that says so, where one came.
    """
    if answer is None or isinstance(problem, NoKeyError):
        return next(words for kind, words in REASONS if isinstance(problem, kind))
    return f"the answer is {shape_of(answer)}" if is_answer(answer) else refusal_of(answer)


def finding_of(sample: Sample) -> Finding:
    """Judge the sample of a stream."""
    found = Finding(sample.stream.name)
    first = next((page for page in sample.pages if page.response.rows), None)
    if first is not None:
        _judge_pages(found, sample, first)
    elif sample.problem is not None and not (
        sample.pages and isinstance(sample.problem, GoneError)
    ):
        _judge_absence(found, sample, sample.problem)
    elif sample.pages:
        found.verdict, found.reason = Verdict.EMPTY, "no rows came"
    else:
        found.verdict = Verdict.NOT_CHECKED if sample.left_out else Verdict.EMPTY
        found.reason = sample.left_out or sample.idle
    return found


def _judge_absence(found: Finding, sample: Sample, problem: ActOnError) -> None:
    """Say why no rows came."""
    last = sample.refusal
    found.reason = reason_of(problem, last)
    if sample.above:
        found.reason = f"{sample.above}: {found.reason}"
    is_shared = isinstance(problem, NotAvailableError | StreamFailedError)
    if not (sample.has_requested or is_shared):
        # What would name its items could not be read.
        found.verdict = Verdict.NOT_CHECKED
        return
    is_missing = isinstance(problem, NotFoundError) and not sample.stream.item
    if isinstance(problem, GoneError):
        found.verdict = Verdict.EMPTY
        found.reason = f"deleted in Act-On, each of the {sample.gone} requested ({found.reason})"
    elif isinstance(problem, NotAvailableError) or is_missing:
        found.verdict = Verdict.NOT_OFFERED
    elif isinstance(problem, NoKeyError):
        found.differs("No row of the answer has its key.")
    elif last is not None and is_answer(last):
        found.differs(f"The tap cannot read the answer: it is {shape_of(last)}.")
    elif last is not None and not isinstance(problem, GivenUpError):
        found.differs(f"Act-On refuses the call: {found.reason}.")
    else:
        found.verdict = Verdict.FAILED


def _judge_pages(found: Finding, sample: Sample, first: SampledPage) -> None:
    """Say what the pages hold, and how they behave."""
    stream = sample.stream
    found.rows = len(first.response.rows)
    _judge_shape(found, sample, first)
    _judge_fields(found, sample)
    _judge_zone(found, sample)
    for query in {id(page.response.query): page.response.query for page in sample.pages}.values():
        of_query = [page for page in sample.pages if page.response.query is query]
        if stream.paging is not None and any(len(page.response.rows) for page in of_query):
            _judge_paging(found, sample, *of_query)
    if isinstance(sample.problem, NoKeyError):
        found.differs("No row of an answer has its key.")
    elif sample.problem is not None and not isinstance(sample.problem, GoneError):
        found.differs(
            f"Not all that was requested came: {reason_of(sample.problem, sample.refusal)}."
        )


def _judge_shape(found: Finding, sample: Sample, first: SampledPage) -> None:
    stream = sample.stream
    fields = set(first.response.rows[0])
    if isinstance(first.response.rows, ListPage):
        fields |= {*first.response.rows.headers}
    is_older = isinstance(stream, AudienceStream) and stream.is_older
    if not stream.is_documented:
        shape = _undocumented_shape(sample, first)
        found.shape = f"the older edition's, {shape}" if is_older else shape
    elif wrapped := _wrapped(sample, first):
        found.shape = wrapped
        found.differs(f"The documentation has another shape than {wrapped}; the rows are read.")
    else:
        found.shape = "the older edition's" if fields & OLDER_NAMES else "as documented"


def _undocumented_shape(sample: Sample, first: SampledPage) -> str:
    """Return in words where the stream has found the rows."""
    for exchange in filter(is_answer, sample.exchanges):
        if is_html(exchange):
            return shape_of(exchange)
        with suppress(CallError, UnknownShapeError):
            found = sample.stream.extracted(decoded(exchange), first.response.query)
            if found.rows and found.shape:
                return layout_of(found)
    return ""


def _wrapped(sample: Sample, first: SampledPage) -> str:
    """Describe an answer in which the one documented object stands in another one."""
    stream, row = sample.stream, first.response.rows[0]
    is_one_row = isinstance(stream.extract, OneRow)
    if not is_one_row or type(stream).extracted is not ActOnStream.extracted:
        return ""
    for exchange in filter(is_answer, sample.exchanges):
        with suppress(CallError):
            payload = decoded(exchange)
            names = [*payload] if isinstance(payload, dict) else []
            if payload != row and not names_any(stream.schema, names):
                return layout_of(Undocumented()(payload))
    return ""


def _judge_fields(found: Finding, sample: Sample) -> None:
    """Find the new fields, the unused columns, and what did not fit."""
    stream, records = sample.stream, sample.records
    new: dict[str, None] = {}
    for record in records:
        for name in record.get(EXTRA_FIELDS) or {}:
            if names_any(stream.schema, [name]):
                shown = documented_name(name) or OTHER
                found.unfit[shown] = found.unfit.get(shown, 0) + 1
            else:
                new[name] = None
    found.new_fields = [*filter(documented_name, new)]
    found.other_fields = len(new) - len(found.new_fields)
    own = set() if stream.found is None else {*stream.found.names.values()}
    given = {name for page in sample.pages for name in page.response.query.given}
    for column in stream.schema["properties"]:
        is_filled = any(record.get(column) not in (None, "", []) for record in records)
        if not is_filled and column not in {EXTRA_FIELDS, *own, *given}:
            found.unused_columns.append(column)
    if new:
        names = ", ".join([*found.new_fields, *others(found.other_fields)])
        found.differs(f"New fields are kept in extra_fields alone: {names}.")
    if found.unfit:
        names = ", ".join(found.unfit)
        found.differs(f"Values that do not fit their column are kept in extra_fields: {names}.")
    if stream.report.has_keyless:
        found.differs("Rows come without their key; one is made of their values.")


def _judge_zone(found: Finding, sample: Sample) -> None:
    """Compare the spellings of the same timestamp, one of which may depend on a zone."""
    pairs = [pair for page in sample.pages for pair in _spellings(sample.stream, page)]
    if unlike := sorted({name for name, is_same in pairs if not is_same}):
        problem = f"Two spellings of a timestamp stand for different times: {', '.join(unlike)}."
        found.note("time_zone", Behavior.OTHERWISE, problem)
    elif pairs:
        found.note("time_zone", Behavior.AS_ASSUMED)


def _spellings(stream: ActOnStream, page: SampledPage) -> Iterator[tuple[str, bool]]:
    """Yield the columns with two spellings in a row, and whether both are of the same minute."""
    for column, definition in stream.schema["properties"].items():
        names = [name for name in definition.get(NAMES, ()) if "/" not in name]
        if definition.get("format") != "date-time" or len(names) < 2:  # noqa: PLR2004 - a pair
            continue
        convert, units = converter(column, definition, stream.run.zone), EpochUnits()
        rows = [*page.response.rows]
        spelled = [units.in_milliseconds(name, [row.get(name) for row in rows]) for name in names]
        for values in zip(*spelled, strict=True):
            minutes = [_minute(convert, value) for value in values if value is not None]
            known = [minute for minute in minutes if minute]
            if len(known) > 1:
                yield column, len(set(known)) == 1


def _minute(convert: Convert, value: Any) -> str:
    """Return the minute of a timestamp; empty where it is none, or has no year."""
    try:
        return (convert(value) or "")[:SAME_MINUTE]
    except Unconvertible:
        return ""


def _judge_paging(found: Finding, sample: Sample, first: SampledPage, *others: SampledPage) -> None:
    """Judge the first page of a query, and the second where one was requested."""
    stream, rows = sample.stream, [*first.response.rows]
    second = [*others[0].response.rows] if others else []
    has_border = _has_border(stream, len(rows)) and second[:1] == rows[-1:]
    further = second[1:] if has_border else second
    if stream.paging is not None and not stream.paging.is_optional:
        _judge_size(found, first, has_further=bool(further) and further != rows)
    problem = _paging_problem(stream, rows, second) if others else ""
    if not problem:
        _judge_totals(found, first, [one.response.total for one in others[:1]], further)
    if not others:
        found.note("paging", Behavior.UNKNOWN)
    else:
        found.note("paging", Behavior.OTHERWISE if problem else Behavior.AS_ASSUMED, problem)


def _has_border(stream: ActOnStream, rows: int) -> bool:
    """Return whether the second page was to begin with the last row of the first."""
    paging = stream.paging
    return paging is not None and paging.overlaps and not paging.is_optional and rows > 1


def _judge_size(found: Finding, first: SampledPage, *, has_further: bool) -> None:
    requested, rows = first.response.page.count, len(first.response.rows)
    behavior, problem = Behavior.OTHERWISE, ""
    if rows > requested:
        problem = f"A page has more rows than requested: {rows:,} in place of {requested:,}."
    elif rows < requested and has_further:
        problem = f"A page is cut: {rows:,} rows came in place of {requested:,}."
    else:
        behavior = Behavior.AS_ASSUMED if rows == requested else Behavior.UNKNOWN
    found.note("page_size", behavior, problem)


def _judge_totals(
    found: Finding, first: SampledPage, later: list[int | None], further: list[Any]
) -> None:
    """Say whether totals count all rows, as far as two pages can show it."""
    total, rows, page = first.response.total, len(first.response.rows), first.response.page
    if total is None:
        return
    problem = ""
    if [total] != [total, *later][-1:]:
        problem = "The total is another one on the second page."
    elif total < rows + len(further):
        problem = "The total is smaller than the number of rows that came."
    elif total > rows and later and not further:
        problem = "The total counts more rows than come."
    is_proven = bool(later) or not rows >= page.count > 0
    behavior = Behavior.AS_ASSUMED if is_proven else Behavior.UNKNOWN
    found.note("total", Behavior.OTHERWISE if problem else behavior, problem)


def _paging_problem(stream: ActOnStream, first: list[Any], second: list[Any]) -> str:
    """Return what is wrong with a second page, in a sentence; empty for nothing."""
    if second == first:
        return "The second page holds the same rows as the first: its place is ignored."
    if _has_border(stream, len(first)):
        if not second:
            return "The second page is empty, though the last row of the first was requested again."
        if second[0] != first[-1]:
            return "The second page does not begin where the first ends: rows may have moved."
    elif any(row in first for row in second):
        return "Rows of the first page come again on the second."
    return ""
