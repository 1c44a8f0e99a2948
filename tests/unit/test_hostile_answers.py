"""An answer cannot make the tap use unbounded memory, call another host, or end in a crash."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from contextlib import suppress
from itertools import repeat
from typing import IO, TYPE_CHECKING, Any, ClassVar

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from tap_acton.api import decoding, transport
from tap_acton.api.auth import token_from
from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_json, decode_page, decode_text
from tap_acton.api.pagination import FIRST_PAGE, PAGES_AHEAD, NumberedPaging, OffsetPaging
from tap_acton.api.responses import HttpResponse, disguised_failure_of, failure_of
from tap_acton.api.transport import Route
from tap_acton.errors import ActOnError, RejectedCallError
from tap_acton.records.extractors import Undocumented, UnknownShapeError, described
from tap_acton.records.list_table import Table, distinct_names
from tap_acton.records.reader import RecordReader
from tap_acton.streams.base.csv_download import CsvFile
from tests.unit.test_client import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CALL = Call("/api/1/message", "messages", "messages")
LARGEST = 2**20
ZEROS = gzip.compress(bytes(2**22))
"""Four million zeros, in four thousand bytes."""

ALLOWED = 4 * LARGEST + 2**23
"""What may be held of an answer: itself, put together, and a piece of it unpacked."""


class Endless(io.RawIOBase):
    """A body that never ends, and counts how much of it is taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._left = b""
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._pieces, b"")
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)


class OneAnswer(requests.adapters.BaseAdapter):
    """Answers every call with the same body."""

    def __init__(self, body: IO[bytes] | Endless, status: int, **headers: str) -> None:
        super().__init__()
        self._raw = HTTPResponse(
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            status=status,
            preload_content=False,
        )
        self._status = status

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = self._status
        response.headers.update(dict(self._raw.headers))
        response.raw = self._raw
        response.request = request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setattr(transport, "LARGEST_RESPONSE", LARGEST)
    return Setup(None)


def answered(setup: Setup, body: IO[bytes] | Endless, status: int = 200, **headers: str) -> None:
    """Let every call of the client be answered with a body."""
    session = requests.Session()
    session.mount("https://", OneAnswer(body, status, **headers))
    setup.client._route = Route(session, setup.base_url)


