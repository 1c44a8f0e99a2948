"""CSV files on their way: how they are kept, read, and matched with what JSON holds."""

from __future__ import annotations

import io
import tracemalloc
from typing import IO, TYPE_CHECKING, Any, cast

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_text
from tap_acton.api.transport import PIECE_LENGTH, Route
from tap_acton.errors import (
    AllowanceSpentError,
    GivenUpError,
    GoneError,
    InterruptedRunError,
    NotAvailableError,
    RejectedCallError,
    UnreachableError,
)
from tap_acton.records.list_table import cells_as_in, read_csv
from tap_acton.streams.base import csv_download
from tap_acton.streams.base.csv_download import DOWNLOAD_TRIES, CsvFile, ObjectProof
from tests.unit.test_client import HOST, Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_acton.errors import ActOnError

CALL = Call("/api/1/list/l-1", "list l-1", "messages", {"responseformat": "CSV"})
MARK = b"\xef\xbb\xbf"
CSV = b'_contact_id_,Name\r\nl-1:a,"Zo\xc3\xab, or\r\nso"\r\n'
ROWS = [["_contact_id_", "Name"], ["l-1:a", "Zoë, or\r\nso"]]


@pytest.fixture
def setup() -> Iterator[Setup]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Setup(mock)


def kept(body: bytes, *borders: int) -> CsvFile:
    """Keep a body that comes in pieces."""
    file = CsvFile()
    for start, end in zip((0, *borders), (*borders, len(body)), strict=True):
        file.content.write(body[start:end])
    return file


# The file


def test_a_file_is_read_like_a_text_in_memory() -> None:
    for body in (CSV, MARK + CSV, CSV.replace(b"a", b"\0a\0"), b"\r\n\r\n" + CSV):
        headers, rows = read_csv(decode_text(body, ""))
        assert list(kept(body).rows()) == [headers, *rows]


def test_a_file_can_be_read_again() -> None:
    file = kept(CSV)
    assert next(file.rows()) == ROWS[0]
    assert list(file.rows()) == ROWS
    assert list(file.rows()) == ROWS


CELLS = st.text(st.sampled_from('aë€😀",\r\n \0\ufeff'), max_size=6)


@given(
    data=st.data(),
    table=st.integers(1, 3).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5)
    ),
    is_marked=st.booleans(),
)
def test_it_makes_no_difference_where_the_pieces_end(
    *, data: st.DataObject, table: list[list[str]], is_marked: bool
) -> None:
    quoted = [",".join('"{}"'.format(cell.replace('"', '""')) for cell in row) for row in table]
    headers = ",".join(['"Header"'] * len(table[0] if table else [""]))
    body = MARK * is_marked + "\r\n".join([headers, *quoted]).encode()
    borders = data.draw(st.lists(st.integers(0, len(body)), max_size=6).map(sorted))
    names, rows = read_csv(decode_text(body, ""))
    assert list(kept(body, *borders).rows()) == [names, *rows]
    assert len(rows) == len(table)


@given(st.binary(max_size=40))
def test_whatever_comes_is_read_alike_or_refused_alike(body: bytes) -> None:
    def outcome(read: Any) -> Any:
        try:
            return list(read())
        except ValueError:
            return "refused"

    def in_memory() -> Iterator[list[str]]:
        headers, rows = read_csv(body.decode("utf-8-sig").replace("\0", ""))
        if any(len(row) != len(headers) for row in rows):
            raise ValueError
        return iter([headers, *rows])

    # A file without a line is refused later, for want of headers.
    assert (outcome(kept(body).rows) or "refused") == outcome(in_memory)


@pytest.mark.parametrize("body", [b'A\r\n"never closed', b'A\r\n"a" b\r\n'])
def test_what_is_not_csv_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        list(kept(body).rows())


@pytest.mark.parametrize(
    "body",
    [
        b"A,B\r\nZo\xc3,b\r\n",
        b"A,B\r\na,b\r\na",
        b"A,B\r\na\r\nb,b\r\n",
        b"A,B\r\na,b,c\r\n",
        b"A,B\r\na,Zo\xc3",
    ],
)
def test_other_bytes_and_rows_that_are_not_as_wide_as_the_headers_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        list(kept(body).rows())


