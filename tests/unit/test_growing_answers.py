"""No reader of answers takes more than n log n time, whatever an answer says."""

from __future__ import annotations

import gc
import json
import time
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.api.decoding import decode_json, decode_page, decode_text, in_utf8
from tap_acton.api.pagination import OffsetPaging, Page
from tap_acton.api.responses import HttpResponse, disguised_failure_of, is_error_object
from tap_acton.errors import ActOnError, printable
from tap_acton.records.dynamic_columns import FoundStream, KnownNames, assign_names
from tap_acton.records.extractors import (
    Folders,
    RowsAt,
    Undocumented,
    UnknownShapeError,
    described,
    rows_in,
    table_of,
)
from tap_acton.records.ids import IdNumbers, without_addresses
from tap_acton.records.list_table import Table, cells_as_in, distinct_names
from tap_acton.records.reader import RecordReader
from tap_acton.records.values import snake_case
from tap_acton.streams.audience_center.custom_fields import CustomFields, custom_columns
from tap_acton.streams.base.csv_download import CsvFile, ObjectProof
from tap_acton.streams.base.own_keys import OwnKeys
from tap_acton.streams.custom_objects.fields import ObjectFields, columns_of_schemas
from tap_acton.streams.lists.rows import ListPage
from tap_acton.streams.messages.new_events import new_events
from tap_acton.sync.evidence import Endpoint, Reading
from tap_acton.sync.keys import Keys
from tap_acton.sync.query import Query, Response
from tests.unit.lying_server import Item, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_acton.records.reader import Record, Row

GROWTH = 8
MOST = 24
"""An answer of eight times the size takes eight to ten times as long; with a square it is 64."""

ENOUGH_SECONDS = 0.005
"""What can be measured."""

LARGEST = 2**14
TRIES = 4

CHARSETS = ("utf-16", "utf-7", "punycode", "idna", "gb18030", "hz", "unicode_escape")
NULLABLE = ["string", "null"]
TYPES: dict[str, Any] = {
    "id": {"type": NULLABLE},
    "name": {"type": NULLABLE},
    "is_open": {"type": ["boolean", "null"]},
    "number": {"type": ["number", "null"]},
    "size": {"type": ["integer", "null"]},
    "minutes": {"type": ["number", "null"], "x-acton-unit": "minutes"},
    "updated_at": {"type": NULLABLE, "format": "date-time"},
    "day": {"type": NULLABLE, "format": "date"},
    "texts": {"type": ["array", "null"], "items": {"type": NULLABLE}},
    "custom_fields": {"type": ["object", "null"]},
    "extra_fields": {"type": ["object", "null"]},
}
SCHEMA = {"properties": TYPES}


def reader() -> RecordReader:
    return RecordReader(SCHEMA, key=("id",))


def records(rows: Sequence[Row]) -> None:
    made = reader()
    made.learn(rows)
    for record in made.records(rows):
        json.dumps(record)


def long_values(text: str) -> Callable[[int], Callable[[], object]]:
    """Have a long text in each column."""
    return lambda n: lambda: records([{"id": "1", column: text * n} for column in TYPES])


def spelled(number: int) -> str:
    """Spell the column of a timestamp in one of any number of ways."""
    return f"updated{'_' * (number % 200 + 1)}{'-' * (number // 200)}at"


def fields(number: int) -> list[dict[str, Any]]:
    return [{"fieldId": n, "columnIndex": n, "name": "Same", "type": "TEXT"} for n in range(number)]


def contact(number: int) -> Callable[[], object]:
    custom = CustomFields(fields(number), {}, TYPES, None)
    row = {"id": "1", "customFields": {str(n): "x" for n in range(number)}}

    def read() -> None:
        _, found = custom.part(row)
        custom.learn([found])
        custom.fill(dict.fromkeys(TYPES), found)

    return read


def object_record(number: int) -> Callable[[], object]:
    schema = {"id": "o", "fields": [{"name": f"f{n}", "type": "TEXT"} for n in range(number)]}
    row = {"co": {f"f{n}": "x" for n in range(number)}, "sys": {f"s{n}": 1 for n in range(number)}}

    def read() -> None:
        columns = columns_of_schemas([schema], {}, ())
        made = ObjectFields(schema, {one.identity: name for name, one in columns.items()}, ())
        system, own = made.part(row)
        made.learn([own])
        made.fill({}, own)
        made.own_id(system, own)

    return read


def csv(content: Callable[[int], str]) -> Callable[[int], Callable[[], object]]:
    def reading(number: int) -> Callable[[], object]:
        file = CsvFile()
        file.content.write(content(number).encode())
        return lambda: sum(map(len, file.rows()))

    return reading


def proof(number: int) -> Callable[[], object]:
    page = [{str(n): n} for n in range(number)]
    return lambda: ObjectProof(page, dict).row_maker([str(n) for n in range(number)])


