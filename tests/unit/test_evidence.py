"""The parts of the evidence: distinct keys, what is sent again, rows that wait, and their cost."""

from __future__ import annotations

import time
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.pagination import NumberedPaging, OffsetPaging, Page, TokenPaging
from tap_acton.sync import keys, spool
from tap_acton.sync.evidence import Endpoint, Reading
from tap_acton.sync.keys import Keys
from tap_acton.sync.query import Query, Response
from tap_acton.sync.spool import HeldRows, Spool
from tests.unit.lying_server import Item, Server, read, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_acton.api.pagination import Paging
    from tap_acton.records.reader import Record, Row

QUERY = Query("/item", ("i",))


# Keys


@pytest.fixture
def few_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KEYS_HELD", 20)


@pytest.mark.usefixtures("few_held")
@pytest.mark.parametrize("period", [1, 15, 30, 70, 1000])
def test_distinct_keys_are_counted_however_many_there_are(period: int) -> None:
    found = Keys()
    for number in range(0, 300, 10):
        found.next_response()
        found.add([f"k{n % period}" for n in range(number, number + 10)])
        assert len(found) == min(number + 10, period)


@given(st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=8))
def test_rows_of_a_response_are_counted_though_they_share_a_key(pages: list[list[int]]) -> None:
    found = Keys()
    met: set[int] = set()
    for page in pages:
        found.next_response()
        for half in (page[:4], page[4:]):
            found.add([f"k{one}" for one in half])
        assert found.new == len({*page} - met)
        met |= {*page}
    assert len(found) == len(met)
    first_in = {one: number for number, page in reversed([*enumerate(pages)]) for one in page}
    expected = sum(first_in[one] == number for number, page in enumerate(pages) for one in page)
    assert found.repeats == expected - len(met)


def records_of(text: str) -> list[Record]:
    """Make records of a key and a version each: ``"a1 b1"``."""
    return [{"id": one[0], "version": one[1:]} for one in text.split()]


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        (["a1 b1", "c1 d1"], ["a1 b1", "c1 d1"]),
        # What comes again as it was has been sent; what has changed may be the version wanted.
        (["a1 b1", "b1 c1"], ["a1 b1", "c1"]),
        (["a1 b1", "b2 c1"], ["a1 b1", "b2 c1"]),
        # Without a version the last one counts, in a response and in another one.
        (["a1 a2 b1 b1"], ["a2 b1"]),
        (["a1", "b1 a2 b2"], ["a1", "a2 b2"]),
        (["a2", "b1 a1"], ["a2", "b1 a1"]),
    ],
)
def test_what_is_sent_of_records_that_share_a_key(
    responses: list[str], expected: list[str]
) -> None:
    found = Keys()
    for response, sent in zip(responses, expected, strict=True):
        found.next_response()
        assert found.unsent(records_of(response), itemgetter("id")) == records_of(sent)


@pytest.mark.usefixtures("few_held")
@given(
    st.lists(st.integers(0, 9).map(str) | st.none(), min_size=2, max_size=4),
    st.integers(1, 12),
    st.integers(0, 18),
)
def test_the_latest_version_of_a_key_is_sent_last(
    versions: list[str | None], batch: int, others: int
) -> None:
    records: list[Record] = []
    for number, version in enumerate(versions):
        records.append({"id": "a", "version": version, "number": number})
        records += ({"id": f"{number} {n}", "version": "5"} for n in range(others))
    found = Keys()
    sent: list[Record] = []
    for begin in range(0, len(records), batch):
        found.next_response()
        sent += found.unsent(records[begin : begin + batch], itemgetter("id"), _version_of)
    of_key = [one for one in sent if one["id"] == "a"]
    assert of_key[-1]["version"] == max(versions, key=lambda one: one or "")
    assert {one["id"] for one in sent} == {one["id"] for one in records}