@pytest.mark.parametrize("end", ["", "\r\n"])
def test_the_last_row_needs_no_end_which_is_noted(end: str) -> None:
    file = kept(f"A,B\r\nb,b{end}".encode())
    assert list(file.rows()) == [["A", "B"], ["b", "b"]]
    assert file.has_open_end is not bool(end)


def test_bytes_that_are_not_utf_8_may_be_replaced() -> None:
    assert list(kept(b"A\r\nZo\xc3\r\n").rows("replace")) == [["A"], ["Zo\ufffd"]]


@pytest.mark.parametrize("body", [b"A" * 100, b'"' + b"A\r\n" * 40])
def test_what_has_no_end_is_refused_before_all_of_it_is_in_memory(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_download, "LONGEST_ROW", 50)
    monkeypatch.setattr("tap_acton.records.list_table.LONGEST_CELL", 50)
    try:
        with pytest.raises(ValueError):  # noqa: PT011 - it has no text
            list(kept(body).rows())
    finally:
        monkeypatch.undo()
        read_csv("A")


# The download


def download(setup: Setup, tries: int | None = DOWNLOAD_TRIES) -> list[list[str]]:
    file = CsvFile()
    setup.client.download(CALL, file.content, tries)
    return list(file.rows())


@pytest.mark.parametrize("body", [CSV, MARK + CSV, b"\r\n" + CSV])
def test_an_answer_is_kept_as_it_is(setup: Setup, body: bytes) -> None:
    setup.answers({"body": body}, path=CALL.path)
    assert download(setup) == ROWS
    assert setup.sent[0].url == f"{HOST}{CALL.path}?responseformat=CSV"
    assert setup.calls == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "body": "A,B"},
        {"status": 429, "body": "A,B"},
        {"status": 401, "body": "A,B"},
        {"status": 200, "json": {"errorCode": 900904}},
        {"body": "<html>"},
        {"body": '{"result": []}'},
        {"body": "{not JSON"},
        {"body": ""},
        {"body": requests.ConnectionError("no")},
        {
            "body": "A,B\r\n",
            "headers": {"Content-Length": "1000"},
            "auto_calculate_content_length": 0,
        },
    ],
)
def test_a_failure_that_passes_is_repeated(setup: Setup, answer: dict[str, Any]) -> None:
    setup.answers(answer, {"body": CSV}, path=CALL.path)
    assert download(setup) == ROWS
    assert len(setup.sent) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "calls"),
    [
        ({"status": 503, "body": "A,B"}, GivenUpError, DOWNLOAD_TRIES),
        ({"body": "<html>"}, GivenUpError, DOWNLOAD_TRIES),
        ({"body": requests.ReadTimeout("no")}, UnreachableError, DOWNLOAD_TRIES),
        ({"status": 400, "json": {"errorCode": 77777}}, RejectedCallError, 1),
        ({"status": 200, "json": {"errorCode": 10004}}, GoneError, 1),
        ({"status": 302, "body": "A,B"}, RejectedCallError, 1),
        ({"status": 400, "json": {"errorCode": 10089}}, NotAvailableError, 1),
        ({"status": 429, "headers": {"Retry-After": "900"}}, AllowanceSpentError, 1),
    ],
)
def test_a_failure_that_stays_is_told(
    setup: Setup, answer: dict[str, Any], kind: type[ActOnError], calls: int
) -> None:
    setup.answers(answer, path=CALL.path)
    with pytest.raises(kind, match=r"."):
        download(setup)
    assert len(setup.sent) == calls


def test_it_is_repeated_as_often_as_any_other_call_if_nothing_else_is_said(setup: Setup) -> None:
    setup.answers({"status": 503, "body": "A,B"}, path=CALL.path)
    with pytest.raises(GivenUpError, match="4 times"):
        download(setup, None)


def test_a_success_that_is_not_plain_is_no_file(setup: Setup) -> None:
    setup.answers({"status": 206, "body": CSV}, path=CALL.path)
    with pytest.raises(GivenUpError, match="no CSV"):
        download(setup)


