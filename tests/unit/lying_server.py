"""A simulated server with every habit that a server can have, read without threads.

Calls are served in an order that a seed picks among all that are under way, so that each order
of responses can occur, and occurs again.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.api.pagination import (
    NumberedPaging,
    OffsetPaging,
    OptionalPaging,
    Page,
    TokenPaging,
)
from tap_acton.errors import GoneError, NotAvailableError, RejectedCallError
from tap_acton.records.reader import batched
from tap_acton.sync import fan_out
from tap_acton.sync.query import Outcome, Query, Response
from tap_acton.sync.retriever import Batch, Retriever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_acton.api.pagination import Paging
    from tap_acton.errors import CallError
    from tap_acton.records.reader import Record, Row

SIZE = 5
"""The number of rows on a page."""

OWN_SIZE = 7
"""The number of rows on a numbered page of a server that heeds no size."""

MOST_CALLS = 3000
"""After so many calls a reading is taken to be endless."""

TOTALS = ("honest", "none", "zero", "page", "so far", "half", "less one", "more", "at times")
"""What a server may report as the number of rows in all."""

ORDERS = ("reversed", "shuffled")
HABITS = (
    "",
    "cap",
    "hidden",
    "cut",
    "ignores offset",
    "ignores size",
    "ignores both",
    "wraps",
    "clamps",
    *ORDERS,
)
"""What else a server may do."""


AMOUNTS = {"cap": (2, 3, 4), "hidden": (4, 7), "cut": (1, 2, 3, 4), "wraps": (5, 7, 10, 15)}
"""How far a server goes with a habit: see :class:`Server`."""

PROBLEMS = (*[None] * 6, RejectedCallError("500"), GoneError("10030"), NotAvailableError("404"))


@dataclass
class Item:
    """What one query is about.

    Attributes:
        rows: Its rows as they are now.
        problem: What requests for it fail with.
        moves: Before which of its calls a row is inserted or deleted, and where.
        calls: How many calls there were for it.
        always: The rows that were there all the time.
        ever: The rows that were there at any time.
    """

    rows: list[Row]
    problem: CallError | None = None
    moves: dict[int, tuple[str, int]] = field(default_factory=dict)
    calls: int = 0
    always: list[Row] = field(init=False)
    ever: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.always, self.ever = list(self.rows), list(self.rows)

    def insert(self, place: int, row: Row) -> None:
        self.rows.insert(place % (len(self.rows) + 1), row)
        self.ever.append(row)

    def delete(self, place: int) -> None:
        if self.rows:
            deleted = self.rows.pop(place % len(self.rows))
            self.always = [row for row in self.always if row is not deleted]


@dataclass
class Server:
    """The server, and the source that a retriever reads it by.

    Attributes:
        items: What there is, by the place of its query.
        paging: How it pages.
        is_keyed: Whether its rows have keys.
        total: What it reports as the number of rows.
        habit: What else it does.
        amount: How far it goes with that: the longest page, the offset at which it wraps, which
            rows are hidden, the call whose page is cut.
        cut_to: How many rows a page has that is cut.
        counts_hidden: Whether its total counts the rows that it hides.
        tokens: What it does of tokens: gives them, gives the last one again, leaves out the one
            behind the last page, or gives none.
        seed: Picks whatever happens by chance.
        calls: The parameters of each call.
    """

    items: dict[str, Item]
    paging: Paging | None
    is_keyed: bool = True
    total: str = "honest"
    habit: str = ""
    amount: int = 0
    cut_to: int = 0
    counts_hidden: bool = False
    tokens: str = "given"
    seed: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - repeatable
        self.key_of: Callable[[Record], Any] | None = _id_of if self.is_keyed else None
        self.version_of: Callable[[Record], str | None] | None = None

    # What a retriever needs of a source

    def fetch(self, query: Query, page: Page) -> Response:
        item = self.items[query.place[0]]
        if self.paging is not None:
            page = self.paging.settled(page)
        parameters = {} if self.paging is None else self.paging.parameters(page)
        self.calls.append(dict(parameters))
        assert len(self.calls) < MOST_CALLS, "the reading does not end"
        if item.problem is not None:
            return Response(query, page, problem=item.problem)
        self._move(item)
        item.calls += 1
        offset, count = self._wanted(item, parameters)
        window = range(offset, min(len(item.rows), offset + count))
        rows = [item.rows[n] for n in window if not self.is_hidden(item.rows[n])]
        rows = self._arranged(item, rows)
        total = self._total(item, offset, len(rows))
        token = self._token(item, page, offset + count)
        has_tokens = isinstance(self.paging, TokenPaging) and self.tokens in {"given", "come back"}
        return Response(query, page, rows, total, token, is_last=has_tokens and not token)

    def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
        for some in batched(rows):
            yield [{**row, **query.given} for row in some[:3]]
            yield [{**row, **query.given} for row in some[3:]]

    def follow_ups(self, response: Response) -> Iterable[Query]:  # noqa: ARG002 - for others
        return ()

    def instead(self, outcome: Outcome) -> Query | None:  # noqa: ARG002 - for others
        return None

    def page_done(self, response: Response) -> None:
        pass

    # What it does

    def is_hidden(self, row: Row) -> bool:
        return bool(self.habit == "hidden" and row["at"] % self.amount == 1)

    def _wanted(self, item: Item, parameters: Mapping[str, Any]) -> tuple[int, int]:
        """Return the offset and the count that a call is served with."""
        everything = len(item.rows) + 1
        match parameters:
            case {"count": count, "offset": offset}:
                pass
            case {"pagination": {"nextPageToken": offset, "size": count}}:
                offset = int(offset)
            case {"page": number, "pageSize": count} | {
                "pagination": {"page": number, "size": count}
            }:
                count = OWN_SIZE if self.habit == "ignores size" else self._capped(count)
                offset = number * count
            case {"pagination": {"size": count}}:
                offset, count = 0, OWN_SIZE if self.habit == "ignores size" else count
            case _:
                offset, count = 0, everything
        match self.habit:
            case "ignores offset":
                offset = 0
            case "ignores size" if "count" in parameters:
                count = everything
            case "ignores both":
                offset, count = 0, everything
            case "wraps" if offset >= self.amount:
                offset = 0
            case "clamps" if offset >= len(item.rows):
                offset = max(0, len(item.rows) - count)
        return offset, self._capped(count)

    def _capped(self, count: int) -> int:
        return min(count, self.amount) if self.habit == "cap" else count

    def _arranged(self, item: Item, rows: list[Row]) -> list[Row]:
        if self.habit == "cut" and item.calls == self.amount:
            # "None, and 0 in all" is what an empty item says of itself.
            is_sound = self.cut_to or self.total not in {"zero", "page", "so far"}
            return rows[: self.cut_to] if is_sound else rows
        if self.habit == "shuffled":
            return self.dice.sample(rows, len(rows))
        return rows[::-1] if self.habit == "reversed" else rows

    def _total(self, item: Item, offset: int, rows: int) -> int | None:
        honest = len(item.rows)
        if self.habit == "hidden" and not self.counts_hidden:
            honest -= sum(map(self.is_hidden, item.rows))
        return {
            "honest": honest,
            "none": None,
            "zero": 0,
            "page": rows,
            "so far": offset + rows,
            "half": (honest + 1) // 2,
            "less one": max(0, honest - 1),
            "more": honest + 2,
            "at times": honest if self.dice.random() < 0.6 else None,
        }[self.total]

    def _token(self, item: Item, page: Page, reached: int) -> str:
        if not isinstance(self.paging, TokenPaging) or self.tokens == "none":
            return ""
        if reached < len(item.rows):
            return str(reached)
        return page.token if self.tokens == "come back" else ""

    def _move(self, item: Item) -> None:
        kind, place = item.moves.get(item.calls, ("", 0))
        if kind == "delete":
            item.delete(place)
        elif kind == "insert":
            new = {"at": 1000 + item.calls}
            item.insert(place, {"id": f"new {item.calls}", **new} if self.is_keyed else new)


def _id_of(record: Record) -> Any:
    return record["id"]


@dataclass
class Pool:
    """The pools of all that is read at once: a task of any of them runs when one waits."""

    dice: random.Random
    waiting: list[tuple[object, Callable[[], None]]] = field(default_factory=list)

    def __call__(self, width: int) -> _OnePool:
        return _OnePool(self, width)

    def run_one(self) -> None:
        _, task = self.waiting.pop(self.dice.randrange(len(self.waiting)))
        task()


@dataclass(eq=False)
class _OnePool:
    pools: Pool
    width: int

    def submit(self, task: Callable[[], None]) -> None:
        self.pools.waiting.append((self, task))
        assert sum(pool is self for pool, _ in self.pools.waiting) <= self.width

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        assert (wait, cancel_futures) == (False, True)
        self.pools.waiting = [one for one in self.pools.waiting if one[0] is not self]


@contextmanager
def without_threads(seed: int) -> Iterator[Callable[[], None]]:
    """Let retrievers run without threads; yields what is to be their check."""
    pool = Pool(random.Random(seed))  # noqa: S311 - repeatable
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fan_out, "ThreadPoolExecutor", pool)
        patch.setattr(fan_out, "CHECKPOINT_SECONDS", 0)
        yield pool.run_one


@dataclass
class Found:
    """What came of a reading.

    Attributes:
        rows: The records of each item, as they came.
        outcomes: How the queries ended, in order.
    """

    rows: dict[str, list[Record]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def take(self, retriever: Retriever, queries: Iterable[Query]) -> None:
        """Take all that a retriever finds, until something goes wrong."""
        for part in retriever.read(queries):
            if isinstance(part, Batch):
                self.rows.setdefault(part.query.place[0], []).extend(part.records)
            else:
                self.outcomes.append(part)

    def __getitem__(self, name: str) -> Outcome:
        (found,) = [one for one in self.outcomes if one.query.place[0] == name and not one.depth]
        return found


def queries_of(server: Server) -> list[Query]:
    return [Query("/item", (name,)) for name in server.items]


def read(server: Server, width: int = 4, queries: Iterable[Query] | None = None) -> Found:
    """Read the items of a server, or other queries for them."""
    found = Found()
    with without_threads(server.seed) as check:
        found.take(Retriever(server, width=width, check=check), queries or queries_of(server))
    return found


def bag(rows: Iterable[Row]) -> Counter[str]:
    return Counter(repr(sorted(row.items())) for row in rows)


def check(server: Server, width: int = 4) -> Found:
    """Read the items of a server, and compare what came with what there is."""
    found = read(server, width)
    # Each query has its outcome, in order: none blocks another.
    assert [one.query.place[0] for one in found.outcomes] == list(server.items)
    for name, item in server.items.items():
        outcome, came = found[name], bag(found.rows.get(name, ()))
        expected = bag(row for row in item.always if not server.is_hidden(row))
        if item.problem is not None:
            assert outcome.evidence is None
            assert outcome.problem is item.problem
        elif outcome.evidence is not None and server.is_keyed:
            keys = {row["id"] for row in item.always if not server.is_hidden(row)}
            keys -= {record["id"] for record in found.rows.get(name, ())}
            assert not keys, f"{name}: lost {keys} with {outcome.evidence!r}"
        elif outcome.evidence is not None:
            assert not expected - came, f"{name}: lost, with {outcome.evidence!r}"
        assert came.keys() <= bag(item.ever).keys(), "nothing is invented"
        if not server.is_keyed:
            assert not came - bag(item.ever), "no row without a key comes twice"
            assert not came or outcome.evidence is not None
    return found


def rows_of(count: int, *, is_keyed: bool = True) -> list[Row]:
    """Make rows, each of which is another one."""
    return [{"id": f"k{n}", "at": n} if is_keyed else {"at": n} for n in range(count)]


def server_of(seed: int, moves: str = "") -> Server:
    """Make a server by chance.

    Args:
        seed: What is left to chance.
        moves: Whether rows are inserted or deleted while they are read, or both.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable
    is_keyed, habit = dice.random() < 0.6, dice.choice(HABITS)
    style = dice.choice((OffsetPaging, OffsetPaging, OptionalPaging, NumberedPaging, TokenPaging))
    # Identical rows at the very border of a page hide that rows moved.
    may_repeat = is_keyed or not (moves or habit in {"hidden", *ORDERS})
    return Server(
        {
            f"i{number}": _item_of(dice, moves, is_keyed=is_keyed, may_repeat=may_repeat)
            for number in range(dice.randint(1, 4))
        },
        style(SIZE) if dice.random() < 0.95 else None,
        is_keyed=is_keyed,
        total=dice.choice(TOTALS),
        habit=habit,
        amount=dice.choice(AMOUNTS.get(habit, (0,))),
        cut_to=dice.choice((0, 2, 3, 4)),
        counts_hidden=dice.random() < 0.5,
        tokens=dice.choice(("given", "come back", "left out", "none")),
        seed=seed,
    )


