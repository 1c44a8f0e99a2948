"""Rows that come as pages of JSON, or in one call as a CSV file where that saves calls.

Neither the headers of Act-On's CSV nor its spelling of values are documented. So the first
page is always asked for as JSON, and a file is used only once all of it is there and has
proved to hold what JSON holds: the same columns, the same first rows, and no fewer rows than
the page's total. Nothing of it is emitted before, so JSON can take its place at any time.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tap_acton.errors import (
    CallError,
    GoneError,
    RejectedCallError,
    StreamFailedError,
    UnreachableError,
)
from tap_acton.records.reader import batched
from tap_acton.streams.base.csv_download import CsvFile
from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.sync.answers import Answer, Query
from tap_acton.sync.forecast import pages_of
from tap_acton.sync.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.api.old_pagination import Page
    from tap_acton.records.dynamic_columns import FoundStream
    from tap_acton.records.reader import Row
    from tap_acton.streams.base.stream import ActOnTap
    from tap_acton.sync.fan_out import Outcome

MakeRow: TypeAlias = "Callable[[list[str]], Row]"

FEW_PAGES = 2
"""So many further pages are asked for as JSON, unless all is to be CSV: a file that proves to
be of no use costs two calls, which is to be less than what it may save."""

MOST_REFUSALS = 3
"""After so many files of no use, none is asked for any more in a run."""

DOWNLOAD_TRIES = 2
"""How often a file is asked for where pages of JSON can take its place."""


class UnlikeJsonError(Exception):
    """A CSV file does not hold what JSON holds.

    Args:
        sentence: In what they differ; never anything that stands in the file.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class RowMaker(NamedTuple):
    """How rows are made of the cells of a file; the first of two steps shows whether they can.

    Attributes:
        arrange: Brings the cells into the order of the JSON; raises :class:`ValueError` for
            cells of which it is not certain how JSON would hold them.
        finish: Makes rows, as :meth:`~ActOnStream.rows` gives them, of what that returns.
    """

    arrange: Callable[[list[str]], Any]
    finish: Callable[[list[Any]], Sequence[Row]]


