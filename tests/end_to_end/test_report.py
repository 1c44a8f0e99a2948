"""The report of `make run` on what was emitted and what arrived."""

from __future__ import annotations

from pathlib import Path

from pipeline import report
from pipeline.warehouse import RowCount

SUMMARY = {
    "calls": 1_201,
    "logins": 1,
    "streams": {"lists": {"rows": 3, "calls": 1}, "messages": {"rows": 1_000, "calls": 1_199}},
}


def test_a_table_is_aligned_and_has_a_sum() -> None:
    counts = {"lists": RowCount(3, 3), "messages": RowCount(5_000, 1_000)}
    lines = report.compare(SUMMARY, {"streams": {"lists": {"calls": 2}}}, counts)
    assert report.table(lines).splitlines() == [
        "",
        "table      rows  emitted  arrived  calls  calls before",
        "--------  -----  -------  -------  -----  ------------",
        "lists         3        3        3      1             2",
        "messages  5,000    1,000    1,000  1,199             0",
        "(logins)      0        0        0      1             0",
        "--------  -----  -------  -------  -----  ------------",
        "total     5,003    1,003    1,003  1,201             2",
    ]
    assert report.mismatch(lines) is None


def test_lost_rows_are_named() -> None:
    counts = {"lists": RowCount(2, 2), "messages": RowCount(5_000, 1_000)}
    assert report.mismatch(report.compare(SUMMARY, None, counts)) == (
        "rows that arrived differ from rows emitted: lists (2 of 3)."
    )


def test_a_table_that_is_missing_has_lost_all_rows() -> None:
    sentence = report.mismatch(report.compare(SUMMARY, None, {"lists": RowCount(3, 3)}))
    assert sentence is not None
    assert "messages (0 of 1,000)" in sentence


def test_rows_that_nobody_emitted_are_named() -> None:
    counts = {
        "ghosts": RowCount(1, 1),
        "lists": RowCount(3, 3),
        "messages": RowCount(1_000, 1_000),
    }
    assert report.mismatch(report.compare(SUMMARY, None, counts)) == (
        "rows that arrived differ from rows emitted: ghosts (1 of 0)."
    )


def test_it_ends_with_a_query_to_begin_with() -> None:
    assert "duckdb.connect('output/acton.duckdb')" in report.first_query(
        Path("output/acton.duckdb")
    )
