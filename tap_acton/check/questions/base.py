"""What a question is, what it may look at, and what an answer says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_acton.api.pagination import FIRST_PAGE, Page
from tap_acton.check.findings import Behavior
from tap_acton.check.samples import exchanges_of
from tap_acton.check.shapes import decoded, is_answer
from tap_acton.errors import CallError, GivenUpError
from tap_acton.records.timestamps import milliseconds_of
from tap_acton.streams.lists.rows import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_acton.api.exchange import Exchange
    from tap_acton.check.samples import Sample, SampledPage
    from tap_acton.records.reader import Record
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Query, Response

LARGEST_PAGE = 1000
"""More rows than that are requested nowhere: the largest page of ``/api/1`` (2024 edition)."""

FEW_ROWS = 3
"""It takes so many rows to show an order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an account says to a question.

    Attributes:
        words: The answer, without any value.
        is_assumed: Whether it is what the tap assumes; None where the tap takes any answer, or
            the account's data say nothing.
        is_known: Whether the account's data say anything.
        has_failed: Whether a call failed for a reason that may pass.
        filters: What the answer says of a stream's date filter.
    """

    words: str
    is_assumed: bool | None = None
    is_known: bool = True
    has_failed: bool = False
    filters: Mapping[str, Behavior] | None = None


def unknown(why: str) -> Answer:
    """Return the answer that the account's data give none."""
    return Answer(f"This account cannot say: {why}.", is_known=False)


class Samples:
    """What a question may look at, and request besides.

    Args:
        tap: Whose streams make the calls.
        samples: The samples by stream.
        exchanges: What the recorder of the run gets.
        largest_page: The page size that runs are set to.
    """

    def __init__(
        self,
        tap: ActOnTap,
        samples: Mapping[str, Sample],
        exchanges: Sequence[Exchange],
        largest_page: int,
    ) -> None:
        self.tap = tap
        self.of = samples
        self.largest_page = largest_page
        self.all_exchanges = exchanges

    def pages(self, name: str) -> list[SampledPage]:
        """Return the sampled pages of a stream that have rows; none where it was not read."""
        sample = self.of.get(name)
        return [] if sample is None else [one for one in sample.pages if one.response.rows]

    def records(self, name: str) -> list[Record]:
        """Return the sampled records of a stream."""
        return [record for page in self.pages(name) for record in page.records]

    def exchanges(self, name: str) -> list[Exchange]:
        """Return the calls that were made for the sample of a stream."""
        sample = self.of.get(name)
        return [] if sample is None else sample.exchanges

    def answer(self, path: str, *names: str) -> dict[str, Any]:
        """Return the object that was answered to a call for one of some streams; empty for none."""
        for exchange in chain.from_iterable(map(self.exchanges, names)):
            with suppress(CallError):
                if exchange.path == path and is_answer(exchange):
                    payload = decoded(exchange)
                    return payload if isinstance(payload, dict) else {}
        return {}

    def fetch(self, name: str, query: Query, page: Page = FIRST_PAGE) -> Response:
        """Request a page in the name of a stream; a refusal is part of the response.

        Raises:
            GivenUpError: If the call fails again and again.
        """
        response: Response = self.tap.stream(name).fetch(query, page)
        if isinstance(response.problem, GivenUpError):
            raise response.problem
        return response

    def records_of(self, name: str, response: Response) -> list[Record]:
        """Make records of the rows of a page."""
        if not response.rows:
            return []
        batches = self.tap.stream(name).batches(response.rows, response.query)
        return [record for batch in batches for record in batch]

    def last(self, name: str) -> Exchange | None:
        """Return the latest call for a stream, with its answer."""
        return next(reversed(exchanges_of(self.tap.stream(name), self.all_exchanges)), None)


Ask: TypeAlias = Callable[[Samples], Answer]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the documentation leaves open.

    Attributes:
        name: Its name in the report, and for machines.
        text: The question.
        streams: The streams whose samples answer it.
        ask: Answers it.
        calls: How many calls it makes at most, if Act-On refuses none.
    """

    name: str
    text: str
    streams: tuple[str, ...]
    ask: Ask
    calls: int = 0


def question(text: str, *streams: str, calls: int = 0) -> Callable[[Ask], Question]:
    """Make a question of the function that answers it, with the function's name."""
    return lambda ask: Question(ask.__name__, text, streams, ask, calls)


def middle_of(timestamps: Iterable[str | None]) -> str | None:
    """Return the middle one of different timestamps; None if there are too few."""
    times = sorted({one for one in timestamps if one})
    return times[len(times) // 2] if len(times) >= FEW_ROWS else None


@dataclass(frozen=True, slots=True)
class DateFilter:
    """A call with a date filter that takes a stream's rows from the middle one on.

    Attributes:
        stream: The name of the stream.
        unit: The unit that was sent.
        middle: The timestamp of the middle row.
        expected: A timestamp whose row has to pass.
    """

    stream: str
    unit: str
    middle: str
    expected: str


def effect_of(
    tried: DateFilter, whole: Response, filtered: Response, times: Sequence[str]
) -> Answer:
    """Say what a date filter does.

    Args:
        tried: The filter.
        whole: A page without it.
        filtered: The page with it.
        times: The timestamps of that page's rows.
    """
    is_full = len(filtered.rows) >= filtered.page.count
    if filtered.problem is not None:
        words = "It is refused."
    elif any(_is_before(one, tried.middle) for one in times):
        words = "It is ignored: earlier rows come, too."
    elif not is_full and tried.expected not in times:
        words = "It leaves out rows that it should not."
    else:
        counts_all = filtered.total == whole.total and whole.total is not None
        counted = "all rows" if counts_all else "the rows that pass"
        words = f"It works, in {tried.unit}; the total counts {counted}."
        return Answer(words, is_assumed=True, filters={tried.stream: Behavior.AS_ASSUMED})
    return Answer(words, is_assumed=False, filters={tried.stream: Behavior.OTHERWISE})


MINUTE = 60 * SECOND
"""Some timestamps have no seconds."""


def _is_before(timestamp: str, other: str) -> bool:
    """Return whether a timestamp is certainly earlier."""
    return bool(timestamp) and milliseconds_of(timestamp) < milliseconds_of(other) - MINUTE