class Pieces:
    """The body of an answer that is made only as it is read."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines = lines

    def read(self, length: int) -> bytes:
        """Give the next piece."""
        piece = b""
        while len(piece) < length and (line := next(self.lines, b"")):
            piece += line
        return piece

    def close(self) -> None:
        """Take note that nothing more is read."""


class OneAnswer(HTTPAdapter):
    """A host with one answer."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        super().__init__()
        self.lines = lines

    def send(self, request: requests.PreparedRequest, *_: Any, **given: Any) -> requests.Response:
        """Answer with the lines."""
        assert given["stream"]
        response = requests.Response()
        response.request = request
        response.status_code = 200
        response.raw = Pieces(self.lines)
        return response


def downloaded(setup: Setup, lines: Iterator[bytes], into: IO[bytes]) -> None:
    session = requests.Session()
    session.mount("https://", OneAnswer(lines))
    setup.client._route = Route(session, setup.base_url)
    setup.client.download(CALL, into)


def test_memory_stays_flat_however_long_the_file_is(setup: Setup) -> None:
    line = b'l-1:%06d,person%d@example.com,"of some, or other, street",1773756309000\r\n'
    file = CsvFile()
    tracemalloc.start()
    try:
        downloaded(setup, (line % (number, number) for number in range(40_000)), file.content)
        rows = sum(1 for _ in file.rows())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 40_000
    assert file.content.tell() > 2_000_000
    assert most < 750_000


def test_a_download_ends_when_the_run_is_to_end(setup: Setup) -> None:
    def stop(_: float) -> None:
        raise InterruptedRunError(15)

    setup.client = setup.client_with(pause=stop)
    lines = iter([b"A" * PIECE_LENGTH] * 10)
    with pytest.raises(InterruptedRunError):
        downloaded(setup, lines, io.BytesIO())
    assert len(list(lines)) > 5


def test_a_disk_without_room_is_no_failure_of_the_call(setup: Setup) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError("full")

    setup.answers({"body": CSV}, path=CALL.path)
    with pytest.raises(OSError, match="full"):
        setup.client.download(CALL, cast("IO[bytes]", Full()))


# The columns of a list


def test_cells_of_the_same_columns_stay_as_they_are() -> None:
    arranged = cells_as_in(["A", "B", "B"], ["A", "B", "B"])
    cells = ["1", "2", "3"]
    assert arranged(cells) is cells


def test_cells_of_other_columns_are_brought_in_order() -> None:
    arranged = cells_as_in(["A", "B", "B"], ["B", "more", "A", "B"])
    assert arranged(["1", "2", "3", "4"]) == ["3", "1", "4"]


@pytest.mark.parametrize("given", [[], ["A"], ["A", "b"], ["B", "B"], ["A", "B "]])
def test_a_header_that_lacks_is_told(given: list[str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        cells_as_in(["A", "B"], given)


# The fields of an event

PAGE = [
    {"ts": 1, "action": "Opened", "data": "", "os": "Linux"},
    {"ts": 2, "action": "Opened", "data": "x"},
    {"ts": 3, "action": "Opened", "data": "x", "os": None},
]


def arranging(headers: list[str], page: list[dict[str, Any]]) -> Callable[[list[str]], Any]:
    """Give what makes objects of the cells of a file."""
    return ObjectProof(page, dict).row_maker(headers).arrange


def test_cells_become_fields_as_json_has_them() -> None:
    make = arranging(["os", "more", "ts", "data", "action"], PAGE)
    assert make(["", "", "4", "", "Opened"]) == {"ts": "4", "action": "Opened", "data": ""}
    assert list(make(["Linux", "", "4", "y", "Opened"])) == ["ts", "action", "data", "os"]


@pytest.mark.parametrize(
    "cells",
    [
        # Whether JSON would have an empty text here, or none, has not been seen.
        ["", "", "4", "", ""],
        ["", "", "", "", "Opened"],
        # What JSON would call this column, if it had it.
        ["", "?", "4", "", "Opened"],
    ],
)
def test_cells_that_json_could_hold_otherwise_are_told(cells: list[str]) -> None:
    make = arranging(["os", "more", "ts", "data", "action"], PAGE)
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        make(cells)


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        (["ts"], PAGE),
        (["ts", "action", "data", "os", "os"], PAGE),
        (["ts", "os"], [{"ts": 1, "os": ""}, {"ts": 2}]),
        (["ts", "os"], [{"ts": 1, "os": ""}, {"ts": 2, "os": None}]),
    ],
)
def test_headers_that_do_not_tell_the_fields_are_told(
    headers: list[str], page: list[dict[str, Any]]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        arranging(headers, page)
