"""Lists as tables: rows of cells under the list's headers, in JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections import defaultdict, deque
from itertools import count, zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_acton.records.ids import fingerprint
from tap_acton.records.values import Unconvertible, is_storable, text, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_acton.records.reader import Row

CONTACT_ID = "_contact_id_"
CREATED = ("created_date", "__created_date")
MODIFIED = ("modified_date", "__modified_date")

FIELDS_IN_JSON = 255
"""The number of fields at which JSON cuts off a list's rows (Act-On reference, 2024 edition)."""

LONGEST_CELL = 2**24
"""The longest cell of a CSV file that is read, in characters.

A quote that is never closed makes one cell of everything after it.
"""


class Columns(NamedTuple):
    """The cells of rows that are as wide as the headers, column by column.

    Attributes:
        system: Act-On's own columns and ``email``, by name.
        own: The list's columns, by name, as texts.
    """

    system: Mapping[str, Sequence[Any]]
    own: Mapping[str, Sequence[str | None]]


class Table:
    """Knows what each cell of a list's rows is.

    Args:
        headers: The headers, as the list's users wrote them.
        email_column: The position of the e-mail address, as the response reports it.
        list_id: The id of the list.
        hides_email: Whether the address is not among the list's columns either.

    Attributes:
        email_header: The header over the e-mail address; None if that is unknown.
        id_place: The position of the contact's id, if a header names it.
        has_contact_id: Whether a header names the contact's id.
        names: The headers of the list's columns, made distinct, without those of Act-On's own.
    """

    def __init__(
        self,
        headers: Sequence[Any],
        email_column: Any,
        list_id: str,
        *,
        hides_email: bool = False,
    ) -> None:
        self._list_id = list_id
        self._email = email_column if isinstance(email_column, int) else -1
        is_known = 0 <= self._email < len(headers)
        self.email_header = str(headers[self._email]) if is_known else None
        # Act-On adds the date columns after the list's, which may have the same names.
        self._system = {
            max(places): names[0]
            for names in ((CONTACT_ID,), CREATED, MODIFIED)
            if (places := [place for place, header in enumerate(headers) if header in names])
        }
        ids = [place for place, name in self._system.items() if name == CONTACT_ID]
        self.id_place = ids[0] if ids else None
        self.has_contact_id = self.id_place is not None
        self._width = len(headers)
        own = [place for place in range(self._width) if place not in self._system]
        names = dict(zip(own, distinct_names([headers[place] for place in own]), strict=True))
        self._not_own = {*self._system, self._email} if hides_email else {*self._system}
        self._own = [place for place in own if place not in self._not_own]
        self.names = [names[place] for place in self._own]

    def row(self, cells: Sequence[Any]) -> Row:
        """Name the cells of a row.

        Returns:
            Act-On's own cells and ``email`` by name, the list's under ``fields``, and those
            beyond the headers under ``data``.
        """
        own = self._own_of(cells)
        row: dict[str, Any] = {
            name: cells[place] for place, name in self._system.items() if place < len(cells)
        }
        if not self.has_contact_id:
            row[CONTACT_ID] = self._contact_id(cells)
        if 0 <= self._email < len(cells):
            row["email"] = cells[self._email]
        row["fields"] = dict(zip_longest(self.names, own[: len(self.names)]))
        if len(own) > len(self.names):
            row["data"] = own[len(self.names) :]
        return row

    def columns(self, data: Sequence[Sequence[Any]]) -> Columns | None:
        """Name the cells of rows, of which there is at least one, column by column.

        Returns:
            The columns; None if each row has to be read by itself: the list has no columns,
            no header names the contact's id, or a row is not as wide as the headers.
        """
        is_even = set(map(len, data)) == {self._width}
        if not (is_even and self._own and self.has_contact_id):
            return None
        columns = list(zip(*data, strict=True))
        system = {name: columns[place] for place, name in self._system.items()}
        if 0 <= self._email < self._width:
            system["email"] = columns[self._email]
        own = [_cells_of(columns[place]) for place in self._own]
        return Columns(system, dict(zip(self.names, own, strict=True)))

    def _own_of(self, cells: Sequence[Any]) -> list[str | None]:
        """Return the cells of the list's columns as texts."""
        if len(cells) == self._width:
            own = [cells[place] for place in self._own]
        else:
            own = [cell for place, cell in enumerate(cells) if place not in self._not_own]
        try:
            is_plain = is_storable("".join(own))
        except TypeError:
            is_plain = False
        return own if is_plain else [_cell(value) for value in own]

    def _contact_id(self, cells: Sequence[Any]) -> str:
        """Return the id if no header names it: the cell that looks like one, else a fingerprint."""
        for cell in cells:
            if isinstance(cell, str) and cell.startswith(f"{self._list_id}:"):
                return cell
        return fingerprint(self._list_id, *[str(cell) for cell in cells])


def _cells_of(values: Sequence[Any]) -> Sequence[str | None]:
    """Return what :func:`_cell` returns for each cell of a column."""
    try:
        return texts(values)
    except Unconvertible:
        return [_cell(value) for value in values]


def _cell(value: Any) -> str | None:
    """Return a cell as text; an object or an array, which Act-On does not document, as JSON."""
    try:
        return text(value)
    except Unconvertible:
        return msgspec.json.encode(value).decode()


def distinct_names(headers: Sequence[Any]) -> list[str]:
    """Make equal headers distinct: the first stays, the next become ``Header (2)`` and so on."""
    given = [str(header) for header in headers]
    taken = set(given)
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    names: dict[str, None] = {}
    for header in given:
        numbered = (f"{header} ({number})" for number in numbers[header])
        free = (name for name in numbered if name not in names and name not in taken)
        names[next(free) if header in names else header] = None
    return list(names)


def read_csv(content: str) -> tuple[list[str], list[list[str]]]:
    """Read a CSV file as Act-On writes it: commas, quotes where needed, headers first.

    Returns:
        The headers and the rows, without empty lines.

    Raises:
        ValueError: If the file has no headers or is not CSV.
    """
    rows = list(csv_rows(io.StringIO(content, newline="")))
    if not rows:
        raise ValueError
    return rows[0], rows[1:]


def csv_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """Read the lines of a CSV file, with their ends, as they arrive.

    Yields:
        The headers, then the rows, without empty lines.

    Raises:
        ValueError: If the file is not CSV.
    """
    csv.field_size_limit(LONGEST_CELL)
    try:
        yield from filter(None, csv.reader(lines, strict=True))
    except csv.Error as error:
        raise ValueError from error


def cells_as_in(wanted: Sequence[Any], given: Sequence[str]) -> Callable[[list[str]], list[str]]:
    """Return what puts the cells of a list in CSV into the order of the same list in JSON.

    Args:
        wanted: The headers in JSON.
        given: The headers in CSV.

    Returns:
        A function of the cells of a row as wide as the headers. It leaves out columns that JSON
        does not have.

    Raises:
        ValueError: If a header is missing in CSV, or is there fewer times than in JSON.
    """
    left: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, header in enumerate(given):
        left[header].append(place)
    places: list[int] = []
    for header in wanted:
        if not left[header]:
            raise ValueError
        places.append(left[header].popleft())
    if places == list(range(len(given))):
        return lambda cells: cells

    return lambda cells: [cells[place] for place in places]