def table(headers: Sequence[Any], data: Sequence[Sequence[Any]]) -> Callable[[], object]:
    def read() -> None:
        own_headers, rows = table_of({"headers": headers, "data": data})
        made = Table(own_headers, 0, "l")
        made.columns(rows)
        for _ in ListPage(rows, own_headers, made):
            pass

    return read


def reading(
    pages: Callable[[int], Sequence[Sequence[Row]]],
) -> Callable[[int], Callable[[], object]]:
    """Judge the pages of a query, one after the other."""

    def begin(number: int) -> Callable[[], object]:
        source = Server({"i": Item([])}, OffsetPaging(1))
        query = Query("/item", ("i",))

        def take() -> None:
            judged = Reading(query, source, Endpoint())
            judged.is_sequence = True
            offset = 0
            for rows in pages(number):
                judged.pending = 1
                page = Page(offset, size=max(1, len(rows)))
                for batch in judged.take(Response(query, page, rows)):
                    assert batch
                offset += len(rows) - 1
                judged.evidence  # noqa: B018 - counts

        return take

    return begin


def keys(number: int) -> Callable[[], object]:
    made = [{"id": str(n % 50), "at": str(n % 7)} for n in range(number)]

    def read() -> None:
        found = Keys()
        found.next_response()
        for start in range(0, number, 100):
            found.unsent(made[start : start + 100], itemgetter("id"), itemgetter("at"))
        len(found)
        found.far_repeats()

    return read


def known_names(number: int) -> Callable[[], object]:
    def read() -> None:
        found = FoundStream("s", custom_columns(fields(number), {}, TYPES))
        state: dict[str, Any] = {}
        found.remember(state)
        KnownNames.of_state({"bookmarks": {"s": state}})

    return read


def own_keys(number: int) -> Callable[[], object]:
    def read() -> None:
        made: list[Record] = [{"id": "", "name": "x"} for _ in range(number)]
        keys = OwnKeys({"id": ""})
        keys.fill(keys.keyless(made))

    return read


def events(number: int) -> Callable[[], object]:
    made: list[Record] = [{"id": f"{n:032x}", "event_at": "2026"} for n in range(number)]
    return lambda: list(new_events(lambda: made, None)[0])


def bodies(body: Callable[[int], bytes]) -> Callable[[int], Callable[[], object]]:
    """Let everything that reads a body read it."""

    def reading(number: int) -> Callable[[], object]:
        content = body(number)

        def read() -> None:
            for decode in (decode_json, decode_text, decode_page):
                with suppress(ActOnError):
                    payload = decode(content, "subject")
                    is_error_object(payload)
            for status in (200, 400, 403, 500):
                disguised_failure_of(HttpResponse(status, {}, content), "subject")

        return read

    return reading


def in_charset(name: str) -> Callable[[int], Callable[[], object]]:
    return lambda n: lambda: list(in_utf8([b"a-" * n], f"text/plain; charset={name}"))


def in_the_log(text: str) -> Callable[[int], Callable[[], object]]:
    return lambda n: lambda: printable(without_addresses(text * n))


def folders(number: int) -> list[dict[str, Any]]:
    rows = [{"id": n, "name": "x"} for n in range(number)]
    return [
        {"folder": "All Forms", "entries": [*rows, {"id": -1}]},
        {"folder": "Mine", "entries": [{**row, "own": 1} for row in rows]},
    ]


