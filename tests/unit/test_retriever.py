"""Whatever a server does: what has evidence is whole, what is not is refused, the rest is read.

``make soak`` runs the properties with new seeds; ``TAP_ACTON_SEED=123`` runs them with that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_acton.api.pagination import (
    NumberedPaging,
    OffsetPaging,
)
from tests.contract import seeds
from tests.unit.lying_server import (
    ORDERS,
    Item,
    Server,
    check,
    is_knowable,
    server_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable


SERVERS = 500
"""So many servers are tried of each kind; ``make soak`` tries new ones for an hour."""

MOVES = ("", "insert", "delete", "both")


def with_servers(moves: str, test: Callable[[Server, int], object]) -> None:
    """Run a test with servers of which it can be known whether they return all rows."""
    for seed in seeds.given(SERVERS):
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
    has_borders = isinstance(server.paging, OffsetPaging)
    has_twins = len({row.get("id", row["at"]) for row in item.rows}) < len(item.rows)
    has_short_pages = isinstance(server.paging, NumberedPaging) and server.habit == "hidden"
    return not (
        item.problem is not None
        or lacks_rows
        or (has_twins and is_paged)
        or server.total == "more"
        or server.habit in {"cut", "wraps", "clamps", "ignores offset"}
        or (server.habit == "hidden" and server.counts_hidden)
        # Without an order, only a set can be known to be whole.
        or (has_borders and server.habit in ORDERS)
        or (has_short_pages and not server.is_keyed)
    )


@seeds.only_when_soaking
@pytest.mark.timeout(0)
def test_nothing_of_this_fails_with_new_seeds() -> None:
    seeds.soak(_with_servers_of)


def _with_servers_of(seed: int) -> None:
    for moves in MOVES:
        _with_server(seed, moves, check)
    _with_server(seed, "", _reads_all)