def peak_of(action: Callable[[], object]) -> int:
    """Measure how much memory an action takes at most, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestMemory:
    KINDS: ClassVar[dict[str, tuple[bytes, dict[str, str]]]] = {
        "an endless text": (b'"' + b"x" * 2**16, {}),
        "endless blanks": (b" " * 2**16, {}),
        "an endless page": (b"<p>" * 2**14, {}),
        "a bomb": (ZEROS, {"Content_Encoding": "gzip"}),
    }

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("kind", KINDS)
    def test_an_answer_that_never_ends_is_not_taken_into_the_memory(
        self, setup: Setup, kind: str, status: int
    ) -> None:
        piece, headers = self.KINDS[kind]
        body = Endless(repeat(piece))
        answered(setup, body, status, **headers)

        def read() -> None:
            with pytest.raises(RejectedCallError, match="larger than"):
                setup.client.read(CALL, lambda payload: payload)

        assert peak_of(read) < ALLOWED
        assert body.taken < ALLOWED

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("beginning", [b" ", b"<p>", b'{"a": "'])
    def test_nor_is_one_that_takes_the_place_of_a_file(
        self, setup: Setup, beginning: bytes, status: int
    ) -> None:
        body = Endless(repeat(beginning * 2**14))
        answered(setup, body, status)

        def download() -> None:
            with pytest.raises(RejectedCallError, match="larger than"):
                setup.client.download(CALL, CsvFile().content)

        assert peak_of(download) < ALLOWED
        assert body.taken < ALLOWED

    DECODED: ClassVar[dict[str, Callable[[int], bytes]]] = {
        "objects": lambda n: b"[" + b'{"":{}},' * (n // 8) + b"{}]",
        "objects that do not end": lambda n: b"[" + b'{"":{}},' * (n // 8),
        "arrays": lambda n: b"[" + b"[]," * (n // 3) + b"[]]",
        "texts": lambda n: b"[" + b'"ab",' * (n // 5) + b"1]",
        "numbers": lambda n: b"[" + b"1.5," * (n // 4) + b"1]",
        "names": lambda n: b"{" + b",".join(b'"%06x":1' % one for one in range(n // 11)) + b"}",
        "one emoji": lambda n: b'["' + b"x" * (n - 8) + "🎉".encode() + b'"]',
        "an escaped emoji": lambda n: b'["' + b"x" * (n - 16) + rb"\ud83c\udf89" + b'"]',
        "escaped NULs": lambda n: b'["' + rb"\u0000" * (n // 6) + b'"]',
        "backslashes": lambda n: b'["' + rb"\\" * (n // 2) + rb"\u0000" + b'"]',
    }

    @pytest.mark.parametrize("length", [2**14, 2**16, 2**18, 2**20])
    @pytest.mark.parametrize("kind", DECODED)
    def test_a_small_answer_takes_little_once_it_is_decoded(
        self, monkeypatch: pytest.MonkeyPatch, kind: str, length: int
    ) -> None:
        most = decoding.MOST_MEMORY // 64
        monkeypatch.setattr(decoding, "MOST_MEMORY", most)
        monkeypatch.setattr(decoding, "SMALL", decoding.SMALL // 64)
        body = self.DECODED[kind](length)

        def decode() -> None:
            for read in (decode_json, decode_text, decode_page):
                with suppress(ActOnError):
                    read(body, "subject")
            disguised_failure_of(HttpResponse(500, {}, body[: 2**15]), "subject")

        # What cannot be decoded at once is held twice.
        assert peak_of(decode) < 2 * most + 2 * len(body)

    def test_a_page_of_as_many_cells_as_json_has_is_taken(self) -> None:
        row = [f"value {place}" for place in range(255)]
        page = {"headers": row, "data": [row] * 1_000}
        assert decode_json(json.dumps(page).encode(), "subject") == page

    def test_what_would_take_too_much_is_refused_in_a_sentence(self) -> None:
        body = self.DECODED["objects"](2**22)
        with pytest.raises(RejectedCallError, match="lists: Act-On's response holds more than"):
            decode_json(body, "lists")

    def test_an_answer_of_the_largest_size_is_taken(self, setup: Setup) -> None:
        text = "x" * (LARGEST - 2)
        answered(setup, io.BytesIO(json.dumps(text).encode()))
        assert setup.client.read(CALL, lambda payload: payload) == text

    def test_a_cell_of_ten_megabytes_is_taken(self) -> None:
        text = "é" * (5 * 2**20)
        setup = Setup(None)
        answered(setup, io.BytesIO(json.dumps({"a": text}, ensure_ascii=False).encode()))
        assert setup.client.read(CALL, lambda payload: payload) == {"a": text}

    @pytest.mark.parametrize("total", [10**6, 10**18, 2**63, 10**30])
    def test_a_total_beyond_reason_plans_no_more_than_the_next_pages(self, total: int) -> None:
        for paging in (OffsetPaging(1000), OffsetPaging(1), NumberedPaging(1000)):
            page = paging.settled(FIRST_PAGE)
            for rows in (1, 1000):
                following = paging.plan(page, rows, total)
                assert 0 < len(following) <= PAGES_AHEAD

    def test_thousands_of_headers_that_are_all_the_same_are_told_apart(self) -> None:
        headers = ["Name"] * 5_000
        assert len(set(distinct_names(headers))) == len(headers)


class TestTokens:
    @pytest.mark.parametrize("lifetime", [10**400, float("inf"), float("nan"), -1, "soon", [], {}])
    def test_a_lifetime_may_be_anything(self, lifetime: object) -> None:
        token = token_from({"access_token": "a", "expires_in": lifetime}, 1000.0)
        assert 1000 < token.renew_at < token.expires_at < 1000 + 10**6

    @pytest.mark.parametrize("refresh_token", ["a\r\nb", "\ud800", "", 7, ["r"], None])
    def test_a_refresh_token_that_cannot_be_sent_is_none(self, refresh_token: object) -> None:
        answer = {"access_token": "a", "refresh_token": refresh_token}
        assert token_from(answer, 0.0).refresh_token is None


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=8)
    | st.sampled_from(
        ["..", "a/../b", "?x=1", "#", "\r\n", "0000-00-00", "2026-02-31", "99999-01-01", "1e999"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "result",
                    "data",
                    "headers",
                    "folders",
                    "entries",
                    "totalCount",
                    "errorCode",
                    "httpCode",
                    "httpMessage",
                    "status",
                    "error",
                    "id",
                    "name",
                    "emailColumn",
                    "",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
SCHEMA: dict[str, Any] = {
    "properties": {
        "id": {"type": ["string", "null"]},
        "name": {"type": ["string", "null"]},
        "status": {"type": ["integer", "null"]},
        "count": {"type": ["number", "null"], "x-acton-names": ["totalCount", "data/0"]},
        "error": {"type": ["string", "null"], "format": "date-time"},
        "result": {"type": ["string", "null"], "format": "date"},
        "headers": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "entries": {"type": ["object", "null"]},
        "folders": {"type": ["boolean", "null"]},
        "extra_fields": {"type": ["object", "null"]},
    }
}


def interpret(body: bytes, status: int) -> None:
    """Let everything that reads answers read one; only foreseen failures may come of it."""
    try:
        for decode in (decode_json, decode_text, decode_page):
            decode(body, "subject")
        payload = decode_json(body, "subject")
    except ActOnError:
        payload = None
    answer = HttpResponse(status, {"Retry-After": body[:12].decode("latin-1"), "Date": "x"}, body)
    for failure in (failure_of(answer, "subject"), disguised_failure_of(answer, "subject")):
        assert failure is None or str(failure).startswith(("subject", "API access"))
    reader = RecordReader(SCHEMA, key=("id",))
    with suppress(UnknownShapeError):
        found = Undocumented("id")(payload)
        described(found)
        for row in found.rows:
            json.dumps(reader.record(row), allow_nan=False).encode()
    match payload:
        case {"headers": list(headers), "data": list(data)}:
            table = Table(headers, payload.get("emailColumn"), "l-1")
            for cells in data:
                if isinstance(cells, list):
                    json.dumps(table.row(cells), allow_nan=False).encode()


@given(HOSTILE, st.sampled_from([200, 400, 401, 403, 404, 429, 500]))
def test_any_json_is_read_or_refused(payload: Any, status: int) -> None:
    interpret(json.dumps(payload).encode(), status)


SEEDS = (
    b'{"totalCount": 2, "count": 2, "offset": 0, "result": [{"id": "a", "name": "\\u0000x"}, {}]}',
    b'{"headers": ["a", "a", 1], "emailColumn": 1, "data": [["x", null, 1e300], []], "count": 2}',
    b'[{"folder": "f", "id": -1, "entries": [{"id": 1, "timestamp": "1772000000123"}]}]',
    b'{}{"errorCode": 10004, "message": "x", "httpCode": "429", "httpMessage": "rate limit"}',
    '_contact_id_,Näme\r\nl-1:a,"Zoë, ""or""\r\nso"\r\n'.encode(),
)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Change a few bytes of an answer."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body) - 1))
        piece = draw(
            st.binary(max_size=3)
            | st.sampled_from([b"\0", b"[" * 300, b'"', b"\\ud800", b"9" * 30])
        )
        body[at : at + draw(st.integers(0, 4))] = piece
        body = body or bytearray(b" ")
    return bytes(body)


@given(spoilt(), st.sampled_from([200, 400, 403, 404, 500]))
def test_whatever_bytes_come_they_are_read_or_refused(body: bytes, status: int) -> None:
    interpret(body, status)
    file = CsvFile()
    file.content.write(body)
    try:
        for cells in file.rows():
            json.dumps(cells).encode()
    except ValueError:
        pass
