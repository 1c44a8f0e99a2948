"""Rows whose key Act-On does not return: none replaces another, and none is requested by a made id.

All streams are read in one run each: with keys missing of some rows, of all rows, of some of the
items that others are read by, and of all of these.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from tap_acton.records.values import snake_case
from tap_acton.streams import STREAM_TYPES
from tests.contract.conftest import bench_of
from tests.contract.expected import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from acton_sandbox import Account
    from tap_acton.api.pagination import Page
    from tap_acton.records.reader import Row
    from tap_acton.streams.base.stream import ActOnStream
    from tap_acton.sync.query import Query, Response
    from tests.contract.harness import Output

TYPES = {one.name: one for one in STREAM_TYPES}
STREAMS = [*KEYS, "contact_segments"]
LISTINGS = {one.name for one in STREAM_TYPES if one.item_columns}

DATED_BY_PLACE = "message_daily_stats"
"""Its rows only number the days of a month."""

LACKING: list[Callable[[Row, str], Row]] = [
    lambda row, name: {key: value for key, value in row.items() if key != name},
    lambda row, name: {**row, name: None},
    lambda row, name: {**row, name: ""},
    lambda row, name: {**row, name: {"of": row[name]}},
    lambda row, name: {(key if key != name else "another name"): row[key] for key in row},
]
"""What may become of a field of a key."""


@dataclass
class Spoiler:
    """Takes the keys from rows as they come, always from the same ones.

    Attributes:
        of_all: Whether no row keeps its key; else two of each query lose it, and one at least
            keeps it.
        spoiled: By stream the rows that have lost their keys.
    """

    of_all: bool
    spoiled: dict[str, dict[str, Row]] = field(default_factory=dict)

    def rows(self, stream: ActOnStream, rows: Sequence[Row], *, is_first: bool) -> Sequence[Row]:
        kept = self.spoiled.setdefault(stream.name, {})
        names = [name for row in rows[:1] for name in row if self._is_of_key(stream, name)]
        if names and is_first and not any(repr(row) in kept for row in rows):
            some = rows if self.of_all else rows[: min(2, len(rows) // 2) or 1]
            for place, row in enumerate(some):
                lacking = LACKING[(len(kept) + place) % len(LACKING)]
                changed: Row = dict(row)
                for name in set(names) & row.keys():
                    changed = lacking(changed, name)
                kept[repr(row)] = changed
        return [kept.get(repr(row), row) for row in rows]

    def _is_of_key(self, stream: ActOnStream, name: str) -> bool:
        if stream.name == DATED_BY_PLACE:
            return name == "dayOfMonth"
        return any(
            snake_case(name) == column
            or name in stream.schema["properties"][column].get("x-acton-names", ())
            for column in stream.primary_keys or ()
        )


@contextmanager
def spoiled(names: set[str], *, of_all: bool) -> Iterator[Spoiler]:
    """Let the rows of some streams lose their keys."""
    spoiler = Spoiler(of_all)

    def fetching(kind: type[ActOnStream]) -> Callable[[ActOnStream, Query, Page], Response]:
        fetch = kind.fetch

        def fetched(stream: ActOnStream, query: Query, page: Page) -> Response:
            response = fetch(stream, query, page)
            is_report = stream.name == "message_events" and "event_type" not in query.given
            if response.problem is not None or is_report:
                return response
            rows = list(response.rows)
            return replace(response, rows=spoiler.rows(stream, rows, is_first=not page.offset))

        return fetched

    with ExitStack() as patches:
        for name in names:
            patches.enter_context(patch.object(TYPES[name], "fetch", fetching(TYPES[name])))
        yield spoiler


@dataclass
class Run:
    """A run in which keys were missing.

    Attributes:
        output: What it wrote.
        spoiled: By stream the rows whose keys were missing.
    """

    output: Output
    spoiled: dict[str, dict[str, Row]]

    def keys(self, stream: str) -> set[tuple[Any, ...]]:
        return keys_of(self.output, stream)

    def failed(self, stream: str) -> bool:
        return failed(self.output, stream)

    def tells(self, *words: str) -> int:
        lines = [
            line for line in self.output.log.splitlines() if all(word in line for word in words)
        ]
        return len(lines)


def keys_of(output: Output, stream: str) -> set[tuple[Any, ...]]:
    """Give the keys of the rows of a stream."""
    columns = TYPES[stream].primary_keys
    return {tuple(record[column] for column in columns) for record in output.records[stream]}


def failed(output: Output, stream: str) -> bool:
    """Tell whether a run says that a stream is not complete."""
    return re.search(rf"\b{stream}\b", str(output.failure)) is not None


def run(account: Account, names: set[str], *, of_all: bool = False) -> Run:
    with bench_of(account) as bench, spoiled(names, of_all=of_all) as spoiler:
        return Run(bench.run(streams=STREAMS), spoiler.spoiled)


@pytest.fixture(scope="module")
def sound(account: Account) -> Run:
    return run(account, set())


@pytest.fixture(scope="module")
def some(account: Account) -> Run:
    return run(account, {*STREAMS} - LISTINGS)


@pytest.fixture(scope="module")
def every(account: Account) -> Run:
    return run(account, {*STREAMS} - LISTINGS, of_all=True)


@pytest.fixture(scope="module")
def some_items(account: Account) -> Run:
    return run(account, LISTINGS)


@pytest.fixture(scope="module")
def every_item(account: Account) -> Run:
    return run(account, LISTINGS, of_all=True)


@pytest.mark.parametrize("stream", [one for one in STREAMS if one not in LISTINGS])
def test_no_row_takes_the_place_of_another_whose_key_is_missing_too(
    sound: Run, some: Run, stream: str
) -> None:
    assert some.output.failure is None
    assert len(some.keys(stream)) == len(sound.keys(stream))
    assert None not in {part for key in some.keys(stream) for part in key}
    assert some.tells("WARNING", f"rows of {stream} whose") <= 1


def test_each_stream_whose_rows_lack_keys_says_so_once(some: Run) -> None:
    told = {one for one in STREAMS if some.tells("WARNING", f"rows of {one} whose")}
    assert told >= {
        "account",
        "hard_bounces",
        "list_members",
        "logos",
        "media_timeline",
        "contacts",
        "segment_contacts",
        "contact_segments",
        "subscription_opt_outs",
        "message_daily_stats",
    }


def is_documented(stream: str) -> bool:
    return type(TYPES[stream].extract).__name__ != "Undocumented"


KEYED_BY_ROWS = {
    "logos",
    "media_timeline",
    "programs",
    "list_members",
    "hard_bounces",
    "spam_complaints",
    "opt_outs",
    "subscription_opt_outs",
    DATED_BY_PLACE,
}
"""The documented streams of which a key is in the rows, several of which come in a response."""


@pytest.mark.parametrize("stream", [one for one in STREAMS if one not in LISTINGS])
def test_a_documented_response_without_any_key_has_an_unknown_shape(
    sound: Run, every: Run, stream: str
) -> None:
    assert every.failed(stream) is (stream in KEYED_BY_ROWS)
    if stream in KEYED_BY_ROWS:
        assert every.tells(f"tap-acton.{stream} |", "not what is documented")
        assert len(every.keys(stream)) < len(sound.keys(stream))
    else:
        assert len(every.keys(stream)) == len(sound.keys(stream))


@pytest.mark.parametrize("stream", sorted(LISTINGS))
def test_no_item_takes_the_place_of_another_whose_id_is_missing_too(
    sound: Run, some_items: Run, stream: str
) -> None:
    more = len(some_items.keys(stream)) - len(sound.keys(stream))
    # Datasets come by object as well, where nothing tells that it is the same one.
    assert more >= 0 if stream in NAMED else more == 0
    told = some_items.tells("WARNING", f"rows of {stream} whose")
    assert told == (stream not in {"campaigns", *NAMED})


NAMED = {"custom_object_datasets"}
"""What is requested by its name where it has no id."""

BELOW = [
    one for one in STREAMS if TYPES[one].listing and not one.startswith(("campaign", "custom_"))
]


@pytest.mark.parametrize("stream", BELOW)
def test_no_item_is_requested_by_an_id_that_was_made(
    sound: Run, some_items: Run, every_item: Run, stream: str
) -> None:
    listing = TYPES[stream].listing
    for one in (some_items, every_item):
        assert one.keys(stream) < sound.keys(stream)
        made = {str(part) for key in one.keys(listing) - sound.keys(listing) for part in key}
        paths = {part for seen in one.output.requests for part in seen.path.split("/")[1:-1]}
        assert "" not in paths
        assert not made & paths - {"CONTACT_LIST", "contact_list"}
    assert some_items.keys(stream)
    assert some_items.tells("WARNING", f"tap-acton.{stream} |", "cannot be requested") == 1
    # What is not documented may have no ids.
    assert some_items.failed(stream) is is_documented(listing)


@pytest.mark.parametrize("stream", sorted(LISTINGS))
def test_a_documented_listing_without_any_id_has_an_unknown_shape(
    sound: Run, every_item: Run, stream: str
) -> None:
    is_whole = len(every_item.keys(stream)) >= len(sound.keys(stream))
    assert is_whole is not is_documented(stream)
    assert every_item.failed(stream) is is_documented(stream)
