"""One CSV file in place of the pages of a query, where that saves calls.

Neither the headers of Act-On's CSV nor its spelling of values are documented. So the first page
is always requested as JSON, and a file is used only once all of it is here and has proved to hold
what JSON holds: the same columns in each row, text in UTF-8, the same first rows, a whole last one,
and as many rows as the page's total. Nothing of it is emitted before, so JSON can take its place at
any time; and so it does if keys come twice, which shows behind that.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from tap_acton.errors import CallError, StreamFailedError
from tap_acton.records.list_table import csv_rows
from tap_acton.records.reader import BATCH_SIZE
from tap_acton.sync.forecast import pages_of
from tap_acton.sync.query import Query, Response
from tap_acton.sync.spool import Spool, unnamed_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Record, Row
    from tap_acton.streams.base.stream import ActOnStream

FEW_PAGES = 2
"""So many further pages are requested as JSON, unless all is to be CSV: a file that proves to be
of no use costs two calls, which is to be less than what it may save."""

MOST_REFUSALS = 3
"""After so many files of no use, none of their kind is requested any more in a run."""

DOWNLOAD_TRIES = 2
"""How often a file is requested where pages of JSON can take its place."""

BLOCK = 2**16
"""Bytes that are read from a file at once."""

LONGEST_ROW = 2**19
"""Characters of the longest row that is read, more or less by a block: a longer one is none."""

MOST_COLUMNS = 10_000
"""A row of more cells is none of a list either, and a hundred of them would fill the memory."""

LONGEST_PORTION = 2**20
"""Characters, more or less, of the rows that are in memory at once while a file is checked."""

Made = TypeVar("Made")
Fetch: TypeAlias = "Callable[[Query, Page], Response]"


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
        arrange: Brings the cells of a row into the order of the JSON; what it returns waits on
            the disk. Raises :class:`ValueError` for cells that JSON may hold in another way.
        finish: Makes rows as JSON has them of some of what that returns.
    """

    arrange: Callable[[list[str]], Any]
    finish: Callable[[list[Any]], Sequence[Row]]


class Proof(Protocol):
    """What the first page of JSON says of the file for the same query.

    Attributes:
        kind: Files of one kind are alike: some of no use say the same of the others.
        is_needed: Whether JSON cannot hold all there is, so that only a file can.
    """

    kind: str
    is_needed: bool

    def row_maker(self, headers: Sequence[str]) -> RowMaker:
        """Return what makes rows; raises ValueError if the headers are not those of the JSON."""

    def is_same(self, row: Row, expected: Row) -> bool:
        """Return whether a row of the file and one of the page make the same record."""


