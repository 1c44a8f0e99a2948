"""Whatever a server does: what has evidence is whole, what is not is refused, the rest is read.

``make soak`` runs the properties with new seeds; ``TAP_ACTON_SEED=123`` runs them with that one.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tap_acton.api.pagination import (
    NumberedPaging,
    OffsetPaging,
    OptionalPaging,
    Page,
    TokenPaging,
)
from tap_acton.errors import AllowanceSpentError, GoneError, RejectedCallError
from tap_acton.sync import keys
from tap_acton.sync.evidence import Endpoint, Evidence
from tap_acton.sync.query import Outcome, Query, Response
from tap_acton.sync.retriever import FEW_IN_VAIN, MOST_PAGES_AGAIN, MOST_READINGS, Retriever
from tests.contract import seeds
from tests.unit.lying_server import (
    ORDERS,
    SIZE,
    Found,
    Item,
    Server,
    bag,
    check,
    is_knowable,
    queries_of,
    read,
    rows_of,
    server_of,
    without_threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_acton.api.pagination import Paging
    from tap_acton.records.reader import Record, Row

SERVERS = 10
"""Times the examples of other random tests, so many servers are tried; ``make soak`` tries new ones
for an hour."""

MOVES = ("insert", "delete", "both")


def with_servers(moves: str, test: Callable[[Server, int], object]) -> None:
    """Run a test with servers of which it can be known whether they return all rows."""
    for seed in seeds.given(SERVERS * settings().max_examples):
        _with_server(seed, moves, test)


def _with_server(seed: int, moves: str, test: Callable[[Server, int], object]) -> None:
    server = server_of(seed, moves)
    if is_knowable(server):
        shown = repr(server)
        try:
            test(server, 1 + seed % 4)
        except BaseException as error:
            error.add_note(f"TAP_ACTON_SEED={seed}, rows that move: {moves or 'none'}, {shown}")
            raise


@pytest.mark.parametrize("moves", MOVES)
def test_no_row_is_lost_silently_whatever_the_server_does(moves: str) -> None:
    with_servers(moves, check)


def test_whatever_can_be_read_is_read_and_known_to_be_all() -> None:
    with_servers("", _reads_all)


def _reads_all(server: Server, width: int) -> None:
    found = check(server, width)
    for name, item in server.items.items():
        if is_readable(server, item):
            assert found[name].evidence is not None, name
            came = {row.get("id", row["at"]) for row in found.rows.get(name, ())}
            shown = [row for row in item.rows if not server.is_hidden(row)]
            assert came == {row.get("id", row["at"]) for row in shown}


def is_readable(server: Server, item: Item) -> bool:
    """Tell whether all rows of an item can be read, and be known to be all."""
    is_paged = server.paging is not None
    lacks_rows = server.habit == "cap" and not is_paged
    is_set = server.is_keyed and server.total == "honest"
    has_borders = isinstance(server.paging, OffsetPaging)
    has_twins = len({row.get("id", row["at"]) for row in item.rows}) < len(item.rows)
    has_short_pages = isinstance(server.paging, NumberedPaging) and server.habit == "hidden"
    return not (
        item.problem is not None
        or lacks_rows
        or (has_twins and is_paged)
        or server.total == "more"
        # Just as many rows as requested may have been cut.
        or (server.habit == "ignores both" and len(item.rows) == SIZE and is_paged)
        or server.habit in {"cut", "wraps", "clamps", "ignores offset"}
        or (server.habit == "hidden" and server.counts_hidden)
        # Without an order, only a set can be known to be whole.
        or (has_borders and server.habit in ORDERS and not is_set)
        or (has_short_pages and not server.is_keyed)
    )


@seeds.only_when_soaking
@pytest.mark.timeout(0)
def test_nothing_of_this_fails_with_new_seeds() -> None:
    seeds.soak(_with_servers_of)


def test_nothing_of_this_fails_with_threads() -> None:
    for seed in range(30):
        server = server_of(seed)
        found = Found()
        found.take(Retriever(server, width=3), queries_of(server))
        again = server_of(seed)
        assert [one.query for one in found.outcomes] == [one.query for one in read(again).outcomes]


def _with_servers_of(seed: int) -> None:
    for moves in MOVES:
        _with_server(seed, moves, check)
    _with_server(seed, "", _reads_all)


# What it costs


def server_with(
    *sizes: int, paging: Paging | None = None, is_keyed: bool = True, **habits: Any
) -> Server:
    """Make a server with items of so many rows, which pages by offset if nothing else is said."""
    found = {f"i{n:02}": Item(rows_of(size, is_keyed=is_keyed)) for n, size in enumerate(sizes)}
    return Server(found, paging or OffsetPaging(SIZE), is_keyed=is_keyed, **habits)


SIZES = (0, 1, 4, 5, 6, 9, 10, 11, 15, 23)


@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize("style", [OffsetPaging, NumberedPaging])
@pytest.mark.parametrize("first", range(len(SIZES)))
def test_an_honest_server_gets_hardly_more_calls_than_it_has_pages(
    style: type[Paging], first: int, *, is_keyed: bool
) -> None:
    sizes = SIZES[first:] + SIZES[:first]
    server = server_with(*sizes, paging=style(SIZE), is_keyed=is_keyed)
    found = check(server)
    assert all(one.evidence for one in found.outcomes)
    # From the second page on, those of a sequence begin with a row of the page before.
    step = SIZE if is_keyed or style is NumberedPaging else SIZE - 1
    behind_first = [max(0, size - SIZE) for size in sizes]
    pages = sum(1 + -(-rows // step) for rows in behind_first)
    full = sum(
        size >= SIZE and not rows % step for size, rows in zip(sizes, behind_first, strict=True)
    )
    # One more behind each page that is full, and once behind one that is not.
    assert len(server.calls) <= pages + full + 1


@pytest.mark.parametrize(
    ("style", "rows", "calls"),
    [
        *((OffsetPaging, *case) for case in [(0, 2), (3, 2), (5, 2), (6, 3), (9, 3), (10, 4)]),
        *((NumberedPaging, *case) for case in [(0, 2), (3, 2), (5, 2), (6, 3), (10, 3), (11, 4)]),
        *((TokenPaging, *case) for case in [(0, 1), (3, 1), (5, 2), (6, 2), (10, 2), (11, 3)]),
        *((OptionalPaging, *case) for case in [(0, 1), (3, 1), (50, 1)]),
    ],
)
def test_a_listing_without_a_total_costs_one_call_more(
    style: type[Paging], rows: int, calls: int
) -> None:
    server = server_with(rows, paging=style(SIZE), total="none")
    assert check(server)["i00"].evidence is not None
    assert len(server.calls) == calls


@pytest.mark.parametrize("total", ["less one", "half", "zero", "none"])
def test_a_total_that_is_too_small_hides_nothing(total: str) -> None:
    server = server_with(17, total=total)
    assert check(server)["i00"].evidence is Evidence.EMPTY_PAGE


def test_where_no_total_was_more_than_a_page_it_may_be_the_number_of_rows_beside_it() -> None:
    server = server_with(3, 4, 2, total="page", habit="cap", amount=4)
    assert {one.evidence for one in check(server).outcomes} == {Evidence.EMPTY_PAGE}
    shared = Endpoint()
    shared.total_is_real = True
    # Another retriever of the same endpoint has seen more.
    server = server_with(3)
    with without_threads(0) as run_one:
        found = Found()
        found.take(Retriever(server, check=run_one, endpoint=shared), queries_of(server))
    assert found["i00"].evidence is Evidence.TOTAL
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("habits", "readings"),
    [
        # As a set, and as a sequence in which nothing moves.
        ({"total": "more"}, 2),
        ({"total": "more", "is_keyed": False}, 1),
        # Each reading finds that the offset is ignored.
        ({"habit": "ignores offset"}, MOST_READINGS),
        ({"habit": "ignores offset", "is_keyed": False, "total": "none"}, MOST_READINGS),
    ],
)
def test_a_query_is_read_again_while_that_may_help_unless_it_was_in_vain_for_some(
    habits: dict[str, Any], readings: int
) -> None:
    server = server_with(*[7] * 8, **habits)
    begun: list[str] = []

    class Counted(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            begun.extend([query.place[0]] if page == Page() else [])
            return super().fetch(query, page)

    habits = {"is_keyed": True, "total": "honest", **habits}
    found = read(Counted(server.items, server.paging, **habits), width=1)
    assert all(one.is_refused for one in found.outcomes)
    assert [*Counter(begun).values()] == [readings] * FEW_IN_VAIN + [1] * 5


def test_queries_that_lack_rows_do_not_keep_the_others_from_being_read_again() -> None:
    """Each tenth lacks rows for good, the others once."""
    server = server_with(*[7] * 60, total="honest")
    tries: Counter[str] = Counter()

    class Lacking(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            response = super().fetch(query, page)
            (name,) = query.place
            tries[name] += not page.offset
            number = int(name[1:])
            lacks_once = number % 10 == 5 and tries[name] == 1
            return replace(response, rows=()) if number % 10 < 4 or lacks_once else response

    found = read(Lacking(server.items, server.paging), width=1)
    refused = [one.query.place[0] for one in found.outcomes if one.is_refused]
    assert refused == [name for name in server.items if int(name[1:]) % 10 < 4]


def test_queries_are_read_again_as_long_as_that_helps() -> None:
    server = server_with(*[7] * 10, total="less one")
    assert all(one.evidence for one in check(server, width=1).outcomes)


def test_a_long_sequence_of_which_rows_move_is_not_read_again() -> None:
    rows = SIZE + (SIZE - 1) * MOST_PAGES_AGAIN
    moves = dict.fromkeys((MOST_PAGES_AGAIN - 50, MOST_PAGES_AGAIN + 1), ("delete", 0))
    for number, readings in zip(moves, (2, 1), strict=True):
        server = server_with(rows, total="none")
        server.items["i00"].moves = {number: moves[number]}
        found = read(server, width=1)
        assert [call["offset"] for call in server.calls].count(0) == readings
        assert found["i00"].is_refused is (readings == 1)


def test_a_long_set_is_read_again_as_a_sequence() -> None:
    server = server_with(SIZE * (MOST_PAGES_AGAIN + 10), total="less one")
    assert check(server)["i00"].evidence is Evidence.EMPTY_PAGE


# What cannot be known: the end of the docstring of evidence.py


def test_known_limit_a_row_is_deleted_in_front_while_another_is_appended_to_a_set() -> None:
    server = server_with(9)
    item = server.items["i00"]
    item.moves = {1: ("delete", 0)}
    item.rows.append({"id": "new", "at": 9})
    item.rows.pop()

    class Moving(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            if self.items["i00"].calls == 1:
                self.items["i00"].insert(9, {"id": "new", "at": 9})
            return super().fetch(query, page)

    found = read(Moving(server.items, server.paging), width=1)
    assert found["i00"].evidence is Evidence.TOTAL
    assert "k5" not in {row["id"] for row in found.rows["i00"]}


def test_known_limit_numbered_pages_without_a_total_show_no_deleted_row() -> None:
    server = server_with(9, paging=NumberedPaging(SIZE), total="none")
    server.items["i00"].moves = {1: ("delete", 0)}
    found = read(server, width=1)
    assert found["i00"].evidence is Evidence.EMPTY_PAGE
    assert "k5" not in {row["id"] for row in found.rows["i00"]}


def test_known_limit_pages_that_nothing_tells_of() -> None:
    server = server_with(9, paging=OptionalPaging(SIZE), total="none", habit="cap", amount=3)
    found = read(server)
    assert found["i00"].evidence is Evidence.ONE_ANSWER
    assert found["i00"].rows == 3


def test_known_limit_a_page_that_is_cut_to_its_border() -> None:
    server = server_with(9, total="none", habit="cut", amount=2, cut_to=1)
    found = read(server)
    assert found["i00"].evidence is Evidence.EMPTY_PAGE
    assert found["i00"].rows == 5


@pytest.mark.parametrize("rows", [1, 4, 5, 6, 13])
def test_where_all_rows_come_whatever_is_requested_the_endpoint_has_no_pages(rows: int) -> None:
    found = check(server_with(rows, total="none", habit="ignores both"))["i00"]
    # Just as many as requested may have been cut.
    assert found.evidence is (None if rows == SIZE else Evidence.ONE_ANSWER)


# Rows that share a key, or are the same


def with_twin(places: Sequence[int], size: int = 13, **habits: Any) -> Server:
    """Make a server with rows that have the key of the row before them."""
    server = server_with(size, **habits)
    rows = server.items["i00"].rows
    for place in places:
        rows[place] = {"id": rows[place - 1]["id"], "at": 100 + place}
    server.items["i00"] = Item(rows)
    return server


def test_rows_that_share_a_key_are_different_rows_where_no_row_has_moved() -> None:
    """The last of each key stays; all of them count, so that the query is whole."""
    for places in ([2], [2, 3], [5], [7], [7, 8, 11]):
        for total in ("honest", "none"):
            server = with_twin(places, total=total)
            found = check(server)
            assert found["i00"].evidence is not None
            held = {row["id"]: row["at"] for row in found.rows["i00"]}
            assert held == {row["id"]: row["at"] for row in server.items["i00"].rows}
            assert found["i00"].rows == 13
    assert check(with_twin([2], size=4))["i00"].rows == 4


@pytest.mark.parametrize("first", [3, 90])
@pytest.mark.parametrize("second", [1, 4, 12, 30])
@pytest.mark.parametrize("size", [8, 200])
@pytest.mark.parametrize("total", ["honest", "none"])
def test_the_latest_version_of_a_row_stays_whatever_the_order(
    first: int, second: int, size: int, total: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it comes first or last, on the same page, the next one, or many pages away."""
    monkeypatch.setattr(keys, "KEYS_HELD", 20)
    if size <= first + second:
        return
    server = server_with(size, total=total)
    rows = server.items["i00"].rows
    early, late = {"id": "twin", "at": -1}, {"id": "twin", "at": 1000}
    for order in ([early, late], [late, early]):
        rows[first], rows[first + second] = order
        server.items["i00"] = Item(rows)
        server.version_of = lambda record: f"{record['at']:05}"
        found = read(server)
        assert found["i00"].evidence is not None
        assert [row for row in found.rows["i00"] if row["id"] == "twin"][-1] == late