def _item_of(dice: random.Random, moves: str, *, is_keyed: bool, may_repeat: bool) -> Item:
    rows = rows_of(dice.randint(0, 23), is_keyed=is_keyed)
    if rows and may_repeat:
        for _ in range(dice.choice((0, 0, 1, 2))):
            place = dice.randrange(len(rows))
            # Without keys it is the same row, with keys another one of the same key.
            rows[place] = {**rows[place - 1], **({"at": 100 + place} if is_keyed else {})}
    item = Item(rows, dice.choice(PROBLEMS))
    kinds = ("insert", "delete") if moves == "both" else (moves,)
    for _ in range(dice.randint(0, 4) if moves else 0):
        item.moves[dice.randint(0, 9)] = dice.choice(kinds), dice.randint(0, 40)
    return item


def is_knowable(server: Server) -> bool:
    """Tell whether the evidence can be right; the docstring of evidence.py says where it cannot."""
    moves = {kind for item in server.items.values() for kind, _ in item.moves.values()}
    lacks_rows = server.habit in {"cap", "hidden", "cut"}
    is_reported = server.total in {"honest", "more"}
    has_borders = isinstance(server.paging, OffsetPaging)
    may_be_set = server.is_keyed and server.total not in {"none", "zero", "page"}
    if moves and not has_borders:
        return server.total == "honest" and server.habit in {"", "cap"} and len(moves) == 1
    return not (
        # A total that is too small by just what a page lacks, or grows with what came.
        (server.total in {"half", "less one"} and lacks_rows)
        or (server.total == "so far" and (lacks_rows or moves))
        # As many rows come as go.
        or (len(moves) > 1 and may_be_set)
        # What the first response lacks, or a page without a border, unless a total shows it.
        or (lacks_rows and not is_reported and _is_undocumented(server))
        or (server.habit == "cut" and not is_reported and not has_borders)
        # With neither a key nor an order there is nothing to go by.
        or (moves and server.habit in ORDERS and not server.is_keyed)
    )


def _is_undocumented(server: Server) -> bool:
    return server.paging is None or isinstance(server.paging, OptionalPaging)