class CsvDownload:
    """Replaces the pages of a query by one file; used by the worker threads.

    Args:
        stream: The stream.
        fetch: Requests a page as JSON.
        proof_of: Gives what the first page proves a file with; None where nothing can.
    """

    def __init__(
        self, stream: ActOnStream, fetch: Fetch, proof_of: Callable[[Response], Proof | None]
    ) -> None:
        self._stream = stream
        self._fetch = fetch
        self._proof_of = proof_of
        self._refusals: Counter[str] = Counter()
        self._tried: set[tuple[Any, ...]] = set()

    def calls_for(self, rows: int) -> int:
        """Foresee the calls for so many rows: one a page, or one for the first and one for CSV."""
        size = self._stream.run.settings.page_size
        further = pages_of(rows, size) - 1
        if self._are_many(further):
            return 2
        is_full = rows > 0 and not rows % size  # behind a full page another one is requested
        return 1 + further + is_full

    def fetch(self, query: Query, page: Page) -> Response:
        """Request a page; where that saves calls, a file in place of it and those behind it.

        Returns:
            The page, or all rows of the query, which wait on the disk. A file of no use costs
            the first page a second time, as rows may have moved while the file was on its way.

        Raises:
            ActOnError: If the failure concerns more than this query.
        """
        return self._or_file(self._fetch(query, page))

    def _or_file(self, response: Response) -> Response:
        query, page = response.query, response.page
        if page.offset or page.end is not None or not response.rows:
            return response
        size = len(response.rows)
        further = 0 if response.total is None else pages_of(response.total, size) - 1
        proof = self._proof_of(response)
        request = (query.path, *query.parameters.items(), response.total)
        if proof is None or request in self._tried or not self._pays(proof, further):
            return response
        self._tried.add(request)
        try:
            rows = self._download(response, proof)
        except (CallError, StreamFailedError) as error:
            if proof.is_needed:
                if isinstance(error, CallError):
                    return Response(query, response.page, problem=error)
                raise
            reason = error.sentence
        except UnlikeJsonError as error:
            reason = error.sentence
        else:
            self._refusals[proof.kind] = 0
            self._stream.save_calls("by csv", max(0, further - 1))
            # It can only be gone through, which is all that is done with the rows of a file.
            return replace(response, rows=cast("Sequence[Row]", rows), is_file=True)
        self._stream.log("%s It is read as JSON.", reason)
        self._refusals[proof.kind] += 1
        again = self._fetch(query, page)
        # Meanwhile the total may have proved to count further rows, which no file holds.
        return again if again.total is not None else self._or_file(again)

    def _pays(self, proof: Proof, further: int) -> bool:
        """Whether a file is worth a call, or the only way."""
        # A test wants one record, not all of them.
        is_test = self._stream.ABORT_AT_RECORD_COUNT is not None
        is_doubtful = self._refusals[proof.kind] >= MOST_REFUSALS
        return proof.is_needed or (self._are_many(further) and not (is_test or is_doubtful))

    def _are_many(self, further: int) -> bool:
        """Whether the settings want a file in place of so many further pages."""
        bulk_format = self._stream.run.settings.bulk_format
        return bulk_format != "json" and further > (0 if bulk_format == "csv" else FEW_PAGES)

    def _download(self, page: Response, proof: Proof) -> FileRows:
        """Request a file, and make sure that it holds what JSON holds."""
        stream, query = self._stream, page.query
        subject = stream.subject(query)
        call = stream.call(query, page.page)
        call = replace(call, parameters={**query.parameters, "responseformat": "CSV"})
        try:
            file = CsvFile()
            tries = None if proof.is_needed else DOWNLOAD_TRIES
            stream.run.client.download(call, file.content, tries)
            rows = self._proven(file, page, proof)
        except ValueError:
            raise UnlikeJsonError(
                f"{subject}: Act-On's CSV does not hold what its JSON holds."
            ) from None
        except OSError:
            raise StreamFailedError(
                f"{subject}: the folder for temporary files has no room for Act-On's CSV."
            ) from None
        if page.total is not None and len(rows) != page.total:
            raise UnlikeJsonError(
                f"{subject}: Act-On's CSV holds {len(rows):,} of {page.total:,} rows."
            )
        if file.has_open_end and not proof.is_needed:
            self._prove_end(rows, page, proof)
        return rows

    def _prove_end(self, rows: FileRows, page: Response, proof: Proof) -> None:
        """Compare the last row with JSON where nothing says that its last cell is whole."""
        place = len(rows) - 1
        response = self._fetch(page.query, replace(page.page, offset=place, end=place + 1))
        if response.problem is not None:
            raise response.problem
        if len(response.rows) != 1 or not proof.is_same(rows.last, response.rows[0]):
            raise UnlikeJsonError(
                f"{self._stream.subject(page.query)}: the end of Act-On's CSV is missing."
            )

    def _proven(self, file: CsvFile, page: Response, proof: Proof) -> FileRows:
        """Keep the rows of a file; raises ValueError if the first are not those of the page."""
        # JSON cannot take the place of a file that is needed.
        lines = file.rows("replace" if proof.is_needed else "strict")
        maker = proof.row_maker(next(lines, []))
        rows = FileRows(maker.finish)
        for cells in file.portions(map(maker.arrange, lines)):
            expected = page.rows[len(rows) : len(rows) + len(cells)]
            if not all(map(proof.is_same, maker.finish(cells[: len(expected)]), expected)):
                raise ValueError
            rows.add(cells)
            self._stream.run.stop.check()
        rows.flush()
        return rows


class FileRows(Collection["Row"]):
    """The rows of a file, on the disk: gone through in order, as often as they are wanted.

    Args:
        finish: Makes rows of what is kept of them.
    """

    def __init__(self, finish: Callable[[list[Any]], Sequence[Row]]) -> None:
        self._finish = finish
        self._pieces = Spool()
        self._count = 0
        self._last: list[Any] = []

    def add(self, cells: list[Any]) -> None:
        """Keep rows, which JSON can hold; raises OSError if the disk has no room for them."""
        self._pieces.add(cells)
        self._count += len(cells)
        self._last = cells[-1:]

    def flush(self) -> None:
        """Write what is still in the memory; raises OSError if the disk has no room for it."""
        self._pieces.flush()

    def pieces(self) -> Iterator[Sequence[Row]]:
        """Give the rows some at a time, as they were added."""
        return map(self._finish, self._pieces)

    @property
    def last(self) -> Row:
        """The last row."""
        (row,) = self._finish(self._last)
        return row

    def __len__(self) -> int:
        """The number of rows."""
        return self._count

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return chain.from_iterable(self.pieces())

    def __contains__(self, row: object) -> bool:
        """Whether a row is among them."""
        return any(row == each for each in self)