@pytest.mark.usefixtures("few_held")
@pytest.mark.parametrize("others", [15, 30, 200])
def test_a_later_version_is_known_however_long_ago_it_came_once_its_key_has_come_twice(
    others: int,
) -> None:
    records = [{"id": f"k{n}", "version": "5"} for n in range(others)]
    records = [{"id": "a", "version": "9"}, *records, {"id": "a", "version": "1"}]
    repeats: set[int] = set()
    for _ in range(2):
        found = Keys(repeats)
        sent: list[Record] = []
        for begin in range(0, len(records), 7):
            sent += found.unsent(records[begin : begin + 7], itemgetter("id"), _version_of)
        repeats = found.far_repeats()
    assert sent == records[:-1]
    assert len(found) == others + 1


def _version_of(record: Record) -> str | None:
    version: str | None = record["version"]
    return version


# Rows that wait


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """The temporary files that were opened, with room for ten rows in the memory."""
    opened: list[IO[bytes]] = []

    def recorded() -> IO[bytes]:
        opened.append(open_file())
        return opened[-1]

    open_file = TemporaryFile
    monkeypatch.setattr(spool, "TemporaryFile", recorded)
    monkeypatch.setattr(spool, "MOST_IN_MEMORY", 10)
    return opened


def test_held_rows_beyond_some_wait_in_one_file(files: list[IO[bytes]]) -> None:
    held = HeldRows()
    for number in range(0, 60, 3):
        held.add([{"at": number}, {"at": number + 1}, {"at": number + 2}])
        assert len(held) == number + 3
        # They may be gone through at any time, and given up in the middle.
        assert next(iter(held)) == {"at": 0}
        assert [row["at"] for row in held] == [*range(number + 3)]
    assert len(files) == 1


def test_held_rows_of_a_file_stay_where_they_are(files: list[IO[bytes]]) -> None:
    file = Spool()
    for number in range(12, 40):
        file.add({"at": number})
    held = HeldRows()
    held.add(Spool())
    held.add(tuple({"at": number} for number in range(12)))
    held.add(file)
    held.add([{"at": number} for number in range(40, 60)])
    assert [row["at"] for row in held] == [*range(60)]
    assert len(held) == 60
    assert len(file) == 28
    # Nothing, the file, and the rows before and behind it.
    assert len(files) == 4


def test_rows_without_keys_wait_on_the_disk_until_they_are_proven(files: list[IO[bytes]]) -> None:
    item = Item(rows_of(100, is_keyed=False))
    found = read(Server({"i": item}, OffsetPaging(5), is_keyed=False))
    assert found.rows["i"] == item.rows
    assert len(files) == 1


# What it costs


class Source:
    """What knows the keys and the pages of rows."""

    version_of = None

    def __init__(self, paging: Paging | None, *, is_keyed: bool) -> None:
        self.paging = paging
        self.key_of = itemgetter("id") if is_keyed else None

    def batches(self, rows: Sequence[Row], query: Query) -> Sequence[Sequence[Record]]:
        del query
        return [[dict(row) for row in rows[n : n + 100]] for n in range(0, len(rows), 100)]


def reading_of(
    paging: Paging, pages: Sequence[Sequence[Row]], total: int | None = None, token: str = ""
) -> Reading:
    """Let a reading take pages one by one, and say each time which one it misses."""
    endpoint = Endpoint()
    endpoint.total_is_real = True
    source = Source(paging, is_keyed="id" in pages[0][0])
    before = Reading(QUERY, source, endpoint)  # type: ignore[arg-type] # lists
    reading = Reading(QUERY, source, endpoint, before)  # type: ignore[arg-type] # lists
    offset = 0
    for number, rows in enumerate(pages):
        reading.pending = 1
        page = Page(offset, size=len(pages[0]) + 1, token=token and f"{token}{number}")
        response = Response(QUERY, page, rows, total, token and f"{token}{number + 1}")
        for _ in reading.take(response):
            pass
        offset += len(rows)
        _ = reading.next_page
    return reading