class BulkStream(ActOnStream):
    """A stream whose pages of JSON may be replaced by a CSV file."""

    has_pages = True

    def __init__(self, tap: ActOnTap, found: FoundStream | None = None) -> None:
        super().__init__(tap, found)
        self._refusals: Counter[str] = Counter()
        self._paged: set[str] = set()

    # What a stream says of its files

    @abstractmethod
    def row_maker(self, headers: Sequence[str], answer: Answer) -> RowMaker:
        """Say how rows are made of the cells of a file.

        Args:
            headers: The headers of the file.
            answer: The page of JSON.

        Returns:
            What makes a row as :meth:`rows` gives it; it raises :class:`ValueError` for
            cells of which it is not certain how JSON would hold them.

        Raises:
            ValueError: If the headers are not those of the JSON.
        """

    @abstractmethod
    def is_same(self, row: Row, expected: Row, answer: Answer) -> bool:
        """Compare a row of a file with that of JSON.

        Args:
            row: The row of the file.
            expected: The row of JSON.
            answer: The page of JSON.

        Returns:
            Whether they give the same record.
        """

    def kind_of(self, query: Query) -> str:  # noqa: ARG002
        """Say which files are alike, so that some of no use tell of the others.

        Args:
            query: What is asked.

        Returns:
            The kind; all of a stream are of one, unless it says otherwise.
        """
        return ""

    def needs_csv(self, answer: Answer) -> bool:  # noqa: ARG002
        """Tell whether JSON cannot hold all that is asked for.

        Args:
            answer: The page of JSON.

        Returns:
            Whether only a file can.
        """
        return False

    def saves_calls(self, answer: Answer, further: int) -> bool:
        """Tell whether a file is to replace the further pages.

        Args:
            answer: The page of JSON.
            further: How many pages would follow it.

        Returns:
            Whether the settings want it, and there has been no cause to doubt it.
        """
        return (
            self._are_many(further)
            and answer.total is not None
            # A test wants one record, not all of them.
            and self.ABORT_AT_RECORD_COUNT is None
            and self._refusals[self.kind_of(answer.query)] < MOST_REFUSALS
        )

    def calls_for(self, rows: int) -> int:
        """Foresee the calls of a query.

        Args:
            rows: How many rows it gives.

        Returns:
            One per page, or one for the first of them and one for a file.
        """
        further = pages_of(rows, self.run.settings.page_size) - 1
        return 2 if self._are_many(further) else 1 + further

    def _are_many(self, further: int) -> bool:
        """Tell whether the settings want a file in place of so many further pages."""
        bulk_format = self.run.settings.bulk_format
        return bulk_format != "json" and further > (0 if bulk_format == "csv" else FEW_PAGES)

    def csv_refused(self, answer: Answer) -> None:
        """Take note that JSON has to do.

        Args:
            answer: The page of JSON.
        """

    # How a file is read

    def ask(self, query: Query, page: Page) -> Outcome[Answer]:
        """Ask for a page; where that is better, for a file in place of those behind it.

        Args:
            query: What is asked.
            page: The page.

        Returns:
            The answer and the tasks that it leads to.
        """
        answer, further = super().ask(query, page)
        further = list(further)
        is_needed = self.needs_csv(answer)
        is_first = not page.offset and query.subject not in self._paged
        if not is_needed and not (is_first and self.saves_calls(answer, len(further))):
            return answer, further
        kind = self.kind_of(query)
        try:
            pages = self._pages_of_file(answer, tries=None if is_needed else DOWNLOAD_TRIES)
        except UnlikeJsonError as error:
            sentence = error.sentence
        except (CallError, StreamFailedError, UnreachableError) as error:
            if is_needed:
                if isinstance(error, (GoneError, RejectedCallError)):
                    return Answer(query, gone=error), ()
                raise
            sentence = error.sentence
        else:
            self._refusals[kind] = 0
            self.save_calls("by csv", max(0, len(further) - 1))
            return self._take(Answer(query, total=answer.total), pages)
        self.log("%s It is read as JSON.", sentence)
        self._refusals[kind] += 1
        self._paged.add(query.subject)
        self.csv_refused(answer)
        # Rows may have moved between the pages while the file was on its way.
        return Answer(query), [self.task(query)]

    def _take(self, file: Answer, pages: Iterator[Sequence[Row]]) -> Outcome[Answer]:
        """Take rows of a file, and leave the others to the next task."""
        rows = next(pages, [])
        return replace(file, rows=rows), [partial(self._take, file, pages)] if rows else ()

    def _pages_of_file(self, answer: Answer, tries: int | None) -> Iterator[Sequence[Row]]:
        """Ask for a file, make sure that it holds what JSON holds, and give its rows."""
        query = answer.query
        subject = self.subject(query)
        call = self.call(query, {**query.parameters, "responseformat": "CSV"})
        try:
            file = CsvFile()
            self.run.client.download(call, file.content, tries)
            rows = file.rows()
            maker = self.row_maker(next(rows, []), answer)
            spool = Spool()
            count = self._keep_proven(map(maker.arrange, rows), maker, answer, spool)
            pieces = spool.take()
        except ValueError:
            raise UnlikeJsonError(
                f"{subject}: Act-On's CSV does not hold what its JSON holds."
            ) from None
        except OSError:
            raise StreamFailedError(
                f"{subject}: the folder for temporary files has no room for Act-On's CSV."
            ) from None
        if answer.total is not None and count < answer.total:
            raise UnlikeJsonError(
                f"{subject}: Act-On's CSV holds {count:,} of {answer.total:,} rows."
            )
        return map(maker.finish, pieces)

    def _keep_proven(
        self, rows: Iterable[Any], maker: RowMaker, answer: Answer, spool: Spool
    ) -> int:
        """Keep the rows of a file, of which the first have to be those of the page."""
        count = 0
        for some in batched(rows):
            expected = answer.rows[count : count + len(some)]
            found = maker.finish(some[: len(expected)])
            if not all(
                self.is_same(row, other, answer) for row, other in zip(found, expected, strict=True)
            ):
                raise ValueError
            spool.add(some)
            count += len(some)
            self.run.stop.check()
        return count


def object_maker(headers: Sequence[str], page: Sequence[Row]) -> MakeRow:
    """Say how the cells of a CSV file make the objects that JSON has.

    CSV has one spelling for an empty text and for none at all. The fields of the page tell
    which of them JSON has; where they do not, JSON has to be asked.

    Args:
        headers: The headers of the file.
        page: The first objects, as JSON has them.

    Returns:
        What makes a row of cells; it raises :class:`ValueError` for cells that JSON could
        hold in more than one way.

    Raises:
        ValueError: If the headers are not the names of the fields, or JSON has both
            empty texts and none in the same field.
    """
    places = {header: place for place, header in enumerate(headers)}
    names = list(dict.fromkeys(name for row in page for name in row))
    has_empty = {name for name in names if any(row.get(name) == "" for row in page)}
    has_none = {name for name in names if any(row.get(name) is None for row in page)}
    if len(places) < len(headers) or not places.keys() >= set(names) or has_empty & has_none:
        raise ValueError
    fields = [(name, places[name]) for name in names]
    others = sorted(set(places.values()) - {place for _, place in fields})

    def make(cells: list[str]) -> Row:
        if len(cells) != len(headers) or any(cells[place] for place in others):
            raise ValueError
        row = {name: cells[place] for name, place in fields}
        for name in [name for name, cell in row.items() if not cell]:
            if name in has_none:
                del row[name]
            elif name not in has_empty:
                raise ValueError
        return row

    return make