class ObjectProof:
    """What a page of JSON objects says of the file for the same query.

    CSV has one spelling for an empty text and for none at all. The fields of the page say which
    of them JSON has; where they do not, only JSON will do.

    Args:
        page: The first objects, as JSON has them.
        record_of: Makes the record of a row: one has numbers where the other has texts.
        kind: Files of one kind are alike.
    """

    is_needed = False

    def __init__(
        self, page: Sequence[Row], record_of: Callable[[Row], Record], kind: str = ""
    ) -> None:
        self._page = page
        self._record_of = record_of
        self.kind = kind

    def row_maker(self, headers: Sequence[str]) -> RowMaker:
        """Return what makes objects of cells.

        Raises:
            ValueError: If the headers are not the names of the fields, or JSON has both empty
                texts and none in the same field.
        """
        page = self._page
        places = {header: place for place, header in enumerate(headers)}
        names = list(dict.fromkeys(name for row in page for name in row))
        cells = [cell for row in page for cell in row.items()]
        has_empty = {name for name, value in cells if value == ""}
        numbers = Counter(name for name, value in cells if value is not None)
        has_none = {name for name in names if numbers[name] < len(page)}
        if len(places) < len(headers) or not places.keys() >= {*names} or has_empty & has_none:
            raise ValueError
        fields = [(name, places[name]) for name in names]
        others = sorted({*places.values()} - {place for _, place in fields})

        def arrange(cells: list[str]) -> Row:
            if any(cells[place] for place in others):
                raise ValueError
            row = {name: cells[place] for name, place in fields}
            for name in [name for name, cell in row.items() if not cell]:
                if name in has_none:
                    del row[name]
                elif name not in has_empty:
                    raise ValueError
            return row

        return RowMaker(arrange, finish=lambda rows: rows)

    def is_same(self, row: Row, expected: Row) -> bool:
        """Return whether both make the same record."""
        return self._record_of(row) == self._record_of(expected)


class CsvFile:
    """A CSV file on the disk, which may be larger than the memory: read block by block.

    Attributes:
        content: What it is written to.
        has_open_end: Once it was read, whether its last line lacks its end.
    """

    def __init__(self) -> None:
        self.content = unnamed_file(self)
        self.has_open_end = False
        self._read = self._row_begins = 0  # in characters

    def rows(self, errors: str = "strict") -> Iterator[list[str]]:
        """Read the file from its beginning, as a text in memory would be read.

        Args:
            errors: What becomes of bytes that are not UTF-8: ``strict`` or ``replace``.

        Yields:
            The headers, then the rows, without empty lines.

        Raises:
            ValueError: If it is not CSV, or a row is not as wide as the headers.
        """
        width = 0
        for cells in csv_rows(chain.from_iterable(self._blocks(errors))):
            self._row_begins = self._read
            width = width or len(cells)
            if width > MOST_COLUMNS:
                raise ValueError
            # Which cell is missing, or is too many, cannot be known.
            if len(cells) != width:
                raise ValueError
            yield cells

    def portions(self, rows: Iterable[Made]) -> Iterator[list[Made]]:
        """Return what is made of the rows, some at a time, and fewer if they are long."""
        portion: list[Made] = []
        begin = self._read
        for row in rows:
            portion.append(row)
            if len(portion) == BATCH_SIZE or self._read - begin > LONGEST_PORTION:
                yield portion
                portion, begin = [], self._read
        if portion:
            yield portion

    def _blocks(self, errors: str) -> Iterator[io.StringIO]:
        """Give whole lines, with their ends, and without the character NUL.

        Raises:
            ValueError: If a row does not end, or a byte is not UTF-8.
        """
        self.content.seek(0)
        self._read = self._row_begins = 0
        decoder = codecs.getincrementaldecoder("utf-8-sig")(errors)
        pieces: list[str] = []
        is_over = False
        while not is_over:
            block = self.content.read(BLOCK)
            is_over = not block
            text = decoder.decode(block, is_over)
            self._read += len(text)
            if self._read - self._row_begins > LONGEST_ROW:
                raise ValueError
            lines, end, rest = text.rpartition("\n")
            if end:
                yield _without_nul("".join([*pieces, lines, end]))
                pieces = []
            pieces.append(rest)
        rest = "".join(pieces)
        self.has_open_end = bool(rest)
        yield _without_nul(rest)


def _without_nul(lines: str) -> io.StringIO:
    return io.StringIO(lines.replace("\0", ""), newline="")