def same(size: int) -> None:
    """Read pages of rows that are all the same."""
    reading_of(OffsetPaging(size), [[{"at": 7}] * size, [{"at": 7}] * (size - 1)])


def same_with_keys(size: int) -> None:
    reading_of(OffsetPaging(size), [[{"id": "a"}] * size, [{"id": "a"}] * (size - 1)])


def no_border(size: int) -> None:
    """Read a page whose border does not come again, however alike the rows are."""
    reading_of(OffsetPaging(size), [[*[{"at": 1}] * size, {"at": 2}], [{"at": 1}] * size])


def late_border(size: int) -> None:
    first = [*[{"at": 1}] * size, {"at": 2}]
    reading_of(OffsetPaging(size), [first, [*first[1:], {"at": 3}]])


def few_repeats(size: int) -> None:
    """Read a page of which a row in each batch has the key of one far before it."""
    rows = [{"id": f"k{n if n % 90 else n // 2}", "at": n} for n in range(size)]
    reading_of(OffsetPaging(size), [rows, rows[-1:]])


def without_border(size: int) -> None:
    reading_of(NumberedPaging(size), [[{"at": n % 7} for n in range(size)]] * 2)


def numbered(size: int) -> None:
    """Read pages of many lengths, behind a total that is too small."""
    rows = rows_of(size)
    reading_of(NumberedPaging(9), [rows[n : n + 5 + n % 3] for n in range(0, size, 8)], size // 4)


def numbered_without_keys(size: int) -> None:
    rows = rows_of(size, is_keyed=False)
    reading_of(NumberedPaging(9), [rows[n : n + 5 + n % 3] for n in range(0, size, 8)], size // 4)


def by_token(size: int) -> None:
    rows = rows_of(size)
    reading_of(TokenPaging(9), [rows[n : n + 5 + n % 3] for n in range(0, size, 8)], size, "t")


def bordered(size: int) -> None:
    rows = rows_of(size, is_keyed=False)
    pages = [rows[max(0, n - 1) : n + 5 + n % 3] for n in range(0, size, 5)]
    reading_of(OffsetPaging(9), pages, size // 2)


def read_whole(size: int) -> None:
    """Read many pages with all that belongs to it."""
    read(Server({"i": Item(rows_of(size))}, OffsetPaging(5), total="none"))


def seconds(work: Callable[[int], None], size: int) -> float:
    def once() -> float:
        begin = time.process_time()
        work(size)
        return time.process_time() - begin

    return min(once() for _ in range(3))


@pytest.mark.usefixtures("few_held")
@pytest.mark.parametrize(
    ("work", "size"),
    [
        *((work, 4000) for work in (same, same_with_keys, no_border, late_border, few_repeats)),
        (without_border, 4000),
        *((work, 1000) for work in (numbered, numbered_without_keys, by_token, bordered)),
        (read_whole, 600),
    ],
)
def test_the_time_grows_with_the_rows_and_not_with_their_square(
    work: Callable[[int], None], size: int
) -> None:
    # Eight times as many rows take eight times as long, or a little more, and not 64 times.
    assert seconds(work, 8 * size) < 24 * max(seconds(work, size), 0.005)


def test_counting_keys_takes_no_longer_than_a_few_copies_of_the_records() -> None:
    """For a million rows that is about half a second, however slow the machine is in a test."""
    number = 100_000
    rows: list[dict[str, Any]] = [{"list_id": "l-1", "id": f"l-1:{n:x}"} for n in range(number)]
    key_of = itemgetter("list_id", "id")

    def count(_: int) -> None:
        found = Keys()
        for begin in range(0, number, 100):
            found.unsent(rows[begin : begin + 100], key_of)
        assert len(found) == number

    def make(_: int) -> None:
        for begin in range(0, number, 100):
            list(map(dict, rows[begin : begin + 100]))

    assert seconds(count, 0) < 12 * seconds(make, 0)