def nested(number: int) -> dict[str, Any]:
    held: dict[str, Any] = {"unknown": {}}
    for _ in range(number // 16):
        held = {"data": held}
    return {**{f"n{n}": None for n in range(number)}, "data": held}


READERS: dict[str, Callable[[int], Callable[[], object]]] = {
    "numbers": bodies(lambda n: b"[" + b"1," * n + b"1]"),
    "arrays": bodies(lambda n: b"[" + b"[]," * n + b"1]"),
    "objects": bodies(lambda n: b"[" + b'{"":{}},' * n + b"1]"),
    "objects without end": bodies(lambda n: b'{"":{}}' * n),
    "names": bodies(lambda n: json.dumps({f"n{one}": one for one in range(n)}).encode()),
    "digits": bodies(lambda n: b"1" * n),
    "large numbers": bodies(lambda n: b"[" + (b"9" * 100 + b",") * n + b"1]"),
    "decimals": bodies(lambda n: b"0." + b"1" * n),
    "no UTF-8": bodies(lambda n: b'["' + b"\xff" * n + b'"]'),
    "halves of characters": bodies(lambda n: b'["' + rb"\ud800" * n + b'"]'),
    "escaped NULs": bodies(lambda n: b'["' + rb"\u0000" * n + b'"]'),
    "backslashes": bodies(lambda n: b'["' + rb"\\" * n + rb"\u0000" + b'"]'),
    "blanks": bodies(lambda n: b" " * n + b"{}" + b" " * n),
    "depth": bodies(lambda n: b"[" * n),
    **{f"charset {name}": in_charset(name) for name in CHARSETS},
    "folders": lambda n: lambda: Undocumented()(folders(n)),
    "documented folders": lambda n: lambda: Folders()(folders(n)),
    "texts for rows": lambda n: lambda: Undocumented()(["x"] * n),
    "rows with names of their own": lambda n: (
        lambda: described(Undocumented()({"result": [{str(one): 1} for one in range(n)]}))
    ),
    "objects in objects": lambda n: lambda: rows_in(nested(n), Undocumented(), SCHEMA),
    "an envelope": lambda n: (
        lambda: rows_in({**nested(n), "result": None}, RowsAt("result"), SCHEMA)
    ),
    "headers": lambda n: table([f"h{one}" for one in range(n)], [["x"] * n]),
    "same headers": lambda n: table(["same"] * n, [["x"] * n]),
    "headers and short rows": lambda n: table(["same"] * n, [[]] * n),
    "short headers and long rows": lambda n: table(["a"], [["x"] * n, []]),
    "cells": lambda n: table(["_contact_id_", "b"], [["x", "y"]] * n),
    "headers as if numbered": lambda n: (
        lambda: distinct_names(["a"] * n + [f"a ({one})" for one in range(n)])
    ),
    "headers of CSV": lambda n: (
        lambda: cells_as_in([str(one) for one in range(n)], [str(n - one - 1) for one in range(n)])
    ),
    "same headers of CSV": lambda n: lambda: cells_as_in(["a"] * n, ["b"] * n + ["a"] * n),
    "labels": lambda n: lambda: assign_names({str(one): "Same" for one in range(n)}, {}),
    "known labels": lambda n: (
        lambda: assign_names(
            {str(one): "Same" for one in range(n)}, {f"k{one}": f"same_{one}" for one in range(n)}
        )
    ),
    "a long label": lambda n: lambda: snake_case.__wrapped__("aB-" * n),
    **{
        f"words of {text!r} in the log": in_the_log(text) for text in ("a", "a@", " @", "@a ", "\n")
    },
    "custom fields": contact,
    "names of custom fields": known_names,
    "fields of an object": object_record,
    "rows": lambda n: lambda: records([{"id": "1", "name": "x", "size": 1}] * n),
    "rows that do not fit": lambda n: lambda: records([{"id": [], "size": "x"}] * n),
    "rows with fields of their own": lambda n: (
        lambda: records([{f"f{one}": 1} for one in range(n)])
    ),
    "fields of a row": lambda n: lambda: records([{f"f{one}": 1 for one in range(n)}]),
    "spellings of a timestamp": lambda n: (
        lambda: records([{spelled(one): 1_700_000_000} for one in range(n)])
    ),
    "spellings in a row": lambda n: (
        lambda: records([{spelled(one): 1_700_000_000 for one in range(n)}])
    ),
    **{f"long values of {text!r}": long_values(text) for text in ("1", " ", "1:", "a ", "é", "-")},
    "long lines": csv(lambda n: "a\n" + "x" * n),
    "long cells": csv(lambda n: 'a\n"' + "x\n" * n),
    "lines": csv(lambda n: "a,b\n" * n),
    "empty lines": csv(lambda n: "\n" * n),
    "columns": csv(lambda n: "," * n + "\n"),
    "what CSV proves": proof,
    "keys": keys,
    "missing keys": own_keys,
    "same rows": lambda n: lambda: [*map(IdNumbers().next_id, ["a"] * n)],
    "events": events,
    "pages of one row": reading(lambda n: [[{"id": "1"}, {"id": str(one)}] for one in range(n)]),
    "a large page, then small ones": reading(
        lambda n: [
            [{"id": str(one)} for one in range(n)],
            *[[{"id": str(n + one - 1)}, {"id": str(n + one)}] for one in range(20)],
        ]
    ),
    "a page of one border": reading(
        lambda n: [[{"id": "1"}] * n, [{"id": "1"}] * n, [{"id": "1"}] * n]
    ),
    "pages to read ahead": lambda n: lambda: OffsetPaging(1).plan(Page(size=1), 1, n),
}


def seconds_of(action: Callable[[], object]) -> float:
    begin = time.process_time()
    with suppress(UnknownShapeError, ValueError, ActOnError):
        action()
    return time.process_time() - begin


def sizes() -> Iterator[int]:
    size = 256
    while size <= LARGEST:
        yield size
        size *= 2


@pytest.fixture(autouse=True, scope="module")
def as_the_tap_does() -> Iterator[None]:
    """Look for garbage among new objects alone; those of other tests would be counted, too."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", READERS)
def test_eight_times_as_much_takes_about_eight_times_as_long(name: str) -> None:
    make = READERS[name]
    size = next((size for size in sizes() if seconds_of(make(size)) > ENOUGH_SECONDS), LARGEST)
    for _ in range(TRIES):
        usual = max(ENOUGH_SECONDS, seconds_of(make(size)))
        # Another process may have the machine meanwhile: once is enough.
        if (growth := seconds_of(make(GROWTH * size)) / usual) < MOST:
            return
    pytest.fail(f"{name}: eight times as much takes {growth:.0f} times as long")