@pytest.mark.parametrize(
    ("rows", "total", "is_whole"),
    [
        # One behind the other, on the same page or on two.
        ([0, 1, 1, 1, 4, 5, 6, 7, 8, 9], "honest", True),
        ([0, 1, 2, 3, 4, 4, 4, 7, 8, 9], "honest", True),
        ([0, 1, 2, 4, 4, 5, 6, 7, 8, 9], "none", True),
        ([0, 1, 2, 3, 4, 4, 6, 7, 8, 9], "none", True),
        # Where rows may have been inserted, the same row may have come twice.
        ([0, 1, 2, 4, 4, 4, 6, 7, 8, 9], "none", False),
        ([0, 1, 2, 4, 4, 4, 6, 7, 8, 9], "honest", True),
        ([7] * 4, "honest", True),
        ([7] * 4, "none", True),
        # Is the offset ignored, or are they all the same?
        ([7] * 12, "honest", False),
    ],
)
def test_identical_rows_without_keys_all_come(
    rows: list[int], total: str, *, is_whole: bool
) -> None:
    item = Item([{"at": row} for row in rows])
    found = check(Server({"i": item}, OffsetPaging(SIZE), is_keyed=False, total=total))
    assert (found["i"].evidence is not None) is is_whole
    assert found.rows.get("i", []) == (item.rows if is_whole else [])


