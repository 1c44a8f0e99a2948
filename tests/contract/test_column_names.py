"""The setting ``column_names``: with ``ascii``, no stream and no column has another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.records.dynamic_columns import found_in
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acton_sandbox import Account
    from tests.contract.harness import Bench, Output

WIDE_LIST, NARROW_LIST = "list_kunden_größe_maß", "list_kunden_grosse_mass"
STREAMS = {"contacts", "custom_object_records"}
ASCII: dict[str, Any] = {"list_streams": ["*"], "column_names": "ascii"}
UNICODE: dict[str, Any] = {"list_streams": ["*"], "lookback_window": "P0D"}


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """The account behind a sandbox in this process."""
    with bench_in_process(account) as bench:
        yield bench


def names_in(catalog: Mapping[str, Any]) -> list[str]:
    """Give the names of all streams and columns of a catalog."""
    return [
        name
        for stream in catalog["streams"]
        for name in (stream["tap_stream_id"], *stream["schema"]["properties"])
    ]


def by_identity(catalog: Mapping[str, Any], output: Output) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each stream that discovery found, by what stays the same of its columns."""
    found = found_in(catalog)
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, stream in found.items():
        identities = {column: found.identity for column, found in stream.columns.items()}
        rows[stream.source or name] = [
            {identities.get(column, column): value for column, value in record.items()}
            for record in output.records[name]
        ]
    return rows


def test_every_stream_and_column_has_a_name_in_ascii(bench: Bench) -> None:
    names, wide = names_in(bench.discover(**ASCII)), names_in(bench.discover(**UNICODE))
    assert "".join(names).isascii()
    assert len(names) == len(wide)
    assert {WIDE_LIST, "größe_m2_maß"} <= {*wide}
    assert {NARROW_LIST, "grosse_m2_mass"} <= {*names}


def test_the_rows_are_the_same_under_other_names(bench: Bench) -> None:
    catalogs = bench.discover(**UNICODE), bench.discover(**ASCII)
    wide, narrow = (
        by_identity(
            catalog, bench.run(discovered=catalog, streams={*STREAMS, *found_in(catalog)}, **given)
        )
        for catalog, given in zip(catalogs, (UNICODE, ASCII), strict=True)
    )
    assert wide == narrow
    assert all(wide[name] for name in STREAMS)


def test_the_names_stay_over_runs(bench: Bench) -> None:
    first = bench.run(**ASCII)
    second = bench.run(first.state, **ASCII)
    columns = {stream: held.get("columns") for stream, held in first.bookmarks.items()}
    assert "".join(columns).isascii()
    assert {stream: held.get("columns") for stream, held in second.bookmarks.items()} == columns


@pytest.mark.parametrize("is_catalog_older", [False, True])
def test_after_the_change_all_rows_have_the_columns_with_the_new_names(
    bench: Bench, *, is_catalog_older: bool
) -> None:
    catalog = bench.discover(**UNICODE)
    wide = bench.run(discovered=catalog, streams={"contacts", WIDE_LIST}, **UNICODE)
    unchanged = bench.run(
        wide.state, discovered=catalog, streams={"contacts", WIDE_LIST}, **UNICODE
    )
    assert len(unchanged.records["contacts"]) < len(wide.records["contacts"])

    settings = {**UNICODE, **ASCII}
    if not is_catalog_older:
        catalog = bench.discover(**settings)
    streams = {"contacts", WIDE_LIST if is_catalog_older else NARROW_LIST}
    narrow = bench.run(wide.state, discovered=catalog, streams=streams, **settings)
    again = bench.run(narrow.state, discovered=catalog, streams=streams, **settings)
    back = bench.run(again.state, **UNICODE)

    for before, after in ((WIDE_LIST, NARROW_LIST), ("contacts", "contacts")):
        rows = narrow.records[after]
        assert len(rows) == len(wide.records[before])
        assert all("".join(row).isascii() for row in rows)
        assert len(again.records.get(after, ())) < len(rows)
    sizes = [sorted(map(str, (row["größe_m2_maß"] for row in wide.records["contacts"])))]
    assert sizes == [
        sorted(map(str, (row["grosse_m2_mass"] for row in narrow.records["contacts"])))
    ]
    # Names that were assigned stay, so a table has one change of names, not two.
    assert NARROW_LIST in back.bookmarks
    assert "grosse_m2_mass" in back.bookmarks["contacts"]["columns"].values()