# One bad item, one bad page


def test_a_bad_item_blocks_no_other() -> None:
    server = server_with(*[7] * 20)
    for number, (name, item) in enumerate(server.items.items()):
        item.problem = RejectedCallError(name) if number % 2 else None
    found = check(server)
    assert [one.is_refused for one in found.outcomes] == [False, True] * 10


def test_a_bad_page_blocks_no_other_page_of_a_set() -> None:
    problem = RejectedCallError("500")

    class Bad(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            if page.offset == 2 * SIZE:
                return Response(query, page, problem=problem)
            return super().fetch(query, page)

    found = read(Bad(server_with(23).items, OffsetPaging(SIZE)))
    assert found["i00"].problem is problem
    assert {row["at"] for row in found.rows["i00"]} == {*range(23)} - {*range(10, 15)}


def test_pages_by_token_that_come_in_a_circle_end() -> None:
    class Circling(Server):
        def _token(self, item: Item, page: Page, reached: int) -> str:
            del page
            return str(reached % len(item.rows))

    for is_keyed in (True, False):
        circling = server_with(20, is_keyed=is_keyed, total="none").items
        server = Circling(circling, TokenPaging(SIZE), is_keyed=is_keyed, total="none")
        assert read(server)["i00"].is_refused
        assert len(server.calls) < 100


def test_pages_that_are_empty_and_lead_to_others_end() -> None:
    class Empty(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            self.calls.append({})
            return Response(query, page, token=f"t{len(self.calls)}")

    server = Empty(server_with(1).items, TokenPaging(SIZE))
    assert read(server)["i00"].is_refused
    assert len(server.calls) < 20


# Queries in the place of others


@dataclass
class Leading(Server):
    """A server with queries that are read as others, or in another form.

    Attributes:
        leads: The queries that are read in the place of one, by its path.
        others: The path of another form, by that of the form that fails.
        done: The pages of which the records were taken.
    """

    leads: dict[str, Sequence[Query]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    done: list[tuple[str, int]] = field(default_factory=list)

    def follow_ups(self, response: Response) -> Iterable[Query]:
        return self.leads.get(response.query.path, ())

    def instead(self, outcome: Outcome) -> Query | None:
        other = self.others.get(outcome.query.path)
        return None if other is None else replace(outcome.query, path=other)

    def page_done(self, response: Response) -> None:
        self.done.append((response.query.path, response.page.offset))


def items_of(*names: str, rows: int = 7) -> dict[str, Item]:
    return {name: Item(rows_of(rows)) for name in names}


@pytest.mark.parametrize("width", [1, 4])
def test_no_page_is_done_of_which_nothing_was_taken(width: int) -> None:
    server = Leading(items_of("a", rows=8 * SIZE), NumberedPaging(SIZE), total="none")
    server.habit, server.amount = "wraps", 2 * SIZE
    assert read(server, width)["a"].is_refused
    assert {offset for _, offset in server.done} == {0, SIZE}


def shown(outcome: Outcome) -> tuple[str, int, int, bool]:
    return outcome.query.path, outcome.depth, outcome.rows, outcome.is_refused


def test_follow_ups_are_read_in_the_place_of_a_query_and_its_outcome_comes_behind_theirs() -> None:
    queries = {name: Query(f"/{name}", (name,)) for name in ("a", "b", "c", "d", "e", "f")}
    server = Leading(items_of(*queries), OffsetPaging(SIZE))
    server.leads = {"/b": [queries["c"], queries["d"]], "/d": [queries["e"]]}
    for width in (1, 4):
        found = read(server, width, [queries[name] for name in "abf"])
        assert [shown(one) for one in found.outcomes] == [
            ("/a", 0, 7, False),
            ("/c", 1, 7, False),
            ("/e", 2, 7, False),
            ("/d", 1, 7, False),
            ("/b", 0, 14, False),
            ("/f", 0, 7, False),
        ]
        assert found["b"].evidence is Evidence.ONE_ANSWER
        assert found.rows.keys() == {"a", "c", "e", "f"}


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        ([None, None], None),
        ([GoneError("deleted"), None], GoneError),
        ([RejectedCallError("500"), None, None], RejectedCallError),
        ([GoneError("deleted"), RejectedCallError("500")], RejectedCallError),
        ([RejectedCallError("500"), GoneError("deleted")], RejectedCallError),
    ],
)
def test_the_worst_of_the_follow_ups_counts(
    problems: list[GoneError | RejectedCallError | None], expected: type[Exception] | None
) -> None:
    names = [f"c{number}" for number in range(len(problems))]
    server = Leading(items_of("a", *names), OffsetPaging(SIZE))
    server.leads = {"/a": [Query(f"/{name}", (name,)) for name in names]}
    for name, problem in zip(names, problems, strict=True):
        server.items[name].problem = problem
    found = read(server, queries=[Query("/a", ("a",))])["a"]
    assert isinstance(found.problem, expected or type(None))
    assert (found.evidence is None) is (expected is not None)
    assert found.is_refused is (expected is RejectedCallError)


def test_a_deleted_follow_up_does_not_hide_one_that_is_not_proven() -> None:
    server = Leading(items_of("a", "c", "d"), OffsetPaging(SIZE), habit="ignores offset")
    server.leads = {"/a": [Query("/c", ("c",)), Query("/d", ("d",))]}
    server.items["c"].problem = GoneError("deleted")
    found = read(server, width=1, queries=[Query("/a", ("a",))])
    assert found["a"].problem is None
    assert found["a"].is_refused


def test_another_form_takes_the_place_of_a_query_that_failed() -> None:
    """One hook for an older path, another spelling, a filter that is not heeded."""
    server = Leading(items_of("a", "b"), OffsetPaging(SIZE))
    server.others = {"/new": "/old", "/old": "/oldest"}
    queries = [Query("/new", (name,)) for name in ("a", "b")]
    found = read(server, queries=queries)
    assert [shown(one) for one in found.outcomes] == [("/oldest", 0, 7, False)] * 2


def test_another_form_may_lead_to_others_and_stand_for_a_follow_up() -> None:
    server = Leading(items_of("a", "b", "c"), OffsetPaging(SIZE))
    server.leads = {"/a": [Query("/b", ("b",))], "/other": [Query("/c", ("c",))]}
    server.others = {"/b": "/other"}
    found = read(server, queries=[Query("/a", ("a",))])
    assert [shown(one) for one in found.outcomes] == [
        ("/c", 2, 7, False),
        ("/other", 1, 7, False),
        ("/a", 0, 7, False),
    ]


def test_each_page_is_done_once_its_records_are_taken() -> None:
    server = Leading(items_of("a", rows=13), OffsetPaging(SIZE))
    with without_threads(0) as run_one:
        done = []
        for part in Retriever(server, check=run_one).read([Query("/a", ("a",))]):
            done.append((*server.done,))
            assert isinstance(part, Outcome) or part.query.path == "/a"
    pages = [("/a", offset) for offset in (0, 5, 10)]
    assert done[-1] == (*pages,)
    assert done[0] == ()


def test_where_the_allowance_ends_every_query_before_has_its_outcome() -> None:
    """So a checkpoint stands behind the last outcome: only the query under way is read again."""

    class Limited(Leading):
        def fetch(self, query: Query, page: Page) -> Response:
            if len(self.calls) == self.amount:
                raise AllowanceSpentError("spent")
            return super().fetch(query, page)

    names = [f"i{number}" for number in range(6)]
    rows = 12  # three pages
    for amount in range(len(names) * 3):
        for width in (1, 4):
            limited = Limited(items_of(*names, "c", rows=rows), OffsetPaging(SIZE))
            limited.leads = {"/i4": [Query("/c", ("c",))]}
            limited.amount = amount
            found = Found()
            queries = [Query(f"/{name}", (name,)) for name in names]
            with without_threads(amount) as run_one, pytest.raises(AllowanceSpentError):
                found.take(Retriever(limited, width=width, check=run_one), queries)
            done = [one.query.path for one in found.outcomes if not one.depth]
            assert done == [f"/{name}" for name in names[: len(done)]]
            assert all(one.evidence for one in found.outcomes)
            if width == 1:
                # The last row of the first query that has three pages is the proof of its total.
                assert len(done) >= (amount - 1) // 3 - 1


# Files


class OnDisk:
    """Rows that can only be gone through, as those of a file."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.readings = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        self.readings += 1
        return iter(self._rows)

    def __contains__(self, row: object) -> bool:
        return row in self._rows


class WithFile(Leading):
    """A server that has the rows of an item as a file, too."""

    file: Any = None

    def fetch(self, query: Query, page: Page) -> Response:
        if query.path != "/file":
            return super().fetch(query, page)
        self.calls.append({})
        total = len(self.items[query.place[0]].rows)
        return Response(query, page, self.file, total, is_file=True)


@pytest.mark.parametrize("is_keyed", [True, False])
def test_a_file_stands_for_all_pages(*, is_keyed: bool) -> None:
    rows = rows_of(1000, is_keyed=is_keyed)
    server = WithFile({"a": Item(rows)}, OffsetPaging(SIZE), is_keyed=is_keyed)
    server.file = OnDisk(rows)
    found = read(server, queries=[Query("/file", ("a",))])
    assert found["a"].evidence is Evidence.CSV_FILE
    assert found["a"].rows == 1000
    assert found.rows["a"] == rows
    assert (len(server.calls), server.file.readings) == (1, 1)


@pytest.mark.parametrize("is_keyed", [True, False])
def test_pages_take_the_place_of_a_file_that_lacks_rows(*, is_keyed: bool) -> None:
    rows = rows_of(40, is_keyed=is_keyed)
    # A row that comes twice does not make up for one that is missing.
    lacking = [rows[0], *rows[:-2]] if is_keyed else rows[:-1]

    class Once(WithFile):
        def fetch(self, query: Query, page: Page) -> Response:
            response = super().fetch(query, page)
            if {} not in self.calls:
                self.calls.append({})
                return replace(response, rows=self.file, is_file=True)
            return response

    server = Once({"a": Item(rows)}, OffsetPaging(SIZE), is_keyed=is_keyed)
    server.file = OnDisk(lacking)
    found = read(server)
    assert found["a"].evidence not in {None, Evidence.CSV_FILE}
    assert bag(found.rows["a"]).keys() == bag(rows).keys()
    assert server.calls.count({}) == 1


# Where an earlier run stopped


@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize("total", ["honest", "none"])
@pytest.mark.parametrize("style", [OffsetPaging, NumberedPaging])
def test_a_query_resumes_at_the_page_where_an_earlier_run_stopped(
    style: type[Paging], total: str, *, is_keyed: bool
) -> None:
    server = server_with(23, paging=style(SIZE), is_keyed=is_keyed, total=total)
    found = read(server, queries=[Query("/item", ("i00",), first=Page(10, size=SIZE))])
    assert found["i00"].evidence is not None
    assert found["i00"].rows == 23
    assert [row["at"] for row in found.rows["i00"]] == [*range(10, 23)]
    begin = "offset" if style is OffsetPaging else "page"
    assert min(call[begin] for call in server.calls) == (10 if style is OffsetPaging else 2)


def test_a_query_resumes_with_its_token() -> None:
    server = server_with(23, paging=TokenPaging(SIZE), total="none")
    first = Page(10, size=SIZE, token="10")
    found = read(server, queries=[Query("/item", ("i00",), first=first)])
    assert found["i00"].evidence is Evidence.LAST_TOKEN
    assert found["i00"].rows == 23
    assert len(server.calls) == 3


def test_what_is_not_proven_from_there_is_read_from_the_beginning() -> None:
    server = server_with(23, total="less one")
    found = read(server, queries=[Query("/item", ("i00",), first=Page(10, size=SIZE))])
    assert found["i00"].evidence is Evidence.EMPTY_PAGE
    assert {row["at"] for row in found.rows["i00"]} == {*range(23)}
    offsets = [call["offset"] for call in server.calls]
    assert offsets[0] == 10
    assert offsets[-1] == 22
    assert offsets.count(0) == 1


# Ahead of time, and no more


@pytest.mark.parametrize(
    ("style", "habits"),
    [
        (OffsetPaging, {"total": "none"}),
        (OffsetPaging, {"total": "honest", "is_keyed": False}),
        (NumberedPaging, {"total": "none"}),
        (TokenPaging, {"total": "none"}),
    ],
)
def test_the_next_page_of_a_sequence_is_requested_while_rows_are_taken(
    style: type[Paging], habits: dict[str, Any]
) -> None:
    server = server_with(40, paging=style(SIZE), **habits)
    requested = threading.Semaphore(0)

    class Telling(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            requested.release()
            return super().fetch(query, page)

        def batches(self, rows: Iterable[Row], query: Query) -> Iterator[Sequence[Record]]:
            if self.key_of is not None and not self.is_seen:
                # The page of these rows, and the one behind it.
                assert all(requested.acquire(timeout=20) for _ in range(2))
                self.is_seen = True
            return super().batches(rows, query)

        is_seen = False

    habits = {"is_keyed": True, **habits}
    telling = Telling(server.items, server.paging, **habits)
    found = Found()
    found.take(Retriever(telling), queries_of(telling))
    assert found["i00"].evidence is not None


class Living(dict[str, Any]):
    """A row that is counted as long as anything refers to it."""

    count = 0

    def __init__(self, row: Row) -> None:
        super().__init__(row)
        Living.count += 1

    def __del__(self) -> None:
        Living.count -= 1


@pytest.mark.parametrize(
    ("style", "total"),
    [
        (OffsetPaging, "honest"),
        (OffsetPaging, "none"),
        (NumberedPaging, "none"),
        (TokenPaging, "none"),
    ],
)
def test_the_memory_holds_a_page_and_its_neighbors(style: type[Paging], total: str) -> None:
    size = 50

    class Remembered(Server):
        def fetch(self, query: Query, page: Page) -> Response:
            response = super().fetch(query, page)
            return replace(response, rows=[Living(row) for row in response.rows])

    server = Remembered(server_with(size * 60).items, style(size), total=total)
    with without_threads(0) as run_one:
        parts = Retriever(server, width=1, check=run_one).read(queries_of(server))
        most = max(Living.count for _ in parts)
    assert len(server.calls) >= 60
    # The first page, which none is to be again, the last one, and what is under way.
    assert most <= 4 * size
